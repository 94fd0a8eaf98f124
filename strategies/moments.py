"""Moments of steps as they are written: an anchor, days from it and an hour of the borrower's day, or hours.

`due - 3d 10:00`, `due + 15d`, `promise - 1d 10:00`, `broken 09:00`, `case + 2h`. The anchors: `due` is the
due date of the installment, `promise` the day promised, `broken` the first day after a promise and its grace
have passed unpaid, `case` the moment at which the case was opened. Never the last attempt: no ladder drifts.
"""

import re
from datetime import date, datetime, time, timedelta
from typing import Final

import msgspec

from policy.calendar import DAY, local_day, moment_at

ANCHORS: Final = ("due", "promise", "broken", "case")
# What a key calls the anchor of a moment: the installment is what is due.
KEY_ANCHOR: Final = {"due": "installment", "promise": "promise", "broken": "broken", "case": "case"}

_MOMENT = re.compile(
    r"(?P<anchor>[a-z]+)(?: *(?P<sign>[+-]) *(?P<count>\d{1,4})(?P<unit>[dhm]))?"
    r"(?: +(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d))?"
)
_SPAN = re.compile(r"(\d{1,4})([dhm])")
_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes"}


class Moment(msgspec.Struct, frozen=True, order=True):
    """When a step comes: `days` from the anchor's date at `hour` of the borrower's day, or `after` it."""

    anchor: str
    days: int = 0
    hour: time = time(0)
    after: timedelta | None = None  # of a case: so long after it was opened, whatever the hour

    @property
    def text(self) -> str:
        """As it is written."""
        if self.after is not None:
            minutes = self.after // timedelta(minutes=1)
            whole = minutes % 60 == 0
            return f"{self.anchor} + {minutes // 60 if whole else minutes}{'h' if whole else 'm'}"
        offset = f" {'-' if self.days < 0 else '+'} {abs(self.days)}d" if self.days else ""
        return f"{self.anchor}{offset} {self.hour:%H:%M}"

    def on(self, day: date, zone: str) -> datetime:
        """The moment for an anchor that is a date."""
        return moment_at(day + self.days * DAY, self.hour, zone)

    def from_(self, opened: datetime, zone: str) -> datetime:
        """The moment for an anchor that is a moment itself."""
        return self.on(local_day(opened, zone), zone) if self.after is None else opened + self.after


def span(text: object) -> timedelta:
    """ "4d", "36h" or "30m" -> timedelta. ValueError says how it is written."""
    found = _SPAN.fullmatch(str(text))
    if not found or not int(found[1]):
        raise ValueError(f"{text!r} is no length of time; write one like 4d, 36h or 30m")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def read_moment(text: object) -> Moment:
    """ "due - 3d 08:00" -> Moment. ValueError says how it is written."""
    found = _MOMENT.fullmatch(str(text).strip())
    if not found:
        raise ValueError(
            f"{text!r} is no moment; write one like 'due - 3d 08:00', 'promise - 1d 10:00', 'broken 09:00' "
            "or 'case + 2h'"
        )
    anchor, unit, hour = found["anchor"], found["unit"], found["hour"]
    if anchor not in ANCHORS:
        raise ValueError(f"{anchor!r} is no anchor; a moment counts from {', '.join(ANCHORS)}")
    count = int(found["count"] or 0) * (-1 if found["sign"] == "-" else 1)
    if anchor in ("broken", "case") and count < 0:
        raise ValueError(f"{text!r} is before the {anchor} itself, unknown until then; write {anchor} + 1d")
    if unit in ("h", "m"):
        if anchor != "case":
            raise ValueError(
                f"{text!r}: from {anchor} one counts days and names an hour, like '{anchor} + 1d 10:00'"
            )
        if hour is not None:
            raise ValueError(f"{text!r} has hours and an hour of the day; write case + 2h or case + 1d 10:00")
        return Moment(anchor, after=timedelta(**{_UNITS[unit]: count}))
    if anchor == "case" and not count:
        raise ValueError(f"{text!r} names no time after the case was opened; write one like 'case + 2h'")
    return Moment(anchor, count, time(int(hour or 0), int(found["minute"] or 0)))
