"""Published strategy versions, and the rulebooks that decisions were made by."""

from datetime import datetime
from typing import Final

import msgspec

from storage.raw import Raw


async def published(raw: Raw) -> dict[int, str]:
    """Every published version: id -> its YAML."""
    rows = await raw.rows("SELECT id, source FROM strategy_versions ORDER BY id")
    return {row["id"]: row["source"] for row in rows}


class Released(msgspec.Struct, frozen=True):
    """One entry of the record of releases: the version that came into force, for which share of people."""

    id: int
    name: str
    version: int  # its id
    number: int
    action: str  # publish | rollback
    share: int
    at: datetime
    by: str


_RELEASES: Final = """
SELECT r.id, r.name, r.strategy_version_id, v.version, r.action, r.share, r.at, r.by
FROM releases r JOIN strategy_versions v ON v.id = r.strategy_version_id
"""


async def lock_strategy(raw: Raw, name: str) -> None:
    """Nobody else releases a version of the strategy until the transaction ends."""
    await raw.rows("SELECT pg_advisory_xact_lock(hashtextextended('strategy ' || $1, 0))", name)


async def releases(raw: Raw, name: str | None = None) -> list[Released]:
    """The record of releases, the oldest first; of one strategy, or of all."""
    rows = await raw.rows(_RELEASES + "WHERE $1::text IS NULL OR r.name = $1 ORDER BY r.id", name)
    return [Released(*row) for row in rows]


async def release(
    raw: Raw, name: str, version: int, at: datetime, by: str, *, action: str = "publish", share: int = 100
) -> int:
    """A version (id) comes into force; the entry's id. Its loans' cases are touched by `touch_governed`."""
    return await raw.value(
        "INSERT INTO releases (name, strategy_version_id, action, share, at, by) "
        "VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        name,
        version,
        action,
        share,
        at,
        by,
    )


async def touch_governed(raw: Raw, name: str, at: datetime) -> int:
    """Have every case looked at whose loans a strategy governs, or may: of the portfolios that name it."""
    return await raw.run(
        "WITH chosen AS (SELECT id FROM cases WHERE id IN ("
        "SELECT p.case_id FROM loans l JOIN parties p ON p.loan_id = l.id "
        "JOIN strategy_versions v ON v.id = l.strategy_version_id AND v.name = $1 "
        "UNION SELECT c.id FROM cases c JOIN portfolios f ON f.id = c.portfolio_id "
        "WHERE f.settings -> 'strategies' ? $1) ORDER BY id FOR NO KEY UPDATE) "
        "UPDATE cases SET next_look_at = least(next_look_at, $2) FROM chosen WHERE cases.id = chosen.id",
        name,
        at,
    )


async def governed_by(raw: Raw, name: str) -> list[int]:
    """The cases of active loans that any version of a strategy governs, by id."""
    rows = await raw.rows(
        "SELECT DISTINCT p.case_id FROM loans l JOIN parties p ON p.loan_id = l.id AND p.role = 'borrower' "
        "JOIN strategy_versions v ON v.id = l.strategy_version_id AND v.name = $1 "
        "WHERE l.status = 'active' ORDER BY 1",
        name,
    )
    return [row[0] for row in rows]


async def versions(raw: Raw) -> list[tuple[int, str, int, datetime, str]]:
    """Every version: id, name, number, when and by whom it was written."""
    rows = await raw.rows(
        "SELECT id, name, version, published_at, published_by FROM strategy_versions ORDER BY name, version"
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


async def write_version(
    raw: Raw, name: str, digest: str, source: str, at: datetime, by: str
) -> tuple[int, bool]:
    """A new version, unless this very strategy is written already; (id, whether it is new)."""
    known = await raw.value("SELECT id FROM strategy_versions WHERE name = $1 AND digest = $2", name, digest)
    if known is not None:
        return known, False
    made = await raw.value(
        "INSERT INTO strategy_versions (name, version, digest, source, published_at, published_by) "
        "SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5 FROM strategy_versions WHERE name = $1 "
        "ON CONFLICT DO NOTHING RETURNING id",
        name,
        digest,
        source,
        at,
        by,
    )
    if made is not None:
        return made, True
    # Another start published it this moment.
    return await write_version(raw, name, digest, source, at, by)


async def publish_version(
    raw: Raw, name: str, digest: str, source: str, at: datetime, by: str
) -> tuple[int, bool]:
    """Write a version and put it in force, unless it is; (id, whether it is new)."""
    version, new = await write_version(raw, name, digest, source, at, by)
    if new:
        await release(raw, name, version, at, by)
    return version, new


async def keep_rulebook(raw: Raw, digest: str, content: bytes) -> None:
    """Store a rulebook once, so that decisions made by it can be replayed."""
    await raw.run("INSERT INTO rulebooks VALUES ($1, $2) ON CONFLICT DO NOTHING", digest, content)


async def rulebook_content(raw: Raw, digest: str) -> bytes:
    """What `keep_rulebook` stored. KeyError when there is none of that digest."""
    content = await raw.value("SELECT content FROM rulebooks WHERE digest = $1", digest)
    if content is None:
        raise KeyError(digest)
    return content
