"""What somebody has before them: promises on their cases, what they did today, what waits for them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import msgspec

from storage.raw import Raw
from storage.staff.theirs import THEIRS


class Promised(msgspec.Struct, frozen=True):
    """A promise on a case. `state`: open | broken | partly_kept."""

    case: int
    minor: int
    currency: str
    due: date
    state: str
    owner: str | None


class Day(msgspec.Struct, frozen=True):
    """What somebody did since a moment, and what waits: outcomes by code, promises by currency."""

    outcomes: tuple[tuple[str, int], ...]
    promised: tuple[tuple[str, int], ...]
    cases: int
    tasks: int
    rings: tuple[tuple[int, datetime, str], ...]  # case, moment, zone


_PROMISES: Final = """
SELECT p.case_id, p.amount_minor, (SELECT l.currency FROM promise_loans m JOIN loans l ON l.id = m.loan_id
       WHERE m.promise_id = p.id LIMIT 1) AS currency, p.due_on, p.state, s.name
FROM promises p JOIN cases c ON c.id = p.case_id LEFT JOIN assignments a ON a.case_id = c.id
LEFT JOIN staff s ON s.id = a.staff_id
WHERE ($1::bigint IS NULL OR a.staff_id = $1) AND c.portfolio_id = ANY($2) AND p.state = ANY($3)
  AND p.due_on >= $4 ORDER BY p.due_on, p.id LIMIT $5
"""


async def promises(
    raw: Raw, staff: int | None, portfolios: Sequence[int], states: Sequence[str], since: date, limit: int
) -> list[Promised]:
    """Promises on somebody's cases (None: on all of the portfolios), by their day."""
    rows = await raw.rows(_PROMISES, staff, list(portfolios), list(states), since, limit)
    return [Promised(*row) for row in rows]


class Callback(msgspec.Struct, frozen=True):
    """A call that was agreed on a case of theirs, and its deadline."""

    case: int
    at: datetime
    finish_by: datetime | None


async def callbacks(raw: Raw, staff: int, limit: int) -> list[Callback]:
    """The calls that were agreed on somebody's cases and not made yet, by their moment."""
    rows = await raw.rows(
        "SELECT t.case_id, t.starts_at, t.finish_by FROM tasks t JOIN assignments a ON a.case_id = t.case_id "
        "WHERE a.staff_id = $1 AND t.state = 'open' AND t.starts_at IS NOT NULL ORDER BY 2, t.id LIMIT $2",
        staff,
        limit,
    )
    return [Callback(*row) for row in rows]


_WORK: Final = f"""
SELECT count(*) FROM tasks t JOIN cases c ON c.id = t.case_id LEFT JOIN assignments a ON a.case_id = c.id
WHERE t.state = 'open' AND t.queue = ANY($2) AND c.portfolio_id = ANY($3)
  AND (a.staff_id = $1 OR NOT {THEIRS.format(roles="$5")}) AND (t.starts_at IS NULL OR t.starts_at <= $4)
"""  # noqa: S608, constants


async def day(
    raw: Raw,
    staff: int,
    name: str,
    queues: Sequence[str],
    of_roles: str,
    portfolios: Sequence[int],
    since: datetime,
    now: datetime,
) -> Day:
    """Somebody's day since a moment."""
    outcomes = await raw.rows(
        "SELECT code, count(*) FROM outcomes WHERE recorded_by = $1 AND received_at >= $2 "
        "AND undone_at IS NULL GROUP BY 1 ORDER BY 2 DESC, 1",
        name,
        since,
    )
    promised = await raw.rows(
        "SELECT (SELECT l.currency FROM promise_loans m JOIN loans l ON l.id = m.loan_id "
        "WHERE m.promise_id = p.id LIMIT 1) AS currency, sum(p.amount_minor)::bigint FROM promises p "
        "WHERE p.recorded_by = $1 AND p.recorded_at >= $2 AND p.state <> 'cancelled' GROUP BY 1 ORDER BY 1",
        name,
        since,
    )
    cases = await raw.value("SELECT count(*) FROM assignments WHERE staff_id = $1", staff)
    tasks = await raw.value(
        _WORK,
        staff,
        list(queues),
        list(portfolios),
        now,
        of_roles,
    )
    rings = await raw.rows(
        "SELECT t.case_id, t.starts_at, p.zones[1] FROM tasks t JOIN assignments a ON a.case_id = t.case_id "
        "JOIN cases c ON c.id = t.case_id JOIN persons p ON p.id = c.person_id "
        "WHERE a.staff_id = $1 AND t.state = 'open' AND t.starts_at > $2 ORDER BY 2 LIMIT 10",
        staff,
        now,
    )
    return Day(
        tuple((row[0], row[1]) for row in outcomes),
        tuple((row[0], row[1]) for row in promised),
        cases,
        tasks,
        tuple((row[0], row[1], row[2]) for row in rings),
    )
