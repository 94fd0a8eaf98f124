"""Connections to a database that goes away: what was cut is not used again, and is waited for as such."""

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
