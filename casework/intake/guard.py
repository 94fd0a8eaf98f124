"""What makes a tape look wrong: it is then held until somebody has said yes.

Pure: figures in, findings out. The numbers are those of docs/import.md.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

import msgspec

from storage.intake.guard import Measured, Scale

LACKS: Final = 0.2  # of the active loans of its feeds
SMALLEST_BOOK: Final = 10  # active loans below which one that is absent says nothing
WHOLE: Final = 0.5  # a tape with more of the loans than this is meant as all of them
OF_THE_LOANS: Final = 0.2  # so many with other amounts, or other dates, are no corrections
FEWEST_SHIFTED: Final = 3
LEAST_FACTOR: Final = 1.5
SCALE_FACTOR: Final = 20  # the middle of what is new beside that of the book
FEWEST_NEW: Final = 20
REJECTS: Final = 0.5
FEWEST_ROWS: Final = 20


class Finding(msgspec.Struct, frozen=True):
    """Why a tape is held: a code, and the words for it. Nothing personal."""

    code: str  # lacks_loans | amounts_shifted | dates_moved | repeats | half_rejects
    words: str


def judge(
    measured: Measured,
    read: int,
    rejected: int,
    *,
    full: bool,
    delta: bool,
    habit: Sequence[float],
    repeats: date | None,
) -> tuple[Finding, ...]:
    """Everything that looks wrong of a tape.

    full     it is said to have every loan; `delta`: it is said to have no more than what changed
    habit    shares of the active loans that the last tapes of the same portfolios had; none: no habit yet
    repeats  the day on which a tape with the very same content came
    """
    found: list[Finding] = []
    if not delta and lacks(measured.active, measured.there):
        # Below half of them it is taken for one of changes, unless its feed has been whole each time so far;
        # of the payments on what it lacks it tells nothing then (loading.py).
        usual = len(habit) > 1 and min(habit) > 1 - LACKS
        if full or usual or measured.there >= WHOLE * measured.active:
            lacking = measured.active - measured.there
            share = lacking * 100 // measured.active
            words = f"lacks {lacking:,} of {measured.active:,} active loans ({share}%)"
            found.append(Finding("lacks_loans", words))
    many = max(FEWEST_SHIFTED, OF_THE_LOANS * measured.known)
    if measured.off_by_factor >= many and measured.factor is not None:
        by = measured.factor
        words = (
            f"amounts of {measured.off_by_factor:,} of {measured.known:,} known loans are "
            f"{by:,.4g} times those of the book"
        )
        found.append(Finding("amounts_shifted", words))
    found += [Finding("amounts_shifted", _scaled(one)) for one in measured.scales if _is_off(one)]
    if measured.moved >= many:
        words = (
            f"dates of {measured.moved:,} of {measured.known:,} known loans moved by {measured.days:+} days"
        )
        found.append(Finding("dates_moved", words))
    if repeats is not None:
        found.append(Finding("repeats", f"repeats the tape of {repeats} to the last byte"))
    if read >= FEWEST_ROWS and rejected >= REJECTS * read:
        found.append(Finding("half_rejects", f"{rejected:,} of {read:,} rows are rejected"))
    return tuple(found)


def lacks(active: int, there: int) -> bool:
    """Whether a tape with so many of the active loans of a book is silent about too many of them."""
    return active >= SMALLEST_BOOK and active - there >= LACKS * active


def _is_off(one: Scale) -> bool:
    if one.rows < FEWEST_NEW or one.book_rows < FEWEST_NEW or one.middle <= 0 or one.book_middle <= 0:
        return False
    ratio = one.middle / one.book_middle
    return ratio >= SCALE_FACTOR or ratio <= 1 / SCALE_FACTOR


def _scaled(one: Scale) -> str:
    ratio = one.middle / one.book_middle
    return f"new {one.what} in {one.currency} are {ratio:,.4g} times those of the book (by their middle one)"
