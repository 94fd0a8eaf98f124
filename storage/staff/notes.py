"""Notes of the staff on cases, sealed; a voice or photo as text that the seal takes."""

from datetime import datetime

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw


class Note(msgspec.Struct, frozen=True):
    """A note, opened. `body`: words, "latitude,longitude", or base64 of a voice or photo."""

    id: int
    author: str
    kind: str
    mime: str | None
    body: str
    at: datetime


async def add(
    raw: Raw,
    keyring: Keyring,
    case: int,
    author: str,
    kind: str,
    mime: str | None,
    text: str,
    now: datetime,
    update: int | None,
) -> int | None:
    """Keep a note; None where it was kept before: of an update there is one of each kind."""
    (note,) = await raw.ids("notes", 1)
    return await raw.value(
        "INSERT INTO notes (id, case_id, author, kind, mime, body, at, update_id) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (update_id, kind) DO NOTHING RETURNING id",
        note,
        case,
        author,
        kind,
        mime,
        keyring.seal("notes", "body", note, text),
        now,
        update,
    )


async def of_case(raw: Raw, keyring: Keyring, case: int, limit: int = 10) -> list[Note]:
    """The newest notes of a case, the newest first."""
    rows = await raw.rows(
        "SELECT id, author, kind, mime, body, at FROM notes WHERE case_id = $1 ORDER BY id DESC LIMIT $2",
        case,
        limit,
    )
    return [
        Note(id_, author, kind, mime, keyring.open("notes", "body", id_, body), at)
        for id_, author, kind, mime, body, at in rows
    ]
