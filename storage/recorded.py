"""Outcomes, promises and holds as rows. Whoever calls holds the case's lock, and touches it when done."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec

from storage.people import RECORDS
from storage.raw import Raw


class OutcomeRow(msgspec.Struct, frozen=True):
    """An outcome as it is written. `note` is sealed already, under the id that was drawn for it."""

    id: int
    case: int
    code: str
    at: datetime
    received_at: datetime
    key: str
    by: str
    role: str
    channel: str | None
    address: int | None
    loans: tuple[int, ...]
    amount: int | None
    due: date | None
    starts_at: datetime | None
    note: bytes | None


class CaseRow(msgspec.Struct, frozen=True):
    """A case with its person's zones and portfolio; locked. `loans`: those that the person owes on."""

    id: int
    person: int
    portfolio: int
    zone: str
    loans: tuple[tuple[int, str, str], ...]  # id, external id, currency


OURS: Final = "('active', 'written_off')"
"""Statuses of loans that are owed to us, for a query."""

_OWING: Final = f"""
SELECT DISTINCT i.loan_id FROM installments i JOIN loans l ON l.id = i.loan_id
WHERE i.loan_id = ANY($1) AND i.left_minor > 0 AND l.status IN {OURS} ORDER BY 1
"""  # noqa: S608, a constant
_DUE_BY: Final = f"""
SELECT coalesce(sum(i.left_minor), 0)::bigint FROM installments i JOIN loans l ON l.id = i.loan_id
WHERE i.loan_id = ANY($1) AND i.due_on <= $2 AND l.status IN {OURS}
"""  # noqa: S608, a constant
# With every other case that what is recorded may concern, in order of id: nobody waits for each other.
_LOCK: Final = """
SELECT id FROM cases WHERE id IN (
  SELECT $1::bigint
  UNION SELECT o.id FROM cases c JOIN cases o ON o.person_id = c.person_id WHERE c.id = $1
  UNION SELECT o.id FROM cases c JOIN same_persons s ON s.person_id = c.person_id AND s.ended_at IS NULL
        JOIN cases o ON o.person_id = s.other_id WHERE c.id = $1
  UNION SELECT o.case_id FROM parties p JOIN parties o ON o.loan_id = p.loan_id WHERE p.case_id = $1
) ORDER BY id FOR NO KEY UPDATE
"""
_CASE: Final = """
SELECT c.id, c.person_id, c.portfolio_id, p.zones[1]
FROM cases c JOIN persons p ON p.id = c.person_id WHERE c.id = $1
"""


async def lock_case(raw: Raw, case: int) -> CaseRow | None:
    """The case, locked until the transaction ends; None where there is none."""
    await raw.rows(_LOCK, case)
    rows = await raw.rows(_CASE, case)
    if not rows:
        return None
    loans = await raw.rows(
        "SELECT l.id, l.external_id, l.currency FROM parties pa JOIN loans l ON l.id = pa.loan_id "
        "WHERE pa.case_id = $1 ORDER BY l.id",
        case,
    )
    id_, person, portfolio, zone = rows[0]
    return CaseRow(id_, person, portfolio, zone, tuple((row[0], row[1], row[2]) for row in loans))


async def known_outcome(raw: Raw, key: str) -> tuple[int, int, str] | None:
    """(id, case, code) of the outcome that was recorded under `key`."""
    rows = await raw.rows("SELECT id, case_id, code FROM outcomes WHERE key = $1", key)
    return (rows[0][0], rows[0][1], rows[0][2]) if rows else None


async def write_outcome(raw: Raw, row: OutcomeRow) -> None:
    """Insert an outcome."""
    await raw.run(
        "INSERT INTO outcomes (id, case_id, code, at, received_at, key, recorded_by, role, channel, "
        "address_id, loan_ids, amount_minor, due_on, starts_at, note) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        row.id,
        row.case,
        row.code,
        row.at,
        row.received_at,
        row.key,
        row.by,
        row.role,
        row.channel,
        row.address,
        list(row.loans),
        row.amount,
        row.due,
        row.starts_at,
        row.note,
    )


