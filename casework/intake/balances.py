"""Balances of the loans whose money a tape moved: allocated by the ledger, loan by loan."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from casework.portfolios import PortfolioSpec, terms_of
from ledger.allocate import Payment, Reversal, allocate
from ledger.schedule import Installment
from ledger.terms import Terms
from storage.intake import balances
from storage.raw import Raw

_BATCH: Final = 5_000


async def allocate_moved(raw: Raw, portfolios: Mapping[int, PortfolioSpec]) -> int:
    """Allocate anew whatever moved and hold the result to be written; how many loans.

    Two streams in the order of loans are walked side by side: schedules, and payments.
    """
    await balances.find_moved(raw)
    terms: dict[tuple[int, str], Terms] = {}
    received = _Payments(balances.payments(raw))
    await received.begin()
    allocations: list[tuple[object, ...]] = []
    credits: list[tuple[object, ...]] = []
    count = 0
    async for loan, portfolio, currency, schedule in _schedules(balances.schedules(raw)):
        count += 1
        paid = await received.of(loan)
        if not paid:
            continue
        counted_by = terms.get((portfolio, currency))
        if counted_by is None:
            counted_by = terms[portfolio, currency] = terms_of(portfolios[portfolio], currency)
        made = allocate(counted_by, schedule, paid)
        allocations += [
            (loan, one.payment, one.installment, one.penalties, one.fees, one.interest, one.principal)
            for one in made.allocations
        ]
        if made.credit:
            credits.append((loan, made.credit))
        if len(allocations) >= _BATCH:
            await balances.hold(raw, allocations, credits)
            allocations, credits = [], []
    await balances.hold(raw, allocations, credits)
    return count


async def _schedules(rows: AsyncIterator[Any]) -> AsyncIterator[tuple[int, int, str, list[Installment]]]:
    """(loan, portfolio, currency, its installments), one loan after the other."""
    loan: int | None = None
    portfolio, currency = 0, ""
    schedule: list[Installment] = []
    async for of, in_portfolio, in_currency, key, due, penalties, fees, interest, principal in rows:
        if of != loan:
            if loan is not None:
                yield loan, portfolio, currency, schedule
            loan, portfolio, currency, schedule = of, in_portfolio, in_currency, []
        schedule.append(Installment(key, due, penalties, fees, interest, principal))
    if loan is not None:
        yield loan, portfolio, currency, schedule


class _Payments:
    """The stream of payments, asked for one loan after the other in the order of their ids."""

    def __init__(self, rows: AsyncIterator[Any]) -> None:
        self._rows = rows
        self._next: Any = None

    async def begin(self) -> None:
        self._next = await anext(self._rows, None)

    async def of(self, loan: int) -> list[Payment | Reversal]:
        """The payments of `loan`, in order of date."""
        found: list[Payment | Reversal] = []
        while self._next is not None and self._next[0] <= loan:
            of, key, received_on, amount, installment, reverses = self._next
            if of == loan:
                found.append(
                    Payment(key, received_on, amount, installment)
                    if reverses is None
                    else Reversal(key, received_on, reverses)
                )
            self._next = await anext(self._rows, None)
        return found
