"""Rows of opt-outs and holds that were refused: kept aside, and the holds that stand for them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from storage.raw import Raw

KIND: Final = "refused_opt_out"

_COLUMNS: Final = ("id", "kind", "digest", "borrower", "loan", "cells", "came_at", "obeyed_at")
_ADD: Final = """
INSERT INTO refused_stops (id, kind, digest, borrower, loan, cells, came_at, obeyed_at)
SELECT DISTINCT ON (digest) * FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[], $5::text[],
  $6::bytea[], $7::timestamptz[], $8::timestamptz[])
  r(id, kind, digest, borrower, loan, cells, came_at, obeyed_at) ORDER BY digest, id
ON CONFLICT (digest) DO NOTHING RETURNING id
"""
_HOLD: Final = """
INSERT INTO holds (person_id, kind, starts_at, recorded_at, recorded_by)
SELECT person, $2, $3, $3, 'feed' FROM unnest($1::bigint[]) r(person)
WHERE NOT EXISTS (SELECT 1 FROM holds h WHERE h.person_id = person AND h.kind = $2 AND h.ends_at IS NULL)
ORDER BY person
"""
_WAITING: Final = """
SELECT id, kind, cells, came_at FROM refused_stops r
WHERE obeyed_at IS NULL
  AND (EXISTS (SELECT 1 FROM loans l WHERE l.external_id = r.loan)
       OR EXISTS (SELECT 1 FROM persons p WHERE p.external_id = r.borrower))
ORDER BY id
"""


class RefusedRow(msgspec.Struct, frozen=True):
    """A row as it stood (sealed), whom it names, and since when nothing more is to be done of it."""

    id: int
    kind: str
    digest: bytes
    borrower: str | None
    loan: str | None
    cells: bytes
    came_at: datetime
    obeyed_at: datetime | None


async def add(raw: Raw, rows: Sequence[RefusedRow]) -> list[int]:
    """Keep rows; the ids of those that had not come before."""
    columns = [[getattr(row, name) for row in rows] for name in _COLUMNS]
    return [row[0] for row in await raw.rows(_ADD, *columns)] if rows else []


async def hold(raw: Raw, persons: Iterable[int], now: datetime) -> None:
    """Hold these persons without an end, where such a hold does not stand already."""
    await raw.run(_HOLD, sorted(persons), KIND, now)


async def waiting(raw: Raw) -> list[Any]:
    """(id, kind, cells, came_at) of rows whose person, or loan, has come."""
    return await raw.rows(_WAITING)


async def obeyed(raw: Raw, ids: Sequence[int], now: datetime) -> None:
    """Nothing more is to be done of these."""
    await raw.run("UPDATE refused_stops SET obeyed_at = $2 WHERE id = ANY($1)", list(ids), now)
