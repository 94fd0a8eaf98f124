"""What a card shows of a case, in a few reads."""

from datetime import date, datetime
from typing import Final

import msgspec

from storage.raw import Raw


class LastOutcome(msgspec.Struct, frozen=True):
    """The last thing that came of it."""

    code: str
    at: datetime
    by: str
    role: str


class OpenPromise(msgspec.Struct, frozen=True):
    """What is promised and not yet kept or broken."""

    id: int
    minor: int
    currency: str
    due: date


class TaskRow(msgspec.Struct, frozen=True):
    """Work that is open."""

    id: int
    kind: str
    queue: str
    starts_at: datetime | None
    finish_by: datetime | None
    came_of: str  # an outcome's code, "step:late-30", "promise", "reply", or ""


class CardFacts(msgspec.Struct, frozen=True):
    """The rest of a card. `name` is sealed; `payday` a day of the month."""

    name: bytes | None
    zone: str
    last: LastOutcome | None
    promise: OpenPromise | None
    task: TaskRow | None
    do: tuple[str, ...]
    dont: tuple[str, ...]
    payday: int | None
    notes: int
    talk: int | None


_PERSON: Final = """
SELECT p.name, p.zones[1] AS zone, p.flags, p.hours_agreed, p.own_hours,
  (SELECT count(*) FROM notes n WHERE n.case_id = c.id) AS notes,
  (SELECT min(t.id) FROM talks t WHERE t.person_id = p.id AND t.ended_at IS NULL) AS talk,
  (SELECT max(CASE WHEN l.attributes ->> 'payday' ~ '^([1-9]|[12][0-9]|3[01])$'
              THEN (l.attributes ->> 'payday')::int END)
   FROM parties pa JOIN loans l ON l.id = pa.loan_id WHERE pa.case_id = c.id) AS payday,
  ARRAY(SELECT DISTINCT h.kind FROM holds h WHERE h.starts_at <= $2 AND (h.ends_at IS NULL OR h.ends_at > $2)
        AND (h.loan_id IS NULL AND (h.person_id = p.id OR h.person_id IN (
               SELECT y.other_id FROM same_persons y WHERE y.person_id = p.id AND y.ended_at IS NULL))
             OR h.loan_id IN (SELECT pa.loan_id FROM parties pa WHERE pa.case_id = c.id))
        ORDER BY 1) AS holds,
  ARRAY(SELECT DISTINCT s.channel FROM (SELECT DISTINCT ON (k.person_id, k.channel) k.channel, k.state
        FROM consents k
        WHERE (k.person_id = p.id OR k.person_id IN (
                 SELECT y.other_id FROM same_persons y WHERE y.person_id = p.id AND y.ended_at IS NULL))
          AND (k.portfolio_id IS NULL OR k.portfolio_id = c.portfolio_id)
          AND (k.purpose IS NULL OR k.purpose = 'dunning')
        ORDER BY k.person_id, k.channel, k.at DESC, k.id DESC) s
        WHERE s.state = 'revoked' ORDER BY 1) AS stopped
FROM cases c JOIN persons p ON p.id = c.person_id WHERE c.id = $1
"""
_LAST: Final = """
SELECT code, at, recorded_by, role FROM outcomes WHERE case_id = $1 AND undone_at IS NULL
ORDER BY at DESC, id DESC LIMIT 1
"""
_PROMISE: Final = """
SELECT p.id, p.amount_minor, (SELECT l.currency FROM promise_loans m JOIN loans l ON l.id = m.loan_id
       WHERE m.promise_id = p.id LIMIT 1), p.due_on
FROM promises p WHERE p.case_id = $1 AND p.state = 'open' ORDER BY p.due_on, p.id LIMIT 1
"""
_TASK: Final = """
SELECT t.id, t.kind, t.queue, t.starts_at, t.finish_by,
       coalesce(o.code, 'step:' || n.step, CASE WHEN t.promise_id IS NOT NULL THEN 'promise'
                WHEN t.reply_id IS NOT NULL THEN 'reply' END, '')
FROM tasks t LEFT JOIN outcomes o ON o.id = t.outcome_id LEFT JOIN occurrences n ON n.id = t.occurrence_id
WHERE t.case_id = $1 AND t.state = 'open' AND ($2::bigint IS NULL OR t.id = $2)
  AND (t.starts_at IS NULL OR t.starts_at <= $3)
ORDER BY t.priority, t.finish_by NULLS LAST, t.id LIMIT 1
"""


async def facts_of(raw: Raw, case: int, task: int | None, now: datetime) -> CardFacts:
    """What a card shows of the case; `task`: what it was given for, else its most urgent one."""
    person, last, promise, work = await raw.many(
        (_PERSON, case, now), (_LAST, case), (_PROMISE, case), (_TASK, case, task, now)
    )
    ((name, zone, flags, agreed, own_hours, notes, talk, payday, holds, stopped),) = person
    do = [f"hours:{hours}" for hours in own_hours]
    if agreed:
        do.append("hours_agreed")
    return CardFacts(
        name,
        zone,
        LastOutcome(*last[0]) if last else None,
        OpenPromise(*promise[0]) if promise else None,
        TaskRow(*work[0]) if work else None,
        tuple(do),
        (*dict.fromkeys((*holds, *sorted(flags))), *(f"stopped:{channel}" for channel in stopped)),
        payday,
        notes,
        talk,
    )


async def whose(raw: Raw, case: int) -> tuple[str, bool]:
    """(who has the case at hand, else whose it is; empty: nobody; whether it is at their hand)."""
    ((hand, owner),) = await raw.rows(
        "SELECT (SELECT s.name FROM turns t JOIN staff s ON s.id = t.staff_id WHERE t.case_id = $1 "
        "AND t.ended_at IS NULL AND t.why <> 'caller'), (SELECT s.name FROM assignments a "
        "JOIN staff s ON s.id = a.staff_id WHERE a.case_id = $1)",
        case,
    )
    return hand or owner or "", hand is not None
