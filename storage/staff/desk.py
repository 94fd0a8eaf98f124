"""Whose turn a case is: what comes next for somebody, what they have at hand, what rests meanwhile."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from storage.raw import Raw
from storage.staff.ended import ENDED, KINDS
from storage.staff.theirs import THEIRS


class Turn(msgspec.Struct, frozen=True):
    """A case that somebody has, or had, at hand. `why`: task | arrears | found | caller.

    `shown`: its number was shown, and nobody said that there was no call.
    """

    id: int
    case: int
    staff: int
    task: int | None
    why: str
    until: datetime
    outcome: str | None
    shown: bool = False


class Wanted(msgspec.Struct, frozen=True):
    """What somebody's next case is chosen from. `staff` and `portfolios` are ids.

    settled_for   how long a case without a task is left alone after an outcome
    unreached     codes of outcomes after which it is not
    of_roles      the queues of roles, as JSON
    """

    staff: int
    portfolios: Sequence[int]
    queues: Sequence[str]
    settled_for: timedelta
    unreached: Sequence[str]
    of_roles: str


_FREE: Final = """
  c.portfolio_id = ANY($2)
  AND NOT EXISTS (SELECT 1 FROM turns u WHERE u.case_id = c.id AND u.ended_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM rests r WHERE r.case_id = c.id AND r.until > $3
                  AND (r.staff_id IS NULL OR r.staff_id = $1))
"""
# From the case to its loans, one by one, whatever is known of the tables: after a load nothing is for a
# while, and every loan of the book was read for each case.
_ARREARS: Final = """
  (SELECT coalesce(sum(one.late), 0)::bigint FROM parties pa CROSS JOIN LATERAL (
     SELECT sum(i.left_minor) AS late FROM loans l JOIN installments i ON i.loan_id = l.id
     WHERE l.id = pa.loan_id AND l.status = 'active' AND i.left_minor > 0
       AND i.due_on < $3::timestamptz::date {unless}) one
   WHERE pa.case_id = {case})
"""
# A call that a step expected waits while a hold binds or a promise pauses; one that was asked for does not,
# but for holds that leave the person alone altogether.
# Each on its own, so that they are joined once and not asked of every task.
_EXPECTED: Final = "t.kind IN ('call', 'visit') AND num_nonnulls(t.occurrence_id, t.promise_id) = 1"
_EITHER: Final = f"({_EXPECTED} OR t.kind IN ('call', 'visit') AND h.kind IN {KINDS})"
_BINDS: Final = "h.starts_at <= $3 AND (h.ends_at IS NULL OR h.ends_at > $3)"
MAY: Final = f"""
  NOT EXISTS (SELECT 1 FROM promises p JOIN promise_loans m ON m.promise_id = p.id
              WHERE p.case_id = c.id AND p.state = 'open' AND p.pauses
                AND (t.loan_id IS NULL OR m.loan_id = t.loan_id) AND {_EXPECTED})
  AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.person_id = c.person_id AND {_BINDS}
                  AND (h.loan_id IS NULL OR h.loan_id = t.loan_id) AND {_EITHER})
  AND NOT EXISTS (SELECT 1 FROM same_persons y JOIN holds h ON h.person_id = y.other_id
                  WHERE y.person_id = c.person_id AND y.ended_at IS NULL AND {_BINDS}
                  AND h.loan_id IS NULL AND {_EITHER})
  AND (t.kind <> 'visit' OR 'revoked' IS DISTINCT FROM (
    SELECT v.state FROM consents v WHERE v.person_id = c.person_id AND v.channel = 'visit'
      AND (v.portfolio_id IS NULL OR v.portfolio_id = c.portfolio_id) ORDER BY v.at DESC, v.id DESC LIMIT 1))
"""  # noqa: S608, constants
# Of one's own, what is in one's queues, and what was there when somebody else gave the case; of others',
# what is in one's queues and not in theirs: a specialist's work on a collector's case.
# One's own first, then by priority and the day it is to be finished by; on one day, where most is late.
_TASKS: Final = f"""
SELECT w.case_id, w.task, w.kind = 'call' AS calls, w.shared FROM (
  SELECT c.id AS case_id, t.id AS task, t.shared, t.priority, t.finish_by, c.person_id, t.kind
  FROM (
    SELECT t.*, true AS shared FROM tasks t
    WHERE t.state = 'open' AND t.queue = ANY($4)
      AND NOT {THEIRS.format(roles="$5")}
    UNION ALL
    SELECT t.*, false FROM assignments a JOIN staff s ON s.id = a.staff_id
    JOIN tasks t ON t.case_id = a.case_id AND t.state = 'open'
    WHERE a.staff_id = $1 AND (t.queue = ANY($4) OR a."by" <> s.name AND t.opened_at <= a.at)
  ) t JOIN cases c ON c.id = t.case_id
  WHERE (t.starts_at IS NULL OR t.starts_at <= $3) AND {_FREE} AND {MAY}
  ORDER BY 3, 4, t.finish_by NULLS LAST, t.id LIMIT 200) w
