"""Stored decisions, and the rows that came of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from storage.raw import Raw

_DECISIONS: Final = """
SELECT id, case_id, at, rulebook, engine, facts FROM decisions
WHERE id > $1 AND id % $2 = 0 ORDER BY id LIMIT $3
"""
_CLAIMED: Final = """
SELECT c.id, c.message_id, c.channel, c.address_id, c.template, d.id AS decision_id, d.case_id, d.at,
       d.rulebook, d.engine, d.facts
FROM contacts c JOIN decisions d ON d.id = c.claim_id
JOIN messages m ON m.id = c.message_id AND m.given IS NULL
WHERE c.id > $1 AND c.sent_at IS NOT NULL ORDER BY c.id LIMIT $2
"""
_OCCURRENCES: Final = """
SELECT id, case_id, loan_id, anchor, anchor_id, strategy, step, due_at, state, reason, message_id, decision_id
FROM occurrences WHERE case_id = ANY($1)
"""
_MESSAGES: Final = """
SELECT id, decision_id, strategy_version_id, step, expires_at FROM messages
WHERE decision_id = ANY($1) ORDER BY id
"""


async def count_decisions(raw: Raw) -> int:
    """How many decisions are stored."""
    return await raw.value("SELECT count(*) FROM decisions")


async def decisions_after(raw: Raw, after: int, every: int, limit: int) -> list[Any]:
    """Decisions by id; of the ids only multiples of `every`."""
    return await raw.rows(_DECISIONS, after, every, limit)


async def claimed_after(raw: Raw, after: int, limit: int) -> list[Any]:
    """Contacts that went out, by id, each with the decision of its claim."""
    return await raw.rows(_CLAIMED, after, limit)


async def occurrences_of(raw: Raw, cases: Sequence[int]) -> list[Any]:
    """Every occurrence of `cases`."""
    return await raw.rows(_OCCURRENCES, cases)


async def messages_of(raw: Raw, decisions: Sequence[int]) -> list[Any]:
    """The messages that `decisions` made."""
    return await raw.rows(_MESSAGES, decisions)


async def first_contacts(raw: Raw, messages: Sequence[int]) -> list[Any]:
    """The contact that each message was made with: (message_id, channel, address_id)."""
    return await raw.rows(
        "SELECT message_id, channel, address_id FROM contacts WHERE message_id = ANY($1) AND attempt = 1",
        messages,
    )


_CONTACT: Final = """
SELECT c.id, c.message_id, c.case_id, c.channel, c.address_id, c.state, c.code, c.planned_at, c.not_before,
       c.sent_at, c.settled_at, c.claim_id, p.external_id AS borrower, p.source, b.portfolio_id,
       (SELECT m.purpose FROM messages m WHERE m.id = c.message_id AND m.given IS NOT NULL) AS purpose,
       (SELECT r.id FROM replies r JOIN addresses a ON a.token = r.token
        WHERE a.id = c.address_id AND r.channel = c.channel AND r.worked_at = c.planned_at
        ORDER BY r.id DESC LIMIT 1) AS reply,  -- what it answers was worked when it was planned
       (SELECT max(o.decision_id) FROM occurrences o WHERE o.message_id = c.message_id) AS last_decision
FROM contacts c JOIN cases b ON b.id = c.case_id JOIN persons p ON p.id = c.person_id WHERE c.id = $1
"""
_REPLY: Final = "SELECT received_at, meaning FROM replies WHERE id = $1"
_CASES_OF: Final = """
SELECT b.id AS case_id, b.portfolio_id, p.external_id AS borrower, p.source
FROM persons p JOIN cases b ON b.person_id = p.id
WHERE p.external_id = $1 AND ($2::text IS NULL OR p.source = $2) ORDER BY p.source, b.portfolio_id
"""
_LABELS: Final = "SELECT id, external_id, currency FROM loans WHERE id = ANY($1)"


async def contact_record(raw: Raw, contact: int) -> Any | None:
    """A contact with its case and borrower; None where there is none."""
    rows = await raw.rows(_CONTACT, contact)
    return rows[0] if rows else None


async def reply_read(raw: Raw, reply: int) -> Any:
    """(received_at, meaning) of a reply."""
    return (await raw.rows(_REPLY, reply))[0]


async def claimed_by(raw: Raw, decision_id: int) -> Any | None:
    """The first contact that went out by a decision, as `contact_record` gives it; None where none did."""
    contact = await raw.value(
        "SELECT min(c.id) FROM decisions d JOIN cases b ON b.id = d.case_id "
        "JOIN contacts c ON c.person_id = b.person_id AND c.sent_at IS NOT NULL AND c.claim_id = d.id "
        "WHERE d.id = $1",
        decision_id,
    )
    return None if contact is None else await contact_record(raw, contact)


async def decision(raw: Raw, decision_id: int) -> Any:
    """(id, case_id, at, rulebook, engine, facts)."""
    query = "SELECT id, case_id, at, rulebook, engine, facts FROM decisions WHERE id = $1"
    return (await raw.rows(query, decision_id))[0]


async def decisions_at(raw: Raw, case: int, at: datetime) -> list[Any]:
    """The decisions of `case` that were made at that very moment, in order: what `decision` gives."""
    query = "SELECT id, case_id, at, rulebook, engine, facts FROM decisions WHERE case_id = $1 AND at = $2"
    return await raw.rows(query + " ORDER BY id", case, at)


async def last_decision(raw: Raw, case: int, until: datetime | None) -> Any | None:
    """The last decision of `case` at or before `until` (None: at all): what `decision` gives."""
    rows = await raw.rows(
        "SELECT id, case_id, at, rulebook, engine, facts FROM decisions "
        "WHERE case_id = $1 AND ($2::timestamptz IS NULL OR at <= $2) ORDER BY at DESC, id DESC LIMIT 1",
        case,
        until,
    )
    return rows[0] if rows else None


async def cases_of_borrower(raw: Raw, external_id: str, source: str | None) -> list[Any]:
    """The cases of the persons of that id, one a portfolio and source."""
    return await raw.rows(_CASES_OF, external_id, source)


async def loan_labels(raw: Raw, loans: Sequence[int]) -> list[Any]:
    """(id, external_id, currency)."""
    return await raw.rows(_LABELS, loans)


async def version_labels(raw: Raw) -> dict[int, str]:
    """Strategy versions by id, as people call them: "gentle v1"."""
    rows = await raw.rows("SELECT id, name, version FROM strategy_versions")
    return {id_: f"{name} v{version}" for id_, name, version in rows}
