"""Hours of a day as people type them: "18:00-20:30", "6pm to 8pm", "after 18", "晚上6点到8点"."""

import re
from typing import Final

from messages.typed.clock import PART, PARTS, clock_time
from messages.typed.plain import plain

_OPENS: Final = 8 * 60  # "before 12" and "after 18" are within a day that is awake
_CLOSES: Final = 21 * 60
_MORNING: Final = 10  # whatever begins later is of the second half of the day

_ONE: Final = (
    rf"(?P<{{0}}w>{PART})?\s*(?P<{{0}}h>\d{{{{1,2}}}})\s*"
    r"(?:(?::|点|時|时|h|\.)\s*(?P<{0}m>\d{{2}}|半)?(?:分)?)?\s*(?P<{0}p>am|pm|a\.m\.|p\.m\.)?"
)
_RANGE: Final = re.compile(_ONE.format("a") + r"\s*(?:-|–|—|~|to|until|till|and|到|至)\s*" + _ONE.format("b"))
_AFTER: Final = re.compile(
    r"(?:after|from)\s+" + _ONE.format("a") + "|" + _ONE.format("b") + r"\s*(?:以后|之后|后)"
)
_BEFORE: Final = re.compile(
    r"(?:before|until|till)\s+" + _ONE.format("a") + "|" + _ONE.format("b") + r"\s*(?:以前|之前|前)"
)
_WORDS: Final = {"noon": "12:00pm", "midday": "12:00pm", "midnight": "24:00"}


def read_hours(text: str) -> str | None:
    """The hours that `text` names, as "18:00-20:30"; None where it names none, or more than one span."""
    said = plain(text)
    for word, clock in _WORDS.items():
        said = re.sub(rf"\b{word}\b", clock, said)
    spans = list(_RANGE.finditer(said))
    if len(spans) > 1:
        return None
    if spans:
        one = spans[0]
        opens, closes = _clock(one, "a", one["bp"]), _clock(one, "b", one["ap"], one["aw"])
        if opens is None or closes is None or opens >= closes:  # "9 to noon": each as it stands
            opens, closes = _clock(one, "a"), _clock(one, "b")
    elif found := _AFTER.search(said):
        opens, closes = _clock(found, "a" if found["ah"] else "b"), _CLOSES
    elif found := _BEFORE.search(said):
        opens, closes = _OPENS, _clock(found, "a" if found["ah"] else "b")
    else:
        return None
    if opens is None or closes is None or not opens < closes:
        return None
    return f"{_written(opens)}-{_written(closes)}"


def _clock(found: re.Match[str], which: str, half: str | None = None, word: str | None = None) -> int | None:
    """Minutes since midnight; what says only one of two halves of a day says it of both."""
    hour, minutes = int(found[f"{which}h"]), found[f"{which}m"]
    minute = 30 if minutes == "半" else int(minutes or 0)
    said, part = found[f"{which}p"], found[f"{which}w"] or word
    if (hour, minute, said, part) == (24, 0, None, None):
        return 24 * 60
    if not said and part is None and 1 <= hour <= 12:
        said = half
    at = clock_time(hour, minute, part, said[0] if said else None)
    if at is None and word is not None and PARTS[word].start > _MORNING:  # 中午1点到3点
        at = clock_time(hour, minute, None, "p")
    return None if at is None else at.hour * 60 + at.minute


def _written(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
