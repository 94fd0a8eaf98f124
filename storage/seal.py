"""The sealer: chains what is final of the audit record, so that nobody edits it unseen. docs/decisions/0003.

An event is final when no transaction that could still come before it is running: its transaction number is
below the oldest running one. Final events are taken in order of (xid, id), in batches; each seal holds their
Merkle root and the hash of the seal before. The head of the chain is then anchored outside the database.
Writers wait for nobody.

Transaction numbers belong to one cluster and start anew when a dump is restored into another. So a seal names
its cluster (`system`) and the ids above which its events lie (`floor`): `open_record` closes what the old
cluster left, whatever its numbers, and opens the order of the new one above every id that exists.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.chain import Head, Seal, leaf, make_seal

Anchor = Callable[[Head], Awaitable[None]]

BATCH: Final = 4096
EVENT_FIELDS: Final = (
    "xid, id, EXTRACT(EPOCH FROM at)::text, actor, role, action, subject_kind, subject_id, data::text"
)
SEAL_FIELDS: Final = (
    "number, system, floor, after_xid, after_id, through_xid, through_id, events, root, previous,"
    " EXTRACT(EPOCH FROM sealed_at)::text AS sealed_at, hash"
)
_LOCK: Final = 0x6B657074_7365616C  # one sealer at a time: "keptseal"


class Sealed(msgspec.Struct, frozen=True):
    """What one pass of the sealer did: how many events in how many seals, and where the chain now ends."""

    events: int
    seals: int
    head: Head


async def open_record(engine: AsyncEngine, now: datetime, anchor: Anchor) -> Head:
    """Make the record ready for this cluster and anchor its head: at start, before anything writes.

    The first time it lays the first seal. After a restore into another cluster it closes the old one's
    order. After a crash it anchors a head that was sealed and not yet anchored.
    """
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        last, made = await _open(connection, now)
    for one in made or [last]:
        await anchor(one.head)
    return last.head


async def seal(engine: AsyncEngine, now: datetime, anchor: Anchor, batch: int = BATCH) -> Sealed | None:
    """Seal and anchor every final event, a transaction a batch. None where another sealer is at it.

    A long transaction holds up the sealer and nobody else: what it kept back is sealed once it has ended.
    """
    done: list[Seal] = []
    while True:
        async with engine.begin() as connection:
            if not (await connection.execute(_TRY_LOCK, {"lock": _LOCK})).scalar_one():
                return _sealed(done, done[-1]) if done else None
            last, made = await _open(connection, now)
            new = await _seal_next(connection, last, now, batch, _FINAL)
        if new is not None:
            last, made = new, [*made, new]
        for one in made:  # after the commit: the outside must never know a seal that was rolled back
            await anchor(one.head)
        done += made
        if new is None or new.events < batch:
            return _sealed(done, last)


def _sealed(done: list[Seal], last: Seal) -> Sealed:
    return Sealed(sum(one.events for one in done), len(done), last.head)


async def last_seal(connection: AsyncConnection) -> Seal | None:
    """The end of the chain."""
    row = (await connection.execute(_LAST)).one_or_none()
    return None if row is None else Seal(*row)


async def _open(connection: AsyncConnection, now: datetime) -> tuple[Seal, list[Seal]]:
    """The end of the chain, and the seals that had to be made so that this cluster's events can follow it."""
    system, next_xid = (await connection.execute(_CLUSTER)).one()
    last = await last_seal(connection)
    if last is None:
        first = make_seal(None, system, 0, (), (0, 0), now)
        await connection.execute(_STORE, _row(first, now))
        return first, [first]
    if last.system == system and last.through_xid < next_xid:
        return last, []
    # Another cluster: nothing of the old one is still running, so what it left is final whatever its number.
    await connection.execute(text("LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE"))
    made: list[Seal] = []
    while (left := await _seal_next(connection, last, now, BATCH, _LEFT)) is not None:
        made.append(left)
        last = left
    floor = (await connection.execute(_FLOOR)).scalar_one()
    opening = make_seal(last, system, floor, (), (0, 0), now)
    await connection.execute(_STORE, _row(opening, now))
    return opening, [*made, opening]


async def _seal_next(
    connection: AsyncConnection, last: Seal, now: datetime, batch: int, which: TextClause
) -> Seal | None:
    after = {"floor": last.floor, "xid": last.through_xid, "id": last.through_id, "batch": batch}
    rows = (await connection.execute(which, after)).all()
    if not rows:
        return None
    through: tuple[int, int] = (rows[-1][0], rows[-1][1])
    new = make_seal(last, last.system, last.floor, [leaf(tuple(row)) for row in rows], through, now)
    await connection.execute(_STORE, _row(new, now))
    return new


def _row(seal: Seal, now: datetime) -> Mapping[str, object]:
    return msgspec.structs.asdict(seal) | {"sealed_at": now}


def _next_events(condition: str) -> TextClause:
    return text(
        f"SELECT {EVENT_FIELDS} FROM events"  # noqa: S608, constants of this file
        f" WHERE id > :floor AND (xid, id) > (CAST(:xid AS xid8), CAST(:id AS bigint)) {condition}"
        " ORDER BY xid, id LIMIT :batch"
    )


_FINAL: Final = _next_events("AND xid < pg_snapshot_xmin(pg_current_snapshot())")
_LEFT: Final = _next_events("")
_TRY_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(:lock)")
_CLUSTER: Final = text(
    "SELECT system_identifier::text, pg_snapshot_xmax(pg_current_snapshot()) FROM pg_control_system()"
)
_LAST: Final = text(f"SELECT {SEAL_FIELDS} FROM seals ORDER BY number DESC LIMIT 1")  # noqa: S608, constants
_STORE: Final = text(
    "INSERT INTO seals (number, system, floor, after_xid, after_id, through_xid, through_id, events, root,"
    " previous, sealed_at, hash) VALUES (:number, :system, :floor, :after_xid, :after_id, :through_xid,"
    " :through_id, :events, :root, :previous, :sealed_at, :hash)"
)
# A dump restored without its sequences would draw ids again: the sequence is put above what exists.
_FLOOR: Final = text(
    "SELECT setval(pg_get_serial_sequence('events', 'id'), greatest("
    "(SELECT max(id) FROM events), nextval(pg_get_serial_sequence('events', 'id'))))"
)
