"""The driver's own connection: several questions at once, its transactions, and what is cut."""

import asyncio
from datetime import UTC, date, datetime

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.builders.book import office_of


async def test_many_questions_at_once_have_the_answers_of_each_alone(engine: AsyncEngine) -> None:
    at = datetime(2026, 11, 23, 8, tzinfo=UTC)
    questions = (
        ("SELECT n, n * $2::int FROM unnest($1::bigint[]) n ORDER BY n DESC", [1, 3, 2], 10),
        ("SELECT 1 WHERE $1::bool", False),
        ("SELECT $2::timestamptz, $1::text, ARRAY['a', NULL], ARRAY[$3::bigint]", "x", at, 7),
        ("SELECT $1::date, NULL::bigint[], '{}'::text[], decode('00ff', 'hex')", date(2026, 2, 28)),
    )
    async with office_of(engine).transaction() as raw:
        alone = await raw.many(*questions, together=False)
        once = await raw.many(*questions)
        again = await raw.many(*questions)
    assert [[tuple(row) for row in rows] for rows in alone] == once == again
    assert once[0] == [(3, 30), (2, 20), (1, 10)]
    assert once[1] == []
    assert once[2] == [(at, "x", ["a", None], [7])]
    shared = [3, 1]
    async with office_of(engine).transaction() as raw:
        assert await raw.many(
            ("SELECT count(*), $1::bigint FROM unnest($2::bigint[])", 5, shared),
            ("SELECT n + $2 FROM unnest($1::bigint[]) n", shared, 10),
            ("SELECT n FROM unnest($1::bigint[]) n", [3, 1, 2]),
            ("SELECT sum(n)::bigint FROM unnest($1::bigint[]) n", shared),
        ) == [[(2, 5)], [(13,), (11,)], [(3,), (1,), (2,)], [(4,)]]


async def test_what_fails_is_rolled_back_and_what_ends_is_committed(engine: AsyncEngine) -> None:
    office = office_of(engine)
    async with office.transaction() as raw:
        await raw.run("CREATE TABLE kept_here (n int)")

    async def fail(error: Exception) -> None:
        async with office.transaction() as raw:
            await raw.run("INSERT INTO kept_here VALUES (1)")
            if isinstance(error, LookupError):
                raise error
            await raw.run("INSERT INTO not_there VALUES (1)")

    for error in (LookupError(), asyncpg.UndefinedTableError()):
        with pytest.raises(type(error)):
            await fail(error)
    begun = asyncio.Event()

    async def cut_off() -> None:
        async with office.transaction() as raw:
            await raw.run("INSERT INTO kept_here VALUES (3)")
            begun.set()
            await raw.rows("SELECT pg_sleep(60)")

    task = asyncio.create_task(cut_off())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with office.transaction() as raw:
        await raw.copy("kept_here", ("n",), [(4,)])
    async with office.transaction() as raw:
        assert await raw.rows("SELECT n FROM kept_here") == [(4,)]


async def test_a_connection_that_was_cut_is_replaced(engine: AsyncEngine) -> None:
    office = office_of(engine)
    async with office.transaction() as raw:
        mine = await raw.value("SELECT pg_backend_pid()")
    connection = await asyncpg.connect(
        engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    )
    assert await connection.fetchval("SELECT pg_terminate_backend($1, 10000)", mine)
    await connection.close()
    async with office.transaction() as raw:
        assert await raw.value("SELECT pg_backend_pid()") != mine


async def test_a_few_rows_and_many_arrive_alike(engine: AsyncEngine) -> None:
    at = datetime(2026, 11, 23, 8, tzinfo=UTC)
    columns = ("at", "actor", "role", "action", "subject_kind", "subject_id", "data")
    events = [
        (at, "ann", "system", "test", "contact", n, f'{{"n": {n}, "é": null}}' if n % 2 else None)
        for n in range(300)
    ]
    async with office_of(engine).transaction() as raw:
        await raw.copy("events", columns, events[:1])
        await raw.copy("events", columns, events[1:3])
        await raw.copy("events", columns, [])
        await raw.copy("events", columns, [events[3]] * 2)  # alike in everything
        await raw.copy("events", columns, events[4:])
        events[3:4] = [events[3]] * 2
        rows = await raw.rows(
            "SELECT at, actor, role, action, subject_kind, subject_id, data::text FROM events ORDER BY id"
        )
        assert [tuple(row) for row in rows] == events
        persons = ("source", "external_id", "zones", "feed_digest")
        await raw.copy("persons", persons, [("core", "b1", ["Asia/Tokyo", "Europe/Berlin"], b"\x00\xff")])
        (one,) = await raw.rows("SELECT zones, feed_digest FROM persons")
        assert tuple(one) == (["Asia/Tokyo", "Europe/Berlin"], b"\x00\xff")
