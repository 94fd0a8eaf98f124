"""Connections to a database that goes away: what was cut is not used again, and is waited for as such."""

import asyncio

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.engine import AWAY
from tests.builders.book import office_of

PID = "SELECT pg_backend_pid()"


@pytest.mark.parametrize(
    "error", [asyncpg.InternalClientError, ConnectionResetError, asyncpg.AdminShutdownError]
)
async def test_a_connection_whose_server_went_away_is_not_used_again(
    engine: AsyncEngine, error: type[Exception]
) -> None:
    """Used a moment ago it is trusted unasked: it would fail again and again, in whatever hand."""
    office = office_of(engine)
    pids: list[int] = []

    async def fails() -> None:
        async with office.transaction() as raw:
            pids.append(await raw.value(PID))
            if error is ConnectionResetError:  # and the driver has given up the connection by itself
                raw._driver.terminate()
            raise error("cannot switch to state 15")

    with pytest.raises(AWAY):
        await fails()
    async with office.transaction() as raw:
        pids.append(await raw.value(PID))
    async with office.transaction() as raw:
        pids.append(await raw.value(PID))
    assert pids[0] != pids[1] == pids[2]


@pytest.mark.parametrize("steps", range(12))
async def test_who_is_cancelled_at_any_step_leaves_no_connection_that_commits_nothing(
    engine: AsyncEngine, steps: int
) -> None:
    """Also in the middle of BEGIN: what the next one on that connection commits is there for others."""
    office = office_of(engine)

    async def works() -> None:
        async with office.transaction() as raw:
            await raw.run("INSERT INTO marks (name, at) VALUES ('cut off', now())")

    async with office.transaction() as raw:  # so that there is a connection to be had at once
        await raw.value(PID)
    task = asyncio.create_task(works())
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    async with office.transaction() as raw:
        await raw.run("INSERT INTO marks (name, at) VALUES ('said to be committed', now())")
    other = await asyncpg.connect(
        engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    )
    found = await other.fetchval("SELECT count(*) FROM marks WHERE name = 'said to be committed'")
    await other.close()
    assert found == 1
