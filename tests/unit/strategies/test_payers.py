"""Payers: measured from what became of installments, and drawn from that again."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies.payers import EARLIEST, Habits, History, Watched, measured
from tests.builders.facts import at, facts, loan, unpaid

BUCKETS = ((1, 30), (31, 60), (61, 90), (91, None))
DUE = date(2026, 11, 24)
DAY = timedelta(days=1)


def test_what_is_measured_is_said_by_bucket() -> None:
    """Of a hundred, forty pay on the due date, thirty ten days late; twenty have been unpaid for 45 days, and
    ten are only 5 days late today: those count as long as they were watched."""
    habits = measured(
        [
            Watched(-30, 0, True, 40),
            Watched(-30, 10, True, 30),
            Watched(-30, 45, False, 20),
            Watched(-30, 5, False, 10),
        ],
        BUCKETS,
    )
    current, first, second, *_ = habits.moved
    assert (current.bucket, current.reached, current.paid) == ("current", 100, 40)
    assert current.share == pytest.approx(0.4)
    assert (first.bucket, first.reached, first.paid) == ("1-30", 60, 30)
    assert first.share == pytest.approx(30 / 50)
    assert (second.reached, second.paid, second.share) == (20, 0, 0)
    assert habits.left(-1) == 1
    assert habits.left(9) == pytest.approx(0.6)
    assert habits.left(400) == habits.left(10) == pytest.approx(0.24)


def test_where_nobody_was_watched_nobody_pays() -> None:
    habits = measured([], BUCKETS)
    assert habits.paid_on(DUE, DUE, 0.999) is None
    assert {one.share for one in habits.moved} == {None}


@given(
    st.lists(
        st.tuples(st.integers(EARLIEST, 0), st.integers(0, 120), st.booleans(), st.integers(1, 200)).map(
            lambda row: Watched(row[0], row[0] + row[1], *row[2:])
        ),
        min_size=1,
        max_size=30,
    ),
    st.integers(-40, 150),
)
def test_draws_repeat_what_was_measured(rows: list[Watched], from_day: int) -> None:
    """Of those unpaid on a day, as large a share is drawn to have paid by any later one as was measured."""
    habits = measured(rows, BUCKETS)
    start = DUE + from_day * DAY
    draws = [n / 500 for n in range(500)]
    days = [habits.paid_on(DUE, start, draw) for draw in draws]
    assert all(day is None or day >= max(start, DUE + EARLIEST * DAY) for day in days)
    for later in (from_day, from_day + 7, from_day + 60):
        if later < EARLIEST:
            continue
        before, left = habits.left(from_day - 1), habits.left(later)
        expected = (before - left) / before if before else 0.0
        drawn = sum(day is not None and day <= DUE + later * DAY for day in days) / len(draws)
        assert drawn == pytest.approx(expected, abs=0.005)


def test_a_seed_pays_alike_and_another_one_otherwise() -> None:
    habits = Habits(-30, tuple(0.97 ** (n + 1) for n in range(120)), ())
    owing = [loan(unpaid(DUE, n), unpaid(DUE + 30 * DAY, 1000 + n), id=n) for n in range(1, 200)]
    case = facts(*owing)
    now, until = at("2026-11-20 09:00"), at("2027-01-20 09:00")
    first = list(History({1: habits}, 1).news(case, now, until))
    assert first == list(History({1: habits}, 1).news(case, now, until))
    assert first != list(History({1: habits}, 2).news(case, now, until))
    assert len(first) > 150
    for received in first:
        assert now < received.at <= until
        assert received.at == at(f"{received.day + DAY} 00:00")
    by_loan: dict[int, list[int]] = {}
    for received in first:
        by_loan.setdefault(received.loan, []).append(received.installment)
    assert all(paid in ([n], [n, 1000 + n]) for n, paid in by_loan.items()), "the oldest first"
