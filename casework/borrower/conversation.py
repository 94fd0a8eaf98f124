"""A borrower talks to a person of the lender, through the bot: neither learns the other's number.

Both sides stay on record, sealed. A line of staff is marked before it is said in the chat, so that a crash
leaves it unsaid and seen as such, never said twice.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from casework.borrower.chats import Chat, borrower
from casework.borrower.tell import keep_photo
from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.rights import Action, Actor, may, require
from storage.audit import Event, write
from storage.chat import talks
from storage.chat.talks import Line, Talk, Waiting
from storage.raw import Raw

__all__ = [
    "Line",
    "Talk",
    "Waiting",
    "ask_for_person",
    "end",
    "hear",
    "hear_file",
    "lines",
    "readable",
    "reply",
    "take",
    "waiting",
]

LONGEST = 4_000  # characters of a line


class Asked(msgspec.Struct, frozen=True):
    """A conversation that is open: `new` if it has just begun, `taken` if somebody has it.

    `known`: whoever writes knows of it, for they asked for it or were answered. Of one that was opened for a
    person to look, nothing may show: that there is something to look at says that a number is on file.
    """

    talk: int
    new: bool
    taken: bool
    known: bool = True


async def ask_for_person(
    office: Office, actor: Actor, chat: Chat, about: str, now: datetime, *, said: str = ""
) -> Asked:
    """The borrower wants a person, about an intent ("human", "identity"...). Raises Denied.

    `said`: what they say by it, in their words: in a conversation that is open it is what they said last.
    """
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        talk, new = await talks.open_talk(raw, chat.id, chat.person, about, now)
        await talks.wanted(raw, talk, about)
        found = await talks.open_talk_of(raw, chat.id)
        if new:
            await write(raw.connection, [_event(actor, "talk.opened", talk, now)])
        elif said:
            author = "chat" if chat.person is None else borrower(chat.person).name
            await talks.add_line(raw, office.keyring, talk, "borrower", author, said, now)
    return Asked(talk, new, found is not None and found.taken_by is not None)


async def hear(
    office: Office, actor: Actor, chat: Chat, text: str, update: int | None, now: datetime
) -> Asked | None:
    """The borrower said something in the chat's open conversation; None where there is none. Raises Denied.

    `update` is the stored update that it came in: kept once, however often that is worked.
    """
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        talk = await talks.open_talk_of(raw, chat.id)
        if talk is None:
            return None
        author = "chat" if chat.person is None else borrower(chat.person).name
        await talks.add_line(
            raw, office.keyring, talk.id, "borrower", author, text[:LONGEST], now, update=update
        )
        known = talk.about not in talks.UNASKED or await talks.answered(raw, talk.id)
    return Asked(talk.id, False, talk.taken_by is not None, known)


async def hear_file(
    office: Office,
    actor: Actor,
    chat: Chat,
    kind: str,
    content: bytes,
    text: str,
    update: int | None,
    now: datetime,
) -> Asked | None:
    """The same of a photo or document of the MIME type `kind`, and the words that came with it: the line
    names the file, which is kept beside it, sealed. Raises Denied; CaseworkInputError where it is too large.
    """
    assert chat.person is not None
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        if await talks.open_talk_of(raw, chat.id) is None:
            return None
    file = await keep_photo(office, chat, kind, content, update, now)
    said = f"[file-{file}.{kind.rpartition('/')[2]}] {text}".rstrip()
    return await hear(office, actor, chat, said, update, now)


async def end(office: Office, actor: Actor, chat: Chat, now: datetime) -> bool:
    """The borrower ends the conversation; whether there was one. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        talk = await talks.open_talk_of(raw, chat.id)
        if talk is None:
            return False
        await talks.end(raw, talk.id, now)
        await write(raw.connection, [_event(actor, "talk.ended", talk.id, now)])
    return True


async def waiting(office: Office, actor: Actor) -> Sequence[Talk]:
    """The open conversations of the portfolios that `actor` talks for, the oldest first. Raises Denied."""
    async with office.transaction() as raw:
        specs = (await office.book(raw)).portfolios
        mine = [id_ for id_, spec in specs.items() if may(actor, Action.TALK, spec.portfolio)]
        if not mine:
            require(actor, Action.TALK)
        return await talks.open_talks(raw, mine)


