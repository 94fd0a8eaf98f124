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
    """Allocate anew whatever a tape moved and hold the result to be written; how many loans."""
    await balances.find_moved(raw)
    return await allocate_found(raw, portfolios)


async def allocate_found(raw: Raw, portfolios: Mapping[int, PortfolioSpec]) -> int:
    """Allocate the loans of i_moved and hold the result to be written; how many loans.

    Two streams in the order of loans are walked side by side: schedules, and payments.
    """
    terms: dict[tuple[int, str], Terms] = {}
    received = _Payments(balances.payments(raw))
    allocations: list[tuple[object, ...]] = []
    credits: list[tuple[object, ...]] = []
    count = 0
    async for loans in _schedules(balances.schedules(raw)):
        count += len(loans)
        if loans:
            await received.known_through(loans[-1][0])
        for loan, portfolio, currency, schedule in loans:
            paid = received.of(loan)
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


async def _schedules(
    batches: AsyncIterator[list[Any]],
) -> AsyncIterator[list[tuple[int, int, str, list[Installment]]]]:
    """(loan, portfolio, currency, its installments), one loan after the other, some hundred at a time."""
    loan: int | None = None
    schedule: list[Installment] = []
    begun: list[tuple[int, int, str, list[Installment]]] = []
    async for rows in batches:
        for of, portfolio, currency, key, due, penalties, fees, interest, principal in rows:
            if of != loan:
                loan, schedule = of, []
                begun.append((of, portfolio, currency, schedule))
            schedule.append(Installment(key, due, penalties, fees, interest, principal))
        yield begun[:-1]  # the last one may go on in the next batch
        begun = begun[-1:]
    yield begun


class _Payments:
    """The stream of payments, asked for loans in the order of their ids."""

    def __init__(self, batches: AsyncIterator[list[Any]]) -> None:
        self._batches = batches
        self._waiting: dict[int, list[Payment | Reversal]] = {}
        self._through = -1  # all payments of loans below are known
        self._ended = False

    async def known_through(self, loan: int) -> None:
        """Read on until every payment of `loan` is there."""
        while self._through <= loan and not self._ended:
            rows = await anext(self._batches, None)
            if rows is None:
                self._ended = True
                return
            for of, key, received_on, amount, installment, reverses in rows:
                self._waiting.setdefault(of, []).append(
                    Payment(key, received_on, amount, installment)
                    if reverses is None
                    else Reversal(key, received_on, reverses)
                )
            self._through = rows[-1][0]

    def of(self, loan: int) -> list[Payment | Reversal]:
        """The payments of `loan`, in order of date."""
        return self._waiting.pop(loan, [])
