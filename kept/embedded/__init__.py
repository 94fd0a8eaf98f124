"""The engines Kept stands on: those of the settings, or embedded ones where no URL is set.

    async with engines(settings) as found:      # or `with`, outside an event loop
        found.database_url, found.redis_url

An embedded engine starts by itself, is shared by all kept processes on one data folder, and is stopped with
the last of them: lease.py is a kept process's side of that, keeper.py the engine's.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kept.embedded.errors import EngineError

if TYPE_CHECKING:
    from types import TracebackType

    from kept.config import Settings
    from kept.embedded.lease import Lease

__all__ = ["EngineError", "Engines", "engines"]


@dataclass(frozen=True)
class Engines:
    """Where to connect: `postgresql+asyncpg://...` for SQLAlchemy, and a URL for redis-py and arq. Both hold
    secrets: never print them."""

    database_url: str
    redis_url: str

    def __repr__(self) -> str:
        return "Engines(**********)"


def engines(settings: "Settings", quick: bool = False) -> "Hold":
    """A context manager, synchronous or not, that gives Engines for as long as it is entered.

    `quick` starts embedded ones without durability (for tests). Entering raises EngineError, whose message
    names KEPT_DATABASE_URL or KEPT_REDIS_URL when the server there cannot be reached or is too old.
    """
    return Hold(settings, quick)


class Hold:
    """What `engines` returns."""

    def __init__(self, settings: "Settings", quick: bool) -> None:
        self._settings = settings
        self._quick = quick
        self._leases: list[Lease] = []

    def __enter__(self) -> Engines:
        # In threads: the two start side by side, and a check may run its own loop beside the caller's.
        with ThreadPoolExecutor(2) as pool:
            database, redis = pool.submit(self._database), pool.submit(self._redis)
        try:
            return Engines(database.result(), redis.result())
        except BaseException:
            self._release()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self._release()

    async def __aenter__(self) -> Engines:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        await asyncio.to_thread(self._release)

    def _release(self) -> None:
        while self._leases:
            self._leases.pop().release()

    def _database(self) -> str:
        given = self._settings.database.url
        if given is not None:
            from kept.embedded.reach import check_database

            url = given.get_secret_value()
            asyncio.run(check_database(url))
            return url
        from kept.embedded import postgres

        lease = self._lease("postgres", postgres.SOCKET)
        password = lease.folder.password()
        if password is None:
            raise EngineError(
                f"{lease.folder.path / 'password'} is gone; stop every kept, and it is made anew"
            )
        return postgres.url(lease.sockets, password)

    def _redis(self) -> str:
        given = self._settings.redis.url
        if given is not None:
            from kept.embedded.reach import check_redis

            url = given.get_secret_value()
            asyncio.run(check_redis(url))
            return url
        from kept.embedded import valkey

        return valkey.url(self._lease("valkey", valkey.SOCKET).sockets)

    def _lease(self, kind: str, socket_name: str) -> "Lease":
        from kept.embedded.folder import Folder
        from kept.embedded.lease import Lease

        folder = Folder(self._settings.data_dir.resolve() / "engines" / kind)
        lease = Lease(kind, folder, socket_name, self._quick)
        self._leases.append(lease)
        return lease
