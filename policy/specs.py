"""The kinds of rules as a pack's YAML writes them, each with the rule it makes and its number in words.

`docs/policy.md` tells what each kind reads. Whom a rule binds is what its pack says under `binds`, unless the
rule says otherwise.
"""

from collections.abc import Iterable
from datetime import date, time
from typing import Annotated, ClassVar, Final, Literal, Protocol, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from policy.errors import PolicyInputError
from policy.holidays import check_country
from policy.rules import (
    Age,
    Binding,
    Calendar,
    Cap,
    Confirmation,
    Consent,
    Cooldown,
    Disclosure,
    Flagged,
    Grounds,
    Held,
    OneChannel,
    Overdue,
    Precondition,
    Role,
    Rule,
    Spacing,
    Window,
)
from policy.rules.base import ACTORS, STAGES
from policy.rules.hours import Span
from policy.values import CHANNELS, Actor, Channel, Flag, Party, Purpose, Stage

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOLIDAY: Final = "holiday"
_EVERY: Final = ("sms", "email", "chat", "call", "visit")
_GROUPS: Final = {frozenset(_EVERY): "contact", frozenset({"sms", "email", "chat"}): "message"}
_WORDS: Final = {"sms": "SMS", "visit": "visit", "call": "call", "email": "email", "chat": "chat message"}

