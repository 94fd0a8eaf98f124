"""Small loans for tests: written by hand, or drawn by hypothesis. Amounts are minor units."""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from ledger.allocate import Payment, Reversal
from ledger.schedule import Installment
from ledger.terms import COMPONENTS, Pause, Terms

DAY_ONE = date(2024, 2, 20)  # near a leap day, so that drawn dates cross it


def terms(**changes: Any) -> Terms:
    """Terms of an invented portfolio in EUR, counted in UTC."""
    return Terms(**{"currency": "EUR", "zone": "UTC", **changes})


def installment(number: int, due: date, principal: int = 0, **others: int) -> Installment:
    """One installment; components that are not given are zero."""
    amounts = {"penalties": 0, "fees": 0, "interest": 0, "principal": principal, **others}
    return Installment(number, due, **amounts)


def days(most: int = 120) -> st.SearchStrategy[date]:
    """Dates of few months, so that they meet."""
    return st.integers(0, most).map(lambda n: DAY_ONE + timedelta(days=n))


def drawn_terms() -> st.SearchStrategy[Terms]:
    """Every convention there is."""
    buckets = st.sampled_from(
        [
            ((1, 30), (31, 60), (61, 90), (91, None)),
            ((1, 3), (4, 30), (31, 60), (61, None)),
            ((5, 5), (6, None)),
        ]
    )
    return st.builds(
        terms,
        dpd_starts=st.sampled_from(["day_after_due", "on_due"]),
        grace_days=st.sampled_from([0, 0, 1, 5, 40]),
        tolerance=st.sampled_from([0, 0, 1, 7]),
        allocation=st.permutations(COMPONENTS).map(tuple),
        spread=st.sampled_from(["by_installment", "by_component"]),
        prepayment=st.sampled_from(["next", "last"]),
        buckets=buckets,
    )


@st.composite
def schedules(draw: st.DrawFn, most: int = 5) -> tuple[Installment, ...]:
    """Installments in any order, some on one day, some of nothing."""
    numbers = draw(st.lists(st.integers(0, 20), unique=True, max_size=most))
    amount = st.integers(0, 12)
    due = st.sampled_from([DAY_ONE, DAY_ONE + timedelta(days=30)]) | days()
    return tuple(
        Installment(number, draw(due), draw(amount), draw(amount), draw(amount), draw(amount))
        for number in numbers
    )


@st.composite
def payments_for(
    draw: st.DrawFn, schedule: tuple[Installment, ...], named: bool = True, reversals: bool = True
) -> tuple[Payment | Reversal, ...]:
    """Payments and reversals in any order of dates, some of nothing, some twice reversed."""
    names = st.none() | st.sampled_from([row.id for row in schedule]) if named and schedule else st.none()
    entries: list[Payment | Reversal] = [
        Payment(k, draw(days()), draw(st.integers(0, 60)), draw(names))
        for k in range(draw(st.integers(0, 6)))
    ]
    if reversals and entries:
        known = st.sampled_from([entry.id for entry in entries])
        entries += [Reversal(100 + k, draw(days()), draw(known)) for k in range(draw(st.integers(0, 2)))]
    return tuple(draw(st.permutations(entries)))


def drawn_pauses() -> st.SearchStrategy[tuple[Pause, ...]]:
    """Pauses in any order, some that overlap, touch, or take out nothing."""
    pause = st.builds(lambda start, n: Pause(start, start + timedelta(days=n)), days(), st.integers(0, 30))
    return st.lists(pause, max_size=3).map(tuple)
