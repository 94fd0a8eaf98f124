"""What the dates of a column are written like, proven from all of its cells.

03/04/2026 says nothing of days and months; 13/04/2026 does. A format is taken when no other reads as much of
the column. One that only guesses would be right for a year and wrong by a month when it matters.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from typing import Final

from casework.intake.formats import date_reader

AUTO: Final = "auto"
_DAYS: Final = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日"),
    *("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%m.%d.%Y"),
    *("%d %b %Y", "%d-%b-%Y", "%b %d, %Y"),
)
_TIMES: Final = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", "T%H:%M:%S", "T%H:%M:%S%z", "T%H:%M:%S.%f%z")
_FORMATS: Final = tuple(day + time for day in _DAYS for time in _TIMES)


class Unproven(ValueError):  # noqa: N818 - said as a word
    """The column does not tell; the message says what it leaves open."""


def proven_format(texts: Iterable[str]) -> str:
    """The one format that the cells prove. Raises Unproven. Cells that no format reads are left aside.

    A column without any cell is as good as written in ISO dates.
    """
    readers = {pattern: date_reader(pattern, None) for pattern in _FORMATS}
    votes: Counter[tuple[str, ...]] = Counter()

    @lru_cache(maxsize=8192)
    def fits(text: str) -> tuple[str, ...]:
        return tuple(pattern for pattern in _FORMATS if _reads(readers[pattern], text))

    for text in texts:
        votes[fits(text)] += 1
    if not votes:
        return _FORMATS[0]
    if not set(votes) - {()}:
        raise Unproven("no cell of it is written like any date that is known")
    read: Counter[str] = Counter()
    for patterns, count in votes.items():
        for pattern in patterns:
            read[pattern] += count
    most = read.most_common(1)[0][1]
    best = [pattern for pattern in _FORMATS if read[pattern] == most]
    if len(best) > 1:
        raise Unproven(f"all its cells may be {' or '.join(best)}")
    twin = _twin(best[0])
    if twin is not None and any(twin in patterns and best[0] not in patterns for patterns in votes):
        raise Unproven(f"some of its cells can only be {best[0]}, others only {twin}")
    return best[0]


def _reads(read: Callable[[str], date], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _twin(pattern: str) -> str | None:
    """The format with day and month the other way round."""
    if "%b" in pattern or pattern.startswith("%Y"):
        return None
    return pattern.translate(str.maketrans("dm", "md"))
