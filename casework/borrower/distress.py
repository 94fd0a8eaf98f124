"""Somebody writes that they do not want to live: a person is asked at once, and reminders rest until then.

Nothing else comes first: no question, no button, and not a word of what they owe. What the words are stands
in messages/replies.yaml.
"""

from datetime import datetime, timedelta
from typing import Final

from casework.borrower.chats import Chat, borrower
from casework.office import Office
from casework.outcomes import Details, record_in
from casework.staff.rights import Action, Actor, require
from storage.audit import Event, write
from storage.chat import files, talks
from storage.raw import Raw
from storage.recorded import open_task
from storage.tasks import is_urgent

LOOKED_AT_WITHIN: Final = timedelta(hours=1)
_MOST_URGENT: Final = 1
_LONGEST: Final = 4_000  # characters that are kept


async def rest_and_call(
    raw: Raw, office: Office, person: int, case: int, channel: str, text: str, key: str, now: datetime
) -> None:
    """In the caller's transaction: nothing is sent to the person until somebody has looked, who calls now.

    While that call is open, what they write next opens no other. `key`: of the entry, as for any outcome.
    """
    if await is_urgent(raw, case, "vulnerable"):
        return
    who = borrower(person)
    details = Details(channel=channel, note=text[:_LONGEST])
    recorded = await record_in(
        raw, office, who, case, "vulnerable", at=now, received=now, key=key, details=details, owner=who.name
    )
    if not recorded.new:
        return
    by = now + LOOKED_AT_WITHIN
    task = await open_task(raw, case, None, "call", "desk", _MOST_URGENT, now, by, outcome=recorded.outcome)
    opened = Event(now, who.name, who.role, "task.opened", "task", task, {"outcome": recorded.outcome})
    await write(raw.connection, [opened])


async def heard_in_chat(
    office: Office, actor: Actor, chat: Chat, text: str, update: int | None, now: datetime
) -> None:
    """The same said in a chat, where the conversation with a person is open from now on. Raises Denied.

    Of a chat that is nobody's there is nothing to rest; a person reads it all the same.
    """
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        talk, new = await talks.open_talk(raw, chat.id, chat.person, "distress", now)
        await talks.wanted(raw, talk, "distress")
        author = "chat" if chat.person is None else borrower(chat.person).name
        said = text[:_LONGEST]
        await talks.add_line(raw, office.keyring, talk, "borrower", author, said, now, update=update)
        if new:
            event = Event(now, actor.name, actor.role, "talk.opened", "talk", talk)
            await write(raw.connection, [event])
        case = None if chat.person is None else await files.case_of(raw, chat.person, None)
        if chat.person is not None and case is not None:
            key = f"chat:{chat.id}:{now.isoformat()}" if update is None else f"chat:update:{update}"
            await rest_and_call(raw, office, chat.person, case, "chat", text, key, now)
