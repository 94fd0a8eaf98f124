"""Tapes that were uploaded: their rows, and who works one now."""

from datetime import date, datetime
from typing import Final

import msgspec

from storage.raw import Raw


class Upload(msgspec.Struct, frozen=True):
    """An uploaded tape as it stands; see storage/tables/uploads.py."""

    id: int
    staff: int
    name: str
    folder: str
    size: int
    kind: str
    at: datetime
    mapping: str | None
    portfolio: str | None
    as_of: date | None
    whole: bool
    changes: bool
    state: str
    dry: bool
    step: str | None
    done: int
    total: int
    report: str | None
    error: str | None
    approval: int | None
    answer: str | None  # of the approval


_ALL: Final = (
    "SELECT id, staff_id, name, folder, size, kind, at, mapping, portfolio, as_of, whole, changes, state, "
    "dry, step, done, total, report, error, approval_id, "
    "(SELECT a.state FROM approvals a WHERE a.id = approval_id) FROM uploads "
)


async def add(raw: Raw, staff: int, name: str, folder: str, size: int, now: datetime) -> int:
    """A tape that came; its id."""
    return await raw.value(
        "INSERT INTO uploads (staff_id, name, folder, size, kind, at, state) "
        "VALUES ($1, $2, $3, $4, 'loans', $5, 'new') RETURNING id",
        staff,
        name,
        folder,
        size,
        now,
    )


async def of_staff(raw: Raw, staff: int, limit: int) -> list[Upload]:
    """Somebody's, the newest first."""
    rows = await raw.rows(_ALL + "WHERE staff_id = $1 ORDER BY id DESC LIMIT $2", staff, limit)
    return [Upload(*row) for row in rows]


async def one(raw: Raw, upload: int, *, lock: bool = False) -> Upload | None:
    """One of them."""
    rows = await raw.rows(_ALL + "WHERE id = $1" + (" FOR UPDATE" if lock else ""), upload)
    return Upload(*rows[0]) if rows else None


async def set_reading(
    raw: Raw,
    upload: int,
    kind: str,
    mapping: str | None,
    portfolio: str | None,
    as_of: date | None,
    whole: bool,
    changes: bool,
) -> None:
    """How it is to be read; what was found of it before counts no more."""
    await raw.run(
        "UPDATE uploads SET kind = $2, mapping = $3, portfolio = $4, as_of = $5, whole = $6, "
        "changes = $7, state = 'new', report = NULL, error = NULL WHERE id = $1",
        upload,
        kind,
        mapping,
        portfolio,
        as_of,
        whole,
        changes,
    )


async def ask(raw: Raw, upload: int, *, dry: bool) -> None:
    """It is to be worked."""
    await raw.run(
        "UPDATE uploads SET state = 'queued', dry = $2, step = NULL, done = 0, total = 0, error = NULL "
        "WHERE id = $1",
        upload,
        dry,
    )


async def take(raw: Raw, now: datetime, silent_since: datetime) -> Upload | None:
    """The next one, at the hands of who asks: one that was asked for, or whose worker fell silent."""
    rows = await raw.rows(
        "UPDATE uploads SET state = 'running', beat_at = $1 WHERE id = (SELECT id FROM uploads "
        "WHERE state = 'queued' OR (state = 'running' AND beat_at < $2) ORDER BY id LIMIT 1 "
        "FOR UPDATE SKIP LOCKED) RETURNING id",
        now,
        silent_since,
    )
    return await one(raw, rows[0][0]) if rows else None


async def beat(raw: Raw, upload: int, step: str, done: int, total: int, now: datetime) -> None:
    """How far it is."""
    await raw.run(
        "UPDATE uploads SET step = $2, done = $3, total = $4, beat_at = $5 "
        "WHERE id = $1 AND state = 'running'",
        upload,
        step,
        done,
        total,
        now,
    )


async def end(
    raw: Raw, upload: int, state: str, report: str | None, error: str | None, approval: int | None
) -> None:
    """What came of it."""
    await raw.run(
        "UPDATE uploads SET state = $2, report = $3, error = $4, approval_id = $5, step = NULL WHERE id = $1",
        upload,
        state,
        report,
        error,
        approval,
    )


async def forgotten(raw: Raw, before: datetime) -> list[Upload]:
    """What nobody went on with since a moment, or was held and is answered; their files may go."""
    rows = await raw.rows(
        _ALL  # noqa: S608, a constant
        + "WHERE (state IN ('new', 'tried', 'failed') AND at < $1) OR (state = 'held' AND EXISTS ("
        "SELECT 1 FROM approvals a WHERE a.id = approval_id AND a.state <> 'waiting'))",
        before,
    )
    return [Upload(*row) for row in rows]