async def open_task(
    raw: Raw,
    case: int,
    loan: int | None,
    kind: str,
    queue: str,
    priority: int,
    opened_at: datetime,
    finish_by: datetime,
    *,
    outcome: int | None = None,
    promise: int | None = None,
    starts_at: datetime | None = None,
) -> int:
    """Open work that no step expected; its id."""
    return await raw.value(
        "INSERT INTO tasks (case_id, loan_id, kind, state, opened_at, finish_by, queue, priority, "
        "outcome_id, promise_id, starts_at) "
        "VALUES ($1, $2, $3, 'open', $4, $5, $6, $7, $8, $9, $10) RETURNING id",
        case,
        loan,
        kind,
        opened_at,
        finish_by,
        queue,
        priority,
        outcome,
        promise,
        starts_at,
    )


async def outcome_row(raw: Raw, outcome: int) -> tuple[int, datetime, str, datetime | None] | None:
    """case, received_at, recorded_by, undone_at of an outcome; None: there is none."""
    rows = await raw.rows(
        "SELECT case_id, received_at, recorded_by, undone_at FROM outcomes WHERE id = $1", outcome
    )
    return tuple(rows[0]) if rows else None  # pyright: ignore[reportReturnType]  # as selected


async def undo(raw: Raw, outcome: int, now: datetime, by: str) -> None:
    """Mark an outcome as taken back, and cancel the work that it opened."""
    await raw.run("UPDATE outcomes SET undone_at = $2, undone_by = $3 WHERE id = $1", outcome, now, by)
    await raw.run("UPDATE tasks SET state = 'cancelled' WHERE outcome_id = $1 AND state = 'open'", outcome)


async def cancel_visits(raw: Raw, cases: Sequence[int], now: datetime) -> None:
    """Nobody visits any more: the work is over."""
    await raw.run(
        "UPDATE tasks SET state = 'cancelled', ended_at = $2 "
        "WHERE case_id = ANY($1) AND state = 'open' AND kind = 'visit'",
        list(cases),
        now,
    )


async def callbacks_agreed(raw: Raw, case: int, before: datetime, now: datetime) -> list[int]:
    """The holds of calls that were agreed on the case before a moment, and are still to come."""
    rows = await raw.rows(
        "SELECT h.id FROM outcomes o JOIN hold_actions p ON p.outcome_id = o.id AND p.action = 'place' "
        "JOIN holds h ON h.id = p.hold_id WHERE o.case_id = $1 AND o.code = 'callback' AND o.at <= $2 "
        "AND o.undone_at IS NULL AND h.ends_at > $3 ORDER BY h.id",
        case,
        before,
        now,
    )
    return [row[0] for row in rows]


async def holds_lifted_by(raw: Raw, outcome: int) -> list[int]:
    """The holds that an outcome lifted, for what it says took their place."""
    rows = await raw.rows(
        "SELECT hold_id FROM hold_actions WHERE outcome_id = $1 AND action = 'lift' ORDER BY id", outcome
    )
    return [row[0] for row in rows]


async def promises_of_outcome(raw: Raw, outcome: int) -> list[int]:
    """The promises that an outcome made."""
    return [row[0] for row in await raw.rows("SELECT id FROM promises WHERE outcome_id = $1", outcome)]


# --- promises -------------------------------------------------------------------------------------


class PromiseRow(msgspec.Struct, frozen=True):
    """A promise as it is written."""

    case: int
    outcome: int | None
    amount: int
    made_at: datetime
    made_on: date
    due_on: date
    last_on: date
    until: datetime
    pauses: bool
    by: str
    recorded_at: datetime
    loans: tuple[int, ...]
    plan: int | None = None
    before: int = 0


