"""Counted things as people type them: "36", "36 months", "36个月", "三十六", all of them 36."""

import re
import unicodedata
from typing import Final, Literal

Unit = Literal["months", "weeks", "days", "years"]

_UNITS: Final[dict[str, Unit | None]] = {
    **dict.fromkeys(("month", "months", "mo", "mos", "mth", "mths", "m", "个月", "個月", "月"), "months"),
    **dict.fromkeys(("week", "weeks", "wk", "wks", "w", "周", "週", "个星期", "星期"), "weeks"),
    **dict.fromkeys(("day", "days", "d", "天", "日"), "days"),
    **dict.fromkeys(("year", "years", "yr", "yrs", "y", "年"), "years"),
    # These name the thing itself, whatever lies between two of it.
    **dict.fromkeys(("installment", "installments", "instalments", "payments", "x", "期", "次"), None),
}
_DIGITS: Final = {
    **{sign: value for value, sign in enumerate("零一二三四五六七八九")},
    **{sign: value for value, sign in enumerate("零壹贰叁肆伍陆柒捌玖")},
    "〇": 0,
    "两": 2,
    "兩": 2,
    "貳": 2,
    "參": 3,
    "陸": 6,
}
_TENS: Final = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_NUMERALS: Final = "".join((*_DIGITS, *_TENS, "万萬"))
_WRITTEN: Final = re.compile(rf"([+-]?[0-9]{{1,18}}(?:\.0*)?|[{_NUMERALS}]+)\s*([^\W\d]*)\.?", re.UNICODE)


def read_count(text: str) -> tuple[int, Unit | None]:
    """The number, and the unit where one is written. ValueError where it is no count."""
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    found = _WRITTEN.fullmatch(plain)
    if found is None or (found[2] and found[2] not in _UNITS):
        raise ValueError("is no whole number")
    number = found[1]
    value = _numerals(number) if number[0] in _NUMERALS else int(number.partition(".")[0])
    return value, _UNITS[found[2]] if found[2] else None


def _numerals(text: str) -> int:
    """A number in Chinese numerals: 三十六, 二百零五, 十二, or digit by digit: 三六, 二〇二六."""
    if not any(sign in _TENS or sign in "万萬" for sign in text):
        return int("".join(str(_DIGITS[sign]) for sign in text))
    total = section = digit = 0
    for sign in text:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign in _TENS:
            # A ten at the beginning is one ten.
            section += (digit or 1) * _TENS[sign]
            digit = 0
        else:
            total += (section + digit) * 10_000
            section = digit = 0
    return total + section + digit
