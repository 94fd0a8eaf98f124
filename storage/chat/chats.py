"""Chats: who writes there, in which language, whether they may try to prove who they are."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw


class ChatRow(msgspec.Struct, frozen=True):
    """A chat as stored. `good` says whether what once proved whose it is still holds: the addresses are
    good, and no number came on file since. `talking`: a conversation is open there. `country`: the person's,
    else their lender's."""

    id: int
    person: int | None
    address: int | None
    language: str
    seen_at: datetime
    failures: int
    locked_until: datetime | None
    quiet: bool
    staff: int | None
    talking: bool
    country: str | None
    good: bool


_KNOWN = "('attested', 'confirmed')"
_CHATS = f"""
SELECT c.token, c.id, c.person_id, c.address_id, c.language, c.seen_at, c.failures, c.locked_until, c.quiet,
       c.staff_id, EXISTS (SELECT 1 FROM talks t WHERE t.chat_id = c.id AND t.ended_at IS NULL) AS talking,
       coalesce((SELECT p.country FROM persons p WHERE p.id = c.person_id),
                (SELECT l.country FROM cases k JOIN portfolios l ON l.id = k.portfolio_id
                 WHERE k.person_id = c.person_id ORDER BY k.id LIMIT 1)) AS country,
       c.person_id IS NULL OR (
         EXISTS (SELECT 1 FROM addresses a WHERE a.id = c.address_id AND a.state = 'linked')
         AND NOT EXISTS (SELECT 1 FROM chat_proofs p JOIN addresses s ON s.id IN (p.address_id, p.number_id)
                         WHERE p.id = c.proof_id AND s.state NOT IN {_KNOWN})
         AND NOT EXISTS (SELECT 1 FROM addresses n WHERE n.person_id = c.person_id AND n.kind = 'phone'
                         AND n.state IN {_KNOWN} AND n.token <> ALL(c.numbers))) AS good
FROM chats c WHERE c.token = ANY($1)
"""  # noqa: S608, constants


async def find(raw: Raw, token: bytes) -> ChatRow | None:
    """The chat of that token."""
    return (await find_all(raw, [token])).get(token)


async def find_all(raw: Raw, tokens: Sequence[bytes]) -> dict[bytes, ChatRow]:
    """The chats of those tokens, by token."""
    return {token: ChatRow(*row) for token, *row in await raw.rows(_CHATS, tokens)}


async def add(raw: Raw, keyring: Keyring, token: bytes, value: str, language: str, now: datetime) -> None:
    """A new chat; nothing where it is there."""
    (id_,) = await raw.ids("chats", 1)
    await raw.run(
        "INSERT INTO chats (id, token, value, language, seen_at) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (token) DO NOTHING",
        id_,
        token,
        keyring.seal("chats", "value", id_, value),
        language,
        now,
    )


async def seen(raw: Raw, chats: Sequence[int], now: datetime) -> None:
    """Somebody wrote there."""
    await raw.run(
        "UPDATE chats SET seen_at = greatest(seen_at, $2) WHERE id = ANY(ARRAY("
        "SELECT id FROM chats WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE))",
        chats,
        now,
    )


async def speak(raw: Raw, chat: int, language: str) -> None:
    """Speak `language` in the chat, and to the person where it is known whose it is: whatever a file says."""
    person = await raw.value(
        "UPDATE chats SET language = $2 WHERE id = $1 RETURNING person_id", chat, language
    )
    if person is not None:
        await raw.run(
            "UPDATE persons SET language = $2, language_chosen = true WHERE id = $1", person, language
        )


async def be_quiet(raw: Raw, chat: int, quiet: bool) -> None:
    """Whether the chat asked to be left alone."""
    await raw.run("UPDATE chats SET quiet = $2 WHERE id = $1", chat, quiet)


async def lock(raw: Raw, chat: int) -> tuple[int, datetime | None]:
    """(failures, locked until) of a chat, its row locked."""
    rows = await raw.rows("SELECT failures, locked_until FROM chats WHERE id = $1 FOR UPDATE", chat)
    return rows[0][0], rows[0][1]


async def set_failures(raw: Raw, chat: int, failures: int, locked_until: datetime | None) -> None:
    """How many proofs failed one after the other, and until when none is taken."""
    await raw.run(
        "UPDATE chats SET failures = $2, locked_until = $3 WHERE id = $1", chat, failures, locked_until
    )


async def link(
    raw: Raw, keyring: Keyring, chat: int, token: bytes, person: int, proof: int, now: datetime
) -> int:
    """The chat is the person's from now on, and an address of theirs (its id)."""
    value = keyring.open(
        "chats", "value", chat, await raw.value("SELECT value FROM chats WHERE id = $1", chat)
    )
    (new,) = await raw.ids("addresses", 1)
    address = await raw.value(
        "INSERT INTO addresses (id, person_id, kind, value, token, state, seen_at) "
        "VALUES ($1, $2, 'chat', $3, $4, 'linked', $5) "
        "ON CONFLICT (person_id, kind, token) DO UPDATE SET state = 'linked', seen_at = EXCLUDED.seen_at "
        "RETURNING id",
        new,
        person,
        keyring.seal("addresses", "value", new, value),
        token,
        now,
    )
    await raw.run(
        "UPDATE chats SET person_id = $2, address_id = $3, linked_at = $4, seen_at = $4, proof_id = $5, "
        "failures = 0, locked_until = NULL, quiet = false, "
        "numbers = ARRAY(SELECT token FROM addresses WHERE person_id = $2 AND kind = 'phone' "
        "                ORDER BY token), "
        "language = coalesce((SELECT language FROM persons WHERE id = $2 AND language = ANY($6)), language) "
        "WHERE id = $1",
        chat,
        person,
        address,
        now,
        proof,
        ["en", "zh"],
    )
    return address


async def unlink(raw: Raw, chat: int, state: str) -> None:
    """The chat is nobody's; as an address it is in `state` from now on."""
    address = await raw.value("SELECT address_id FROM chats WHERE id = $1 FOR UPDATE", chat)
    await raw.run(
        "UPDATE chats SET person_id = NULL, address_id = NULL, linked_at = NULL, proof_id = NULL, "
        "numbers = '{}' WHERE id = $1",
        chat,
    )
    await raw.run("UPDATE addresses SET state = $2 WHERE id = $1 AND state = 'linked'", address, state)


async def cases_of(raw: Raw, persons: Sequence[int]) -> list[int]:
    """The cases of the persons."""
    rows = await raw.rows("SELECT id FROM cases WHERE person_id = ANY($1) ORDER BY id", persons)
    return [row[0] for row in rows]
