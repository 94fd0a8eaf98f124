"""Derived schedules: dates that keep their day, parts that add up to the whole."""

from datetime import date, timedelta
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import LedgerInputError
from ledger.schedule import Every, annuity, due_dates, equal_parts, flat

FIRST = date(2024, 1, 31)
spacings = st.sampled_from([("months", 1), ("months", 3), ("weeks", 1), ("weeks", 2), ("days", 10)])


def test_months_keep_their_day_or_take_the_last() -> None:
    assert [d.isoformat() for d in due_dates(4, date(2023, 1, 31))] == [
        "2023-01-31",
        "2023-02-28",
        "2023-03-31",
        "2023-04-30",
    ]
    assert due_dates(2, FIRST)[1] == date(2024, 2, 29)
    assert due_dates(3, date(2023, 11, 15), "months", 2) == (
        date(2023, 11, 15),
        date(2024, 1, 15),
        date(2024, 3, 15),
    )


def test_weeks_and_days_are_as_long_as_they_are() -> None:
    assert due_dates(3, FIRST, "weeks", 2) == (FIRST, date(2024, 2, 14), date(2024, 2, 28))
    assert due_dates(2, FIRST, "days", 30) == (FIRST, date(2024, 3, 1))


def test_the_remainder_is_on_the_last() -> None:
    rows = equal_parts(10000, 3, FIRST)
    assert [(row.id, row.principal, row.total) for row in rows] == [
        (1, 3333, 3333),
        (2, 3333, 3333),
        (3, 3334, 3334),
    ]
    rows = flat(10000, 500, 3, FIRST)
    assert [(row.interest, row.principal) for row in rows] == [(166, 3333), (166, 3333), (168, 3334)]


def test_an_annuity_worked_out_by_hand() -> None:
    # 1,000.00 at 12% in three months: 340.02 a month; 1% of 1,000.00, 669.98 and 336.66.
    rows = annuity(100000, Decimal("0.12"), 3, FIRST)
    assert [(row.interest, row.principal) for row in rows] == [(1000, 33002), (670, 33332), (337, 33666)]
    assert [row.total for row in rows] == [34002, 34002, 34003]


def test_an_annuity_without_interest_is_equal_parts_rounded() -> None:
    assert [row.principal for row in annuity(10000, Decimal(0), 3, FIRST)] == [3333, 3333, 3334]


def test_an_annuity_does_not_depend_on_the_callers_decimals() -> None:
    with localcontext(prec=3):
        rows = annuity(123456789, Decimal("0.199"), 24, FIRST)
    assert rows == annuity(123456789, Decimal("0.199"), 24, FIRST)


@given(st.integers(0, 10**12), st.integers(0, 10**9), st.integers(1, 60), spacings)
def test_parts_add_up_and_follow_each_other(
    principal: int, interest: int, n: int, spacing: tuple[Every, int]
) -> None:
    rows = flat(principal, interest, n, FIRST, *spacing)
    assert sum(row.principal for row in rows) == principal
    assert sum(row.interest for row in rows) == interest
    assert all(row.total >= 0 for row in rows)
    assert [row.id for row in rows] == list(range(1, n + 1))
    dues = [row.due for row in rows]
    assert dues == sorted(set(dues))
    assert dues[0] == FIRST
    assert rows == equal_parts(principal, n, FIRST, *spacing) if not interest else True


@given(st.integers(0, 10**12), st.decimals(0, 3, places=4), st.integers(1, 60), spacings)
def test_an_annuity_settles_exactly(
    principal: int, rate: Decimal, n: int, spacing: tuple[Every, int]
) -> None:
    rows = annuity(principal, rate, n, FIRST, *spacing)
    assert sum(row.principal for row in rows) == principal
    assert all(row.principal >= 0 and row.interest >= 0 for row in rows)
    left = principal
    for row in rows:
        per_year = {"months": Decimal(12), "weeks": Decimal(365) / 7, "days": Decimal(365)}[spacing[0]]
        assert abs(row.interest - left * rate / per_year * spacing[1]) <= Decimal("0.5001")
        left -= row.principal


@given(st.integers(10**6, 10**12), st.decimals(0, "0.36", places=4), st.integers(2, 36))
def test_the_payments_of_an_annuity_are_equal_but_for_the_roundings_on_the_last(
    principal: int, rate: Decimal, n: int
) -> None:
    *others, last = [row.total for row in annuity(principal, rate, n, FIRST)]
    assert len(set(others)) == 1
    assert abs(last - others[0]) <= 3 * n  # half a unit a month, and 3% a month on it at the most


@pytest.mark.parametrize("n", [0, -1])
def test_a_schedule_of_nothing_is_refused(n: int) -> None:
    with pytest.raises(LedgerInputError, match="1 or more"):
        equal_parts(100, n, FIRST)


def test_what_makes_no_schedule_is_refused() -> None:
    with pytest.raises(LedgerInputError, match="year 9999"):
        equal_parts(100, 2, date(9999, 12, 1))
    with pytest.raises(LedgerInputError, match="year 9999"):
        equal_parts(100, 2, date(9999, 12, 31), "days")
    with pytest.raises(LedgerInputError, match="negative"):
        flat(-1, 0, 2, FIRST)
    with pytest.raises(LedgerInputError, match="negative"):
        flat(1, -1, 2, FIRST)
    for rate in ("-0.1", "NaN", "Infinity"):
        with pytest.raises(LedgerInputError, match=r"0\.12"):
            annuity(100, Decimal(rate), 2, FIRST)
    assert due_dates(1, date(9999, 12, 31)) == (date(9999, 12, 31) + timedelta(0),)
