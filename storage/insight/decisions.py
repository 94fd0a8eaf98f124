"""Stored decisions, and the rows that came of them."""

from collections.abc import Sequence
from typing import Any, Final

from storage.raw import Raw

_DECISIONS: Final = """
SELECT id, case_id, at, rulebook, engine, facts FROM decisions
WHERE id > $1 AND id % $2 = 0 ORDER BY id LIMIT $3
"""
_CLAIMED: Final = """
SELECT c.id, c.message_id, c.channel, c.address_id, d.id AS decision_id, d.case_id, d.at, d.rulebook,
       d.engine, d.facts
FROM contacts c JOIN decisions d ON d.id = c.claim_id
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
