"""Zoned arithmetic: days and hours as people live them, clock changes included.

Moments are aware datetimes in UTC; a zone is an IANA name. A local time that a clock change skips
means the moment right after the gap; one that happens twice means the first of the two.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from policy.errors import PolicyInputError

DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MIDNIGHT = time(0)


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


def _offset(moment: datetime, zone: str) -> timedelta:
    return moment.astimezone(zone_of(zone)).utcoffset() or timedelta()


def _change(low: datetime, high: datetime, zone: str) -> datetime:
    """The moment between two at which the clocks are changed: found by halving."""
    before = _offset(low, zone)
    while high - low > _SECOND:
        middle = low + (high - low) / 2
        if _offset(middle, zone) == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


@lru_cache(maxsize=65536)
def _pieces(day: date, zone: str) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """`day` in pieces of one offset from UTC: (from, to, offset). Two on the days of a clock change."""
    start, end = day_start(day, zone), day_start(day + DAY, zone)
    if start >= end:
        return ()  # the calendar of the zone left this day out
    first, last = _offset(start, zone), _offset(end - _SECOND, zone)
    if first == last:
        return ((start, end, first),)
    turned = _change(start, end - _SECOND, zone)
    return ((start, turned, first), (turned, end, last))


def hours_of(day: date, opens: time, closes: time, zone: str) -> tuple[tuple[datetime, datetime], ...]:
    """When the clocks of `zone` show a time in [opens, closes) on `day`; closing at 00:00 is the day's end.

    One stretch, half-open, in UTC; none where a clock change skips it; two where the clocks are turned back
    into it.
    """
    after = day + DAY if closes == _MIDNIGHT else day
    begins, ends = datetime.combine(day, opens, UTC), datetime.combine(after, closes, UTC)
    found = [
        (max(start, begins - offset), min(end, ends - offset)) for start, end, offset in _pieces(day, zone)
    ]
    return tuple((start, end) for start, end in found if start < end)


@lru_cache(maxsize=65536)
def local_day(moment: datetime, zone: str) -> date:
    """The date that the calendar of `zone` shows at `moment`."""
    return moment.astimezone(zone_of(zone)).date()


def day_start(day: date, zone: str) -> datetime:
    """The first moment of `day` in `zone`."""
    return moment_at(day, time(0), zone)
