"""A town whose messages go to the outbox, with the console open on it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import httpx2
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.outbox import store
from console.app import Desk, create_app
from kept.clock import FixedClock
from notifiers.sandbox import Sandbox
from tests.builders.served import served
from tests.builders.town import Town

TODAY = date(2026, 11, 23)


class Shop(Town):
    """A town whose messages go to the outbox."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
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

    @asynccontextmanager
    async def open_doors(self, **more: Any) -> AsyncIterator[httpx2.AsyncClient]:
        def app(url: str) -> Any:
            desk = {"public_url": url, "listens_on": "127.0.0.1", "office": self.office, **more}
            return create_app(
                Desk(
                    clock=FixedClock(self.now),
                    twilio=None,
                    wake=self.wake,
                    queue_answers=self.queue_answers,
                    **desk,
                )
            )

        async with served(app) as url, httpx2.AsyncClient(base_url=url) as client:
            yield client

    async def reads(self) -> int:
        rows = await self.book.sql("SELECT count(*) FROM events WHERE action = 'read_personal_data'")
        return rows[0][0]


def links(page: str) -> list[str]:
    return re.findall(r'href="(/outbox/\d+)"', page)
