"""Payers as the book knows them: on which day late installments were paid, measured, and drawn from again.

Of every installment of the past it is known from which day late on it was watched, and until which: it was
paid then, or is unpaid still. From that the share that is unpaid at the end of each day late follows by the
product of what was left each day (Kaplan & Meier 1958, doi:10.1080/01621459.1958.10501452), so that those who
have not paid yet count as long as they were watched. Where hardly anybody was watched, the days of a bucket
take its mean.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from hashlib import sha256
from operator import neg
from typing import Final

import msgspec

from ledger.terms import Buckets
from policy.calendar import DAY, day_start, local_day
from strategies.play import Received
from strategies.values import Facts

EARLIEST: Final = -30
"""Days before due from which an installment is watched; what is paid sooner counts as paid then."""
_FEWEST: Final = 30  # watched in a bucket at once, for its days to speak for themselves
_ALONE: Final = 5  # and on a day
CURRENT: Final = "current"


class Watched(msgspec.Struct, frozen=True):
    """So many installments, watched from one day late through another; `paid` on the last, or not yet."""

    start: int
    end: int
    paid: bool
    count: int


class Moved(msgspec.Struct, frozen=True):
    """What became of installments in a bucket: how many came into it, and were paid in it; the share that is
    paid before it is over, of those that come into it. None: nobody was seen there."""

    bucket: str
    reached: int
    paid: int
    share: float | None


class Habits(msgspec.Struct, frozen=True):
    """When installments are paid. `unpaid`: the share that is unpaid at the end of each day late from `first`
    on; what is later than the last was never seen to be paid."""

    first: int
    unpaid: tuple[float, ...]
    moved: tuple[Moved, ...]

    def left(self, day: int) -> float:
        """The share that is unpaid at the end of a day late."""
        if day < self.first:
            return 1.0
        return self.unpaid[min(day - self.first, len(self.unpaid) - 1)] if self.unpaid else 1.0

    def paid_on(self, due: date, start: date, draw: float) -> date | None:
        """The day on which an installment is paid that is unpaid when `start` begins; None: never.

        `draw` is of [0, 1), evenly.
        """
        low = max((start - due).days, self.first)
        target = self.left(low - 1) * (1 - draw)
        place = bisect_left(self.unpaid, -target, lo=low - self.first, key=neg) if target else None
        if place is None or place >= len(self.unpaid) or self.unpaid[place] > target:
            return None
        return due + (place + self.first) * DAY


def measured(watched: Iterable[Watched], buckets: Buckets) -> Habits:
    """The habits of payers, by what became of installments; days late are counted from the due date."""
    rows = list(watched)
    if not rows:
        return Habits(EARLIEST, (), tuple(Moved(name, 0, 0, None) for name, *_ in _ranges(buckets, 0)))
    last = max(row.end for row in rows)
    size = last - EARLIEST + 2
    came, went, paid = [0] * size, [0] * size, [0] * size
    for row in rows:
        start, end = max(row.start, EARLIEST) - EARLIEST, max(row.end, EARLIEST) - EARLIEST
        came[min(start, end)] += row.count
        went[end + 1] += row.count
        paid[end] += row.count if row.paid else 0
    at_risk, risk = [0] * size, 0
    for day in range(size):
        risk += came[day] - went[day]
        at_risk[day] = risk
    unpaid: list[float] = []
    moved: list[Moved] = []
    share = 1.0
    for name, low, high in _ranges(buckets, last):
        days = range(low - EARLIEST, high - EARLIEST + 1)
        seen, were_paid = sum(at_risk[day] for day in days), sum(paid[day] for day in days)
        mean = were_paid / seen if seen else 0.0
        before = share
        watched_well = max((at_risk[day] for day in days), default=0) >= _FEWEST
        for day in days:
            own = watched_well and at_risk[day] >= _ALONE
            share *= 1 - (paid[day] / at_risk[day] if own else mean)
            unpaid.append(share)
        reached = at_risk[days[0]] + sum(came[day] for day in days[1:]) if days else 0
        moved.append(Moved(name, reached, were_paid, 1 - share / before if seen and before else None))
    return Habits(EARLIEST, tuple(unpaid), tuple(moved))


def _ranges(buckets: Buckets, last: int) -> Iterator[tuple[str, int, int]]:
    """Each bucket as days late that were seen: (name, first, last); `last` ends the open one."""
    yield CURRENT, EARLIEST, min(max(buckets[0][0], 1) - 1, last)
    for low, high in buckets:
        low = max(low, 1)
        end = last if high is None else min(high, last)
        yield (f"{low}+" if high is None else f"{low}-{high}"), low, end


class History(msgspec.Struct, frozen=True):
    """Payers drawn from what was measured, by portfolio (id). One seed pays alike, whatever is said."""

    habits: dict[int, Habits]
    seed: int

    def news(self, facts: Facts, now: datetime, until: datetime) -> Iterator[Received]:
        """What is paid of each loan of a case that leads it, the oldest first, by day.

        What comes in on a day is known when the day is over, as a nightly feed tells it.
        """
        habits = self.habits.get(facts.portfolio)
        if habits is None:
            return
        for loan in facts.loans:
            if not loan.leads or loan.status != "active":
                continue
            start = local_day(now, loan.zone)
            for unpaid in loan.unpaid:
                day = habits.paid_on(unpaid.due, start, self._draw(unpaid.installment))
                if day is None:
                    break
                known = day_start(day + DAY, loan.zone)
                if known > until:
                    break
                yield Received(known, day, loan.id, unpaid.installment)
                start = day

    def _draw(self, installment: int) -> float:
        drawn = sha256(f"{self.seed}:{installment}".encode()).digest()
        return int.from_bytes(drawn[:6]) / 2**48
