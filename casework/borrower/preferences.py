"""Stop and start: obeyed at once, in whatever language they are said, and before the next send."""

from datetime import datetime
from typing import Literal

from casework.borrower.chats import Chat, be_quiet, borrower
from casework.office import Office
from casework.staff.rights import Action, Actor, require
from storage.audit import Event, write
from storage.chat.chats import cases_of
from storage.consents import set_consent
from storage.raw import touch


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
