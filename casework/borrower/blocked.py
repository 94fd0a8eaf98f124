"""A messenger says that somebody blocked the bot, or opened it again: the chat as a channel follows."""

from datetime import datetime

from casework.borrower.chats import Chat
from casework.office import Office
from casework.staff.rights import Action, Actor, require
from storage.audit import Event, write
from storage.chat.chats import cases_of
from storage.consents import set_consent
from storage.raw import Raw, touch


async def blocked(office: Office, actor: Actor, chat: Chat, now: datetime) -> None:
    """Nothing can be said there: the channel is closed to reminders. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    if chat.person is None:
        return
    async with office.transaction() as raw:
        if await _last(raw, chat.person) != ("revoked", "provider"):
            await _set(raw, actor, chat.person, "revoked", now)


async def opened(office: Office, actor: Actor, chat: Chat, now: datetime) -> None:
    """They are back: what the block closed is open again; what they stopped themselves stays so.

    Raises Denied.
    """
    require(actor, Action.TAKE_UPDATE)
    if chat.person is None:
        return
    async with office.transaction() as raw:
        if await _last(raw, chat.person) == ("revoked", "provider"):
            await _set(raw, actor, chat.person, "granted", now)


async def _last(raw: Raw, person: int) -> tuple[str, str] | None:
    rows = await raw.rows(
        "SELECT state, source FROM consents WHERE person_id = $1 AND channel = 'chat' "
        "ORDER BY at DESC, id DESC LIMIT 1",
        person,
    )
    return (rows[0][0], rows[0][1]) if rows else None


async def _set(raw: Raw, actor: Actor, person: int, state: str, now: datetime) -> None:
    await touch(raw, await cases_of(raw, [person]), now)
    await set_consent(raw, [person], "chat", state, now, "provider")
    said = Event(now, actor.name, actor.role, f"consent.{state}", "person", person, {"channel": "chat"})
    await write(raw.connection, [said])
