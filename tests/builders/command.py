"""The command `kept` in processes of its own: their settings, what they printed, how they ended."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import asyncpg

SECONDS = 60  # that any command may take
SOON = 0.02


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        assert self.code == 0, self.err
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """The one line of a command that was given something wrong."""
        assert (self.code, self.out) == (2, ""), (self.code, self.out, self.err)
        (line,) = self.err.splitlines()
        return line


class Kept:
    """A folder to run in (with its data in var/, and its portfolios/), and the settings of every command."""

    def __init__(self, folder: Path, database_url: str, redis_url: str, **settings: str) -> None:
        self.folder = folder
        self.settings = {
            "KEPT_DATA_DIR": str(folder / "var"),
            "KEPT_DATABASE_URL": database_url,
            "KEPT_REDIS_URL": redis_url,
            **settings,
        }

    def with_settings(self, **settings: str) -> Self:
        """The same with other settings; an empty one is not set."""
        return type(self)(self.folder, "", "", **{**self.settings, **settings})

    async def run(self, *arguments: str | Path) -> Ran:
        process = await self.start(*arguments)
        try:
            async with asyncio.timeout(SECONDS):
                out, err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    async def json(self, *arguments: str | Path) -> Any:
        """What the command prints with `--json`."""
        return (await self.run(*arguments, "--json")).document

    async def start(self, *arguments: str | Path) -> asyncio.subprocess.Process:
        bare = {name: value for name, value in os.environ.items() if not name.startswith("KEPT_")}
        given = {name: value for name, value in self.settings.items() if value}
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "kept", *map(str, arguments)),
            cwd=self.folder,
            env={**bare, **given, "COLUMNS": "120"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    @asynccontextmanager
    async def running(self, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """A command that stays, ended as a service is: SIGTERM, and it must go of itself, with 0."""
        process = await self.start(*arguments)
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(SECONDS):
                _, err = await process.communicate()
            assert process.returncode == 0, err.decode()
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()

    async def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """What the database holds, or what is done to it by hand."""
        plain = self.settings["KEPT_DATABASE_URL"].replace("postgresql+asyncpg://", "postgresql://")
        connection = await asyncpg.connect(plain)
        try:
            return [tuple(row) for row in await connection.fetch(sql, *parameters)]
        finally:
            await connection.close()


async def until(what: Callable[[], bool], process: asyncio.subprocess.Process) -> None:
    """Wait for something that a running command brings about; its end or a minute is too late."""
    async with asyncio.timeout(SECONDS):
        while not what():
            if process.returncode is not None:
                _, err = await process.communicate()
                raise AssertionError(f"it ended with {process.returncode}: {err.decode()}")
            await asyncio.sleep(SOON)
