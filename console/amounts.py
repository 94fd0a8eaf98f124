"""Amounts and shares as the reader's language writes them."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Final

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from casework.errors import CaseworkInputError
from console.language import LOCALES, Speech
from ledger.money import format_major, minor_digits, parse_major

_THOUSANDS: Final = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(\.[0-9]+)?", re.ASCII)
_THREE_AT_THE_END: Final = re.compile(r"-?[0-9]+,[0-9]{3}", re.ASCII)


def amount(speech: Speech, minor: int, currency: str) -> str:
    """Minor units of a currency, in major ones."""
    return format_currency(Decimal(format_major(minor, currency)), currency, locale=LOCALES[speech.code])


def typed(speech: Speech, text: str, currency: str) -> int:
    """Minor units of an amount as somebody types it: "12.50", "12,50" or "1,000.50" in EUR.

    "1,000" is a thousand to one and a one with three decimals to another, and is never guessed. Raises
    CaseworkInputError for it, quoting it and saying how to write it; LedgerInputError for what is no amount.
    """
    text = text.strip()
    thousands = _THOUSANDS.fullmatch(text)
    if thousands is not None and thousands[1]:
        return parse_major(text.replace(",", ""), currency)
    if thousands is not None or _THREE_AT_THE_END.fullmatch(text):
        meant = [text.replace(",", "")]
        if minor_digits(currency) >= 3 and text.count(",") == 1:
            meant.append(text.replace(",", "."))
        like = [f'"{format_major(parse_major(one, currency), currency)}"' for one in meant]
        written = speech["case"]["comma_or"].join(like)
        raise CaseworkInputError(speech["case"]["comma"].format(typed=text, like=written))
    return parse_major(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text, currency)


def amounts(speech: Speech, each: Iterable[tuple[str, int]]) -> str:
    """One after the other, never added up; empty for none."""
    return ", ".join(amount(speech, minor, currency) for currency, minor in sorted(each) if minor)


def number(speech: Speech, count: int) -> str:
    return format_decimal(count, locale=LOCALES[speech.code])


def percent(speech: Speech, share: float) -> str:
    return format_percent(share, "#,##0.0%", locale=LOCALES[speech.code])


def day(speech: Speech, on: date) -> str:
    return format_date(on, "d MMM", locale=LOCALES[speech.code])
