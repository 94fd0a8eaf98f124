"""Reading the audit record, newest first, a stretch of it at a time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from storage.raw import Raw


class Recorded(msgspec.Struct, frozen=True):
    """An event as it is stored. (xid, id) is its place in the record."""

    xid: int
    id: int
    at: datetime
    actor: str
    role: str
    action: str
    subject_kind: str | None
    subject_id: int | None
    data: Mapping[str, Any] | None


class Head(msgspec.Struct, frozen=True):
    """The last seal: through which event it reaches, and its hash in hexadecimal."""

    number: int
    hash: str
    sealed_at: datetime
    xid: int
    id: int


_STRETCH = """
SELECT xid::text::bigint, id, at, actor, role, action, subject_kind, subject_id, data::text FROM events
WHERE ($1::bigint IS NULL OR (xid, id) < (($1::bigint)::text::xid8, $2::bigint))
ORDER BY xid DESC, id DESC LIMIT $3
"""
_FITTING = f"""
WITH stretch AS MATERIALIZED ({_STRETCH})
(SELECT *, false FROM stretch WHERE ($4::text IS NULL OR actor = $4) AND ($5::text IS NULL OR role = $5)
   AND ($6::text IS NULL OR action = $6 OR action LIKE $6 || '.%')
   AND ($7::text IS NULL OR subject_kind = $7) AND ($8::bigint IS NULL OR subject_id = $8)
 ORDER BY xid DESC, id DESC LIMIT $9)
UNION ALL (SELECT *, true FROM stretch ORDER BY xid, id LIMIT 1)
"""  # noqa: S608, a constant of this file


async def stretch(
    raw: Raw,
    before: tuple[int, int] | None,
    *,
    actor: str | None,
    role: str | None,
    action: str | None,
    subject: tuple[str | None, int | None],
    looked: int,
    limit: int,
) -> tuple[list[Recorded], tuple[int, int] | None]:
    """(the fitting events, newest first; where the stretch ends).

    `looked`: how many events before the place are looked at, for the record has no other index than its
    order. The end is None where the record's beginning was reached.
    """
    place = before or (None, None)
    rows = await raw.rows(_FITTING, *place, looked, actor, role, action, *subject, limit)
    found = [_event(row) for row in rows if not row[9]]
    ends = [(row[0], row[1]) for row in rows if row[9]]
    if not ends:
        return [], None
    older = await raw.value(
        "SELECT EXISTS (SELECT 1 FROM events WHERE (xid, id) < (($1::bigint)::text::xid8, $2::bigint))",
        *ends[0],
    )
    return found, ends[0] if older else None


def _event(row: Any) -> Recorded:
    xid, id_, at, actor, role, action, kind, subject, data = row[:9]
    known = None if data is None else msgspec.json.decode(data)
    return Recorded(xid, id_, at, actor, role, action, kind, subject, known)


async def head(raw: Raw) -> Head | None:
    """The last seal; None before the first."""
    rows = await raw.rows(
        "SELECT number, encode(hash, 'hex'), sealed_at, through_xid::text::bigint, through_id FROM seals "
        "ORDER BY number DESC LIMIT 1"
    )
    return Head(*rows[0]) if rows else None
