"""What an explanation is made of: structured, so that any door can draw it, and in words."""

from collections.abc import Mapping
from datetime import date, datetime

import msgspec

from ledger.terms import Terms


class LoanLabel(msgspec.Struct, frozen=True):
    """What a loan is called, and how it counts."""

    loan: str  # its external id
    terms: Terms


class Labels(msgspec.Struct, frozen=True):
    """What people call the ids of the facts. `versions`: strategy version id -> "gentle v1"."""

    borrower: str
    loans: Mapping[int, LoanLabel]
    versions: Mapping[int, str]


class Contact(msgspec.Struct, frozen=True):
    """The row of the contact that is asked about."""

    message: int
    channel: str
    address: int
    state: str
    code: str | None
    not_before: datetime
    sent_at: datetime | None
    settled_at: datetime | None
    meaning: str | None = None  # what its code means, in a sentence, where the caller knows


class Told(msgspec.Struct, frozen=True):
    """One thing that was done or not done, and why."""

    headline: str
    why: str
    step: str
    how: str  # planned | tasked | waiting | suppressed | superseded | nothing, or the contact's state
    steps: tuple[str, ...] = ()  # ids of the steps


class RuleAnswer(msgspec.Struct, frozen=True):
    """What one rule said: yes, later (`until`), or no."""

    channel: str
    pack: str
    rule: str
    answer: str
    words: str
    source: str
    until: datetime | None


class Owed(msgspec.Struct, frozen=True):
    """What a loan owed then, in minor units. `due`: of its oldest unpaid installment."""

    loan: str
    currency: str
    arrears: int
    days_late: int
    due: date | None
    words: str


class Next(msgspec.Struct, frozen=True):
    """What comes, if nothing is paid and nothing is said meanwhile."""

    at: datetime
    loan: str
    step: str
    what: str  # in words


class Explanation(msgspec.Struct, frozen=True):
    """Everything told of one decision; the first of `told` is what was asked about."""

    at: datetime
    zone: str
    told: tuple[Told, ...]
    owed: tuple[Owed, ...]
    rules: tuple[RuleAnswer, ...]
    next: tuple[Next, ...]
