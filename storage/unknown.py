"""Contacts of which nobody knows whether they were taken, and what providers were asked about them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from storage.raw import Raw


class Doubt(msgspec.Struct, frozen=True):
    """A contact to one address that is unknown, or still in the air (`sending`). Sealed: body, value."""

    contact: int
    state: str
    sent_at: datetime
    body: bytes
    address: int
    value: bytes
    token: bytes
    found_nothing: int


class Listed(msgspec.Struct, frozen=True):
    """An unknown contact as a person is shown it."""

    contact: int
    portfolio: int
    borrower: str  # the person's external id
    loans: Sequence[str]
    channel: str
    provider: str | None
    sent_at: datetime
    code: str | None
    asked_at: datetime | None
    finding: str | None


_DUE = """
SELECT a.kind, a.token, min(coalesce(e.asked_at, '-infinity')) AS first FROM contacts c
JOIN addresses a ON a.id = c.address_id
LEFT JOIN enquiries e ON e.contact_id = c.id
WHERE c.state = 'unknown' AND c.channel = $1 AND (c.provider IS NULL OR c.provider = $2)
  AND c.sent_at BETWEEN $3 AND $4
  AND (e.asked_at IS NULL OR e.asked_at <= CASE e.finding WHEN 'nothing' THEN $5::timestamptz ELSE $6 END)
GROUP BY a.kind, a.token ORDER BY first LIMIT $7
"""
_OF_ADDRESS = """
SELECT c.id, c.state, c.sent_at, c.body, a.id, a.value, a.token, coalesce(e.found_nothing, 0)
FROM addresses a
JOIN contacts c ON c.address_id = a.id AND c.channel = $2 AND c.id IN (
    SELECT id FROM contacts WHERE state = 'unknown' AND sent_at >= $3
    UNION ALL SELECT id FROM contacts WHERE leased_until IS NOT NULL AND state = 'sending')
LEFT JOIN enquiries e ON e.contact_id = c.id
WHERE a.token = ANY($1) ORDER BY c.id
"""


async def to_ask(
    raw: Raw,
    channel: str,
    provider: str,
    *,
    sent: tuple[datetime, datetime],
    asked: tuple[datetime, datetime],
    limit: int,
) -> list[Doubt]:
    """Unknown contacts of up to `limit` addresses, with all others in doubt at the same address.

    `sent`: from, to. `asked`: not since the first where nothing was found, not since the second where
    something stood in the way.
    """
    due = await raw.rows(_DUE, channel, provider, *sent, *asked, limit)
    if not due:
        return []
    rows = await raw.rows(_OF_ADDRESS, [row["token"] for row in due], channel, sent[0])
    return [Doubt(*row) for row in rows]


async def still_unknown(raw: Raw, contacts: Sequence[int]) -> set[int]:
    """Those that nothing has settled since, locked. Their cases are locked already."""
    rows = await raw.rows(
        "SELECT id FROM contacts WHERE id = ANY($1) AND state = 'unknown' ORDER BY id FOR NO KEY UPDATE",
        contacts,
    )
    return {row[0] for row in rows}


async def on_record(raw: Raw, provider: str, provider_ids: Sequence[str]) -> set[str]:
    """The provider's ids that some contact has already."""
    rows = await raw.rows(
        "SELECT provider_id FROM contacts WHERE provider = $1 AND provider_id = ANY($2)",
        provider,
        provider_ids,
    )
    return {row[0] for row in rows}


async def note_asked(raw: Raw, found: Mapping[int, tuple[str, int]], now: datetime) -> None:
    """By contact: what asking found, and how often it was nothing."""
    await raw.run(
        "INSERT INTO enquiries (contact_id, asked_at, finding, found_nothing) "
        "SELECT n.contact, $4, n.finding, n.nothing FROM unnest($1::bigint[], $2::text[], $3::smallint[]) "
        "n(contact, finding, nothing) ON CONFLICT (contact_id) DO UPDATE SET asked_at = EXCLUDED.asked_at, "
        "finding = EXCLUDED.finding, found_nothing = EXCLUDED.found_nothing",
        list(found),
        [finding for finding, _ in found.values()],
        [nothing for _, nothing in found.values()],
        now,
    )


_LISTED = """
SELECT c.id, b.portfolio_id, p.external_id,
       ARRAY(SELECT DISTINCT l.external_id FROM occurrences o JOIN loans l ON l.id = o.loan_id
             WHERE o.message_id = c.message_id ORDER BY 1),
       c.channel, c.provider, c.sent_at, c.code, e.asked_at, e.finding
FROM contacts c
JOIN cases b ON b.id = c.case_id
JOIN persons p ON p.id = c.person_id
LEFT JOIN enquiries e ON e.contact_id = c.id
WHERE c.state = 'unknown' AND b.portfolio_id = ANY($1) ORDER BY c.sent_at, c.id
"""


async def list_unknown(raw: Raw, portfolios: Sequence[int]) -> list[Listed]:
    """All of them, the oldest first."""
    rows = await raw.rows(_LISTED, portfolios)
    return [Listed(*row) for row in rows]


async def how_many_unknown(raw: Raw) -> int:
    return await raw.value("SELECT count(*) FROM contacts WHERE state = 'unknown'")


async def state_of(raw: Raw, contact: int) -> tuple[str, int, str | None] | None:
    """(state, portfolio, provider) of a contact; None where there is none."""
    rows = await raw.rows(
        "SELECT c.state, b.portfolio_id, c.provider FROM contacts c JOIN cases b ON b.id = c.case_id "
        "WHERE c.id = $1",
        contact,
    )
    return tuple(rows[0]) if rows else None