async def open_promises(raw: Raw, loans: Sequence[int]) -> list[Any]:
    """Open promises of `loans` but for payments of plans: id, amount_minor, due_on, until, made_at."""
    return await raw.rows(
        "SELECT DISTINCT p.id, p.amount_minor, p.due_on, p.until, p.made_at FROM promises p "
        "JOIN promise_loans l ON l.promise_id = p.id "
        "WHERE l.loan_id = ANY($1) AND p.state = 'open' AND p.plan_id IS NULL ORDER BY p.id",
        loans,
    )


async def write_promise(raw: Raw, row: PromiseRow) -> int:
    """Insert a promise, open; its id."""
    key = await raw.value(
        "INSERT INTO promises (case_id, outcome_id, amount_minor, made_at, made_on, due_on, last_on, until, "
        "pauses, state, recorded_at, recorded_by, plan_id, before_minor) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10, $11, $12, $13) RETURNING id",
        row.case,
        row.outcome,
        row.amount,
        row.made_at,
        row.made_on,
        row.due_on,
        row.last_on,
        row.until,
        row.pauses,
        row.recorded_at,
        row.by,
        row.plan,
        row.before,
    )
    await raw.run(
        "INSERT INTO promise_loans SELECT $1, loan FROM unnest($2::bigint[]) loan", key, list(row.loans)
    )
    return key


async def cancel_promise(raw: Raw, promise: int, now: datetime, replaced_by: int | None = None) -> int:
    """Cancel a promise; the loans' other parties are paused by it no more. How many it was."""
    return await raw.run(
        "UPDATE promises SET state = 'cancelled', settled_at = $2, replaced_by_id = $3 "
        "WHERE id = $1 AND state <> 'cancelled'",
        promise,
        now,
        replaced_by,
    )


async def reopen_replaced(raw: Raw, promise: int) -> list[int]:
    """What `promise` took the place of is promised again; which it was."""
    rows = await raw.rows(
        "UPDATE promises SET state = 'open', settled_at = NULL, replaced_by_id = NULL "
        "WHERE replaced_by_id = $1 AND state = 'cancelled' RETURNING id",
        promise,
    )
    return sorted(row[0] for row in rows)


async def replaced_further(raw: Raw, promise: int) -> None:
    """What `promise` took the place of was replaced by what took its own; it is reopened for nothing."""
    await raw.run(
        "UPDATE promises SET replaced_by_id = (SELECT replaced_by_id FROM promises WHERE id = $1) "
        "WHERE replaced_by_id = $1",
        promise,
    )
    await raw.run("UPDATE promises SET replaced_by_id = NULL WHERE id = $1", promise)


async def is_of_case(raw: Raw, promise: int, case: int) -> bool:
    """Whether a promise is of the case."""
    sql = "SELECT EXISTS (SELECT 1 FROM promises WHERE id = $1 AND case_id = $2)"
    return await raw.value(sql, promise, case)


async def loans_of_promise(raw: Raw, promise: int) -> list[int]:
    """The loans that a promise names."""
    sql = "SELECT loan_id FROM promise_loans WHERE promise_id = $1 ORDER BY 1"
    return [row[0] for row in await raw.rows(sql, promise)]


async def owing(raw: Raw, loans: Sequence[int]) -> tuple[int, ...]:
    """Those of `loans` on which anything is unpaid that is owed to us."""
    return tuple(row[0] for row in await raw.rows(_OWING, loans))


async def due_by(raw: Raw, loans: Sequence[int], on: date) -> int:
    """What of `loans` was due by a date and is unpaid, in minor units."""
    return await raw.value(_DUE_BY, loans, on)


async def cases_of_loans(raw: Raw, loans: Sequence[int]) -> list[int]:
    """Every case whose person is a party to one of `loans`."""
    return [
        row[0]
        for row in await raw.rows("SELECT DISTINCT case_id FROM parties WHERE loan_id = ANY($1)", loans)
    ]


