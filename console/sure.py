"""A question before what is hardly meant is done. The same form, sent again, says yes."""

from collections.abc import Mapping, Sequence

import msgspec

from casework.plans import Part
from casework.say import Reason
from console.amounts import amount
from console.visits import Visit


class Sure(msgspec.Struct, frozen=True):
    """What is asked, and the form that says yes: where it goes, with which fields."""

    question: str
    yes: str
    action: str
    fields: Mapping[str, str]


def more_than_owed(
    visit: Visit, minor: int, owed: int, currency: str, action: str, fields: Mapping[str, str]
) -> Sure | None:
    """The question, where `minor` is more than what is outstanding; amounts in minor units."""
    if minor <= owed:
        return None
    speech = visit.speech
    said, outstanding = amount(speech, minor, currency), amount(speech, owed, currency)
    question = speech["work"]["more"].format(amount=said, owed=outstanding)
    return Sure(question, speech["work"]["more_yes"].format(amount=said), action, {**fields, "sure": "1"})


def no_call_then(
    visit: Visit, against: Sequence[Reason], action: str, fields: Mapping[str, str]
) -> Sure | None:
    """The question, where no call may be made at the moment that was agreed."""
    if not against:
        return None
    speech = visit.speech
    whys = "; ".join(dict.fromkeys(speech.said(one.detail or one.code) for one in against))
    question = speech["work"]["no_call_then"].format(whys=whys)
    return Sure(question, speech["work"]["keep_it"], action, {**fields, "sure": "1"})


def plan_as_read(visit: Visit, currency: str, parts: Sequence[Part], action: str, once: str) -> Sure:
    """The payments of a plan as they were read; a yes sends just these, whatever day it is by then."""
    speech = visit.speech
    said = "; ".join(f"{one.due}: {amount(speech, one.amount, currency)}" for one in parts)
    total = amount(speech, sum(one.amount for one in parts), currency)
    question = speech["case"]["plan_read"].format(amount=total, count=len(parts), parts=said)
    sent = " ".join(f"{one.due}={one.amount}" for one in parts)  # in minor units: nothing is read again
    return Sure(
        question, speech["case"]["plan_yes"], action, {"read": sent, "currency": currency, "once": once}
    )
