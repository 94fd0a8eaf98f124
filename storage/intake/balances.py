"""What the ledger needs to allocate anew, loan by loan, and where what it made waits to be written."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from storage.raw import Raw

ALLOCATIONS: Final = ("loan_id", "payment_id", "installment_id", "penalties", "fees", "interest", "principal")

# Loans whose money changed: new ones with payments, known ones with a new, changed
# or withdrawn installment or payment.
_CHANGED: Final = """
CREATE TEMP TABLE i_moved ON COMMIT DROP AS
SELECT l.id, l.known_id IS NOT NULL AS known, l.currency, l.portfolio_id
FROM i_loans l
WHERE NOT l.bad AND (
  EXISTS (SELECT 1 FROM i_payments p
          WHERE p.loan_id = l.id AND p.n = 1 AND p.known_digest IS DISTINCT FROM p.digest)
  OR l.known_id IS NOT NULL
     AND EXISTS (SELECT 1 FROM i_installments t
                 WHERE t.loan_id = l.id AND t.n = 1 AND t.known_digest IS DISTINCT FROM t.digest)
  OR l.id IN (SELECT loan_id FROM i_withdrawn));
ANALYZE i_moved;
CREATE TEMP TABLE i_allocations (
    loan_id bigint NOT NULL, payment_id bigint NOT NULL, installment_id bigint NOT NULL,
    penalties bigint NOT NULL, fees bigint NOT NULL, interest bigint NOT NULL, principal bigint NOT NULL
) ON COMMIT DROP;
CREATE TEMP TABLE i_credits (loan_id bigint NOT NULL, credit bigint NOT NULL) ON COMMIT DROP;
"""
_SCHEDULES: Final = """
SELECT loan_id, portfolio_id, currency, id, due_on, penalties, fees, interest, principal
FROM (
  SELECT t.loan_id, m.portfolio_id, m.currency, t.id, t.due_on, t.penalties, t.fees, t.interest,
         t.principal, t.number
  FROM i_installments t JOIN i_moved m ON m.id = t.loan_id WHERE t.n = 1
  UNION ALL
  SELECT e.loan_id, m.portfolio_id, m.currency, e.id, e.due_on, e.penalties_minor * w.owed,
         e.fees_minor * w.owed, e.interest_minor * w.owed, e.principal_minor * w.owed, e.number
  FROM installments e JOIN i_moved m ON m.id = e.loan_id
  CROSS JOIN LATERAL (
    SELECT CASE WHEN EXISTS (SELECT 1 FROM i_withdrawn g WHERE g.id = e.id) THEN 0 ELSE 1 END AS owed) w
  WHERE m.known AND NOT EXISTS (SELECT 1 FROM i_installments t WHERE t.id = e.id)
) s ORDER BY loan_id, due_on, number, id
"""
_PAYMENTS: Final = """
SELECT loan_id, id, received_on, amount, installment_id, reverses_id
FROM (
  SELECT p.loan_id, p.id, p.received_on, p.amount, d.installment_id, p.reverses_id
  FROM i_payments p JOIN i_moved m ON m.id = p.loan_id LEFT JOIN i_directed d ON d.payment_id = p.id
  WHERE p.n = 1
  UNION ALL
  SELECT e.loan_id, e.id, e.received_on, e.amount_minor, e.installment_id, e.reverses_id
  FROM payments e JOIN i_moved m ON m.id = e.loan_id
  WHERE m.known AND NOT EXISTS (SELECT 1 FROM i_payments p WHERE p.id = e.id)
) s ORDER BY loan_id, received_on, id
"""


async def find_moved(raw: Raw) -> None:
    """Which loans' money changed: i_moved."""
    await raw.run(_CHANGED)


def schedules(raw: Raw) -> AsyncIterator[list[Any]]:
    """(loan, portfolio, currency, id, due, penalties, fees, interest, principal), loan by loan."""
    return raw.batches(_SCHEDULES)


def payments(raw: Raw) -> AsyncIterator[list[Any]]:
    """(loan, id, received_on, amount, installment, reverses), loan by loan, in order of date."""
    return raw.batches(_PAYMENTS)


async def hold(
    raw: Raw, allocations: Sequence[tuple[object, ...]], credits: Sequence[tuple[object, ...]]
) -> None:
    """Keep allocations (ALLOCATIONS) and credits (loan, amount) until they are written."""
    await raw.copy("i_allocations", ALLOCATIONS, allocations)
    await raw.copy("i_credits", ("loan_id", "credit"), credits)
