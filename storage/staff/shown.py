"""Messages of a chat in which a number was shown: they go when the turn ends, however it does."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw

_DELETABLE: Final = timedelta(hours=47)  # a bot deletes nothing that is older than two days


class Shown(msgspec.Struct, frozen=True):
    """A message that is to go: the messenger's own ids of the chat (opened) and of the message."""

    turn: int
    telegram: int
    message: int
    language: str


async def keep_shown(raw: Raw, turn: int, chat: int, message: int, now: datetime) -> int | None:
    """Remember the message that shows the number of a turn; the one before it, if there was one."""
    before = await raw.value("SELECT message FROM shown_numbers WHERE turn_id = $1 FOR UPDATE", turn)
    await raw.run(
        "INSERT INTO shown_numbers (turn_id, chat_id, message, at) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (turn_id) DO UPDATE SET chat_id = $2, message = $3, at = $4",
        turn,
        chat,
        message,
        now,
    )
    return before


async def to_hide(raw: Raw, keyring: Keyring, now: datetime, limit: int) -> list[Shown]:
    """Those whose turn ended, or was left alone for too long; what can be deleted no more is forgotten."""
    await raw.run("DELETE FROM shown_numbers WHERE at < $1", now - _DELETABLE)
    rows = await raw.rows(
        "SELECT s.turn_id, k.id, k.value, s.message, k.language FROM shown_numbers s "
        "JOIN turns t ON t.id = s.turn_id JOIN chats k ON k.id = s.chat_id "
        "WHERE t.ended_at IS NOT NULL OR t.until <= $1 ORDER BY s.turn_id LIMIT $2",
        now,
        limit,
    )
    return [
        Shown(turn, int(keyring.open("chats", "value", chat, value)), message, language)
        for turn, chat, value, message, language in rows
    ]


async def hidden(raw: Raw, turn: int, message: int) -> None:
    """It is gone."""
    await raw.run("DELETE FROM shown_numbers WHERE turn_id = $1 AND message = $2", turn, message)
