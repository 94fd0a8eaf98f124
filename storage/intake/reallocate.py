"""Loans that are allocated anew although no tape spoke of them: the terms of their portfolio changed."""

from datetime import datetime
from typing import Final

from storage.intake import staging
from storage.raw import Raw

# As a tape would leave them that says nothing: what balances.schedules and balances.payments read beside the
# book itself (storage/intake/balances.py).
_FOUND: Final = """
CREATE TEMP TABLE i_moved ON COMMIT DROP AS
SELECT l.id, true AS known, l.currency, l.portfolio_id FROM loans l
WHERE l.portfolio_id = {portfolio} AND EXISTS (SELECT 1 FROM payments p WHERE p.loan_id = l.id);
ANALYZE i_moved;
CREATE TEMP TABLE i_installments (
    id bigint, loan_id bigint, n int, number int, due_on date, penalties bigint, fees bigint, interest bigint,
    principal bigint
) ON COMMIT DROP;
CREATE TEMP TABLE i_payments (
    id bigint, loan_id bigint, n int, received_on date, amount bigint, reverses_id bigint
) ON COMMIT DROP;
CREATE TEMP TABLE i_directed (payment_id bigint, installment_id bigint) ON COMMIT DROP;
CREATE TEMP TABLE i_withdrawn (id bigint, loan_id bigint) ON COMMIT DROP;
CREATE TEMP TABLE i_allocations (
    loan_id bigint NOT NULL, payment_id bigint NOT NULL, installment_id bigint NOT NULL,
    penalties bigint NOT NULL, fees bigint NOT NULL, interest bigint NOT NULL, principal bigint NOT NULL
) ON COMMIT DROP;
CREATE TEMP TABLE i_credits (loan_id bigint NOT NULL, credit bigint NOT NULL) ON COMMIT DROP;
"""
_CHANGED: Final = """
ANALYZE i_allocations;
CREATE TEMP TABLE i_changed ON COMMIT DROP AS
SELECT DISTINCT loan_id FROM (
  (TABLE i_allocations EXCEPT {stands}) UNION ALL ({stands} EXCEPT TABLE i_allocations)
) differs;
ANALYZE i_changed;
"""
_STANDS: Final = """
SELECT a.loan_id, a.payment_id, a.installment_id, a.penalties_minor, a.fees_minor, a.interest_minor,
       a.principal_minor FROM allocations a JOIN i_moved m ON m.id = a.loan_id
"""
_WRITE: Final = """
DELETE FROM allocations a USING i_changed c WHERE a.loan_id = c.loan_id;
INSERT INTO allocations (loan_id, payment_id, installment_id, penalties_minor, fees_minor, interest_minor,
                         principal_minor)
SELECT a.* FROM i_allocations a JOIN i_changed USING (loan_id);
UPDATE installments e SET paid_minor = n.paid
FROM (SELECT i.id, coalesce(sum(a.penalties + a.fees + a.interest + a.principal), 0)::bigint AS paid
      FROM i_changed c JOIN installments i ON i.loan_id = c.loan_id
      LEFT JOIN i_allocations a ON a.installment_id = i.id GROUP BY i.id) n
WHERE e.id = n.id AND e.paid_minor <> n.paid;
UPDATE loans l SET credit_minor = n.credit
FROM (SELECT c.loan_id, coalesce(max(r.credit), 0) AS credit
      FROM i_changed c LEFT JOIN i_credits r USING (loan_id) GROUP BY c.loan_id) n
WHERE l.id = n.loan_id AND l.credit_minor <> n.credit;
"""
_TOUCH: Final = """
WITH chosen AS (
  SELECT id FROM cases WHERE id IN (SELECT p.case_id FROM parties p JOIN i_changed c USING (loan_id))
  ORDER BY id FOR NO KEY UPDATE
)
UPDATE cases c SET next_look_at = least(c.next_look_at, $1) FROM chosen WHERE chosen.id = c.id
"""


async def find(raw: Raw, portfolio: int) -> None:
    """The loans of a portfolio that something was paid on: i_moved. No import runs beside it."""
    await staging.alone(raw)
    await raw.run(_FOUND.format(portfolio=int(portfolio)))


async def write(raw: Raw, now: datetime) -> int:
    """Write those that are spread otherwise than they stand, and have their cases looked at; how many."""
    await raw.run(_CHANGED.format(stands=_STANDS))
    await raw.run(_WRITE)
    await raw.run(_TOUCH, now)
    return await raw.value("SELECT count(*) FROM i_changed")
