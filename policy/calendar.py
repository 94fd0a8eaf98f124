"""Zoned arithmetic: days and hours as people live them, clock changes included.

Moments are aware datetimes in UTC; a zone is an IANA name. A local time that a clock change skips
means the moment right after the gap; one that happens twice means the first of the two.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from policy.errors import PolicyInputError

DAY = timedelta(days=1)


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The zone by its IANA name; PolicyInputError names it when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise PolicyInputError(f"{name!r} is not a time zone; write one like 'Europe/Berlin'") from error


@lru_cache(maxsize=65536)
def moment_at(day: date, at: time, zone: str) -> datetime:
    """The moment (UTC) at which the clocks of `zone` show `at` on `day`."""
    local = datetime.combine(day, at, zone_of(zone))
    moment = local.astimezone(UTC)
    # In a gap, going there and back lands elsewhere: take the first moment after the gap.
    if moment.astimezone(zone_of(zone)).replace(tzinfo=None) != local.replace(tzinfo=None):
        return _gap_end(day, at, zone)
    return moment


def _gap_end(day: date, at: time, zone: str) -> datetime:
    """The moment the clocks jump over `at` on `day`."""
    local = datetime.combine(day, at, zone_of(zone))
    one, other = local.replace(fold=1).astimezone(UTC), local.replace(fold=0).astimezone(UTC)
    return _change(min(one, other), max(one, other), zone)


def _change(low: datetime, high: datetime, zone: str) -> datetime:
    """The moment between two at which the clocks are changed: found by halving."""
    before = low.astimezone(zone_of(zone)).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone_of(zone)).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


@lru_cache(maxsize=65536)
def hours_begin(day: date, opens: time, closes: time, zone: str) -> tuple[datetime, ...]:
    """The moments of `day` from which the clocks of `zone` show a time in [opens, closes).

    One; none where a clock change skips them all; two where the clocks are turned back into them.
    """
    start, end = day_start(day, zone), day_start(day + DAY, zone)
    found = {moment_at(day, opens, zone)}
    if start.astimezone(zone_of(zone)).utcoffset() != end.astimezone(zone_of(zone)).utcoffset():
        second = datetime.combine(day, opens, zone_of(zone)).replace(fold=1)
        found |= {second.astimezone(UTC), _change(start, end, zone)}
    shown = {moment: moment.astimezone(zone_of(zone)) for moment in found}
    return tuple(
        sorted(moment for moment, at in shown.items() if at.date() == day and opens <= at.time() < closes)
    )


@lru_cache(maxsize=65536)
def local_day(moment: datetime, zone: str) -> date:
    """The date that the calendar of `zone` shows at `moment`."""
    return moment.astimezone(zone_of(zone)).date()


def day_start(day: date, zone: str) -> datetime:
    """The first moment of `day` in `zone`."""
    return moment_at(day, time(0), zone)
