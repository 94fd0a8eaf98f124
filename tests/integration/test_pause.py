"""Pausing: nothing is claimed meanwhile, what is planned keeps its place, and goes on."""

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.delivery.claim import claim
from casework.delivery.pause import pause, resume
from casework.errors import CaseworkInputError
from casework.staff.rights import Actor, Denied, Role
from storage.contacts import lease, lock_for_claim
from tests.builders.book import SYSTEM
from tests.builders.command import SECONDS
from tests.builders.town import MONDAY, Town

OPERATIONS = Actor("ops", Role.OPERATIONS)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    """Somebody due in each of two portfolios."""
    made = Town(engine)
    await made.open()
    await made.borrower(date(2026, 11, 20))
    made.portfolio = await made.book.portfolio("second")
    await made.book.feed(made.portfolio, MONDAY)
    await made.borrower(date(2026, 11, 20))
    await made.look()
    return made


async def states(town: Town) -> list[str]:
    return [state for _, state, _ in await town.states()]


async def test_nothing_is_claimed_while_paused_and_all_goes_on_after(town: Town) -> None:
    assert await pause(town.office, OPERATIONS, None, MONDAY)
    assert not await pause(town.office, OPERATIONS, None, MONDAY)
    sent = await town.send()
    assert (sent.by_channel, sent.paused, await states(town)) == ({}, True, ["planned", "planned"])
    assert await resume(town.office, OPERATIONS, None, MONDAY)
    assert not await resume(town.office, OPERATIONS, None, MONDAY)
    sent = await town.send()
    assert (sent.by_channel, sent.paused) == ({"sms": {"accepted": 2}}, False)
    events = await town.book.sql("SELECT action, subject_id FROM events WHERE subject_kind = 'portfolio'")
    assert [tuple(row) for row in events] == [("pause", None), ("resume", None)]


async def test_one_portfolio_is_paused_and_the_other_goes_on(town: Town) -> None:
    await pause(town.office, OPERATIONS, "second", MONDAY)
    assert (await town.send()).by_channel == {"sms": {"accepted": 1}}
    assert await states(town) == ["accepted", "planned"]
    await resume(town.office, OPERATIONS, "second", MONDAY)
    assert (await town.send()).by_channel == {"sms": {"accepted": 1}}


@pytest.mark.parametrize(("code", "goes"), [(None, 0), ("second", 1)])
async def test_what_was_leased_before_is_not_claimed(town: Town, code: str | None, goes: int) -> None:
    async with town.office.transaction() as raw:
        leased = await lease(raw, MONDAY, MONDAY, "one", 9, MINUTE)
    await pause(town.office, OPERATIONS, code, MONDAY)
    claimed = await claim(town.office, SYSTEM, leased, "one", MONDAY, MONDAY + MINUTE)
    assert len(claimed.ready) == goes
    assert (await states(town)).count("planned") == 2 - goes


async def test_a_pause_waits_for_the_claims_under_way(town: Town) -> None:
    """When it is answered nothing more is claimed: not by who had asked a moment before."""
    async with town.office.transaction() as raw:
        assert await lock_for_claim(raw, [], "one") == set()
        pausing = asyncio.create_task(pause(town.office, OPERATIONS, None, MONDAY))
        async with asyncio.timeout(SECONDS):
            while not (await town.book.sql("SELECT 1 FROM pg_locks WHERE NOT granted")):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert not pausing.done()
    assert await pausing


async def test_a_portfolio_does_not_go_on_alone_while_all_are_paused(town: Town) -> None:
    await pause(town.office, OPERATIONS, None, MONDAY)
    with pytest.raises(CaseworkInputError, match="every portfolio is paused, second with them"):
        await resume(town.office, OPERATIONS, "second", MONDAY)
    with pytest.raises(CaseworkInputError, match="there is no portfolio 'third'; there are: "):
        await pause(town.office, OPERATIONS, "third", MONDAY)


async def test_who_may_pause(town: Town) -> None:
    mine = Actor("ann", Role.SUPERVISOR, frozenset({"second"}))
    assert await pause(town.office, mine, "second", MONDAY)
    with pytest.raises(Denied):
        await pause(town.office, mine, None, MONDAY)
    with pytest.raises(Denied):
        await resume(town.office, Actor("col", Role.COLLECTOR), "second", MONDAY)
