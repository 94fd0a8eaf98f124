"""Queues and load: how much waits, who has how much, what was done since a moment."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from storage.raw import Raw


class Queue(msgspec.Struct, frozen=True):
    """Open tasks of a queue; of these, past their deadline."""

    name: str
    tasks: int
    late: int


class Load(msgspec.Struct, frozen=True):
    """Somebody's load: cases that are theirs, outcomes and promises entered, and a case at hand or not."""

    name: str
    role: str
    cases: int
    outcomes: int
    promises: int
    at_hand: int | None


_LOADS: Final = """
SELECT s.name, s.role, (SELECT count(*) FROM assignments a WHERE a.staff_id = s.id),
  (SELECT count(*) FROM outcomes o WHERE o.recorded_by = s.name AND o.received_at >= $3
   AND o.undone_at IS NULL),
  (SELECT count(*) FROM promises p WHERE p.recorded_by = s.name AND p.recorded_at >= $3
   AND p.state <> 'cancelled'),
  (SELECT u.case_id FROM turns u JOIN cases c ON c.id = u.case_id WHERE u.staff_id = s.id
   AND u.ended_at IS NULL AND c.portfolio_id = ANY($1))
FROM staff s WHERE s.removed_at IS NULL AND (s.portfolios IS NULL OR s.portfolios && $2::text[])
  AND s.role IN ('collector', 'supervisor', 'credit_manager', 'customer_service')
ORDER BY s.name
"""


async def queues(raw: Raw, portfolios: Sequence[int], now: datetime) -> list[Queue]:
    """The queues with open tasks, by name."""
    rows = await raw.rows(
        "SELECT t.queue, count(*), count(*) FILTER (WHERE t.finish_by < $2) FROM tasks t "
        "JOIN cases c ON c.id = t.case_id WHERE t.state = 'open' AND c.portfolio_id = ANY($1) "
        "GROUP BY 1 ORDER BY 1",
        list(portfolios),
        now,
    )
    return [Queue(*row) for row in rows]


async def loads(raw: Raw, portfolios: Sequence[int], codes: Sequence[str], since: datetime) -> list[Load]:
    """Whoever works cases of the portfolios, by name."""
    return [Load(*row) for row in await raw.rows(_LOADS, list(portfolios), list(codes), since)]


class Able(msgspec.Struct, frozen=True):
    """Somebody who may have a case."""

    id: int
    name: str


async def able(raw: Raw, portfolio: str) -> list[Able]:
    """Who may have cases of a portfolio, those with the fewest first."""
    rows = await raw.rows(
        "SELECT s.id, s.name FROM staff s WHERE s.removed_at IS NULL "
        "AND (s.portfolios IS NULL OR $1 = ANY(s.portfolios)) "
        "AND s.role IN ('collector', 'supervisor', 'credit_manager', 'customer_service') "
        "ORDER BY s.role <> 'collector', "
        "(SELECT count(*) FROM assignments a WHERE a.staff_id = s.id), s.name LIMIT 12",
        portfolio,
    )
    return [Able(*row) for row in rows]
