"""Where measurements are made: databases of an embedded PostgreSQL as durable as production's.

A book is built once into a template, kept in var/bench for the next run, and copied for each measurement. A
template's name follows from the tables and from how the book is built, so a change of either builds it anew.
"""

import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import asyncpg
import msgspec
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.schema import CreateIndex, CreateTable

from casework.office import Office
from storage.engine import make_engine
from storage.migrate import migrate
from storage.tables import metadata
from tests.builders.book import office_of

Build = Callable[[Office], Awaitable[None]]


class Place(msgspec.Struct):
    """The server at `url`, and the names given out there."""

    url: str
    say: Callable[[str], None]
    prefix: str = "bench"  # of every database made here
    numbers: count = msgspec.field(default_factory=count)  # type: ignore[type-arg]

    async def template(self, kind: str, build: Build, made_of: str) -> str:
        """The name of a template that `build` filled; `made_of` tells apart what it fills it with."""
        stem = f"{self.prefix}_{kind}_"
        name = stem + hashlib.sha256(f"{_shape()} {made_of}".encode()).hexdigest()[:12]
        for old in await self._names(stem):
            if old == name:
                return name
            await self.execute(f"DROP DATABASE {old}")
        draft = f"{self.prefix}_draft"
        await self.execute(f"DROP DATABASE IF EXISTS {draft}")
        await self.execute(f"CREATE DATABASE {draft}")
        engine = make_engine(self.of(draft), application_name="bench")
        await migrate(engine)
        await build(office_of(engine))
        await engine.dispose()
        await self.execute(f"ALTER DATABASE {draft} RENAME TO {name}")
        return name

    @asynccontextmanager
    async def copy(self, template: str) -> AsyncGenerator[Office]:
        """An office over a copy of the template, dropped at the end; nothing is left to be written out."""
        name = f"{self.prefix}_copy_{next(self.numbers)}"
        await self.execute(f"DROP DATABASE IF EXISTS {name}")
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        engine = make_engine(self.of(name), application_name="bench")
        try:
            await warm(engine)
            yield office_of(engine)
        finally:
            await engine.dispose()
            await self.execute(f"DROP DATABASE {name}")

    def of(self, database: str) -> str:
        return make_url(self.url).set(database=database).render_as_string(hide_password=False)

    async def execute(self, statement: str) -> None:
        """Outside any transaction. A database is dropped without FORCE, which may not end an autovacuum."""
        connection = await asyncpg.connect(plain(self.url))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def _names(self, stem: str) -> list[str]:
        connection = await asyncpg.connect(plain(self.url))
        try:
            rows = await connection.fetch(
                "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", stem
            )
        finally:
            await connection.close()
        return [row[0] for row in rows]


async def warm(engine: AsyncEngine) -> None:
    """Read every table and index once: a running system has its book in memory, as far as that goes."""
    async with engine.connect() as connection:
        # Else counting reads an index alone.
        await connection.exec_driver_sql("SET LOCAL enable_indexonlyscan = off")
        for table in metadata.sorted_tables:
            await connection.exec_driver_sql(f"SELECT count(*) FROM {table.name}")
        await connection.exec_driver_sql("SET LOCAL enable_indexonlyscan = on")
        for setting in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
            await connection.exec_driver_sql(f"SET LOCAL {setting} = off")
        for name, order, where in await _indexes(connection):
            await connection.exec_driver_sql(
                f"SELECT count(*) FROM (SELECT {order} FROM {name} WHERE {where} ORDER BY {order}) every"
            )


async def _indexes(connection: AsyncConnection) -> list[tuple[str, str, str]]:
    """(table, columns or expressions, predicate) of every index."""
    found = await connection.exec_driver_sql(
        "SELECT i.indrelid::regclass::text, "
        "string_agg(pg_get_indexdef(i.indexrelid, a.attnum, true), ', ' ORDER BY a.attnum), "
        "coalesce(pg_get_expr(i.indpred, i.indrelid), 'true') "
        "FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid "
        "JOIN pg_attribute a ON a.attrelid = i.indexrelid "
        "WHERE c.relnamespace = 'public'::regnamespace "
        "AND c.relam = (SELECT oid FROM pg_am WHERE amname = 'btree') "
        "GROUP BY i.indexrelid, i.indrelid, i.indpred"
    )
    return [(row[0], row[1], row[2]) for row in found]


def plain(url: str) -> str:
    """The URL as asyncpg takes it."""
    return url.replace("postgresql+asyncpg://", "postgresql://")


def _shape() -> str:
    """Every table and index, as created."""
    tables = metadata.sorted_tables
    made = [str(CreateTable(table)) for table in tables]
    made += sorted(str(CreateIndex(index)) for table in tables for index in table.indexes)
    return "\n".join(made) + Path(__file__).with_name("book.py").read_text("utf-8")
