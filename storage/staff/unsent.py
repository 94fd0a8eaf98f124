"""What somebody of the staff wrote, until it has arrived: where it does not go, they are to know."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from storage.answers import close
from storage.contacts import lock_cases_of
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


async def unsaid(raw: Raw, staff: int, still: Sequence[str], now: datetime) -> None:
    """What somebody wrote and has not gone yet does not go: they are there no more to stand by it; but in the
    portfolios `still` (codes) it goes."""
    rows = await raw.rows(
        "SELECT c.id FROM staff_messages m JOIN contacts c ON c.id = m.contact_id "
        "JOIN cases k ON k.id = c.case_id JOIN portfolios p ON p.id = k.portfolio_id "
        "WHERE m.staff_id = $1 AND c.state = 'planned' AND p.code <> ALL($2)",
        staff,
        list(still),
    )
    written = [row[0] for row in rows]
    await lock_cases_of(raw, written)
    gone = await raw.rows(
        "UPDATE contacts SET state = 'cancelled', code = 'staff_left', settled_at = $2 "
        "WHERE id = ANY($1) AND state = 'planned' RETURNING id",
        written,
        now,
    )
    await close(raw, [row[0] for row in gone], "cancelled")


async def begin_unsent(raw: Raw, keyring: Keyring, now: datetime, limit: int) -> Sequence[Unsent]:
    """Those to be told of now, forgotten with it: nobody is told twice."""
    rows = await raw.rows(
        "WITH over AS (DELETE FROM staff_messages WHERE contact_id IN ("
        "SELECT m.contact_id FROM staff_messages m JOIN contacts c ON c.id = m.contact_id "
        "WHERE m.at < $1 OR c.state = 'delivered' OR c.state IN ('cancelled', 'failed') "
        "AND EXISTS (SELECT 1 FROM chats k WHERE k.staff_id = m.staff_id) "
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
