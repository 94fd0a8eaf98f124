"""Schedules derived from the row of a loan, where the tape gives only their outline."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

from casework.intake.cells import Cells, Row
from casework.intake.mapping import SchedulePart
from ledger.errors import LedgerInputError
from ledger.schedule import Every, Installment, annuity, due_dates, flat

_MOST: Final = 600
_YEAR: Final = {"months": Decimal(12), "weeks": Decimal(365) / 7, "days": Decimal(365)}

Derive = Callable[[Row, str | None, int | None], Sequence[Installment]]


def deriver(part: SchedulePart, cells: Cells) -> Derive:
    """A function of row, currency and principal (None where the tape has none) to its installments.

    It raises CellError for a cell, ValueError for figures that make no schedule.
    """
    later = part.first_due.plus_months if part.unit == "months" else 0
    anchor = part.first_due.model_copy(update={"plus_months": 0}) if later else part.first_due
    count = cells.needed(part.count, cells.whole(part.count, part.unit), "the number of installments")
    first_due = cells.needed(part.first_due, cells.day(anchor), "the first due date")
    total, each, rate = cells.amount(part.total), cells.amount(part.each), cells.percent(part.rate)
    every, step = part.unit, part.every

    def derive(row: Row, currency: str | None, principal: int | None) -> Sequence[Installment]:
        n, start = count(row), first_due(row)
        if not 1 <= n <= _MOST:
            raise ValueError(f"{n} installments make no schedule: 1 to {_MOST}")
        try:
            made = schedule(row, currency, principal, n, start)
            if not later:
                return made
            # Begun some months after a day it keeps that day: 31 January, 28 February, 31 March.
            dues = due_dates(later + (n - 1) * step + 1, start)[later::step]
            return [msgspec.structs.replace(one, due=due) for one, due in zip(made, dues, strict=True)]
        except LedgerInputError as error:
            raise ValueError(str(error)) from None

    def schedule(
        row: Row, currency: str | None, principal: int | None, n: int, start: date
    ) -> Sequence[Installment]:
        if part.kind in ("equal", "given"):
            amount = total(row, currency) if part.kind == "equal" else each(row, currency)
            if amount is None or amount < 0:
                raise ValueError("the total of the schedule is empty or below zero")
            whole = amount if part.kind == "equal" else amount * n
            return in_parts(whole, principal, n, start, every, step)
        yearly = rate(row)
        if yearly is None or principal is None or principal < 0:
            raise ValueError(f"a schedule of kind {part.kind} needs a principal and a rate")
        if part.kind == "annuity":
            return annuity(principal, yearly, n, start, every, step)
        interest = principal * yearly * n * step / _YEAR[every]
        return flat(principal, int(interest.to_integral_value(ROUND_HALF_UP)), n, start, every, step)

    return derive


def in_parts(
    total: int, principal: int | None, n: int, first_due: date, every: Every, step: int
) -> tuple[Installment, ...]:
    """`total` in `n` equal parts, the remainder on the last, in minor units.

    Each holds its share of the principal (all of it, where none is known or it is more than the total); the
    rest of it is interest. No share is below zero.
    """
    part = total // n
    owed = total if principal is None or principal > total else principal
    dues = due_dates(n, first_due, every, step)
    rows: list[Installment] = []
    sum_before = owed_before = 0
    for number, due in enumerate(dues, 1):
        amount = part if number < n else total - sum_before
        sum_before += amount
        # Shares of the running total, rounded down, never grow by more than the amount they are shares of.
        owed_now = owed * sum_before // total if total else 0
        share = owed_now - owed_before
        owed_before = owed_now
        rows.append(Installment(number, due, 0, 0, amount - share, share))
    return tuple(rows)
