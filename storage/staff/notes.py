"""Notes of the staff on cases, sealed; a voice or photo as text that the seal takes."""

from datetime import datetime

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw


class Note(msgspec.Struct, frozen=True):
    """A note, opened. `body`: words, "latitude,longitude", or nothing: a voice or photo has a MIME type, and
    is opened by itself. `zone`: the customer's."""

    id: int
    case: int
    author: str
    kind: str
    mime: str | None
    body: str
    at: datetime
    zone: str


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
        "SELECT n.id, n.case_id, n.author, n.kind, n.mime, CASE WHEN n.mime IS NULL THEN n.body END, n.at, "
        "p.zones[1] "
        "FROM notes n JOIN cases c ON c.id = n.case_id JOIN persons p ON p.id = c.person_id "
        "WHERE n.case_id = $1 ORDER BY n.id DESC LIMIT $2",
        case,
        limit,
    )
    return [
        Note(
            id_,
            of,
            author,
            kind,
            mime,
            "" if body is None else keyring.open("notes", "body", id_, body),
            at,
            zone,
        )
        for id_, of, author, kind, mime, body, at, zone in rows
    ]


async def file_of(raw: Raw, keyring: Keyring, case: int, note: int) -> tuple[str, str] | None:
    """A voice or photo of the case: (MIME type, base64); None: there is none of that id."""
    rows = await raw.rows(
        "SELECT mime, body FROM notes WHERE id = $1 AND case_id = $2 AND mime IS NOT NULL", note, case
    )
    return None if not rows else (rows[0][0], keyring.open("notes", "body", note, rows[0][1]))
