"""The way to PostgreSQL: one AsyncEngine a program, over asyncpg."""

from time import monotonic
from typing import Any, Final

import asyncpg
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

# The server is away, restarts, or cut the connection: as the driver, and SQLAlchemy above it, say so.
AWAY: tuple[type[Exception], ...] = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # on a connection that was cut in the middle of an error's text
    DBAPIError,
    # It chose us of two that waited for each other: the same again, from the beginning.
    asyncpg.TransactionRollbackError,
)
# Somebody else holds what was wanted, for longer than one cared to wait (lock_timeout).
WAITED_IN_VAIN: type[Exception] = asyncpg.LockNotAvailableError
# What the database would not take; it stands and goes on.
REFUSED: type[Exception] = asyncpg.PostgresError

# A connection used so lately (seconds) is trusted without asking: asking costs three round trips, more than
# many a transaction. One that was cut is known to be closed, whenever that was.
_TRUSTED: Final = 1.0


def make_engine(
    url: str, application_name: str = "kept", pool_size: int = 5, max_overflow: int = 5
) -> AsyncEngine:
    """An engine on `url` (`postgresql+asyncpg://...`). It connects when first asked; dispose of it.

    Every connection is in UTC and without JIT, whose compilation costs more than our short queries.
    `application_name` is what pg_stat_activity shows. A connection that a restart of the server cut is
    replaced when it is next taken from the pool.
    """
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=max_overflow,
        hide_parameters=True,
        connect_args={
            "server_settings": {"timezone": "UTC", "jit": "off", "application_name": application_name},
        },
    )

    def used(_: Any, record: Any) -> None:
        record.info["used"] = monotonic()

    def ask(connection: Any, record: Any, _: Any) -> None:
        closed = connection.driver_connection.is_closed()
        lately = monotonic() - record.info.get("used", monotonic()) < _TRUSTED
        if closed or not (lately or engine.dialect.do_ping(connection)):
            raise InvalidatePoolError  # for a new one

    event.listen(engine.sync_engine, "checkin", used)
    event.listen(engine.sync_engine, "checkout", ask)
    return engine
