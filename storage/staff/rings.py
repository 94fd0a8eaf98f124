"""Calls that were agreed for a moment, and whom they were announced to: each once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw
from storage.staff.ended import ENDED


class Ring(msgspec.Struct, frozen=True):
    """A call whose moment has come, and the chat to say so in (the messenger's own id, opened).

    `owes`: anything is unpaid still.
    """

    task: int
    case: int
    starts_at: datetime
    zone: str
    telegram: int
    language: str
    owes: bool


# To whose the case is; of one that is nobody's, or whose owner has no chat, to a supervisor who has one.
_DUE: Final = f"""
SELECT t.id AS task, t.case_id, t.starts_at, p.zones[1] AS zone, s.id AS staff,
       EXISTS (SELECT 1 FROM parties pa JOIN loans l ON l.id = pa.loan_id AND l.status <> 'settled'
               JOIN installments i ON i.loan_id = l.id AND i.left_minor > 0 WHERE pa.case_id = c.id) AS owes
FROM tasks t JOIN cases c ON c.id = t.case_id JOIN persons p ON p.id = c.person_id
JOIN portfolios f ON f.id = c.portfolio_id
LEFT JOIN assignments a ON a.case_id = c.id
JOIN LATERAL (
  SELECT s.id FROM staff s
  WHERE s.removed_at IS NULL AND EXISTS (SELECT 1 FROM chats k WHERE k.staff_id = s.id)
    AND (s.id = a.staff_id OR s.role = ANY($3) AND (s.portfolios IS NULL OR f.code = ANY(s.portfolios)))
  ORDER BY s.id IS NOT DISTINCT FROM a.staff_id DESC, s.id LIMIT 1) s ON true
WHERE t.state = 'open' AND t.kind IN ('call', 'visit') AND t.starts_at <= $1
  AND NOT EXISTS (SELECT 1 FROM rings r WHERE r.task_id = t.id)
  AND NOT {ENDED.format(now="$1")}
ORDER BY t.starts_at, t.id LIMIT $2 FOR UPDATE OF t SKIP LOCKED
"""  # noqa: S608, constants


async def begin_rings(
    raw: Raw, keyring: Keyring, roles: Sequence[str], now: datetime, limit: int
) -> list[Ring]:
    """Those to be announced now, marked as begun: nobody announces them again.

    roles   who is told of a case that is nobody's, or of somebody's without a chat
    """
    found: list[Ring] = []
    for task, case, starts, zone, staff, owes in await raw.rows(_DUE, now, limit, list(roles)):
        await raw.run("INSERT INTO rings (task_id, staff_id, begun_at) VALUES ($1, $2, $3)", task, staff, now)
        chat, value, language = (
            await raw.rows("SELECT id, value, language FROM chats WHERE staff_id = $1", staff)
        )[0]
        telegram = int(keyring.open("chats", "value", chat, value))
        found.append(Ring(task, case, starts, zone, telegram, language, owes))
    return found


async def handed(raw: Raw, task: int, now: datetime) -> None:
    """It was said."""
    await raw.run("UPDATE rings SET handed_at = $2 WHERE task_id = $1", task, now)


async def forget(raw: Raw, task: int) -> None:
    """It was not said, and is to be announced again."""
    await raw.run("DELETE FROM rings WHERE task_id = $1 AND handed_at IS NULL", task)
