"""How many of something there may be in a span of time, counted in sliding windows (package limits)."""

from datetime import timedelta
from math import floor

import msgspec
from limits.aio.storage import MemoryStorage, RedisStorage

ALONE = 10  # a process that cannot count with the others keeps to this part of a rate


class Rate(msgspec.Struct, frozen=True):
    """`messages` in so many `seconds`: 20 in 2 seconds is 10 a second, and 20 at once."""

    messages: int
    seconds: int = 1

    def alone(self) -> "Rate":
        """The part that one process takes when it cannot count with the others."""
        if self.messages >= ALONE:
            return Rate(self.messages // ALONE, self.seconds)
        return Rate(self.messages, self.seconds * ALONE)


class Windows:
    """Sliding windows: of the last one counts the part that the present one does not cover yet."""

    def __init__(self, storage: RedisStorage | MemoryStorage) -> None:
        self._storage = storage

    async def take(self, name: str, rate: Rate, wanted: int, share: int) -> tuple[int, timedelta]:
        """(places taken, when to ask for more). `share`: how much of the rate may be in use afterwards.

        One round trip while there is room for all, three when there is not.
        """
        if await self._storage.acquire_sliding_window_entry(name, share, rate.seconds, wanted):
            return wanted, timedelta()
        before, fades, now, turns = await self._storage.get_sliding_window(name, rate.seconds)
        taken = min(wanted, share - now - floor(before * fades / rate.seconds))
        if taken <= 0 or not await self._storage.acquire_sliding_window_entry(
            name, share, rate.seconds, taken
        ):
            taken = 0
        # Not for one place alone: a group of one costs as much as a group of some.
        left = share - max(1, min(wanted - taken, share // 4))
        turns = turns or 2.0 * rate.seconds  # a window that these places opened
        return taken, _until_at_most(left, rate.seconds, before, fades, now + taken, turns)


def _until_at_most(left: int, seconds: int, before: int, fades: float, now: int, turns: float) -> timedelta:
    """When no more than `left` of a window count.

    `before` in the last window count less until `fades` (seconds) is over; `now` in this one begin to do so
    when it turns, `seconds` before `turns`.
    """
    if now > left:
        wait = max(0.0, turns - seconds) + seconds * (now - left) / now
    else:
        wait = fades - seconds * (left - now) / before if before else 0.0
    return timedelta(seconds=min(max(wait, 0.01), 2 * seconds))
