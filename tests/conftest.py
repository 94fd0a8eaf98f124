"""What all tests share: one embedded PostgreSQL and Valkey a run, a fresh migrated database a test.

Under xdist every worker enters the same data folder, so they share the engines as several kept processes do;
the last worker's leaving stops them.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import structlog
from hypothesis import settings
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from kept.config import load, setting_names
from kept.embedded import Engines, engines
from storage.engine import make_engine
from storage.migrate import migrate
from tests.builders.databases import TEMPLATE, Databases, plain, with_database

# What lands must not hang on the luck of a draw: CI tries the same examples each time, people new ones.
settings.register_profile("ci", derandomize=True, print_blob=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


# Left to itself, structlog draws an error with the variables of every frame: half a minute for one of a chat.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


def pytest_xdist_auto_num_workers() -> int:
    """Three for two cores: for half of their time tests wait for a command, a server or a browser."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores * 3 // 2)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole walks before single parts: begun last, a long one would run on while all others are done."""
    last = {"browser": 1, "integration": 2, "unit": 3}
    folder = Path(__file__).parent
    items.sort(key=lambda item: last.get(item.path.relative_to(folder).parts[0], 0))


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_developer() -> Iterator[None]:
    """A setting in the environment that tests run in would point them at a real server, or at people."""
    with pytest.MonkeyPatch.context() as patch:
        for name in setting_names():
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def worker() -> int:
    """The number of this xdist worker; 0 without xdist."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@pytest.fixture(scope="session")
def running_engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """The run's engines, not durable. Read them through `database_url` and `redis_url`."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "kept"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEPT_DATA_DIR", str(folder))
        settings = load(None)
    with engines(settings, quick=True) as found:
        asyncio.run(_make_template(found.database_url))
        yield found


@pytest.fixture(scope="session")
def databases(running_engines: Engines, worker: int) -> Databases:
    """Of this worker, each emptied for the next test."""
    return Databases(running_engines.database_url, f"test_{worker}")


@pytest.fixture
async def database_url(databases: Databases) -> AsyncIterator[str]:
    """A migrated database of this test's own, with nothing in it."""
    url = await databases.take()
    yield url
    await databases.give(url)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """A pool of connections to this test's database."""
    made = make_engine(database_url, application_name="tests")
    yield made
    await made.dispose()


@pytest.fixture
async def redis_url(running_engines: Engines, worker: int) -> AsyncIterator[str]:
    """An empty database of this worker's own; those from 32 up are nobody's."""
    url = running_engines.redis_url.replace("db=0", f"db={worker}")
    client = Redis.from_url(url)
    await client.flushdb()
    yield url
    await client.flushdb()
    await client.aclose()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real loan tapes: ../shared/data, or data/ of where KEPT_SHARED says."""
    given = os.environ.get("KEPT_SHARED")
    shared = Path(given) if given else Path(__file__).parents[2] / "shared"
    if not (shared / "data").is_dir():
        pytest.skip(
            f"the loan tapes are not at {shared / 'data'}; KEPT_SHARED names the folder that holds data/"
        )
    return shared / "data"


async def _make_template(url: str) -> None:
    """Once a run, whichever worker is first; the others wait for its lock."""
    connection = await asyncpg.connect(plain(url))
    try:
        await connection.execute("SELECT pg_advisory_lock(1)")
        if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", TEMPLATE):
            return
        await connection.execute(f"CREATE DATABASE {TEMPLATE}_new")
        made = make_engine(with_database(url, f"{TEMPLATE}_new"), application_name="tests template")
        await migrate(made)
        await made.dispose()
        await connection.execute(f"ALTER DATABASE {TEMPLATE}_new RENAME TO {TEMPLATE}")
    finally:
        await connection.close()
