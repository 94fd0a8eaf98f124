"""The ledger as a patient clerk would keep it: cent by cent, day by day. Written apart from the real one,
from SURFACE.md alone, to be compared with it; slow on purpose."""

from collections.abc import Sequence
from datetime import date, timedelta

from ledger.allocate import Payment, Reversal
from ledger.schedule import Installment
from ledger.terms import Pause, Terms

ONE_DAY = timedelta(days=1)


class Clerk:
    """What a clerk's sheet shows at the end of a day."""

    def __init__(
        self,
        terms: Terms,
        schedule: Sequence[Installment],
        entries: Sequence[Payment | Reversal],
        pauses: Sequence[Pause],
        on: date,
    ) -> None:
        self.terms, self.pauses, self.on = terms, pauses, on
        self.due = {row.id: row.due for row in schedule}
        self.owed = {
            row.id: {part: getattr(row, part) for part in ("penalties", "fees", "interest", "principal")}
            for row in schedule
        }
        self.spread: dict[tuple[int, int, str], int] = {}
        self.credits: dict[int, int] = {}
        reversed_ids = {e.reverses for e in entries if isinstance(e, Reversal) and e.received_on <= on}
        counted = [
            (e.received_on, place, e)
            for place, e in enumerate(entries)
            if isinstance(e, Payment) and e.received_on <= on and e.id not in reversed_ids
        ]
        for _, _, payment in sorted(counted, key=lambda row: row[:2]):
            unpaid = [(self.due[number], number) for number in self.owed if self.left(number)]
            self.next = min([entry for entry in unpaid if entry[0] > payment.received_on], default=(on, -1))[
                1
            ]
            for _ in range(payment.amount):
                self._apply_one_cent(payment)

    def _apply_one_cent(self, payment: Payment) -> None:
        unpaid = [(self.due[number], number) for number, parts in self.owed.items() if any(parts.values())]
        if not unpaid:
            self.credits[payment.id] = self.credits.get(payment.id, 0) + 1
            return
        number, part = self._next_part(payment, unpaid)
        parts = self.owed[number]
        parts[part] -= 1
        key = (payment.id, number, part)
        self.spread[key] = self.spread.get(key, 0) + 1

    def _next_part(self, payment: Payment, unpaid: list[tuple[date, int]]) -> tuple[int, str]:
        """Where the next cent goes: (installment, component)."""
        due = [entry for entry in sorted(unpaid) if entry[0] <= payment.received_on]
        if any(number == payment.installment for _, number in unpaid):
            number = payment.installment
        elif due and self.terms.spread == "by_component":
            return next(
                (number, part)
                for part in self.terms.allocation
                for _, number in due
                if self.owed[number][part]
            )
        elif due or self.terms.prepayment == "next":
            number = min(unpaid)[1]
        else:  # the next one as it was when this payment came, then from the last back
            number = self.next if self.left(self.next) else max(unpaid)[1]
        return number, next(part for part in self.terms.allocation if self.owed[number][part])

    def left(self, number: int) -> int:
        return sum(self.owed[number].values())

    def dpd(self, number: int) -> int:
        if self.left(number) <= self.terms.tolerance:
            return 0
        day, count = self.due[number], 1 if self.terms.dpd_starts == "on_due" else 0
        if day > self.on:
            return 0
        while day < self.on:
            day, count = day + ONE_DAY, count + 1
        return count

    def arrears(self) -> int:
        return sum(self.left(number) for number in self.due if self.dpd(number) >= 1)

    def loan_dpd(self) -> int:
        return max((self.dpd(number) for number in self.due), default=0)

    def delinquent_days(self) -> int:
        late = [(self.due[number], number) for number in self.due if self.dpd(number) >= 1]
        if not late:
            return 0
        day, paused = min(late)[0] + ONE_DAY, 0
        while day <= self.on:
            paused += any(pause.start < day <= pause.end for pause in self.pauses)
            day += ONE_DAY
        return max(0, self.loan_dpd() - self.terms.grace_days - paused)

    def bucket(self, days: int) -> str:
        for low, high in self.terms.buckets:
            if days >= low and (high is None or days <= high):
                return f"{low}+" if high is None else f"{low}-{high}"
        return "current"
