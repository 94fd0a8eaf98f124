"""What this book said, and did not say, to people on days on which another system wrote to them too."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from storage.raw import Raw

_SENT: Final = """
SELECT c.person_id, c.sent_at AS at, c.channel, m.step
FROM contacts c JOIN messages m ON m.id = c.message_id
WHERE c.sent_at >= $1 AND c.sent_at < $2 AND m.purpose = 'dunning'
  AND c.state IN ('sending', 'accepted', 'delivered', 'unknown')
ORDER BY c.sent_at, c.id
"""
_UNSAID: Final = """
SELECT c.person_id, o.step, o.state, o.reason, o.due_at, o.ended_at
FROM occurrences o JOIN cases c ON c.id = o.case_id
WHERE c.person_id = ANY($1) AND o.due_at < $3 AND (o.ended_at IS NULL OR o.ended_at >= $2)
  AND o.state IN ('waiting', 'suppressed', 'superseded') AND o.reason IS NOT NULL
ORDER BY o.due_at, o.id
"""
_CASES: Final = "SELECT id FROM cases WHERE person_id = ANY($1) ORDER BY id"
_PERSONS: Final = "SELECT id, external_id, zones[1] AS zone FROM persons WHERE id = ANY($1)"


async def sent_between(raw: Raw, first: datetime, end: datetime) -> list[Any]:
    """(person_id, at, channel, step) of what was sent in [first, end) about what is due."""
    return await raw.rows(_SENT, first, end)


async def unsaid_between(raw: Raw, persons: Sequence[int], first: datetime, end: datetime) -> list[Any]:
    """What was expected of these people by `end` and not ended before `first`, with why it was not said."""
    return await raw.rows(_UNSAID, persons, first, end)


async def cases_of(raw: Raw, persons: Sequence[int]) -> list[int]:
    """The cases of these people, by id."""
    return [row[0] for row in await raw.rows(_CASES, persons)]


async def persons_of(raw: Raw, persons: Sequence[int]) -> list[Any]:
    """(id, external_id, zone) of each."""
    return await raw.rows(_PERSONS, persons)
