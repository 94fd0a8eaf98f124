"""Numbers and amounts of money that people type: "36", "三十六个月", "1.234,56", "二百五十", "250 EUR"."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from babel.numbers import get_currency_symbol, list_currencies

from ledger.money import Money, minor_digits
from messages.typed.numerals import Found, numbers
from messages.typed.plain import gathered, languages, plain

_MOST_MINOR: Final = 10**15
_DOLLARS: Final = {
    "$": "USD",
    "¥": "CNY",
}  # what a sign shared by several means where the loan's own is none of them
_SIGNS: Final = {"€": "EUR", "£": "GBP", "₹": "INR", "₦": "NGN", "₽": "RUB", "₸": "KZT", "₱": "PHP"}
_HALF_YEAR: Final = 6
_BETWEEN: Final = re.compile(r"[\s.]*")


def read_number(text: str) -> tuple[int, ...]:
    """The whole number that `text` holds ("36", "36个月", "三十六", "thirty-six" -> 36), each it can be."""
    said = plain(text)
    return _only({value for found in numbers(said) if _is_plus(said, found) for value in _wholes(found)})


def read_months(text: str) -> tuple[int, ...]:
    """A number of months ("36", "3 years", "半年", "一年半", "十二期"), each it can be."""
    said = plain(text)
    found = {
        value * (12 if _followed_by_years(said, one) else 1) + _half_year_after(said, one)
        for one in numbers(said)
        if _is_plus(said, one)
        for value in _wholes(one)
    }
    return _only(found) if found or "半年" not in said else (_HALF_YEAR,)


def read_amount(text: str, currency: str) -> tuple[Money, ...]:
    """The amount that `text` names, each it can be; of `currency` (ISO 4217) unless the text names another.

    What has more decimals than its currency is no amount; nor is what is below zero.
    """
    said = plain(text)
    found: dict[Money, None] = {}
    for one in numbers(said):
        if not _is_plus(said, one):
            return ()
        meant = _currency_at(said, one, currency)
        digits = minor_digits(meant)
        # Nobody writes 1.500 for one euro fifty: a mark that may part thousands does so there.
        readings = [each for each in one.readings if each.decimals <= digits] or one.readings
        for reading in readings:
            minor = reading.minor(digits)
            if minor is not None and minor < _MOST_MINOR:
                found[Money(minor, meant)] = None
    return tuple(found)


def named_currency(text: str, owed: Sequence[str]) -> str | None:
    """Which of several currencies `text` names; the first where it names none; None: another, or several."""
    first, *others = owed
    if _named(text, first) <= {first}:
        return first
    # A shared sign means each of those whose it is: "¥" in yen, where there are no yuan.
    meant = [other for other in others if _named(text, other) == {other}]
    return meant[0] if len(meant) == 1 else None


def read_owed(text: str, owed: Sequence[str]) -> tuple[Money, ...]:
    """The amount above zero that `text` names, each it can be; of the first of the currencies that are owed
    unless it names another of them."""
    meant = named_currency(text, owed)
    read = () if meant is None else read_amount(text, meant)
    return tuple(one for one in read if one.currency == meant and one.minor > 0)


def _named(text: str, currency: str) -> set[str]:
    return {one.currency for one in read_amount(text, currency)}


def _only(values: set[int]) -> tuple[int, ...]:
    return tuple(sorted(values))


def _wholes(found: Found) -> list[int]:
    return [value for reading in found.readings if (value := reading.whole()) is not None]


def _is_plus(said: str, found: Found) -> bool:
    """Whether no minus stands before it; that of a range ("200-300") follows a figure."""
    before = said[: found.start].rstrip()
    return not before.endswith(("-", "−", "–")) or before[:-1].rstrip()[-1:].isdigit()


def _followed_by_years(said: str, found: Found) -> bool:
    return said[found.end :].lstrip().startswith(gathered("years"))


def _half_year_after(said: str, found: Found) -> int:
    rest = said[found.end :].lstrip()
    return _HALF_YEAR if any(rest.startswith(f"{year}半") for year in gathered("years")) else 0


def _currency_at(said: str, found: Found, currency: str) -> str:
    """What stands right before or right after the number, else `currency`."""
    names, before, after = _called(currency)
    named = after.match(said, _after(said, found.end)) or before.search(said[: found.start].rstrip(" ."))
    return names[named[0]] if named else currency


def _after(said: str, end: int) -> int:
    match = _BETWEEN.match(said, end)
    return match.end() if match else end


@cache
def _called(currency: str) -> tuple[dict[str, str], re.Pattern[str], re.Pattern[str]]:
    """Codes by what they are called, and patterns of these that end, and begin, a text."""
    names = _names(currency)
    letters = "|".join(re.escape(name) for name in names if name.isascii() and name.isalpha())
    others = "|".join(re.escape(name) for name in names if not (name.isascii() and name.isalpha()))
    before = re.compile(rf"(?:(?<![a-z])(?:{letters})|{others})$")
    return names, before, re.compile(rf"(?:{letters})(?![a-z])|{others}")


@cache
def _names(currency: str) -> dict[str, str]:
    """Codes by what they are called, the longest first; a shared name means the loan's own currency."""
    names: dict[str, str] = {code.lower(): code for code in list_currencies()}
    names |= _SIGNS | _DOLLARS
    for words in languages().values():
        for code, called in words.money.items():
            names |= {plain(name): code for name in called}
    own = {plain(name) for words in languages().values() for name in words.money.get(currency, ())}
    symbol = get_currency_symbol(currency, "en")
    for sign in ("$", "¥", "£"):
        if sign in symbol or (sign == "¥" and currency in ("CNY", "JPY")):
            own.add(sign)
    names |= dict.fromkeys([*own, plain(symbol)], currency)
    if "$" in own:
        names |= {"dollar": currency, "dollars": currency}
    else:
        names |= {"dollar": "USD", "dollars": "USD"}
    return dict(sorted(names.items(), key=lambda name: -len(name[0])))
