"""The book in figures: loans, arrears, outstanding and buckets, as of a date.

Which loans count: all that were made by the date, except those recalled or sold, which are no longer ours.
The record does not say when a status was reached, so the status of today decides, also for an earlier date.
Closed and written-off loans count, with whatever the ledger leaves unpaid: a status never makes a balance.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

import msgspec

from casework.errors import NotFoundError
from casework.insight.ledgers import payment_of, schedule_row
from casework.insight.snapshot import snapshot
from casework.office import Office
from casework.portfolios import PortfolioSpec, spec_of, terms_of
from casework.staff.rights import Action, Actor, require
from ledger.allocate import allocate
from ledger.money import format_major
from ledger.standing import CURRENT, Unpaid, standing, unpaid_of
from ledger.terms import Terms
from policy.calendar import local_day
from storage.insight.book import (
    count_borrowers,
    count_loans,
    loans_after,
    paid_later,
    payments_of,
    schedules_of,
    unpaid_between,
)
from storage.portfolios import all_portfolios
from storage.raw import Raw

BATCH = 5_000

Amounts = dict[str, int]  # currency -> minor units


class BucketFigures(msgspec.Struct):
    """The loans of one bucket."""

    loans: int = 0
    arrears: Amounts = msgspec.field(default_factory=lambda: defaultdict[str, int](int))
    outstanding: Amounts = msgspec.field(default_factory=lambda: defaultdict[str, int](int))


class BookFigures(msgspec.Struct):
    """The book as of a date (None: today). Amounts in minor units by currency."""

    as_of: date | None
    loans: int = 0
    borrowers: int = 0
    loans_in_arrears: int = 0
    arrears: Amounts = msgspec.field(default_factory=lambda: defaultdict[str, int](int))
    outstanding: Amounts = msgspec.field(default_factory=lambda: defaultdict[str, int](int))
    credit: Amounts = msgspec.field(default_factory=lambda: defaultdict[str, int](int))
    buckets: dict[str, BucketFigures] = msgspec.field(default_factory=dict[str, BucketFigures])

    def document(self) -> dict[str, Any]:
        """As SURFACE.md gives it: amounts as text in major units, buckets from current to worst."""
        ordered = sorted(self.buckets.items(), key=lambda row: _first_day(row[0]))
        return {
            "as_of": self.as_of,
            "loans": self.loans,
            "borrowers": self.borrowers,
            "loans_in_arrears": self.loans_in_arrears,
            "arrears": _major(self.arrears),
            "outstanding": _major(self.outstanding),
            "credit": _major(self.credit),
            "by_bucket": [
                {
                    "bucket": name,
                    "loans": row.loans,
                    "arrears": _major(row.arrears),
                    "outstanding": _major(row.outstanding),
                }
                for name, row in ordered
            ],
        }


async def portfolio(
    office: Office,
    actor: Actor,
    now: datetime,
    as_of: date | None = None,
    code: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> BookFigures:
    """The figures as of the end of `as_of` (None: today in each loan's zone, at `now`).

    Of one portfolio (`code`) or all. `progress(done, of)` counts loans. Raises Denied, and NotFoundError
    for a code that is no portfolio's.
    """
    require(actor, Action.SEE_PORTFOLIO, code)
    found = BookFigures(as_of)
    async with snapshot(office) as raw:
        specs = {row.id: spec_of(row) for row in await all_portfolios(raw)}
        only = _id_of(specs, code)
        reader = _Reader(raw, specs, now, as_of)
        total = await count_loans(raw)
        after = 0
        while True:
            batch = await loans_after(raw, only, as_of, now, after, BATCH)
            if not batch:
                break
            await reader.add(found, batch, after)
            after = batch[-1][0]
            if progress:
                progress(found.loans, total)
        found.borrowers = await count_borrowers(raw, only, as_of, now)
    return found


class _Reader:
    """Reads batches of loans and adds them up, each by the terms of its portfolio."""

    def __init__(
        self, raw: Raw, specs: Mapping[int, PortfolioSpec], now: datetime, as_of: date | None
    ) -> None:
        self.raw, self.now, self.as_of = raw, now, as_of

        @cache
        def terms(portfolio: int, currency: str) -> Terms:
            return terms_of(specs[portfolio], currency)

        self.terms = terms

    async def add(self, found: BookFigures, batch: list[Any], after: int) -> None:
        through = batch[-1][0]
        unpaid: dict[int, list[Unpaid]] = defaultdict(list)
        for loan, installment, due, left in await unpaid_between(self.raw, after, through):
            unpaid[loan].append(Unpaid(installment, due, left))
        ours = {row[0]: row for row in batch}
        later = await paid_later(self.raw, after, through, self.as_of, self.now)
        anew = await self._as_it_was([ours[loan] for loan in later if loan in ours])
        for loan, portfolio, currency, zone, credit in batch:
            day = self.as_of or local_day(self.now, zone)
            if loan in anew:
                left, credit = anew[loan]
            else:
                left = unpaid.get(loan, ())
            self._count(found, self.terms(portfolio, currency), currency, left, credit, day)

    async def _as_it_was(self, loans: Iterable[Any]) -> dict[int, tuple[tuple[Unpaid, ...], int]]:
        """What was left, and the credit, of loans whose stored balances hold later payments."""
        heads = {row[0]: row for row in loans}
        if not heads:
            return {}
        schedules: dict[int, list[Any]] = defaultdict(list)
        payments: dict[int, list[Any]] = defaultdict(list)
        for loan, *row in await schedules_of(self.raw, list(heads)):
            schedules[loan].append(schedule_row(row))
        for loan, *row in await payments_of(self.raw, list(heads)):
            payments[loan].append(payment_of(row))
        found: dict[int, tuple[tuple[Unpaid, ...], int]] = {}
        for loan, (_, portfolio, currency, zone, _) in heads.items():
            day = self.as_of or local_day(self.now, zone)
            spread = allocate(self.terms(portfolio, currency), schedules[loan], payments[loan], day)
            found[loan] = unpaid_of(schedules[loan], spread), spread.credit
        return found

    def _count(
        self,
        found: BookFigures,
        terms: Terms,
        currency: str,
        unpaid: list[Unpaid] | tuple[Unpaid, ...],
        credit: int,
        day: date,
    ) -> None:
        found.loans += 1
        stands = standing(unpaid, terms, day) if unpaid else None
        name = stands.bucket if stands else CURRENT
        bucket = found.buckets.get(name)
        if bucket is None:
            bucket = found.buckets[name] = BucketFigures()
        bucket.loans += 1
        if credit:
            found.credit[currency] += credit
        if stands is None:
            return
        outstanding = sum([row.left for row in unpaid])
        found.outstanding[currency] += outstanding
        bucket.outstanding[currency] += outstanding
        if stands.arrears:
            found.loans_in_arrears += 1
            found.arrears[currency] += stands.arrears
            bucket.arrears[currency] += stands.arrears


def _id_of(specs: Mapping[int, PortfolioSpec], code: str | None) -> int | None:
    if code is None:
        return None
    ids = {spec.portfolio: id_ for id_, spec in specs.items()}
    if code not in ids:
        known = ", ".join(sorted(ids)) or "none yet"
        raise NotFoundError(
            f"there is no portfolio {code!r}; there are: {known}",
            field="code",
            wrong="there is no such portfolio",
        )
    return ids[code]


def _major(amounts: Amounts) -> dict[str, str]:
    return {currency: format_major(minor, currency) for currency, minor in sorted(amounts.items())}


def _first_day(bucket: str) -> int:
    """ "current" before "1-30" before "91+"."""
    return 0 if bucket == CURRENT else int(bucket.partition("-")[0].rstrip("+"))
