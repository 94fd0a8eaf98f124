"""Whether the audit record is what was sealed: every hash is made again, from the events up to the anchors.

Found: an event altered, deleted or put in behind the seals; a seal altered, deleted or out of order; a chain
that was cut or written anew (against the anchors, which lie outside the database). What is younger than the
last seal is not proven yet, and counted as `unsealed`.
"""

from collections.abc import AsyncIterator, Iterable
from itertools import groupby
from typing import Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.chain import NOTHING, Head, Seal, leaf, root
from storage.seal import EVENT_FIELDS, SEAL_FIELDS, last_seal

_SEALS_AT_ONCE: Final = 1000
_EVENTS_AT_ONCE: Final = 2000
_EXAMPLES: Final = 10
_END_OF_IDS: Final = 2**63 - 1


class Verdict(msgspec.Struct, frozen=True):
    """What the check found.

    `anchored_through` is the last seal that an anchor vouches for. Where it is 0, a chain written anew as a
    whole could not have been seen.
    """

    holds: bool
    violations: int
    examples: tuple[str, ...]
    seals: int
    events: int
    unsealed: int
    anchored_through: int


async def verify(connection: AsyncConnection, anchored: Iterable[Head]) -> Verdict:
    """Check the whole record against itself and the heads kept outside; in memory is one seal's events.

    Needs a transaction (it streams). Seals made while it runs are left for the next check.
    """
    return await _Check(connection, anchored).run()


