"""Conversations that wait for somebody of the staff, and what a borrower said to whoever has theirs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw
from storage.staff.ended import ENDED


class Call(msgspec.Struct, frozen=True):
    """A conversation to announce, and the chat to do so in (the messenger's own id, opened)."""

    talk: int
    case: int | None
    about: str
    telegram: int
    language: str


class Heard(msgspec.Struct, frozen=True):
    """A line of the borrower, opened, for whoever has the conversation; the portfolios of that person."""

    talk: int
    case: int | None
    portfolios: Sequence[int]
    text: str
    telegram: int
    language: str


class Side(msgspec.Struct, frozen=True):
    """The borrower's side: their case, whether the chat is proved theirs, and how it is spoken to.

    portfolio    what the conversation is about, where that is known
    portfolios   all of the person
    """

    case: int | None
    linked: bool
    language: str
    portfolio: int | None
    portfolios: Sequence[int]


_CASE: Final = """
(SELECT min(c.id) FROM cases c WHERE c.person_id = t.person_id
 AND (t.portfolio_id IS NULL OR c.portfolio_id = t.portfolio_id))
"""
_PORTFOLIOS: Final = (
    "ARRAY(SELECT DISTINCT c.portfolio_id FROM cases c WHERE c.person_id = t.person_id ORDER BY 1)"
)
# To whose the case is; else to who was told of one longest ago. Whoever does not take it is not asked alone.
_CALLS: Final = f"""
SELECT t.id AS talk, {_CASE} AS case_id, t.about, s.id AS staff
FROM talks t LEFT JOIN portfolios f ON f.id = t.portfolio_id
JOIN LATERAL (
  SELECT s.id FROM staff s
  WHERE s.removed_at IS NULL AND s.role = ANY($3)
    AND EXISTS (SELECT 1 FROM chats k WHERE k.staff_id = s.id)
    AND (f.id IS NULL OR s.portfolios IS NULL OR f.code = ANY(s.portfolios))
    AND s.id IS DISTINCT FROM t.told_staff_id
  ORDER BY EXISTS (SELECT 1 FROM assignments a JOIN cases c ON c.id = a.case_id
                   WHERE a.staff_id = s.id AND c.person_id = t.person_id) DESC,
           (SELECT max(o.told_at) FROM talks o WHERE o.told_staff_id = s.id) NULLS FIRST, s.id
  LIMIT 1) s ON true
WHERE t.ended_at IS NULL AND t.taken_by IS NULL AND (t.told_at IS NULL OR t.told_at <= $2)
ORDER BY t.id LIMIT $1 FOR UPDATE OF t SKIP LOCKED
"""  # noqa: S608, constants
_HEARD: Final = f"""
SELECT l.id, l.talk_id, {_CASE} AS case_id, {_PORTFOLIOS} AS portfolios, l.body,
       k.id AS chat, k.value, k.language
FROM talk_lines l JOIN talks t ON t.id = l.talk_id AND t.ended_at IS NULL
JOIN staff s ON s.name = t.taken_by AND s.removed_at IS NULL JOIN chats k ON k.staff_id = s.id
WHERE l.side = 'borrower' AND l.passed_on_at IS NULL ORDER BY l.id LIMIT $1 FOR UPDATE OF l SKIP LOCKED
"""  # noqa: S608, constants


async def begin_calls(
    raw: Raw, keyring: Keyring, roles: Sequence[str], now: datetime, again: datetime, limit: int
) -> list[Call]:
    """Conversations to announce now, marked; those told of before `again` and not taken since, once more."""
    found: list[Call] = []
    for talk, case, about, staff in await raw.rows(_CALLS, limit, again, list(roles)):
        await raw.run("UPDATE talks SET told_at = $2, told_staff_id = $3 WHERE id = $1", talk, now, staff)
        chat, value, language = (
            await raw.rows("SELECT id, value, language FROM chats WHERE staff_id = $1", staff)
        )[0]
        found.append(Call(talk, case, about, int(keyring.open("chats", "value", chat, value)), language))
    return found


async def begin_heard(raw: Raw, keyring: Keyring, now: datetime, limit: int) -> list[Heard]:
    """Lines to pass on now, marked: none is passed on twice."""
    rows = await raw.rows(_HEARD, limit)
    await raw.run(
        "UPDATE talk_lines SET passed_on_at = $2 WHERE id = ANY($1)", [row["id"] for row in rows], now
    )
    return [
        Heard(
            talk,
            case,
            portfolios,
            keyring.open("talk_lines", "body", line, body),
            int(keyring.open("chats", "value", chat, value)),
            language,
        )
        for line, talk, case, portfolios, body, chat, value, language in rows
    ]


async def passed_on(raw: Raw, talk: int, now: datetime) -> None:
    """What was said so far is read by whoever took it."""
    await raw.run(
        "UPDATE talk_lines SET passed_on_at = $2 WHERE talk_id = $1 AND passed_on_at IS NULL "
        "AND side = 'borrower'",
        talk,
        now,
    )


class Heed(msgspec.Struct, frozen=True):
    """When the borrower wrote last, or opened the conversation; what the staff said since; whether the person
    has stopped the chat since, or is to be left alone (storage/staff/ended.py)."""

    last: datetime
    since: int
    stopped: bool
    ended: bool


async def heed_of(raw: Raw, talk: int, now: datetime) -> Heed:
    """How far an answer in a conversation still is one."""
    rows = await raw.rows(
        "WITH l AS (SELECT greatest(t.opened_at, b.at) AS last, coalesce(b.id, 0) AS id, t.person_id "  # noqa: S608
        "FROM talks t LEFT JOIN LATERAL (SELECT at, id FROM talk_lines WHERE talk_id = t.id "
        "AND side = 'borrower' ORDER BY id DESC LIMIT 1) b ON true WHERE t.id = $1) "
        "SELECT l.last, (SELECT count(*) FROM talk_lines s WHERE s.talk_id = $1 AND s.side = 'staff' "
        "AND s.id > l.id), "
        "EXISTS (SELECT 1 FROM consents c WHERE c.person_id = l.person_id AND c.channel = 'chat' "
        "AND c.state = 'revoked' AND c.at >= l.last), "
        f"{ENDED.format(now='$2')} FROM l CROSS JOIN LATERAL (SELECT l.person_id) c",
        talk,
        now,
    )
    return Heed(*rows[0])


async def side_of(raw: Raw, talk: int) -> Side | None:
    """The borrower's side of a conversation."""
    rows = await raw.rows(
        f"SELECT {_CASE}, t.person_id IS NOT NULL AND t.person_id IS NOT DISTINCT FROM k.person_id, "  # noqa: S608
        f"k.language, t.portfolio_id, {_PORTFOLIOS} FROM talks t "
        "JOIN chats k ON k.id = t.chat_id WHERE t.id = $1",
        talk,
    )
    return Side(*rows[0]) if rows else None