WHERE NOT (w.kind IN ('call', 'visit') AND EXISTS (SELECT 1 FROM persons z WHERE z.id = w.person_id
           AND z.flags && ARRAY[{KINDS.strip("()")}]))
ORDER BY w.shared, w.priority, (w.finish_by AT TIME ZONE 'UTC')::date NULLS LAST,
         {_ARREARS.format(case="w.case_id", unless="")} DESC, w.task LIMIT 30
"""  # noqa: S608, constants
_UNPROMISED: Final = _ARREARS.format(
    case="c.id",
    unless="""
       AND NOT EXISTS (SELECT 1 FROM promise_loans m JOIN promises p ON p.id = m.promise_id
                       WHERE m.loan_id = l.id AND p.state = 'open' AND p.pauses)
       AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.loan_id = l.id
                       AND h.starts_at <= $3 AND (h.ends_at IS NULL OR h.ends_at > $3))""",
)
_OWN: Final = f"""
SELECT c.id AS case_id, NULL::bigint AS task, true AS calls
FROM assignments a JOIN cases c ON c.id = a.case_id
WHERE a.staff_id = $1 AND {_FREE} AND NOT {ENDED.format(now="$3")}
  AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.case_id = c.id AND t.state = 'open')
  AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.loan_id IS NULL
                  AND (h.person_id = c.person_id OR h.person_id IN (
                    SELECT y.other_id FROM same_persons y WHERE y.person_id = c.person_id
                      AND y.ended_at IS NULL))
                  AND h.starts_at <= $3 AND (h.ends_at IS NULL OR h.ends_at > $3))
  AND NOT EXISTS (SELECT 1 FROM outcomes q WHERE q.case_id = c.id AND q.role <> 'borrower'
                  AND q.undone_at IS NULL AND q.received_at > $4 AND q.code <> ALL($5))
  AND {_UNPROMISED} > 0
ORDER BY {_UNPROMISED} DESC, c.id LIMIT 30
"""  # noqa: S608, constants


class Candidate(msgspec.Struct, frozen=True):
    """A case that might come next, for a task of it or (None) for its arrears. `calls`: to be called."""

    case: int
    task: int | None
    calls: bool


async def candidates(raw: Raw, wanted: Wanted, now: datetime) -> list[Candidate]:
    """What might come next, the first first: one's own, also those in arrears without a task unless they were
    settled lately; then what is nobody's."""
    rows = await raw.rows(
        _TASKS, wanted.staff, list(wanted.portfolios), now, list(wanted.queues), wanted.of_roles
    )
    if not rows or rows[0]["shared"]:
        lately = now - wanted.settled_for
        own = await raw.rows(_OWN, wanted.staff, list(wanted.portfolios), now, lately, list(wanted.unreached))
        rows = [*own, *rows]
    return [Candidate(row["case_id"], row["task"], row["calls"]) for row in rows]


async def end_over(raw: Raw, now: datetime) -> None:
    """What nobody touched for too long is at nobody's hand any more."""
    await raw.run(
        "UPDATE turns SET ended_at = $1, outcome = 'over' WHERE id IN (SELECT id FROM turns "
        "WHERE ended_at IS NULL AND until <= $1 ORDER BY id FOR UPDATE SKIP LOCKED)",
        now,
    )


async def begin(
    raw: Raw, staff: int, case: int, task: int | None, why: str, now: datetime, until: datetime
) -> int | None:
    """Somebody has the case at hand; None where another was first. A caller's turn is beside it."""
    return await raw.value(
        "INSERT INTO turns (staff_id, case_id, task_id, why, began_at, until) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id",
        staff,
        case,
        task,
        why,
        now,
        until,
    )


_TURN: Final = (
    "SELECT id, case_id, staff_id, task_id, why, until, outcome, "
    "EXISTS (SELECT 1 FROM showings s WHERE s.turn_id = turns.id AND s.called) FROM turns "
)


