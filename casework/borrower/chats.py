"""A chat as it stands when somebody writes there: whose it is, if anybody proved it, and how to speak.

What was proved lasts while it is used, while the addresses that proved it are good, and until another number
comes on file; after that the chat is nobody's until it is proved again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from casework.office import Office
from casework.staff.rights import Action, Actor, Role, require
from storage.audit import Event, write
from storage.chat import chats
from storage.chat.chats import ChatRow
from storage.raw import Raw

DISUSE = timedelta(days=180)
LANGUAGES = ("en", "zh")

_A_WHILE = timedelta(minutes=5)  # how exactly it is known when somebody wrote last


class Chat(msgspec.Struct, frozen=True):
    """A chat at a moment. `person` is None where nobody proved whose it is; `telegram` its id there.

    `expired`: it was somebody's until this very moment. `locked`: no proof is taken now. `staff`: who of the
    staff works there. `talking`: a conversation with a person was open there. `country`: whose figures and
    dates are written there; None where nobody proved whose it is.
    """

    id: int
    telegram: int
    person: int | None
    language: str
    locked: bool
    quiet: bool
    expired: bool = False
    staff: int | None = None
    talking: bool = False
    country: str | None = None


async def arrive(office: Office, actor: Actor, telegram: int, language: str | None, now: datetime) -> Chat:
    """The chat of that id, made where there is none; in `language` where that is spoken. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    token = office.keyring.token("chat", str(telegram))
    row = await office.together(_found, token)
    if row is not None and not _is_over(row, now):
        if row.seen_at + _A_WHILE < now:
            await office.together(_seen, (row.id, now))
        return _chat(row, telegram, now, expired=False)
    async with office.transaction() as raw:
        row = await chats.find(raw, token)
        if row is None:
            spoken = (language or "").partition("-")[0]
            spoken = spoken if spoken in LANGUAGES else LANGUAGES[0]
            await chats.add(raw, office.keyring, token, str(telegram), spoken, now)
            row = await chats.find(raw, token)
            assert row is not None
        over = _is_over(row, now)
        if over:
            await _expire(raw, actor, row, now)
            await chats.seen(raw, [row.id], now)
    return _chat(row, telegram, now, expired=over)


async def _found(_: Office, raw: Raw, tokens: Sequence[bytes]) -> list[ChatRow | None]:
    rows = await chats.find_all(raw, tokens)
    return [rows.get(token) for token in tokens]


async def _seen(_: Office, raw: Raw, keys: Sequence[tuple[int, datetime]]) -> list[None]:
    await chats.seen(raw, [chat for chat, _ in keys], max(now for _, now in keys))
    return [None] * len(keys)


def _is_over(row: ChatRow, now: datetime) -> bool:
    """Whether it was somebody's, and has to be proved again."""
    return row.person is not None and (not row.good or row.seen_at + DISUSE < now)


def _chat(row: ChatRow, telegram: int, now: datetime, *, expired: bool) -> Chat:
    return Chat(
        row.id,
        telegram,
        None if expired else row.person,
        row.language,
        row.locked_until is not None and row.locked_until > now,
        row.quiet,
        expired,
        row.staff,
        row.talking,
        None if expired else row.country,
    )


async def _expire(raw: Raw, actor: Actor, row: ChatRow, now: datetime) -> None:
    await chats.unlink(raw, row.id, "unverified")
    why = "disuse" if row.good else "changed"
    await write(
        raw.connection,
        [Event(now, actor.name, actor.role, "chat.expired", "chat", row.id, {"why": why})],
    )


async def speak(office: Office, actor: Actor, chat: Chat, language: str, now: datetime) -> Chat:
    """Speak `language` from now on, in reminders too where the chat is somebody's. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        await chats.speak(raw, chat.id, language)
        event = Event(now, actor.name, actor.role, "chat.language", "chat", chat.id, {"language": language})
        await write(raw.connection, [event])
    return msgspec.structs.replace(chat, language=language)


async def be_quiet(office: Office, actor: Actor, chat: Chat, quiet: bool, now: datetime) -> None:
    """A chat that is nobody's asks to be left alone, or no longer. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        await chats.be_quiet(raw, chat.id, quiet)
        word = "chat.quiet" if quiet else "chat.open"
        await write(raw.connection, [Event(now, actor.name, actor.role, word, "chat", chat.id)])


def borrower(person: int) -> Actor:
    """The person of a linked chat, acting for themselves."""
    return Actor(f"borrower {person}", Role.BORROWER)
