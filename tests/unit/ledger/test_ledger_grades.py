"""The least grade by days past due: its edges, and that the list's ranges are the grade's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import LedgerInputError
from ledger.grades import FLOORS, GRADES, NORMAL, check_floors, days_of, grade_of


@pytest.mark.parametrize(
    ("days", "grade"),
    [
        (0, NORMAL),
        (1, "special_mention"),
        (90, "special_mention"),
        (91, "substandard"),
        (270, "substandard"),
        (271, "doubtful"),
        (360, "doubtful"),
        (361, "loss"),
        (4000, "loss"),
    ],
)
def test_the_five_categories(days: int, grade: str) -> None:
    assert grade_of(days, FLOORS) == grade


@given(st.integers(0, 2000), st.lists(st.integers(1, 1500), min_size=4, max_size=4, unique=True))
def test_the_days_of_a_grade_are_those_that_have_it(days: int, edges: list[int]) -> None:
    floors = dict(zip(GRADES, sorted(edges), strict=True))
    check_floors(floors)
    for grade in GRADES:
        first, last = days_of(grade, floors) or (0, 0)
        assert (first <= days and (last is None or days <= last)) == (grade_of(days, floors) == grade)


def test_floors_grow() -> None:
    assert days_of("doubtful", {"loss": 361}) is None
    assert grade_of(300, {"substandard": 91, "loss": 361}) == "substandard"
    for wrong in ({"loss": 0}, {"substandard": 91, "doubtful": 91}, {"special_mention": 400, "loss": 361}):
        with pytest.raises(LedgerInputError, match="grow from 1 on"):
            check_floors(wrong)  # type: ignore[arg-type]
