"""Strategies as they are being written: one draft a strategy and author."""

from datetime import datetime
from typing import Final

import msgspec

from storage.raw import Raw


class Draft(msgspec.Struct, frozen=True):
    """A strategy that somebody writes. `base`: the number of the version it began from, if any."""

    id: int
    name: str
    author: str
    source: str
    base: int | None
    saved_at: datetime


_DRAFTS: Final = """
SELECT d.id, d.name, d.author, d.source, v.version, d.saved_at
FROM strategy_drafts d LEFT JOIN strategy_versions v ON v.id = d.base_id
"""


async def drafts(raw: Raw, name: str) -> list[Draft]:
    """Everybody's draft of a strategy, by author."""
    return [Draft(*row) for row in await raw.rows(_DRAFTS + "WHERE d.name = $1 ORDER BY d.author", name)]


async def save(raw: Raw, name: str, author: str, source: str, base: int | None, at: datetime) -> int:
    """Keep the author's draft, in place of the one before; its id. `base`: a version's number."""
    return await raw.value(
        "INSERT INTO strategy_drafts (name, author, source, base_id, saved_at) VALUES ($1, $2, $3, "
        "(SELECT id FROM strategy_versions WHERE name = $1 AND version = $4), $5) "
        "ON CONFLICT (name, author) DO UPDATE SET source = excluded.source, base_id = excluded.base_id, "
        "saved_at = excluded.saved_at RETURNING id",
        name,
        author,
        source,
        base,
        at,
    )


async def drop(raw: Raw, name: str, author: str) -> int | None:
    """The author's draft is gone; the id it had, None where there was none."""
    return await raw.value(
        "DELETE FROM strategy_drafts WHERE name = $1 AND author = $2 RETURNING id", name, author
    )