class _Check:
    def __init__(self, connection: AsyncConnection, anchored: Iterable[Head]) -> None:
        self.connection = connection
        self.anchors: dict[int, set[str]] = {}
        for head in anchored:
            self.anchors.setdefault(head.number, set()).add(head.hash)
        self.found: list[str] = []
        self.violations = 0
        self.seals = 0
        self.covered = 0
        self.anchored_through = 0

    def say(self, violation: str) -> None:
        self.violations += 1
        if len(self.found) < _EXAMPLES:
            self.found.append(violation)

    async def run(self) -> Verdict:
        last = await last_seal(self.connection)
        before: Seal | None = None
        if last is not None:
            floors = [row[0] for row in await self.connection.execute(_FLOORS)]
            ceilings = dict(zip(floors, [*floors[1:], _END_OF_IDS], strict=True))
            async for seals in self._chunks(last.number):
                for one in seals:
                    self._link(before, one)
                    before = one
                for floor, group in groupby(seals, lambda one: one.floor):
                    await self._events(list(group), floor, ceilings[floor])
        for number in sorted(self.anchors):
            self.say(
                f"seal {number} was anchored outside and is missing: the record ends at seal {last.number}"
                if last is not None and number > last.number
                else f"seal {number} was anchored outside and is missing"
            )
        unsealed = await self._rest(last)
        return Verdict(
            holds=not self.violations,
            violations=self.violations,
            examples=tuple(self.found),
            seals=self.seals,
            events=self.covered,
            unsealed=unsealed,
            anchored_through=self.anchored_through,
        )

    async def _chunks(self, last: int) -> AsyncIterator[list[Seal]]:
        above = -_END_OF_IDS
        while True:
            rows = await self.connection.execute(
                _SEALS, {"above": above, "last": last, "many": _SEALS_AT_ONCE}
            )
            seals = [Seal(*row) for row in rows]
            if not seals:
                return
            yield seals
            above = seals[-1].number

    def _link(self, before: Seal | None, seal: Seal) -> None:
        """The seal by itself, after the one before, and beside what was anchored."""
        self.seals += 1
        name = f"seal {seal.number}"
        if seal.true_hash() != seal.hash:
            self.say(f"{name} was altered: its hash is not that of its content")
        expected = 1 if before is None else before.number + 1
        if seal.number != expected:
            self.say(f"seal {expected} is missing: {name} comes in its place")
        elif seal.previous != (NOTHING if before is None else before.hash):
            self.say(f"{name} does not follow the seal before it")
        elif not _continues(before, seal):
            self.say(f"{name} does not begin where the seal before it ended")
        hashes = self.anchors.pop(seal.number, None)
        if hashes is not None:
            if hashes == {seal.hash.hex()}:
                self.anchored_through = seal.number
            else:
                self.say(f"{name} is not the one that was anchored outside: the chain was written anew")

    async def _events(self, seals: list[Seal], floor: int, ceiling: int) -> None:
        """The events of consecutive seals of one cluster, read in order and matched with each seal's root."""
        queue = iter(seals)
        seal = next(queue)
        leaves: list[bytes] = []
        bounds = {
            "floor": floor,
            "ceiling": ceiling,
            "xid": seal.after_xid,
            "id": seal.after_id,
            "to_xid": max(one.through for one in seals)[0],
            "to_id": max(one.through for one in seals)[1],
        }
        async for place, event in self._stream(bounds):
            while place > seal.through:
                self._match(seal, leaves)
                leaves = []
                following = next(queue, None)
                if following is None:
                    return
                seal = following
            if place > seal.after:  # else it lies in a gap, which the links told already
                leaves.append(leaf(event))
        self._match(seal, leaves)
        for seal in queue:
            self._match(seal, [])

    async def _stream(
        self, bounds: dict[str, int]
    ) -> AsyncIterator[tuple[tuple[int, int], tuple[object, ...]]]:
        async with self.connection.stream(_EVENTS, bounds) as rows:
            async for some in rows.partitions(_EVENTS_AT_ONCE):
                for row in some:
                    yield (row[0], row[1]), tuple(row)

    def _match(self, seal: Seal, leaves: list[bytes]) -> None:
        self.covered += len(leaves)
        name = f"seal {seal.number} (of {seal.events} events, the last with id {seal.through_id})"
        if len(leaves) < seal.events:
            self.say(f"{name} has {len(leaves)} events left: some were deleted")
        elif len(leaves) > seal.events:
            self.say(f"{name} has {len(leaves)} events now: some were put in")
        elif root(leaves) != seal.root:
            self.say(f"{name} has another content than was sealed: an event was altered or exchanged")

    async def _rest(self, last: Seal | None) -> int:
        """Count what is younger than the last seal; what is neither that nor sealed has no place there."""
        bounds = {"floor": 0, "xid": 0, "id": 0}
        if last is not None:
            bounds = {"floor": last.floor, "xid": last.through_xid, "id": last.through_id}
        total, unsealed, unreal = (await self.connection.execute(_REST, bounds)).one()
        if total - unsealed != self.covered:
            outside = total - unsealed - self.covered
            self.say(
                f"{outside} events lie behind the seals and under none: put in later, or their seal is gone"
            )
        if unreal:
            self.say(f"{unreal} events name a transaction that has not been yet")
        return unsealed


def _continues(before: Seal | None, seal: Seal) -> bool:
    if before is not None and before.floor == seal.floor:
        return seal.after == before.through and seal.system == before.system
    opens = seal.after == seal.through == (0, 0) and seal.events == 0
    return opens and (seal.floor == 0 if before is None else seal.floor > before.floor)


_FLOORS: Final = text("SELECT DISTINCT floor FROM seals ORDER BY floor")
_SEALS: Final = text(
    f"SELECT {SEAL_FIELDS} FROM seals WHERE number > :above AND number <= :last"  # noqa: S608, constants
    " ORDER BY number LIMIT :many"
)
_EVENTS: Final = text(
    f"SELECT {EVENT_FIELDS} FROM events WHERE id > :floor AND id <= :ceiling"  # noqa: S608, constants
    " AND (xid, id) > (CAST(:xid AS xid8), CAST(:id AS bigint))"
    " AND (xid, id) <= (CAST(:to_xid AS xid8), CAST(:to_id AS bigint)) ORDER BY xid, id"
)
_REST: Final = text(
    "SELECT count(*), count(*) FILTER (WHERE after), count(*) FILTER (WHERE after AND"
    " xid >= pg_snapshot_xmax(pg_current_snapshot())) FROM (SELECT xid, id > :floor AND"
    " (xid, id) > (CAST(:xid AS xid8), CAST(:id AS bigint)) AS after FROM events) AS placed"
)
