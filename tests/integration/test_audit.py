"""Writing and sealing the audit record: no event is lost, and nobody waits."""

import asyncio
import random

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

import storage.seal as sealing
from storage import audit
from storage.chain import Head, leaf, make_seal
from storage.seal import last_seal, open_record, seal
from storage.verify import Verdict
from tests.builders.audit import NOW, Record, made, sealed_record


@pytest.fixture
def record(engine: AsyncEngine) -> Record:
    return Record(engine)


@pytest.fixture
async def sealed(engine: AsyncEngine) -> Record:
    return await sealed_record(engine)


async def test_a_sealed_record_holds(sealed: Record) -> None:
    assert await sealed.verdict() == Verdict(True, 0, (), seals=4, events=15, unsealed=0, anchored_through=4)
    assert [head.number for head in sealed.heads] == [1, 2, 3, 4]


# -- writing --


@pytest.mark.parametrize("many", [0, 1, 16, 17, 3000])
async def test_events_are_written_in_order_with_what_they_say(record: Record, many: int) -> None:
    await record.add(many)
    async with record.engine.connect() as connection:
        query = "SELECT at, actor, role, action, subject_kind, subject_id, data::text FROM events ORDER BY id"
        rows = (await connection.execute(text(query))).all()
    assert [tuple(row) for row in rows] == [
        (NOW, "oda", "operations", "import_book", "loan", n, f'{{"mapping":"kept","rows":{n}}}')
        for n in range(many)
    ]


@pytest.mark.parametrize("many", [1, 500])
async def test_events_share_the_fate_of_their_change(record: Record, many: int) -> None:
    async with record.engine.connect() as connection:
        await audit.write(connection, made(many))  # the first statement of its transaction
        await connection.rollback()
    async with record.engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM events"))).scalar_one() == 0


async def test_events_are_not_written_where_each_statement_commits(record: Record) -> None:
    engine = record.engine.execution_options(isolation_level="AUTOCOMMIT")
    for many in (1, 500):
        async with engine.connect() as connection:
            with pytest.raises(RuntimeError, match="commits by itself"):
                await audit.write(connection, made(many))


@pytest.mark.parametrize("table", ["events", "seals"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET xid = xid", "DELETE FROM {}", "TRUNCATE {}"])
async def test_the_record_only_grows(sealed: Record, table: str, statement: str) -> None:
    change = statement.format(table).replace("xid", "sealed_at" if table == "seals" else "xid")
    with pytest.raises(DBAPIError, match="only grows"):
        async with sealed.engine.begin() as connection:
            await connection.execute(text(change))
    async with sealed.engine.connect() as connection:
        enabled = await connection.execute(
            text("SELECT tgenabled::text FROM pg_trigger WHERE tgrelid = CAST(:table AS regclass)"),
            {"table": table},
        )
        assert enabled.scalars().all() == ["A"]  # always: also where a session calls itself a replica


# -- sealing --


async def test_a_batch_is_a_seal_and_nothing_new_is_none(record: Record) -> None:
    await record.add(25)
    await record.seal(batch=10)
    verdict = await record.verdict()
    assert (verdict.holds, verdict.events, verdict.unsealed) == (True, 25, 0)
    before = len(record.heads)
    done = await seal(record.engine, NOW, record.anchor)
    assert done is not None
    assert (done.events, done.seals, done.head) == (0, 0, record.heads[-1])
    assert len(record.heads) == before


async def test_a_long_transaction_is_waited_for_and_not_lost(record: Record) -> None:
    await open_record(record.engine, NOW, record.anchor)
    async with record.engine.connect() as slow, record.engine.connect() as other:
        await audit.write(slow, made(3, "slow"))
        await other.execute(text("SELECT pg_current_xact_id()"))
        await record.add(4, "quick")  # commits after, and is seen first
        done = await seal(record.engine, NOW, record.anchor)
        assert done is None or done.events == 0
        assert (await record.verdict()).unsealed == 4
        await audit.write(slow, made(20, "slow"))
        await slow.commit()
        await audit.write(other, made(1, "other"))
        await other.commit()
    await record.seal(batch=2)
    verdict = await record.verdict()
    assert (verdict.holds, verdict.events, verdict.unsealed) == (True, 28, 0)


async def test_writers_sealers_and_rollbacks_side_by_side(record: Record) -> None:
    await open_record(record.engine, NOW, record.anchor)
    chance = random.Random(7)
    kept: list[int] = []
    writing = True

    async def writer(own: random.Random) -> None:
        for _ in range(12):
            async with record.engine.connect() as connection:
                many = 0
                for _ in range(own.randint(1, 3)):
                    size = own.choice((1, 5, 40))
                    await audit.write(connection, made(size))
                    many += size
                    await connection.execute(text("SELECT pg_sleep(:s)"), {"s": own.random() / 100})
                if own.random() < 0.2:
                    await connection.rollback()
                else:
                    await connection.commit()
                    kept.append(many)

    async def sealer() -> None:
        while writing:
            await seal(record.engine, NOW, record.anchor, batch=7)

    sealers = [asyncio.create_task(sealer()) for _ in range(2)]
    await asyncio.gather(*(writer(random.Random(chance.random())) for _ in range(4)))
    writing = False
    await asyncio.gather(*sealers)
    await record.seal()
    verdict = await record.verdict()
    assert verdict.examples == ()
    assert (verdict.holds, verdict.events, verdict.unsealed) == (True, sum(kept), 0)
    assert len(record.heads) == len(set(record.heads)) == verdict.seals == verdict.anchored_through


async def test_writers_do_not_wait_for_the_sealer_nor_it_for_a_second_one(sealed: Record) -> None:
    async with sealed.engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": sealing._LOCK})
        async with asyncio.timeout(20):
            await sealed.add(40)
            assert await seal(sealed.engine, NOW, sealed.anchor) is None
    await sealed.seal()
    assert (await sealed.verdict()).events == 55


async def test_a_head_that_was_not_anchored_is_anchored_at_the_next_start(sealed: Record) -> None:
    async def broken(_: Head) -> None:
        raise OSError("the disk is full")

    await sealed.add(5)

    async def until_broken() -> None:
        while True:
            await seal(sealed.engine, NOW, broken)
            await asyncio.sleep(0.005)

    with pytest.raises(OSError, match="disk is full"):
        await asyncio.wait_for(until_broken(), 60)
    assert (await sealed.verdict()).anchored_through == 4
    head = await open_record(sealed.engine, NOW, sealed.anchor)
    assert (head.number, sealed.heads[-1]) == (5, head)
    assert (await sealed.verdict()).anchored_through == 5


async def test_a_leaf_is_what_the_database_says_of_the_event(sealed: Record) -> None:
    async with sealed.engine.connect() as connection:
        query = f"SELECT {sealing.EVENT_FIELDS} FROM events WHERE id = 6"
        row = tuple((await connection.execute(text(query))).one())
        last = await last_seal(connection)
    assert row[2:] == (
        "1795336200.000000",
        "oda",
        "operations",
        "import_book",
        "loan",
        0,
        '{"mapping":"kept","rows":0}',
    )
    assert last is not None
    assert make_seal(None, "x", 0, [leaf(row)], (1, 1), NOW).root == leaf(row)
