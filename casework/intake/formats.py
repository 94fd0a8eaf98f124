"""Declared formats, compiled once: text in, a value out, or ValueError saying what would be right."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Final

import phonenumbers

from ledger.money import minor_digits
from storage.crypt import normal_email

MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_DIRECTIVES: Final = {
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<y>[0-9]{2})",
    "m": r"(?P<m>[0-9]{1,2})",
    "d": r"(?P<d>[0-9]{1,2})",
    "b": r"(?P<b>[A-Za-z]{3})",
    "H": r"[0-9]{1,2}",
    "M": r"[0-9]{1,2}",
    "S": r"[0-9]{1,2}",
    "f": r"[0-9]{1,9}",
    "z": r"(?:Z|[+-][0-9]{2}:?[0-9]{2})",
    "%": "%",
}
_ROUNDING: Final = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "down": ROUND_DOWN}
# Where the currency of an amount is known only from another file, amounts wait in ten-thousandths: no
# currency has more decimals than four.
FINEST_DIGITS: Final = 4
_MOST_DIGITS: Final = 14  # in ten-thousandths too it fits 64 bits, and so does a sum of four
EXCEL: Final = "excel"
_SERIAL: Final = re.compile(r"([0-9]{1,6})(?:\.[0-9]*)?", re.ASCII)
_SERIAL_ZERO: Final = date(1899, 12, 30)
_FIRST_SERIAL: Final = 61  # before it, spreadsheets believe in 29 February 1900
_LAST_SERIAL: Final = 109_573  # the end of 2199
_SPACES: Final = ("\u00a0", "\u202f", "\u2009")  # what programs write for a space between thousands
_WHOLE: Final = re.compile(r"([+-]?[0-9]{1,18})(?:\.0*)?", re.ASCII)


def date_reader(pattern: str, century: int | None) -> Callable[[str], date]:
    """A reader of dates written as `pattern` (strptime's %Y %y %m %d %b %H %M %S %f %z; all but the date is
    dropped: a date is taken as written, in local time), or `excel`: the days that a spreadsheet counts.
    ValueError for a pattern that tells no date."""
    if pattern == EXCEL:
        return read_serial
    expression, names = _date_expression(pattern)
    if "y" in names and century is None:
        raise ValueError(f'"{pattern}" has a year of two digits: say its century, such as "century: 1900"')
    if century is not None and (century % 100 or not 1000 <= century <= 2900):
        raise ValueError(f"century {century} is none: write its first year, such as 1900 or 2000")
    example = date(2024, 3, 31).strftime(pattern)
    if pattern == "%Y-%m-%d":
        return _memoised(_iso_date(example))

    def read(text: str) -> date:
        found = expression.fullmatch(text)
        if found is None:
            raise ValueError(f'is not written like "{example}" ({pattern})')
        parts = found.groupdict()
        month = MONTHS.get(parts["b"].lower()) if "b" in parts else int(parts["m"])
        if month is None:
            raise ValueError(f'names no month: written like "{example}"')
        year = int(parts["Y"]) if "Y" in parts else (century or 0) + int(parts["y"])
        try:
            return date(year, month, int(parts["d"]) if "d" in parts else 1)
        except ValueError:
            raise ValueError("is no day of the calendar") from None

    return read


def read_serial(text: str) -> date:
    """A day as spreadsheets count them: 45352 is 1 March 2024; a time of day behind the point is dropped."""
    found = _SERIAL.fullmatch(text)
    if found is None:
        raise ValueError("is no day as spreadsheets count them, such as 45352 for 2024-03-01")
    days = int(found[1])
    if not _FIRST_SERIAL <= days <= _LAST_SERIAL:
        raise ValueError("is no day as spreadsheets count them, such as 45352 for 2024-03-01")
    return _SERIAL_ZERO + timedelta(days=days)


def _memoised(read: Callable[[str], date]) -> Callable[[str], date]:
    """Days without a time of day repeat: ten years are 3,650 texts."""
    return lru_cache(maxsize=8192)(read)


def _iso_date(example: str) -> Callable[[str], date]:
    def read(text: str) -> date:
        if len(text) != 10 or text[4] != "-" or text[7] != "-" or not text.isascii():
            raise ValueError(f'is not written like "{example}" (%Y-%m-%d)')
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError("is no day of the calendar") from None

    return read


def _date_expression(pattern: str) -> tuple[re.Pattern[str], set[str]]:
    parts: list[str] = []
    names: set[str] = set()
    position = 0
    while position < len(pattern):
        sign = pattern[position]
        if sign != "%":
            parts.append(re.escape(sign))
            position += 1
            continue
        name = pattern[position + 1 : position + 2]
        if name not in _DIRECTIVES:
            raise ValueError(f'"%{name}" is not known in a date: use %Y %y %m %d %b %H %M %S %f %z')
        if name in names:
            raise ValueError(f'"%{name}" stands twice in "{pattern}"')
        names.add(name)
        parts.append(_DIRECTIVES[name])
        position += 2
    if not (names & {"Y", "y"} and names & {"m", "b"}) or {"Y", "y"} <= names or {"m", "b"} <= names:
        raise ValueError(f'"{pattern}" tells no date: it needs one of %Y %y and one of %m %b, and usually %d')
    # Where the format leaves no gap, months and days have two digits: "930705" is one date, not several.
    expression = (
        re.sub(r"\{1,2\}\)(?=\(\?P|$)", "{2})", "".join(parts)) if _no_gaps(pattern) else "".join(parts)
    )
    return re.compile(expression, re.ASCII), names


def _no_gaps(pattern: str) -> bool:
    return re.search(r"%[ymdY]%[ymdY]", pattern) is not None


def days_reader(anchor: date) -> Callable[[str], date]:
    """A reader of days relative to `anchor`: "-725" or "-725.0"."""

    def read(text: str) -> date:
        try:
            return anchor + timedelta(days=read_whole(text))
        except OverflowError:
            raise ValueError("is too far away to be a number of days") from None

    return lru_cache(maxsize=8192)(read)


def amount_reader(
    decimal: str, thousands: str | None, currency: str | None, rounding: str | None
) -> Callable[[str], int]:
    """A reader of amounts with these marks, to minor units of `currency` (None: to ten-thousandths).

    Zeros behind the currency's decimals say nothing and are dropped; other digits there are refused, or
    rounded (`half_up`, `half_even`, `down`) where the mapping says so.
    """
    digits = FINEST_DIGITS if currency is None else minor_digits(currency)
    named = currency or "any currency"

    def read(text: str) -> int:
        plain, back = _unsigned(text)
        if thousands == " ":
            for space in _SPACES:
                plain = plain.replace(space, " ")
        if thousands is not None and thousands in plain:
            plain = _without_thousands(plain, thousands, decimal)
        sign = -1 if back else 1
        if plain[:1] in ("-", "+") and not back:
            sign = -1 if plain[0] == "-" else 1
            plain = plain[1:]
        whole, mark, decimals = plain.partition(decimal)
        if not (whole.isdigit() and whole.isascii()) or (
            mark and not (decimals.isdigit() and decimals.isascii())
        ):
            raise ValueError(f'is no amount: digits, with "{decimal}" before the decimals')
        if len(whole) > _MOST_DIGITS:
            raise ValueError(f"is too large: at most {_MOST_DIGITS} digits before the decimals")
        if len(decimals) > digits:
            decimals = decimals.rstrip("0")
            if len(decimals) > digits:
                if rounding is None:
                    raise ValueError(f"has {len(decimals)} decimals, {named} has {digits}")
                value = Decimal(f"{whole}.{decimals}").scaleb(digits)
                return sign * int(value.to_integral_value(_ROUNDING[rounding]))
        return sign * int(whole + decimals.ljust(digits, "0"))

    return lru_cache(maxsize=8192)(read)  # a schedule says the same amount many times, and zero most often


def _unsigned(text: str) -> tuple[str, bool]:
    """Without the brackets, or the minus behind it, by which books write what is taken away."""
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1].strip(), True
    if text.endswith("-") and not text.startswith("-"):
        return text[:-1].strip(), True
    return text, False


def _without_thousands(text: str, thousands: str, decimal: str) -> str:
    whole, mark, decimals = text.partition(decimal)
    groups = whole.lstrip("+-").split(thousands)
    sizes = {len(group) for group in groups[1:-1]}
    # Lakhs and crores are written 12,34,567: threes, or twos with a three at the end.
    if not 1 <= len(groups[0]) <= 3 or len(groups[-1]) != 3 or sizes - {3} - {2} or len(sizes) > 1:
        raise ValueError(f'has "{thousands}" where no thousands are')
    if thousands in decimals or (sizes == {2} and len(groups[0]) > 2):
        raise ValueError(f'has "{thousands}" where no thousands are')
    return whole.replace(thousands, "") + mark + decimals


def read_whole(text: str) -> int:
    """A whole number, also as spreadsheets write it: "3", "3.0"."""
    found = _WHOLE.fullmatch(text)
    if found is None:
        raise ValueError("is no whole number")
    return int(found[1])


_POWER: Final = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+")
_NUMBER_CELL: Final = re.compile(r"(?<=[0-9]{6})\.0+$")


@lru_cache(maxsize=8192)
def read_phone(text: str, region: str | None) -> str:
    """A number in E.164: as written with +, or in the national form of `region`, also as a spreadsheet has it
    ("'07700 900123", "7700900123.0")."""
    if _POWER.fullmatch(text):
        raise ValueError("has lost its digits: a spreadsheet wrote it in powers of ten")
    text = _NUMBER_CELL.sub("", text).lstrip("'")
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise ValueError(_phone_wanted(region)) from None
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:  # nor what rings only in its own town
        raise ValueError(_phone_wanted(region))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _phone_wanted(region: str | None) -> str:
    if region is None:
        return "is no phone number: write it with + and the country's code, or name a region"
    return f"is no phone number of {region}, nor one with + and a country's code"


def read_email(text: str) -> str:
    """A mailbox, trimmed; the look of it only, since nothing but a message shows whether it exists."""
    try:
        plain = normal_email(text)
    except ValueError:
        plain = ""
    if plain.count("@") != 1 or len(text) > 254 or plain.rpartition("@")[2].startswith("."):
        raise ValueError("is no email address: name@domain")
    return text.strip()
