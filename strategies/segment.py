"""Segments: the loans that a strategy is for, as structured ranges, so that it is known when that changes."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

import msgspec

from policy.calendar import DAY

_RANGE = re.compile(r"(?P<low>\d{1,5})(?:(?P<open>\+)| *- *(?P<high>\d{1,5}))?")
CURRENT: Final = "current"


class Range(msgspec.Struct, frozen=True, order=True):
    """Whole numbers from `low` through `high`, both included; None: without end."""

    low: int
    high: int | None

    def __contains__(self, number: int) -> bool:
        return number >= self.low and (self.high is None or number <= self.high)

    @property
    def text(self) -> str:
        if self.high is None:
            return f"{self.low}+"
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"


def read_range(text: object) -> Range:
    """ "1-30", "91+" or "5" -> Range. ValueError says how it is written."""
    found = _RANGE.fullmatch(str(text).strip())
    if not found:
        raise ValueError(f"{text!r} is no range; write one like 1-30, 91+ or 5")
    low = int(found["low"])
    high = None if found["open"] else int(found["high"] or low)
    if high is not None and high < low:
        raise ValueError(f"{text!r} ends before it begins; write {high}-{low}")
    return Range(low, high)


def read_bucket(text: object) -> Range:
    """A bucket as the days that it takes in: "current" is 0. ValueError says how it is written."""
    if text == CURRENT:
        return Range(0, 0)
    if not _RANGE.fullmatch(str(text).strip()):
        raise ValueError(f"{text!r} is no bucket; write current, or days late like 1-30 or 91+")
    found = read_range(text)
    if not found.low:
        raise ValueError(f"{text!r} begins at day 0, which is current; write current, or 1-30")
    return found


class Segment(msgspec.Struct, frozen=True):
    """What a loan and its person have to be. Empty: whatever they are."""

    buckets: tuple[Range, ...] = ()  # delinquent days; 0 is current
    missed: tuple[Range, ...] = ()
    arrears: tuple[Range, ...] = ()  # whole units of the loan's currency
    outstanding: tuple[Range, ...] = ()
    product: tuple[str, ...] = ()
    risk: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()  # one of them
    language: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    contactable: tuple[str, ...] = ()  # by one of these channels
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The facts that it reads, by the names of strategies/conditions.py."""
        found = {name for name in NUMBERS + TEXTS + LISTS if getattr(self, name)}
        return frozenset(found | ({"attributes"} if self.attributes else set()))

    def takes(self, days: int, facts: Mapping[str, Any]) -> bool:
        """Whether a loan `days` delinquent, with these facts (of at least `names`), is of the segment."""
        if self.buckets and not any(days in one for one in self.buckets):
            return False
        for name in NUMBERS:
            ranges: tuple[Range, ...] = getattr(self, name)
            if ranges and not any(facts[name] in one for one in ranges):
                return False
        for name in TEXTS:
            wanted: tuple[str, ...] = getattr(self, name)
            if wanted and facts[name] not in wanted:
                return False
        for name in LISTS:
            if getattr(self, name) and not set(getattr(self, name)) & set(facts[name]):
                return False
        attributes: Mapping[str, str] = facts["attributes"] if self.attributes else {}
        return all(attributes.get(name) in wanted for name, wanted in self.attributes)

    def edges(self) -> Iterable[int]:
        """Delinquent days at which a loan comes into a bucket of it, or leaves one."""
        for one in self.buckets:
            yield one.low
            if one.high is not None:
                yield one.high + 1

    def entered(self, days: int) -> int | None:
        """On which delinquent day a loan that is `days` delinquent came in; None: not by its days."""
        lows = [one.low for one in self.buckets if days in one]
        low = min(lows, default=0)
        while any(one.high == low - 1 for one in self.buckets if low > 0):  # what touches is one range
            low = next(one.low for one in self.buckets if one.high == low - 1)
        return low or None


NUMBERS: Final = ("missed", "arrears", "outstanding")
TEXTS: Final = ("product", "risk", "language", "country")
LISTS: Final = ("tags", "contactable")


def next_edge(segments: Iterable[Segment], days: int, first_day: date | None, today: date) -> date | None:
    """The next date on which one of `segments` may begin or cease to take a loan in by its days.

    `days`: delinquent on `today`. `first_day`: the first delinquent day of a loan that has none yet, or None.
    """
    edges = {edge for segment in segments for edge in segment.edges()}
    if days:
        return min((today + (edge - days) * DAY for edge in edges if edge > days), default=None)
    if first_day is None:
        return None
    return min((first_day + (max(edge, 1) - 1) * DAY for edge in edges), default=None)
