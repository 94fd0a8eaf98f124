"""Updates of the chat: stored once and sealed, then worked, those of one chat in their order."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw


class Update(msgspec.Struct, frozen=True):
    """An update as it came. `number` is the provider's own id of it; `chat` its keyed token."""

    number: int
    chat: bytes
    body: str


class Leased(msgspec.Struct, frozen=True):
    """An update to be worked by whoever leased it. `tries` counts this one."""

    id: int
    bot: int
    body: str
    received_at: datetime
    tries: int


async def store(raw: Raw, keyring: Keyring, bot: int, updates: Sequence[Update], now: datetime) -> int:
    """Store what is new; how many that were."""
    ids = await raw.ids("chat_updates", len(updates))
    sealed = [
        keyring.seal("chat_updates", "body", id_, update.body)
        for id_, update in zip(ids, updates, strict=True)
    ]
    rows = await raw.rows(
        "INSERT INTO chat_updates (id, bot, number, chat, body, received_at) "
        "SELECT n.id, $2, n.number, n.chat, n.body, $6 "
        "FROM unnest($1::bigint[], $3::bigint[], $4::bytea[], $5::bytea[]) n(id, number, chat, body) "
        "ORDER BY n.id ON CONFLICT (bot, number) DO NOTHING RETURNING 1",
        ids,
        bot,
        [update.number for update in updates],
        [update.chat for update in updates],
        sealed,
        now,
    )
    return len(rows)


async def lease(raw: Raw, keyring: Keyring, wall: datetime, until: datetime, limit: int) -> list[Leased]:
    """The oldest unworked update of each chat that nobody works at, until a moment of the wall clock."""
    rows = await raw.rows(
        "UPDATE chat_updates SET leased_until = $2, tries = tries + 1 WHERE id = ANY(ARRAY("
        "SELECT u.id FROM chat_updates u WHERE u.worked_at IS NULL "
        "AND (u.leased_until IS NULL OR u.leased_until < $1) "
        "AND NOT EXISTS (SELECT 1 FROM chat_updates e WHERE e.chat = u.chat AND e.worked_at IS NULL "
        "AND e.id < u.id) ORDER BY u.id LIMIT $3 FOR UPDATE SKIP LOCKED)) "
        "RETURNING id, bot, body, received_at, tries",
        wall,
        until,
        limit,
    )
    return [
        Leased(id_, bot, keyring.open("chat_updates", "body", id_, body), received_at, tries)
        for id_, bot, body, received_at, tries in sorted(rows, key=lambda row: row["id"])
    ]


async def finish(raw: Raw, updates: Sequence[int], outcome: str, now: datetime) -> None:
    """They are worked: `answered`, `blocked` or `failed`."""
    await raw.run(
        "UPDATE chat_updates SET worked_at = $2, outcome = $3, leased_until = NULL "
        "WHERE id = ANY($1) AND worked_at IS NULL",
        updates,
        now,
        outcome,
    )


async def put_back(raw: Raw, update: int, until: datetime) -> None:
    """It could not be worked now: again after a moment of the wall clock."""
    await raw.run(
        "UPDATE chat_updates SET leased_until = $2 WHERE id = $1 AND worked_at IS NULL", update, until
    )
