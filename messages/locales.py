"""Money, dates, lists and plural forms as a language writes them, by the CLDR through Babel.

A locale is named by its Babel identifier ('zh_Hans_CN'), so that what repeats is memoised by short strings.
Babel writes an amount in about 35 us and rounds what does not fit; here its pattern is taken apart once for a
locale and a currency, and an amount is set in it exactly, from the integer, in about one.
"""

import re
from collections.abc import Collection, Sequence
from datetime import date
from functools import cache, lru_cache
from typing import Final

import msgspec
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import get_currency_symbol, get_decimal_symbol, get_group_symbol

from ledger.money import minor_digits
from messages.segments import encoding_of

HOME: Final = {"en": "en", "zh": "zh_Hans_CN", "es": "es", "hi": "hi_IN", "ru": "ru_RU", "id": "id_ID"}
"""The locale a language is written in where nothing is known of the country; others are their own home."""

_FAR: Final = 180  # days: a date further off than this is written with its year
_ONE_SPACE: Final = str.maketrans({"\u00a0": " ", "\u202f": " "})  # neither is in the GSM alphabet


_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY: Final = (
    r"\b(mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:rs?|rsday)?"
    r"|fri(?:day)?|sat(?:urday)?|sun(?:day)?)\b\.?"
)
_DAYS: Final = re.compile(rf"{_DAY}(?:\s?(?:-|–|to)\s?{_DAY})?", re.IGNORECASE)


class _Setting(msgspec.Struct, frozen=True):
    """How one locale sets an amount of one currency."""

    before: str
    after: str
    point: str
    comma: str
    first: int  # digits of the group next to the point
    further: int  # digits of each group before that
    decimals: int


@lru_cache(maxsize=1024)
def _parsed(tag: str) -> Locale | None:
    try:
        return Locale.parse(tag.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return None


@cache
def _locale(identifier: str) -> Locale:
    return Locale.parse(identifier)


@lru_cache(maxsize=1024)
def locale_for(wanted: str, language: str) -> str:
    """The locale in which to write a text of `language` for a person who wants `wanted` ('es-MX' -> 'es_MX').

    Where `wanted` is another language, another script or unknown to Babel, it is the language's own (HOME).
    """
    home = HOME.get(language, language)
    locale = _parsed(wanted)
    if locale is None or locale.language != language or locale.script not in (None, _locale(home).script):
        return home
    return str(locale) if locale.territory else home


@lru_cache(maxsize=1024)
def _best_language(wanted: str, available: frozenset[str], fallback: str) -> str:
    if wanted in available:
        return wanted
    locale = _parsed(wanted)
    # Who reads Spanish in Germany reads Spanish, though Babel has no such locale.
    language = locale.language if locale is not None else wanted.replace("_", "-").partition("-")[0].lower()
    return language if language in available else fallback


def best_language(wanted: str | None, available: Collection[str], fallback: str) -> str:
    """The language of `available` nearest to `wanted` ('zh-TW' -> 'zh', 'es_MX' -> 'es'), else `fallback`."""
    if wanted is None:
        return fallback
    known = available if isinstance(available, frozenset) else frozenset(available)
    return _best_language(wanted, known, fallback)


@lru_cache(maxsize=4096)
def _setting(identifier: str, currency: str, gsm7: bool) -> _Setting:
    locale = _locale(identifier)
    pattern = locale.currency_formats["standard"]
    symbol = get_currency_symbol(currency, locale)
    if gsm7 and encoding_of(symbol) != "gsm7":
        symbol = currency
    before, after = pattern.prefix[0].replace("¤", symbol), pattern.suffix[0].replace("¤", symbol)
    if before and before[-1].isalpha():  # the CLDR's alphaNextToNumber, which Babel does not apply: NGN 250
        before += "\u00a0"
    point, comma = get_decimal_symbol(locale), get_group_symbol(locale)
    if gsm7:
        before, after, comma = (text.translate(_ONE_SPACE) for text in (before, after, comma))
    first, further = pattern.grouping
    return _Setting(before, after, point, comma, first, further, minor_digits(currency))


def money(minor: int, currency: str, locale: str, *, gsm7: bool = False) -> str:
    """`minor` units of `currency`, exactly, as `locale` writes them ('$1,250.00', '1.250 JPY').

    With `gsm7` a symbol or space that would turn a whole SMS into UCS-2 gives way to the currency's code or a
    plain space. Raises ValueError for a negative amount: nobody owes one.
    """
    if minor < 0:
        raise ValueError("an amount that is owed is never negative")
    setting = _setting(locale, currency, gsm7)
    digits = str(minor).rjust(setting.decimals + 1, "0")
    whole = digits[: len(digits) - setting.decimals]
    if len(whole) > setting.first:
        cut = len(whole) - setting.first
        groups = [whole[cut:]]
        while cut > 0:
            groups.append(whole[max(0, cut - setting.further) : cut])
            cut -= setting.further
        whole = setting.comma.join(reversed(groups))
    if setting.decimals:
        whole = f"{whole}{setting.point}{digits[-setting.decimals :]}"
    return f"{setting.before}{whole}{setting.after}"


@lru_cache(maxsize=8192)
def _day_and_month(day: date, locale: str) -> str:
    return format_skeleton("MMMMd", day, locale=_locale(locale))


@lru_cache(maxsize=8192)
def long_date(day: date, locale: str) -> str:
    """A date with its month in words and its year ('March 5, 2026', '2026年3月5日')."""
    return format_date(day, "long", locale=_locale(locale))


def office_hours(written: str, locale: str) -> str:
    """Hours as a portfolio's file has them ("Mon-Fri 9-17"), in the weekdays of a language (周一至周五)."""
    names = _locale(locale).days["format"]["abbreviated"]
    between = "至" if locale.startswith("zh") else "-"

    def named(found: re.Match[str]) -> str:
        first, last = (day and names[_WEEKDAYS.index(day[:3].casefold())] for day in found.groups())
        return f"{first}{between}{last}" if last else str(first)

    return written if locale.startswith("en") else _DAYS.sub(named, written)


def short_date(day: date, today: date, locale: str) -> str:
    """A date with its month in words ('March 5', '5 марта'); with its year too if half a year off or more."""
    if abs((day - today).days) > _FAR:
        return long_date(day, locale)
    return _day_and_month(day, locale)


@lru_cache(maxsize=4096)
def plural_form(count: int, locale: str) -> str:
    """Which plural form `count` takes ('one', 'few', 'many', 'other')."""
    return _locale(locale).plural_form(count)


def listed(parts: Sequence[str], locale: str) -> str:
    """Several things in one sentence ('$5.00 and ¥300')."""
    return parts[0] if len(parts) == 1 else format_list(parts, locale=_locale(locale))
