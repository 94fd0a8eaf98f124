"""Servers that the settings name, and what is done to a database at start."""

import asyncio
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from redis.asyncio import Redis
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from kept.config import load, setting_names
from kept.embedded import EngineError, Engines, engines, reach
from storage import migrate as migration
from storage.tables import metadata
from tests.builders.holders import ROOT, Holder, open_folder

SECRET = "hunter2hunter2"


@pytest.fixture(autouse=True)
def _no_folder_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KEPT_DATA_DIR", str(tmp_path / "never-made"))


async def _refused(monkeypatch: pytest.MonkeyPatch, database: str, redis: str) -> str:
    monkeypatch.setenv("KEPT_DATABASE_URL", database)
    monkeypatch.setenv("KEPT_REDIS_URL", redis)
    with pytest.raises(EngineError) as caught:
        async with engines(load(None)):
            pass
    line = str(caught.value)
    assert "\n" not in line
    assert SECRET not in line
    return line


async def test_named_servers_are_used_and_nothing_is_started(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KEPT_DATABASE_URL", database_url)
    monkeypatch.setenv("KEPT_REDIS_URL", redis_url)
    async with engines(load(None)) as found:
        assert found == Engines(database_url, redis_url)
    assert "kept:" not in repr(found)
    assert not (tmp_path / "never-made").exists()


async def test_a_database_that_cannot_be_reached_is_told_by_its_setting(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = await _refused(monkeypatch, f"postgresql://kept:{SECRET}@127.0.0.1:1/kept", redis_url)
    assert line.startswith("KEPT_DATABASE_URL: PostgreSQL at 127.0.0.1:1, database kept, cannot be reached: ")
    assert "unset it for an embedded one" in line
    secret = urlsplit(database_url.replace("postgresql+asyncpg", "postgresql")).password
    wrong = database_url.replace(f":{secret}@", f":{SECRET}@")
    assert "password authentication failed" in await _refused(monkeypatch, wrong, redis_url)
    absent = database_url.replace("/test_", "/no_such_")
    assert re.search('database "no_such_.*" does not exist', await _refused(monkeypatch, absent, redis_url))


async def test_a_redis_that_cannot_be_reached_is_told_by_its_setting(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = await _refused(monkeypatch, database_url, f"redis://:{SECRET}@127.0.0.1:1/0")
    assert line.startswith("KEPT_REDIS_URL: Redis at 127.0.0.1:1 cannot be reached: ")
    wrong = redis_url.replace("unix://", f"unix://kept:{SECRET}@")
    assert "KEPT_REDIS_URL: Redis at /" in await _refused(monkeypatch, database_url, wrong)


async def test_servers_that_are_too_old_are_told_by_their_settings(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _redis_of_version("6.0.16") as old:
        line = await _refused(monkeypatch, database_url, old)
        assert re.fullmatch(
            r"KEPT_REDIS_URL: Redis at .* is version 6\.0\.16; Kept needs 6\.2 or newer", line
        )
    async with _redis_of_version("6.2.0") as just_enough:
        await reach.check_redis(just_enough)
    monkeypatch.setattr(reach, "OLDEST_POSTGRES", 99)
    line = await _refused(monkeypatch, database_url, redis_url)
    assert re.fullmatch(r"KEPT_DATABASE_URL: .* is version 18; Kept needs 99 or newer", line)


async def test_a_server_that_says_nothing_is_told_too(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "_SECONDS", 0.2)
    silent = await asyncio.start_server(lambda _r, _w: asyncio.sleep(60), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    try:
        line = await _refused(monkeypatch, f"postgresql://kept:{SECRET}@127.0.0.1:{port}/kept", redis_url)
        assert "no answer in" in line
        line = await _refused(monkeypatch, database_url, f"redis://:{SECRET}@127.0.0.1:{port}/0")
        assert "KEPT_REDIS_URL" in line
    finally:
        silent.close()


@asynccontextmanager
async def _redis_of_version(version: str) -> AsyncIterator[str]:
    """A server of the Redis protocol that knows INFO and nothing else."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            words = [(await reader.readline(), await reader.readline())[1] for _ in range(int(line[1:]))]
            body = f"redis_version:{version}\r\n".encode()
            known = words[0].strip().upper() == b"INFO"
            writer.write(b"$%d\r\n%b\r\n" % (len(body), body) if known else b"-ERR unknown command\r\n")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    finally:
        server.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="k-") as parent, open_folder(Path(parent)) as made:
        yield made


async def test_four_that_migrate_at_once_do_it_once(folder: Path) -> None:
    holders = [Holder(folder) for _ in range(4)]
    try:
        connection = await asyncpg.connect(holders[0].up["database_url"].replace("+asyncpg", ""))
        await connection.execute("SELECT pg_advisory_lock($1::bigint)", migration.LOCK)
        for holder in holders:
            holder.tell("migrate")
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        async with asyncio.timeout(60):
            while await connection.fetchval(waiting) < len(holders):
                await connection.execute("SELECT pg_sleep(0.02)")
        await connection.close()
        assert sorted(holder.answer() for holder in holders) == [False, False, False, True]
        assert holders[0].ask("SELECT count(*) FROM alembic_version") == [1, True]
    finally:
        for holder in holders:
            with holder:
                pass


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")  # SQLAlchemy reflects it as no type
async def test_the_migrations_make_what_the_tables_say(engine: AsyncEngine) -> None:
    def differences(connection: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    assert await migration.migrate(engine) is False


async def test_every_constraint_has_a_name_of_the_convention(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        rows = await connection.execute(
            text(
                "SELECT conname FROM pg_constraint "
                "WHERE connamespace = 'public'::regnamespace AND contype <> 'n'"
            )
        )
        names = [name for (name,) in rows if not name.startswith("alembic_")]
    assert names
    assert [name for name in names if not re.match("(pk|fk|uq|ck|ex)_", name)] == []


async def test_a_database_of_a_newer_kept_is_left_alone(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(
        migration.DatabaseNewerError, match="at migration 9999, which this version of Kept does not"
    ):
        await migration.migrate(engine)


async def test_connections_are_in_utc_without_jit_and_say_who_they_are(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        for name, value in {"TimeZone": "UTC", "jit": "off", "application_name": "tests"}.items():
            assert (await connection.execute(text(f"SHOW {name}"))).scalar_one() == value


async def test_each_test_has_an_empty_redis(redis_url: str) -> None:
    client = Redis.from_url(redis_url)
    assert await client.dbsize() == 0
    await client.set("left", "behind")
    await client.aclose()


def test_a_keeper_imports_nothing_heavy() -> None:
    """What a keeper imports is what a first start waits for."""
    heavy = "('pydantic', 'sqlalchemy', 'asyncpg')"
    code = f"import kept.embedded.keeper, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
