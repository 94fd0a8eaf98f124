"""Proofs of identity: links and codes that were sent to addresses on file. The secrets are not stored."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from storage.raw import Raw


class Proof(msgspec.Struct, frozen=True):
    """A proof that is awaited."""

    id: int
    person: int
    address: int
    kind: str
    expires_at: datetime


class Candidate(msgspec.Struct, frozen=True):
    """Somebody who has a number on file, and an address of theirs alone where a code may go, if any."""

    person: int
    number: int
    address: int | None
    channel: str | None


_KNOWN = "('attested', 'confirmed')"
_CANDIDATES = f"""
SELECT n.person_id, n.id AS number, o.id AS address,
       CASE o.kind WHEN 'phone' THEN 'sms' WHEN 'email' THEN 'email' END AS channel
FROM addresses n
LEFT JOIN LATERAL (
  SELECT a.id, a.kind FROM addresses a
  WHERE a.person_id = n.person_id AND a.id <> n.id AND a.kind IN ('phone', 'email')
    AND a.state IN {_KNOWN} AND NOT a.shared
  ORDER BY a.state = 'confirmed' DESC, a.kind = 'email' DESC, a.seen_at DESC, a.id LIMIT 1) o ON true
WHERE n.token = $1 AND n.kind = 'phone' AND n.state IN {_KNOWN}
ORDER BY n.person_id
"""  # noqa: S608, constants


async def candidates(raw: Raw, number: bytes) -> list[Candidate]:
    """Everybody who has the number (its token) on file as theirs, with another address of each."""
    return [Candidate(*row) for row in await raw.rows(_CANDIDATES, number)]


async def add(
    raw: Raw,
    kind: str,
    person: int,
    address: int,
    now: datetime,
    expires_at: datetime,
    *,
    chat: int | None = None,
    number: int | None = None,
) -> int:
    """A proof to be sent; its id."""
    return await raw.value(
        "INSERT INTO chat_proofs (person_id, address_id, chat_id, number_id, kind, made_at, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
        person,
        address,
        chat,
        number,
        kind,
        now,
        expires_at,
    )


async def made_since(raw: Raw, person: int, chat: int, since: datetime) -> int:
    """How many codes were asked for since, in the chat or for the person."""
    return await raw.value(
        "SELECT count(*) FROM chat_proofs WHERE (chat_id = $2 OR person_id = $1) AND kind = 'code' "
        "AND made_at > $3",
        person,
        chat,
        since,
    )


async def replace(raw: Raw, chat: int, now: datetime) -> None:
    """The chat's codes that were awaited are good no more: new ones are on their way."""
    await raw.run(
        "UPDATE chat_proofs SET ended_at = $2, outcome = 'replaced' "
        "WHERE chat_id = $1 AND kind = 'code' AND ended_at IS NULL",
        chat,
        now,
    )


async def awaited(raw: Raw, chat: int, now: datetime) -> list[Proof]:
    """The codes that may be given in the chat now."""
    rows = await raw.rows(
        "SELECT id, person_id, address_id, kind, expires_at FROM chat_proofs "
        "WHERE chat_id = $1 AND kind = 'code' AND ended_at IS NULL AND expires_at > $2 "
        "ORDER BY id FOR UPDATE",
        chat,
        now,
    )
    return [Proof(*row) for row in rows]


async def lock_link(raw: Raw, proof: int, now: datetime) -> Proof | None:
    """A link that may be opened now, locked."""
    rows = await raw.rows(
        "SELECT id, person_id, address_id, kind, expires_at FROM chat_proofs "
        "WHERE id = $1 AND kind = 'link' AND ended_at IS NULL AND expires_at > $2 FOR UPDATE",
        proof,
        now,
    )
    return Proof(*rows[0]) if rows else None


async def use(raw: Raw, proof: Proof, chat: int, now: datetime) -> None:
    """It proved whose the chat is: good once. The address it was sent to is confirmed by that."""
    await raw.run(
        "UPDATE chat_proofs SET ended_at = $3, outcome = 'used', chat_id = $2 WHERE id = $1",
        proof.id,
        chat,
        now,
    )
    await raw.run(
        "UPDATE addresses SET state = 'confirmed', seen_at = $2 "
        "WHERE id = $1 AND state IN ('attested', 'confirmed', 'unverified')",
        proof.address,
        now,
    )


async def addresses_proved_by(raw: Raw, chat: int) -> Sequence[int]:
    """The addresses through which the chat was last linked: where the proof went, the number shown."""
    rows = await raw.rows(
        "SELECT s.id FROM chats c JOIN chat_proofs p ON p.id = c.proof_id "
        "JOIN addresses s ON s.id IN (p.address_id, p.number_id) WHERE c.id = $1 ORDER BY s.id",
        chat,
    )
    return [row[0] for row in rows]