Days = Annotated[int, Field(ge=1)]
Channels = Annotated[tuple[Channel, ...], Field(min_length=1)]
Sureness = Literal["P", "P/S", "S", "S/U", "U", "house"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Binds(_Strict):
    """Whom a pack or a rule binds. A rule's own go before its pack's, key by key; purposes are a rule's."""

    actors: tuple[Actor, ...] | None = None
    stages: tuple[Stage, ...] | None = None
    channels: Channels | None = None
    purposes: tuple[Purpose, ...] | None = None


class PackHead(Protocol):
    """What a rule takes over from its pack, where it does not say otherwise."""

    @property
    def binds(self) -> Binds: ...
    @property
    def effective_from(self) -> date | None: ...
    @property
    def effective_to(self) -> date | None: ...


class RuleSpec(_Strict):
    """What every rule states: where it comes from, how sure that is, what is checked and what cannot be."""

    source: str
    sure: Sureness
    checks: str = ""
    cannot: str = ""
    binds: Binds = Binds()
    effective_from: date | None = None  # the first day in effect
    effective_to: date | None = None  # the last

    # Purposes that the kind binds where `binds` does not say.
    default_purposes: ClassVar[tuple[str, ...]] = ("dunning",)
    reads: ClassVar[str] = ""

    def rule(self, name: str, pack: PackHead) -> Rule | None:
        """The rule; None where it only states what the machine does not check."""
        raise NotImplementedError

    def number(self) -> str:
        """What it demands, in words."""
        raise NotImplementedError

    def binding(self, pack: PackHead) -> Binding:
        """What it binds, its own words before those of its pack."""
        own, packs = self.binds, pack.binds
        return Binding(
            channels=frozenset(self._channels(own.channels or packs.channels or CHANNELS)),
            purposes=frozenset(own.purposes or packs.purposes or self.default_purposes),
            actors=frozenset(own.actors or packs.actors or ACTORS),
            stages=frozenset(own.stages or packs.stages or STAGES),
            since=self.effective_from or pack.effective_from,
            until=self.effective_to or pack.effective_to,
            reads=self.reads,
        )

    def _channels(self, bound: Iterable[str]) -> Iterable[str]:
        return bound


class WindowSpec(RuleSpec):
    """Hours by day: `{mon-fri: ["08:00", "21:00"], sat: ["09:00", "20:00"]}`; days not named are closed.

    `holiday: [...]` with `holidays: COUNTRY`: the hours of public holidays there.
    """

    kind: Literal["window"]
    hours: dict[str, Span]
    holidays: str | None = None
    unless_agreed: bool = False
    unless_over: int | None = None

    @field_validator("hours")
    @classmethod
    def _days_known(cls, hours: dict[str, Span]) -> dict[str, Span]:
        for days, (opens, closes) in hours.items():
            if days != _HOLIDAY:
                _day_range(days)
            if opens >= closes and closes != time(0):
                raise ValueError(f"{days} closes at {closes:%H:%M}, not after it opens at {opens:%H:%M}")
        named = [day for days in hours if days != _HOLIDAY for day in _day_range(days)]
        if not named:
            raise ValueError('no day is open; write one like {mon-fri: ["08:00", "21:00"]}')
        if len(set(named)) < len(named):
            twice = next(day for day in named if named.count(day) > 1)
            raise ValueError(f"{_DAYS[twice]} has two hours; name each day once")
        return hours

    @model_validator(mode="after")
    def _holidays_known(self) -> "WindowSpec":
        if (_HOLIDAY in self.hours) != (self.holidays is not None):
            raise ValueError("hours of holidays need both: holiday in `hours`, and whose in `holidays`")
        _check_country(self.holidays)
        return self

    def rule(self, name: str, pack: PackHead) -> Rule:
        week: list[Span | None] = [None] * 7
        for days, hours in self.hours.items():
            for day in _day_range(days) if days != _HOLIDAY else ():
                week[day] = hours
        return Window(
            name,
            tuple(week),
            self.binding(pack),
            self.hours.get(_HOLIDAY),
            self.holidays,
            self.unless_agreed,
            self.unless_over,
        )

    def number(self) -> str:
        said = [f"{days} {opens:%H:%M}-{closes:%H:%M}" for days, (opens, closes) in self.hours.items()]
        if self.holidays:
            said.append(f"holidays of {self.holidays}")
        if self.unless_agreed:
            said.append("unless other hours are agreed")
        if self.unless_over is not None:
            said.append(f"unless more than {self.unless_over} days past due")
        return "; ".join(said)


class CalendarSpec(RuleSpec):
    """Days without contact: `closed: [sun]`, and `holidays: COUNTRY`."""

    kind: Literal["calendar"]
    closed: tuple[str, ...] = ()
    holidays: str | None = None
    unless_agreed: bool = False

    @model_validator(mode="after")
    def _something_closed(self) -> "CalendarSpec":
        days = [day for named in self.closed for day in _day_range(named)]
        if not days and self.holidays is None:
            raise ValueError("no day is closed; name some in `closed`, or a country in `holidays`")
        if len(set(days)) == len(_DAYS):
            raise ValueError("every day is closed; leave one open")
        _check_country(self.holidays)
        return self

    def rule(self, name: str, pack: PackHead) -> Rule:
        closed = frozenset(day for named in self.closed for day in _day_range(named))
        return Calendar(name, closed, self.holidays, self.binding(pack), self.unless_agreed)

    def number(self) -> str:
        days = [*self.closed, *([f"public holidays of {self.holidays}"] if self.holidays else [])]
        return f"none on {', '.join(days)}" + (
            "; unless other hours are agreed" if self.unless_agreed else ""
        )


class _CountSpec(RuleSpec):
    """What counts past contacts: `channels` are both those that count and those that are bound."""

    channels: Channels

    def _channels(self, bound: Iterable[str]) -> Iterable[str]:
        return self.channels

    def _noun(self, many: int) -> str:
        noun = _GROUPS.get(frozenset(self.channels)) or " or ".join(_WORDS[name] for name in self.channels)
        return f"{many} {noun}" + ("s" if many > 1 and noun in _GROUPS.values() | {"call", "visit"} else "")


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
            which = f"; only {', '.join(self.results)} counts"
        elif self.but:
            which = f"; {', '.join(self.but)} does not count"
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
        return f"none within {self.days} days of a {', '.join(self.after)} (its day is day 1) per {self.per}"


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
        return "one channel a week, once a contact was made" + (
            f"; {', '.join(self.but)} is none" if self.but else ""
        )


class OverdueSpec(RuleSpec):
    """Nothing before the loan is more than `over` days past due."""

    kind: Literal["overdue"]
    over: Annotated[int, Field(ge=0)]

    def rule(self, name: str, pack: PackHead) -> Rule:
        return Overdue(name, self.over, self.binding(pack))

    def number(self) -> str:
        return f"only when more than {self.over} days past due"


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
    wait_days: dict[str, Days] = {}

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
    only_with: dict[Party, tuple[Flag, ...]] = {}
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
    """Phrases of which one is said (`says`; `says_first` in the first communication), and those that never are."""

    kind: Literal["disclosure"]
    says: tuple[str, ...] = ()
    says_first: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    default_purposes: ClassVar[tuple[str, ...]] = ("dunning", "answer", "statutory")
    reads: ClassVar[str] = "text"

    @model_validator(mode="after")
    def _something_said(self) -> "DisclosureSpec":
        if not (self.says or self.says_first or self.never):
            raise ValueError("give phrases in `says`, `says_first` or `never`")
        return self

    def rule(self, name: str, pack: PackHead) -> Rule:
        return Disclosure(name, self.says, self.says_first, self.never, self.binding(pack))

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


AnyRule = Annotated[
    WindowSpec
    | CalendarSpec
    | CapSpec
    | CooldownSpec
    | SpacingSpec
    | OneChannelSpec
    | OverdueSpec
    | ConsentSpec
    | BasisSpec
    | AgeSpec
    | PartySpec
    | PreconditionSpec
    | FlaggedSpec
    | HoldSpec
    | ConfirmationSpec
    | DisclosureSpec
    | UncheckedSpec,
    Field(discriminator="kind"),
]


KINDS: Final[frozenset[str]] = frozenset(
    get_args(spec.model_fields["kind"].annotation)[0] for spec in get_args(get_args(AnyRule)[0])
)
"""The kinds of rules, as packs name them."""


def _check_country(country: str | None) -> None:
    if country is None:
        return
    try:
        check_country(country)
    except PolicyInputError as error:
        raise ValueError(str(error)) from None


def _day_range(days: str) -> range:
    """ "mon-fri" -> range(0, 5)."""
    first, _, last = days.partition("-")
    if (
        first not in _DAYS
        or (last and last not in _DAYS)
        or (last and _DAYS.index(last) < _DAYS.index(first))
    ):
        raise ValueError(f"{days!r} is no day or range of days; write one like 'mon' or 'mon-fri'")
    return range(_DAYS.index(first), _DAYS.index(last or first) + 1)
