"""One console and one Chromium for all tests of a session; where there is no Chromium, they say so."""

import os
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from kept.embedded import Engines
from storage.engine import make_engine
from tests.builders.browsing import Console, chromium, console_at
from tests.builders.databases import database_of, drop


@pytest.fixture(scope="session")
async def console(running_engines: Engines, worker: int) -> AsyncIterator[Console]:
    """The console, with its book. Tests share it: what one changes, it changes for somebody of its own."""
    if chromium() is None:
        reason = "there is no Chromium on the path; apt install chromium, or name it with CHROMIUM"
        if os.environ.get("KEPT_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    name = f"test_browser_{worker}"
    database_url = await database_of(running_engines.database_url, name)
    redis_url = running_engines.redis_url.replace("db=0", f"db={32 + worker}")
    engine = make_engine(database_url, application_name="tests of pages")
    try:
        async with console_at(engine, redis_url) as made:
            yield made
    finally:
        await engine.dispose()
        client = Redis.from_url(redis_url)
        await client.flushdb()
        await client.aclose()
        await drop(running_engines.database_url, name)
