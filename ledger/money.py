"""Money: an integer of minor units and a currency. Text in major units is read and written exactly."""

import re
from functools import lru_cache

import msgspec
from babel.numbers import get_currency_precision, list_currencies

from ledger.errors import LedgerInputError

_AMOUNT = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)
_MOST_DIGITS = 15  # in minor units too this leaves room to sum a million loans in 64 bits


class Money(msgspec.Struct, frozen=True, order=False):
    """An amount of one currency in its minor units (cents; whole yen)."""

    minor: int
    currency: str

    def __str__(self) -> str:
        return f"{format_major(self.minor, self.currency)} {self.currency}"


@lru_cache(maxsize=512)
def minor_digits(currency: str) -> int:
    """Decimals of an ISO 4217 currency: EUR 2, JPY 0, KWD 3. LedgerInputError for a code that is none."""
    if currency not in list_currencies():
        raise LedgerInputError(
            f'currency "{currency}" is unknown: give an ISO 4217 code in capitals, such as "EUR"'
        )
    return get_currency_precision(currency)


def parse_major(text: str, currency: str) -> int:
    """Minor units of a plain decimal in major units: "250.00" EUR -> 25000, "667" JPY -> 667, "-1.5" -> -150.

    Refused with LedgerInputError: more decimals than the currency has ("1.000" EUR may mean a thousand; a
    zero is a zero in any currency and may have them), exponents, signs of plus, blanks, separators of
    thousands, digits of other scripts, NaN and the like, and more than 15 digits before the point.
    """
    digits = minor_digits(currency)
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise LedgerInputError(
            f'"{text}" is no amount: write digits with a point, such as "{_example(digits)}"'
        )
    sign, whole, decimals = found[1], found[2].lstrip("0"), found[3] or ""
    if len(whole) > _MOST_DIGITS:
        raise LedgerInputError(f'"{text}" is too large: at most {_MOST_DIGITS} digits before the point')
    if len(decimals) > digits:
        if not whole and not decimals.strip("0"):
            return 0
        like = f'write it like "{_example(digits)}"'
        raise LedgerInputError(f'"{text}" has {len(decimals)} decimals, {currency} has {digits}: {like}')
    minor = int(whole + decimals.ljust(digits, "0") or "0")
    return -minor if sign else minor


def format_major(minor: int, currency: str) -> str:
    """Minor units as text in major units, for machines: 25000 EUR -> "250.00", 667 JPY -> "667"."""
    digits = minor_digits(currency)
    if not digits:
        return str(minor)
    whole, decimals = divmod(abs(minor), 10**digits)
    return f"{'-' if minor < 0 else ''}{whole}.{decimals:0{digits}}"


def _example(digits: int) -> str:
    return f"250.{'0' * digits}" if digits else "250"
