"""A promise by SMS: read from what was written, said back, and recorded when they answer YES.

What is said back is what they wrote themselves, the day and the amount if they named one: without it they
promise what is due, and no figure of ours is said to whoever holds the phone. Limits are those of a borrower;
a later day, an amount beyond what is owed, or two lenders at once are for a person to hear.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from casework.borrower.answers import Holding, holdings_in
from casework.borrower.chats import borrower
from casework.errors import CaseworkInputError
from casework.office import Office
from casework.outcomes import Details, Recorded, record_in
from ledger.money import Money
from messages.typed.amounts import read_amount
from messages.typed.dates import order_in, read_date, take_date
from storage.answers import last_said
from storage.raw import Raw
from storage.replies import Holder, Stored

ASKED: Final = "sms-promise"
WHEN: Final = "sms-promise-when"
PAID: Final = "sms-paid"  # asked back as well: a sentence was read as "I have paid"
STOP: Final = "sms-stop"  # whether they want no more messages
WRONG: Final = "sms-wrong"  # whether they are not the person
SETTLED: Final = ("sms-promise-noted", "sms-promise-small", "sms-promise-left", "sms-promise-changed")
_OPEN_FOR: Final = timedelta(days=1)


class Echo(msgspec.Struct, frozen=True):
    """What was last said to the number about a promise: the message's id, and what it was filled with."""

    message: int
    template: str
    given: Mapping[str, str]

    @property
    def waits(self) -> bool:
        """Whether YES is waited for."""
        return self.template == ASKED

    @property
    def settled(self) -> bool:
        return self.template in SETTLED


class Heard(msgspec.Struct, frozen=True):
    """What is to be said of it, to the case's number; `template` None: a person has to hear it."""

    template: str | None
    case: int
    given: Mapping[str, str] = {}
    person_too: bool = False  # somebody gets in touch besides


async def echo_of(raw: Raw, office: Office, address: int, now: datetime) -> Echo | None:
    """What was last said of a promise to the address, within a day."""
    asked = (ASKED, WHEN, PAID, STOP, WRONG, *SETTLED)
    found = await last_said(raw, office.keyring, address, asked, now - _OPEN_FOR)
    return None if found is None else Echo(*found)


def names_a_day(text: str, now: date) -> bool:
    """Whether a text can be the answer to "on which day?"."""
    return bool(take_date(text, now, None).dates or read_date(text, now, None))


async def hear_promise(
    raw: Raw, office: Office, holder: Holder, text: str, echo: Echo | None, now: datetime
) -> Heard:
    """What was promised (`text` without the word for it), to be said back; nothing is recorded."""
    assert holder.case is not None
    who = borrower(holder.person)
    owing = [one for one in await holdings_in(raw, office, who, holder.person, now) if one.outstanding]
    if not owing:
        return Heard("sms-nothing", holder.case)
    case, currency, today = owing[0].case, owing[0].currency, owing[0].today
    if any((one.case, one.currency) != (case, currency) for one in owing):
        return Heard(None, case)
    days, amounts = _read(text, today, owing[0])
    given: dict[str, str] = {}
    if len(amounts) == 1 and amounts[0].currency == currency:
        given = {"promised": str(amounts[0].minor), "currency": currency}
    elif not amounts and echo is not None and echo.template == WHEN:
        given = {name: echo.given[name] for name in ("promised", "currency") if name in echo.given}
    if len(days) != 1 or (amounts and not given):
        return Heard(WHEN, case, given)
    last = _last_day(owing)
    if not today <= days[0] <= last:
        return Heard("sms-promise-limits", case, {"promised_on": last.isoformat()}, person_too=days[0] > last)
    if given and not 0 < int(given["promised"]) <= sum(one.outstanding for one in owing):
        return Heard(None, case)
    return Heard(ASKED, case, {**given, "promised_on": days[0].isoformat()})


def _read(text: str, today: date, one: Holding) -> tuple[tuple[date, ...], tuple[Money, ...]]:
    """The days and the amounts that a text can mean; a bare number is a day of the month if it can be."""
    order = order_in(one.country)
    said = take_date(text, today, order)
    if said.dates:
        return said.dates, read_amount(said.rest, one.currency)
    bare = read_date(text, today, order)
    return bare, () if bare else read_amount(text, one.currency)


async def settle(
    raw: Raw, office: Office, stored: Stored, holder: Holder, echo: Echo, yes: bool, now: datetime
) -> Heard:
    """Their YES or NO to what was said back: recorded once, whatever comes twice."""
    assert holder.case is not None
    if not yes:
        return Heard("sms-promise-left", holder.case)
    who = borrower(holder.person)
    owing = [one for one in await holdings_in(raw, office, who, holder.person, now) if one.outstanding]
    theirs = [one for one in owing if one.case == holder.case]
    due = date.fromisoformat(echo.given["promised_on"])
    amount = int(echo.given["promised"]) if "promised" in echo.given else _asked(theirs)
    if amount > sum(one.outstanding for one in theirs):
        return Heard("sms-promise-changed", holder.case)
    try:
        async with raw.attempt():
            made = await _recorded(raw, office, stored, holder, echo, amount, due, now)
    except CaseworkInputError:  # a payment or another day came in between
        return Heard("sms-promise-changed", holder.case)
    small = made.promise is not None and not made.promise.pauses and "promised" in echo.given
    return Heard("sms-promise-small" if small else "sms-promise-noted", holder.case, echo.given)


async def _recorded(
    raw: Raw,
    office: Office,
    stored: Stored,
    holder: Holder,
    echo: Echo,
    amount: int,
    due: date,
    now: datetime,
) -> Recorded:
    who = borrower(holder.person)
    assert holder.case is not None
    return await record_in(
        raw,
        office,
        who,
        holder.case,
        "promise",
        at=stored.received_at,
        received=now,
        key=f"sms promise {echo.message}",
        details=Details(amount=amount, due=due, channel=stored.channel, address=holder.address),
        owner=who.name,
    )


def _last_day(owing: Sequence[Holding]) -> date:
    return min(one.today + timedelta(days=one.lender.promise_days) for one in owing)


def _asked(owing: Sequence[Holding]) -> int:
    """What is due: the arrears, else what comes next."""
    arrears = sum(one.arrears for one in owing)
    return arrears or sum(one.next_minor for one in owing) or sum(one.outstanding for one in owing)
