"""What somebody of the staff wrote, until it has arrived: where it does not go, they are to know."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw

_ARRIVES: Final = timedelta(days=3)  # what no carrier has denied by then


class Unsent(msgspec.Struct, frozen=True):
    """A message that did not go, or did not arrive; `code` as the contact has it. `telegram`: the chat of who
    wrote it (the messenger's own id, opened)."""

    case: int
    channel: str
    code: str
    telegram: int
    language: str


async def keep_written(raw: Raw, contact: int, staff: int, now: datetime) -> None:
    """Somebody wrote what the contact carries."""
    await raw.run(
        "INSERT INTO staff_messages (contact_id, staff_id, at) VALUES ($1, $2, $3)", contact, staff, now
    )


async def begin_unsent(raw: Raw, keyring: Keyring, now: datetime, limit: int) -> Sequence[Unsent]:
    """Those to be told of now, forgotten with it: nobody is told twice."""
    rows = await raw.rows(
        "WITH over AS (DELETE FROM staff_messages WHERE contact_id IN ("
        "SELECT m.contact_id FROM staff_messages m JOIN contacts c ON c.id = m.contact_id "
        "WHERE c.state IN ('cancelled', 'failed', 'delivered') OR m.at < $1 "
        "ORDER BY 1 LIMIT $2 FOR UPDATE OF m SKIP LOCKED) RETURNING contact_id, staff_id) "
        "SELECT c.case_id, c.channel, coalesce(c.code, ''), k.id, k.value, k.language FROM over o "
        "JOIN contacts c ON c.id = o.contact_id JOIN chats k ON k.staff_id = o.staff_id "
        "WHERE c.state IN ('cancelled', 'failed') ORDER BY c.id",
        now - _ARRIVES,
        limit,
    )
    return [
        Unsent(case, channel, code, int(keyring.open("chats", "value", chat, value)), language)
        for case, channel, code, chat, value, language in rows
    ]
