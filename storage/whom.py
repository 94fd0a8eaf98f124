"""Somebody of the book who is asked or told about: their cases, and the loans of a case."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from storage.raw import Raw

_CASES: Final = """
SELECT c.id AS case_id, c.portfolio_id, p.id AS person_id, p.external_id AS borrower, p.source, p.language
FROM persons p JOIN cases c ON c.person_id = p.id
WHERE p.external_id = $1 AND ($2::text IS NULL OR p.source = $2) ORDER BY p.source, c.portfolio_id
"""
_CASE: Final = """
SELECT c.id AS case_id, c.portfolio_id, p.id AS person_id, p.external_id AS borrower, p.source, p.language
FROM cases c JOIN persons p ON p.id = c.person_id WHERE c.id = $1
"""
_LOANS: Final = """
SELECT l.id, l.external_id, pa.role, l.status, l.zone,
       (SELECT min(i.due_on) FROM installments i WHERE i.loan_id = l.id AND i.left_minor > 0) AS due
FROM parties pa JOIN loans l ON l.id = pa.loan_id WHERE pa.case_id = $1 ORDER BY l.id
"""


class CaseRow(msgspec.Struct, frozen=True):
    """A case, and whose it is."""

    case: int
    portfolio: int
    person: int
    borrower: str  # external id, of `source`
    source: str
    language: str | None


async def cases_of(raw: Raw, borrower: str, source: str | None) -> list[CaseRow]:
    """The cases of the persons of that external id, one a portfolio and source."""
    return [CaseRow(*row) for row in await raw.rows(_CASES, borrower, source)]


async def cases_in(raw: Raw, portfolio: int, after: int, limit: int) -> list[int]:
    """Cases of a portfolio by id, those after `after`."""
    sql = "SELECT id FROM cases WHERE portfolio_id = $1 AND id > $2 ORDER BY id LIMIT $3"
    return [row[0] for row in await raw.rows(sql, portfolio, after, limit)]


async def case_row(raw: Raw, case: int) -> CaseRow | None:
    """One case; None where there is none of that id."""
    rows = await raw.rows(_CASE, case)
    return CaseRow(*rows[0]) if rows else None


async def loans_of(raw: Raw, case: int) -> list[Any]:
    """(id, external_id, role, status, zone, due: of the oldest unpaid installment or null) of each loan."""
    return await raw.rows(_LOANS, case)


async def currencies_of(raw: Raw, case: int, loans: Sequence[int] = ()) -> list[str]:
    """The currencies of a case's loans, or of those of them that are named."""
    rows = await raw.rows(
        "SELECT DISTINCT l.currency FROM parties t JOIN loans l ON l.id = t.loan_id "
        "WHERE t.case_id = $1 AND (cardinality($2::bigint[]) = 0 OR l.id = ANY($2)) ORDER BY 1",
        case,
        list(loans),
    )
    return [row[0] for row in rows]
