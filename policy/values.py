"""What a policy is asked about, and what it answers: small, frozen, without personal data.

What is not known is absent (None or empty), and a rule that would need it counts as met: whoever can state
more, states it. Fields are only ever added at the end, with a default: what was stored stays readable.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Final, Literal, get_args

import msgspec

Channel = Literal["sms", "email", "chat", "call", "visit"]
Purpose = Literal["dunning", "answer", "opt_out_confirmation", "statutory"]
Actor = Literal["first_party", "third_party"]
Stage = Literal["reminder", "collection"]
Party = Literal[
    "borrower",
    "co-borrower",
    "guarantor",
    "representative",
    "estate",
    "spouse",
    "family",
    "referee",
    "contact_person",
    "third_party",
]
Flag = Literal[
    "represented",  # by a lawyer or adviser
    "cease",  # asked in writing for no contact at all
    "refusal",  # refused in writing to pay
    "deceased",
    "bankrupt",
    "incapable",
    "unreachable",
    "vulnerable",
    "hardship",
]

FLAGS: Final[frozenset[str]] = frozenset(get_args(Flag))

# Holds of these kinds are of the person, whichever loan they were recorded with: they cover all their cases,
# and release no other party.
OF_PERSON: Final[frozenset[str]] = frozenset(
    {"deceased", "bankrupt", "represented", "cease", "refusal", "vulnerable", "incapable"}
)

# Among the notices: when something first reached the person, however long ago.
FIRST_COMMUNICATION: Final = "first_communication"

PURPOSES: Final[frozenset[str]] = frozenset(get_args(Purpose))
# What the person themselves brought about. It takes up no room that the law leaves for what we begin.
ASKED_FOR: Final[frozenset[str]] = frozenset({"answer", "opt_out_confirmation"})
MESSAGES: Final[frozenset[str]] = frozenset({"sms", "email", "chat"})
CHANNELS: Final[frozenset[str]] = MESSAGES | {"call", "visit"}


class Past(msgspec.Struct, frozen=True, array_like=True):
    """A contact with the person that was made, or is being made, over any of their cases."""

    at: datetime
    channel: str
    result: str  # how a call ended (no_answer, conversation...), or the state of a message
    loans: tuple[int, ...]  # empty: not known, so it counts for every one
    message: int = 0  # ours; 0 where the contact was made elsewhere
    inbound: bool = False  # from the person to us
    address: int = 0  # 0: not known, so it counts for every one
    purpose: str = "dunning"  # of a message of ours


class Hold(msgspec.Struct, frozen=True, array_like=True):
    """A pause. Of one loan, or (loan 0) of the person with all their loans. Half-open [start, end)."""

    kind: str
    loan: int
    start: datetime
    end: datetime | None = None


class Basis(msgspec.Struct, frozen=True, array_like=True):
    """Why an address may be used, and since when: consent, creditor_notice..."""

    kind: str
    since: datetime | None = None


class Situation(msgspec.Struct, frozen=True, array_like=True):
    """What the rules may read of a person: where they are, what they said, what happened so far."""

    zones: tuple[str, ...]  # every zone they may be in
    country: str | None = None
    region: str | None = None  # ISO 3166-2: "US-MA"
    consents: Mapping[str, str] = {}  # channel -> granted | revoked; absent is unknown
    holds: tuple[Hold, ...] = ()
    past: tuple[Past, ...] = ()
    hours_agreed: bool = False  # the person agreed to hours that a pack does not give
    windows: tuple[tuple[time, time], ...] = ()  # the person's own hours, half-open; 00:00 ends a day
    flags: tuple[str, ...] = ()  # see Flag
    due: Mapping[int, date] = {}  # loan -> due date of its oldest unpaid installment
    basis: Mapping[str, Basis] = {}  # channel -> of the address to be used
    checked: Mapping[str, datetime] = {}  # channel -> when the address was last known to be theirs
    notices: Mapping[str, datetime] | None = None  # those sent, by name; None: not known
    stopped: Mapping[str, datetime] = {}  # channel -> when it was revoked, however they said so


class Ask(msgspec.Struct, frozen=True, array_like=True):
    """What one wants to do: speak to the person on a channel about loans, now or soon.

    One of several loans that differ in stage or party is asked about by itself (strategies/asking.py).
    """

    channel: str
    loans: tuple[int, ...]
    purpose: str = "dunning"
    message: int = 0  # contacts of the same message are one to the caps
    actor: str = "first_party"
    stage: str = "collection"
    party: str = "borrower"  # to whom: see Party
    address: int = 0  # 0: not chosen yet
    text: str | None = None  # what is to be said; None: rules about the text are not asked


class No(msgspec.Struct, frozen=True, array_like=True):
    """One rule's no: not before `until`, or (None) not while things are as they are."""

    pack: str
    rule: str
    detail: str
    until: datetime | None = None


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """The first moment at which every rule accepts (None: none does), and every no on the way."""

    at: datetime | None
    noes: tuple[No, ...] = ()


def reason_of(noes: Sequence[No]) -> str | None:
    """The code under which a no is counted: the last word, which is what decided."""
    return noes[-1].rule if noes else None
