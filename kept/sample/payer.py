"""How borrowers pay. Each has a habit nobody sees in the tape; what they pay is fixed by the seed.

A loan is played once, event by event in order of date: whoever pays brings what they have paid so far up to
what they mean to have paid by then, so that a part payment, an overpayment or a returned debit is made good
by the next one and the sums come out exactly.
"""

from heapq import heapify, heappop, heappush
from random import Random
from typing import Literal

import msgspec

from kept.sample.people import weighted
from kept.sample.terms import Due

Habit = Literal["early", "punctual", "forgetful", "prompted", "late", "partial", "stopping", "recovering"]

# Weights of those who get into no trouble. With those who do, about 81 of 100 installments are paid by their
# due date, and 6 of 100 open loans end up more than 30 days late.
_HABITS: tuple[tuple[Habit, int], ...] = (
    ("early", 175),
    ("punctual", 450),
    ("forgetful", 110),
    ("prompted", 65),
    ("late", 45),
    ("partial", 45),
)
# Of a thousand, where the lender's `strain` is 100; of these, so many percent recover.
_TROUBLE, _RECOVER = 90, 40
_PENALTY_AFTER = 10


class Paid(msgspec.Struct, gc=False):
    """One row of payments.csv: `installment` 0 where it names none; a reversal has no amount of its own."""

    number: int
    day: int
    amount: int
    installment: int = 0
    reverses: int = 0


class Manner(msgspec.Struct, frozen=True):
    """How a loan is paid: by debit, rounded up to `rounds` minor units (0: exactly), naming installments."""

    debit: bool
    rounds: int
    named: bool


class _Event(msgspec.Struct, order=True, gc=False):
    """On `day` somebody pays up to `target` in all, `most` at most; or payment `returns` comes back."""

    day: int
    order: int
    target: int
    most: int
    installment: int
    returns: int = 0


def habit(rng: Random, strain: int) -> Habit:
    """A borrower's habit; `strain` percent of the usual share gets into trouble."""
    if rng.randrange(100_000) < _TROUBLE * strain:
        return "recovering" if rng.randrange(100) < _RECOVER else "stopping"
    return weighted(rng, _HABITS)


def play(
    rng: Random, kind: Habit, dues: list[Due], made: int, start: int, end: int, late_fee: int, manner: Manner
) -> list[Paid]:
    """All payments of one loan through the day `end`, in order of date; adds late fees to `dues`.

    Late fees are charged only before `start`: the tape is one file, so a later fee would be known too early.
    """
    stop, resume = _trouble(rng, kind, dues, made)
    delays = [0 if due.day <= made else _delay(rng, kind, manner.debit) for due in dues]
    for due, delay in zip(dues, delays, strict=True):
        late = due.day + _PENALTY_AFTER
        unpaid = stop <= due.day and (resume is None or resume > late)
        if late_fee and late < start and (delay > _PENALTY_AFTER or unpaid):
            due.penalties = late_fee
    events = _intentions(rng, kind, dues, delays, made, stop, resume)
    return _settle(rng, kind, events, sum(due.total for due in dues), end, manner)


def _trouble(rng: Random, kind: Habit, dues: list[Due], made: int) -> tuple[int, int | None]:
    """The day on which they stop paying, and the one on which they take it up again, if ever."""
    never = dues[-1].day + 10_000
    if kind not in ("stopping", "recovering"):
        return never, None
    upfront = len(dues) > 1 and dues[0].day == made  # paid at the till, or there is no loan
    # of two draws the first: who cannot pay mostly finds out early
    stop = dues[min(rng.randrange(upfront, len(dues)) for _ in range(2))].day
    return stop, stop + rng.randrange(18, 80) if kind == "recovering" else None


def _delay(rng: Random, kind: Habit, debit: bool) -> int:
    """Days after the due date (negative: before) on which an installment is meant to be paid."""
    drawn = rng.randrange(100)
    match kind:
        case "early":
            return 0 if debit else -rng.randrange(8)
        case "punctual":
            return 0 if debit or drawn < 78 else rng.randrange(1, 3) if drawn < 81 else -rng.randrange(1, 4)
        case "prompted":  # pays soon after somebody reminds them
            return 0 if drawn < 50 else rng.choice((3, 4, 4, 5, 7, 8, 9))
        case "late":
            return 0 if drawn < 15 else rng.randrange(4, 25)
        case "partial":
            return 0 if drawn < 45 else rng.randrange(6, 26)
        case _:
            return -rng.randrange(2) if debit or drawn < 75 else rng.randrange(1, 7)


def _intentions(
    rng: Random, kind: Habit, dues: list[Due], delays: list[int], made: int, stop: int, resume: int | None
) -> list[_Event]:
    """What they mean to pay, if nothing comes back."""
    events: list[_Event] = []

    def mean(day: int, target: int, most: int, installment: int = 0) -> None:
        events.append(_Event(max(day, made), len(events), target, most, installment))

    total = sum(due.total for due in dues)
    owed = missed = 0
    for due, delay in zip(dues, delays, strict=True):
        before, owed = owed, owed + due.total
        day = due.day + delay
        if stop <= day and (resume is None or day < resume):
            missed += 1
            if missed <= 2 and rng.randrange(100) < 30:  # a token, soon after the reminder
                mean(due.day + rng.randrange(2, 12), owed, due.total * rng.randrange(10, 30) // 100)
            continue
        if kind == "partial" and delay > 0:
            mean(due.day, before + due.total * rng.randrange(30, 71) // 100, owed)
        if kind == "early" and rng.randrange(100) < 1 and due.number < len(dues):
            mean(day, total, total)  # pays the whole loan off
            break
        mean(day, owed, owed, due.number)
    if resume is not None:
        behind = sum(due.total for due in dues if due.day <= resume)
        if rng.randrange(100) < 40:  # half of it now, the rest two weeks later
            mean(resume, behind, behind // 2)
            resume += 14
        mean(resume, behind, behind)
    return events


def _settle(
    rng: Random, kind: Habit, events: list[_Event], total: int, end: int, manner: Manner
) -> list[Paid]:
    """Play the events: pay what is missing, return some debits, collect those again."""
    rows: list[Paid] = []
    paid, order = 0, len(events)
    heapify(events)
    while events and events[0].day <= end:
        event = heappop(events)
        if event.returns:
            paid -= rows[event.returns - 1].amount
            rows.append(Paid(len(rows) + 1, event.day, 0, 0, event.returns))
            continue
        amount = min(event.target - paid, event.most)
        if amount <= 0:
            continue
        exact = event.installment if manner.named else 0
        if manner.rounds:
            rounded = -(-amount // manner.rounds) * manner.rounds
            # most notice at the last installment that less is left, some pay the round sum all the same
            amount = rounded if rng.randrange(100) < 15 else min(rounded, total - paid)
        paid += amount
        rows.append(Paid(len(rows) + 1, event.day, amount, exact))
        number = len(rows)
        if manner.debit:
            if rng.randrange(100) < (12 if kind in ("late", "stopping", "recovering") else 2):
                back = event.day + rng.randrange(2, 5)
                heappush(events, _Event(back, order, 0, 0, 0, number))
                again = _Event(back + rng.randrange(5, 9), order + 1, event.target, event.target, 0)
                heappush(events, again)
                order += 2
        elif rng.randrange(1000) < 2:  # by mistake twice; the next payments are the less
            rows.append(Paid(number + 1, event.day, amount))
            paid += amount
    return rows
