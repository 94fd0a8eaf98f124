"""Sessions of the console, in Redis: opaque, short, listed and ended by whoever's they are.

The browser holds random bytes; Redis knows them by a keyed token, so whoever reads Redis cannot enter. A
session is over after half an hour without a request, and twelve hours after it began in any case.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from storage.crypt import Keyring

IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=12)
_NOTED: Final = timedelta(minutes=1)  # how often is written that a session was used


class SessionsAwayError(Exception):
    """Redis does not answer: nobody can be let in, and nobody be known again."""


class Session(msgspec.Struct, frozen=True):
    """Somebody's visit. `role`, `portfolios`: as what they entered; `how`: password, single_sign_on, demo."""

    staff: int
    role: str
    portfolios: tuple[str, ...] | None
    began: datetime
    seen: datetime
    address: str
    browser: str
    how: str


class Sessions:
    """All that are open. `draw`: so many random bytes."""

    def __init__(self, redis: Redis, keyring: Keyring, draw: Callable[[int], bytes]) -> None:
        self._redis: Any = redis  # it leaves the types of its sets and pipelines open
        self._keyring = keyring
        self._draw = draw

    def key_of(self, ticket: str) -> str:
        """What a ticket (the cookie) is known by here, in the audit record and in lists."""
        return self._keyring.token("session", ticket[:200]).hex()

    async def begin(self, session: Session) -> str:
        """Keep it; the ticket that the browser brings from now on."""
        ticket = self._draw(32).hex()
        key = self.key_of(ticket)
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.set(_session(key), _encode(session), px=_left(session, session.began))
                pipe.sadd(_listed(session.staff), key)
                pipe.pexpire(_listed(session.staff), _milliseconds(LONGEST))
                await pipe.execute()
        except (RedisError, OSError) as error:
            raise SessionsAwayError from error
        return ticket

    async def find(self, key: str, now: datetime) -> Session | None:
        """The session, used now; None: there is none, or it is over."""
        try:
            found = _decoded(await self._redis.get(_session(key)))
            if found is None or _left(found, now) <= 0:
                return None
            if now - found.seen >= _NOTED:
                found = msgspec.structs.replace(found, seen=now)
                await self._redis.set(_session(key), _encode(found), px=_left(found, now), xx=True)
        except (RedisError, OSError) as error:
            raise SessionsAwayError from error
        return found

    async def of(self, staff: int, now: datetime) -> list[tuple[str, Session]]:
        """(key, session) of all that are somebody's, the one used last first."""
        try:
            members: set[bytes] = await self._redis.smembers(_listed(staff))
            keys: list[str] = sorted(_text(member) for member in members)
            values: list[bytes | None] = (
                await self._redis.mget([_session(key) for key in keys]) if keys else []
            )
        except (RedisError, OSError) as error:
            raise SessionsAwayError from error
        open_ = [
            (key, one)
            for key, value in zip(keys, values, strict=True)
            if (one := _decoded(value)) is not None and _left(one, now) > 0
        ]
        return sorted(open_, key=lambda row: row[1].seen, reverse=True)

    async def end(self, staff: int, key: str) -> bool:
        """End one of somebody's; False where it is not theirs, or over."""
        try:
            ended: int = await self._redis.srem(_listed(staff), key)
            if ended:
                await self._redis.delete(_session(key))
        except (RedisError, OSError) as error:
            raise SessionsAwayError from error
        return bool(ended)

    async def end_all(self, staff: int, now: datetime, *, but: str | None = None) -> int:
        """End all of somebody's but one; how many."""
        keys = [key for key, _ in await self.of(staff, now) if key != but]
        for key in keys:
            await self.end(staff, key)
        return len(keys)


def _left(session: Session, now: datetime) -> int:
    """Milliseconds until it is over by itself."""
    return _milliseconds(min(session.seen + IDLE, session.began + LONGEST) - now)


def _milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def _session(key: str) -> str:
    return f"kept:session:{key}"


def _listed(staff: int) -> str:
    return f"kept:sessions:{staff}"


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _decoded(value: bytes | str | None) -> Session | None:
    return None if value is None else _decode(value)


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Session).decode
