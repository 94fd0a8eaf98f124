"""Cases that somebody was given by somebody else, or that were taken from them: they are told, once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw

_FRESH: Final = timedelta(days=1)  # whoever has a chat only later finds them by /next

_UNTOLD: Final = """
WITH due AS (SELECT a.case_id FROM assignments a JOIN chats k ON k.staff_id = a.staff_id
             WHERE a.told_at IS NULL AND a.at > $2 ORDER BY a.staff_id, a.case_id LIMIT $3
             FOR UPDATE OF a SKIP LOCKED),
     told AS (UPDATE assignments a SET told_at = $1 FROM due WHERE a.case_id = due.case_id
              RETURNING a.case_id, a.staff_id, a."by")
SELECT t.staff_id, t."by", t.case_id, k.id, k.value, k.language FROM told t
JOIN staff s ON s.id = t.staff_id AND s.removed_at IS NULL JOIN chats k ON k.staff_id = s.id
ORDER BY 1, 2, 3
"""

_TAKEN: Final = """
WITH due AS (SELECT p.case_id, p.staff_id FROM partings p ORDER BY p.staff_id, p.case_id LIMIT $2
             FOR UPDATE OF p SKIP LOCKED),
     told AS (DELETE FROM partings p USING due WHERE p.case_id = due.case_id AND p.staff_id = due.staff_id
              RETURNING p.case_id, p.staff_id, p.heir_id, p.at, p."by")
SELECT t.staff_id, t."by", t.case_id, k.id, k.value, k.language, h.name FROM told t
JOIN staff s ON s.id = t.staff_id AND s.removed_at IS NULL JOIN chats k ON k.staff_id = s.id
LEFT JOIN staff h ON h.id = t.heir_id
WHERE t.at > $1 ORDER BY 1, 2, 7 NULLS FIRST, 3
"""


class Given(msgspec.Struct, frozen=True):
    """Cases, whose gift they are, and the chat to say so in (the messenger's own id, opened)."""

    cases: Sequence[int]
    by: str
    telegram: int
    language: str


async def begin_given(raw: Raw, keyring: Keyring, now: datetime, limit: int) -> list[Given]:
    """What is to be told now, marked: nobody is told twice."""
    rows = await raw.rows(_UNTOLD, now, now - _FRESH, limit)
    found: list[Given] = []
    for _, several in groupby(rows, key=lambda row: (row[0], row[1])):
        mine = list(several)
        _, by, _, chat, value, language = mine[0]
        telegram = int(keyring.open("chats", "value", chat, value))
        found.append(Given([row[2] for row in mine], by, telegram, language))
    return found


class Taken(msgspec.Struct, frozen=True):
    """Cases that are theirs no more, by whom, whose now (None: the queue's), and the chat to say so in."""

    cases: Sequence[int]
    by: str
    heir: str | None
    telegram: int
    language: str


async def begin_taken(raw: Raw, keyring: Keyring, now: datetime, limit: int) -> list[Taken]:
    """What is to be told now, forgotten: nobody is told twice."""
    rows = await raw.rows(_TAKEN, now - _FRESH, limit)
    found: list[Taken] = []
    for _, several in groupby(rows, key=lambda row: (row[0], row[1], row[6])):
        lost = list(several)
        _, by, _, chat, value, language, heir = lost[0]
        telegram = int(keyring.open("chats", "value", chat, value))
        found.append(Taken([row[2] for row in lost], by, heir, telegram, language))
    return found
