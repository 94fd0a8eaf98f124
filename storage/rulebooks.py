"""Published strategy versions, and the rulebooks that decisions were made by."""

from datetime import datetime

from storage.raw import Raw


async def published(raw: Raw) -> dict[int, str]:
    """Every published version: id -> its YAML."""
    rows = await raw.rows("SELECT id, source FROM strategy_versions ORDER BY id")
    return {row["id"]: row["source"] for row in rows}


async def current_version(raw: Raw, name: str) -> int | None:
    """The newest version of a strategy; None where none is published."""
    return await raw.value(
        "SELECT id FROM strategy_versions WHERE name = $1 ORDER BY version DESC LIMIT 1", name
    )


async def publish_version(
    raw: Raw, name: str, digest: str, source: str, at: datetime, by: str
) -> tuple[int, bool]:
    """A new version, unless this very strategy is published already; (id, whether it is new)."""
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
    return await publish_version(raw, name, digest, source, at, by)


async def keep_rulebook(raw: Raw, digest: str, content: bytes) -> None:
    """Store a rulebook once, so that decisions made by it can be replayed."""
    await raw.run("INSERT INTO rulebooks VALUES ($1, $2) ON CONFLICT DO NOTHING", digest, content)


async def rulebook_content(raw: Raw, digest: str) -> bytes:
    """What `keep_rulebook` stored. KeyError when there is none of that digest."""
    content = await raw.value("SELECT content FROM rulebooks WHERE digest = $1", digest)
    if content is None:
        raise KeyError(digest)
    return content
