"""Conversations that wait for somebody of the staff, and what a borrower said to whoever has theirs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw
from storage.staff.ended import SILENT, ended_by


class Call(msgspec.Struct, frozen=True):
    """A conversation to announce, and the chat to do so in (the messenger's own id, opened)."""

    talk: int
    case: int | None
    about: str
    telegram: int
    language: str


class Heard(msgspec.Struct, frozen=True):
    """A line of the borrower, opened, for whoever has the conversation; the portfolios of that person."""

    line: int
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
# What nobody answers goes to whoever is there: as if it had never been taken.
_LEFT: Final = """
UPDATE talks t SET taken_by = NULL, taken_at = NULL, told_at = NULL, told_times = 0
WHERE t.ended_at IS NULL AND t.taken_at <= $1
  AND (SELECT l.side = 'borrower' AND l.at <= $1 FROM talk_lines l WHERE l.talk_id = t.id
       ORDER BY l.id DESC LIMIT 1)
"""
# To whose the case is; else to who was told of one longest ago. Whoever does not take it is asked last the
# next time, and each time is twice as far from the one before: $4 the first, $5 the longest.
_CALLS: Final = f"""
SELECT t.id AS talk, {_CASE} AS case_id, t.about, s.id AS staff
FROM talks t LEFT JOIN portfolios f ON f.id = t.portfolio_id
JOIN LATERAL (
  SELECT s.id FROM staff s
  WHERE s.removed_at IS NULL AND s.role = ANY($3)
    AND EXISTS (SELECT 1 FROM chats k WHERE k.staff_id = s.id)
    AND (f.id IS NULL OR s.portfolios IS NULL OR f.code = ANY(s.portfolios))
  ORDER BY s.id IS NOT DISTINCT FROM t.told_staff_id,
           EXISTS (SELECT 1 FROM assignments a JOIN cases c ON c.id = a.case_id
                   WHERE a.staff_id = s.id AND c.person_id = t.person_id) DESC,
           (SELECT max(o.told_at) FROM talks o WHERE o.told_staff_id = s.id) NULLS FIRST, s.id
  LIMIT 1) s ON true
WHERE t.ended_at IS NULL AND t.taken_by IS NULL
  AND (t.told_at IS NULL OR t.told_at + least(
         $4::interval * 2 ^ least(greatest(t.told_times - 1, 0), 10), $5::interval) <= $2)
ORDER BY t.about <> 'distress', t.id LIMIT $1 FOR UPDATE OF t SKIP LOCKED
"""  # noqa: S608, constants
_HEARD: Final = f"""
SELECT l.id, l.talk_id, {_CASE} AS case_id, {_PORTFOLIOS} AS portfolios, l.body,
       k.id AS chat, k.value, k.language
FROM talk_lines l JOIN talks t ON t.id = l.talk_id AND t.ended_at IS NULL
JOIN staff s ON s.name = t.taken_by AND s.removed_at IS NULL JOIN chats k ON k.staff_id = s.id
WHERE l.side = 'borrower' AND l.passed_on_at IS NULL ORDER BY l.id LIMIT $1 FOR UPDATE OF l SKIP LOCKED
"""  # noqa: S608, constants


async def begin_calls(
    raw: Raw,
    keyring: Keyring,
    roles: Sequence[str],
    now: datetime,
    again: timedelta,
    longest: timedelta,
    left: timedelta,
    limit: int,
) -> list[Call]:
    """Conversations to announce now, marked; once more those not taken within `again` of the first time, then
    ever later, up to `longest`; what somebody took and did not answer for as long as `left`, too."""
    found: list[Call] = []
    await raw.run(_LEFT, now - left)
    for talk, case, about, staff in await raw.rows(_CALLS, limit, now, list(roles), again, longest):
        await raw.run(
            "UPDATE talks SET told_at = $2, told_staff_id = $3, told_times = told_times + 1 WHERE id = $1",
            talk,
            now,
            staff,
        )
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
            line,
            talk,
            case,
            portfolios,
            keyring.open("talk_lines", "body", line, body),
            int(keyring.open("chats", "value", chat, value)),
            language,
        )
        for line, talk, case, portfolios, body, chat, value, language in rows
    ]


async def passed_on(raw: Raw, talk: int, last: int, now: datetime) -> list[int]:
    """What was said up to the line `last` is read by whoever took it; the lines that nobody read before."""
    rows = await raw.rows(
        "UPDATE talk_lines SET passed_on_at = $3 WHERE talk_id = $1 AND id <= $2 AND passed_on_at IS NULL "
        "AND side = 'borrower' RETURNING id",
        talk,
        last,
        now,
    )
    return sorted(row[0] for row in rows)


async def not_passed_on(raw: Raw, line: int) -> None:
    """It could not be shown; it is tried again."""
    await raw.run("UPDATE talk_lines SET passed_on_at = NULL WHERE id = $1", line)


async def had_by(raw: Raw, name: str) -> list[tuple[int, int | None, datetime | None]]:
    """(conversation, case, when the last line of the borrower was shown) of those that somebody has."""
    rows = await raw.rows(
        f"SELECT t.id, {_CASE}, (SELECT max(l.passed_on_at) FROM talk_lines l "  # noqa: S608, a constant
        "WHERE l.talk_id = t.id AND l.side = 'borrower') FROM talks t "
        "WHERE t.taken_by = $1 AND t.ended_at IS NULL ORDER BY 3 DESC NULLS LAST, 1",
        name,
    )
    return [(row[0], row[1], row[2]) for row in rows]


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
        "coalesce((SELECT c.state = 'revoked' AND c.at >= l.last FROM consents c "
        "WHERE c.person_id = l.person_id AND c.channel = 'chat' ORDER BY c.at DESC, c.id DESC LIMIT 1), "
        "false), "
        f"{ended_by(SILENT).format(now='$2')} FROM l CROSS JOIN LATERAL (SELECT l.person_id) c",
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
