"""Workers and their queue: killed, emptied, away and back. What is due goes out all the same, once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, timedelta

import pytest
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.delivery.deliver import GROUP
from kept.clock import FixedClock
from notifiers.base import Outgoing, Sent
from tests.builders.book import SYSTEM
from tests.builders.town import Counting, Town
from tests.builders.valkey import own_valkey
from workers.jobs import Pace, Shift
from workers.wake import open_queue, wake
from workers.worker import Crew, make_worker

SECONDS = 20
PACE = Pace(lease=timedelta(seconds=30), sweep=timedelta(seconds=1))


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


@asynccontextmanager
async def working(town: Town, redis_url: str) -> AsyncIterator[Shift]:
    clock = FixedClock(town.now)
    shift = Shift(town.office, SYSTEM, town.providers, clock, "w", None, None, PACE)  # pyright: ignore[reportArgumentType]
    crew = Crew(redis_url, shift)
    task = asyncio.create_task(crew.work())
    try:
        yield shift
    finally:
        await crew.stop(timedelta(seconds=5))
        await task


async def eventually(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not what():  # noqa: ASYNC110, another task works
            await asyncio.sleep(0.02)


async def test_who_was_killed_at_a_job_keeps_nobody_from_it(town: Town, redis_url: str) -> None:
    """The names of jobs that a killed worker holds in Redis are its own for a while; the work is not."""
    await town.borrower(date(2026, 11, 20))
    left = Redis.from_url(redis_url)
    for job in ("look", "deliver", "hear"):
        await left.set(f"arq:in-progress:{job}:0", 1, ex=3600)
        await left.set(f"arq:retry:{job}:w", 1, ex=3600)
    async with working(town, redis_url):
        await eventually(lambda: town.providers["sms"].asked == 1)
    await left.aclose()


async def test_a_name_is_held_hardly_longer_than_a_lease(town: Town, redis_url: str) -> None:
    shift = Shift(town.office, SYSTEM, town.providers, FixedClock(town.now), "w", None, None, PACE)  # pyright: ignore[reportArgumentType]
    assert make_worker(redis_url, shift).in_progress_timeout_s == 40


async def test_emptied_at_any_moment(town: Town, redis_url: str) -> None:
    client = Redis.from_url(redis_url)
    async with working(town, redis_url):
        for sent in range(1, 6):
            await town.borrower(date(2026, 11, 20))
            await client.flushdb()
            await eventually(lambda sent=sent: town.providers["sms"].asked == sent)
    await client.aclose()
    assert len(town.providers["sms"].took) == 5


async def test_work_goes_on_without_the_queue_and_with_it_again(town: Town) -> None:
    async with own_valkey() as valkey, working(town, valkey.url):
        await town.borrower(date(2026, 11, 20))
        await eventually(lambda: town.providers["sms"].asked == 1)
        await valkey.stop()
        await town.borrower(date(2026, 11, 20))
        await eventually(lambda: town.providers["sms"].asked == 2)
        await valkey.start()
        queue = await open_queue(valkey.url)
        client = Redis.from_url(valkey.url)
        async with asyncio.timeout(SECONDS):
            while not await client.exists("kept:wake:health-check"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await town.borrower(date(2026, 11, 20))
        await wake(queue, "look")
        await eventually(lambda: town.providers["sms"].asked == 3)
        await queue.aclose()
        await client.aclose()
    assert len(town.providers["sms"].took) == 3


async def test_a_worker_ends_while_the_queue_is_away(town: Town) -> None:
    async with own_valkey() as valkey, working(town, valkey.url):
        await town.borrower(date(2026, 11, 20))
        await eventually(lambda: town.providers["sms"].asked == 1)
        await valkey.stop()
        await town.borrower(date(2026, 11, 20))
        await eventually(lambda: town.providers["sms"].asked == 2)


async def test_a_worker_ends_within_its_deadline_and_hands_back_what_is_not_in_the_air(
    town: Town, redis_url: str
) -> None:
    """Of a provider that is silent, what it may have is left as it is; the rest is anybody's at once."""

    class Silent(Counting):
        async def _send(self, outgoing: Outgoing) -> Sent:
            self.asked += 1
            await asyncio.Event().wait()
            raise AssertionError

    silent = town.providers["sms"] = Silent("sms")
    for _ in range(GROUP + 8):
        await town.borrower(date(2026, 11, 20))
    await town.look()
    shift = Shift(town.office, SYSTEM, town.providers, FixedClock(town.now), "w", None, None, PACE)  # pyright: ignore[reportArgumentType]
    crew = Crew(redis_url, shift)
    task = asyncio.create_task(crew.work())
    await eventually(lambda: silent.asked == GROUP)
    async with asyncio.timeout(SECONDS):
        await crew.stop(timedelta(seconds=0.5))
        await task
    rows = await town.book.sql("SELECT state, count(*) FROM contacts GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in rows] == [("planned", 8), ("sending", GROUP)]
