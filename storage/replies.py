"""Replies: what people wrote to us. Stored once and sealed, then worked."""

from datetime import datetime

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw


class Stored(msgspec.Struct, frozen=True):
    """A reply that waits to be worked, opened. `body` as it was given to `store`."""

    id: int
    channel: str
    token: bytes
    body: str
    received_at: datetime


class Holder(msgspec.Struct, frozen=True):
    """Somebody who has an address on file, in what state, with one of their cases if any."""

    person: int
    state: str
    case: int | None
    address: int


async def holders(raw: Raw, kind: str, token: bytes) -> list[Holder]:
    """Everybody who has the address on file, once for each case of theirs."""
    rows = await raw.rows(
        "SELECT a.person_id, a.state, c.id, a.id FROM addresses a "
        "LEFT JOIN cases c ON c.person_id = a.person_id WHERE a.token = $1 AND a.kind = $2 "
        "ORDER BY a.person_id, c.id",
        token,
        kind,
    )
    return [Holder(*row) for row in rows]


async def store(
    raw: Raw,
    keyring: Keyring,
    provider: str,
    provider_id: str,
    channel: str,
    token: bytes,
    sender: str,
    body: str,
    now: datetime,
) -> int | None:
    """The id of a new reply; None where it was delivered before. `token` is of the sender's address."""
    (reply,) = await raw.ids("replies", 1)
    return await raw.value(
        "INSERT INTO replies (id, provider, provider_id, channel, token, sender, body, received_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (provider, provider_id) DO NOTHING RETURNING id",
        reply,
        provider,
        provider_id,
        channel,
        token,
        keyring.seal("replies", "sender", reply, sender),
        keyring.seal("replies", "body", reply, body),
        now,
    )


async def lock_unworked(raw: Raw, keyring: Keyring, reply: int) -> Stored | None:
    """One reply, locked; None where it is worked already."""
    rows = await raw.rows(
        "SELECT id, channel, token, body, received_at FROM replies WHERE id = $1 AND worked_at IS NULL "
        "FOR UPDATE",
        reply,
    )
    for id_, channel, token, body, received_at in rows:
        return Stored(id_, channel, token, keyring.open("replies", "body", id_, body), received_at)
    return None


async def unworked(raw: Raw, after: int, limit: int) -> list[int]:
    """The next replies to work, oldest first."""
    rows = await raw.rows(
        "SELECT id FROM replies WHERE worked_at IS NULL AND id > $1 ORDER BY id LIMIT $2", after, limit
    )
    return [row[0] for row in rows]


async def mark_worked(raw: Raw, reply: int, meaning: str | None, now: datetime) -> None:
    """It is done with; `meaning` is what a machine could read in it."""
    await raw.run("UPDATE replies SET worked_at = $2, meaning = $3 WHERE id = $1", reply, now, meaning)
