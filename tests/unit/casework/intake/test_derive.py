"""Schedules derived from outlines: parts that add up, whatever is divided by whatever."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from casework.intake.derive import in_parts

FIRST = date(2026, 1, 31)


def test_the_remainder_is_on_the_last() -> None:
    rows = in_parts(2380000, 2000000, 3, FIRST, "months", 1)
    assert [row.total for row in rows] == [793333, 793333, 793334]
    assert [row.due for row in rows] == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)]
    assert sum(row.principal for row in rows) == 2000000


def test_without_a_principal_all_of_it_is_principal() -> None:
    assert [(row.principal, row.interest) for row in in_parts(10, None, 2, FIRST, "weeks", 2)] == [
        (5, 0),
        (5, 0),
    ]


@given(
    total=st.integers(0, 10**12),
    principal=st.one_of(st.none(), st.integers(0, 10**12)),
    n=st.integers(1, 120),
)
def test_parts_add_up_and_none_is_negative(total: int, principal: int | None, n: int) -> None:
    rows = in_parts(total, principal, n, FIRST, "months", 1)
    assert len(rows) == n
    assert sum(row.total for row in rows) == total
    assert sum(row.principal for row in rows) == (total if principal is None else min(principal, total))
    assert all(row.principal >= 0 and row.interest >= 0 for row in rows)
    assert len({row.total for row in rows[:-1]}) <= 1
    assert rows[-1].total >= rows[0].total
