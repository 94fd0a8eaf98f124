"""Writes what decisions changed, for many cases at once: COPY for new rows, arrays for changed ones."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from policy.values import No, reason_of
from storage.experiments import write_enrolled
from storage.governing import look_together, write_governing, write_settled
from storage.raw import Raw
from strategies.values import Enrolled, Governs, Key, Occurrence


class OccurrenceChange(msgspec.Struct, frozen=True):
    """The state an occurrence takes; `message` below 0 is a new one of the same change."""

    key: Key
    state: str
    message: int | None
    noes: tuple[No, ...]


class NewMessage(msgspec.Struct, frozen=True):
    """A message to be made; `id` below 0 stands for it within its change."""

    id: int
    strategy: int
    step: str
    expires: datetime


class NewContact(msgspec.Struct, frozen=True):
    """A contact to be made of a message, new (below 0) or open."""

    message: int
    channel: str
    address: int
    attempt: int


class NewTask(msgspec.Struct, frozen=True):
    """Work for a person."""

    key: Key
    loan: int
    kind: str
    finish_by: datetime
    queue: str = ""
    priority: int = 5


class Settled(msgspec.Struct, frozen=True):
    """What has become of a promise, and the work that follows: (kind, queue, priority, finish by)."""

    promise: int
    state: str
    work: tuple[str, str, int, datetime] | None


class CaseChange(msgspec.Struct, frozen=True):
    """Everything that one decision changes of one case."""

    case: int
    person: int
    facts: bytes
    new_occurrences: tuple[tuple[Occurrence, OccurrenceChange], ...]
    occurrences: tuple[OccurrenceChange, ...]
    messages: tuple[NewMessage, ...]
    contacts: tuple[NewContact, ...]
    tasks: tuple[NewTask, ...]
    cancelled: tuple[tuple[int, str], ...]
    put_off: tuple[tuple[int, datetime], ...]
    closed: tuple[tuple[int, str], ...]
    again: datetime | None
    governs: tuple[Governs, ...] = ()
    settled: tuple[Settled, ...] = ()
    enrolled: tuple[Enrolled, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing but the time of the next look changes."""
        return not (
            self.new_occurrences
            or self.occurrences
            or self.contacts
            or self.tasks
            or self.cancelled
            or self.put_off
            or self.closed
            or self.governs
            or self.settled
            or self.enrolled
        )


_NOES = msgspec.json.Encoder()

# The one probe that a look cannot do without, answered by a partial index.
DUE: Final = (
    "SELECT id FROM cases WHERE next_look_at <= $1 ORDER BY next_look_at, id LIMIT $2 "
    "FOR NO KEY UPDATE SKIP LOCKED"
)
_DUE_STILL: Final = (
    "SELECT id FROM cases WHERE next_look_at <= $1 AND id = $3 LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED"
)


async def due_cases(raw: Raw, now: datetime, limit: int, among: int | None = None) -> list[int]:
    """Cases whose look is due, locked until the transaction ends; those locked by others are passed over.

    `among`: that case alone, where it is due.
    """
    rows = await (raw.rows(DUE, now, limit) if among is None else raw.rows(_DUE_STILL, now, limit, among))
    return [row[0] for row in rows]


async def put_off_look(raw: Raw, cases: Sequence[int], until: datetime) -> None:
    """Have these cases looked at no sooner than `until`."""
    await raw.run(
        "WITH chosen AS (SELECT id FROM cases WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE) "
        "UPDATE cases c SET next_look_at = $2 FROM chosen WHERE chosen.id = c.id AND c.next_look_at < $2",
        cases,
        until,
    )


