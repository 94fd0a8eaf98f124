"""Agreed plans: each a row, its payments promises."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from storage.raw import Raw

_PLANS: Final = """
SELECT p.id, p.case_id, p.agreed_at, p.agreed_by, p.approved_at, p.approved_by
FROM plans p WHERE p.case_id = $1 ORDER BY p.id
"""
_PAYMENTS: Final = """
SELECT r.plan_id, r.id, r.due_on, r.amount_minor, r.state, min(l.currency) AS currency
FROM promises r JOIN promise_loans m ON m.promise_id = r.id JOIN loans l ON l.id = m.loan_id
WHERE r.plan_id = ANY($1) GROUP BY r.id ORDER BY r.plan_id, r.due_on, r.id
"""
_RUNNING: Final = """
SELECT DISTINCT r.plan_id FROM promises r JOIN promise_loans m ON m.promise_id = r.id
WHERE m.loan_id = ANY($1) AND r.plan_id IS NOT NULL AND r.state = 'open' ORDER BY 1
"""
_WITHOUT_TERMS: Final = """
SELECT o.id FROM outcomes o
WHERE o.case_id = $1 AND o.id <> $2 AND o.code = 'plan_agreed' AND o.undone_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM approvals a WHERE a.kind = 'plan' AND (a.content->>'outcome')::bigint = o.id)
  AND EXISTS (SELECT 1 FROM hold_actions p JOIN holds h ON h.id = p.hold_id AND h.ends_at IS NULL
              WHERE p.outcome_id = o.id AND p.action = 'place')
ORDER BY o.id
"""


async def write_plan(
    raw: Raw, case: int, outcome: int, agreed_at: datetime, agreed_by: str, approved_at: datetime, by: str
) -> int:
    """Insert a plan; its id."""
    return await raw.value(
        "INSERT INTO plans (case_id, outcome_id, agreed_at, agreed_by, approved_at, approved_by) "
        "VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        case,
        outcome,
        agreed_at,
        agreed_by,
        approved_at,
        by,
    )


async def plans_of(raw: Raw, case: int) -> list[Any]:
    """id, case_id, agreed_at, agreed_by, approved_at, approved_by of the plans of a case."""
    return await raw.rows(_PLANS, case)


async def payments_of_plans(raw: Raw, plans: Sequence[int]) -> list[Any]:
    """plan_id, id, due_on, amount_minor, state, currency of their payments, by day."""
    return await raw.rows(_PAYMENTS, list(plans))


async def running(raw: Raw, loans: Sequence[int]) -> list[int]:
    """The plans with a payment still to come on one of `loans`."""
    return [row[0] for row in await raw.rows(_RUNNING, list(loans))]


async def close_work(raw: Raw, outcome: int, state: str, by: int | None = None) -> None:
    """End the work that an outcome opened: done | cancelled, `by` another outcome."""
    await raw.run(
        "UPDATE tasks SET state = $2, ended_outcome_id = $3 WHERE outcome_id = $1 AND state = 'open'",
        outcome,
        state,
        by,
    )


async def outstanding(raw: Raw, loans: Sequence[int]) -> int:
    """All that is unpaid of `loans`, in minor units."""
    return await raw.value(
        "SELECT coalesce(sum(left_minor), 0)::bigint FROM installments WHERE loan_id = ANY($1)", list(loans)
    )


async def unpaid_of(raw: Raw, loans: Sequence[int]) -> list[tuple[str, date, int]]:
    """(currency, due, minor units left) of what is unpaid on these loans, the oldest first."""
    rows = await raw.rows(
        "SELECT l.currency, i.due_on, i.left_minor FROM installments i JOIN loans l ON l.id = i.loan_id "
        "WHERE l.id = ANY($1) AND i.left_minor > 0 ORDER BY i.due_on, i.id",
        list(loans),
    )
    return [tuple(row) for row in rows]


async def without_terms(raw: Raw, case: int, but: int) -> list[int]:
    """The outcomes of a case, but one, that hold it for a plan of which nobody has entered the payments."""
    return [row[0] for row in await raw.rows(_WITHOUT_TERMS, case, but)]


async def withdraw(raw: Raw, outcome: int, by: str, at: datetime) -> None:
    """The question about the plan of an outcome waits no more: the outcome was taken back."""
    await raw.run(
        "UPDATE approvals SET state = 'superseded', decided_by = $2, decided_at = $3 "
        "WHERE kind = 'plan' AND state = 'waiting' AND (content->>'outcome')::bigint = $1",
        outcome,
        by,
        at,
    )
