"""Photos that came with what a borrower told: sealed; each update brings one."""

from datetime import datetime

from storage.crypt import Keyring
from storage.people import RECORDS
from storage.raw import Raw


async def keep_file(
    raw: Raw,
    keyring: Keyring,
    chat: int,
    person: int,
    kind: str,
    content: str,
    update: int | None,
    now: datetime,
) -> int:
    """Keep a photo, as text that the seal takes; its id, the same where that update brought it before."""
    (id_,) = await raw.ids("chat_files", 1)
    new = await raw.value(
        "INSERT INTO chat_files (id, chat_id, person_id, kind, content, received_at, update_id) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (update_id) DO NOTHING RETURNING id",
        id_,
        chat,
        person,
        kind,
        keyring.seal("chat_files", "content", id_, content),
        now,
        update,
    )
    if new is not None:
        return new
    return await raw.value("SELECT id FROM chat_files WHERE update_id = $1", update)


async def case_of(raw: Raw, person: int, loan: int | None) -> int | None:
    """The person's case of a loan of theirs, or (None) their first one."""
    if loan is None:
        return await raw.value("SELECT min(id) FROM cases WHERE person_id = $1", person)
    return await raw.value(
        f"SELECT case_id FROM parties WHERE person_id = ANY(ARRAY({RECORDS})) AND loan_id = $2 "  # noqa: S608
        "ORDER BY person_id <> ($1::bigint[])[1], person_id LIMIT 1",
        [person],
        loan,
    )
