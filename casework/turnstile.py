"""How often a token may ask: counted in Redis by all who serve, so that one caller never crowds out others.

Without Redis each process counts by itself and lets a tenth through; the API goes on.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from limits.aio.storage import MemoryStorage, RedisStorage
from redis.asyncio import Redis
from redis.exceptions import RedisError

from casework.delivery.windows import Rate, Windows
from casework.tokens import Caller

log: structlog.stdlib.BoundLogger = structlog.get_logger("api")

_MINUTE: Final = 60
_AWAY: Final = timedelta(seconds=5)  # before Redis is asked again


class Turnstile:
    """One for a process. `redis` None: this process is the only one (tests)."""

    def __init__(self, redis: Redis | None) -> None:
        self._redis = redis
        self._own = Windows(MemoryStorage())
        self._shared = self._own if redis is None else Windows(_storage(redis))
        self._away_until: datetime | None = None

    async def wait(self, caller: Caller, wall: datetime) -> timedelta | None:
        """None: come in, and it counts. Else how long to wait before asking again."""
        rate, name = Rate(caller.per_minute, _MINUTE), f"token:{caller.token}"
        if self._away_until is None or self._away_until <= wall:
            try:
                taken, wait = await self._shared.take(name, rate, 1, rate.messages)
            except (RedisError, OSError) as error:
                log.warning("without_redis", error=type(error).__name__)
                self._away_until = wall + _AWAY
            else:
                self._away_until = None
                return None if taken else wait
        alone = rate.alone()
        taken, wait = await self._own.take(name, alone, 1, alone.messages)
        return None if taken else wait

    async def close(self) -> None:
        if self._redis is not None:
            await self._redis.aclose()


def _storage(redis: Redis) -> RedisStorage:
    return RedisStorage(
        "async+redis://",
        implementation="redispy",
        key_prefix="kept:api",
        connection_pool=redis.connection_pool,  # pyright: ignore[reportArgumentType] - as it documents
    )
