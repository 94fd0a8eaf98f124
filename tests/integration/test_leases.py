"""Leases that end while others hold what they speak of: nobody waits in a circle, and no answer is lost."""

import asyncio
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.contacts import (
    Leased,
    Result,
    end_leases,
    give_back,
    lease,
    lock_cases_of,
    lock_for_claim,
    record,
)
from tests.builders.command import SECONDS
from tests.builders.town import MONDAY, Town

MINUTE = timedelta(minutes=1)
LATER = MONDAY + 5 * MINUTE  # every lease has ended


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    """Two contacts that one deliverer leased: the first is being sent, the second not claimed yet."""
    made = Town(engine)
    await made.open()
    for _ in range(2):
        await made.borrower(date(2026, 11, 20))
    await made.look()
    async with made.office.transaction() as raw:
        assert len(await lease(raw, MONDAY, MONDAY, "one", 9, MINUTE)) == 2
    await made.book.sql(
        "UPDATE contacts SET state = 'sending', sent_at = $1, body = 'x', claim_id = "
        "(SELECT max(id) FROM decisions) WHERE id = 1",
        MONDAY,
    )
    return made


async def ended(town: Town, wall: datetime = LATER) -> tuple[int, int]:
    async with town.office.transaction() as raw:
        return await end_leases(raw, wall, wall)


async def waits(town: Town, task: asyncio.Task[tuple[int, int]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not (await town.book.sql("SELECT 1 FROM pg_locks WHERE NOT granted")):
            assert not task.done(), "it was to wait"
            await asyncio.sleep(0.01)


async def test_a_claim_by_who_was_too_slow_and_the_end_of_its_leases_wait_in_no_circle(town: Town) -> None:
    """Its lease has ended at both: it holds the case of the one, and then claims the other."""
    rows = await town.book.sql(
        "SELECT id, case_id, person_id, channel, address_id FROM contacts WHERE id = 2"
    )
    async with town.office.transaction() as raw:
        await lock_cases_of(raw, [1])
        ending = asyncio.create_task(ended(town))
        await waits(town, ending)
        async with asyncio.timeout(SECONDS):
            assert await lock_for_claim(raw, [Leased(*rows[0])], "one") == {2}
    assert await ending == (1, 1)
    assert [state for _, state, _ in await town.states()] == ["unknown", "planned"]


async def test_an_answer_that_comes_while_its_lease_is_ended_stands(town: Town) -> None:
    """It was put off, and another deliverer is at it again, under a lease of its own."""
    async with town.office.transaction() as raw:
        await record(raw, [Result(1, "planned", "counting", code="http-429", retry_at=LATER)], LATER)
        ending = asyncio.create_task(ended(town))
        await waits(town, ending)
        await raw.run(
            "UPDATE contacts SET state = 'sending', sent_at = $1, leased_by = 'two', leased_until = $2 "
            "WHERE id = 1",
            LATER,
            LATER + MINUTE,
        )
    assert await ending == (1, 0)
    assert [state for _, state, _ in await town.states()] == ["sending", "planned"]


async def test_what_is_given_back_waits_for_nobody(town: Town) -> None:
    """A look that is changing a leased contact takes it out of the lease itself."""
    async with town.office.transaction() as raw:
        await raw.rows("SELECT 1 FROM contacts WHERE id = 2 FOR UPDATE")
        async with asyncio.timeout(SECONDS), town.office.transaction() as other:
            await give_back(other, "one")
        await raw.run(
            "UPDATE contacts SET state = 'planned', leased_by = NULL, leased_until = NULL WHERE id = 2"
        )
    assert [state for _, state, _ in await town.states()] == ["sending", "planned"]
