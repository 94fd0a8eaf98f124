"""Installments, and schedules derived where a tape gives only their outline. Amounts are minor units."""

from calendar import monthrange
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Literal

import msgspec

from ledger.errors import LedgerInputError

Every = Literal["months", "weeks", "days"]

# Wide enough for any amount times any rate, and independent of the caller's own context.
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_YEAR = {
    "months": Decimal(1) / 12,
    "weeks": Decimal(7) / 365,
    "days": Decimal(1) / 365,
}  # one of each, in years


class Installment(msgspec.Struct, frozen=True, gc=False):
    """One scheduled amount: any integer key, the date it is due, its components (minor units, 0 or more)."""

    id: int
    due: date
    penalties: int
    fees: int
    interest: int
    principal: int

    @property
    def total(self) -> int:
        """All components together, in minor units."""
        return self.penalties + self.fees + self.interest + self.principal


def due_dates(n: int, first_due: date, every: Every = "months", step: int = 1) -> tuple[date, ...]:
    """`n` dates from `first_due`, `step` months, weeks or days apart (every two weeks: "weeks", 2).

    Months keep the day of `first_due` where the month has it, else take the month's last day:
    31 January, 28 February, 31 March. LedgerInputError when n or step is below 1 or the year 9999 is passed.
    """
    if n < 1 or step < 1:
        raise LedgerInputError(
            f"a schedule of {n} installments every {step} {every} is none: both must be 1 or more"
        )
    try:
        if every == "months":
            return tuple(_months_later(first_due, k * step) for k in range(n))
        days = step * 7 if every == "weeks" else step
        return tuple(first_due + timedelta(days=k * days) for k in range(n))
    except (OverflowError, ValueError):
        raise LedgerInputError(
            f"{n} installments every {step} {every} from {first_due} pass the year 9999"
        ) from None


def equal_parts(
    total: int, n: int, first_due: date, every: Every = "months", step: int = 1
) -> tuple[Installment, ...]:
    """`total` as the principal of `n` installments, numbered from 1: equal ones, the remainder on the
    last.
    """
    return flat(total, 0, n, first_due, every, step)


def flat(
    principal: int, interest_total: int, n: int, first_due: date, every: Every = "months", step: int = 1
) -> tuple[Installment, ...]:
    """Principal and a fixed interest, each in `n` equal parts with its remainder on the last installment."""
    _not_negative(principal=principal, interest=interest_total)
    dues = due_dates(n, first_due, every, step)
    return _numbered(dues, _parts(interest_total, n), _parts(principal, n))


def annuity(
    principal: int, yearly_rate: Decimal, n: int, first_due: date, every: Every = "months", step: int = 1
) -> tuple[Installment, ...]:
    """`n` equal payments of interest on what is left and of principal; the last one settles exactly.

    `yearly_rate` is nominal (Decimal("0.12") is 12% a year), spread evenly over periods: a month is a twelfth
    of a year, a week 7/365, a day 1/365. Payment and interest are rounded half up to the minor unit each
    period, so the last payment differs from the others by what the roundings add up to.
    """
    _not_negative(principal=principal)
    if not yearly_rate.is_finite() or yearly_rate < 0:
        raise LedgerInputError(f'yearly rate {yearly_rate} is none: 12% a year is written "0.12"')
    dues = due_dates(n, first_due, every, step)
    interests: list[int] = []
    principals: list[int] = []
    with localcontext(_EXACT):
        rate = yearly_rate * _YEAR[every] * step
        payment = _rounded(principal * rate / (1 - (1 + rate) ** -n) if rate else Decimal(principal) / n)
        left = principal
        for _ in range(n - 1):
            interest = _rounded(left * rate)
            part = min(max(payment - interest, 0), left)
            interests.append(interest)
            principals.append(part)
            left -= part
        interests.append(_rounded(left * rate))
        principals.append(left)
    return _numbered(dues, interests, principals)


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _parts(total: int, n: int) -> list[int]:
    part = total // n
    return [part] * (n - 1) + [total - part * (n - 1)]


def _rounded(amount: Decimal) -> int:
    return int(amount.to_integral_value())


def _not_negative(**amounts: int) -> None:
    for name, amount in amounts.items():
        if amount < 0:
            raise LedgerInputError(f"{name} of {amount} minor units is negative: it must be 0 or more")


def _numbered(dues: tuple[date, ...], interests: list[int], principals: list[int]) -> tuple[Installment, ...]:
    rows = zip(dues, interests, principals, strict=True)
    return tuple(Installment(k, due, 0, 0, interest, part) for k, (due, interest, part) in enumerate(rows, 1))
