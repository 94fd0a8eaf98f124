"""What every rule has: a name, whom and what it binds, and the days on which it is in effect."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, Protocol, get_args

import msgspec

from policy.calendar import DAY, day_start
from policy.values import CHANNELS, Actor, Ask, Situation, Stage

# No later moment is looked for: what cannot be within two months cannot be.
HORIZON: Final = timedelta(days=60)

ACTORS: Final[frozenset[str]] = frozenset(get_args(Actor))
STAGES: Final[frozenset[str]] = frozenset(get_args(Stage))
DUNNING: Final[frozenset[str]] = frozenset({"dunning"})


class Binding(msgspec.Struct, frozen=True):
    """What a rule binds; it is not asked about anything else."""

    channels: frozenset[str] = CHANNELS
    purposes: frozenset[str] = DUNNING
    actors: frozenset[str] = ACTORS
    stages: frozenset[str] = STAGES
    since: date | None = None  # the first day in effect
    until: date | None = None  # the last
    reads: str = ""  # text | flags | windows: without any, it is not asked

    def covers(self, ask: Ask, situation: Situation) -> bool:
        """Whether the rule speaks to this ask, its dates aside."""
        if self.reads:
            read = {"text": ask.text, "flags": situation.flags, "windows": situation.windows}[self.reads]
            if read is None or read == ():
                return False
        return (
            ask.channel in self.channels
            and ask.purpose in self.purposes
            and ask.actor in self.actors
            and ask.stage in self.stages
        )


class Rule(Protocol):
    """One checkable part of a pack."""

    @property
    def name(self) -> str: ...
    @property
    def binding(self) -> Binding: ...
    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None: ...
    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str: ...


class Dated(msgspec.Struct, frozen=True):
    """A rule on the days of its binding: before and after them it accepts.

    The days are the person's: in effect from when it is in any zone they may be in, until it is in none.
    """

    rule: Rule

    @property
    def name(self) -> str:
        return self.rule.name

    @property
    def binding(self) -> Binding:
        return self.rule.binding

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        begun, ended = _in_effect(self.binding, situation.zones)
        if (begun is not None and at < begun) or (ended is not None and at >= ended):
            return at
        accepted = self.rule.first(ask, situation, at)
        if ended is not None and (accepted is None or accepted > ended):
            return ended
        return accepted

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        return self.rule.detail(ask, situation, at)


@lru_cache(maxsize=4096)
def _in_effect(binding: Binding, zones: tuple[str, ...]) -> tuple[datetime | None, datetime | None]:
    """From when until when a rule is in effect for somebody in these zones; half-open, None is open."""
    since, until = binding.since, binding.until
    return (
        None if since is None else min(day_start(since, zone) for zone in zones),
        None if until is None else max(day_start(until + DAY, zone) for zone in zones),
    )


def dated(rule: Rule) -> Rule:
    """The rule as it is to be asked: with its dates, where it has any."""
    if rule.binding.since is None and rule.binding.until is None:
        return rule
    return Dated(rule)


def meet(
    zones: Sequence[str], at: datetime, first: Callable[[str, datetime], datetime | None]
) -> datetime | None:
    """The first moment that is right in every zone: leap to the latest until none moves."""
    moment = at
    while moment - at <= HORIZON:
        latest = moment
        for zone in zones:
            accepted = first(zone, moment)
            if accepted is None:
                return None
            latest = max(latest, accepted)
        if latest == moment:
            return moment
        moment = latest
    return None
