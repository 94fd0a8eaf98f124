"""What a seal is, bit by bit: the same on any server, so that auditors can check it with tools of their own.

leaf    SHA-256(0x00, JSON array [xid, id, at, actor, role, action, subject_kind, subject_id, data]); `at` is
        the seconds since 1970 as text with six decimals, `data` its JSON as text
root    of two nodes SHA-256(0x01, left, right), an odd one goes up alone (RFC 6962); of none 32 zero bytes
hash    SHA-256(0x02, JSON array [number, system, floor, after_xid, after_id, through_xid, through_id, events,
        root, previous, sealed_at]), hashes in hexadecimal
JSON has no spaces, is UTF-8, and escapes only what it must.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

import msgspec

NOTHING: Final = bytes(32)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_encode: Final = msgspec.json.Encoder().encode


class Head(msgspec.Struct, frozen=True):
    """The end of the chain, as it is kept outside the database: a seal's number and hash in hexadecimal."""

    number: int
    hash: str


class Seal(msgspec.Struct, frozen=True):
    """One row of `seals`; `sealed_at` is seconds since 1970 as text with six decimals."""

    number: int
    system: str
    floor: int
    after_xid: int
    after_id: int
    through_xid: int
    through_id: int
    events: int
    root: bytes
    previous: bytes
    sealed_at: str
    hash: bytes

    @property
    def head(self) -> Head:
        """What is anchored once this seal is stored."""
        return Head(self.number, self.hash.hex())

    @property
    def through(self) -> tuple[int, int]:
        """The last sealed event, as (xid, id)."""
        return (self.through_xid, self.through_id)

    @property
    def after(self) -> tuple[int, int]:
        """What came before the first sealed event, as (xid, id)."""
        return (self.after_xid, self.after_id)

    def true_hash(self) -> bytes:
        """The hash that these fields have."""
        fields = (self.number, self.system, self.floor, *self.after, *self.through, self.events)
        content = (*fields, self.root.hex(), self.previous.hex(), self.sealed_at)
        return sha256(b"\x02" + _encode(content)).digest()


def make_seal(
    last: Seal | None,
    system: str,
    floor: int,
    leaves: Sequence[bytes],
    through: tuple[int, int],
    now: datetime,
) -> Seal:
    """The seal that follows `last`. Where `floor` is a new one, the order of events starts anew."""
    after = last.through if last is not None and last.floor == floor else (0, 0)
    bare = Seal(
        number=1 if last is None else last.number + 1,
        system=system,
        floor=floor,
        after_xid=after[0],
        after_id=after[1],
        through_xid=through[0],
        through_id=through[1],
        events=len(leaves),
        root=root(leaves),
        previous=NOTHING if last is None else last.hash,
        sealed_at=epoch(now),
        hash=NOTHING,
    )
    return msgspec.structs.replace(bare, hash=bare.true_hash())


def leaf(event: Sequence[object]) -> bytes:
    """The hash of one event, its fields in the order above."""
    return sha256(b"\x00" + _encode(event)).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle root of leaf hashes, in their order."""
    if not leaves:
        return NOTHING
    level = list(leaves)
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


def epoch(moment: datetime) -> str:
    """Seconds since 1970 with six decimals, as PostgreSQL writes EXTRACT(EPOCH FROM ...)."""
    seconds, micros = divmod((moment - _EPOCH) // timedelta(microseconds=1), 1_000_000)
    return f"{seconds}.{micros:06d}"
