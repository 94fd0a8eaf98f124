"""Pages of the book by id: loans, cases, contacts, promises; external ids, nothing of a person."""

from collections.abc import Sequence
from typing import Any, Final

from storage.raw import Raw

# $1 portfolios (null: all), $2 borrower, $3 loan, $4 state (each null: any), $5 after, $6 how many
_LOANS: Final = """
SELECT l.id, l.external_id AS loan, l.source, o.code AS portfolio, p.external_id AS borrower, l.product,
       l.currency, l.principal_minor AS principal, l.made_on, l.status,
       coalesce((SELECT sum(i.left_minor) FROM installments i WHERE i.loan_id = l.id), 0)::bigint
         AS outstanding,
       l.credit_minor AS credit,
       (SELECT min(i.due_on) FROM installments i WHERE i.loan_id = l.id AND i.left_minor > 0) AS next_due
FROM loans l JOIN portfolios o ON o.id = l.portfolio_id
LEFT JOIN parties t ON t.loan_id = l.id AND t.role = 'borrower' LEFT JOIN persons p ON p.id = t.person_id
WHERE ($1::bigint[] IS NULL OR l.portfolio_id = ANY($1)) AND ($2::text IS NULL OR p.external_id = $2)
  AND ($3::text IS NULL OR l.external_id = $3) AND ($4::text IS NULL OR l.status = $4) AND l.id > $5
ORDER BY l.id LIMIT $6
"""
_CASES: Final = """
SELECT c.id, o.code AS portfolio, p.external_id AS borrower, p.source, c.opened_at, c.next_look_at,
       ARRAY(SELECT l.external_id FROM parties t JOIN loans l ON l.id = t.loan_id
             WHERE t.case_id = c.id ORDER BY l.id) AS loans,
       (SELECT s.name FROM assignments a JOIN staff s ON s.id = a.staff_id WHERE a.case_id = c.id) AS owner
FROM cases c JOIN persons p ON p.id = c.person_id JOIN portfolios o ON o.id = c.portfolio_id
WHERE ($1::bigint[] IS NULL OR c.portfolio_id = ANY($1)) AND ($2::text IS NULL OR p.external_id = $2)
  AND ($3::text IS NULL OR EXISTS (SELECT 1 FROM parties t JOIN loans l ON l.id = t.loan_id
                                   WHERE t.case_id = c.id AND l.external_id = $3))
  AND $4::text IS NULL AND c.id > $5
ORDER BY c.id LIMIT $6
"""
_CONTACTS: Final = """
SELECT k.id, k.case_id AS "case", o.code AS portfolio, p.external_id AS borrower, p.source, k.channel,
       m.purpose, m.step, k.state, k.code, k.planned_at, k.sent_at, k.settled_at
FROM contacts k JOIN messages m ON m.id = k.message_id JOIN cases c ON c.id = k.case_id
JOIN persons p ON p.id = k.person_id JOIN portfolios o ON o.id = c.portfolio_id
WHERE ($1::bigint[] IS NULL OR c.portfolio_id = ANY($1)) AND ($2::text IS NULL OR p.external_id = $2)
  AND ($3::text IS NULL OR EXISTS (SELECT 1 FROM parties t JOIN loans l ON l.id = t.loan_id
                                   WHERE t.case_id = c.id AND l.external_id = $3))
  AND ($4::text IS NULL OR k.state = $4) AND k.id > $5
ORDER BY k.id LIMIT $6
"""
_PROMISES: Final = """
SELECT r.id, r.case_id AS "case", o.code AS portfolio, p.external_id AS borrower, p.source,
       min(l.currency) AS currency, r.amount_minor AS amount, r.made_at, r.due_on, r.last_on, r.state,
       r.settled_at, array_agg(l.external_id ORDER BY l.id) AS loans
FROM promises r JOIN cases c ON c.id = r.case_id JOIN persons p ON p.id = c.person_id
JOIN portfolios o ON o.id = c.portfolio_id JOIN promise_loans m ON m.promise_id = r.id
JOIN loans l ON l.id = m.loan_id
WHERE ($1::bigint[] IS NULL OR c.portfolio_id = ANY($1)) AND ($2::text IS NULL OR p.external_id = $2)
  AND ($3::text IS NULL OR EXISTS (SELECT 1 FROM promise_loans x JOIN loans y ON y.id = x.loan_id
                                   WHERE x.promise_id = r.id AND y.external_id = $3))
  AND ($4::text IS NULL OR r.state = $4) AND r.id > $5
GROUP BY r.id, o.code, p.external_id, p.source
ORDER BY r.id LIMIT $6
"""
_PAGES: Final = {"loans": _LOANS, "cases": _CASES, "contacts": _CONTACTS, "promises": _PROMISES}


async def page(
    raw: Raw,
    kind: str,
    portfolios: Sequence[int] | None,
    borrower: str | None,
    loan: str | None,
    state: str | None,
    after: int,
    limit: int,
) -> list[Any]:
    """The next rows of a kind (loans | cases | contacts | promises) after the id `after`."""
    wanted = None if portfolios is None else list(portfolios)
    return await raw.rows(_PAGES[kind], wanted, borrower, loan, state, after, limit)
