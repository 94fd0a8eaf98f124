"""Messages of a chat in which a number was shown: they go when the turn ends, however it does, or when
another shows it. Each is tried until it is gone, or can be deleted no more."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw

_AGAIN: Final = timedelta(minutes=1)
_DELETABLE: Final = timedelta(hours=47)  # a bot deletes nothing that is older than two days


class Shown(msgspec.Struct, frozen=True):
    """A message that is to go: the messenger's own ids of the chat (opened) and of the message."""

    turn: int
    telegram: int
    message: int
    language: str


async def keep_shown(raw: Raw, turn: int, chat: int, message: int, now: datetime) -> None:
    """Remember a message that shows the number of a turn."""
    await raw.run(
        "INSERT INTO shown_numbers (turn_id, chat_id, message, at) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT DO NOTHING",
        turn,
        chat,
        message,
        now,
    )


async def to_hide(raw: Raw, keyring: Keyring, now: datetime, limit: int) -> list[Shown]:
    """Those that another followed, whose turn ended or was left alone for too long, or of which was said that
    nobody called; what can be deleted no more is forgotten."""
    await raw.run("DELETE FROM shown_numbers WHERE at < $1", now - _DELETABLE)
    rows = await raw.rows(
        "UPDATE shown_numbers s SET tried_at = $1 FROM chats k WHERE k.id = s.chat_id "
        "AND (s.turn_id, s.message) IN (SELECT o.turn_id, o.message FROM shown_numbers o "
        "JOIN turns t ON t.id = o.turn_id WHERE (o.tried_at IS NULL OR o.tried_at <= $2) "
        "AND (t.ended_at IS NOT NULL OR t.until <= $1 "
        "OR NOT EXISTS (SELECT 1 FROM showings w WHERE w.turn_id = t.id AND w.called) "
        "OR EXISTS (SELECT 1 FROM shown_numbers n "
        "WHERE n.turn_id = o.turn_id AND n.message > o.message)) "
        "ORDER BY o.tried_at NULLS FIRST, o.turn_id LIMIT $3 FOR UPDATE OF o SKIP LOCKED) "
        "RETURNING s.turn_id, k.id, k.value, s.message, k.language",
        now,
        now - _AGAIN,
        limit,
    )
    return [
        Shown(turn, int(keyring.open("chats", "value", chat, value)), message, language)
        for turn, chat, value, message, language in rows
    ]


async def hidden(raw: Raw, turn: int, message: int) -> None:
    """It is gone."""
    await raw.run("DELETE FROM shown_numbers WHERE turn_id = $1 AND message = $2", turn, message)
