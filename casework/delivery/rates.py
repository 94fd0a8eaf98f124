"""Rates: how fast a provider and an address may be handed messages, counted by all deliverers together.

The count is in Redis, by its clock, so a book played at another moment keeps to the same rates. Nobody waits
here: who finds no room is told so, and when to ask again is remembered. Without Redis each process keeps to a
tenth of every rate by itself, and everything goes on. Redis may be emptied at any moment: one more burst.
"""

from asyncio import gather
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec
import structlog
from limits.aio.storage import MemoryStorage, RedisStorage
from prometheus_client import Counter as Metric
from prometheus_client import Gauge
from redis.asyncio import Redis
from redis.exceptions import RedisError

from casework.delivery.windows import ALONE, Rate, Windows
from storage.contacts import Leased

log: structlog.stdlib.BoundLogger = structlog.get_logger("rates")

# What somebody waits for goes before reminders: a tenth of every rate is left to it.
Purpose = Literal["answer", "dunning"]
_LEFT_TO_ANSWERS = 10

_AWAY = timedelta(seconds=5)  # before Redis is asked again

_REFUSED = Metric("kept_rate_refused_total", "Contacts that found no room, put off", ["provider"])
_WITHOUT_REDIS = Gauge("kept_rates_without_redis", "1 while this process keeps to its own, lower rates")


class Limits(msgspec.Struct, frozen=True):
    """The rates of a provider: over all, and to one address (a chat). None: as fast as it takes them."""

    overall: Rate | None = None
    each: Rate | None = None


class Shut(msgspec.Struct, frozen=True):
    """What has no room now, and the first moment (wall clock) at which some of it will."""

    providers: frozenset[str]
    addresses: tuple[int, ...]
    opens: datetime | None


class Rates:
    """The rates of every provider that has any, shared with all who use the same Redis.

    One for a process: what it learnt of a provider holds for all its deliverers.
    """

    def __init__(self, limits: Mapping[str, Limits], redis: Redis) -> None:
        self._limits = limits
        self._redis = redis
        self._shared = Windows(
            RedisStorage(
                "async+redis://",
                implementation="redispy",
                key_prefix="kept:rate",
                connection_pool=redis.connection_pool,  # pyright: ignore[reportArgumentType] - as it documents
            )
        )
        self._own = Windows(MemoryStorage())
        self._away_until: datetime | None = None
        self._opens: dict[tuple[str, Purpose], datetime] = {}
        self._address_opens: dict[int, datetime] = {}

    async def take(
        self, provider: str, wanted: Sequence[Leased], wall: datetime, purpose: Purpose = "dunning"
    ) -> list[Leased]:
        """Those of `wanted` that may be handed over now, the first ones first; the others found no room."""
        limits = self._limits.get(provider)
        if limits is None or not wanted:
            return list(wanted)
        if self._is_shut(provider, wall, purpose):
            return []
        going = await self._ask(provider, limits, wanted, wall, purpose)
        if len(going) < len(wanted):
            _REFUSED.labels(provider).inc(len(wanted) - len(going))
        return going

    def shut(self, wall: datetime, purpose: Purpose = "dunning") -> Shut:
        """What need not be asked for: it has no room, as far as this process knows."""
        self._opens = {key: opens for key, opens in self._opens.items() if opens > wall}
        self._address_opens = {key: opens for key, opens in self._address_opens.items() if opens > wall}
        providers = {provider: opens for (provider, of), opens in self._opens.items() if of == purpose}
        return Shut(
            frozenset(providers),
            tuple(self._address_opens),
            min([*providers.values(), *self._address_opens.values()], default=None),
        )

    async def hold(self, provider: str, wait: timedelta, wall: datetime) -> None:
        """The provider asked everybody to wait: nobody sends by it until then, answers neither."""
        if provider not in self._limits or wait <= timedelta():
            return
        for purpose in ("answer", "dunning"):
            self._shut(provider, wall + wait, purpose)
        length, key = max(1, round(wait / timedelta(milliseconds=1))), _hold(provider)
        try:
            if not await self._redis.set(key, 1, px=length, nx=True) and await self._redis.pttl(key) < length:
                await self._redis.set(key, 1, px=length)
        except (RedisError, OSError) as error:
            self._went_away(error, wall)

    async def close(self) -> None:
        await self._redis.aclose()

    async def _ask(
        self, provider: str, limits: Limits, wanted: Sequence[Leased], wall: datetime, purpose: Purpose
    ) -> list[Leased]:
        if self._away_until is None or self._away_until <= wall:
            try:
                held, going = await gather(
                    self._redis.pttl(_hold(provider)),
                    self._fit(self._shared, provider, limits, wanted, wall, purpose),
                )
            except (RedisError, OSError) as error:
                self._went_away(error, wall)
            else:
                self._came_back()
                if held <= 0:
                    return going
                for each in ("answer", "dunning"):
                    self._shut(provider, wall + timedelta(milliseconds=held), each)
                return []
        alone = Limits(limits.overall and limits.overall.alone(), limits.each and limits.each.alone())
        return await self._fit(self._own, provider, alone, wanted, wall, purpose)

    async def _fit(
        self,
        windows: Windows,
        provider: str,
        limits: Limits,
        wanted: Sequence[Leased],
        wall: datetime,
        purpose: Purpose,
    ) -> list[Leased]:
        """As many as the provider's rate has room for, and of those the ones whose address has room."""
        going = list(wanted)
        if limits.overall is not None:
            share = limits.overall.messages
            share -= share // _LEFT_TO_ANSWERS if purpose == "dunning" else 0
            taken, wait = await windows.take(provider, limits.overall, len(going), share)
            if taken < len(going):
                self._shut(provider, wall + wait, purpose)
            going = going[:taken]
        each = limits.each
        if each is None or not going:
            return going
        asked = Counter(contact.address for contact in going)
        answers = await gather(
            *(windows.take(f"{provider}:{address}", each, n, each.messages) for address, n in asked.items())
        )
        places: dict[int, int] = {}
        for address, (taken, wait) in zip(asked, answers, strict=True):
            places[address] = taken
            if taken < asked[address]:
                self._address_opens[address] = wall + wait
        fitting: list[Leased] = []
        for contact in going:
            if places[contact.address] > 0:
                places[contact.address] -= 1
                fitting.append(contact)
        return fitting

    def _is_shut(self, provider: str, wall: datetime, purpose: Purpose) -> bool:
        opens = self._opens.get((provider, purpose))
        return opens is not None and opens > wall

    def _shut(self, provider: str, opens: datetime, purpose: Purpose) -> None:
        known = self._opens.get((provider, purpose))
        self._opens[provider, purpose] = opens if known is None else max(known, opens)

    def _went_away(self, error: Exception, wall: datetime) -> None:
        if self._away_until is None:
            log.warning("without_redis", error=type(error).__name__, part=f"1/{ALONE}")
            _WITHOUT_REDIS.set(1)
        self._away_until = wall + _AWAY

    def _came_back(self) -> None:
        if self._away_until is not None:
            log.info("with_redis_again")
            _WITHOUT_REDIS.set(0)
            self._away_until = None


def _hold(provider: str) -> str:
    return f"kept:hold:{provider}"
