"""Who is on the staff, their links and chats, and what is handed on when they go."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw
from storage.staff.unsent import unsaid
from storage.tokens import end_of_staff


class StaffRow(msgspec.Struct, frozen=True):
    """Somebody of the staff. `portfolios`, `queues` None: all of them, those of the role."""

    id: int
    name: str
    role: str
    portfolios: tuple[str, ...] | None
    queues: tuple[str, ...] | None
    removed_at: datetime | None


class Listed(msgspec.Struct, frozen=True):
    """The same with what they have: `chat`, `account` whether there is one. `link`: until when one opens a
    chat; `join`: whether one makes an account still, even when the chat was opened with it.
    """

    row: StaffRow
    invited_at: datetime
    chat: bool
    account: bool
    link: datetime | None
    join: bool
    cases: int
    promises: int


_COLUMNS: Final = "s.id, s.name, s.role, s.portfolios, s.queues, s.removed_at"


def _row(found: Any) -> StaffRow:
    id_, name, role, portfolios, queues, removed = found[:6]
    return StaffRow(
        id_,
        name,
        role,
        None if portfolios is None else tuple(portfolios),
        None if queues is None else tuple(queues),
        removed,
    )


async def named(raw: Raw, name: str, *, lock: bool = False) -> StaffRow | None:
    """Whoever is called so, removed or not; with `lock` nobody else changes them meanwhile."""
    tail = " FOR NO KEY UPDATE" if lock else ""
    rows = await raw.rows(f"SELECT {_COLUMNS} FROM staff s WHERE s.name = $1{tail}", name)  # noqa: S608
    return _row(rows[0]) if rows else None


async def called(raw: Raw, name: str) -> StaffRow | None:
    """Who is there and called so, locked; large letters are as good as small ones where one alone is so."""
    rows = await raw.rows(
        f"SELECT {_COLUMNS} FROM staff s WHERE lower(s.name) = lower($1) AND s.removed_at IS NULL "  # noqa: S608
        "ORDER BY s.name <> $1, s.id FOR NO KEY UPDATE",
        name,
    )
    found = [_row(row) for row in rows]
    return found[0] if found and (len(found) == 1 or found[0].name == name) else None


async def of_id(raw: Raw, staff: int, *, lock: bool = False) -> StaffRow | None:
    """Somebody who is there (not removed); with `lock` nobody else changes them meanwhile."""
    tail = " FOR NO KEY UPDATE" if lock else ""
    rows = await raw.rows(
        f"SELECT {_COLUMNS} FROM staff s WHERE s.id = $1 AND s.removed_at IS NULL{tail}",  # noqa: S608
        staff,
    )
    return _row(rows[0]) if rows else None


async def save(
    raw: Raw,
    name: str,
    role: str,
    portfolios: Sequence[str] | None,
    queues: Sequence[str] | None,
    by: str,
    now: datetime,
) -> int:
    """Write somebody down, or as what they come back; their id."""
    return await raw.value(
        "INSERT INTO staff (name, role, portfolios, queues, invited_at, invited_by) "
        "VALUES ($1, $2, $3, $4, $6, $5) ON CONFLICT (name) DO UPDATE SET role = EXCLUDED.role, "
        "portfolios = EXCLUDED.portfolios, queues = EXCLUDED.queues, invited_at = EXCLUDED.invited_at, "
        "invited_by = EXCLUDED.invited_by, removed_at = NULL, removed_by = NULL RETURNING id",
        name,
        role,
        None if portfolios is None else list(portfolios),
        None if queues is None else list(queues),
        by,
        now,
    )


async def everybody(raw: Raw, now: datetime) -> list[Listed]:
    """Everybody who is there, by name."""
    rows = await raw.rows(
        f"SELECT {_COLUMNS}, s.invited_at, "  # noqa: S608, constants
        "EXISTS (SELECT 1 FROM chats c WHERE c.staff_id = s.id), "
        "EXISTS (SELECT 1 FROM staff_accounts a WHERE a.staff_id = s.id "
        " AND (a.password IS NOT NULL OR a.subject IS NOT NULL)), "
        "(SELECT max(l.expires_at) FROM staff_links l WHERE l.staff_id = s.id AND l.ended_at IS NULL "
        " AND l.expires_at > $1), "
        "EXISTS (SELECT 1 FROM staff_links l WHERE l.staff_id = s.id AND l.joined_at IS NULL "
        " AND l.expires_at > $1 AND l.made_at >= s.invited_at "
        " AND (l.ended_at IS NULL OR l.outcome = 'used')), "
        "(SELECT count(*) FROM assignments a WHERE a.staff_id = s.id), "
        "(SELECT count(*) FROM assignments a JOIN promises p ON p.case_id = a.case_id AND p.state = 'open' "
        " WHERE a.staff_id = s.id) "
        "FROM staff s WHERE s.removed_at IS NULL ORDER BY s.name",
        now,
    )
    return [Listed(_row(row), *row[6:]) for row in rows]


async def add_link(raw: Raw, staff: int, by: str, now: datetime, expires: datetime) -> int:
    """A new link; those made before open nothing any more. Its id."""
    await end_links(raw, staff, "replaced", now)
    return await raw.value(
        "INSERT INTO staff_links (staff_id, made_at, made_by, expires_at) VALUES ($1, $2, $3, $4) "
        "RETURNING id",
        staff,
        now,
        by,
        expires,
    )


async def end_links(raw: Raw, staff: int, outcome: str, now: datetime) -> None:
    """No open link of theirs opens anything any more."""
    await raw.run(
        "UPDATE staff_links SET ended_at = $3, outcome = $2 WHERE staff_id = $1 AND ended_at IS NULL",
        staff,
        outcome,
        now,
    )


async def use_link(raw: Raw, link: int, now: datetime) -> int | None:
    """Whose the link is, used from now on; None where it opens nothing (any more)."""
    return await raw.value(
        "UPDATE staff_links SET ended_at = $2, outcome = 'used' WHERE id = $1 AND ended_at IS NULL "
        "AND expires_at > $2 AND EXISTS (SELECT 1 FROM staff s WHERE s.id = staff_id "
        "AND s.removed_at IS NULL) RETURNING staff_id",
        link,
        now,
    )


async def bind(raw: Raw, chat: int, staff: int) -> bool:
    """The chat is theirs, and no other is; False where it is a borrower's."""
    await raw.run("UPDATE chats SET staff_id = NULL WHERE staff_id = $1 AND id <> $2", staff, chat)
    return bool(
        await raw.run("UPDATE chats SET staff_id = $2 WHERE id = $1 AND person_id IS NULL", chat, staff)
    )


