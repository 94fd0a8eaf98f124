"""How payments are spread over installments: one pure function for import, the database and `kept ledger`."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from operator import attrgetter

import msgspec

from ledger.errors import LedgerInputError
from ledger.schedule import Installment
from ledger.terms import COMPONENTS, Terms

_Parts = tuple[int, int, int, int]  # by component, in the order of COMPONENTS

_SETTLED: _Parts = (0, 0, 0, 0)
_received_on = attrgetter("received_on")


class Payment(msgspec.Struct, frozen=True, gc=False):
    """Money received on a date (minor units, 0 or more), perhaps meant for one installment (its id)."""

    id: int
    received_on: date
    amount: int
    installment: int | None = None


class Reversal(msgspec.Struct, frozen=True, gc=False):
    """A payment taken back: from `received_on` it is as if the payment `reverses` had never been."""

    id: int
    received_on: date
    reverses: int


class Allocation(msgspec.Struct, frozen=True, gc=False):
    """What one payment (id) settled of one installment (id), by component, in minor units; never all zero."""

    payment: int
    installment: int
    penalties: int
    fees: int
    interest: int
    principal: int

    @property
    def total(self) -> int:
        """All components together, in minor units."""
        return self.penalties + self.fees + self.interest + self.principal


class Paid(msgspec.Struct, frozen=True, gc=False):
    """What all payments together settled of one installment (id), by component, in minor units."""

    installment: int
    penalties: int
    fees: int
    interest: int
    principal: int

    @property
    def total(self) -> int:
        """All components together, in minor units."""
        return self.penalties + self.fees + self.interest + self.principal


class Credit(msgspec.Struct, frozen=True, gc=False):
    """What is left of one payment (id) once every installment is paid, in minor units; never zero."""

    payment: int
    amount: int


class Ledger(msgspec.Struct, frozen=True):
    """What came of the payments.

    `paid` has one entry an installment, in the order of the schedule given; `allocations` are in the order in
    which they were made, at most one for a payment and installment; `credits` are those of payments with
    something left; `credit` is their sum. Sum of allocations + `credit` = sum of the payments that count, to
    the minor unit.
    """

    paid: tuple[Paid, ...]
    allocations: tuple[Allocation, ...]
    credits: tuple[Credit, ...]
    credit: int


def allocate(
    terms: Terms,
    schedule: Sequence[Installment],
    payments: Sequence[Payment | Reversal],
    on: date | None = None,
) -> Ledger:
    """Spread what was received by `on` (None: everything) over the schedule.

    Payments go in order of date, then in the order given. Each goes to the installment it names, then to the
    oldest unpaid one and on to later ones, by due date and then id, also where they are not due yet; within
    one, by `terms.allocation`. By `terms.spread` that order may hold across all that is due on the payment's
    date, and by `terms.prepayment` what is not due yet may be paid from the last on. What no installment
    needs is a credit. A reversal received by `on` takes its payment out as if it had never been, whatever the
    dates of the two; a second reversal of the same changes nothing.

    Ids of installments and of payments are unique, their amounts 0 or more: the caller's care.
    LedgerInputError for a payment below zero or that names an installment which is not there, and for a
    reversal of no payment given.
    """
    if not payments:
        return Ledger(tuple([Paid(row.id, 0, 0, 0, 0) for row in schedule]), (), (), 0)
    left: list[_Parts] = [(row.penalties, row.fees, row.interest, row.principal) for row in schedule]
    live = _live(payments, on)
    _check(schedule, live)
    if terms.spread == "by_installment" and terms.prepayment == "next":
        allocations, credits = _one_after_the_other(terms, schedule, live, left)
    else:
        allocations, credits = _by_other_terms(terms, schedule, live, left)
    paid = [
        Paid(row.id, row.penalties - a, row.fees - b, row.interest - c, row.principal - d)
        for row, (a, b, c, d) in zip(schedule, left, strict=True)
    ]
    return Ledger(tuple(paid), tuple(allocations), tuple(credits), sum([credit.amount for credit in credits]))


def _one_after_the_other(
    terms: Terms, schedule: Sequence[Installment], live: Sequence[Payment], left: list[_Parts]
) -> tuple[list[Allocation], list[Credit]]:
    """The usual way, in one pass: `left` is what is unpaid of each installment, and is taken from."""
    totals = [a + b + c + d for a, b, c, d in left]
    order = _by_due(schedule)
    places: dict[int, int] | None = None
    oldest, end = 0, len(order)
    allocations: list[Allocation] = []
    credits: list[Credit] = []
    for payment in live:
        rest = payment.amount
        named = -1
        if payment.installment is not None:
            if places is None:
                places = {row.id: place for place, row in enumerate(schedule)}
            named = places[payment.installment]
        while rest:
            if named >= 0:
                place, named = named, -1
            else:
                while oldest < end and not totals[order[oldest]]:
                    oldest += 1
                if oldest == end:
                    credits.append(Credit(payment.id, rest))
                    break
                place = order[oldest]
            whole = totals[place]
            if whole <= rest:
                if not whole:
                    continue
                taken, left[place], totals[place] = left[place], _SETTLED, 0
                rest -= whole
            else:
                taken, left[place] = _split(left[place], rest, terms)
                totals[place] = whole - rest
                rest = 0
            allocations.append(Allocation(payment.id, schedule[place].id, *taken))
    return allocations, credits


def _by_other_terms(
    terms: Terms, schedule: Sequence[Installment], live: Sequence[Payment], left: list[_Parts]
) -> tuple[list[Allocation], list[Credit]]:
    """By component across what is due, or with prepayments from the last: the parts one after the other."""
    order = _by_due(schedule)
    places = {row.id: place for place, row in enumerate(schedule)}
    allocation = [COMPONENTS.index(component) for component in terms.allocation]
    allocations: list[Allocation] = []
    credits: list[Credit] = []
    for payment in live:
        taken: dict[int, list[int]] = {}  # of each place, by component
        rest = payment.amount
        due = [place for place in order if schedule[place].due <= payment.received_on]
        later = [place for place in order if schedule[place].due > payment.received_on and any(left[place])]
        if terms.prepayment == "last":
            later[1:] = reversed(later[1:])
        first = [] if payment.installment is None else [places[payment.installment]]
        steps = [(place, part) for place in first for part in allocation]
        if terms.spread == "by_component":
            steps += [(place, part) for part in allocation for place in due]
        else:
            steps += [(place, part) for place in due for part in allocation]
        steps += [(place, part) for place in later for part in allocation]
        for place, part in steps:
            if not rest:
                break
            amount = min(left[place][part], rest)
            if amount:
                parts = list(left[place])
                parts[part] -= amount
                left[place] = (parts[0], parts[1], parts[2], parts[3])
                taken.setdefault(place, [0, 0, 0, 0])[part] += amount
                rest -= amount
        allocations += [Allocation(payment.id, schedule[place].id, *parts) for place, parts in taken.items()]
        if rest:
            credits.append(Credit(payment.id, rest))
    return allocations, credits


def _check(schedule: Sequence[Installment], live: Sequence[Payment]) -> None:
    known: set[int] | None = None
    for payment in live:
        if payment.amount < 0:
            raise LedgerInputError(f"payment {payment.id} is below zero: money taken back is a reversal")
        if payment.installment is not None:
            known = {row.id for row in schedule} if known is None else known
            if payment.installment not in known:
                raise LedgerInputError(
                    f"payment {payment.id} names installment {payment.installment}, not in the schedule"
                )


def _live(payments: Sequence[Payment | Reversal], on: date | None) -> list[Payment]:
    """The payments that count on a date, in the order in which they are applied."""
    live: list[Payment] = []
    reversals: list[Reversal] = []
    for entry in payments:
        if isinstance(entry, Reversal):
            reversals.append(entry)
        elif on is None or entry.received_on <= on:
            live.append(entry)
    if reversals:
        known = {entry.id for entry in payments if isinstance(entry, Payment)}
        for reversal in reversals:
            if reversal.reverses not in known:
                raise LedgerInputError(
                    f"reversal {reversal.id} is of payment {reversal.reverses}, which is not given"
                )
        gone = {reversal.reverses for reversal in reversals if on is None or reversal.received_on <= on}
        live = [payment for payment in live if payment.id not in gone]
    live.sort(key=_received_on)
    return live


def _by_due(schedule: Sequence[Installment]) -> Sequence[int]:
    """Places in the schedule by due date, then id."""
    places = range(len(schedule))
    for before, after in pairwise(schedule):
        if before.due >= after.due and (before.due > after.due or before.id > after.id):
            return sorted(places, key=lambda place: (schedule[place].due, schedule[place].id))
    return places


def _split(left: _Parts, amount: int, terms: Terms) -> tuple[_Parts, _Parts]:
    """Less than an installment needs, spread over its components: (taken, left then)."""
    taken = [0, 0, 0, 0]
    for component in terms.allocation:
        place = COMPONENTS.index(component)
        part = min(left[place], amount)
        taken[place] = part
        amount -= part
    a, b, c, d = taken
    return (a, b, c, d), (left[0] - a, left[1] - b, left[2] - c, left[3] - d)
