"""Work of a case: what somebody wrote makes some, one open task of a kind however often they write; and what
nobody needs to do any more."""

from collections.abc import Sequence
from datetime import datetime

from storage.raw import Raw
from strategies.over import Open


async def open_tasks(
    raw: Raw, cases: Sequence[int], kind: str, reply: int | None, now: datetime
) -> list[int]:
    """A task for each case, unless one of the kind that came of a reply is open already; the new ones."""
    await raw.rows("SELECT id FROM cases WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", list(cases))
    rows = await raw.rows(
        "INSERT INTO tasks (case_id, kind, queue, state, opened_at, reply_id) "
        "SELECT c, $2, 'desk', 'open', $3, $4 FROM unnest($1::bigint[]) c WHERE NOT EXISTS ("
        "SELECT 1 FROM tasks t WHERE t.case_id = c AND t.kind = $2 AND t.state = 'open' "
        "AND t.reply_id IS NOT NULL) RETURNING id",
        list(cases),
        kind,
        now,
        reply,
    )
    return sorted(row[0] for row in rows)


async def outcome_since(raw: Raw, case: int, code: str, since: datetime) -> bool:
    """Whether an outcome of the code was recorded of the case after `since`, and stands."""
    return await raw.value(
        "SELECT EXISTS (SELECT 1 FROM outcomes WHERE case_id = $1 AND code = $2 AND at > $3 "
        "AND undone_at IS NULL)",
        case,
        code,
        since,
    )


async def is_urgent(raw: Raw, case: int, code: str) -> bool:
    """Whether a call is open that an outcome of the code had somebody make."""
    return await raw.value(
        "SELECT EXISTS (SELECT 1 FROM tasks t JOIN outcomes o ON o.id = t.outcome_id WHERE t.case_id = $1 "
        "AND t.kind = 'call' AND t.state = 'open' AND o.code = $2)",
        case,
        code,
    )


async def is_in_distress(raw: Raw, case: int) -> bool:
    """Whether a call is open because of what the person wrote themselves; not of what somebody of the staff
    entered."""
    return await raw.value(
        "SELECT EXISTS (SELECT 1 FROM tasks t JOIN outcomes o ON o.id = t.outcome_id WHERE t.case_id = $1 "
        "AND t.kind = 'call' AND t.state = 'open' AND o.code = 'vulnerable' "
        "AND o.role IN ('borrower', 'system'))",
        case,
    )


async def open_work(raw: Raw, cases: Sequence[int]) -> list[Open]:
    """Calls and visits of `cases` that wait, or were ended by a look, opened by a step or by what became of a
    promise."""
    rows = await raw.rows(
        "SELECT t.id, t.case_id, t.loan_id, coalesce(o.anchor, ''), coalesce(o.anchor_id, 0), "
        "CASE WHEN t.state = 'cancelled' THEN t.ended_at END FROM tasks t "
        "LEFT JOIN occurrences o ON o.id = t.occurrence_id "
        "WHERE t.case_id = ANY($1) AND (t.state = 'open' OR t.state = 'cancelled' "
        "AND t.ended_at IS NOT NULL AND t.ended_outcome_id IS NULL) AND t.kind IN ('call', 'visit') "
        "AND t.starts_at IS NULL AND num_nonnulls(t.occurrence_id, t.promise_id) = 1 ORDER BY t.id",
        list(cases),
    )
    return [Open(*row) for row in rows]


async def end_work(raw: Raw, tasks: Sequence[int], now: datetime) -> None:
    """Nobody needs to do it any more."""
    if tasks:
        await raw.run(
            "UPDATE tasks SET state = 'cancelled', ended_at = $2 WHERE id = ANY($1) AND state = 'open'",
            list(tasks),
            now,
        )


async def reopen_work(raw: Raw, tasks: Sequence[int]) -> None:
    """It is to be done after all."""
    if tasks:
        await raw.run(
            "UPDATE tasks SET state = 'open', ended_at = NULL WHERE id = ANY($1) AND state = 'cancelled'",
            list(tasks),
        )
