"""Stop and start, obeyed before the next send in whatever language they are said; the hours they ask for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from casework.borrower.asking import go_on
from casework.borrower.chats import Chat, be_quiet, borrower
from casework.office import Office
from casework.staff.rights import Action, Actor, require
from storage.audit import Event, write
from storage.chat.chats import cases_of
from storage.consents import set_consent
from storage.raw import touch
from storage.told import set_marks


async def consent(
    office: Office,
    actor: Actor,
    chat: Chat,
    state: Literal["granted", "revoked"],
    update: int | None,
    now: datetime,
) -> None:
    """The person stops reminders by chat, or wants them again; a chat that is nobody's is left alone.

    `update` is what they said so in. The claim reads consents again, so nothing that is planned goes out
    after a stop. Raises Denied.
    """
    if chat.person is None:
        await be_quiet(office, actor, chat, state == "revoked", now)
        return
    who = borrower(chat.person)
    require(who, Action.TELL, owner=who.name)
    async with office.transaction() as raw:
        await touch(raw, await cases_of(raw, [chat.person]), now)
        await go_on(raw, actor, [chat.person], now)
        seal = office.keyring.seal
        await set_consent(
            raw,
            [chat.person],
            "chat",
            state,
            now,
            "reply",
            note=lambda row: seal("consents", "note", row, f"update {update} of the chat"),
        )
        said = Event(now, who.name, who.role, f"consent.{state}", "person", chat.person, {"channel": "chat"})
        await write(raw.connection, [said])


async def keep_hours(office: Office, chat: Chat, hours: Sequence[str], now: datetime) -> None:
    """When they want to hear from us ("18:00-20:30"); none: whenever the rules allow. Raises Denied."""
    assert chat.person is not None
    who = borrower(chat.person)
    require(who, Action.TELL, owner=who.name)
    async with office.transaction() as raw:
        await set_marks(raw, chat.person, now, own_hours=list(hours))
        data = {"own_hours": list(hours)}
        said = Event(now, who.name, who.role, "person.marked", "person", chat.person, data)
        await write(raw.connection, [said])