async def take(office: Office, actor: Actor, talk: int, now: datetime) -> Talk:
    """`actor` has the conversation from now on, also where somebody else has it whose cases they give.

    Raises Denied; CaseworkInputError: somebody else has it.
    """
    async with office.transaction() as raw:
        found = await _open(raw, office, actor, talk)
        if found.taken_by not in (None, actor.name) and not await _leads(raw, office, actor, found):
            raise CaseworkInputError(f"conversation {talk} is with {found.taken_by}")
        if found.taken_by != actor.name:
            await talks.take(raw, talk, actor.name, now)
            await write(raw.connection, [_event(actor, "talk.taken", talk, now)])
    return msgspec.structs.replace(found, taken_by=actor.name)


async def reply(office: Office, actor: Actor, talk: int, text: str, now: datetime) -> int:
    """Say something to the borrower: kept now, said in the chat by the bot; the line.

    Whoever has the conversation answers, nobody else. Raises Denied, CaseworkInputError.
    """
    async with office.transaction() as raw:
        found = await _open(raw, office, actor, talk)
        if found.taken_by != actor.name:
            raise CaseworkInputError(
                f"take conversation {talk} first: it is with {found.taken_by or 'nobody'}"
            )
        if not text.strip() or len(text) > LONGEST:
            raise CaseworkInputError(f"a line has 1 to {LONGEST} characters")
        line = await talks.add_line(raw, office.keyring, talk, "staff", actor.name, text.strip(), now)
        assert line is not None
        await write(raw.connection, [_event(actor, "talk.answered", talk, now)])
    return line


async def close(office: Office, actor: Actor, talk: int, now: datetime) -> None:
    """The conversation is over, for staff as for the borrower. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        found = await _open(raw, office, actor, talk)
        if found.taken_by not in (None, actor.name):
            raise CaseworkInputError(f"conversation {talk} is with {found.taken_by}")
        await talks.end(raw, talk, now, actor.name)
        await write(raw.connection, [_event(actor, "talk.ended", talk, now)])


async def lines(office: Office, actor: Actor, talk: int, now: datetime) -> Sequence[Line]:
    """What was said on both sides; the look is on record. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        found = await talks.lock_talk(raw, talk)
        await _may(raw, office, actor, found, talk)
        await write(raw.connection, [_event(actor, "talk.read", talk, now)])
        return await talks.lines_of(raw, office.keyring, talk)


async def readable(raw: Raw, office: Office, actor: Actor, talk: int) -> Talk:
    """A conversation, for who may read it, open or over; who reads puts the look on record.

    Raises Denied, CaseworkInputError.
    """
    return await _may(raw, office, actor, await talks.talk_of(raw, talk), talk)


async def begin_lines(office: Office, actor: Actor, now: datetime) -> Sequence[Waiting]:
    """Lines of staff to be said in chats now, marked as begun. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        return await talks.begin_lines(raw, office.keyring, now, 50)


async def begin_goodbyes(office: Office, actor: Actor, now: datetime) -> Sequence[tuple[int, str]]:
    """(chat at the messenger, language) of whoever is to be told that the staff ended their conversation,
    marked. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        return await talks.begin_goodbyes(raw, office.keyring, now, 50)


async def said(office: Office, actor: Actor, line: int, now: datetime) -> None:
    """A line was said in its chat. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        await talks.handed(raw, line, now)


async def _open(raw: Raw, office: Office, actor: Actor, talk: int) -> Talk:
    found = await _may(raw, office, actor, await talks.lock_talk(raw, talk), talk)
    if found.ended_at is not None:
        raise CaseworkInputError(f"conversation {talk} is over")
    return found


async def _may(raw: Raw, office: Office, actor: Actor, found: Talk | None, talk: int) -> Talk:
    """Of a chat that is nobody's yet, anybody who talks may take care."""
    if found is None:
        require(actor, Action.TALK)
        raise CaseworkInputError(f"there is no conversation {talk}")
    specs = (await office.book(raw)).portfolios
    if found.portfolio is not None:
        require(actor, Action.TALK, specs[found.portfolio].portfolio)
    elif not any(may(actor, Action.TALK, spec.portfolio) for spec in specs.values()):
        require(actor, Action.TALK)
    return found


async def _leads(raw: Raw, office: Office, actor: Actor, found: Talk) -> bool:
    """Whether they give others the cases of it: of a stranger's, those of some portfolio."""
    specs = (await office.book(raw)).portfolios
    of = specs.values() if found.portfolio is None else (specs[found.portfolio],)
    return any(may(actor, Action.ASSIGN_CASE, spec.portfolio) for spec in of)


def _event(actor: Actor, action: str, talk: int, now: datetime) -> Event:
    return Event(now, actor.name, actor.role, action, "talk", talk)
