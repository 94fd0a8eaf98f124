"""The audit record against those who would edit it: every attack is found, and no writer is ever lost."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from itertools import count

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

import storage.seal as sealing
from storage import audit
from storage.audit import Event
from storage.chain import Head, leaf, make_seal
from storage.seal import last_seal, open_record, seal
from storage.tables.audit import GUARDS, events, seals
from storage.tables.base import metadata
from storage.verify import Verdict, verify

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
names = count()


class Record:
    """Events and seals in a schema of their own, and the heads that were anchored outside."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.heads: list[Head] = []

    async def anchor(self, head: Head) -> None:
        self.heads.append(head)

    async def add(self, many: int, action: str = "import_book") -> None:
        async with self.engine.begin() as connection:
            await audit.write(connection, made(many, action))

    async def seal(self, batch: int = sealing.BATCH) -> None:
        """Until nothing is left: transactions of other tests in this cluster may hold it up for a moment."""
        async with asyncio.timeout(60):
            while True:
                await seal(self.engine, NOW, self.anchor, batch)
                if not (await self.verdict()).unsealed:
                    return
                await asyncio.sleep(0.005)

    async def verdict(self, heads: Sequence[Head] | None = None) -> Verdict:
        async with self.engine.begin() as connection:
            return await verify(connection, self.heads if heads is None else heads)

    async def attack(self, *statements: str) -> None:
        """As somebody who owns the database."""
        async with self.engine.begin() as connection:
            for table in ("events", "seals"):
                await connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
            for statement in statements:
                await connection.execute(text(statement.replace(":", r"\:")))


def made(many: int, action: str = "import_book") -> list[Event]:
    return [
        Event(NOW, "oda", "operations", action, "loan", n, {"rows": n, "mapping": "kept"})
        for n in range(many)
    ]


@pytest.fixture
async def record(database_url: str) -> AsyncIterator[Record]:
    schema = f"audit_{os.getpid()}_{next(names)}"
    engine = create_async_engine(database_url, connect_args={"server_settings": {"search_path": schema}})
    async with engine.begin() as connection:
        await connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))
        await connection.execute(text(f"CREATE SCHEMA {schema}"))
        await connection.run_sync(metadata.create_all, tables=[events, seals])
        for statement in GUARDS:
            await connection.execute(text(statement))
    yield Record(engine)
    async with engine.begin() as connection:
        await connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    await engine.dispose()


@pytest.fixture
async def sealed(record: Record) -> Record:
    """An opening seal, then three of five events each: ids 1 to 15."""
    await open_record(record.engine, NOW, record.anchor)
    for _ in range(3):
        await record.add(5)
        await record.seal()
    verdict = await record.verdict()
    assert verdict == Verdict(True, 0, (), seals=4, events=15, unsealed=0, anchored_through=4)
    assert [head.number for head in record.heads] == [1, 2, 3, 4]
    return record


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
    async with asyncio.timeout(60):
        while (
            done := await seal(record.engine, NOW, record.anchor)
        ) is None:  # another test's sealer is at it
            await asyncio.sleep(0.005)
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


# -- attacks --

EDITS = {
    "at": "at + interval '1 microsecond'",
    "actor": "'eve'",
    "role": "'auditor'",
    "action": "'look'",
    "subject_kind": "'case'",
    "subject_id": "NULL",
    "data": '\'{"mapping":"kept", "rows":1}\'',  # one space more
}


@pytest.mark.parametrize("column", EDITS)
async def test_an_altered_event_is_found(sealed: Record, column: str) -> None:
    await sealed.attack(f"UPDATE events SET {column} = {EDITS[column]} WHERE id = 7")
    verdict = await sealed.verdict()
    assert (verdict.holds, verdict.violations) == (False, 1)
    assert verdict.examples[0].startswith("seal 3 (of 5 events, the last with id 10) has another content")


