"""A time of day that people type ("14:30", "2pm", "14h30", "下午3点半"), and a moment: a day with a time."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

import msgspec

from messages.typed.dates import Order, read_date
from messages.typed.plain import plain
from policy.calendar import local_day, moment_at

_AFTER_NOON: Final = ("pm", "下午", "晚上", "傍晚")
_WAYS: Final[Sequence[re.Pattern[str]]] = (
    re.compile(r"(?<![\d:.])(?P<h>\d{1,2})\s?:\s?(?P<m>\d{2})(?::\d{2})?\s?(?P<half>am|pm)?(?![\d:])"),
    re.compile(r"(?<![\d:.])(?P<h>\d{1,2})\s?h\s?(?P<m>\d{2})?(?![\da-z])"),
    re.compile(r"(?<![\d:.])(?P<h>\d{1,2})\s?(?P<half>am|pm)(?![a-z])"),
    re.compile(
        r"(?P<half>上午|早上|下午|晚上|傍晚|中午)?\s?(?P<h>\d{1,2})\s?[点點时時](?P<m>\d{1,2}|半)?分?"
    ),
)


FARTHEST: Final = timedelta(days=60)
"""How far ahead a call is agreed."""


class Timed(msgspec.Struct, frozen=True):
    """Times of day that a text names, and the rest of it."""

    times: tuple[time, ...]
    rest: str


def take_time(text: str) -> Timed:
    """The times of day in `text`, and what is left without them."""
    rest = plain(text)
    found: dict[time, None] = {}
    for way in _WAYS:
        for one in list(way.finditer(rest))[::-1]:
            read = _time(one)
            if read is not None:
                found[read] = None
                rest = rest[: one.start()] + " " + rest[one.end() :]
    return Timed(tuple(sorted(found)), " ".join(rest.split()))


def _time(found: re.Match[str]) -> time | None:
    parts = found.groupdict()
    hour = int(parts["h"])
    minute = parts.get("m") or "0"
    half = parts.get("half") or ""
    if half and hour > 12 and half in ("am", "pm"):
        return None
    if half in _AFTER_NOON and hour < 12:
        hour += 12
    elif half == "am" and hour == 12:
        hour = 0
    minutes = 30 if minute == "半" else int(minute)
    return time(hour, minutes) if hour < 24 and minutes < 60 else None


def read_moment(text: str, now: datetime, zone: str, order: Order | None) -> datetime | None:
    """The coming moment that `text` names on the clocks of `zone`; None where it names none, or several.

    A time alone is today's, or tomorrow's where that is past. A day further than `FARTHEST` is none: it has
    passed, and was written without its year.
    """
    timed = take_time(text)
    if len(timed.times) != 1:
        return None
    today = local_day(now, zone)
    days: tuple[date, ...] = (today,)
    rest = re.sub(r"\b(at|um|a las|@)\b|[@,]", " ", timed.rest).strip()
    if rest:
        days = read_date(rest, today, order)
        if len(days) != 1:
            return None
    at = moment_at(days[0], timed.times[0], zone)
    if at <= now and not rest:
        at = moment_at(today + timedelta(days=1), timed.times[0], zone)
    return at if now < at <= now + FARTHEST else None
