"""Tokens of other systems: kept as keyed digests, found by id, ended for good."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from storage.raw import Raw


class TokenRow(msgspec.Struct, frozen=True):
    """A token as it stands. `staff` and `role`: whose it is, where it is somebody's who is still there.

    portfolios   codes, None for every one: its own, and of the member of the staff whose it is
    orphaned     it was somebody's who has left
    """

    id: int
    name: str
    secret: bytes
    scopes: tuple[str, ...]
    portfolios: tuple[str, ...] | None
    staff: str | None
    role: str | None
    staff_portfolios: tuple[str, ...] | None
    orphaned: bool
    per_minute: int
    made_at: datetime
    made_by: str
    expires_at: datetime | None
    used_at: datetime | None
    ended_at: datetime | None


_SELECT: Final = """
SELECT t.id, t.name, t.secret, t.scopes, t.portfolios, s.name AS staff, s.role, s.portfolios AS theirs,
       t.staff_id IS NOT NULL AND s.id IS NULL AS orphaned, t.per_minute, t.made_at, t.made_by,
       t.expires_at, t.used_at, t.ended_at
FROM api_tokens t LEFT JOIN staff s ON s.id = t.staff_id AND s.removed_at IS NULL
"""


def _row(found: Any) -> TokenRow:
    id_, name, secret, scopes, portfolios, staff, role, theirs, *others = found
    return TokenRow(
        id_, name, secret, tuple(scopes), _codes(portfolios), staff, role, _codes(theirs), *others
    )


def _codes(found: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if found is None else tuple(found)


async def of_id(raw: Raw, token: int) -> TokenRow | None:
    """A token, ended or not."""
    rows = await raw.rows(f"{_SELECT} WHERE t.id = $1", token)
    return _row(rows[0]) if rows else None


async def open_named(raw: Raw, name: str) -> TokenRow | None:
    """The token of that name that has not ended; nobody else changes it meanwhile."""
    rows = await raw.rows(f"{_SELECT} WHERE t.name = $1 AND t.ended_at IS NULL FOR UPDATE OF t", name)
    return _row(rows[0]) if rows else None


async def all_open(raw: Raw) -> list[TokenRow]:
    """Those that have not ended, by name."""
    return [_row(row) for row in await raw.rows(f"{_SELECT} WHERE t.ended_at IS NULL ORDER BY t.name")]


async def add(
    raw: Raw,
    token: int,
    name: str,
    secret: bytes,
    scopes: Sequence[str],
    portfolios: Sequence[str] | None,
    staff: int | None,
    per_minute: int,
    by: str,
    now: datetime,
    expires: datetime | None,
) -> None:
    """Write a token down. Its id was drawn before."""
    await raw.run(
        "INSERT INTO api_tokens (id, name, secret, scopes, portfolios, staff_id, per_minute, made_at, "
        "made_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        token,
        name,
        secret,
        list(scopes),
        None if portfolios is None else list(portfolios),
        staff,
        per_minute,
        now,
        by,
        expires,
    )


async def end(raw: Raw, token: int, by: str, now: datetime) -> None:
    """It opens nothing any more."""
    await raw.run(
        "UPDATE api_tokens SET ended_at = $3, ended_by = $2 WHERE id = $1 AND ended_at IS NULL",
        token,
        by,
        now,
    )


async def end_of_staff(raw: Raw, staff: int, by: str, now: datetime) -> int:
    """Nor do any of somebody who leaves; how many there were."""
    return await raw.run(
        "UPDATE api_tokens SET ended_at = $3, ended_by = $2 WHERE staff_id = $1 AND ended_at IS NULL",
        staff,
        by,
        now,
    )


async def used(raw: Raw, token: int, now: datetime) -> None:
    """Somebody came in by it."""
    await raw.run("UPDATE api_tokens SET used_at = greatest(used_at, $2) WHERE id = $1", token, now)
