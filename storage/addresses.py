"""Addresses and how their states change; and the tasks that ask somebody to trace one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from storage.consents import cases_of_token
from storage.crypt import Keyring
from storage.names import keep_tokens, tail_token
from storage.raw import Raw

# What a portfolio allows of addresses (casework/portfolios.py): asked once a query, not once a row.
REACH: Final = """reach AS MATERIALIZED (
    SELECT id AS portfolio_id, (settings -> 'addresses' ->> 'stale_after_days')::int AS days,
           coalesce(settings -> 'addresses' ->> 'unverified', '') <> 'nothing' AS asks
    FROM portfolios
)"""
STATE_NOW: Final = (
    "CASE WHEN a.state = 'attested' AND a.seen_at < {now}::timestamptz - make_interval(days => reach.days) "
    "THEN 'unverified' ELSE a.state END"
)
"""The state of an address `a` at a moment: attested is unverified when that is older than `reach` allows."""


class Held(msgspec.Struct, frozen=True):
    """An address of somebody, with one of their cases if any."""

    id: int
    person: int
    kind: str
    token: bytes
    state: str
    case: int | None


async def held_at(raw: Raw, kind: str, token: bytes) -> list[Held]:
    """The rows of everybody who has the address on file, once for each case of theirs."""
    rows = await raw.rows(
        "SELECT a.id, a.person_id, a.kind, a.token, a.state, c.id FROM addresses a "
        "LEFT JOIN cases c ON c.person_id = a.person_id WHERE a.token = $1 AND a.kind = $2 "
        "ORDER BY a.id, c.id",
        token,
        kind,
    )
    return [Held(*row) for row in rows]


async def held_by(raw: Raw, address: int) -> list[Held]:
    """One address, once for each case of its person."""
    rows = await raw.rows(
        "SELECT a.id, a.person_id, a.kind, a.token, a.state, c.id FROM addresses a "
        "LEFT JOIN cases c ON c.person_id = a.person_id WHERE a.id = $1 ORDER BY c.id",
        address,
    )
    return [Held(*row) for row in rows]


async def add_unverified(
    raw: Raw, keyring: Keyring, person: int, kind: str, value: str, now: datetime
) -> int:
    """A new address of the person, which nobody has vouched for; its id, or that of the row there is."""
    (new,) = await raw.ids("addresses", 1)
    if kind == "phone":
        await keep_tokens(raw, [(tail_token(keyring, value), person)])
    return await raw.value(
        "INSERT INTO addresses (id, person_id, kind, value, token, state, seen_at) "
        "VALUES ($1, $2, $3, $4, $5, 'unverified', $6) "
        "ON CONFLICT (person_id, kind, token) DO UPDATE SET seen_at = addresses.seen_at RETURNING id",
        new,
        person,
        kind,
        keyring.seal("addresses", "value", new, value),
        keyring.token(kind, value),
        now,
    )


async def numbers_of(raw: Raw, keyring: Keyring, person: int) -> list[tuple[int, str]]:
    """(id, number) of the person's phones that are theirs, opened, the oldest first."""
    rows = await raw.rows(
        "SELECT id, value FROM addresses WHERE person_id = $1 AND kind = 'phone' "
        "AND state IN ('attested', 'confirmed') ORDER BY seen_at, id",
        person,
    )
    return [(id_, keyring.open("addresses", "value", id_, value)) for id_, value in rows]


async def suspend(raw: Raw, kind: str, token: bytes) -> list[int]:
    """Nothing goes there any more, whoever has it on file: which rows changed."""
    rows = await raw.rows(
        "UPDATE addresses SET state = 'suspended' WHERE token = $1 AND kind = $2 "
        "AND state NOT IN ('suspended', 'detached') RETURNING id",
        token,
        kind,
    )
    return sorted(row[0] for row in rows)


async def set_state(raw: Raw, person: int, address: int, state: str) -> list[int]:
    """Give the address of `person` a worse state, for everybody who has it on file; the cases concerned.

    What is detached stays so. Nothing happens where the person has no such address.
    """
    sql = "SELECT kind, token FROM addresses WHERE id = $1 AND person_id = $2"
    rows = await raw.rows(sql, address, person)
    if not rows:
        return []
    kind, token = rows[0]
    await raw.run(
        "UPDATE addresses SET state = $3 WHERE token = $1 AND kind = $2 "
        "AND state NOT IN ('detached', 'suspended')",
        token,
        kind,
        state,
    )
    return [case for _, case in await cases_of_token(raw, kind, token)]


async def put_state(raw: Raw, addresses: Sequence[int], state: str, seen_at: datetime | None) -> None:
    """`seen_at`: when the person vouched for it, where they did; whatever a register had said before."""
    await raw.run(
        "UPDATE addresses SET state = $2, seen_at = coalesce($3, seen_at), "
        "basis = CASE WHEN basis = 'reassigned' AND $2 = 'confirmed' THEN 'contract' ELSE basis END "
        "WHERE id = ANY($1)",
        list(addresses),
        state,
        seen_at,
    )


async def reassign(raw: Raw, addresses: Sequence[int]) -> None:
    """A register says that they have a new owner: unverified, until the person confirms one."""
    await raw.run(
        "UPDATE addresses SET state = 'unverified', basis = 'reassigned' WHERE id = ANY($1)", list(addresses)
    )


async def share_anew(raw: Raw, kind: str, token: bytes) -> None:
    """Whether several persons have the address on file: who was found not to be its owner is none of them."""
    await raw.run(
        "UPDATE addresses a SET shared = EXISTS (SELECT 1 FROM addresses o WHERE o.token = a.token "
        "AND o.kind = a.kind AND o.person_id <> a.person_id AND o.state <> 'detached' "
        "AND o.replaced_at IS NULL AND NOT EXISTS (SELECT 1 FROM same_persons s WHERE s.ended_at IS NULL "
        "AND s.person_id = a.person_id AND s.other_id = o.person_id)) WHERE a.token = $1 AND a.kind = $2",
        token,
        kind,
    )


async def open_traces(raw: Raw, cases: Sequence[int], reply: int | None, now: datetime) -> list[int]:
    """A task for each case, unless one is open already: somebody finds out whose the address is."""
    rows = await raw.rows(
        "INSERT INTO tasks (case_id, kind, state, opened_at, reply_id) "
        "SELECT c, 'trace', 'open', $2, $3 FROM unnest($1::bigint[]) c "
        "ON CONFLICT (case_id) WHERE kind = 'trace' AND state = 'open' "
        "AND num_nonnulls(occurrence_id, outcome_id, promise_id) = 0 DO NOTHING RETURNING id",
        list(cases),
        now,
        reply,
    )
    return sorted(row[0] for row in rows)


async def end_traces(raw: Raw, cases: Sequence[int]) -> list[int]:
    """Whose it is is known: the open tasks of `cases` are done."""
    rows = await raw.rows(
        "UPDATE tasks SET state = 'done' WHERE case_id = ANY($1) AND kind = 'trace' AND state = 'open' "
        "RETURNING id",
        list(cases),
    )
    return sorted(row[0] for row in rows)
