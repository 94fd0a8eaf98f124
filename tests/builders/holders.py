"""Kept processes for the tests of the engines, and the processes of a data folder."""

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import psutil

ROOT = Path(__file__).parents[2]
NOBODY = 65534
SECONDS = 60

_PROGRAM = """
import asyncio, json, sys
from pathlib import Path
from redis.asyncio import Redis
from sqlalchemy import text
from kept.config import load
from kept.embedded import EngineError, engines
from storage.engine import make_engine

def say(document):
    print(json.dumps(document), flush=True)

async def again(act):
    # A server that was killed is away for a moment; what is tested is that it comes back.
    until = asyncio.get_running_loop().time() + 30
    while True:
        try:
            return await act()
        except Exception as error:
            if asyncio.get_running_loop().time() > until:
                raise
            await asyncio.sleep(0.05)

async def main():
    try:
        async with engines(load(None), quick="quick" in sys.argv) as found:
            say({"database_url": found.database_url, "redis_url": found.redis_url})
            engine, redis = make_engine(found.database_url), Redis.from_url(found.redis_url)
            while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
                async def act():
                    if line == "migrate":
                        from storage.migrate import migrate
                        return await migrate(engine)
                    async with engine.begin() as connection:
                        rows = await connection.execute(text(line))
                        value = rows.scalar_one() if rows.returns_rows else None
                    return [value, await redis.ping()]
                say(await again(act))
            await engine.dispose()
            await redis.aclose()
    except EngineError as error:
        say({"error": str(error)})

asyncio.run(main())
"""


class Holder:
    """A process that holds the engines of a data folder until told to leave."""

    def __init__(self, folder: Path, uid: int | None = None, quick: bool = True, **environment: str) -> None:
        """It may not be up yet: `up` waits. `uid` runs it as another account (only root can)."""
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KEPT_")}
        self.process = subprocess.Popen(
            [*as_account(uid), sys.executable, "-c", _PROGRAM, "quick" if quick else ""],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env={**kept, "KEPT_DATA_DIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        )  # fmt: skip

    @functools.cached_property
    def up(self) -> dict[str, str]:
        """Its URLs, or its error, once it has said so."""
        return self._heard()

    def ask(self, statement: str = "SELECT 1") -> Any:
        """What a statement gives (its one value, and that Redis answers), or what "migrate" does."""
        self.tell(statement)
        return self._heard()

    def tell(self, statement: str) -> None:
        assert "error" not in self.up
        assert self.process.stdin is not None
        self.process.stdin.write(f"{statement}\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        return self._heard()

    def leave(self) -> None:
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait(SECONDS)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _heard(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the holder ended with {self.process.poll()}"
        return json.loads(line)


class Running:
    """The processes of one data folder, found as an administrator would: by their command lines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keepers(self) -> list[psutil.Process]:
        return self._found(lambda line: "kept.embedded.keeper" in line)

    def keeper(self, kind: str) -> psutil.Process:
        (found,) = (process for process in self.keepers() if kind in process.cmdline())
        return found

    def server(self, kind: str) -> psutil.Process:
        binary = {"postgres": "/bin/postgres", "valkey": "valkey-server"}[kind]
        (found,) = self._found(lambda line: any(part.endswith(binary) for part in line[:1]))
        return found

    def all(self) -> list[psutil.Process]:
        return self._found(lambda line: "-c" not in line[1:2])

    def wait_until_gone(self) -> None:
        """Fails unless every process of the folder ends by itself."""
        _, left = psutil.wait_procs(self.all(), timeout=SECONDS)
        assert not left

    def kill_all(self) -> None:
        """Kill what a failed test left, by its id."""
        # Keepers first: they would start the servers again.
        for processes in (self.keepers(), self.all()):
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(processes, timeout=SECONDS)

    def _found(self, wanted: Callable[[list[str]], bool]) -> list[psutil.Process]:
        found: list[psutil.Process] = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                line = process.cmdline()
                mine = any(part.startswith(str(self.folder.resolve())) for part in line)
                if mine and process.status() != psutil.STATUS_ZOMBIE and wanted(line):
                    found.append(process)
        return found


@contextmanager
def open_folder(parent: Path) -> Iterator[Path]:
    """A data folder that any account may make; nothing of it runs or stays afterwards."""
    parent.chmod(0o777)
    folder = parent / "var"
    try:
        yield folder
    finally:
        Running(folder).kill_all()
        shutil.rmtree(folder, ignore_errors=True)


@functools.cache
def as_account(uid: int | None) -> list[str]:
    """What root puts before a command to run it as another account (Python may be in a closed /root)."""
    if uid is None:
        return []
    setpriv = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    trial = [*setpriv, sys.executable, "-c", "import redis.asyncio"]
    if subprocess.run(trial, cwd="/", capture_output=True, check=False).returncode == 0:
        return setpriv
    return [*setpriv, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