async def chat_of(raw: Raw, keyring: Keyring, staff: int) -> tuple[int, str] | None:
    """(the chat's own id at the messenger, its language) of somebody who is there."""
    rows = await raw.rows(
        "SELECT c.id, c.value, c.language FROM chats c JOIN staff s ON s.id = c.staff_id "
        "WHERE s.id = $1 AND s.removed_at IS NULL",
        staff,
    )
    if not rows:
        return None
    chat, value, language = rows[0]
    return int(keyring.open("chats", "value", chat, value)), language


async def remove(raw: Raw, staff: int, by: str, now: datetime) -> None:
    """They are gone: no chat, link or token, nothing at hand, no conversation, nothing of theirs unsent, and
    no search that they kept, which may hold names of customers."""
    name = await raw.value(
        "UPDATE staff SET removed_at = $3, removed_by = $2 WHERE id = $1 RETURNING name", staff, by, now
    )
    await raw.run("UPDATE chats SET staff_id = NULL WHERE staff_id = $1", staff)
    await end_links(raw, staff, "removed", now)
    await end_of_staff(raw, staff, by, now)
    await raw.run("DELETE FROM filters WHERE staff_id = $1", staff)
    await raw.run(
        "UPDATE staff_numbers SET ended_at = $2 WHERE staff_id = $1 AND ended_at IS NULL", staff, now
    )
    await raw.run(
        "UPDATE turns SET ended_at = $2, outcome = 'handed_on' WHERE staff_id = $1 AND ended_at IS NULL",
        staff,
        now,
    )
    await raw.run(
        "UPDATE talks SET taken_by = NULL, taken_at = NULL, told_at = NULL "
        "WHERE taken_by = $1 AND ended_at IS NULL",
        name,
    )
    await _not_theirs(raw, staff, (), now)


async def _not_theirs(raw: Raw, staff: int, still: Sequence[str], now: datetime) -> None:
    """But in the portfolios `still`: what rang for them rings for who has the case now, and nothing that they
    wrote goes any more."""
    await raw.run(
        "DELETE FROM rings r USING tasks t, cases c, portfolios p "
        "WHERE t.id = r.task_id AND t.state = 'open' AND c.id = t.case_id AND p.id = c.portfolio_id "
        "AND r.staff_id = $1 AND p.code <> ALL($2)",
        staff,
        list(still),
    )
    await unsaid(raw, staff, still, now)


async def narrow(
    raw: Raw,
    staff: int,
    name: str,
    works: Sequence[str] | None,
    talks: Sequence[str] | None,
    now: datetime,
) -> None:
    """Nothing at hand but in the portfolios `works`, no conversation but of `talks` (None: of all)."""
    if works is not None:
        await _not_theirs(raw, staff, works, now)
    await raw.run(
        "UPDATE turns t SET ended_at = $3, outcome = 'handed_on' FROM cases c JOIN portfolios p "
        "ON p.id = c.portfolio_id WHERE c.id = t.case_id AND t.staff_id = $1 AND t.ended_at IS NULL "
        "AND $2::text[] IS NOT NULL AND p.code <> ALL($2)",
        staff,
        None if works is None else list(works),
        now,
    )
    await raw.run(
        "UPDATE talks t SET taken_by = NULL, taken_at = NULL, told_at = NULL "
        "WHERE taken_by = $1 AND ended_at IS NULL "
        "AND $2::text[] IS NOT NULL AND (cardinality($2) = 0 OR t.portfolio_id IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM portfolios p WHERE p.id = t.portfolio_id AND p.code = ANY($2)))",
        name,
        None if talks is None else list(talks),
    )


