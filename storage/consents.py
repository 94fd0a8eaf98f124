"""What people said of being contacted, and what providers learnt of their addresses. Always news: touches."""

from collections.abc import Sequence
from datetime import datetime

from storage.raw import Raw, touch


async def cases_of_token(raw: Raw, kind: str, token: bytes) -> list[tuple[int, int]]:
    """(person, case) of everybody who has the address on file."""
    rows = await raw.rows(
        "SELECT a.person_id, c.id FROM addresses a JOIN cases c ON c.person_id = a.person_id "
        "WHERE a.token = $1 AND a.kind = $2 ORDER BY c.id",
        token,
        kind,
    )
    return [(row[0], row[1]) for row in rows]


async def set_consent(
    raw: Raw,
    persons: Sequence[int],
    channel: str,
    state: str,
    at: datetime,
    source: str,
    reply: int | None = None,
) -> None:
    """Record that `persons` granted or revoked a channel, for every portfolio.

    Touch their cases first: the row's place among decisions is drawn here (storage/tables/doors.py).
    """
    await raw.run(
        "INSERT INTO consents (person_id, channel, state, at, source, reply_id) "
        "SELECT person, $2, $3, $4, $5, $6 FROM unnest($1::bigint[]) person",
        sorted(set(persons)),
        channel,
        state,
        at,
        source,
        reply,
    )


async def _address_of(raw: Raw, contact: int) -> tuple[str, bytes, str]:
    row = (
        await raw.rows(
            "SELECT a.kind, a.token, c.channel FROM contacts c JOIN addresses a ON a.id = c.address_id "
            "WHERE c.id = $1",
            contact,
        )
    )[0]
    return row[0], row[1], row[2]


async def suspend_address(raw: Raw, contact: int, now: datetime) -> None:
    """A provider says the address of `contact` is no good: suspended for everybody who has it on file."""
    kind, token, _ = await _address_of(raw, contact)
    await raw.run(
        "UPDATE addresses SET state = 'suspended' WHERE token = $1 AND kind = $2 AND state <> 'detached'",
        token,
        kind,
    )
    await touch(raw, [case for _, case in await cases_of_token(raw, kind, token)], now)


async def block_recipient(raw: Raw, contact: int, now: datetime) -> None:
    """The recipient opted out at the provider: the channel is closed for everybody with that address."""
    kind, token, channel = await _address_of(raw, contact)
    found = await cases_of_token(raw, kind, token)
    await touch(raw, [case for _, case in found], now)
    await set_consent(raw, [person for person, _ in found], channel, "revoked", now, "provider")