INSERT = (
    "INSERT INTO events (id, xid, at, actor, role, action) "
    "SELECT {}, at, 'eve', 'x', 'y' FROM events WHERE id = 7"
)
ATTACKS = {
    "deleted": (["DELETE FROM events WHERE id = 7"], ["seal 3", "4 events left: some were deleted"]),
    "all of a seal deleted": (["DELETE FROM events WHERE id BETWEEN 6 AND 10"], ["seal 3", "0 events left"]),
    "last of a seal deleted": (["DELETE FROM events WHERE id = 15"], ["seal 4", "4 events left"]),
    "put in behind the seals": ([INSERT.format("16, xid")], ["seal 4", "6 events now: some were put in"]),
    "put in between transactions": ([INSERT.format("16, '3'")], ["seal 2", "6 events now"]),
    "exchanged": (
        ["DELETE FROM events WHERE id = 7", INSERT.replace("id = 7", "id = 8").format("7, xid")],
        ["another"],
    ),
    "ids swapped": (
        [
            "UPDATE events SET id = CASE id WHEN 7 THEN 108 WHEN 8 THEN 107 END WHERE id IN (7, 8)",
            "UPDATE events SET id = id - 100 WHERE id > 100",
        ],
        ["seal 3", "another content"],
    ),
    "moved to another seal": (
        ["UPDATE events SET xid = (SELECT xid FROM events WHERE id = 15) WHERE id = 7"],
        ["seal 3", "4 events left", "seal 4", "6 events now"],
    ),
    "of no cluster": ([INSERT.format("-5, xid")], ["1 events lie behind the seals and under none"]),
    "of the future": (
        [INSERT.format("16, '9000000000000000000'")],
        ["1 events name a transaction that has not been"],
    ),
    "seal altered": (
        ["UPDATE seals SET sealed_at = sealed_at - interval '1 day' WHERE number = 3"],
        ["seal 3 was altered"],
    ),
    "seal made smaller": (
        ["UPDATE seals SET events = 4 WHERE number = 3", "DELETE FROM events WHERE id = 7"],
        ["seal 3 was altered"],
    ),
    "root exchanged": (
        ["UPDATE seals SET root = previous WHERE number = 3"],
        ["seal 3 was altered", "another content"],
    ),
    "first seal deleted": (
        ["DELETE FROM seals WHERE number = 1"],
        ["seal 1 is missing", "seal 1 was anchored"],
    ),
    "middle seal deleted": (
        ["DELETE FROM seals WHERE number = 3"],
        ["seal 3 is missing: seal 4 comes in its place", "5 events lie behind the seals"],
    ),
    "last seal deleted": (
        ["DELETE FROM seals WHERE number = 4"],
        ["seal 4 was anchored outside and is missing: the record ends at seal 3"],
    ),
    "seals reordered": (
        [
            "UPDATE seals SET number = 103 WHERE number = 3",
            "UPDATE seals SET number = 3 WHERE number = 4",
            "UPDATE seals SET number = 4 WHERE number = 103",
        ],
        ["seal 3 was altered", "seal 3 does not follow", "seal 3 is not the one that was anchored"],
    ),
    "the end cut off": (
        ["DELETE FROM seals WHERE number = 4", "DELETE FROM events WHERE id > 10"],
        ["seal 4 was anchored outside and is missing"],
    ),
    "everything emptied": (
        ["TRUNCATE seals", "TRUNCATE events"],
        ["seal 1 was anchored", "seal 4 was anchored"],
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
async def test_an_attack_is_found(sealed: Record, name: str) -> None:
    statements, said = ATTACKS[name]
    await sealed.attack(*statements)
    verdict = await sealed.verdict()
    assert not verdict.holds
    found = "\n".join(verdict.examples)
    assert [words for words in said if words not in found] == []
    assert verdict.violations == len(verdict.examples)


async def test_a_chain_written_anew_is_found_by_the_anchors_alone(sealed: Record) -> None:
    await sealed.attack("DELETE FROM events WHERE id = 7", "TRUNCATE seals")
    forged: list[Head] = []

    async def anchor(head: Head) -> None:
        forged.append(head)

    async with asyncio.timeout(60):
        while (await sealed.verdict([])).unsealed:
            await seal(sealed.engine, NOW, anchor, batch=5)
    blind = await sealed.verdict([])
    assert (blind.holds, blind.anchored_through) == (True, 0)  # without anchors nobody could know
    verdict = await sealed.verdict()
    assert not verdict.holds
    assert "is not the one that was anchored outside" in verdict.examples[0]


async def test_two_anchors_that_disagree_are_told(sealed: Record) -> None:
    verdict = await sealed.verdict([*sealed.heads, Head(3, "00" * 32)])
    assert not verdict.holds
    assert "seal 3 is not the one" in verdict.examples[0]


# -- another cluster --


@pytest.fixture(params=[8_000_000_000, 5], ids=["far ahead", "far behind"])
async def restored(request: pytest.FixtureRequest, record: Record, monkeypatch: pytest.MonkeyPatch) -> Record:
    """A record of another cluster with transaction numbers of its own: ten events sealed, three not yet."""
    base: int = request.param

    async def foreign(connection: AsyncConnection, many: int, xid: int) -> None:
        await connection.execute(
            text(
                "INSERT INTO events (xid, at, actor, role, action) SELECT"
                " CAST(CAST(:xid AS text) AS xid8), :now,"
                " 'oda', 'operations', 'pause' FROM generate_series(1, CAST(:many AS integer))"
            ),
            {"xid": str(xid), "now": NOW, "many": many},
        )

    with monkeypatch.context() as there:
        there.setattr(sealing, "_CLUSTER", text("SELECT 'elsewhere', CAST('9000000000' AS xid8)"))
        there.setattr(sealing, "_FINAL", sealing._LEFT)
        await open_record(record.engine, NOW, record.anchor)
        async with record.engine.begin() as connection:
            await foreign(connection, 10, base)
        await seal(record.engine, NOW, record.anchor)
        async with record.engine.begin() as connection:
            await foreign(connection, 3, base + 7)
            # as after a restore of the rows alone
            await connection.execute(text("SELECT setval(pg_get_serial_sequence('events', 'id'), 1, false)"))
    return record


async def test_a_dump_restored_into_another_cluster_goes_on(restored: Record) -> None:
    await open_record(restored.engine, NOW, restored.anchor)
    await restored.add(20)
    await restored.seal(batch=8)
    async with restored.engine.connect() as connection:
        last = await last_seal(connection)
        lowest = "SELECT min(id) FROM events WHERE action = 'import_book'"
        assert (await connection.execute(text(lowest))).scalar_one() > 13
    assert last is not None
    assert last.system != "elsewhere"
    assert last.floor >= 13
    verdict = await restored.verdict()
    assert verdict.examples == ()
    assert (verdict.holds, verdict.events, verdict.unsealed) == (True, 33, 0)
    assert verdict.anchored_through == verdict.seals
    assert await open_record(restored.engine, NOW, restored.anchor) == last.head  # once


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE events SET actor = 'eve' WHERE id = 12", "another content"),
        ("DELETE FROM events WHERE id = 3", "some were deleted"),
        (
            "INSERT INTO events (id, at, actor, role, action)"
            " SELECT 0, at, 'e', 'x', 'y' FROM events LIMIT 1",
            "under none",
        ),
        (
            "INSERT INTO events (id, xid, at, actor, role, action)"
            " SELECT 5, '8000000099', at, 'e', 'x', 'y' FROM events LIMIT 1",
            "under none",
        ),
        ("UPDATE seals SET floor = 12 WHERE floor > 12", "altered"),
    ],
)
async def test_the_older_cluster_stays_proven(restored: Record, statement: str, said: str) -> None:
    await open_record(restored.engine, NOW, restored.anchor)
    await restored.add(20)
    await restored.seal()
    await restored.attack(statement)
    verdict = await restored.verdict()
    assert not verdict.holds
    assert any(said in example for example in verdict.examples)


async def test_an_older_copy_is_told_from_the_anchors(sealed: Record) -> None:
    """A backup of yesterday put in place, and work going on from there: two histories, and it is said."""
    await sealed.attack("DELETE FROM seals WHERE number = 4", "DELETE FROM events WHERE id > 10")
    await sealed.add(2)
    before = list(sealed.heads)
    await sealed.seal()
    verdict = await sealed.verdict(before)
    assert not verdict.holds
    assert verdict.anchored_through == 3
    assert "seal 4 is not the one that was anchored outside" in verdict.examples[0]


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
