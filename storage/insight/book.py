"""The book as of a date, read in ranges of loan ids, so that memory does not grow with the book."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from storage.raw import Raw

# What was recalled or sold is nobody's business here any more; everything else is what its ledger says.
_OURS: Final = """
l.status NOT IN ('recalled', 'sold') AND ($1::bigint IS NULL OR l.portfolio_id = $1)
AND l.made_on <= coalesce($2::date, ($3::timestamptz AT TIME ZONE l.zone)::date)
"""
_LOANS: Final = (
    "SELECT l.id, l.portfolio_id, l.currency, l.zone, l.credit_minor FROM loans l WHERE "  # noqa: S608
    + _OURS
    + "AND l.id > $4 ORDER BY l.id LIMIT $5"
)
_BORROWERS: Final = (
    "SELECT count(DISTINCT p.person_id) FROM parties p JOIN loans l ON l.id = p.loan_id "  # noqa: S608
    "WHERE p.role = 'borrower' AND " + _OURS
)
_UNPAID: Final = """
SELECT loan_id, id, due_on, left_minor FROM installments
WHERE loan_id > $1 AND loan_id <= $2 AND left_minor > 0 ORDER BY loan_id, due_on, number, id
"""
# Loans whose stored balances know more than the date does: a payment, or its reversal, that came later.
_LATER: Final = """
SELECT DISTINCT p.loan_id FROM payments p JOIN loans l ON l.id = p.loan_id
WHERE p.loan_id > $1 AND p.loan_id <= $2
  AND p.received_on > coalesce($3::date, ($4::timestamptz AT TIME ZONE l.zone)::date)
"""
_SCHEDULES: Final = """
SELECT loan_id, id, due_on, penalties_minor, fees_minor, interest_minor, principal_minor FROM installments
WHERE loan_id = ANY($1) ORDER BY loan_id, due_on, number, id
"""
_PAYMENTS: Final = """
SELECT loan_id, id, received_on, amount_minor, installment_id, reverses_id FROM payments
WHERE loan_id = ANY($1) ORDER BY loan_id, received_on, id
"""


async def count_loans(raw: Raw) -> int:
    """How many loans there are of any kind: what a progress bar counts towards."""
    return await raw.value("SELECT count(*) FROM loans")


async def count_borrowers(raw: Raw, portfolio: int | None, on: date | None, now: datetime) -> int:
    """Persons who are the borrower of a loan that counts."""
    return await raw.value(_BORROWERS, portfolio, on, now)


async def loans_after(
    raw: Raw, portfolio: int | None, on: date | None, now: datetime, after: int, limit: int
) -> list[Any]:
    """(id, portfolio, currency, zone, credit) of the next loans that count, by id.

    `on` is the date of the view; None: today, in each loan's own zone, at `now`.
    """
    return await raw.rows(_LOANS, portfolio, on, now, after, limit)


async def unpaid_between(raw: Raw, after: int, through: int) -> list[Any]:
    """(loan, installment, due, left) of all that is unpaid by the stored balances, by loan and due date."""
    return await raw.rows(_UNPAID, after, through)


async def paid_later(raw: Raw, after: int, through: int, on: date | None, now: datetime) -> list[int]:
    """Loans that have received, or had to give back, something after the date of the view."""
    return [row[0] for row in await raw.rows(_LATER, after, through, on, now)]


async def schedules_of(raw: Raw, loans: Sequence[int]) -> list[Any]:
    """(loan, id, due, penalties, fees, interest, principal) by loan and due date."""
    return await raw.rows(_SCHEDULES, loans)


async def payments_of(raw: Raw, loans: Sequence[int]) -> list[Any]:
    """(loan, id, received_on, amount, installment, reverses) by loan, in the order they are applied."""
    return await raw.rows(_PAYMENTS, loans)
