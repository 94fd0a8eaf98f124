"""The morning's figures: what happened since a moment, whom they go to, and that they went once."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw


class Reader(msgspec.Struct, frozen=True):
    """Somebody with a chat, of a role. `portfolios`: codes; None: every one."""

    staff: int
    name: str
    role: str
    portfolios: tuple[str, ...] | None


class Happened(msgspec.Struct, frozen=True):
    """What happened in portfolios within a time. Amounts in minor units by currency."""

    sent: int
    outcomes: int
    promises: int
    kept: int
    broken: int
    received: tuple[tuple[str, int], ...]
    late: int  # tasks past their deadline now


class Due(msgspec.Struct, frozen=True):
    """Figures to be shown now, to whom as they are now, and the chat (the messenger's own id, opened)."""

    reader: Reader
    day: date
    figures: bytes
    before: tuple[bytes, ...]  # those of earlier days and of the same portfolios, the oldest first
    telegram: int
    language: str


_HAPPENED: Final = """
SELECT
 (SELECT count(*) FROM contacts k JOIN cases c ON c.id = k.case_id
  WHERE c.portfolio_id = ANY($1) AND k.sent_at >= $2 AND k.sent_at < $3),
 (SELECT count(*) FROM outcomes o JOIN cases c ON c.id = o.case_id
  WHERE c.portfolio_id = ANY($1) AND o.received_at >= $2 AND o.received_at < $3 AND o.undone_at IS NULL),
 (SELECT count(*) FROM promises p JOIN cases c ON c.id = p.case_id
  WHERE c.portfolio_id = ANY($1) AND p.recorded_at >= $2 AND p.recorded_at < $3 AND p.state <> 'cancelled'),
 (SELECT count(*) FROM promises p JOIN cases c ON c.id = p.case_id
  WHERE c.portfolio_id = ANY($1) AND p.settled_at >= $2 AND p.settled_at < $3 AND p.state = 'kept'),
 (SELECT count(*) FROM promises p JOIN cases c ON c.id = p.case_id
  WHERE c.portfolio_id = ANY($1) AND p.settled_at >= $2 AND p.settled_at < $3 AND p.state = 'broken'),
 (SELECT count(*) FROM tasks t JOIN cases c ON c.id = t.case_id
  WHERE c.portfolio_id = ANY($1) AND t.state = 'open' AND t.finish_by < $3)
"""
_RECEIVED: Final = """
SELECT l.currency, sum(p.amount_minor)::bigint FROM payments p JOIN loans l ON l.id = p.loan_id
WHERE l.portfolio_id = ANY($1) AND p.received_on = $2
  AND NOT EXISTS (SELECT 1 FROM payments r WHERE r.reverses_id = p.id)
GROUP BY 1 HAVING sum(p.amount_minor) > 0 ORDER BY 1
"""


async def happened(
    raw: Raw, portfolios: Sequence[int], since: datetime, until: datetime, on: date
) -> Happened:
    """What happened in the portfolios (ids) from `since` to `until`; payments received on that day."""
    (row,) = await raw.rows(_HAPPENED, list(portfolios), since, until)
    received = await raw.rows(_RECEIVED, list(portfolios), on)
    sent, outcomes, promises, kept, broken, late = row
    return Happened(sent, outcomes, promises, kept, broken, tuple((r[0], r[1]) for r in received), late)


async def readers(raw: Raw, roles: Sequence[str]) -> list[Reader]:
    """Everybody of the roles who has a chat."""
    rows = await raw.rows(
        "SELECT s.id, s.name, s.role, s.portfolios FROM staff s WHERE s.removed_at IS NULL "
        "AND s.role = ANY($1) AND EXISTS (SELECT 1 FROM chats k WHERE k.staff_id = s.id) ORDER BY s.id",
        list(roles),
    )
    return [_reader(*row) for row in rows]


def _reader(staff: int, name: str, role: str, codes: Sequence[str] | None) -> Reader:
    return Reader(staff, name, role, None if codes is None else tuple(codes))


async def has(raw: Raw, staff: int, day: date) -> bool:
    """Whether somebody's figures of the day are there."""
    return await raw.value(
        "SELECT EXISTS (SELECT 1 FROM digests WHERE staff_id = $1 AND day = $2)", staff, day
    )


async def add(raw: Raw, staff: int, day: date, figures: bytes, now: datetime) -> bool:
    """Keep somebody's figures of the day; False where they are there."""
    return bool(
        await raw.run(
            "INSERT INTO digests (staff_id, day, figures, made_at) VALUES ($1, $2, $3::jsonb, $4) "
            "ON CONFLICT DO NOTHING",
            staff,
            day,
            figures.decode(),
            now,
        )
    )


async def begin(raw: Raw, keyring: Keyring, now: datetime, oldest: datetime, days: int) -> list[Due]:
    """Those to be shown now, marked as begun, each with up to `days` of its earlier ones: of the same
    portfolios, for others may not be theirs any more, and no line goes through both."""
    rows: list[Any] = await raw.rows(
        "UPDATE digests d SET begun_at = $1 FROM (SELECT d.staff_id, d.day, k.id, k.value, k.language, "
        "s.name, s.role, s.portfolios "
        "FROM digests d JOIN chats k ON k.staff_id = d.staff_id "
        "JOIN staff s ON s.id = d.staff_id AND s.removed_at IS NULL "
        "WHERE d.begun_at IS NULL AND d.made_at > $2 "
        "ORDER BY d.staff_id, d.day LIMIT 20 FOR UPDATE OF d SKIP LOCKED) x "
        "WHERE x.staff_id = d.staff_id AND x.day = d.day "
        "RETURNING d.staff_id, x.name, x.role, x.portfolios, "
        "d.day, d.figures::text, x.id, x.value, x.language",
        now,
        oldest,
    )
    found: list[Due] = []
    for *who, day, figures, chat, value, language in rows:
        reader = _reader(*who)
        earlier = await raw.rows(
            "SELECT e.figures::text FROM digests e JOIN digests d ON d.staff_id = e.staff_id AND d.day = $2 "
            "WHERE e.staff_id = $1 AND e.day < $2 AND e.figures->'portfolios' = d.figures->'portfolios' "
            "ORDER BY e.day DESC LIMIT $3",
            reader.staff,
            day,
            days,
        )
        before = tuple(row[0].encode() for row in reversed(earlier))
        telegram = int(keyring.open("chats", "value", chat, value))
        found.append(Due(reader, day, figures.encode(), before, telegram, language))
    return found


async def drop(raw: Raw, staff: int, day: date) -> None:
    """They are not to be shown; what may be is made again."""
    await raw.run("DELETE FROM digests WHERE staff_id = $1 AND day = $2", staff, day)


async def handed(raw: Raw, staff: int, day: date, now: datetime) -> None:
    """They were shown."""
    await raw.run("UPDATE digests SET handed_at = $3 WHERE staff_id = $1 AND day = $2", staff, day, now)
