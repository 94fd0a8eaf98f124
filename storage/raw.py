"""The driver's own connection, for what must be fast: array parameters, records, COPY.

All of it stays inside the transaction of the SQLAlchemy connection it came from.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.engine import AWAY
from storage.tables import metadata


class Raw:
    """asyncpg inside a SQLAlchemy transaction: `await Raw.of(connection)`."""

    def __init__(self, connection: AsyncConnection, driver: Any) -> None:
        self.connection = connection
        self._driver = driver

    @classmethod
    async def of(cls, connection: AsyncConnection) -> "Raw":
        """SQLAlchemy opens the transaction with its first statement; COPY before that would be outside."""
        driver: Any = (await connection.get_raw_connection()).driver_connection
        if not driver.is_in_transaction():
            await connection.execute(text("SELECT 1"))
            if not driver.is_in_transaction():
                raise RuntimeError("this connection commits by itself; open a transaction first")
        return cls(connection, driver)

    @classmethod
    async def alone(cls, connection: AsyncConnection) -> "Raw":
        """On a connection that commits by itself, and does: for statements that stand alone."""
        return cls(connection, (await connection.get_raw_connection()).driver_connection)

    async def rows(self, sql: str, *parameters: object) -> list[Any]:
        """The rows as records: by position and by name."""
        return await self._driver.fetch(sql, *parameters)

    async def many(
        self, *questions: tuple[str, *tuple[object, ...]], together: bool = True
    ) -> list[list[Any]]:
        """The rows of several SELECTs (each with its parameters), by position.

        `together`: in one round trip, as one statement that sees one state of things. What is small is
        answered sooner so; what is large is not, for its rows are then made into arrays of records first.
        """
        if not together:
            return [await self.rows(sql, *parameters) for sql, *parameters in questions]
        given = [parameter for _, *of_one in questions for parameter in of_one]
        places, parameters = _said_once(given)
        statement = _as_one(tuple(sql for sql, *_ in questions), places)
        return list(await self._driver.fetchrow(statement, *parameters))[: len(questions)]

    async def value(self, sql: str, *parameters: object) -> Any:
        return await self._driver.fetchval(sql, *parameters)

    async def run(self, sql: str, *parameters: object) -> int:
        """Execute; how many rows it touched."""
        tag: str = await self._driver.execute(sql, *parameters)
        last = tag.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    def stream(self, sql: str, *parameters: object, batch: int = 2000) -> AsyncIterator[Any]:
        """The rows as records one by one, fetched `batch` at a time: for more than fits into memory."""
        return self._driver.cursor(sql, *parameters, prefetch=batch).__aiter__()

    async def batches(self, sql: str, *parameters: object, size: int = 2000) -> AsyncIterator[list[Any]]:
        """The rows as records, `size` at a time: for more than fits into memory."""
        cursor: Any = await self._driver.cursor(sql, *parameters)
        while rows := await cursor.fetch(size):
            yield rows

    async def copy(self, table: str, columns: Sequence[str], records: Sequence[tuple[object, ...]]) -> None:
        """COPY `records` into `table`; nothing happens for none.

        A few are inserted from arrays: COPY takes a round trip more, to say what is to come.
        """
        if not records:
            return
        if len(records) <= _FEW:
            values = [list(column) for column in zip(*records, strict=True)]
            # What is the same in all is said once: the driver looks at each element of an array twice.
            alike = [column.count(column[0]) == len(column) for column in values]
            alike[0] &= len(records) == 1  # one array at least says how many rows there are
            insert = _insert(table, tuple(columns), tuple(alike))
            if insert is not None:
                said = [column[0] if same else column for column, same in zip(values, alike, strict=True)]
                await self._driver.execute(insert, *said)
                return
        await self._driver.copy_records_to_table(table, records=records, columns=columns)

    @asynccontextmanager
    async def attempt(self) -> AsyncGenerator[None]:
        """What is done within is undone where it raises, and the transaction goes on."""
        await self.run("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            await self.run("ROLLBACK TO SAVEPOINT attempt")
            raise
        await self.run("RELEASE SAVEPOINT attempt")

    async def ids(self, table: str, count: int) -> list[int]:
        """`count` new ids of `table`, before its rows are written."""
        if not count:
            return []
        sequence = f"{table}_id_seq"
        drawn = await self._driver.fetch(
            "SELECT nextval($1::regclass) FROM generate_series(1, $2)", sequence, count
        )
        return [row[0] for row in drawn]


_FEW = 100  # records


@cache
def _insert(table: str, columns: tuple[str, ...], alike: tuple[bool, ...]) -> str | None:
    """INSERT from an array a column, or from one value where it is `alike` in all rows, by the types of our
    tables; None where a column is an array itself."""
    known = metadata.tables.get(table)
    if known is None or any(isinstance(known.c[name].type, ARRAY) for name in columns):
        return None
    types = [known.c[name].type.compile(dialect=_DIALECT) for name in columns]
    said = [
        f"${number}::{type_}" if same else f"unnest(${number}::{type_}[])"
        for number, (type_, same) in enumerate(zip(types, alike, strict=True), 1)
    ]
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(said)}"


_DIALECT = postgresql.dialect()
_PARAMETER = re.compile(r"\$(\d+)")


def _said_once(given: Sequence[object]) -> tuple[tuple[int, ...], list[object]]:
    """The parameters, and the number of each among them: a list that several questions share goes once."""
    places: list[int] = []
    parameters: list[object] = []
    known: dict[int, int] = {}
    for one, kind in zip(given, map(type, given), strict=True):
        place = known.get(id(one)) if kind is list else None
        if place is None:
            parameters.append(one)
            place = known[id(one)] = len(parameters)
        places.append(place)
    return tuple(places), parameters


@cache
def _as_one(selects: tuple[str, ...], places: tuple[int, ...]) -> str:
    """One statement whose row has an array of records for each of `selects`, one after the other their
    parameters numbered as `places` says."""
    columns: list[str] = []
    before = 0
    for select in selects:
        numbers = [int(number) for number in _PARAMETER.findall(select)]
        numbered = _PARAMETER.sub(lambda found, by=before: f"${places[by + int(found[1]) - 1]}", select)
        columns.append(f"ARRAY(SELECT q FROM ({numbered}) q)")  # noqa: S608, of constants
        before += max(numbers, default=0)
    # The driver learns the types of a statement's columns, but not of arrays within records.
    return f"SELECT {', '.join(columns)}, NULL::bigint[], NULL::text[]"


@asynccontextmanager
async def begun(connection: AsyncConnection) -> AsyncGenerator[Raw]:
    """A transaction of the driver on a connection that commits by itself, which it does not until the end.

    Committed at the end, rolled back on an error. A connection whose server went away is not used again. Nor
    is one on which anything was cancelled: cut off while it began, the driver takes the next transaction for
    one within the first, and its commit for a savepoint's, which commits nothing.
    """
    driver: Any = (await connection.get_raw_connection()).driver_connection
    transaction: Any = driver.transaction()
    begins = True
    try:
        await transaction.start()
        begins = False
        yield Raw(connection, driver)
        await transaction.commit()
    except BaseException as error:
        lost = begins or not isinstance(error, Exception) or isinstance(error, AWAY) or driver.is_closed()
        try:
            if not lost:
                await transaction.rollback()
        except AWAY:  # or it is over already: its commit failed
            lost = True
        except BaseException:
            lost = True
            raise
        finally:
            if lost:
                await connection.invalidate()
        raise


async def touch(raw: Raw, cases: Sequence[int], at: datetime) -> None:
    """Have `cases` looked at from `at` on: the one way to change course. Locked in order of id.

    With them those of the other records of the same persons: what is news of one is news of the person.
    """
    if cases:
        await raw.run(_TOUCH, sorted(cases), at)


_TOUCH = """
WITH chosen AS (
  SELECT id FROM cases WHERE id = ANY(ARRAY(
    SELECT unnest($1::bigint[])
    UNION ALL SELECT o.id FROM cases c JOIN same_persons s ON s.person_id = c.person_id AND s.ended_at IS NULL
              JOIN cases o ON o.person_id = s.other_id WHERE c.id = ANY($1)))
  ORDER BY id FOR NO KEY UPDATE
)
UPDATE cases SET next_look_at = least(next_look_at, $2) FROM chosen WHERE cases.id = chosen.id
"""
