"""Conversations between a borrower and a person of the lender, through the bot; both sides stay, sealed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw
from storage.staff.ended import ENDED

UNASKED: Final = frozenset({"identity", "locked"})
"""What a conversation is about that the borrower did not ask for, and knows nothing of."""


class Talk(msgspec.Struct, frozen=True):
    """A conversation. `person` may be a guess where the chat is not linked: `linked` says which."""

    id: int
    chat: int
    person: int | None
    linked: bool
    portfolio: int | None
    about: str
    opened_at: datetime
    taken_by: str | None
    ended_at: datetime | None


class Line(msgspec.Struct, frozen=True):
    """Something said, opened. `side`: borrower | staff."""

    id: int
    side: str
    author: str
    text: str
    at: datetime
    handed_at: datetime | None


class Waiting(msgspec.Struct, frozen=True):
    """A line that is to be said in a chat: the chat's own id at the messenger, opened."""

    line: int
    talk: int
    telegram: int
    text: str


_TALK = (
    "SELECT t.id, t.chat_id, t.person_id, t.person_id IS NOT DISTINCT FROM c.person_id AND "
    "c.person_id IS NOT NULL AS linked, t.portfolio_id, t.about, t.opened_at, t.taken_by, t.ended_at "
    "FROM talks t JOIN chats c ON c.id = t.chat_id "
)


async def open_talk(raw: Raw, chat: int, person: int | None, about: str, now: datetime) -> tuple[int, bool]:
    """The chat's open conversation, begun where there is none; (its id, whether it is new).

    Its portfolio is that of the person's worst case: the one that was opened first.
    """
    new = await raw.value(
        "INSERT INTO talks (chat_id, person_id, portfolio_id, about, opened_at) VALUES ($1, $2, "
        "(SELECT portfolio_id FROM cases WHERE person_id = $2 ORDER BY id LIMIT 1), $3, $4) "
        "ON CONFLICT (chat_id) WHERE ended_at IS NULL DO NOTHING RETURNING id",
        chat,
        person,
        about,
        now,
    )
    if new is not None:
        return new, True
    return await raw.value("SELECT id FROM talks WHERE chat_id = $1 AND ended_at IS NULL", chat), False


async def wanted(raw: Raw, talk: int, about: str) -> None:
    """The borrower asks for a person themselves, about that: what was opened without them is theirs now."""
    await raw.run(
        "UPDATE talks SET about = $2 WHERE id = $1 AND about = ANY($3)", talk, about, sorted(UNASKED)
    )


async def answered(raw: Raw, talk: int) -> bool:
    """Whether somebody of the staff has said anything in it."""
    return await raw.value(
        "SELECT EXISTS (SELECT 1 FROM talk_lines WHERE talk_id = $1 AND side = 'staff' "
        "AND begun_at IS NOT NULL)",
        talk,
    )


async def open_talk_of(raw: Raw, chat: int) -> Talk | None:
    """The chat's open conversation."""
    rows = await raw.rows(_TALK + "WHERE t.chat_id = $1 AND t.ended_at IS NULL", chat)
    return Talk(*rows[0]) if rows else None


async def lock_talk(raw: Raw, talk: int) -> Talk | None:
    """A conversation, locked."""
    rows = await raw.rows(_TALK + "WHERE t.id = $1 FOR UPDATE OF t", talk)
    return Talk(*rows[0]) if rows else None


async def talk_of(raw: Raw, talk: int) -> Talk | None:
    """A conversation, to be read."""
    rows = await raw.rows(_TALK + "WHERE t.id = $1", talk)
    return Talk(*rows[0]) if rows else None


async def open_talks(raw: Raw, portfolios: Sequence[int]) -> list[Talk]:
    """Those that are not ended: of the portfolios, and those of nobody knows which; the oldest first."""
    rows = await raw.rows(
        _TALK + "WHERE t.ended_at IS NULL AND (t.portfolio_id IS NULL OR t.portfolio_id = ANY($1)) "
        "ORDER BY t.opened_at, t.id",
        portfolios,
    )
    return [Talk(*row) for row in rows]


