"""What somebody wrote makes work: one open task of a kind for a case, however often they write."""

from collections.abc import Sequence
from datetime import datetime

from storage.raw import Raw


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
