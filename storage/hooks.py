"""Where others are told what happened, and the outbox of what they are to be told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw

# What of an event of the audit record is told, as what.
AUDITED: Final = {
    "promise.made": "promise.made",
    "promise.cancelled": "promise.cancelled",
    "outcome.recorded": "outcome.recorded",
    "consent.revoked": "consent.revoked",
    "consent.granted": "consent.granted",
}

_ANNOUNCE: Final = """
INSERT INTO hook_calls (hook_id, kind, subject_id, detail, at, next_at)
SELECT h.id, n.kind, n.subject, n.detail, $4, $4
FROM unnest($1::text[], $2::bigint[], $3::text[]) WITH ORDINALITY n(kind, subject, detail, place)
JOIN hooks h ON h.ended_at IS NULL AND n.kind = ANY(h.kinds)
ORDER BY n.place, h.id
"""
# Of an import: its new payments, as they were matched with their loans.
_PAYMENTS: Final = """
INSERT INTO hook_calls (hook_id, kind, subject_id, at, next_at)
SELECT h.id, k.kind, p.id, $1, $1
FROM i_payments p
CROSS JOIN LATERAL (SELECT CASE WHEN p.reverses_id IS NULL THEN 'payment.matched' ELSE 'payment.reversed' END
                    AS kind) k
JOIN hooks h ON h.ended_at IS NULL AND k.kind = ANY(h.kinds)
WHERE p.n = 1 AND p.known_id IS NULL
"""
_LEASE: Final = """
WITH due AS (
  SELECT id FROM hook_calls WHERE state = 'waiting' AND next_at <= $1 ORDER BY next_at, id LIMIT $3
  FOR UPDATE SKIP LOCKED
)
UPDATE hook_calls c SET tries = c.tries + 1, next_at = $2
FROM due, hooks h WHERE due.id = c.id AND h.id = c.hook_id
RETURNING c.id, c.kind, c.subject_id, c.detail, c.at, c.tries, h.id, h.url, h.secret, h.old_secret,
          h.old_until, h.ended_at
"""
_PROMISES: Final = """
SELECT r.id, p.external_id, p.source, o.code, array_agg(l.external_id ORDER BY l.id), r.amount_minor,
       min(l.currency), r.due_on
FROM promises r JOIN cases c ON c.id = r.case_id JOIN persons p ON p.id = c.person_id
JOIN portfolios o ON o.id = c.portfolio_id JOIN promise_loans m ON m.promise_id = r.id
JOIN loans l ON l.id = m.loan_id WHERE r.id = ANY($1) GROUP BY r.id, p.id, o.id
"""
_OUTCOMES: Final = """
SELECT t.id, p.external_id, p.source, o.code,
       ARRAY(SELECT l.external_id FROM loans l WHERE l.id = ANY(t.loan_ids) ORDER BY l.id), t.code, t.at
FROM outcomes t JOIN cases c ON c.id = t.case_id JOIN persons p ON p.id = c.person_id
JOIN portfolios o ON o.id = c.portfolio_id WHERE t.id = ANY($1)
"""
_PERSONS: Final = "SELECT id, external_id, source FROM persons WHERE id = ANY($1)"
_MATCHED: Final = """
SELECT y.id, l.external_id, l.source, o.code, y.external_id, y.amount_minor, l.currency, y.received_on,
       r.external_id
