"""Payments of a plan as people type them: "3 x 100 from 28/11", "4 weekly payments from Friday", or lines.

A line has a day and an amount, in any order. What leaves a doubt is a doubt, never a guess.
"""

import re
from datetime import date
from typing import Final

import msgspec

from ledger.errors import LedgerInputError
from ledger.schedule import Every, equal_parts
from messages.typed.amounts import read_amount
from messages.typed.dates import Order, take_date
from messages.typed.numerals import numbers
from messages.typed.plain import plain

MOST: Final = 120  # payments of a plan


class Paid(msgspec.Struct, frozen=True):
    """A payment that was named: minor units by a day."""

    due: date
    minor: int


class Unclear(msgspec.Struct, frozen=True):
    """A line in which no one day with one amount could be read."""

    line: str


_TIMES: Final = re.compile(
    r"^(?:分\s?)?(?P<n>\d{1,3})\s?"
    r"(?:x|×|\*|(?:monthly |weekly )?(?:payments?|install?ments?|parts?)\b|期|次|笔|個月|个月)"
)
_EVERY: Final[tuple[tuple[re.Pattern[str], Every, int], ...]] = (
    (
        re.compile(r"\b(?:every (?:2|two|second|other) weeks?|fortnightly)\b|每(?:两|2|二)个?(?:周|星期)"),
        "weeks",
        2,
    ),
    (
        re.compile(r"\b(?:weekly|(?:every|a|per|each) week)\b|每个?(?:周|星期|週)(?![一二三四五六日天])"),
        "weeks",
        1,
    ),
    (re.compile(r"\b(?:monthly|(?:every|a|per|each) month)\b|每个?月"), "months", 1),
)
_MONTHLY: Final[tuple[Every, int]] = ("months", 1)
_BETWEEN: Final = re.compile(
    r"\b(?:from|starting|beginning|on|of|each|and|pay|by)\b|从|自|起|开始|每期|每次|还|[,:=.\-，：、]"
)


def read_parts(
    text: str, total: int, currency: str, today: date, order: Order | None
) -> tuple[Paid, ...] | Unclear:
    """The payments that `text` names, as it has them; `total` (minor units) is parted where it has no amount.

    A day without its year is the next one from `today` on.
    """
    lines = [line for line in (plain(one) for one in re.split(r"[\n;；]", text)) if line]
    if len(lines) == 1 and (times := _TIMES.match(lines[0])):
        return _series(lines[0], times, total, currency, today, order)
    found: list[Paid] = []
    for line in lines:
        one = _one(line, currency, today, order)
        if one is None:
            return Unclear(line)
        found.append(one)
    return tuple(found) if found else Unclear(text.strip())


def _series(
    line: str, times: re.Match[str], total: int, currency: str, today: date, order: Order | None
) -> tuple[Paid, ...] | Unclear:
    count, rest = int(times["n"]), line[times.end() :]
    named = [one for one in _EVERY if one[0].search(times[0] + " " + rest)]
    if len(named) > 1:
        return Unclear(line)
    every, step = _MONTHLY
    if named:
        way, every, step = named[0]
        rest = way.sub(" ", rest)
    said = take_date(rest, today, order)
    if len(said.dates) != 1 or not 1 <= count <= MOST:
        return Unclear(line)
    each = _amount(said.rest, currency)
    if each is None and re.search(r"\w", _BETWEEN.sub("", said.rest)):
        return Unclear(line)
    try:
        parts = equal_parts(total if each is None else each * count, count, said.dates[0], every, step)
    except LedgerInputError:
        return Unclear(line)
    return tuple(Paid(part.due, part.principal) for part in parts)


def _one(line: str, currency: str, today: date, order: Order | None) -> Paid | None:
    said = take_date(line, today, order)
    minor = _amount(said.rest, currency)
    return None if len(said.dates) != 1 or minor is None else Paid(said.dates[0], minor)


def _amount(text: str, currency: str) -> int | None:
    """The one amount of a text that holds nothing else."""
    read = read_amount(text, currency)
    if len(numbers(text)) != 1 or len(read) != 1 or read[0].currency != currency or read[0].minor <= 0:
        return None
    return read[0].minor
