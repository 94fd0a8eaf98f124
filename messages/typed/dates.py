"""Dates as people type them: 28/11, 28.11., tomorrow, Friday, in 3 days, 明天, 下周五, 11月28日, and so on.

A date without its year is the next one from today on. A day of the week said on that day, "next Friday" in
the middle of a week and "3/4" from somebody whose country is unknown are two dates each: both are given.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import Final, Literal

import msgspec

from messages.typed.day_words import (
    alternatives,
    month_pattern,
    months,
    pattern,
    unit_pattern,
    weekday_pattern,
    weekdays,
)
from messages.typed.numerals import numbers
from messages.typed.plain import gathered, plain

Order = Literal["dmy", "mdy"]

_MONTH_FIRST: Final = frozenset({"US", "PH", "CN", "TW", "JP", "KR"})
_FARTHEST: Final = timedelta(days=3660)
_HAN_DAYS: Final = {sign: place for place, sign in enumerate("一二三四五六日")} | {"天": 6} | {
    str(place + 1): place for place in range(7)
}  # fmt: skip


class Said(msgspec.Struct, frozen=True):
    """What is left of a text without its date, and the dates that it can be."""

    dates: tuple[date, ...]
    rest: str


class _Span(msgspec.Struct, frozen=True):
    start: int
    end: int
    dates: tuple[date, ...]


def order_in(country: str | None) -> Order | None:
    """How figures of a date follow one another in a country (ISO 3166); None where it is unknown."""
    if country is None:
        return None
    return "mdy" if country.upper() in _MONTH_FIRST else "dmy"


def read_date(text: str, today: date, order: Order | None) -> tuple[date, ...]:
    """Every date that `text` can mean, in order; a bare number is a day of the month."""
    said = plain(text)
    found = _take(said, today, order).dates
    if found:
        return found
    bare = numbers(said)
    if len(bare) == 1 and not re.sub(r"[\W_]|号|日", "", said[: bare[0].start] + said[bare[0].end :]):
        days = [value for reading in bare[0].readings if (value := reading.whole()) is not None]
        return tuple(sorted({day for value in days for day in _day_of_month(value, today)}))
    return ()


def take_date(text: str, today: date, order: Order | None) -> Said:
    """The dates in a longer text, and the rest of it: for "promise 200 on 28/11"."""
    return _take(plain(text), today, order)


def _take(said: str, today: date, order: Order | None) -> Said:
    spans: list[_Span] = []
    rest = said
    for reader in _READERS:
        for span in reader(rest, today, order):
            spans.append(span)
            rest = rest[: span.start] + "\x00" * (span.end - span.start) + rest[span.end :]
    exact = [span for span in spans if len(span.dates) == 1]
    dates = {day for span in spans for day in span.dates}
    if len(exact) == 1 and len(spans) > 1:
        # "Friday 28/11": one says which of the others' is meant; if none is, all are asked.
        agreed = {exact[0].dates[0]}
        if all(agreed & set(span.dates) or _same_weekday(span, exact[0]) for span in spans):
            dates = agreed
    plausible = {day for day in dates if abs(day - today) <= _FARTHEST}
    return Said(tuple(sorted(plausible)), " ".join(re.sub("\x00+", " ", rest).split()))


def _same_weekday(one: _Span, other: _Span) -> bool:
    return {day.weekday() for day in one.dates} == {day.weekday() for day in other.dates}


# --- one reader for each way of writing; each gives the spans it takes out ---------------------------------

_YEAR_FIRST: Final = re.compile(
    r"(?<!\d)(20\d\d)\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?:\s?[日号號])?(?!\d)"
)
_HAN_DATE: Final = re.compile(
    r"(?<!\d)(\d{1,2}|[一二三四五六七八九十]{1,3})月(\d{1,2}|[一二三四五六七八九十]{1,3})(?:[日号號]|(?!\d))"
)
_HAN_MONTH_DAY: Final = re.compile(
    r"(下个月|下月|下個月|这个月|本月|這個月)?(\d{1,2}|[一二三四五六七八九十]{1,3})[日号號]"
)
_FIGURES: Final = re.compile(
    r"(?<![\d.,/-])(\d{1,2})\s?([/.\-])\s?(\d{1,2})(?:\s?\2\s?(20\d\d|\d\d))?\.?(?![\d/]|[.,-]\d)"
)
_NTH: Final = re.compile(r"\b(?:the )?(\d{1,2}) ?(?:st|nd|rd|th)\b")


def _year_first(said: str, today: date, order: Order | None) -> Iterator[_Span]:
    for match in _YEAR_FIRST.finditer(said):
        yield _Span(*match.span(), _valid([(int(match[1]), int(match[2]), int(match[3]))]))


def _han_date(said: str, today: date, order: Order | None) -> Iterator[_Span]:
    for match in _HAN_DATE.finditer(said):
        yield _Span(*match.span(), _without_year(_figure(match[1]), _figure(match[2]), today))


def _with_month(said: str, today: date, order: Order | None) -> Iterator[_Span]:
    for match in month_pattern().finditer(said):
        month = months()[match["month"] or match["first"]]
        day, year = int(match["day"] or match["after"]), match["year"]
        dates = _valid([(int(year), month, day)]) if year else _without_year(month, day, today)
        yield _Span(*match.span(), dates)


def _in_figures(said: str, today: date, order: Order | None) -> Iterator[_Span]:
    for match in _FIGURES.finditer(said):
        one, other, year = int(match[1]), int(match[3]), match[4]
        readings = {"dmy": (other, one), "mdy": (one, other)}
        dates = {
            way: _valid([(int(year) if len(year) == 4 else 2000 + int(year), month, day)])
            if year
            else _without_year(month, day, today)
            for way, (month, day) in readings.items()
        }
        # With points the day always comes first, but for who writes 11.28.
        wanted = "dmy" if match[2] == "." and order is None else order
        chosen = dates.get(wanted or "") or tuple(sorted({*dates["dmy"], *dates["mdy"]}))
        if chosen:
            yield _Span(*match.span(), chosen)


def _nth(said: str, today: date, order: Order | None) -> Iterator[_Span]:
    for match in _NTH.finditer(said):
        yield _Span(*match.span(), _day_of_month(int(match[1]), today))
    for match in _HAN_MONTH_DAY.finditer(said):
        day = _figure(match[2])
        dates = _day_of_month(day, today)
        if match[1] and match[1][0] == "下":
            dates = _valid([(*_month_after(today), day)])
        yield _Span(*match.span(), dates)


def _month_end(said: str, today: date, order: Order | None) -> Iterator[_Span]:
    following = re.compile(r"(?:the )?end of next month|下个月底|下月底|下个月末")
    for match in following.finditer(said):
        year, month = _month_after(today)
        yield _Span(*match.span(), (date(year, month, monthrange(year, month)[1]),))
    if not following.search(said):
        for match in pattern("month_end").finditer(said):
            yield _Span(*match.span(), (today.replace(day=monthrange(today.year, today.month)[1]),))


def _relative(said: str, today: date, order: Order | None) -> Iterator[_Span]:
    taken: list[tuple[int, int]] = []
    for days, name in ((2, "after_tomorrow"), (1, "tomorrow"), (0, "today")):
        for match in pattern(name).finditer(said):
            if not any(start < match.end() and match.start() < end for start, end in taken):
                taken.append(match.span())
                ahead = 3 if days == 2 and said[: match.start()].endswith("大") else days
                yield _Span(match.start() - (ahead == 3), match.end(), (today + timedelta(days=ahead),))


def _ahead(said: str, today: date, order: Order | None) -> Iterator[_Span]:
    """In 3 days, 两周后, 2 weeks from now."""
    before, after = alternatives("before"), alternatives("after")
    for found in numbers(said):
        count = found.readings[0].whole() if found.readings else None
        unit = unit_pattern().match(said, found.end)
        if count is None or unit is None or count > 400:
            continue
        opened = re.search(rf"(?:{before})\s*$", said[: found.start])
        closed = re.compile(rf"\s*(?:{after})").match(said, unit.end())
        if opened or closed:
            start = opened.start() if opened else found.start
            end = closed.end() if closed else unit.end()
            yield _Span(start, end, (_later(today, count, unit[1]),))


def _weekday(said: str, today: date, order: Order | None) -> Iterator[_Span]:
    for match in weekday_pattern().finditer(said):
        yield _Span(*match.span(), _weekday_dates(weekdays()[match["day"]], match["which"], today))
    for match in _HAN_WEEKDAY.finditer(said):
        place = _HAN_DAYS[match[2]]
        monday = today - timedelta(days=today.weekday())
        weeks = match[1].count("下")
        dates = (monday + timedelta(days=7 * weeks + place),) if weeks else _coming(place, today)
        yield _Span(*match.span(), dates)


_HAN_WEEKDAY: Final = re.compile(
    r"((?:下+|这|本|這)?个?)(?:周|星期|礼拜|週|禮拜)([一二三四五六日天1-7])(?!\d)"
)

_READERS: Final[tuple[Callable[[str, date, Order | None], Iterable[_Span]], ...]] = (
    _year_first, _han_date, _with_month, _in_figures, _month_end, _ahead, _weekday, _nth, _relative,
)  # fmt: skip


# --- what dates they are ----------------------------------------------------------------------------------


def _valid(parts: Iterable[tuple[int, int, int]]) -> tuple[date, ...]:
    return tuple(
        date(year, month, day)
        for year, month, day in parts
        if 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
    )


def _without_year(month: int, day: int, today: date) -> tuple[date, ...]:
    """The next such day from today on; a 29 February may be years away."""
    for year in range(today.year, today.year + 9):
        for found in _valid([(year, month, day)]):
            if found >= today:
                return (found,)
    return ()


def _day_of_month(day: int, today: date) -> tuple[date, ...]:
    """The next such day from today on: this month's, or of the next that has it."""
    year, month = today.year, today.month
    for _ in range(3):
        for found in _valid([(year, month, day)]):
            if found >= today:
                return (found,)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return ()


def _month_after(today: date) -> tuple[int, int]:
    return (today.year, today.month + 1) if today.month < 12 else (today.year + 1, 1)


def _later(today: date, count: int, unit: str) -> date:
    if unit in gathered("days"):
        return today + timedelta(days=count)
    if unit in gathered("weeks"):
        return today + timedelta(weeks=count)
    months = today.year * 12 + today.month - 1 + count
    year, month = divmod(months, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def _coming(place: int, today: date) -> tuple[date, ...]:
    """The next such day of the week; said on that day, today or in a week."""
    ahead = (place - today.weekday()) % 7
    found = today + timedelta(days=ahead)
    return (found,) if ahead else (found, found + timedelta(weeks=1))


def _weekday_dates(place: int, which: str | None, today: date) -> tuple[date, ...]:
    if not which or which in gathered("this"):
        return _coming(place, today)
    after_today = today + timedelta(days=(place - today.weekday()) % 7 or 7)
    next_week = today + timedelta(days=7 - today.weekday() + place)
    return tuple(sorted({after_today, next_week}))


def _figure(text: str) -> int:
    found = numbers(text)
    return (found[0].readings[0].whole() or 0) if found and found[0].readings else 0