async def cases_of_person(raw: Raw, person: int) -> list[int]:
    """Every case of a person, those of their other records among them."""
    sql = f"SELECT id FROM cases WHERE person_id = ANY(ARRAY({RECORDS}))"  # noqa: S608, a constant
    return [row[0] for row in await raw.rows(sql, [person])]


# --- holds ----------------------------------------------------------------------------------------


class HoldAction(msgspec.Struct, frozen=True):
    """What somebody did about a hold: placed it, changed its period, lifted it."""

    action: str  # place | change | lift
    starts_at: datetime | None
    ends_at: datetime | None


async def place_hold(
    raw: Raw,
    person: int,
    loan: int | None,
    kind: str,
    starts: datetime,
    ends: datetime | None,
    now: datetime,
    by: str,
    reason: str,
    outcome: int | None,
) -> int:
    """A hold with the first of its actions; its id."""
    key = await raw.value(
        "INSERT INTO holds (person_id, loan_id, kind, starts_at, ends_at, recorded_at, recorded_by) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
        person,
        loan,
        kind,
        starts,
        ends,
        now,
        by,
    )
    await add_action(raw, key, HoldAction("place", starts, ends), now, by, reason, outcome)
    return key


async def add_action(
    raw: Raw, hold: int, action: HoldAction, now: datetime, by: str, reason: str, outcome: int | None = None
) -> None:
    """Add to what was done about a hold."""
    await raw.run(
        "INSERT INTO hold_actions (hold_id, action, starts_at, ends_at, recorded_at, recorded_by, reason, "
        "outcome_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        hold,
        action.action,
        action.starts_at,
        action.ends_at,
        now,
        by,
        reason,
        outcome,
    )


async def hold_row(raw: Raw, hold: int) -> Any | None:
    """person_id, loan_id, kind, starts_at, ends_at of a hold, locked; None: there is none."""
    rows = await raw.rows(
        "SELECT person_id, loan_id, kind, starts_at, ends_at FROM holds WHERE id = $1 FOR UPDATE", hold
    )
    return rows[0] if rows else None


async def holds_running(raw: Raw, person: int, now: datetime) -> list[tuple[int, str]]:
    """(id, kind) of the holds of a person and their loans that have not ended."""
    rows = await raw.rows(
        "SELECT id, kind FROM holds WHERE person_id = $1 AND (ends_at IS NULL OR ends_at > $2) ORDER BY id",
        person,
        now,
    )
    return [(row[0], row[1]) for row in rows]


async def actions_of(raw: Raw, hold: int) -> list[HoldAction]:
    """What was done about a hold, in order."""
    rows = await raw.rows(
        "SELECT action, starts_at, ends_at FROM hold_actions WHERE hold_id = $1 ORDER BY id", hold
    )
    return [HoldAction(*row) for row in rows]


async def set_period(raw: Raw, hold: int, starts: datetime, ends: datetime | None) -> None:
    """Write the period that follows from a hold's actions."""
    await raw.run("UPDATE holds SET starts_at = $2, ends_at = $3 WHERE id = $1", hold, starts, ends)


async def open_holds(raw: Raw, persons: Sequence[int], kind: str, now: datetime) -> list[int]:
    """The holds of this kind that are of any of the persons and not over at `now`."""
    rows = await raw.rows(
        "SELECT id FROM holds WHERE person_id = ANY($1) AND loan_id IS NULL AND kind = $2 "
        "AND (ends_at IS NULL OR ends_at > $3) ORDER BY id",
        persons,
        kind,
        now,
    )
    return [row[0] for row in rows]


async def holds_of_outcome(raw: Raw, outcome: int) -> list[int]:
    """The holds that an outcome placed."""
    rows = await raw.rows(
        "SELECT hold_id FROM hold_actions WHERE outcome_id = $1 AND action = 'place' ORDER BY id", outcome
    )
    return [row[0] for row in rows]
