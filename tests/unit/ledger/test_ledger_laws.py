"""What must hold for every loan, and the ledger against a clerk who counts cent by cent and day by day."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.allocate import Ledger, Payment, Reversal, allocate
from ledger.schedule import Installment
from ledger.standing import Standing, Unpaid, bucket_of, per_installment, standing, unpaid_of
from ledger.terms import COMPONENTS, Pause, Terms
from tests.builders.ledger import (
    DAY_ONE,
    days,
    drawn_pauses,
    drawn_terms,
    installment,
    payments_for,
    schedules,
    terms,
)
from tests.unit.ledger.naive import Clerk


@dataclass
class Drawn:
    terms: Terms
    schedule: tuple[Installment, ...]
    payments: tuple[Payment | Reversal, ...]
    pauses: tuple[Pause, ...]
    on: date

    def ledger(self) -> Ledger:
        return allocate(self.terms, self.schedule, self.payments, self.on)


@st.composite
def loans(draw: st.DrawFn, named: bool = True, reversals: bool = True) -> Drawn:
    schedule = draw(schedules())
    payments = draw(payments_for(schedule, named, reversals))
    return Drawn(draw(drawn_terms()), schedule, payments, draw(drawn_pauses()), draw(days(150)))


def live_sum(loan: Drawn) -> int:
    gone = {e.reverses for e in loan.payments if isinstance(e, Reversal) and e.received_on <= loan.on}
    return sum(
        e.amount
        for e in loan.payments
        if isinstance(e, Payment) and e.received_on <= loan.on and e.id not in gone
    )


@given(loans())
def test_the_ledger_equals_the_clerks(loan: Drawn) -> None:
    ledger = loan.ledger()
    clerk = Clerk(loan.terms, loan.schedule, loan.payments, loan.pauses, loan.on)
    spread = {
        (row.payment, row.installment, part): getattr(row, part)
        for row in ledger.allocations
        for part in COMPONENTS
        if getattr(row, part)
    }
    assert spread == clerk.spread
    assert {row.payment: row.amount for row in ledger.credits} == clerk.credits

    unpaid = unpaid_of(loan.schedule, ledger)
    assert {row.installment: row.left for row in unpaid} == {
        n: clerk.left(n) for n in clerk.due if clerk.left(n)
    }
    now = standing(unpaid, loan.terms, loan.on, loan.pauses)
    assert now.arrears == clerk.arrears()
    assert now.dpd == clerk.loan_dpd()
    assert now.delinquent_days == clerk.delinquent_days()
    assert now.bucket == clerk.bucket(now.delinquent_days)
    for row in per_installment(unpaid, loan.terms, loan.on):
        assert (row.dpd, row.bucket) == (clerk.dpd(row.installment), clerk.bucket(row.dpd))


@given(loans())
def test_allocations_and_credits_are_the_payments_to_the_minor_unit(loan: Drawn) -> None:
    ledger = loan.ledger()
    assert sum(row.total for row in ledger.allocations) + ledger.credit == live_sum(loan)
    assert ledger.credit == sum(row.amount for row in ledger.credits)
    amounts = {e.id: e.amount for e in loan.payments if isinstance(e, Payment)}
    for payment in {row.payment for row in ledger.allocations}:
        its_credit = sum(row.amount for row in ledger.credits if row.payment == payment)
        assert (
            sum(r.total for r in ledger.allocations if r.payment == payment) + its_credit == amounts[payment]
        )


@given(loans())
def test_nothing_is_paid_beyond_what_is_due_and_paid_is_what_was_allocated(loan: Drawn) -> None:
    ledger = loan.ledger()
    assert [row.id for row in loan.schedule] == [row.installment for row in ledger.paid]
    for due, paid in zip(loan.schedule, ledger.paid, strict=True):
        its = [row for row in ledger.allocations if row.installment == due.id]
        for part in COMPONENTS:
            assert 0 <= getattr(paid, part) <= getattr(due, part)
            assert getattr(paid, part) == sum(getattr(row, part) for row in its)


@given(loans())
def test_a_credit_waits_for_nothing(loan: Drawn) -> None:
    ledger = loan.ledger()
    assert not (ledger.credit and unpaid_of(loan.schedule, ledger))


@given(loans())
def test_a_payment_settles_an_installment_in_one_row_that_is_never_empty(loan: Drawn) -> None:
    pairs = [(row.payment, row.installment) for row in loan.ledger().allocations]
    assert len(pairs) == len(set(pairs))
    assert all(row.total > 0 for row in loan.ledger().allocations)


@given(loans(named=False, reversals=False), st.randoms(use_true_random=False))
def test_the_order_of_payments_without_a_name_changes_no_balance(loan: Drawn, order: Random) -> None:
    swapped = list(loan.payments)
    order.shuffle(swapped)
    moved = [
        msgspec.structs.replace(there, received_on=here.received_on)
        for here, there in zip(loan.payments, swapped, strict=True)
    ]
    # What is due when a payment comes matters to the others.
    usual = msgspec.structs.replace(loan.terms, spread="by_installment", prepayment="next")
    one = allocate(usual, loan.schedule, loan.payments)
    other = allocate(usual, loan.schedule, moved)
    assert (one.paid, one.credit) == (other.paid, other.credit)


@given(loans(), st.randoms(use_true_random=False))
def test_the_order_of_the_schedule_changes_no_balance(loan: Drawn, order: Random) -> None:
    swapped = list(loan.schedule)
    order.shuffle(swapped)
    one, other = loan.ledger(), allocate(loan.terms, swapped, loan.payments, loan.on)
    assert one.allocations == other.allocations
    assert unpaid_of(loan.schedule, one) == unpaid_of(swapped, other)


@given(loans(reversals=False), days())
def test_a_reversal_equals_never_having_paid(loan: Drawn, reversed_on: date) -> None:
    if not loan.payments:
        return
    gone = loan.payments[0]
    with_it = allocate(
        loan.terms, loan.schedule, (*loan.payments, Reversal(99, reversed_on, gone.id)), loan.on
    )
    if reversed_on <= loan.on:
        assert with_it == allocate(loan.terms, loan.schedule, loan.payments[1:], loan.on)
    else:
        assert with_it == loan.ledger()


@given(loans(reversals=False), st.integers(0, 60))
def test_what_a_day_allocated_the_next_days_only_add_to(loan: Drawn, later: int) -> None:
    before = loan.ledger().allocations
    after = allocate(loan.terms, loan.schedule, loan.payments, loan.on + timedelta(days=later)).allocations
    assert after[: len(before)] == before


@given(loans())
def test_without_a_date_everything_counts(loan: Drawn) -> None:
    assert allocate(loan.terms, loan.schedule, loan.payments) == allocate(
        loan.terms, loan.schedule, loan.payments, date(2099, 12, 31)
    )


@given(loans())
def test_arrears_are_no_more_than_what_is_outstanding(loan: Drawn) -> None:
    unpaid = unpaid_of(loan.schedule, loan.ledger())
    now = standing(unpaid, loan.terms, loan.on, loan.pauses)
    assert 0 <= now.arrears <= sum(row.left for row in unpaid)
    assert (now.arrears > 0) == (now.dpd > 0)
    assert 0 <= now.delinquent_days <= now.dpd
    assert now.bucket == bucket_of(now.delinquent_days, loan.terms.buckets)


HORIZON = 420


def grows(unpaid: tuple[Unpaid, ...], terms: Terms, on: date, pauses: tuple[Pause, ...]) -> bool:
    yesterday = standing(unpaid, terms, on - timedelta(days=1), pauses)
    return standing(unpaid, terms, on, pauses).delinquent_days > yesterday.delinquent_days


def first_change(
    unpaid: tuple[Unpaid, ...], terms: Terms, on: date, pauses: tuple[Pause, ...]
) -> tuple[date | None, Standing]:
    now = standing(unpaid, terms, on, pauses)
    growing = grows(unpaid, terms, on, pauses)
    for n in range(1, HORIZON):
        day = on + timedelta(days=n)
        then = standing(unpaid, terms, day, pauses)
        if (then.arrears, then.bucket) != (now.arrears, now.bucket):
            return day, now
        if grows(unpaid, terms, day, pauses) != growing:
            return day, now
        assert then.dpd == (now.dpd + n if now.dpd else 0)
        assert then.delinquent_days == (now.delinquent_days + n if growing else now.delinquent_days)
    return None, now


@given(schedules(), drawn_terms(), days(150), drawn_pauses())
@example(
    (installment(1, DAY_ONE, 5),),
    terms(),
    DAY_ONE + timedelta(days=5),
    (Pause(DAY_ONE, DAY_ONE + timedelta(days=5)),),
)
@example(
    (installment(1, DAY_ONE, 5),),
    terms(dpd_starts="on_due"),
    DAY_ONE,
    (Pause(DAY_ONE - timedelta(days=2), DAY_ONE + timedelta(days=2)),),
)
@example(
    (installment(1, DAY_ONE, 5), installment(2, DAY_ONE + timedelta(days=3), 5)),
    terms(grace_days=5),
    DAY_ONE + timedelta(days=1),
    (),
)
def test_until_is_exactly_the_first_day_on_which_something_changes(
    schedule: tuple[Installment, ...], terms: Terms, on: date, pauses: tuple[Pause, ...]
) -> None:
    unpaid = unpaid_of(schedule, allocate(terms, schedule, ()))
    found, now = first_change(unpaid, terms, on, pauses)
    assert now.until == found


def test_there_is_no_until_beyond_the_calendar() -> None:
    last = (Unpaid(1, date(9999, 12, 31), 5),)
    assert standing(last, terms(), date(2024, 1, 1)).until is None
    assert standing(last, terms(dpd_starts="on_due"), date(9999, 12, 31)).until is None
    late = (Unpaid(1, date(9999, 12, 1), 5),)
    assert standing(late, terms(grace_days=90), date(9999, 12, 31)).until is None
