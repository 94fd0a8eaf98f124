"""Consent, basis, party, what is sent before, marks, holds, texts, as a pack writes them."""

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field, model_validator

from policy.rules import (
    Age,
    Confirmation,
    Consent,
    Disclosure,
    Flagged,
    Grounds,
    Held,
    Precondition,
    Role,
    Rule,
)
from policy.specs.base import PackHead, RuleSpec
from policy.values import Channel, Flag, Party, Purpose

Days = Annotated[int, Field(ge=1)]


class ConsentSpec(RuleSpec):
    """Consent to the channel (or to those of `of`): granted, or at least not revoked."""

    kind: Literal["consent"]
    demands: Literal["granted", "not_revoked"]
    of: tuple[Channel, ...] = ()

    def rule(self, name: str, pack: PackHead) -> Rule:
        return Consent(name, self.demands, frozenset(self.of), self.binding(pack))

    def number(self) -> str:
        of = f"to {' and '.join(self.of)}" if self.of else "to the channel"
        return f"consent {of}: " + ("granted" if self.demands == "granted" else "not revoked")


class BasisSpec(RuleSpec):
    """The address came in one of the ways `allowed`; some count only after `wait_days`."""

    kind: Literal["basis"]
    allowed: Annotated[tuple[str, ...], Field(min_length=1)]
    wait_days: dict[str, Days] = Field(default_factory=dict)

    def rule(self, name: str, pack: PackHead) -> Rule:
        return Grounds(name, frozenset(self.allowed), self.wait_days, self.binding(pack))

    def number(self) -> str:
        waits = {kind: f" (after {days} days)" for kind, days in self.wait_days.items()}
        return "one of: " + ", ".join(kind + waits.get(kind, "") for kind in self.allowed)


class AgeSpec(RuleSpec):
    """The address was checked, or used by the person, at most `days` days ago."""

    kind: Literal["age"]
    days: Days

    def rule(self, name: str, pack: PackHead) -> Rule:
        return Age(name, self.days, self.binding(pack))

    def number(self) -> str:
        return f"known as theirs within {self.days} days"


class PartySpec(RuleSpec):
    """To whom one `may` speak; to those of `only_with` where one of their flags is there."""

    kind: Literal["party"]
    may: Annotated[tuple[Party, ...], Field(min_length=1)]
    only_with: dict[Party, tuple[Flag, ...]] = Field(default_factory=dict)
    default_purposes: ClassVar[tuple[str, ...]] = get_args(Purpose)

    def rule(self, name: str, pack: PackHead) -> Rule:
        only = {party: frozenset[str](flags) for party, flags in self.only_with.items()}
        return Role(name, frozenset(self.may), only, self.binding(pack))

    def number(self) -> str:
        only = [f"{party} only where {' or '.join(flags)}" for party, flags in self.only_with.items()]
        return "to " + ", ".join(self.may) + "".join(f"; {line}" for line in only)


class PreconditionSpec(RuleSpec):
    """The `notice` is sent before, or at most `within_days` days after the first communication."""

    kind: Literal["precondition"]
    notice: str
    within_days: Days | None = None

    def rule(self, name: str, pack: PackHead) -> Rule:
        return Precondition(name, self.notice, self.within_days, self.binding(pack))

    def number(self) -> str:
        if self.within_days is None:
            return f"{self.notice} is sent before"
        return f"{self.notice} is sent in, or within {self.within_days} days after, the first communication"


class FlaggedSpec(RuleSpec):
    """Nobody is contacted who bears one of the `flags`."""

    reads: ClassVar[str] = "flags"

    kind: Literal["flags"]
    flags: Annotated[tuple[Flag, ...], Field(min_length=1)]

    def rule(self, name: str, pack: PackHead) -> Rule:
        return Flagged(name, frozenset(self.flags), self.binding(pack))

    def number(self) -> str:
        return f"none where {', '.join(self.flags)}"


class HoldSpec(RuleSpec):
    """Nothing while a hold of one of the `kinds` lasts, on the loans it names."""

    kind: Literal["hold"]
    kinds: Annotated[tuple[str, ...], Field(min_length=1)]

    def rule(self, name: str, pack: PackHead) -> Rule:
        return Held(name, self.binding(pack), frozenset(self.kinds))

    def number(self) -> str:
        return f"none about the loans under a hold of kind {', '.join(self.kinds)}, until its end"


class ConfirmationSpec(RuleSpec):
    """One confirmation of a stop, within `minutes`."""

    kind: Literal["confirmation"]
    minutes: Annotated[int, Field(ge=1)] | None = None
    default_purposes: ClassVar[tuple[str, ...]] = ("opt_out_confirmation",)

    def rule(self, name: str, pack: PackHead) -> Rule:
        return Confirmation(name, self.minutes, self.binding(pack))

    def number(self) -> str:
        return "one confirmation" + (f", within {self.minutes} minutes" if self.minutes else "")


class DisclosureSpec(RuleSpec):
    """Phrases of which one is said (`says_first` in the first communication), and those that never are."""

    kind: Literal["disclosure"]
    says: tuple[str, ...] = ()
    says_first: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    part: Literal["collector"] | None = None  # of the shipped texts
    default_purposes: ClassVar[tuple[str, ...]] = ("dunning", "answer", "statutory")
    reads: ClassVar[str] = "text"

    @model_validator(mode="after")
    def _something_said(self) -> "DisclosureSpec":
        if not (self.says or self.says_first or self.never):
            raise ValueError("give phrases in `says`, `says_first` or `never`")
        return self

    def rule(self, name: str, pack: PackHead) -> Rule:
        return Disclosure(name, self.says, self.says_first, self.never, self.binding(pack), self.part or "")

    def number(self) -> str:
        said = [
            ("first says", self.says_first),
            ("later says" if self.says_first else "says", self.says),
            ("never says", self.never),
        ]
        return "; ".join(
            f"{how} " + " or ".join(f'"{phrase}"' for phrase in phrases) for how, phrases in said if phrases
        )


class UncheckedSpec(RuleSpec):
    """A rule that is part of the law and that nothing here checks: it is stated, so that somebody does."""

    kind: Literal["unchecked"]
    states: str

    def rule(self, name: str, pack: PackHead) -> None:
        return None

    def number(self) -> str:
        return self.states
