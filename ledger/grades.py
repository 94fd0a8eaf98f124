"""The best grade that days past due leave: normal, special mention, substandard, doubtful or loss.

Pure. The five categories and their floors are those of China's rules on the risk classification of financial
assets (in force since 2023-07-01): past due at all is special mention at the least, more than 90 days
substandard, more than 270 doubtful, more than 360 loss. A portfolio may set other floors. It is a floor: who
grades by more than days may grade worse, never better.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Final, Literal, get_args

from ledger.errors import LedgerInputError

Grade = Literal["special_mention", "substandard", "doubtful", "loss"]
GRADES: Final[tuple[Grade, ...]] = get_args(Grade)
NORMAL: Final = "normal"

FLOORS: Final[Mapping[Grade, int]] = {"special_mention": 1, "substandard": 91, "doubtful": 271, "loss": 361}
"""The days past due from which on a loan is of a grade at the least."""


def check_floors(floors: Mapping[Grade, int]) -> None:
    """LedgerInputError: a worse grade does not begin later than a better one."""
    days = [floors[grade] for grade in GRADES if grade in floors]
    if any(later <= sooner for sooner, later in pairwise(days)) or min(days, default=1) < 1:
        raise LedgerInputError(
            f"the days of the grades grow from 1 on, in the order {', '.join(GRADES)}; these are {days}"
        )


def grade_of(days: int, floors: Mapping[Grade, int]) -> str:
    """The worst grade whose floor is reached after so many days past due."""
    reached = [grade for grade in GRADES if grade in floors and days >= floors[grade]]
    return reached[-1] if reached else NORMAL


def days_of(grade: str, floors: Mapping[Grade, int]) -> tuple[int, int | None] | None:
    """The days past due of a grade, both included; the worst has no end. None: it is none of `floors`."""
    there = [(one, floors[one]) for one in GRADES if one in floors]
    for place, (name, first) in enumerate(there):
        if name == grade:
            return first, there[place + 1][1] - 1 if place + 1 < len(there) else None
    return None