async def cases_of(raw: Raw, staff: int) -> list[tuple[int, str]]:
    """(case, code of its portfolio) of what is assigned to somebody, in order of id."""
    rows = await raw.rows(
        "SELECT a.case_id, p.code FROM assignments a JOIN cases c ON c.id = a.case_id "
        "JOIN portfolios p ON p.id = c.portfolio_id WHERE a.staff_id = $1 ORDER BY 1",
        staff,
    )
    return [(row[0], row[1]) for row in rows]


async def promises_among(raw: Raw, cases: Sequence[int]) -> int:
    """How many open promises the cases have."""
    return await raw.value(
        "SELECT count(*) FROM promises WHERE case_id = ANY($1) AND state = 'open'", list(cases)
    )


# Whoever has the case now has its conversation; taken from somebody, it is nobody's.
_TALKS_GO_ON: Final = """
UPDATE talks t SET taken_by = NULL, taken_at = NULL, told_at = NULL, told_times = 0
FROM cases c LEFT JOIN assignments a ON a.case_id = c.id LEFT JOIN staff s ON s.id = a.staff_id
WHERE c.id = ANY($1) AND t.person_id = c.person_id AND t.ended_at IS NULL
  AND (t.portfolio_id IS NULL OR t.portfolio_id = c.portfolio_id)
  AND CASE WHEN $2::bigint IS NULL THEN t.taken_by = s.name
           ELSE t.taken_by <> (SELECT h.name FROM staff h WHERE h.id = $2) END
"""


# Who had it, knew so, and did not give it away by themselves.
_PARTINGS = """
INSERT INTO partings (case_id, staff_id, heir_id, at, "by")
SELECT had.case_id, s.id, $2, $3, $4
FROM (SELECT case_id, staff_id FROM assignments WHERE case_id = ANY($1) AND told_at IS NOT NULL
      UNION
      SELECT case_id, staff_id FROM turns WHERE case_id = ANY($1) AND ended_at IS NULL) had
JOIN staff s ON s.id = had.staff_id
WHERE s.id IS DISTINCT FROM $2 AND s.name <> $4 AND s.removed_at IS NULL
ORDER BY 1, 2
ON CONFLICT (case_id, staff_id) DO UPDATE
SET heir_id = EXCLUDED.heir_id, at = EXCLUDED.at, "by" = EXCLUDED."by"
"""


async def assign(
    raw: Raw, cases: Sequence[int], staff: int | None, by: str, now: datetime, *, leave: bool = False
) -> None:
    """The cases are theirs from now on; None: nobody's, and back in the queue. Nobody else has them at hand.

    `leave`: but who has, goes on: nobody took it from them.
    """
    if not leave:  # before the assignments, as whoever works at one does
        await raw.rows(
            "SELECT 1 FROM turns WHERE case_id = ANY($1) AND ended_at IS NULL ORDER BY id FOR UPDATE",
            list(cases),
        )
        await raw.run(_TALKS_GO_ON, list(cases), staff)
        await raw.run("DELETE FROM partings WHERE case_id = ANY($1) AND staff_id = $2", list(cases), staff)
        await raw.run(_PARTINGS, list(cases), staff, now, by)
    if staff is None:
        await raw.run("DELETE FROM assignments WHERE case_id = ANY($1)", list(cases))
    else:
        await raw.run(
            'INSERT INTO assignments (case_id, staff_id, at, "by", told_at) '
            "SELECT c, $2, $3::timestamptz, $4::text, "
            "CASE WHEN EXISTS (SELECT 1 FROM staff s WHERE s.id = $2 AND s.name = $4) THEN $3 END "
            "FROM unnest($1::bigint[]) c ORDER BY c "
            'ON CONFLICT (case_id) DO UPDATE SET staff_id = $2, at = $3, "by" = $4, told_at = coalesce('
            "CASE WHEN assignments.staff_id = $2 THEN assignments.told_at END, EXCLUDED.told_at)",
            list(cases),
            staff,
            now,
            by,
        )
    if leave:
        return
    await raw.run(
        "UPDATE turns SET ended_at = $3, outcome = 'handed_on' WHERE case_id = ANY($1) "
        "AND ended_at IS NULL AND staff_id IS DISTINCT FROM $2",
        list(cases),
        staff,
        now,
    )
