"""The outbox of the sandbox adapters: what was delivered there, sealed, and what it was about."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from storage.crypt import Keyring
from storage.raw import Raw


class Entry(msgspec.Struct, frozen=True):
    """A message that is delivered to the outbox. `body` as it is to be read back.

    `contact` below zero: something to somebody of the staff, which is no contact; `channel` is then its own.
    """

    contact: int
    recipient: str
    body: str
    at: datetime
    channel: str = "sms"


class Listed(msgspec.Struct, frozen=True):
    """A delivered message, opened, with what a list shows of it. `zone` is the borrower's."""

    id: int
    contact: int
    channel: str
    recipient: str
    body: str
    at: datetime
    language: str | None
    zone: str


class Loan(msgspec.Struct, frozen=True):
    """A loan that a message was about, and the step that had come for it."""

    external_id: str
    product: str | None
    step: str
    due_at: datetime


class About(msgspec.Struct, frozen=True):
    """What a delivered message was for."""

    borrower: str  # external id
    name: str | None
    portfolio: str  # code
    state: str
    code: str | None
    attempt: int
    strategy: str | None  # None: nobody planned it but who asked for it
    version: int | None
    step: str
    template: str | None
    segments: int | None
    planned_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None
    loans: tuple[Loan, ...]


_LISTED = """
SELECT o.id, coalesce(o.contact_id, 0) AS contact, o.channel, o.recipient, o.body, o.at, c.language,
       coalesce(p.zones[1], 'UTC') AS zone
FROM outbox o
LEFT JOIN contacts c ON c.id = o.contact_id
LEFT JOIN persons p ON p.id = c.person_id
WHERE true
"""
_PAGE = """
AND ($1::bigint IS NULL OR o.id < $1) AND ($2::text IS NULL OR o.channel = $2) ORDER BY o.id DESC LIMIT $3
"""
_NEWEST = f"{_LISTED} {_PAGE}"
_NEWEST_TO = f"""{_LISTED} AND c.person_id IN (SELECT person_id FROM addresses WHERE token = $4)
AND EXISTS (SELECT 1 FROM addresses a WHERE a.id = c.address_id AND a.token = $4) {_PAGE}"""  # noqa: S608, constants of this file
_ABOUT = """
SELECT c.person_id, p.external_id, p.name, f.code AS portfolio, c.state, c.code, c.attempt,
       v.name AS strategy, v.version, m.step, c.template, c.segments, c.planned_at, c.sent_at, c.settled_at
FROM contacts c
JOIN persons p ON p.id = c.person_id
JOIN messages m ON m.id = c.message_id
JOIN cases b ON b.id = c.case_id
JOIN portfolios f ON f.id = b.portfolio_id
LEFT JOIN strategy_versions v ON v.id = m.strategy_version_id
WHERE c.id = $1
"""
_LOANS = """
SELECT l.external_id, l.product, o.step, o.due_at
FROM contacts c
JOIN occurrences o ON o.message_id = c.message_id
JOIN loans l ON l.id = o.loan_id
WHERE c.id = $1 ORDER BY o.due_at, o.id
"""


async def put(raw: Raw, keyring: Keyring, entries: Sequence[Entry]) -> None:
    """Deliver `entries`; what was delivered before stays as it is. IntegrityError: of no contact."""
    ids = await raw.ids("outbox", len(entries))
    rows = [
        (
            id_,
            entry.contact,
            keyring.seal("outbox", "recipient", id_, entry.recipient),
            keyring.seal("outbox", "body", id_, entry.body),
            entry.at,
            entry.channel,
        )
        for id_, entry in zip(ids, entries, strict=True)
    ]
    if rows:
        await raw.run(
            "INSERT INTO outbox (id, contact_id, channel, recipient, body, at) "
            "SELECT n.id, CASE WHEN n.contact > 0 THEN n.contact END, "
            "CASE WHEN n.contact > 0 THEN c.channel ELSE n.channel END, "
            "n.recipient, n.body, n.at FROM unnest("
            "$1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[], $5::timestamptz[], $6::text[]) "
            "n(id, contact, recipient, body, at, channel) LEFT JOIN contacts c ON c.id = n.contact "
            "AND n.contact > 0 ORDER BY n.id ON CONFLICT (contact_id) DO NOTHING",
            *(list(column) for column in zip(*rows, strict=True)),
        )


async def newest(
    raw: Raw, keyring: Keyring, *, channel: str | None, before: int | None, limit: int
) -> list[Listed]:
    """What was delivered last, newest first; `before` is the id of the last one seen."""
    rows = await raw.rows(_NEWEST, before, channel, limit)
    return [_listed(keyring, row) for row in rows]


async def newest_to(
    raw: Raw, keyring: Keyring, token: bytes, *, channel: str | None, before: int | None, limit: int
) -> list[Listed]:
    """As `newest`, of everybody who has the address of `token` on file, sent there."""
    rows = await raw.rows(_NEWEST_TO, before, channel, limit, token)
    return [_listed(keyring, row) for row in rows]


async def one(raw: Raw, keyring: Keyring, id_: int) -> Listed | None:
    """One delivered message."""
    rows = await raw.rows(_LISTED + "AND o.id = $1", id_)
    return _listed(keyring, rows[0]) if rows else None


async def about(raw: Raw, keyring: Keyring, contact: int) -> About:
    """What the message of a contact was for."""
    (row,) = await raw.rows(_ABOUT, contact)
    person, name = row["person_id"], row["name"]
    loans = tuple(Loan(*loan) for loan in await raw.rows(_LOANS, contact))
    return About(
        borrower=row["external_id"],
        name=None if name is None else keyring.open("persons", "name", person, name),
        portfolio=row["portfolio"],
        state=row["state"],
        code=row["code"],
        attempt=row["attempt"],
        strategy=row["strategy"],
        version=row["version"],
        step=row["step"],
        template=row["template"],
        segments=row["segments"],
        planned_at=row["planned_at"],
        sent_at=row["sent_at"],
        settled_at=row["settled_at"],
        loans=loans,
    )


def _listed(keyring: Keyring, row: Any) -> Listed:
    id_, contact, channel, recipient, body, *rest = row
    return Listed(
        id_,
        contact,
        channel,
        keyring.open("outbox", "recipient", id_, recipient),
        keyring.open("outbox", "body", id_, body),
        *rest,
    )
