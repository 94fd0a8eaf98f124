"""Simulations that were asked for on a page: kept, taken by one worker at a time, ended once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
import orjson

from storage.raw import Raw

MOST: Final = 30  # that are kept of a strategy


class Simulation(msgspec.Struct, frozen=True):
    """One of them. `label`: v3, or whose draft; `done` of `cases` are played."""

    id: int
    name: str
    label: str
    days: int
    share: int
    asked_at: datetime
    asked_by: str
    state: str  # waiting | running | done | failed | stopped
    done: int
    cases: int | None
    ended_at: datetime | None
    wrong: str | None
    found: Mapping[str, Any] | None = None


class Taken(msgspec.Struct, frozen=True):
    """What is to be played."""

    id: int
    name: str
    source: str
    days: int
    share: int
    prices: str | None
    tries: int


_FIELDS: Final = "id, name, label, days, share, asked_at, asked_by, state, done, cases, ended_at, wrong"


async def ask(
    raw: Raw,
    name: str,
    label: str,
    source: str,
    days: int,
    share: int,
    prices: str | None,
    by: str,
    at: datetime,
) -> int:
    """Have one played; its id. The oldest of a strategy that are over make room."""
    key = await raw.value(
        "INSERT INTO simulations (name, label, source, days, share, prices, asked_by, asked_at, state) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting') RETURNING id",
        name,
        label,
        source,
        days,
        share,
        prices,
        by,
        at,
    )
    await raw.run(
        "DELETE FROM simulations WHERE ended_at IS NOT NULL AND id IN "
        "(SELECT id FROM simulations WHERE name = $1 ORDER BY id DESC OFFSET $2)",
        name,
        MOST,
    )
    return key


async def simulations(raw: Raw, name: str) -> list[Simulation]:
    """Those of a strategy, the newest first, without what they found."""
    rows = await raw.rows(
        f"SELECT {_FIELDS} FROM simulations WHERE name = $1 ORDER BY id DESC LIMIT {MOST}",  # noqa: S608
        name,
    )
    return [Simulation(*row) for row in rows]


async def simulation(raw: Raw, key: int) -> Simulation | None:
    """One of them, with what it found."""
    rows = await raw.rows(f"SELECT {_FIELDS}, found::text FROM simulations WHERE id = $1", key)  # noqa: S608
    if not rows:
        return None
    found = rows[0]["found"]
    return Simulation(*list(rows[0])[:-1], found=None if found is None else orjson.loads(found))


async def last_prices(raw: Raw) -> str | None:
    """The file of prices that somebody used last; None: nobody did."""
    return await raw.value("SELECT prices FROM simulations WHERE prices <> '' ORDER BY id DESC LIMIT 1")


async def take(raw: Raw, now: datetime, lost: datetime) -> Taken | None:
    """The oldest that nobody plays, or whose player is gone since `lost`; none while one is played."""
    rows = await raw.rows(
        "UPDATE simulations SET state = 'running', tries = tries + 1, beat_at = $1, done = 0, cases = NULL "
        "WHERE id = (SELECT id FROM simulations WHERE state = 'waiting' OR "
        "(state = 'running' AND beat_at < $2) ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) "
        "AND NOT EXISTS (SELECT 1 FROM simulations WHERE state = 'running' AND beat_at >= $2) "
        "RETURNING id, name, source, days, share, prices, tries",
        now,
        lost,
    )
    return Taken(*rows[0]) if rows else None


async def beat(raw: Raw, key: int, done: int, cases: int | None, now: datetime) -> bool:
    """Its player is alive, and so far; whether it is still wanted."""
    return bool(
        await raw.run(
            "UPDATE simulations SET done = $2, cases = $3, beat_at = $4 WHERE id = $1 AND state = 'running'",
            key,
            done,
            cases,
            now,
        )
    )


async def end(
    raw: Raw, key: int, state: str, now: datetime, *, found: bytes | None = None, wrong: str | None = None
) -> bool:
    """It is over: done | failed | stopped; whether it was not yet. `found`: a document of JSON."""
    return bool(
        await raw.run(
            "UPDATE simulations SET state = $2, ended_at = $3, found = $4::text::jsonb, wrong = $5 "
            "WHERE id = $1 AND ended_at IS NULL",
            key,
            state,
            now,
            None if found is None else found.decode(),
            wrong,
        )
    )


async def hand_back(raw: Raw, key: int) -> None:
    """Its player ends: another one begins it anew."""
    await raw.run("UPDATE simulations SET state = 'waiting' WHERE id = $1 AND state = 'running'", key)
