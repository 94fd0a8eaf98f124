"""The registry of texts: versions as rows, written, submitted, approved, succeeded."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from messages.registry import TextVersion
from storage.raw import Raw

_VERSIONS = (
    "SELECT id, name, channel, language, source::text, digest, external_id, approval, frozen, written_by, "
    "written_at, approved_by FROM text_versions "
)


class Kept(msgspec.Struct, frozen=True):
    """A version with its number, and by whom it was written and approved."""

    id: int
    version: TextVersion
    written_by: str
    written_at: datetime
    approved_by: str | None


async def all_versions(raw: Raw) -> list[Kept]:
    """Every version, the oldest first."""
    return _read(await raw.rows(_VERSIONS + "ORDER BY id"))


async def one_version(raw: Raw, key: int) -> Kept | None:
    """One, locked; None where there is none of that number."""
    found = _read(await raw.rows(_VERSIONS + "WHERE id = $1 FOR UPDATE", key))
    return found[0] if found else None


async def latest_version(raw: Raw, name: str, channel: str, language: str) -> Kept | None:
    """The newest of a text, locked; None where there is none."""
    where = "WHERE name = $1 AND channel = $2 AND language = $3 ORDER BY id DESC LIMIT 1 FOR UPDATE"
    found = _read(await raw.rows(_VERSIONS + where, name, channel, language))
    return found[0] if found else None


async def add_version(raw: Raw, version: TextVersion, by: str, now: datetime) -> int:
    """A new row; its number."""
    return await raw.value(
        "INSERT INTO text_versions (name, channel, language, source, digest, approval, "
        "written_at, written_by) VALUES ($1, $2, $3, $4::jsonb, $5, $6, $7, $8) RETURNING id",
        version.name,
        version.channel,
        version.language,
        msgspec.json.encode(version.source).decode(),
        version.digest,
        version.approval,
        now,
        by,
    )


async def rewrite(raw: Raw, key: int, version: TextVersion, by: str, now: datetime) -> None:
    """Other words for a draft. A trigger refuses it for what an outside register has."""
    await raw.run(
        "UPDATE text_versions SET source = $2::jsonb, digest = $3, written_by = $4, "
        "written_at = $5 WHERE id = $1",
        key,
        msgspec.json.encode(version.source).decode(),
        version.digest,
        by,
        now,
    )


async def set_approval(raw: Raw, key: int, version: TextVersion, by: str | None, now: datetime) -> None:
    """How far it is; `by` and `now` are of an approval."""
    await raw.run(
        "UPDATE text_versions SET approval = $2, frozen = $3, external_id = $4, approved_by = $5, "
        "approved_at = $6 WHERE id = $1",
        key,
        version.approval,
        version.frozen,
        version.external_id,
        by,
        None if by is None else now,
    )


def _read(rows: Sequence[Sequence[object]]) -> list[Kept]:
    found: list[Kept] = []
    for key, name, channel, language, source, digest, external_id, approval, frozen, by, at, approved in rows:
        version = msgspec.convert(
            {
                "name": name,
                "channel": channel,
                "language": language,
                "source": msgspec.json.decode(str(source)),
                "digest": digest,
                "external_id": external_id,
                "approval": approval,
                "frozen": frozen,
            },
            TextVersion,
        )
        found.append(
            msgspec.convert(
                {"id": key, "version": version, "written_by": by, "written_at": at, "approved_by": approved},
                Kept,
            )
        )
    return found