async def at_hand(raw: Raw, staff: int) -> Turn | None:
    """What somebody has at hand, locked."""
    rows = await raw.rows(_TURN + "WHERE staff_id = $1 AND ended_at IS NULL FOR UPDATE", staff)
    return Turn(*rows[0]) if rows else None


async def turn_of(raw: Raw, turn: int) -> Turn | None:
    """A turn, locked."""
    rows = await raw.rows(_TURN + "WHERE id = $1 FOR UPDATE", turn)
    return Turn(*rows[0]) if rows else None


async def has_at_hand(raw: Raw, case: int, staff: int, now: datetime) -> bool:
    """Whether somebody has the case at hand; who answers a caller has it beside another."""
    return await raw.value(
        "SELECT EXISTS (SELECT 1 FROM turns WHERE case_id = $1 AND staff_id = $2 AND ended_at IS NULL "
        "AND until > $3)",
        case,
        staff,
        now,
    )


_SAME_CALL: Final = timedelta(minutes=3)  # the number is shown again for it
_CORRECTED: Final = timedelta(minutes=10)  # what is entered after an undo is of the same call


async def number_shown(raw: Raw, turn: int, case: int, address: int, now: datetime) -> None:
    """The number was shown in the turn; twice within a few minutes is for one call."""
    await raw.run(
        "INSERT INTO showings (turn_id, case_id, address_id, at) SELECT $1, $2, $3, $4 WHERE NOT EXISTS ("
        "SELECT 1 FROM showings WHERE turn_id = $1 AND called AND at > $5 AND address_id = $3)",
        turn,
        case,
        address,
        now,
        now - _SAME_CALL,
    )


async def number_called(raw: Raw, turn: int, by: str, now: datetime) -> int | None:
    """The number (its address) that was shown last in the turn, or that an entry of theirs on the case was
    about which they have just taken back."""
    return await raw.value(
        "SELECT coalesce("
        "(SELECT s.address_id FROM showings s WHERE s.turn_id = t.id AND s.called "
        " ORDER BY s.id DESC LIMIT 1), "
        "(SELECT o.address_id FROM outcomes o WHERE o.case_id = t.case_id AND o.undone_by = $2 "
        " AND o.undone_at > $3 AND o.address_id IS NOT NULL ORDER BY o.id DESC LIMIT 1)) "
        "FROM turns t WHERE t.id = $1",
        turn,
        by,
        now - _CORRECTED,
    )


async def not_called(raw: Raw, turn: int) -> bool:
    """Nobody called, though the number was shown; False: it was not shown."""
    return bool(await raw.run("UPDATE showings SET called = false WHERE turn_id = $1 AND called", turn))


async def whose_hand(raw: Raw, case: int) -> int | None:
    """Who has the case at hand, but for who answers a caller."""
    return await raw.value(
        "SELECT staff_id FROM turns WHERE case_id = $1 AND ended_at IS NULL AND why <> 'caller'", case
    )


async def extend(raw: Raw, turn: int, until: datetime) -> None:
    """It is still worked at."""
    await raw.run(
        "UPDATE turns SET until = greatest(until, $2) WHERE id = $1 AND ended_at IS NULL", turn, until
    )


async def end(raw: Raw, turn: int, outcome: str, now: datetime) -> None:
    """It is over: recorded | skipped | left."""
    await raw.run(
        "UPDATE turns SET ended_at = $3, outcome = $2 WHERE id = $1 AND ended_at IS NULL", turn, outcome, now
    )


async def owner(raw: Raw, case: int) -> tuple[int, str] | None:
    """(id, name) of whose the case is."""
    rows = await raw.rows(
        "SELECT s.id, s.name FROM assignments a JOIN staff s ON s.id = a.staff_id WHERE a.case_id = $1", case
    )
    return (rows[0][0], rows[0][1]) if rows else None


async def rest(
    raw: Raw,
    case: int,
    staff: int | None,
    reason: str,
    now: datetime,
    until: datetime,
    outcome: int | None = None,
) -> None:
    """The case is not given before `until`: to `staff`, or (None) to nobody."""
    await raw.run(
        "INSERT INTO rests (case_id, staff_id, reason, at, until, outcome_id) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        case,
        staff,
        reason,
        now,
        until,
        outcome,
    )


class Finishes(msgspec.Struct, frozen=True):
    """What an outcome finishes beside the turn's own task, of the work that was open when it happened.

    visits   visits that wait for nothing
    calls    calls that wait for nothing
    agreed   calls that were agreed for later, too
    """

    visits: bool = False
    calls: bool = False
    agreed: bool = False


