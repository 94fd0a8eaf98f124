"""Tokens of names for people who were in the book before there were any: filled a batch at a time.

Until it is done a search by name opens every name within reach, as it did before.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from casework.office import Office
from casework.staff.rights import Action, Actor, require
from storage.names import fill_tokens
from storage.raw import Raw

_MARK: Final = "person_tokens"
_READ: Final = "SELECT value FROM marks WHERE name = $1"
_LOCK: Final = "SELECT value FROM marks WHERE name = $1 FOR UPDATE"


async def fill(office: Office, actor: Actor, now: datetime, stopping: Callable[[], bool]) -> bool:
    """Fill on until all are there, or `stopping` says so; whether all are. Raises Denied."""
    require(actor, Action.LOOK)
    while not stopping():
        async with office.transaction() as raw:
            left = await _left(raw, lock=True)
            if left is None:
                return True
            last = await fill_tokens(raw, office.keyring, *left)
            if last is None:
                await raw.run("DELETE FROM marks WHERE name = $1", _MARK)
                return True
            value = f"{last}:{left[1]}".encode()
            await raw.run("UPDATE marks SET value = $2, at = $3 WHERE name = $1", _MARK, value, now)
    return False


async def all_there(raw: Raw) -> bool:
    """Whether everybody in the book is found by their tokens."""
    return await _left(raw, lock=False) is None


async def _left(raw: Raw, *, lock: bool) -> tuple[int, int] | None:
    value: bytes | None = await raw.value(_LOCK if lock else _READ, _MARK)
    if value is None:
        return None
    after, _, through = value.decode().partition(":")
    return int(after), int(through)