FROM payments y JOIN loans l ON l.id = y.loan_id JOIN portfolios o ON o.id = l.portfolio_id
LEFT JOIN payments r ON r.id = y.reverses_id WHERE y.id = ANY($1)
"""


class Hook(msgspec.Struct, frozen=True):
    """An endpoint, with what became of the calls to it."""

    id: int
    name: str
    url: str
    kinds: tuple[str, ...]
    made_at: datetime
    made_by: str
    waiting: int
    dead: int
    delivered: int


class Call(msgspec.Struct, frozen=True):
    """One thing to tell, leased. `secrets`: in clear; the old one too, while both sign."""

    id: int
    kind: str
    subject: int
    detail: str | None
    at: datetime
    tries: int
    url: str
    secrets: tuple[str, ...]
    ended: bool


async def announce(raw: Raw, told: Sequence[tuple[str, int, str | None]], now: datetime) -> None:
    """Have (kind, id of the subject, detail) told to whoever wants that kind, once this is committed."""
    if told:
        await raw.run(_ANNOUNCE, *(list(part) for part in zip(*told, strict=True)), now)


async def announce_payments(raw: Raw, now: datetime) -> None:
    """The new payments of an import, while it is at work."""
    await raw.run(_PAYMENTS, now)


async def add(
    raw: Raw,
    keyring: Keyring,
    name: str,
    url: str,
    kinds: Sequence[str],
    secret: str,
    by: str,
    now: datetime,
) -> int:
    """A new endpoint; its id."""
    (hook,) = await raw.ids("hooks", 1)
    await raw.run(
        "INSERT INTO hooks (id, name, url, kinds, secret, made_at, made_by) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        hook,
        name,
        url,
        list(kinds),
        keyring.seal("hooks", "secret", hook, secret),
        now,
        by,
    )
    return hook


async def rotate(raw: Raw, keyring: Keyring, hook: int, secret: str, until: datetime) -> None:
    """Another secret; the one before signs as well until `until`."""
    before = keyring.open("hooks", "secret", hook, await raw.value(_SECRET, hook))
    await raw.run(
        "UPDATE hooks SET secret = $2, old_secret = $3, old_until = $4 WHERE id = $1",
        hook,
        keyring.seal("hooks", "secret", hook, secret),
        keyring.seal("hooks", "old_secret", hook, before),
        until,
    )


_SECRET: Final = "SELECT secret FROM hooks WHERE id = $1"  # noqa: S105, a statement


async def secret_of(raw: Raw, keyring: Keyring, hook: int) -> str:
    """The one that is in force."""
    return keyring.open("hooks", "secret", hook, await raw.value(_SECRET, hook))


async def open_named(raw: Raw, name: str) -> Hook | None:
    """The endpoint of that name that has not ended; nobody else changes it meanwhile."""
    hook = await raw.value("SELECT id FROM hooks WHERE name = $1 AND ended_at IS NULL FOR UPDATE", name)
    return next((one for one in await all_open(raw) if one.id == hook), None)


async def all_open(raw: Raw) -> list[Hook]:
    """Those that have not ended, by name."""
    rows = await raw.rows(
        "SELECT h.id, h.name, h.url, h.kinds, h.made_at, h.made_by, "
        "count(c.id) FILTER (WHERE c.state = 'waiting'), count(c.id) FILTER (WHERE c.state = 'dead'), "
        "count(c.id) FILTER (WHERE c.state = 'delivered') "
        "FROM hooks h LEFT JOIN hook_calls c ON c.hook_id = h.id WHERE h.ended_at IS NULL "
        "GROUP BY h.id ORDER BY h.name"
    )
    return [Hook(row[0], row[1], row[2], tuple(row[3]), *row[4:]) for row in rows]


async def end(raw: Raw, hook: int, by: str, now: datetime) -> None:
    """Nothing is told there any more; what waited is dead."""
    await raw.run("UPDATE hooks SET ended_at = $3, ended_by = $2 WHERE id = $1", hook, by, now)
    await raw.run(
        "UPDATE hook_calls SET state = 'dead', ended_at = $2, error = 'removed' "
        "WHERE hook_id = $1 AND state = 'waiting'",
        hook,
        now,
    )


async def lease(raw: Raw, keyring: Keyring, now: datetime, until: datetime, limit: int) -> list[Call]:
    """What is due, ours until `until`: then it is due again, whatever became of us."""
    found: list[Call] = []
    for row in await raw.rows(_LEASE, now, until, limit):
        id_, kind, subject, detail, at, tries, hook, url, secret, old, old_until, ended = row
        secrets = [keyring.open("hooks", "secret", hook, secret)]
        if old_until is not None and old_until > now:
            secrets.append(keyring.open("hooks", "old_secret", hook, old))
        found.append(Call(id_, kind, subject, detail, at, tries, url, tuple(secrets), ended is not None))
    return sorted(found, key=lambda call: call.id)


async def settle(
    raw: Raw, call: int, state: str, error: str | None, next_at: datetime, now: datetime
) -> None:
    """What became of a try: delivered, dead, or waiting until `next_at`."""
    await raw.run(
        "UPDATE hook_calls SET state = $2, error = $3, next_at = $4, "
        "ended_at = CASE WHEN $2 = 'waiting' THEN NULL ELSE $5::timestamptz END "
        "WHERE id = $1 AND state = 'waiting'",
        call,
        state,
        error,
        next_at,
        now,
    )


async def subjects(raw: Raw, kind: str, ids: Sequence[int]) -> dict[int, Any]:
    """The rows of what calls of a kind (before its point) are about, by id."""
    sql = {"promise": _PROMISES, "outcome": _OUTCOMES, "consent": _PERSONS, "payment": _MATCHED}[kind]
    return {row[0]: row for row in await raw.rows(sql, list(ids))}
