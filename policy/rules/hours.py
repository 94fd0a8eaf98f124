"""Hours of the day and days of the week: a pack's, and the person's own."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

import msgspec

from policy.calendar import DAY, day_start, hours_of, local_day, zone_of
from policy.holidays import holiday
from policy.rules.base import HORIZON, Binding, meet
from policy.values import Ask, Situation

Span = tuple[time, time]
# Days that are looked through for the next opening; no window is closed for as long.
_AHEAD: Final = 15
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class _Hours(msgspec.Struct, frozen=True):
    """When it is open: by weekday (Monday is 0), and on the holidays of a country."""

    week: tuple[tuple[Span, ...], ...]  # seven
    on_holidays: tuple[Span, ...] | None = None  # None: as on the weekday
    country: str | None = None

    def on(self, day: date, region: str | None) -> tuple[Span, ...]:
        if self.country is not None and self.on_holidays is not None and holiday(day, self.country, region):
            return self.on_holidays
        return self.week[day.weekday()]


# Hours are known by number: a number is hashed faster than seven pairs of times, and a pack read twice has
# the same one.
_NUMBERS: Final[dict[_Hours, int]] = {}
_HOURS: Final[list[_Hours]] = []


def _number(hours: _Hours) -> int:
    found = _NUMBERS.get(hours)
    if found is None:
        found = _NUMBERS[hours] = len(_HOURS)
        _HOURS.append(hours)
    return found


@lru_cache(maxsize=65536)
def _openings(
    number: int, zone: str, region: str | None, ordinal: int
) -> tuple[tuple[datetime, datetime], ...]:
    """The open stretches that matter to a moment of the UTC day `ordinal`: through the first after it."""
    hours = _HOURS[number]
    utc_day = date.fromordinal(ordinal)
    start = datetime.combine(utc_day, time(0), UTC)
    found: list[tuple[datetime, datetime]] = []
    for ahead in range(-1, _AHEAD):
        day = utc_day + ahead * DAY
        today = [span for o, c in hours.on(day, region) for span in hours_of(day, o, c, zone)]
        found.extend(span for span in sorted(today) if span[1] > start)
        if found and found[-1][0] >= start + DAY:
            break
    return tuple(found)


def _open_at(number: int, zone: str, region: str | None, at: datetime) -> datetime | None:
    """The first moment at or after `at` inside the hours of one zone, within two weeks."""
    for begins, ends in _openings(number, zone, region, at.toordinal()):
        if at < ends:
            return at if at >= begins else begins
    return None


def _open_everywhere(number: int, situation: Situation, region: str | None, at: datetime) -> datetime | None:
    zones = situation.zones
    if len(zones) == 1:
        return _open_at(number, zones[0], region, at)
    return meet(zones, at, lambda zone, moment: _open_at(number, zone, region, moment))


class Window(msgspec.Struct, frozen=True):
    """Hours of the day, half-open; in every zone the person may be in. Their own hours replace it.

    `hours`: by weekday, None where closed. `on_holidays`: those of the holidays of `country`, if they differ.
    """

    name: str
    hours: tuple[Span | None, ...]  # seven
    binding: Binding
    on_holidays: Span | None = None
    country: str | None = None
    unless_agreed: bool = False  # hours that the person agreed to go before
    unless_over: int | None = None  # not for loans more than so many days past due
    number: int = 0  # of these hours, given by itself

    def __post_init__(self) -> None:
        week = tuple(() if span is None else (span,) for span in self.hours)
        holidays = None if self.on_holidays is None else (self.on_holidays,)
        number = _number(_Hours(week, holidays, self.country))
        msgspec.structs.force_setattr(self, "number", number)

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        if situation.windows or (self.unless_agreed and situation.hours_agreed):
            return at
        region = situation.region if self.country else None
        opened = _open_everywhere(self.number, situation, region, at)
        if opened is not at and self.unless_over is not None:
            waived = overdue_since(ask, situation, self.unless_over)
            if waived is not None and (opened is None or waived < opened):
                return max(at, waived)
        return opened

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        region = situation.region if self.country else None
        may_waive = situation.windows or self.unless_agreed or self.unless_over is not None
        if may_waive and self.first(ask, situation, at) == at:
            waived = self._waived(situation, region, at)
            if waived:
                return waived
        zone = _closed_zone(self.number, situation, region, at)
        local = at.astimezone(zone_of(zone))
        day = self._holiday(local.date(), situation.region)
        today = self.on_holidays if day else self.hours[local.weekday()]
        hours = "not on this day" if today is None else f"{today[0]:%H:%M}-{today[1]:%H:%M}"
        named = f", {day}" if day else ""
        return f"hours {hours}{named}; it is {local:%H:%M} ({zone})"

    def _waived(self, situation: Situation, region: str | None, at: datetime) -> str | None:
        """Why it accepts outside its own hours; None inside them."""
        if situation.windows:
            return "the person's own hours replace these"
        if _open_everywhere(self.number, situation, region, at) == at:
            return None
        if self.unless_agreed and situation.hours_agreed:
            return "other hours are agreed"
        return f"more than {self.unless_over} days past due: these hours do not bind"

    def _holiday(self, day: date, region: str | None) -> str | None:
        if self.country is None or self.on_holidays is None:
            return None
        return holiday(day, self.country, region)


def _closed_zone(number: int, situation: Situation, region: str | None, at: datetime) -> str:
    """The first zone in which it is closed at `at`; the first of all where it is open everywhere."""
    closed = (zone for zone in situation.zones if _open_at(number, zone, region, at) != at)
    return next(closed, situation.zones[0])


def overdue_since(ask: Ask, situation: Situation, over: int) -> datetime | None:
    """From when on every loan asked about is more than `over` days past due; None where that is not known."""
    due: Mapping[int, date] = situation.due
    if not ask.loans or any(loan not in due for loan in ask.loans):
        return None
    latest = max(due[loan] for loan in ask.loans)
    return max(day_start(latest + (over + 1) * DAY, zone) for zone in situation.zones)


class OwnHours(msgspec.Struct, frozen=True):
    """The hours that a person asked for: they go before those of every pack, whatever packs are in force."""

    name: str
    binding: Binding

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        return _open_everywhere(_number_of_own(situation.windows), situation, None, at)

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        zone = _closed_zone(_number_of_own(situation.windows), situation, None, at)
        local = at.astimezone(zone_of(zone))
        hours = ", ".join(f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in situation.windows)
        return f"the person's own hours {hours}; it is {local:%H:%M} ({zone})"


@lru_cache(maxsize=4096)
def _number_of_own(windows: tuple[Span, ...]) -> int:
    """The hours of every day; what crosses midnight ends one day and begins the next."""
    spans: list[Span] = []
    for opens, closes in windows:
        if opens < closes or closes == time(0):
            spans.append((opens, closes))
        else:
            spans += [(opens, time(0)), (time(0), closes)]
    return _number(_Hours((tuple(spans),) * 7))


class Calendar(msgspec.Struct, frozen=True):
    """Days on which nobody is contacted: weekdays, and the holidays of a country; in every zone."""

    name: str
    closed: frozenset[int]  # weekdays, Monday is 0
    country: str | None  # whose holidays are closed as well
    binding: Binding
    unless_agreed: bool = False

    def first(self, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
        if self.unless_agreed and situation.hours_agreed:
            return at
        if len(situation.zones) == 1:
            return self._first(situation.zones[0], situation.region, at)
        return meet(situation.zones, at, lambda zone, moment: self._first(zone, situation.region, moment))

    def _first(self, zone: str, region: str | None, at: datetime) -> datetime | None:
        today = day = local_day(at, zone)
        while self._why(day, region) is not None:
            day += DAY
            if day - today > HORIZON + timedelta(days=2):
                return None
        return at if day == today else day_start(day, zone)

    def _why(self, day: date, region: str | None) -> str | None:
        """Why the day is closed; None where it is open."""
        named = holiday(day, self.country, region) if self.country else None
        if named is not None:
            return f"{named} ({self.country})"
        return f"a {_DAYS[day.weekday()]}" if day.weekday() in self.closed else None

    def detail(self, ask: Ask, situation: Situation, at: datetime) -> str:
        if self.unless_agreed and situation.hours_agreed:
            return "other hours are agreed"
        for zone in situation.zones:
            day = local_day(at, zone)
            why = self._why(day, situation.region)
            if why is not None:
                return f"no contact on this day: {day} is {why}"
        return f"{local_day(at, situation.zones[0])} is no closed day"
