"""Conversations as the console shows them: whose they are, who spoke last, what was sent along."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from storage.raw import Raw


class Stand(msgspec.Struct, frozen=True):
    """How a conversation stands.

    case    the person's, of its portfolio; None: nobody knows whose chat it is
    side    who spoke last: borrower | staff; None: nobody yet
    unsaid  lines of the staff that are not in the borrower's chat, as far as is known
    """

    talk: int
    case: int | None
    language: str
    side: str | None
    said_at: datetime | None
    unsaid: int


_STANDS: Final = """
SELECT t.id,
       (SELECT min(c.id) FROM cases c WHERE c.person_id = t.person_id
        AND (t.portfolio_id IS NULL OR c.portfolio_id = t.portfolio_id)),
       k.language, l.side, l.at,
       (SELECT count(*) FROM talk_lines s WHERE s.talk_id = t.id AND s.side = 'staff' AND s.handed_at IS NULL)
FROM talks t JOIN chats k ON k.id = t.chat_id
LEFT JOIN LATERAL (SELECT side, at FROM talk_lines WHERE talk_id = t.id ORDER BY id DESC LIMIT 1) l ON true
WHERE t.id = ANY($1)
"""
# What came in that chat while the conversation lasted, and nothing that came before it or since.
_FILE: Final = """
SELECT f.kind, f.content FROM chat_files f JOIN talks t ON t.chat_id = f.chat_id
WHERE t.id = $1 AND f.id = $2 AND f.received_at >= t.opened_at
  AND (t.ended_at IS NULL OR f.received_at <= t.ended_at)
"""


async def stands_of(raw: Raw, talks: Sequence[int]) -> dict[int, Stand]:
    """How each of them stands, by its id."""
    return {row[0]: Stand(*row) for row in await raw.rows(_STANDS, list(talks))}


async def file_of(raw: Raw, talk: int, file: int) -> tuple[str, bytes] | None:
    """(MIME type, sealed content) of a file that came in the conversation; None: no such file came in it."""
    rows = await raw.rows(_FILE, talk, file)
    return (rows[0][0], rows[0][1]) if rows else None
