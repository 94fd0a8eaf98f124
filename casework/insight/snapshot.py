"""Reading the whole book at one moment, while others write."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from casework.office import Office
from storage.raw import Raw


@asynccontextmanager
async def snapshot(office: Office) -> AsyncGenerator[Raw]:
    """A transaction that sees one moment of the database and can change nothing."""
    async with office.engine.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        async with connection.begin():
            yield await Raw.of(connection)
