"""Amounts and shares as the reader's language writes them."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from casework.errors import CaseworkInputError
from console.language import LOCALES, Speech
from ledger.money import Money, format_major
from messages.typed.amounts import read_owed


def amount(speech: Speech, minor: int, currency: str) -> str:
    """Minor units of a currency, in major ones."""
    return format_currency(Decimal(format_major(minor, currency)), currency, locale=LOCALES[speech.code])


def typed(speech: Speech, text: str, owed: Sequence[str]) -> Money:
    """An amount as somebody types it, of the first of the currencies `owed` unless it names another of them.

    It is read as in the chat: "12.50", "12,50", "1.000,50", "300 EUR". Raises CaseworkInputError: it quotes
    what is no amount or may be two ("1,000" where a currency has three decimals), and says what to write.
    """
    read = read_owed(text, owed)
    if len(read) == 1:
        return read[0]
    if not read:
        raise CaseworkInputError(speech["case"]["no_amount"].format(typed=text, owed=", ".join(owed)))
    like = speech["case"]["two_or"].join(f'"{format_major(one.minor, one.currency)}"' for one in read)
    raise CaseworkInputError(speech["case"]["two_ways"].format(typed=text, like=like))


def currencies_hint(speech: Speech, owed: Sequence[str]) -> str | None:
    """How the other currencies are named, where several are owed."""
    if len(owed) < 2:
        return None
    return speech["case"]["currencies"].format(currency=owed[0], other=owed[1])


def amounts(speech: Speech, each: Iterable[tuple[str, int]]) -> str:
    """One after the other, never added up; empty for none."""
    return ", ".join(amount(speech, minor, currency) for currency, minor in sorted(each) if minor)


def number(speech: Speech, count: int) -> str:
    return format_decimal(count, locale=LOCALES[speech.code])


def percent(speech: Speech, share: float) -> str:
    return format_percent(share, "#,##0.0%", locale=LOCALES[speech.code])


def day(speech: Speech, on: date) -> str:
    return format_date(on, "d MMM", locale=LOCALES[speech.code])
