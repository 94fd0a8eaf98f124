"""The general rules that packs are made of. A rule is one function of what is asked, of whom, and when.

`first(ask, situation, at)` is the first moment at or after `at` that the rule accepts, or None. It
reads nothing else. `detail(...)` says in a few words why a no is a no, for the record.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol

import msgspec

from policy.calendar import DAY, day_start, hours_begin, local_day, zone_of
from policy.values import Ask, Hold, Past, Situation

# No later moment is looked for: what cannot be within two months cannot be.
HORIZON = timedelta(days=60)


class Rule(Protocol):
    """One checkable part of a pack."""

    @property
    def name(self) -> str: ...
    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None: ...
    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str: ...


class Window(msgspec.Struct, frozen=True):
    """Hours of the day, by weekday (Monday is 0), half-open; in every zone the person may be in."""

    name: str
    hours: tuple[tuple[time, time] | None, ...]  # seven
    purposes: frozenset[str]

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        if ask.purpose not in self.purposes:
            return at
        if len(situation.zones) == 1:
            return _window_first(self.hours, situation.zones[0], at)
        return _meet(self.hours, situation.zones, at)

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        zone = situation.zones[0]
        local = at.astimezone(zone_of(zone))
        today = self.hours[local.weekday()]
        hours = "not on this day" if today is None else f"{today[0]:%H:%M}-{today[1]:%H:%M}"
        return f"hours {hours}; it is {local:%H:%M} ({zone})"


@lru_cache(maxsize=65536)
def _window_first(hours: tuple[tuple[time, time] | None, ...], zone: str, at: datetime) -> datetime | None:
    """The first moment at or after `at` inside the hours of one zone, within two weeks."""
    local = at.astimezone(zone_of(zone))
    today = hours[local.weekday()]
    if today is not None and today[0] <= local.time() < today[1]:
        return at
    for ahead in range(15):
        day = local.date() + ahead * DAY
        then = hours[day.weekday()]
        if then is not None:
            for begins in hours_begin(day, *then, zone):
                if begins >= at:
                    return begins
    return None


def _meet(hours: tuple[tuple[time, time] | None, ...], zones: Iterable[str], at: datetime) -> datetime | None:
    """The first moment inside the hours of every zone: leap to the latest until none moves."""
    moment = at
    while moment - at <= HORIZON:
        latest = moment
        for zone in zones:
            opened = _window_first(hours, zone, moment)
            if opened is None:
                return None
            latest = max(latest, opened)
        if latest == moment:
            return moment
        moment = latest
    return None


class Cap(msgspec.Struct, frozen=True):
    """At most `most` contacts a calendar day, week (from Monday) or month, in the person's zone."""

    name: str
    most: int
    period: str  # day | week | month
    channels: frozenset[str]
    per: str  # person | debt
    purposes: frozenset[str]

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        if ask.channel not in self.channels or ask.purpose not in self.purposes or not situation.past:
            return at
        zone = situation.zones[0]
        start, end = _period(self.period, local_day(at, zone), zone)
        return at if self._spent(ask, situation, start, end) < self.most else end

    def _spent(self, ask: Ask, situation: Situation, start: datetime, end: datetime) -> int:
        counted = [
            past
            for past in situation.past
            if start <= past.at < end
            and past.channel in self.channels
            and (past.message == 0 or past.message != ask.message)
        ]
        if self.per == "person":
            return _messages(counted)
        return max((_messages([p for p in counted if loan in p.loans]) for loan in ask.loans), default=0)

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        zone = situation.zones[0]
        start, end = _period(self.period, local_day(at, zone), zone)
        return f"{self._spent(ask, situation, start, end)} of {self.most} this {self.period}"


def _messages(counted: list[Past]) -> int:
    """How many contacts count: those of one message (a fallback) are one."""
    ours = {past.message for past in counted if past.message}
    return len(ours) + sum(1 for past in counted if not past.message)


@lru_cache(maxsize=4096)
def _period(period: str, day: date, zone: str) -> tuple[datetime, datetime]:
    """The calendar period around `day` in `zone`, as half-open moments."""
    if period == "day":
        first, after = day, day + DAY
    elif period == "week":
        first = day - timedelta(days=day.weekday())
        after = first + 7 * DAY
    else:
        first = day.replace(day=1)
        after = (first + 31 * DAY).replace(day=1)
    return day_start(first, zone), day_start(after, zone)


class Stop(msgspec.Struct, frozen=True):
    """A channel that the person stopped is closed, except for answers, the one confirmation and statute."""

    name: str

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        if situation.consents.get(ask.channel) != "revoked" or ask.purpose != "dunning":
            return at
        return None

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        return f"the person stopped {ask.channel}"


class Held(msgspec.Struct, frozen=True):
    """A hold of the person, or of a loan asked about, pauses dunning until its end."""

    name: str

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        if not situation.holds or ask.purpose != "dunning":
            return at
        return _released(ask, situation, at)[0]

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        return "hold: " + ", ".join(dict.fromkeys(_released(ask, situation, at)[1]))


def _released(ask: Ask, situation: Situation, at: datetime) -> tuple[datetime | None, list[str]]:
    """When the holds that follow one another from `at` on have ended (None: one has no end); their kinds."""
    kinds: list[str] = []
    moment = at
    moved = True
    while moved:
        moved = False
        for hold in situation.holds:
            if _binds(hold, ask) and hold.start <= moment and (hold.end is None or moment < hold.end):
                kinds.append(hold.kind)
                if hold.end is None:
                    return None, kinds
                moment, moved = hold.end, True
    return moment, kinds


def _binds(hold: Hold, ask: Ask) -> bool:
    return hold.loan == 0 or hold.loan in ask.loans