async def write_changes(
    raw: Raw,
    changes: Sequence[CaseChange],
    now: datetime,
    *,
    made_by: str,
    rulebook: str,
    engine: int,
    also_deciding: frozenset[int] = frozenset(),
) -> dict[int, int]:
    """Write `changes`; returns the decision's id of each case that changed (or is in `also_deciding`)."""
    live = [change for change in changes if not change.empty or change.case in also_deciding]
    decision_of = await _decisions(raw, changes, live, (now, made_by, rulebook, engine))
    message_ids = await _messages(raw, live, decision_of, now)
    await _new_occurrences(raw, live, decision_of, message_ids, now)
    await _changed_occurrences(raw, live, decision_of, message_ids, now)
    await raw.copy(
        "contacts",
        (
            "message_id",
            "case_id",
            "person_id",
            "address_id",
            "channel",
            "attempt",
            "state",
            "planned_at",
            "not_before",
        ),
        [
            (
                message_ids.get((c.case, new.message), new.message),
                c.case,
                c.person,
                new.address,
                new.channel,
                new.attempt,
                "planned",
                now,
                now,
            )
            for c in live
            for new in c.contacts
        ],
    )
    await _tasks(raw, live, now)
    await _standing_contacts(raw, live, now)
    await write_governing(raw, live, now)
    await write_settled(raw, live, now)
    await write_enrolled(raw, live, now)
    await look_together(raw, changes, now)
    return decision_of


_FEW: Final = 100
_LOOKED: Final = """
UPDATE cases SET looked_through = greatest(looked_through, $3), next_look_at = n.again
FROM unnest($1::bigint[], $2::timestamptz[]) n(id, again) WHERE cases.id = n.id
"""
_DECISIONS: Final = f"""
WITH looked AS ({_LOOKED})
INSERT INTO decisions (case_id, facts, at, made_by, rulebook, engine)
SELECT n.case_id, n.facts, $3, $6, $7, $8 FROM unnest($4::bigint[], $5::bytea[]) n(case_id, facts)
RETURNING case_id, id
"""  # noqa: S608, constants


async def _decisions(
    raw: Raw, changes: Sequence[CaseChange], live: Sequence[CaseChange], made: tuple[datetime, str, str, int]
) -> dict[int, int]:
    """Store why, and when each case is looked at again; ids by case.

    Of a few the ids come back with the rows, of many they are drawn before.
    """
    now, *by = made
    looked = [c.case for c in changes], [c.again for c in changes], now
    cases = [c.case for c in live]
    if len(live) <= _FEW:
        rows = await raw.rows(_DECISIONS, *looked, cases, [c.facts for c in live], *by)
        return dict(map(tuple, rows))
    await raw.run(_LOOKED, *looked)
    ids = await raw.ids("decisions", len(live))
    await raw.copy(
        "decisions",
        ("id", "case_id", "facts", "at", "made_by", "rulebook", "engine"),
        [(id_, c.case, c.facts, *made) for id_, c in zip(ids, live, strict=True)],
    )
    return dict(zip(cases, ids, strict=True))


async def _messages(
    raw: Raw, live: Sequence[CaseChange], decision_of: dict[int, int], now: datetime
) -> dict[tuple[int, int], int]:
    new = [(c.case, message) for c in live for message in c.messages]
    ids = await raw.ids("messages", len(new))
    found = {(case, message.id): id_ for (case, message), id_ in zip(new, ids, strict=True)}
    await raw.copy(
        "messages",
        (
            "id",
            "case_id",
            "decision_id",
            "strategy_version_id",
            "step",
            "purpose",
            "planned_at",
            "expires_at",
            "state",
        ),
        [
            (
                found[case, m.id],
                case,
                decision_of[case],
                m.strategy,
                m.step,
                "dunning",
                now,
                m.expires,
                "open",
            )
            for case, m in new
        ],
    )
    closed = [(message, state) for c in live for message, state in c.closed]
    if closed:
        await raw.run(
            "UPDATE messages SET state = n.state FROM unnest($1::bigint[], $2::text[]) n(id, state) "
            "WHERE messages.id = n.id",
            [message for message, _ in closed],
            [state for _, state in closed],
        )
    return found


