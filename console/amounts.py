"""Amounts and shares as the reader's language writes them."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from console.language import LOCALES, Speech
from ledger.money import format_major


def amount(speech: Speech, minor: int, currency: str) -> str:
    """Minor units of a currency, in major ones."""
    return format_currency(Decimal(format_major(minor, currency)), currency, locale=LOCALES[speech.code])


def amounts(speech: Speech, each: Iterable[tuple[str, int]]) -> str:
    """One after the other, never added up; empty for none."""
    return ", ".join(amount(speech, minor, currency) for currency, minor in sorted(each) if minor)


def number(speech: Speech, count: int) -> str:
    return format_decimal(count, locale=LOCALES[speech.code])


def percent(speech: Speech, share: float) -> str:
    return format_percent(share, "#,##0.0%", locale=LOCALES[speech.code])


def day(speech: Speech, on: date) -> str:
    return format_date(on, "d MMM", locale=LOCALES[speech.code])
