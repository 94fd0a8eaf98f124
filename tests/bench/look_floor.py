"""Ratio 1: the look beside the same rows written by INSERT..SELECT and one set UPDATE, all in SQL.

The floor knows the answer beforehand: which step each loan expects is worked out from its due date in SQL, no
rule is asked and no reason weighed. It writes what the look writes, into the same tables with the same
indexes and foreign keys; `same_rows` holds the two to that.
"""

from time import perf_counter

from casework.look import LookReport, look
from casework.office import Office
from storage.raw import Raw
from strategies.rulebook import ENGINE
from tests.bench.book import NOW
from tests.builders.book import SYSTEM

# What each loan expects, for the due cases, beside the rows of the statement before.
_EXPECTED = """
    JOIN parties pa ON pa.case_id = d.case_id
    JOIN loans l ON l.id = pa.loan_id
    JOIN installments i ON i.loan_id = l.id AND i.left_minor > 0 AND i.due_on < $1::date
    JOIN (VALUES (3, 'late-3', interval '4 days'), (7, 'late-7', interval '7 days'),
                 (15, 'late-15', interval '10 days')) step(days, id, lasts) ON i.due_on + step.days = $1::date
"""
_AT = "($1::date + time '08:00') AT TIME ZONE 'Europe/Berlin'"
_INSERTS = (
    """
    INSERT INTO decisions (case_id, at, made_by, rulebook, engine, facts)
    SELECT id, $1, 'look', $2, $4, decode(repeat('00', $3), 'hex')
    FROM cases WHERE next_look_at <= $1 ORDER BY id
    """,
    f"""
    INSERT INTO messages (case_id, decision_id, strategy_version_id, step, purpose, planned_at, expires_at,
                          state)
    SELECT d.case_id, d.id, l.strategy_version_id, step.id, 'dunning', $2, {_AT} + step.lasts, 'open'
    FROM decisions d {_EXPECTED} ORDER BY d.id
    """,
    f"""
    INSERT INTO occurrences (case_id, loan_id, anchor, anchor_id, strategy, step, due_at, state, message_id,
                             decision_id)
    SELECT d.case_id, l.id, 'installment', i.id, 'gentle', step.id, {_AT}, 'waiting', d.id, d.decision_id
    FROM messages d {_EXPECTED} ORDER BY d.id
    """,
    """
    INSERT INTO contacts (message_id, case_id, person_id, address_id, channel, attempt, state, planned_at,
                          not_before)
    SELECT m.id, m.case_id, c.person_id, a.id, 'sms', 1, 'planned', $1, $1
    FROM messages m JOIN cases c ON c.id = m.case_id
    JOIN addresses a ON a.person_id = c.person_id AND a.kind = 'phone' ORDER BY m.id
    """,
    """
    INSERT INTO events (at, actor, role, action, subject_kind, subject_id, data)
    SELECT $1, $2, $3, 'case.decided', 'case', case_id, json_build_object('decision', id)
    FROM decisions ORDER BY id
    """,
)
_UPDATE = """
    UPDATE cases SET looked_through = $1, next_look_at = m.expires_at
    FROM messages m WHERE m.case_id = cases.id
"""
# What both must have written, but for ids and the facts' bytes, which SQL cannot know.
_WRITTEN = {
    "decisions": "SELECT case_id, at, made_by, rulebook, engine FROM decisions",
    "messages": "SELECT m.*, d.case_id AS decided FROM messages m JOIN decisions d ON d.id = m.decision_id",
    "occurrences": "SELECT o.*, m.case_id AS said, d.case_id AS decided FROM occurrences o "
    "JOIN messages m ON m.id = o.message_id JOIN decisions d ON d.id = o.decision_id",
    "contacts": "SELECT c.*, m.case_id AS said FROM contacts c JOIN messages m ON m.id = c.message_id",
    "events": "SELECT e.*, d.case_id AS decided FROM events e "
    "JOIN decisions d ON d.id = (e.data->>'decision')::bigint",
    "cases": "SELECT id, person_id, looked_through, next_look_at FROM cases",
}


async def time_look(office: Office) -> tuple[float, LookReport]:
    """Seconds of one pass over what is due."""
    async with office.transaction() as raw:
        await office.book(raw)  # a worker has read its rulebook long ago
    began = perf_counter()
    report = await look(office, SYSTEM, NOW)
    return perf_counter() - began, report


async def time_floor(office: Office, facts: int) -> float:
    """Seconds of the floor, with facts of so many bytes."""
    async with office.transaction() as raw:
        rulebook = (await office.book(raw)).rulebook.digest
    today = NOW.date()
    parameters = (
        (NOW, rulebook, facts, ENGINE),
        (today, NOW),
        (today,),
        (NOW,),
        (NOW, SYSTEM.name, SYSTEM.role),
    )
    began = perf_counter()
    async with office.transaction() as raw:
        for statement, values in zip(_INSERTS, parameters, strict=True):
            await raw.run(statement, *values)
        await raw.run(_UPDATE, NOW)
    return perf_counter() - began


async def facts_size(raw: Raw) -> int:
    """Bytes of the stored facts of a decision, on average."""
    return await raw.value("SELECT coalesce(avg(octet_length(facts)), 0)::int FROM decisions")


async def written(raw: Raw) -> dict[str, tuple[int, str]]:
    """How many rows of each table were written, and a digest of what they say but for ids."""
    found: dict[str, tuple[int, str]] = {}
    for table, rows in _WRITTEN.items():
        found[table] = tuple(
            (
                await raw.rows(
                    "SELECT count(*), md5(coalesce(string_agg(said, E'\\n' ORDER BY said), '')) FROM (SELECT "
                    "(to_jsonb(w) - '{id,xid,decision_id,message_id,data}'::text[])::text AS said "
                    f"FROM ({rows}) w) every"
                )
            )[0]
        )
    return found
