"""What waits for a person's yes, and what was said to it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from storage.raw import Raw

_QUESTIONS: Final = """
SELECT a.id, a.kind, p.code, a.about, a.content, a.picture, a.state, a.asked_at, a.asked_by, a.decided_at,
       a.decided_by
FROM approvals a LEFT JOIN portfolios p ON p.id = a.portfolio_id
"""
_WAITING: Final = _QUESTIONS + "WHERE a.state = 'waiting' ORDER BY a.id"
_ONE: Final = _QUESTIONS + "WHERE a.id = $1"
_ONE_LOCKED: Final = _ONE + " FOR NO KEY UPDATE OF a"
_ANSWER: Final = """
UPDATE approvals SET state = $2, decided_by = $3, decided_at = $4 WHERE id = $1 AND state = 'waiting'
"""


class Approval(msgspec.Struct, frozen=True):
    """A question to a person. `portfolio` None: it concerns all of them; `content` is what its kind needs."""

    id: int
    kind: str
    portfolio: str | None
    about: str
    content: Mapping[str, Any]
    picture: str | None
    state: str  # waiting | approved | refused | superseded
    asked_at: datetime
    asked_by: str
    decided_at: datetime | None
    decided_by: str | None


async def ask(
    raw: Raw,
    kind: str,
    portfolio_id: int | None,
    about: str,
    content: Mapping[str, Any],
    by: str,
    at: datetime,
    picture: str | None = None,
) -> int:
    """Keep the question; its id. `about` and `content` hold nothing personal."""
    return await raw.value(
        "INSERT INTO approvals (kind, portfolio_id, about, content, picture, state, asked_at, asked_by) "
        "VALUES ($1, $2, $3, $4::jsonb, $5, 'waiting', $6, $7) RETURNING id",
        kind,
        portfolio_id,
        about,
        msgspec.json.encode(content).decode(),
        picture,
        at,
        by,
    )


async def waiting(raw: Raw) -> list[Approval]:
    """The questions that nobody answered yet, the oldest first."""
    rows = await raw.rows(_WAITING)
    return [_approval(row) for row in rows]


async def one(raw: Raw, key: int, *, lock: bool = False) -> Approval | None:
    """The question of that id; with `lock` nobody else answers it until the transaction ends."""
    rows = await raw.rows(_ONE_LOCKED if lock else _ONE, key)
    return _approval(rows[0]) if rows else None


async def answer(raw: Raw, key: int, state: str, by: str, at: datetime) -> None:
    """Write the answer down: `approved`, `refused` or `superseded`. Only one that waits takes one."""
    await raw.run(_ANSWER, key, state, by, at)


def _approval(row: Any) -> Approval:
    return Approval(*row)
