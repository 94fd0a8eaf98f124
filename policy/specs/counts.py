"""Caps, cooldowns, spacing and the like as a pack writes them."""

from collections.abc import Iterable
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from policy.rules import Cap, Cooldown, OneChannel, Overdue, Rule, Spacing
from policy.specs.base import PackHead, RuleSpec, words
from policy.values import CHANNELS, MESSAGES, Channel

_WORDS: Final = {
    "sms": ("SMS", "SMS"),
    "email": ("email", "emails"),
    "chat": ("chat message", "chat messages"),
    "call": ("call", "calls"),
    "visit": ("visit", "visits"),
}
_GROUPS: Final = {CHANNELS: ("contact", "contacts"), MESSAGES: ("message", "messages")}

Days = Annotated[int, Field(ge=1)]


class _CountSpec(RuleSpec):
    """What counts past contacts: `channels` are both those that count and those that are bound."""

    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]

    def _channels(self, bound: Iterable[str]) -> Iterable[str]:
        return self.channels

    def _noun(self, many: int) -> str:
        """ "2 messages", "1 call or visit"."""
        group = _GROUPS.get(frozenset(self.channels))
        words = [group] if group else [_WORDS[name] for name in self.channels]
        return f"{many} " + " or ".join(plural if many > 1 else one for one, plural in words)


class CapSpec(_CountSpec):
    """At most `most` contacts over `channels` in a calendar `period`, or in any `days` consecutive days.

    Per person, debt or address. `results`: only those count; `but`: all others do.
    """

    kind: Literal["cap"]
    most: Annotated[int, Field(ge=1)]
    period: Literal["day", "week", "month"] | None = None
    days: Annotated[int, Field(ge=2)] | None = None
    per: Literal["person", "debt", "address"]
    results: tuple[str, ...] = ()
    but: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_span(self) -> "CapSpec":
        if (self.period is None) == (self.days is None):
            raise ValueError("give one of `period` (day, week, month) and `days` (a number of 2 or more)")
        if self.results and self.but:
            raise ValueError("give one of `results` (only those count) and `but` (those do not)")
        return self

    def rule(self, name: str, pack: PackHead) -> Rule:
        return Cap(
            name,
            self.most,
            self.period or "",
            frozenset(self.channels),
            self.per,
            self.binding(pack),
            self.days or 0,
            frozenset(self.results),
            frozenset(self.but),
        )

    def number(self) -> str:
        span = f"a {self.period}" if self.period else f"in {self.days} consecutive days"
        which = ""
        if self.results:
            which = f"; counted: {words(self.results)}"
        elif self.but:
            which = f"; not counted: {words(self.but)}"
        return f"at most {self._noun(self.most)} {span} per {self.per}{which}"


class CooldownSpec(_CountSpec):
    """None within `days` days of a contact over `channels` that ended in one of `after`; its day is day 1."""

    kind: Literal["cooldown"]
    days: Days
    after: Annotated[tuple[str, ...], Field(min_length=1)]
    per: Literal["person", "debt"]

    def rule(self, name: str, pack: PackHead) -> Rule:
        counted = frozenset(self.channels)
        return Cooldown(name, self.days, frozenset(self.after), counted, self.per, self.binding(pack))

    def number(self) -> str:
        said = words(self.after, " or ")
        return f"no contact within {self.days} days of a {said} (its day is day 1), per {self.per}"


class SpacingSpec(_CountSpec):
    """Two contacts over `channels` are at least `days` days apart."""

    kind: Literal["spacing"]
    days: Days

    def rule(self, name: str, pack: PackHead) -> Rule:
        return Spacing(name, self.days, frozenset(self.channels), self.binding(pack))

    def number(self) -> str:
        return f"{self._noun(2)} at least {self.days} days apart"


class OneChannelSpec(RuleSpec):
    """Once a contact was made in a week, only its channel for the rest of the week; `but` is no contact."""

    kind: Literal["one_channel"]
    but: tuple[str, ...] = ()

    def rule(self, name: str, pack: PackHead) -> Rule:
        return OneChannel(name, frozenset(self.but), self.binding(pack))

    def number(self) -> str:
        but = f"; not counted: {words(self.but)}" if self.but else ""
        return f"one channel a week, once a contact was made{but}"


class OverdueSpec(RuleSpec):
    """Nothing before the loan is more than `over` days past due."""

    kind: Literal["overdue"]
    over: Annotated[int, Field(ge=0)]

    def rule(self, name: str, pack: PackHead) -> Rule:
        return Overdue(name, self.over, self.binding(pack))

    def number(self) -> str:
        return f"only when more than {self.over} days past due"
