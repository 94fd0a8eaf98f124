"""Edges of allocation that a document cannot reach, and the standing's own."""

from datetime import date

import pytest

from ledger.allocate import Credit, Ledger, Paid, Payment, Reversal, allocate
from ledger.errors import LedgerInputError
from ledger.standing import Standing, Unpaid, bucket_of, per_installment, standing, unpaid_of
from ledger.terms import Pause, Terms
from tests.builders.ledger import installment, terms

OCT, NOV = date(2023, 10, 1), date(2023, 11, 1)


def test_a_loan_with_no_payments_has_paid_nothing() -> None:
    schedule = (installment(2, NOV, 100), installment(1, OCT, 100))
    ledger = allocate(terms(), schedule, ())
    assert ledger.paid == (Paid(2, 0, 0, 0, 0), Paid(1, 0, 0, 0, 0))
    assert (ledger.allocations, ledger.credits, ledger.credit) == ((), (), 0)
    assert unpaid_of(schedule, ledger) == (Unpaid(1, OCT, 100), Unpaid(2, NOV, 100))


def test_payments_without_a_schedule_are_credit() -> None:
    ledger = allocate(terms(), (), [Payment(1, OCT, 70), Payment(2, OCT, 0)])
    assert (ledger.credits, ledger.credit) == ((Credit(1, 70),), 70)


def test_installments_of_nothing_take_nothing() -> None:
    schedule = (installment(1, OCT), installment(2, NOV, 100))
    ledger = allocate(terms(), schedule, [Payment(1, OCT, 60, installment=1)])
    assert [(row.installment, row.principal) for row in ledger.allocations] == [(2, 60)]


def test_installments_of_one_date_are_paid_by_id_however_they_are_given() -> None:
    for schedule in (
        (installment(7, OCT, 50), installment(2, OCT, 50)),
        (installment(2, OCT, 50), installment(7, OCT, 50)),
    ):
        ledger = allocate(terms(), schedule, [Payment(1, OCT, 60)])
        assert [(row.installment, row.principal) for row in ledger.allocations] == [(2, 50), (7, 10)]


def test_a_second_reversal_of_the_same_payment_changes_nothing() -> None:
    schedule = (installment(1, OCT, 100),)
    entries = [Payment(1, OCT, 60), Reversal(2, NOV, 1)]
    assert allocate(terms(), schedule, [*entries, Reversal(3, NOV, 1)]) == allocate(
        terms(), schedule, entries
    )


DEC, JAN = date(2023, 12, 1), date(2024, 1, 1)


def parts(ledger: Ledger) -> list[tuple[int, int, int, int, int]]:
    return [
        (row.installment, row.penalties, row.fees, row.interest, row.principal) for row in ledger.allocations
    ]


def test_by_component_the_principal_of_all_that_is_due_comes_before_any_interest() -> None:
    """BGB 497(3): costs first, then what is owed, interest last; that of December is not due."""
    bgb = terms(allocation=("fees", "principal", "interest", "penalties"), spread="by_component")
    schedule = [
        installment(number, due, 100, interest=10, fees=5) for number, due in enumerate((OCT, NOV, DEC), 1)
    ]
    ledger = allocate(bgb, schedule, [Payment(1, NOV, 215)])
    assert parts(ledger) == [(1, 0, 5, 5, 100), (2, 0, 5, 0, 100)]
    usual = allocate(terms(allocation=bgb.allocation), schedule, [Payment(1, NOV, 215)])
    assert parts(usual) == [(1, 0, 5, 10, 100), (2, 0, 5, 0, 95)]
    over = allocate(bgb, schedule, [Payment(1, NOV, 240)])
    assert parts(over) == [(1, 0, 5, 10, 100), (2, 0, 5, 10, 100), (3, 0, 5, 0, 5)]


def test_a_prepayment_may_shorten_the_loan_once_the_next_installment_is_paid() -> None:
    schedule = [installment(number, due, 100) for number, due in enumerate((OCT, NOV, DEC, JAN), 1)]
    last = terms(prepayment="last")
    assert parts(allocate(last, schedule, [Payment(1, OCT, 250)])) == [
        (1, 0, 0, 0, 100),
        (2, 0, 0, 0, 100),
        (4, 0, 0, 0, 50),
    ]
    early = allocate(last, schedule, [Payment(1, date(2023, 9, 28), 100), Payment(2, NOV, 100)])
    assert parts(early) == [(1, 0, 0, 0, 100), (2, 0, 0, 0, 100)], "a few days early is no prepayment"
    named = allocate(last, schedule, [Payment(1, date(2023, 9, 28), 150, installment=1)])
    assert parts(named) == [(1, 0, 0, 0, 100), (4, 0, 0, 0, 50)]


