"""Databases of tests: each test has a clean one, made once and emptied between tests.

Making one costs a quarter of a second and dropping one as much; emptying what a test wrote costs a tenth.
"""

import asyncio

import asyncpg
import msgspec
from sqlalchemy import make_url

TEMPLATE = "kept_template"

_USES = 50  # then a new one: what emptying leaves behind (pages of indexes) stays small
_LARGE = 8 * 1024 * 1024  # bytes in tables: dropping is quicker than emptying

# Rows that came after `base` in what describes the tables: somebody changed the schema.
_CHANGED = " UNION ALL ".join(
    f"SELECT 1 FROM {catalog} WHERE xmin::text::bigint > $1"
    for catalog in (
        "pg_class",
        "pg_attribute",
        "pg_constraint",
        "pg_index",
        "pg_proc",
        "pg_trigger",
        "pg_type",
    )
)
_ELSEWHERE = "SELECT NOT EXISTS (SELECT 1 FROM alembic_version WHERE xmin::text::bigint <= $1)"
_TABLES = (
    "SELECT relname, EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal) AS guarded "
    "FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' "
    "AND relname <> 'alembic_version'"
)
_SIZE = (
    "SELECT coalesce(sum(pg_relation_size(oid)), 0) FROM pg_class "
    "WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
)
_FIRST_NUMBERS = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"

# By table: its own triggers, and whether each fires for a replica as well: they are put back as they were.
_TRIGGERS = """
SELECT c.relname, t.tgname, t.tgenabled = 'A' FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND c.relname = ANY($1::text[])
"""


class _Made(msgspec.Struct):
    name: str
    base: int  # the last transaction before the test
    uses: int = 0


class Databases:
    """The migrated databases of one worker at the server of `url`, the template made already."""

    def __init__(self, url: str, prefix: str) -> None:
        self._url, self._prefix, self._number = url, prefix, 0
        self._clean: list[_Made] = []
        self._taken: dict[str, _Made] = {}

    async def take(self) -> str:
        """The URL of a clean one."""
        made = self._clean.pop() if self._clean else await self._make()
        made.uses += 1
        url = with_database(self._url, made.name)
        self._taken[url] = made
        return url

    async def give(self, url: str) -> None:
        """It is emptied for the next, or dropped: where the schema was changed, or much was written."""
        made = self._taken.pop(url)
        if made.uses < _USES and await self._empty(made, url):
            self._clean.append(made)
        else:
            await drop(self._url, made.name)

    async def _make(self) -> _Made:
        self._number += 1
        name = f"{self._prefix}_{self._number}"
        url = await database_of(self._url, name)
        connection = await asyncpg.connect(plain(url))
        try:
            return _Made(name, await connection.fetchval("SELECT txid_current()"))
        finally:
            await connection.close()

    async def _empty(self, made: _Made, url: str) -> bool:
        connection = await asyncpg.connect(plain(url))
        try:
            if not await _alone(connection) or await connection.fetchval(_CHANGED + " LIMIT 1", made.base):
                return False
            if await connection.fetchval(_ELSEWHERE, made.base) or await connection.fetchval(_SIZE) > _LARGE:
                return False
            tables = {row["relname"]: row["guarded"] for row in await connection.fetch(_TABLES)}
            ask = " UNION ALL ".join(
                f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in tables
            )
            written = [row[0] for row in await connection.fetch(ask)]
            if written:
                guarded = [name for name in written if tables[name]]
                gone = ", ".join(f"d{at} AS (DELETE FROM {name})" for at, name in enumerate(written))
                # Of one statement: what refers to each other goes together.
                steps = [f"ALTER TABLE {name} DISABLE TRIGGER USER" for name in guarded]
                steps.append(f"WITH {gone} SELECT")
                steps += [
                    f"ALTER TABLE {table} ENABLE {'ALWAYS ' if always else ''}TRIGGER {name}"
                    for table, name, always in await connection.fetch(_TRIGGERS, guarded)
                ]
                await connection.execute("; ".join(steps))
                await connection.execute("VACUUM (INDEX_CLEANUP ON) " + ", ".join(written))
            await connection.execute(_FIRST_NUMBERS)
            made.base = await connection.fetchval("SELECT txid_current()")
        finally:
            await connection.close()
        return True


async def _alone(connection: asyncpg.Connection) -> bool:
    """Whoever is still connected is told to go, as dropping would; False if somebody stays."""
    for _ in range(100):
        others = await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        if not others:
            return True
        await asyncio.sleep(0.02)
    return False


async def database_of(url: str, name: str) -> str:
    """A migrated database of this name at the server of `url`; its URL. `drop` ends it."""
    connection = await asyncpg.connect(plain(url))
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    finally:
        await connection.close()
    return with_database(url, name)


async def drop(url: str, name: str) -> None:
    """Drop database `name`, over `url`. Nobody may end the server's own vacuum: it is asked for again."""
    for _ in range(100):
        connection = await asyncpg.connect(plain(url))
        try:
            await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        except asyncpg.InsufficientPrivilegeError:
            await asyncio.sleep(0.1)
        else:
            return
        finally:
            await connection.close()
    raise AssertionError(f"{name} could not be dropped")


def plain(url: str) -> str:
    """As asyncpg alone reads it."""
    return url.replace("postgresql+asyncpg://", "postgresql://")


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)
