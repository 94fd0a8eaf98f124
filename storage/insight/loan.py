"""One loan with what is on record about it, without a name or an address."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from storage.raw import Raw

EVER: Final = datetime.max.replace(tzinfo=UTC)  # known at that moment: whatever is on record

_LOANS: Final = """
SELECT l.id, l.source, l.external_id, l.portfolio_id, l.product, l.currency, l.principal_minor, l.made_on,
       l.status, l.zone, l.core_outstanding_minor, l.core_dpd, l.governed_since
FROM loans l WHERE l.external_id = $1 AND ($2::text IS NULL OR l.source = $2) ORDER BY l.source
"""
# As it was known at $2: the version that held then, else (it has not changed since) the row itself.
_INSTALLMENTS: Final = """
SELECT e.id, e.external_id, coalesce(v.number, e.number) AS number, coalesce(v.due_on, e.due_on) AS due_on,
       coalesce(v.penalties_minor, e.penalties_minor) AS penalties_minor,
       coalesce(v.fees_minor, e.fees_minor) AS fees_minor,
       coalesce(v.interest_minor, e.interest_minor) AS interest_minor,
       coalesce(v.principal_minor, e.principal_minor) AS principal_minor
FROM installments e LEFT JOIN LATERAL (
  SELECT * FROM installment_versions v WHERE v.installment_id = e.id AND v.until > $2 ORDER BY v.until LIMIT 1
) v ON true
WHERE e.loan_id = $1
  AND (v.id IS NULL OR v.penalties_minor + v.fees_minor + v.interest_minor + v.principal_minor > 0)
ORDER BY 4, 3, 1
"""
_PAYMENTS: Final = """
SELECT e.id, e.external_id, coalesce(v.received_on, e.received_on) AS received_on,
       coalesce(v.amount_minor, e.amount_minor) AS amount_minor, e.installment_id, e.reverses_id
FROM payments e LEFT JOIN LATERAL (
  SELECT * FROM payment_versions v WHERE v.payment_id = e.id AND v.until > $2 ORDER BY v.until LIMIT 1
) v ON true
WHERE e.loan_id = $1 AND e.recorded_at <= $2 ORDER BY 3, e.id
"""
_CASES: Final = """
SELECT c.id AS "case", p.external_id AS borrower, pa.role, c.opened_at, c.next_look_at, c.looked_through
FROM parties pa JOIN cases c ON c.id = pa.case_id JOIN persons p ON p.id = pa.person_id
WHERE pa.loan_id = $1 ORDER BY pa.role <> 'borrower', c.id
"""
_HOLDS: Final = """
SELECT h.kind, h.loan_id IS NULL AS of_person, h.starts_at AS "from", h.ends_at AS "to" FROM holds h
WHERE (h.loan_id = $1
       OR h.loan_id IS NULL AND h.person_id IN (
            SELECT person_id FROM parties WHERE loan_id = $1
            UNION SELECT s.other_id FROM parties pa JOIN same_persons s ON s.person_id = pa.person_id
                  AND s.ended_at IS NULL WHERE pa.loan_id = $1))
  AND h.starts_at < $2 AND (h.ends_at IS NULL OR h.ends_at > $2)
ORDER BY h.starts_at, h.id
"""
_CONTACTS: Final = """
SELECT c.id AS contact, p.external_id AS borrower, c.channel, c.state, c.code, m.step, c.planned_at,
       c.not_before, c.sent_at, c.settled_at
FROM contacts c JOIN messages m ON m.id = c.message_id JOIN persons p ON p.id = c.person_id
WHERE c.message_id IN (SELECT o.message_id FROM occurrences o
                       WHERE o.loan_id = $1 AND o.case_id = ANY($2) AND o.message_id IS NOT NULL)
  AND c.planned_at < $3
ORDER BY c.planned_at, c.id
"""
_TASKS: Final = """
SELECT id AS task, kind, state, opened_at, finish_by FROM tasks
WHERE loan_id = $1 AND case_id = ANY($2) AND opened_at < $3 ORDER BY id
"""


async def loans_named(raw: Raw, external_id: str, source: str | None) -> list[Any]:
    """The loans of that id, one a source."""
    return await raw.rows(_LOANS, external_id, source)


async def installments_of(raw: Raw, loan: int, known_at: datetime = EVER) -> list[Any]:
    """(id, external_id, number, due_on, penalties, fees, interest, principal) by due date, as known then."""
    return await raw.rows(_INSTALLMENTS, loan, known_at)


async def payments_of(raw: Raw, loan: int, known_at: datetime = EVER) -> list[Any]:
    """(id, external_id, received_on, amount, installment, reverses) as applied, of those recorded by then."""
    return await raw.rows(_PAYMENTS, loan, known_at)


async def cases_of(raw: Raw, loan: int) -> list[Any]:
    """The case of each party, the borrower's first."""
    return await raw.rows(_CASES, loan)


async def holds_of(raw: Raw, loan: int, at: datetime) -> list[Any]:
    """Holds of the loan or of one of its parties that bind at `at`."""
    return await raw.rows(_HOLDS, loan, at)


async def contacts_of(raw: Raw, loan: int, cases: Sequence[int], until: datetime) -> list[Any]:
    """Contacts that spoke of the loan, or were to, planned before `until`."""
    return await raw.rows(_CONTACTS, loan, cases, until)


async def tasks_of(raw: Raw, loan: int, cases: Sequence[int], until: datetime) -> list[Any]:
    """Work for people about the loan, opened before `until`."""
    return await raw.rows(_TASKS, loan, cases, until)
