"""What a policy is asked about, and what it answers: small, frozen, without personal data."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

Channel = Literal["sms", "email", "chat", "call", "visit"]
Purpose = Literal["dunning", "answer", "opt_out_confirmation", "statutory"]

MESSAGES: frozenset[str] = frozenset({"sms", "email", "chat"})


class Past(msgspec.Struct, frozen=True, array_like=True):
    """A contact with the person that was made, or is being made, over any of their cases."""

    at: datetime
    channel: str
    result: str
    loans: tuple[int, ...]
    message: int = 0  # ours; 0 where the contact was made elsewhere


class Hold(msgspec.Struct, frozen=True, array_like=True):
    """A pause. Of one loan, or (loan 0) of the person with all their loans. Half-open [start, end)."""

    kind: str
    loan: int
    start: datetime
    end: datetime | None = None


class Situation(msgspec.Struct, frozen=True, array_like=True):
    """What the rules may read of a person: where they are, what they said, what happened so far."""

    zones: tuple[str, ...]  # every zone they may be in
    country: str | None = None
    region: str | None = None
    consents: Mapping[str, str] = {}  # channel -> granted | revoked; absent is unknown
    holds: tuple[Hold, ...] = ()
    past: tuple[Past, ...] = ()


class Ask(msgspec.Struct, frozen=True, array_like=True):
    """What one wants to do: speak to the person on a channel about loans, now or soon."""

    channel: str
    loans: tuple[int, ...]
    purpose: str = "dunning"
    message: int = 0  # contacts of the same message are one to the caps


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
