"""A plan from its entry to its end: four eyes, its own reminders, kept, broken, taken back."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework import approvals
from casework.errors import CaseworkInputError
from casework.insight.check import check
from casework.outcomes import undo_outcome
from casework.plan_words import agree, cancelled, shown
from casework.plans import Agreed
from casework.staff.rights import Actor, Denied, Role
from tests.builders.book import AUDITOR, Borrower
from tests.builders.town import MONDAY, Town

HOUR = timedelta(hours=1)
ANN = Actor("ann", Role.OPERATIONS)
BEN = Actor("ben", Role.SUPERVISOR)
PARTS = ("2026-12-01=100.00", "2027-01-01=100.00", "2027-02-01=50.00")


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


async def agreed(town: Town, who: Borrower, *parts: str, by: Actor = ANN) -> Agreed:
    return await agree(town.office, by, who.external_id, parts or PARTS, town.now)


async def approved(town: Town, who: Borrower) -> None:
    came = await agreed(town, who)
    assert came.approval is not None
    await approvals.approve(town.office, BEN, came.approval, town.now)


async def day(town: Town, text: str) -> list[str]:
    """A look and a send at half past ten in Berlin, with everything fed; the steps that went out."""
    town.now = MONDAY.replace(hour=9, minute=30) + (date.fromisoformat(text) - MONDAY.date()) * 1
    await town.book.feed(town.portfolio, town.now)
    await town.book.sql("UPDATE cases SET next_look_at = least(next_look_at, $1) RETURNING id", town.now)
    await town.look()
    await town.send()
    rows = await town.book.sql(
        "SELECT m.step FROM contacts c JOIN messages m ON m.id = c.message_id WHERE c.sent_at = $1", town.now
    )
    return [row[0] for row in rows]


async def rows(town: Town, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await town.book.sql(sql)]


async def test_nothing_is_said_until_somebody_else_has_approved_it(town: Town) -> None:
    who = await town.borrower(date(2026, 11, 20))
    came = await agreed(town, who)
    again = await agreed(town, who)
    assert (again.new, again.outcome) == (False, came.outcome)
    assert came.approval is not None
    with pytest.raises(CaseworkInputError, match="somebody else approves it"):
        await approvals.approve(town.office, ANN, came.approval, town.now)
    with pytest.raises(Denied):
        await approvals.approve(town.office, Actor("cora", Role.COLLECTOR), came.approval, town.now)
    assert await day(town, "2026-11-23") == []
    assert await rows(town, "SELECT kind, queue, state FROM tasks") == [("review", "plans", "open")]
    await approvals.refuse(town.office, BEN, came.approval, town.now)
    assert await rows(town, "SELECT state FROM tasks") == [("cancelled",)]
    assert await day(town, "2026-11-27") == ["late-7"], "refused: the strategy goes on"
    assert await shown(town.office, ANN, who.external_id) == []


async def test_its_schedule_replaces_the_strategy_while_it_is_kept(town: Town) -> None:
    who = await town.borrower(date(2026, 11, 20))
    await approved(town, who)
    assert await rows(town, "SELECT state FROM tasks") == [("done",)]
    assert await day(town, "2026-11-27") == []
    assert await day(town, "2026-11-30") == ["promised"]
    body = town.providers["sms"].took[-1].body.text
    assert "you said you would pay 100,00 € by tomorrow" in body
    await town.book.pay(who, 120_00, date(2026, 11, 30), at=town.now)  # more than its first payment
    assert await day(town, "2026-12-05") == []
    assert await day(town, "2026-12-31") == ["promised"]
    body = town.providers["sms"].took[-1].body.text
    assert "you said you would pay 80,00 € by tomorrow" in body, (
        "what came in beyond the first counts for the second"
    )
    await town.book.pay(who, 80_00, date(2027, 1, 1), at=town.now)
    assert await day(town, "2027-01-31") == ["promised"]
    await town.book.pay(who, 50_00, date(2027, 2, 1), at=town.now)
    assert await day(town, "2027-02-05") == []
    ((one),) = await shown(town.office, AUDITOR, who.external_id)
    assert (one.state, one.agreed_by, one.approved_by) == ("kept", "ann", "ben")
    assert [payment.state for payment in one.payments] == ["kept"] * 3
    assert await rows(town, "SELECT count(*) FROM tasks WHERE state = 'open'") == [(0,)]
    assert not [found for found in await check(town.office, AUDITOR, town.now, ()) if not found.holds]


async def test_broken_it_is_over_and_the_strategy_is_back(town: Town) -> None:
    who = await town.borrower(date(2026, 11, 20))
    await approved(town, who)
    assert await day(town, "2026-11-30") == ["promised"]
    await day(town, "2026-12-04")
    ((one),) = await shown(town.office, ANN, who.external_id)
    assert (one.state, [payment.state for payment in one.payments]) == (
        "broken",
        ["broken", "cancelled", "cancelled"],
    )
    assert await rows(town, "SELECT kind FROM tasks WHERE state = 'open'") == [("call",)]
    assert await day(town, "2026-12-06") == ["late-15"]
    assert await day(town, "2026-12-31") == [], "what was cancelled is not reminded of"


async def test_it_is_taken_back(town: Town) -> None:
    who = await town.borrower(date(2026, 11, 20))
    await approved(town, who)
    assert await day(town, "2026-11-27") == []
    with pytest.raises(CaseworkInputError, match="has no plan 9"):
        await cancelled(town.office, ANN, who.external_id, 9, town.now)
    await cancelled(town.office, ANN, who.external_id, 1, town.now)
    assert await day(town, "2026-12-05") == ["late-15"]
    ((one),) = await shown(town.office, ANN, who.external_id)
    assert one.state == "cancelled"


async def test_a_new_plan_takes_the_place_of_the_old_and_an_undone_one_is_not_approved(town: Town) -> None:
    who = await town.borrower(date(2026, 11, 20))
    await approved(town, who)
    came = await agreed(town, who, "2026-12-15=250.00")
    assert came.approval is not None
    await approvals.approve(town.office, BEN, came.approval, town.now)
    assert [one.state for one in await shown(town.office, ANN, who.external_id)] == ["cancelled", "running"]
    undone = await agreed(town, who, "2026-12-20=250.00")
    assert undone.approval is not None
    await undo_outcome(town.office, ANN, undone.outcome, town.now)
    with pytest.raises(CaseworkInputError, match="waits no more: superseded by ann"):
        await approvals.approve(town.office, BEN, undone.approval, town.now)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        (("2026-11-01=10.00",), "is past"),
        (("2026-12-01=10.00", "2026-12-01=20.00"), "due on one day"),
        (("2026-12-01=0.00",), "a payment of nothing"),
        (("2026-12-01=300.00",), "EUR 250.00 is owed on these loans"),
        (("2026-12-01:10.00",), "write it like 2026-12-01=100.00"),
    ],
)
async def test_what_is_no_plan_is_refused(town: Town, parts: tuple[str, ...], says: str) -> None:
    who = await town.borrower(date(2026, 11, 20))
    with pytest.raises(CaseworkInputError, match=says):
        await agreed(town, who, *parts)
    with pytest.raises(Denied):
        await agreed(town, who, by=Actor("fay", Role.FINANCE))