def test_what_cannot_be_is_refused() -> None:
    schedule = (installment(1, OCT, 100),)
    with pytest.raises(LedgerInputError, match="payment 7 is below zero"):
        allocate(terms(), schedule, [Payment(7, OCT, -1)])
    with pytest.raises(LedgerInputError, match="payment 7 names installment 9"):
        allocate(terms(), schedule, [Payment(7, OCT, 1, installment=9)])
    with pytest.raises(LedgerInputError, match="reversal 8 is of payment 9"):
        allocate(terms(), schedule, [Reversal(8, OCT, 9)])


def test_a_loan_owed_nothing_stands_current_for_good() -> None:
    assert standing((), terms(), OCT) == Standing(0, 0, "current", 0, None)


def test_until_by_hand() -> None:
    unpaid = (Unpaid(1, OCT, 100), Unpaid(2, NOV, 50))
    thirty = terms()  # buckets 1-30, 31-60, ...

    def until(on: date, given: Terms = thirty, *pauses: Pause) -> date | None:
        return standing(unpaid, given, on, pauses).until

    assert until(date(2023, 9, 1)) == date(2023, 10, 2)  # the first day past due
    assert until(date(2023, 9, 1), terms(dpd_starts="on_due")) == OCT
    assert until(date(2023, 10, 2)) == NOV  # day 31 of the first comes before day 1 of the second
    assert until(NOV) == date(2023, 11, 2)  # the second falls past due
    assert until(date(2023, 10, 2), terms(grace_days=5)) == date(2023, 10, 7)  # the end of grace
    assert until(date(2024, 2, 1)) is None  # the last bucket, nothing more to come
    pause = Pause(date(2023, 10, 6), date(2023, 10, 30))
    assert until(date(2023, 10, 2), thirty, pause) == date(2023, 10, 7)  # the days stand still
    assert until(date(2023, 10, 10), thirty, pause) == date(2023, 10, 31)  # and go on
    assert until(date(2023, 10, 30), thirty, pause) == date(2023, 10, 31)


def test_buckets_are_named_by_their_edges() -> None:
    odd = ((3, 3), (4, 30), (31, None))
    assert [bucket_of(days, odd) for days in (0, 2, 3, 4, 30, 31, 9999)] == [
        "current",
        "current",
        "3-3",
        "4-30",
        "4-30",
        "31+",
        "31+",
    ]


def test_each_installment_stands_by_its_own_days() -> None:
    rows = (Unpaid(1, OCT, 100), Unpaid(2, OCT, 0), Unpaid(3, OCT, 5), Unpaid(4, NOV, 100))
    stands = per_installment(rows, terms(tolerance=5, grace_days=90), date(2023, 11, 1))
    assert [(row.installment, row.dpd, row.bucket) for row in stands] == [
        (1, 31, "31-60"),
        (2, 0, "current"),
        (3, 0, "current"),
        (4, 0, "current"),
    ]


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"currency": "EUT"}, "currency"),
        ({"zone": "Europe"}, "zone"),
        ({"zone": "localtime"}, "zone"),
        ({"dpd_starts": "later"}, "dpd_starts"),
        ({"grace_days": -1}, "grace_days"),
        ({"tolerance": -1}, "tolerance"),
        ({"allocation": ("fees",)}, "allocation"),
        ({"spread": "evenly"}, "spread"),
        ({"prepayment": "first"}, "prepayment"),
        ({"buckets": ((1, 30),)}, "bucket 1"),
    ],
)
def test_terms_that_make_no_sense_are_refused(changes: dict[str, object], part: str) -> None:
    with pytest.raises(LedgerInputError, match=part):
        terms(**changes)


def test_a_pause_does_not_end_before_it_starts() -> None:
    with pytest.raises(LedgerInputError, match="ends before it starts"):
        Pause(NOV, OCT)
