"""Open work: what waits in the queues, payments that people say they made, and what they ask for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from storage.raw import Raw

FAR: Final = "9999-01-01 00:00:00+00"  # work without a deadline comes last


class Waits(msgspec.Struct, frozen=True):
    """A task. `name` is sealed; `came_of`: an outcome's code, "step:late-30", "promise", "reply" or ""."""

    task: int
    case: int
    person: int
    portfolio: int
    name: bytes | None
    kind: str
    queue: str
    came_of: str
    opened_at: datetime
    finish_by: datetime | None
    owner: str | None


class Narrow(msgspec.Struct, frozen=True):
    """What a list of work is narrowed to; `owner` "-": nobody's."""

    queue: str | None = None
    kind: str | None = None
    owner: str | None = None
    late: bool = False


class Told(msgspec.Struct, frozen=True):
    """A task that an outcome opened, with what was told. `note` is sealed, `name` too."""

    task: int
    case: int
    person: int
    portfolio: int
    name: bytes | None
    outcome: int
    code: str
    at: datetime
    by: str
    role: str
    minor: int | None
    currency: str | None
    loans: tuple[str, ...]
    note: bytes | None
    finish_by: datetime | None


_WAITS: Final = f"""
SELECT t.id, t.case_id, c.person_id, c.portfolio_id, p.name, t.kind, t.queue,
  coalesce(o.code, 'step:' || n.step, CASE WHEN t.promise_id IS NOT NULL THEN 'promise'
           WHEN t.reply_id IS NOT NULL THEN 'reply' END, ''),
  t.opened_at, t.finish_by, s.name
FROM tasks t JOIN cases c ON c.id = t.case_id JOIN persons p ON p.id = c.person_id
LEFT JOIN assignments a ON a.case_id = c.id LEFT JOIN staff s ON s.id = a.staff_id
LEFT JOIN outcomes o ON o.id = t.outcome_id LEFT JOIN occurrences n ON n.id = t.occurrence_id
WHERE t.state = 'open' AND c.portfolio_id = ANY($1)
  AND ($2::text IS NULL OR t.queue = $2) AND ($3::text IS NULL OR t.kind = $3)
  AND ($4::text IS NULL OR CASE WHEN $4 = '-' THEN a.staff_id IS NULL ELSE s.name = $4 END)
  AND (NOT $5 OR t.finish_by < $6)
  AND ($7::timestamptz IS NULL OR (coalesce(t.finish_by, '{FAR}'), t.id) > ($7, $8::bigint))
ORDER BY coalesce(t.finish_by, '{FAR}'), t.id LIMIT $9
"""  # noqa: S608, a constant


async def waits(
    raw: Raw,
    portfolios: Sequence[int],
    narrow: Narrow,
    now: datetime,
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[Waits]:
    """Open tasks by their deadline, those after a place (deadline, task)."""
    rows = await raw.rows(
        _WAITS,
        list(portfolios),
        narrow.queue,
        narrow.kind,
        narrow.owner,
        narrow.late,
        now,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return [Waits(*row) for row in rows]


_TOLD: Final = """
SELECT t.id, t.case_id, c.person_id, c.portfolio_id, p.name, o.id, o.code, o.at, o.recorded_by, o.role,
  o.amount_minor, (SELECT min(l.currency) FROM parties y JOIN loans l ON l.id = y.loan_id
                   WHERE y.case_id = c.id AND (cardinality(o.loan_ids) = 0 OR l.id = ANY(o.loan_ids))),
  ARRAY(SELECT l.external_id FROM parties y JOIN loans l ON l.id = y.loan_id WHERE y.case_id = c.id
        AND (cardinality(o.loan_ids) = 0 OR l.id = ANY(o.loan_ids)) ORDER BY l.id LIMIT 4),
  o.note, t.finish_by
FROM tasks t JOIN cases c ON c.id = t.case_id JOIN persons p ON p.id = c.person_id
JOIN outcomes o ON o.id = t.outcome_id
WHERE t.state = 'open' AND o.undone_at IS NULL AND c.portfolio_id = ANY($1) AND o.code = ANY($2)
  AND ($3::bigint IS NULL OR t.id = $3)
ORDER BY t.finish_by NULLS LAST, t.id LIMIT $4
"""


async def told(
    raw: Raw, portfolios: Sequence[int], codes: Sequence[str], task: int | None, limit: int
) -> list[Told]:
    """Open work of outcomes of these codes, by its deadline; of one task alone."""
    rows = await raw.rows(_TOLD, list(portfolios), list(codes), task, limit)
    return [msgspec.structs.replace(Told(*row), loans=tuple(row[12])) for row in rows]


async def pictures(raw: Raw, person: int, since: datetime, until: datetime) -> list[int]:
    """Photos that somebody sent in a chat in that time, the newest first."""
    rows = await raw.rows(
        "SELECT id FROM chat_files WHERE person_id = $1 AND received_at BETWEEN $2 AND $3 ORDER BY id DESC",
        person,
        since,
        until,
    )
    return [row[0] for row in rows]


async def picture(raw: Raw, file: int) -> tuple[str, bytes]:
    """(MIME type, sealed content) of a photo that is there."""
    rows = await raw.rows("SELECT kind, content FROM chat_files WHERE id = $1", file)
    return rows[0][0], rows[0][1]


async def end_task(raw: Raw, task: int, now: datetime) -> bool:
    """The work is done; whether it was open."""
    return bool(
        await raw.value(
            "UPDATE tasks SET state = 'done', ended_at = $2 WHERE id = $1 AND state = 'open' RETURNING id",
            task,
            now,
        )
    )
