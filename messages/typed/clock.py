"""A time on the clock as people type it: "14:30", "2 p.m.", "14h30", "晚上8点半", "三点一刻".

`CLOCK` is the pattern of one, `PART` that of a part of the day, which says which of two halves is meant. What
the part does not fit ("上午14点"), and what may be of either of two days ("晚上12点"), is no time: whoever
wrote it is asked.
"""

import re
from collections.abc import Mapping
from datetime import time
from typing import Final

from messages.typed.numerals import han_number

PARTS: Final[Mapping[str, range]] = {
    "凌晨": range(6),
    **dict.fromkeys(("清晨", "早上", "早晨", "早"), range(4, 12)),
    "上午": range(6, 13),
    "中午": range(11, 15),
    **dict.fromkeys(("下午", "午后", "午後"), range(12, 20)),
    "傍晚": range(16, 21),
    **dict.fromkeys(("晚上", "夜晚", "晚间", "晚間", "晚"), range(17, 24)),
    **dict.fromkeys(("半夜", "深夜", "夜里", "夜裡"), range(22, 24)),
    **dict.fromkeys(("in the morning", "morning"), range(4, 13)),
    **dict.fromkeys(("in the afternoon", "afternoon"), range(12, 20)),
    **dict.fromkeys(("in the evening", "evening"), range(16, 24)),
}
"""Parts of a day, and the hours that are called so without a doubt about the day that is meant."""

_HAN_HOUR: Final = "二十[一二三四]?|十[一二三四五六七八九]?|[零〇一二两兩三四五六七八九]"
_HAN_MINUTE: Final = "[二三四五]?十[一二三四五六七八九]?|[零〇][一二三四五六七八九]"
_MINUTES: Final = {"半": 30, "一刻": 15, "三刻": 45, "整": 0}
_NUMERALS: Final = "零〇一二两兩三四五六七八九十"
_AT_HALF: Final = r"(?=\s?[ap]\.?m\b)"

PART: Final = "|".join(
    rf"\b{word}\b" if word.isascii() else word for word in sorted(PARTS, key=len, reverse=True)
)
CLOCK: Final = (
    # Figures, or numerals that are not the end of a longer one; but 周三三点 is Wednesday, 3.
    rf"(?<![\d:.])(?<!\d[-–~])(?P<h>\d{{1,2}}|(?:(?<![{_NUMERALS}])|(?<=[周週期拜][一二三四五六]))(?:{_HAN_HOUR}))"
    r"(?:\s?:\s?(?P<colon>\d{2})(?::\d{2})?(?![\d:])"
    r"|\s?h\s?(?P<aitch>\d{2})?(?![\da-z])"
    rf"|\s?[点點时時][钟鐘]?(?P<sign>\d{{1,2}}(?!\d|[:/.]\d)|半|整|[一三]刻|{_HAN_MINUTE})?(?![{_NUMERALS}])分?"
    rf"|{_AT_HALF})(?:\s?(?P<half>[ap])\.?m\b\.?)?"
)
_EARLY_OR_LATE: Final = re.compile(r"([今明昨])(早|晚)上?")
_TONIGHT: Final = re.compile(r"\b(?:tonight|2nite|this evening)\b")


def spelled_out(said: str) -> str:
    """A `plain` text with parts of days apart from days: 明晚 as 明天 晚上, tonight as today evening."""
    said = _EARLY_OR_LATE.sub(r"\1天 \2上 ", said)
    return _TONIGHT.sub("today evening", said)


def time_of(found: re.Match[str], part: str | None) -> time | None:
    """The time that a match of `CLOCK` names in a part of the day (one of `PARTS`); None: it is none."""
    minutes = found["colon"] or found["aitch"] or found["sign"] or "0"
    minute = _MINUTES[minutes] if minutes in _MINUTES else _figure(minutes)
    return clock_time(_figure(found["h"]), minute, part, found["half"])


def clock_time(hour: int, minute: int, part: str | None, half: str | None) -> time | None:
    """The time of an hour as it was said, with the part of the day and the half ("a", "p") where said too."""
    if hour > 23 or minute > 59:
        return None
    if part is None and half is None:
        return time(hour, minute)
    dial = {hour, (hour + 12) % 24} if 1 <= hour <= 12 else {hour}
    if part is not None:
        dial &= {*PARTS[part]}
    if half is not None:
        dial &= {*(range(12) if half == "a" else range(12, 24))} if 1 <= hour <= 12 else set()
    return time(dial.pop(), minute) if len(dial) == 1 else None


def _figure(written: str) -> int:
    return int(written) if written.isdigit() else han_number(written) or 0