async def _new_occurrences(
    raw: Raw,
    live: Sequence[CaseChange],
    decision_of: dict[int, int],
    message_ids: dict[tuple[int, int], int],
    now: datetime,
) -> None:
    await raw.copy(
        "occurrences",
        (
            "case_id",
            "loan_id",
            "anchor",
            "anchor_id",
            "strategy",
            "step",
            "due_at",
            "state",
            "reason",
            "noes",
            "message_id",
            "decision_id",
            "ended_at",
        ),
        [
            (
                c.case,
                occurrence.loan,
                *msgspec.structs.astuple(change.key),
                occurrence.at,
                change.state,
                reason_of(change.noes),
                _noes(change),
                None if change.message is None else message_ids.get((c.case, change.message), change.message),
                decision_of[c.case],
                None if change.state == "waiting" else now,
            )
            for c in live
            for occurrence, change in c.new_occurrences
        ],
    )


async def _changed_occurrences(
    raw: Raw,
    live: Sequence[CaseChange],
    decision_of: dict[int, int],
    message_ids: dict[tuple[int, int], int],
    now: datetime,
) -> None:
    rows = [
        (
            c.case,
            *msgspec.structs.astuple(change.key),
            change.state,
            reason_of(change.noes),
            _noes(change),
            None if change.message is None else message_ids.get((c.case, change.message), change.message),
            decision_of[c.case],
        )
        for c in live
        for change in c.occurrences
    ]
    if rows:
        await raw.run(
            "UPDATE occurrences o SET state = n.state, reason = n.reason, noes = n.noes::jsonb, "
            "message_id = n.message, decision_id = n.decision, "
            "ended_at = CASE WHEN n.state = 'waiting' THEN NULL ELSE $11::timestamptz END "
            "FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], "
            "$7::text[], $8::text[], $9::bigint[], $10::bigint[]) "
            "n(case_id, anchor, anchor_id, strategy, step, state, reason, noes, message, decision) "
            "WHERE o.case_id = n.case_id AND o.anchor_id = n.anchor_id AND o.anchor = n.anchor "
            "AND o.strategy = n.strategy AND o.step = n.step AND o.state = 'waiting'",
            *(list(column) for column in zip(*rows, strict=True)),
            now,
        )


async def _tasks(raw: Raw, live: Sequence[CaseChange], now: datetime) -> None:
    rows = [
        (
            c.case,
            *msgspec.structs.astuple(task.key),
            task.loan,
            task.kind,
            task.finish_by,
            task.queue,
            task.priority,
        )
        for c in live
        for task in c.tasks
    ]
    if rows:
        await raw.run(
            "INSERT INTO tasks (case_id, loan_id, occurrence_id, kind, state, opened_at, finish_by, queue, "
            "priority) SELECT n.case_id, n.loan, o.id, n.kind, 'open', $11, n.finish_by, n.queue, n.priority "
            "FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], "
            "$7::text[], $8::timestamptz[], $9::text[], $10::smallint[]) "
            "n(case_id, anchor, anchor_id, strategy, step, loan, kind, finish_by, queue, priority) "
            "JOIN occurrences o USING (case_id, anchor_id, anchor, strategy, step)",
            *(list(column) for column in zip(*rows, strict=True)),
            now,
        )


async def _standing_contacts(raw: Raw, live: Sequence[CaseChange], now: datetime) -> None:
    """Planned contacts that are cancelled or put off; a lease on them ends with that."""
    cancelled = [(contact, code) for c in live for contact, code in c.cancelled]
    if cancelled:
        await raw.run(
            "UPDATE contacts c SET state = 'cancelled', code = n.code, settled_at = $3, leased_until = NULL, "
            "leased_by = NULL FROM unnest($1::bigint[], $2::text[]) n(id, code) "
            "WHERE c.id = n.id AND c.state IN ('planned', 'claimed')",
            [contact for contact, _ in cancelled],
            [code for _, code in cancelled],
            now,
        )
    put_off = [(contact, later) for c in live for contact, later in c.put_off]
    if put_off:
        await raw.run(
            "UPDATE contacts c SET state = 'planned', not_before = n.later, code = NULL, "
            "leased_until = NULL, leased_by = NULL FROM unnest($1::bigint[], $2::timestamptz[]) n(id, later) "
            "WHERE c.id = n.id AND c.state IN ('planned', 'claimed')",
            [contact for contact, _ in put_off],
            [later for _, later in put_off],
        )


def _noes(change: OccurrenceChange) -> str | None:
    return _NOES.encode(change.noes).decode() if change.noes else None
