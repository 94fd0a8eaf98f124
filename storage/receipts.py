"""Receipts: what providers report later of a contact. Stored once, then worked; states move forward only.

accepted (and unknown) -> delivered | failed; what is final stays.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from storage.contacts import lock_cases_of, look_again
from storage.raw import Raw


class Stored(msgspec.Struct, frozen=True):
    """A receipt that waits to be worked. `effect`: address_dead | blocked | None."""

    id: int
    provider: str
    provider_id: str
    contact: int | None  # as the callback named it
    state: str | None
    code: str | None
    effect: str | None
    received_at: datetime


class Reported(msgspec.Struct, frozen=True):
    """A contact as it stands, locked, with the receipts that speak of it, oldest first."""

    contact: int
    state: str
    receipts: tuple[Stored, ...]


class Settled(msgspec.Struct, frozen=True):
    """What a contact becomes by its receipts, or by what was learnt of it: accepted | delivered | failed."""

    contact: int
    state: str
    provider: str | None
    provider_id: str | None
    code: str | None


async def store(
    raw: Raw,
    provider: str,
    event_key: str,
    provider_id: str,
    contact: int | None,
    state: str | None,
    code: str | None,
    effect: str | None,
    now: datetime,
) -> bool:
    """Whether it is new; a report said twice is one receipt."""
    return bool(
        await raw.run(
            "INSERT INTO receipts (provider, event_key, provider_id, contact_id, state, code, effect, "
            "received_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
            "ON CONFLICT (provider, event_key) DO NOTHING",
            provider,
            event_key,
            provider_id,
            contact,
            state,
            code,
            effect,
            now,
        )
    )


async def unworked(raw: Raw, after: int, limit: int) -> list[Stored]:
    """The next receipts to work, locked; those that another worker holds are passed over."""
    rows = await raw.rows(
        "SELECT id, provider, provider_id, contact_id, state, code, effect, received_at FROM receipts "
        "WHERE worked_at IS NULL AND id > $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED",
        after,
        limit,
    )
    return [Stored(*row) for row in rows]


async def lock_reported(raw: Raw, receipts: Sequence[Stored]) -> list[Reported]:
    """The contacts of `receipts`, locked, and before them every case that their news touches, by id.

    Found by the provider's id; or by the callback's own word where the answer to the send was lost. A contact
    whose sending is not recorded yet is not found.
    """
    found = await raw.rows(
        "SELECT r.n, c.id FROM unnest($1::bigint[], $2::text[], $3::text[]) r(n, provider, provider_id) "
        "JOIN contacts c ON c.provider = r.provider AND c.provider_id = r.provider_id "
        "UNION SELECT r.n, c.id FROM unnest($1::bigint[], $4::bigint[]) r(n, contact) "
        "JOIN contacts c ON c.id = r.contact AND c.state = 'unknown' AND c.provider_id IS NULL",
        [receipt.id for receipt in receipts],
        [receipt.provider for receipt in receipts],
        [receipt.provider_id for receipt in receipts],
        [receipt.contact for receipt in receipts],
    )
    by_id = {receipt.id: receipt for receipt in receipts}
    of: dict[int, list[Stored]] = {}
    for number, contact in sorted(found):
        of.setdefault(contact, []).append(by_id[number])
    hard = [contact for contact, told in of.items() if any(receipt.effect for receipt in told)]
    await lock_cases_of(raw, list(of), hard)
    rows = await raw.rows(
        "SELECT id, state FROM contacts WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", list(of)
    )
    return [Reported(contact, state, tuple(of[contact])) for contact, state in rows]


async def settle(raw: Raw, settled: Sequence[Settled], now: datetime) -> None:
    """Record what contacts became, and what follows for their messages. Their cases are locked already.

    Delivered: the message is done; where a fallback is planned already, the next look closes it with that.
    Failed: it is open again while nothing else of it is under way, and the next look takes the next channel.
    """
    if not settled:
        return
    delivered = [one.contact for one in settled if one.state == "delivered"]
    failed = [one.contact for one in settled if one.state == "failed"]
    await raw.run(
        "UPDATE contacts c SET state = n.state, provider = n.provider, provider_id = n.provider_id, "
        "code = n.code, settled_at = $6, "
        "confirm_by = CASE WHEN n.state = 'accepted' THEN c.confirm_by END "
        "FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[]) "
        "n(id, state, provider, provider_id, code) WHERE c.id = n.id AND c.state IN ('accepted', 'unknown')",
        *(list(column) for column in zip(*(msgspec.structs.astuple(one) for one in settled), strict=True)),
        now,
    )
    rows = await raw.rows(
        "SELECT c.id FROM contacts c WHERE c.id = ANY($1) AND EXISTS (SELECT 1 FROM contacts o "
        "WHERE o.message_id = c.message_id AND o.state IN ('planned', 'claimed'))",
        delivered,
    )
    overtaken = {row[0] for row in rows}
    await raw.run(
        "UPDATE messages m SET state = 'done' FROM contacts c "
        "WHERE c.id = ANY($1) AND m.id = c.message_id AND m.state <> 'done'",
        [contact for contact in delivered if contact not in overtaken],
    )
    await raw.run(
        "UPDATE messages m SET state = 'open' FROM contacts c "
        "WHERE c.id = ANY($1) AND m.id = c.message_id AND m.state = 'done' AND m.given IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM contacts o WHERE o.message_id = m.id "
        "AND o.state IN ('planned', 'claimed', 'sending', 'accepted', 'delivered', 'unknown'))",
        failed,
    )
    await look_again(raw, [*failed, *overtaken], now)


async def mark_worked(raw: Raw, receipts: Sequence[int], now: datetime) -> None:
    """They are done with, whatever they said."""
    await raw.run("UPDATE receipts SET worked_at = $2 WHERE id = ANY($1)", receipts, now)
