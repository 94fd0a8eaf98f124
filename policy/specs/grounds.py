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
from policy.rules.texts import in_words
from policy.specs.base import PackHead, RuleSpec, words
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
        of = words((name.upper() if name == "sms" else f"{name}s" for name in self.of), " and ")
        if self.demands == "granted":
            return f"only with consent to {of or 'the channel'} on record"
        return f"not where consent to {of or 'the channel'} is revoked"


class BasisSpec(RuleSpec):
    """The address came in one of the ways `allowed`; some count only after `wait_days`."""

    kind: Literal["basis"]
    allowed: Annotated[tuple[str, ...], Field(min_length=1)]
    wait_days: dict[str, Days] = Field(default_factory=dict)

    def rule(self, name: str, pack: PackHead) -> Rule:
        return Grounds(name, frozenset(self.allowed), self.wait_days, self.binding(pack))

    def number(self) -> str:
        waits = {kind: f" (after {days} days)" for kind, days in self.wait_days.items()}
        return "the address came by " + words((kind + waits.get(kind, "") for kind in self.allowed), " or ")


class AgeSpec(RuleSpec):
    """The address was checked, or used by the person, at most `days` days ago."""

    kind: Literal["age"]
    days: Days

    def rule(self, name: str, pack: PackHead) -> Rule:
        return Age(name, self.days, self.binding(pack))

    def number(self) -> str:
        return f"the address was known as theirs at most {self.days} days ago"


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
        only = [
            f"{words([party])} only where {words(flags, ' or ')}" for party, flags in self.only_with.items()
        ]
        return f"only to {words(self.may, ' or ')}" + "".join(f"; to a {line}" for line in only)


class PreconditionSpec(RuleSpec):
    """The `notice` is sent before, or at most `within_days` days after the first communication."""

    kind: Literal["precondition"]
    notice: str
    within_days: Days | None = None

    def rule(self, name: str, pack: PackHead) -> Rule:
        return Precondition(name, self.notice, self.within_days, self.binding(pack))

    def number(self) -> str:
        if self.within_days is None:
            return f"the notice of {words([self.notice])} is sent before"
        within = f"within {self.within_days} days after"
        return f"the notice of {words([self.notice])} is sent in, or {within}, the first communication"


class FlaggedSpec(RuleSpec):
    """Nobody is contacted who bears one of the `flags`."""

    reads: ClassVar[str] = "flags"

    kind: Literal["flags"]
    flags: Annotated[tuple[Flag, ...], Field(min_length=1)]

    def rule(self, name: str, pack: PackHead) -> Rule:
        return Flagged(name, frozenset(self.flags), self.binding(pack))

    def number(self) -> str:
        return f"nobody is contacted who is marked {words(self.flags, ' or ')}"


class HoldSpec(RuleSpec):
    """Nothing while a hold of one of the `kinds` lasts, on the loans it names."""

    kind: Literal["hold"]
    kinds: Annotated[tuple[str, ...], Field(min_length=1)]

    def rule(self, name: str, pack: PackHead) -> Rule:
        return Held(name, self.binding(pack), frozenset(self.kinds))

    def number(self) -> str:
        return f"no contact about loans under a hold ({words(self.kinds)}), until its end"


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
            ("the first communication says", self.says_first),
            ("a later one says" if self.says_first else "the text says", self.says),
            ("the text never says", self.never),
        ]
        told = "; ".join(f"{how} {words(map(in_words, given), ' or ')}" for how, given in said if given)
        return told + (" (… is any ending)" if "…" in told else "")


class UncheckedSpec(RuleSpec):
    """A rule that is part of the law and that nothing here checks: it is stated, so that somebody does."""

    kind: Literal["unchecked"]
    states: str

    def rule(self, name: str, pack: PackHead) -> None:
        return None

    def number(self) -> str:
        return self.states
