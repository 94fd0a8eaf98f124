"""A time of day that people type ("14:30", "2pm", "14h30", "下午3点半"), and a moment: a day with a time."""

import re
from datetime import datetime, time, timedelta
from typing import Final

import msgspec

from messages.typed.clock import CLOCK, PART, spelled_out, time_of
from messages.typed.dates import Order, read_date, take_date
from messages.typed.plain import plain
from policy.calendar import local_day, moment_at

_CLOCK: Final = re.compile(CLOCK)
_PART: Final = re.compile(PART)
_BETWEEN: Final = re.compile(r"\b(?:at|um|a las|on|please|call)\b|[@,.!请]")

FARTHEST: Final = timedelta(days=60)
"""How far ahead a call is agreed."""


class Timed(msgspec.Struct, frozen=True):
    """Times of day that a text names, and the rest of it."""

    times: tuple[time, ...]
    rest: str


def take_time(text: str) -> Timed:
    """The times of day in `text`, and what is left without them and the part of the day that they are in."""
    rest = spelled_out(plain(text))
    parts = {part[0] for part in _PART.finditer(rest)}
    part = parts.pop() if len(parts) == 1 else None
    found: dict[time, None] = {}
    for one in list(_CLOCK.finditer(rest))[::-1]:
        read = time_of(one, part)
        if read is not None:
            found[read] = None
            rest = rest[: one.start()] + " " + rest[one.end() :]
    if found and part is not None:
        rest = rest.replace(part, " ")
    return Timed(tuple(sorted(found)), " ".join(rest.split()))


def read_moment(text: str, now: datetime, zone: str, order: Order | None) -> datetime | None:
    """The coming moment that `text` names on the clocks of `zone`; None where it names none, or several.

    A time alone is today's, or tomorrow's where that is past. A day further than `FARTHEST` is none: it has
    passed, and was written without its year.
    """
    timed = take_time(text)
    if len(timed.times) != 1:
        return None
    today = local_day(now, zone)
    rest = " ".join(_BETWEEN.sub(" ", timed.rest).split())
    if not rest:
        times = (moment_at(today + timedelta(days=ahead), timed.times[0], zone) for ahead in (0, 1))
        return next((at for at in times if at > now), None)
    said = take_date(rest, today, order)
    # A date and words that are not understood may mean something else: "not before 28/11".
    days = read_date(rest, today, order) if not re.search(r"\w", said.rest) or not said.dates else ()
    if len(days) != 1:
        return None
    at = moment_at(days[0], timed.times[0], zone)
    return at if now < at <= now + FARTHEST else None
