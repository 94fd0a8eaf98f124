"""Updates of the bot: stored before they are acknowledged, once, and worked after.

A crash while one is worked has it worked again when its lease ends: what it does is done once (each use case
keeps the update's id), what it answers may be said twice. Those of one chat are worked in their order.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, cast

import orjson
import structlog

from casework.office import Office
from casework.staff.rights import Action, Actor, require
from storage.chat import updates as stored
from storage.chat.updates import Leased

__all__ = ["TRIES", "Leased", "Outcome", "chat_of", "put_back", "take", "turn"]

Outcome = Literal["answered", "blocked", "failed"]

LEASE = timedelta(minutes=1)
TRIES = 3

log: structlog.stdlib.BoundLogger = structlog.get_logger("updates")


async def take(office: Office, actor: Actor, bot: int, updates: Sequence[Any], now: datetime) -> int:
    """Store updates as the provider wrote them (decoded JSON); how many were new. Raises Denied.

    One without a number is no update: it is logged and left.
    """
    require(actor, Action.TAKE_UPDATE)
    rows = [
        stored.Update(
            read["update_id"],
            office.keyring.token("chat", str(_chat_of(read))),
            orjson.dumps(read).decode(),
        )
        for read in map(_table, updates)
        if isinstance(read.get("update_id"), int)
    ]
    if len(rows) < len(updates):
        log.warning("no update", left=len(updates) - len(rows))
    if not rows:
        return 0
    async with office.transaction() as raw:
        return await stored.store(raw, office.keyring, bot, rows, now)


async def turn(
    office: Office,
    actor: Actor,
    done: Sequence[tuple[int, Outcome]],
    now: datetime,
    wall: datetime,
    limit: int,
) -> list[Leased]:
    """Those of `done` are worked; the next to work, at most one a chat, theirs alone for LEASE.

    In one transaction, so that a busy bot pays one round for both. Raises Denied.
    """
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        for outcome in {outcome for _, outcome in done}:
            await stored.finish(raw, [update for update, how in done if how == outcome], outcome, now)
        return await stored.lease(raw, office.keyring, wall, wall + LEASE, limit) if limit else []


async def put_back(office: Office, actor: Actor, update: int, until: datetime) -> None:
    """Something stood in the way: it is worked again after `until` (wall clock). Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        await stored.put_back(raw, update, until)


def chat_of(body: str) -> int:
    """The chat of a stored update."""
    return _chat_of(orjson.loads(body))


def _chat_of(update: dict[str, Any]) -> int:
    """The chat an update is of: its order is kept within it. 0 for what is of none."""
    for content in map(_table, update.values()):
        for holder in (content, _table(content.get("message"))):
            chat = _table(holder.get("chat")).get("id")
            if isinstance(chat, int):
                return chat
        sender = _table(content.get("from")).get("id")
        if isinstance(sender, int):
            return sender
    return 0


def _table(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