async def is_passed_up(raw: Raw, case: int) -> bool:
    """Whether a review is open already that came of a skip; the case is locked until the transaction ends."""
    await raw.rows("SELECT id FROM cases WHERE id = $1 FOR NO KEY UPDATE", case)
    return await raw.value(
        "SELECT EXISTS (SELECT 1 FROM tasks WHERE case_id = $1 AND state = 'open' AND kind = 'review' "
        "AND queue = 'supervisor' AND num_nonnulls(occurrence_id, outcome_id, promise_id, reply_id) = 0)",
        case,
    )


async def finish_tasks(
    raw: Raw, case: int, task: int | None, outcome: int, at: datetime, now: datetime, what: Finishes
) -> list[int]:
    """The turn's task is done by an outcome that happened `at` a moment, and `what` is; which they were."""
    rows = await raw.rows(
        "UPDATE tasks SET state = 'done', ended_at = $5, ended_outcome_id = $3 "
        "WHERE state = 'open' AND case_id = $1 AND outcome_id IS DISTINCT FROM $3 "
        "AND (id = $2 OR opened_at <= $4 AND ("
        "kind = 'call' AND $6 AND (starts_at IS NULL OR starts_at <= $4 OR $7) "
        "OR kind = 'visit' AND $8 AND (starts_at IS NULL OR starts_at <= $4))) RETURNING id",
        case,
        task,
        outcome,
        at,
        now,
        what.calls,
        what.agreed,
        what.visits,
    )
    return sorted(row[0] for row in rows)


async def unfinish(raw: Raw, outcome: int) -> None:
    """The outcome was taken back: what it finished is open, and what rested for it does not."""
    await raw.run(
        "UPDATE tasks SET state = 'open', ended_at = NULL, ended_outcome_id = NULL "
        "WHERE ended_outcome_id = $1",
        outcome,
    )
    await raw.run("DELETE FROM rests WHERE outcome_id = $1", outcome)


class Entry(msgspec.Struct, frozen=True):
    """An outcome as it was entered. `channel` is empty where none was said."""

    case: int
    by: str
    code: str
    channel: str
    received: datetime


class Kept(msgspec.Struct, frozen=True):
    """What was entered under a key. `amount`: minor units, of `loans` (ids); `undone`: it was taken back."""

    code: str
    amount: int | None
    due: date | None
    at: datetime | None
    channel: str | None
    loans: Sequence[int]
    undone: bool


async def entered_under(raw: Raw, key: str) -> Kept | None:
    """The entry of a key."""
    sql = (
        "SELECT code, amount_minor, due_on, starts_at, channel, loan_ids, undone_at IS NOT NULL "
        "FROM outcomes WHERE key = $1"
    )
    rows = await raw.rows(sql, key)
    return Kept(*rows[0]) if rows else None


async def recorded_by(raw: Raw, outcome: int) -> Entry | None:
    """An outcome, with who recorded it."""
    sql = "SELECT case_id, recorded_by, code, coalesce(channel, ''), received_at FROM outcomes WHERE id = $1"
    rows = await raw.rows(sql, outcome)
    return Entry(*rows[0]) if rows else None


async def goes_on(raw: Raw, case: int, by: str, codes: Sequence[str], since: datetime) -> bool:
    """Whether something of theirs stands on the case that they go on with, entered since a moment."""
    return await raw.value(
        "SELECT EXISTS (SELECT 1 FROM outcomes WHERE case_id = $1 AND recorded_by = $2 AND code = ANY($3) "
        "AND received_at >= $4 AND undone_at IS NULL)",
        case,
        by,
        list(codes),
        since,
    )


async def given_since(raw: Raw, case: int, staff: int, by: str, since: datetime) -> bool:
    """Whether the case became theirs since a moment, by themselves."""
    return await raw.value(
        "SELECT EXISTS (SELECT 1 FROM assignments WHERE case_id = $1 AND staff_id = $2 AND at >= $4 "
        'AND "by" = $3)',
        case,
        staff,
        by,
        since,
    )


async def last_entry(raw: Raw, name: str, since: datetime) -> tuple[int, int, str, datetime, str] | None:
    """(id, case, code, when it came, key) of what somebody entered last since a moment, if it stands."""
    rows = await raw.rows(
        "SELECT id, case_id, code, received_at, key FROM outcomes "
        "WHERE recorded_by = $1 AND received_at >= $2 AND undone_at IS NULL "
        "ORDER BY received_at DESC, id DESC LIMIT 1",
        name,
        since,
    )
    return tuple(rows[0]) if rows else None