async def take(raw: Raw, talk: int, by: str, now: datetime) -> None:
    """Somebody has it from now on."""
    await raw.run("UPDATE talks SET taken_by = $2, taken_at = $3 WHERE id = $1", talk, by, now)


async def end(raw: Raw, talk: int, now: datetime, by: str | None = None) -> None:
    """It is over; `by`: who of the staff ended it."""
    await raw.run(
        "UPDATE talks SET ended_at = $2, closed_by = $3 WHERE id = $1 AND ended_at IS NULL", talk, now, by
    )


async def begin_goodbyes(raw: Raw, keyring: Keyring, now: datetime, limit: int) -> list[tuple[int, str]]:
    """(the chat's own id at the messenger, its language) of whoever is to be told that the staff ended their
    conversation, marked; not of who knew of none, nor of who is to be left alone."""
    rows = await raw.rows(
        "WITH c AS (UPDATE talks SET goodbye_at = $1 WHERE id IN (SELECT id FROM talks "  # noqa: S608
        "WHERE closed_by IS NOT NULL AND goodbye_at IS NULL ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED) "
        "RETURNING id, chat_id, person_id, about) "
        "SELECT k.id, k.value, k.language FROM c JOIN chats k ON k.id = c.chat_id "
        "WHERE (c.about <> ALL($3) OR EXISTS (SELECT 1 FROM talk_lines l WHERE l.talk_id = c.id "
        "AND l.side = 'staff')) "
        "AND NOT EXISTS (SELECT 1 FROM talks o WHERE o.chat_id = c.chat_id AND o.ended_at IS NULL) "
        f"AND NOT {ENDED.format(now='$1')}",
        now,
        limit,
        sorted(UNASKED),
    )
    return [(int(keyring.open("chats", "value", chat, value)), language) for chat, value, language in rows]


async def add_line(
    raw: Raw,
    keyring: Keyring,
    talk: int,
    side: str,
    author: str,
    text: str,
    now: datetime,
    *,
    update: int | None = None,
) -> int | None:
    """Keep what was said; None where that update was kept before."""
    (line,) = await raw.ids("talk_lines", 1)
    return await raw.value(
        "INSERT INTO talk_lines (id, talk_id, side, author, body, at, update_id) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (update_id) DO NOTHING RETURNING id",
        line,
        talk,
        side,
        author,
        keyring.seal("talk_lines", "body", line, text),
        now,
        update,
    )


async def lines_of(raw: Raw, keyring: Keyring, talk: int, after: int = 0) -> list[Line]:
    """All that was said, in order; what came after that line."""
    rows = await raw.rows(
        "SELECT id, side, author, body, at, handed_at FROM talk_lines WHERE talk_id = $1 AND id > $2 "
        "ORDER BY id",
        talk,
        after,
    )
    return [
        Line(id_, side, author, keyring.open("talk_lines", "body", id_, body), at, handed_at)
        for id_, side, author, body, at, handed_at in rows
    ]


async def begin_lines(raw: Raw, keyring: Keyring, now: datetime, limit: int) -> list[Waiting]:
    """Lines of staff that are to be said in chats, marked as begun: no other teller takes them again."""
    rows = await raw.rows(
        "UPDATE talk_lines l SET begun_at = $1 FROM talks t, chats c WHERE l.id = ANY(ARRAY("
        "SELECT id FROM talk_lines WHERE side = 'staff' AND begun_at IS NULL ORDER BY id LIMIT $2 "
        "FOR UPDATE SKIP LOCKED)) AND t.id = l.talk_id AND c.id = t.chat_id "
        "RETURNING l.id, l.talk_id, l.body, c.id AS chat_row, c.value",
        now,
        limit,
    )
    return [
        Waiting(
            line,
            talk,
            int(keyring.open("chats", "value", chat, value)),
            keyring.open("talk_lines", "body", line, body),
        )
        for line, talk, body, chat, value in sorted(rows, key=lambda row: row["id"])
    ]


async def handed(raw: Raw, line: int, now: datetime) -> None:
    """It was said in the chat."""
    await raw.run("UPDATE talk_lines SET handed_at = $2 WHERE id = $1", line, now)
