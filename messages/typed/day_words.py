"""What dates are called: months and days of the week by the CLDR, in every shipped language; the words."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from babel import Locale

from messages.locales import HOME
from messages.typed.plain import gathered, plain

_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_HAN_OR_FIGURE: Final = re.compile(r"[\d\u3400-\u9fff]")


@cache
def alternatives(*names: str) -> str:
    """The words of all languages as one pattern."""
    return "|".join(_bounded(word) for word in gathered(*names))


def _bounded(word: str) -> str:
    """A word that stands alone, where its script has blanks between words."""
    escaped = re.escape(word)
    return rf"(?<!\w){escaped}(?!\w)" if not _HAN.search(word) else escaped


@cache
def pattern(*names: str) -> re.Pattern[str]:
    return re.compile(alternatives(*names))


@cache
def unit_pattern() -> re.Pattern[str]:
    units = gathered("days", "weeks", "months")
    return re.compile(rf"\s*({'|'.join(_ends(unit) for unit in units)})")


def _ends(word: str) -> str:
    return re.escape(word) + ("" if _HAN.search(word) else r"(?!\w)")


@cache
def weekday_pattern() -> re.Pattern[str]:
    which = "|".join(map(re.escape, gathered("this", "next")))
    days = "|".join(sorted(map(re.escape, weekdays()), key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:(?P<which>{which})\s+)?(?P<day>{days})(?!\w)\.?,?")


@cache
def month_pattern() -> re.Pattern[str]:
    named = "|".join(sorted(map(re.escape, months()), key=len, reverse=True))
    day = r"(\d{1,2})(?:st|nd|rd|th)?"
    return re.compile(
        rf"(?<!\w)(?:{day.replace('(', '(?P<day>', 1)}\.?\s?(?:of |de )?(?P<month>{named})(?!\w)\.?"
        rf"|(?P<first>{named})\.?\s?{day.replace('(', '(?P<after>', 1)}(?!\w))"
        rf"(?:,?\s?(?:de )?(?P<year>20\d\d)(?!\d))?"
    )


@cache
def months() -> dict[str, int]:
    """Months by their names."""
    return _named("months") | {"sept": 9}


@cache
def weekdays() -> dict[str, int]:
    """Days of the week by their names, Monday is 0."""
    shorter = {"tues": 1, "weds": 2, "thur": 3, "thurs": 3}
    # On a day, in Russian, which the CLDR does not have.
    on = {plain("среду"): 2, plain("пятницу"): 4, plain("субботу"): 5}
    return _named("days") | shorter | on


def _named(kind: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for identifier in HOME.values():
        contexts: Mapping[str, Mapping[str, Mapping[int, Any]]] = getattr(Locale.parse(identifier), kind)
        for widths in contexts.values():
            for width in ("wide", "abbreviated"):
                for number, name in widths[width].items():
                    if not _HAN_OR_FIGURE.search(str(name)):
                        found[plain(str(name)).rstrip(".")] = number
    return found
