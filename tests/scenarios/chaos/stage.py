"""What the chaos is played on: engines, sinks, workers, lookers and the webhook, all processes of our own."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import IntegrityError, ProgrammingError

from kept.embedded.folder import Folder
from kept.embedded.postgres import PostgresServer
from kept.embedded.server import Server
from kept.embedded.valkey import ValkeyServer
from storage.engine import AWAY
from tests.builders.command import SECONDS, SOON
from tests.sinks import telegram, twilio
from tests.sinks.record import read

ROOT = Path(__file__).parents[3]
SINKS = ("twilio", "smtp", "telegram")
T = TypeVar("T")


class Nursery:
    """The process that the parts are forked from."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._asking = asyncio.Lock()

    async def ask(self, **what: Any) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        async with self._asking, asyncio.timeout(SECONDS):
            stdin.write(json.dumps(what).encode() + b"\n")
            return json.loads(await stdout.readline())


@asynccontextmanager
async def nursery(folder: Path, settings: dict[str, str]) -> AsyncIterator[Nursery]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("KEPT_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.scenarios.chaos.nursery"),
        cwd=folder,
        env={**bare, **settings, "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Nursery(process)
    finally:
        process.kill()
        await process.wait()


class Part:
    """A process that is killed and started again; what it says goes to a file."""

    def __init__(self, nursery: Nursery, kind: str, name: str, folder: Path) -> None:
        self.kind, self.name, self.kills = kind, name, 0
        self.log = folder / f"{name}.log"
        self._nursery = nursery
        self._heard = 0
        self._pid = 0  # 0: none

    async def start(self) -> None:
        self._heard = self.log.stat().st_size if self.log.exists() else 0
        self._pid = (await self._nursery.ask(start=self.kind, log=str(self.log)))["pid"]

    async def up(self) -> None:
        """Until it runs. One that ended (its database was away) is started again, as a service is."""
        async with asyncio.timeout(SECONDS):
            while await self._ended() or b'"running"' not in self.said():
                if not self._pid:
                    await self.start()
                await asyncio.sleep(SOON)

    def said(self) -> bytes:
        """Since its last start."""
        if not self.log.exists():
            return b""
        with self.log.open("rb") as log:
            log.seek(self._heard)
            return log.read()

    async def kill(self) -> None:
        if self._pid and not await self._ended():
            os.kill(self._pid, signal.SIGKILL)
            await self._wait()
            self.kills += 1

    async def end(self) -> int:
        """As a service is ended: SIGTERM. Its exit code."""
        os.kill(self._pid, signal.SIGTERM)
        return await self._wait()

    async def _wait(self) -> int:
        code: int = (await self._nursery.ask(wait=self._pid))["code"]
        self._pid = 0
        return code

    async def _ended(self) -> bool:
        """Whether it ended of itself; it is forgotten then."""
        if self._pid and (await self._nursery.ask(poll=self._pid))["code"] is not None:
            self._pid = 0
        return not self._pid


class Stage:
    """Two workers, two lookers, the webhook; three sinks; a PostgreSQL and a Valkey that may be killed."""

    def __init__(self, folder: Path, settings: dict[str, str], redis_url: str, nursery: Nursery) -> None:
        self.folder, self.settings, self.redis_url = folder, settings, redis_url
        self.workers = [Part(nursery, "worker", f"worker{n}", folder) for n in (1, 2)]
        self.lookers = [Part(nursery, "looker", f"looker{n}", folder) for n in (1, 2)]
        self.webhook = Part(nursery, "webhook", "webhook", folder)
        self.public_url = settings["KEPT_PUBLIC_URL"]
        self.restarts = 0

    @property
    def parts(self) -> list[Part]:
        return [*self.workers, *self.lookers, self.webhook]

    def taken(self, kind: str) -> list[dict[str, Any]]:
        """What a sink wrote down."""
        return read(self.folder / f"{kind}.jsonl")

    def kill_postgres(self, how: signal.Signals = signal.SIGKILL) -> None:
        self._end(PostgresServer(self._engine("postgres"), False), how)

    def kill_valkey(self) -> None:
        self._end(ValkeyServer(self._engine("valkey"), False), signal.SIGKILL)

    async def empty_valkey(self) -> None:
        client: Redis = Redis.from_url(self.redis_url)
        with contextlib.suppress(RedisError, OSError):
            await client.flushall()
        await client.aclose()

    def _engine(self, kind: str) -> Folder:
        return Folder(self.folder / "var" / "engines" / kind)

    def _end(self, server: Server, how: signal.Signals) -> None:
        process = server.find()
        if process is not None:  # else it is on its way back already
            process.send_signal(how)
            self.restarts += 1


@asynccontextmanager
async def sinks(folder: Path) -> AsyncIterator[dict[str, str]]:
    """The three sinks, writing to `folder`; the settings that point at them."""
    async with AsyncExitStack() as stack:
        urls = {kind: await stack.enter_async_context(_sink(kind, folder)) for kind in SINKS}
        yield {
            "KEPT_TWILIO_ACCOUNT_SID": twilio.ACCOUNT,
            "KEPT_TWILIO_AUTH_TOKEN": twilio.TOKEN,
            "KEPT_TWILIO_FROM": "+15005550006",
            "KEPT_TWILIO_API_URL": urls["twilio"],
            "KEPT_SMTP_URL": urls["smtp"],
            "KEPT_MAIL_FROM": "Acme Credit <post@example.com>",
            "KEPT_TELEGRAM_TOKEN": telegram.TOKEN,
            "KEPT_TELEGRAM_API_URL": urls["telegram"],
        }


@asynccontextmanager
async def _sink(kind: str, folder: Path) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.scenarios.chaos.sinks", kind, "--record", str(folder / f"{kind}.jsonl")),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(SECONDS):
            url: str = json.loads(await process.stdout.readline())["url"]
        yield url
    finally:
        process.kill()
        await process.wait()


async def insist(what: Callable[[], Awaitable[T]]) -> T:
    """Until the database is there to do it: it is killed on purpose."""
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                return await what()
            except (IntegrityError, ProgrammingError):
                raise
            except AWAY:
                await asyncio.sleep(SOON * 5)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
