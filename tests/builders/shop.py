"""A town whose messages go to the outbox, with the console open on it."""

import os
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import httpx2
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.outbox import store
from casework.staff.entrance import Entrance, From
from casework.staff.people import invite
from casework.staff.rights import Actor, Role
from console.app import Desk, create_app
from notifiers.sandbox import Sandbox
from tests.builders.served import served
from tests.builders.town import Town, TownClock

TODAY = date(2026, 11, 23)

OPS = Actor("oda", Role.OPERATIONS)


class Shop(Town):
    """A town whose messages go to the outbox. `redis_url`: where sessions are; else there are no pages."""

    def __init__(self, engine: AsyncEngine, redis_url: str | None = None) -> None:
        super().__init__(engine)
        self.redis_url = redis_url
        put = store(self.office)
        self.providers = {channel: Sandbox(channel, put) for channel in self.providers}  # type: ignore[assignment]
        self.queue = True

    async def remind(self, count: int = 1, **more: Any) -> None:
        for _ in range(count):
            await self.borrower(TODAY, **more)
        await self.look()
        await self.send()

    async def queue_answers(self) -> bool:
        return self.queue

    async def wake(self, job: str) -> None: ...

    def desk(self, url: str, redis: Redis | None, **more: Any) -> Desk:
        """What the server at `url` is handed; with `redis` it has pages."""
        office = more.get("office", self.office)
        given: dict[str, Any] = {
            "public_url": url,
            "listens_on": "127.0.0.1",
            "office": office,
            "clock": TownClock(self),
            "twilio": None,
            "wake": self.wake,
            "queue_answers": self.queue_answers,
            "entrance": None if redis is None else Entrance(office, redis, os.urandom),
        }
        if callable(more.get("single")):  # it must know where people come back to
            more["single"] = more["single"](url)
        return Desk(**{**given, **more})

    @asynccontextmanager
    async def open_doors(
        self,
        *,
        role: Role | None = Role.COMPLIANCE,
        portfolios: Sequence[str] | None = None,
        **more: Any,
    ) -> AsyncIterator[httpx2.AsyncClient]:
        """A browser at the server, in which somebody of this role is signed in; None: nobody."""
        redis = None if self.redis_url is None else Redis.from_url(self.redis_url)

        def app(url: str) -> Any:
            return create_app(self.desk(url, redis, **more))

        # A busy machine is slow, and no less right.
        async with served(app) as url, httpx2.AsyncClient(base_url=url, timeout=60) as client:
            if redis is not None and role is not None:
                await self.enter(client, Entrance(self.office, redis, os.urandom), role, portfolios)
            yield client
        if redis is not None:
            await redis.aclose()

    async def enter(
        self,
        client: httpx2.AsyncClient,
        entrance: Entrance,
        role: Role,
        portfolios: Sequence[str] | None = None,
    ) -> None:
        """Somebody of this role is signed in with `client`, whose posts carry the token of a form."""
        name = f"the {role.replace('_', ' ')}"
        await invite(self.office, OPS, name, role, self.now, portfolios=portfolios)
        staff = (await self.book.sql("SELECT id FROM staff WHERE name = $1", name))[0][0]
        ticket = await entrance.enter(staff, self.now, From("127.0.0.1", "a test"), "password")
        assert ticket is not None
        name = "kept_session" if str(client.base_url).startswith("http://127.") else "__Host-kept"
        client.cookies.set(name, ticket)
        client.headers["x-form-token"] = entrance.form_token(entrance.sessions.key_of(ticket))

    async def reads(self) -> int:
        rows = await self.book.sql("SELECT count(*) FROM events WHERE action = 'read_personal_data'")
        return rows[0][0]


def links(page: str) -> list[str]:
    return re.findall(r'href="(/outbox/\d+)"', page)
