"""Independent readings of the shared tapes: what their files say, with nothing of Kept's own code.

Slow and plain on purpose: a loan is its installments and its payments, and every figure is added up anew.
Amounts are minor units (cents, kobo).
"""

import csv
from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

SUPERLENDER = "superlender_ng/trainprevloans.csv"
CLARITYPAY = "claritypay_bnpl"

# What `gentle` says of an installment: days after its due date -> step.
GENTLE = {-3: "upcoming", 0: "due-today", 3: "late-3", 7: "late-7", 15: "late-15", 30: "call"}


@dataclass(frozen=True)
class Part:
    """One installment."""

    due: date
    amount: int


@dataclass(frozen=True)
class Paid:
    """One payment: of that installment, or (None) of the oldest unpaid ones."""

    on: date
    amount: int
    part: int | None = None


@dataclass
class Lent:
    """A loan as its file tells it."""

    loan: str
    borrower: str
    made_on: date
    parts: list[Part] = field(default_factory=list)
    payments: list[Paid] = field(default_factory=list)

    def left(self, as_of: date) -> list[int]:
        """What is unpaid of each installment, by the payments received by then."""
        left = [part.amount for part in self.parts]
        for paid in self.payments:
            if paid.on > as_of:
                continue
            amount = paid.amount
            order = range(len(left)) if paid.part is None else (paid.part,)
            for index in order:
                spent = min(amount, left[index])
                left[index] -= spent
                amount -= spent
            assert amount == 0, f"{self.loan}: the tapes hold no payment above what is due"
        return left

    def late(self, as_of: date) -> list[tuple[date, int]]:
        """The installments in arrears, each with what is left of it."""
        parts = zip(self.parts, self.left(as_of), strict=True)
        return [(part.due, left) for part, left in parts if left and part.due < as_of]

    def arrears(self, as_of: date) -> int:
        """What is past due and unpaid."""
        return sum(left for _, left in self.late(as_of))

    def days_late(self, as_of: date) -> int:
        """Since the due date of the oldest unpaid installment."""
        return max(((as_of - due).days for due, _ in self.late(as_of)), default=0)

    def bucket(self, as_of: date) -> str:
        """With the edges of a portfolio that names none."""
        days = self.days_late(as_of)
        if days == 0:
            return "current"
        return "1-30" if days <= 30 else "31-60" if days <= 60 else "61-90" if days <= 90 else "91+"

    def oldest(self, as_of: date) -> tuple[Part, int] | None:
        """The oldest unpaid installment, and what is left of it."""
        unpaid = [(part, left) for part, left in zip(self.parts, self.left(as_of), strict=True) if left]
        return min(unpaid, key=lambda one: one[0].due, default=None)


def superlender(shared_data: Path) -> list[Lent]:
    """15 and 30 days: one installment. 60 and 90: two or three monthly ones; the remainder is on the last.

    The first was paid on firstrepaiddate, the others on closeddate.
    """
    loans: list[Lent] = []
    with (shared_data / SUPERLENDER).open(newline="") as lines:
        for row in csv.DictReader(lines):
            total = _minor(row["totaldue"])
            count = {"15": 1, "30": 1, "60": 2, "90": 3}[row["termdays"]]
            each = total // count
            amounts = [each] * (count - 1) + [total - each * (count - 1)]
            first = _day(row["firstduedate"])
            lent = Lent(row["systemloanid"], row["customerid"], _day(row["approveddate"]))
            lent.parts = [Part(_months_later(first, n), amount) for n, amount in enumerate(amounts)]
            lent.payments = [Paid(_day(row["firstrepaiddate"]), amounts[0])]
            if count > 1:
                lent.payments.append(Paid(_day(row["closeddate"]), total - amounts[0]))
            loans.append(lent)
    return loans


def claritypay(shared_data: Path) -> list[Lent]:
    """Late fees are due with their installment; what was paid stands in the row of its installment."""
    folder = shared_data / CLARITYPAY
    loans: dict[str, Lent] = {}
    with (folder / "plans.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            loans[row["plan_id"]] = Lent(row["plan_id"], row["customer_id"], _day(row["created_at"]))
    with (folder / "installments.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            lent = loans[row["plan_id"]]
            if row["paid_date"]:
                paid = Paid(_day(row["paid_date"]), _minor(row["paid_amount_usd"]), len(lent.parts))
                lent.payments.append(paid)
            amount = _minor(row["amount_due_usd"]) + _minor(row["late_fee_usd"] or "0")
            lent.parts.append(Part(_day(row["due_date"]), amount))
    return list(loans.values())


def figures(loans: Iterable[Lent], as_of: date, currency: str) -> dict[str, object]:
    """The book as `kept portfolio --json` prints it: later loans and payments do not exist."""
    made = [lent for lent in loans if lent.made_on <= as_of]
    arrears: Counter[str] = Counter()
    outstanding: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for lent in made:
        bucket = lent.bucket(as_of)
        count[bucket] += 1
        arrears[bucket] += lent.arrears(as_of)
        outstanding[bucket] += sum(lent.left(as_of))
    return {
        "as_of": as_of.isoformat(),
        "loans": len(made),
        "borrowers": len({lent.borrower for lent in made}),
        "loans_in_arrears": len(made) - count["current"],
        "arrears": _amounts(arrears.total(), currency),
        "outstanding": _amounts(outstanding.total(), currency),
        "credit": {},
        "by_bucket": [
            {
                "bucket": bucket,
                "loans": count[bucket],
                "arrears": _amounts(arrears[bucket], currency),
                "outstanding": _amounts(outstanding[bucket], currency),
            }
            for bucket in ("current", "1-30", "31-60", "61-90", "91+")
            if count[bucket]
        ],
    }


@dataclass(frozen=True)
class Reminder:
    """A loan to be spoken of on a day: the step of `gentle`, and its oldest unpaid installment."""

    loan: str
    step: str
    due: date
    amount: int


def reminders(loans: Iterable[Lent], known_to: date, on: date) -> dict[str, list[Reminder]]:
    """By borrower: what `gentle` says on a day, by loans and payments known up to the end of another day."""
    found: dict[str, list[Reminder]] = defaultdict(list)
    for lent in loans:
        oldest = lent.oldest(known_to) if lent.made_on <= known_to else None
        if oldest is not None and (step := GENTLE.get((on - oldest[0].due).days)):
            found[lent.borrower].append(Reminder(lent.loan, step, oldest[0].due, oldest[1]))
    return dict(found)


def _amounts(minor: int, currency: str) -> dict[str, str]:
    return {currency: f"{minor // 100}.{minor % 100:02}"} if minor else {}


def _minor(text: str) -> int:
    minor = Decimal(text) * 100
    assert minor == minor.to_integral_value(), text
    return int(minor)


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))
