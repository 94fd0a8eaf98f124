"""Cases found by whole values: a number, a loan, a borrower, a tag; by name by opening those in reach."""

from collections.abc import Sequence
from typing import Final

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw


class Found(msgspec.Struct, frozen=True):
    """A case that was found. `name` is opened."""

    case: int
    name: str | None


class Reach(msgspec.Struct, frozen=True):
    """Where somebody may look. `staff` None: every case of the portfolios; else their own, and nobody's."""

    portfolios: Sequence[int]
    staff: int | None


_WITHIN: Final = """
FROM cases c JOIN persons p ON p.id = c.person_id LEFT JOIN assignments a ON a.case_id = c.id
WHERE c.portfolio_id = ANY($1) AND ($2::bigint IS NULL OR a.staff_id IS NULL OR a.staff_id = $2)
"""
_BY: Final = {
    "phone": "EXISTS (SELECT 1 FROM addresses d WHERE d.person_id = p.id AND d.kind = 'phone' "
    "AND d.token = $3 AND d.state <> 'detached')",
    "loan": "EXISTS (SELECT 1 FROM parties pa JOIN loans l ON l.id = pa.loan_id WHERE pa.case_id = c.id "
    "AND l.external_id = $3)",
    "borrower": "p.external_id = $3",
    "tag": "EXISTS (SELECT 1 FROM parties pa JOIN loans l ON l.id = pa.loan_id WHERE pa.case_id = c.id "
    "AND l.tags @> ARRAY[$3])",
}


async def by(
    raw: Raw, keyring: Keyring, how: str, value: str | bytes, reach: Reach, limit: int
) -> list[Found]:
    """Cases by a whole value. `how`: phone (its token) | loan | borrower | tag."""
    rows = await raw.rows(
        f"SELECT c.id, p.id AS person, p.name {_WITHIN} AND {_BY[how]} ORDER BY c.id LIMIT $4",
        list(reach.portfolios),
        reach.staff,
        value,
        limit,
    )
    return [Found(case, _opened(keyring, person, name)) for case, person, name in rows]


async def by_name(raw: Raw, keyring: Keyring, words: Sequence[str], reach: Reach, limit: int) -> list[Found]:
    """Cases in whose person's name each of `words` (folded) begins a word, or stands where none is spaced."""
    found: list[Found] = []
    sql = f"SELECT c.id, p.id AS person, p.name {_WITHIN} AND p.name IS NOT NULL ORDER BY c.id"
    async for rows in raw.batches(sql, list(reach.portfolios), reach.staff):
        for case, person, name in rows:
            opened = keyring.open("persons", "name", person, name)
            if _is_called(opened.casefold(), words):
                found.append(Found(case, opened))
                if len(found) == limit:
                    return found
    return found


def _is_called(name: str, words: Sequence[str]) -> bool:
    parts = name.split()
    return all(
        any(part.startswith(word) for part in parts) or (not word.isascii() and word in name)
        for word in words
    )


def _opened(keyring: Keyring, person: int, name: bytes | None) -> str | None:
    return None if name is None else keyring.open("persons", "name", person, name)
