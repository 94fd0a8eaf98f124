"""The audit record against those who would edit it, and across clusters: every attack is found."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

import storage.seal as sealing
from storage.chain import Head
from storage.seal import last_seal, open_record, seal
from tests.builders.audit import NOW, Record, sealed_record


@pytest.fixture
def record(engine: AsyncEngine) -> Record:
    return Record(engine)


@pytest.fixture
async def sealed(engine: AsyncEngine) -> Record:
    return await sealed_record(engine)


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
