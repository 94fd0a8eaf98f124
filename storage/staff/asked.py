"""Questions that wait for a yes: which are to be told now, once, and who has a chat to be told in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw

_UNTOLD: Final = """
WITH due AS (SELECT a.id FROM approvals a WHERE a.state = 'waiting' AND a.told_at IS NULL
               AND a.asked_at > $2 AND a.asked_at <= $3
             ORDER BY a.id LIMIT 500 FOR UPDATE SKIP LOCKED),
     told AS (UPDATE approvals a SET told_at = $1 FROM due WHERE a.id = due.id
              RETURNING a.id, a.kind, a.portfolio_id, a.about, a.asked_by)
SELECT t.id, t.kind, p.code, t.about, t.asked_by FROM told t LEFT JOIN portfolios p ON p.id = t.portfolio_id
ORDER BY 1
"""
_READERS: Final = """
SELECT s.name, s.role, s.portfolios, k.id, k.value, k.language
FROM staff s JOIN chats k ON k.staff_id = s.id
WHERE s.removed_at IS NULL AND s.role = ANY($1) ORDER BY s.id
"""


class Untold(msgspec.Struct, frozen=True):
    """A question of which nobody was told. `portfolio` a code; None: it concerns every one."""

    id: int
    kind: str
    portfolio: str | None
    about: str
    by: str


class Reader(msgspec.Struct, frozen=True):
    """Somebody with a chat (the messenger's own id, opened). `portfolios`: codes; None: every one."""

    name: str
    role: str
    portfolios: tuple[str, ...] | None
    telegram: int
    language: str


async def begin_untold(raw: Raw, now: datetime, after: datetime, until: datetime) -> list[Untold]:
    """Those asked after `after` and no later than `until`, marked: nobody is told twice."""
    return [Untold(*row) for row in await raw.rows(_UNTOLD, now, after, until)]


async def readers(raw: Raw, keyring: Keyring, roles: Sequence[str]) -> list[Reader]:
    """Everybody of the roles who has a chat."""
    return [
        Reader(
            name,
            role,
            None if codes is None else tuple(codes),
            int(keyring.open("chats", "value", chat, value)),
            language,
        )
        for name, role, codes, chat, value, language in await raw.rows(_READERS, list(roles))
    ]
