"""A loan of two people moves to another version in the batch that decides both."""

from datetime import date

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.insight.check import check
from casework.publish import publish, rollback
from casework.staff.rights import Actor, Role
from strategies.language import shipped_strategies
from tests.builders.book import AUDITOR
from tests.builders.town import DAY, MONDAY, Town

DUE = date(2026, 12, 15)
OPERATIONS = Actor("ona", Role.OPERATIONS)


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


async def test_the_other_party_is_looked_at_again_by_what_governs_the_loan_now(town: Town) -> None:
    """Both are to hear 3 days before; then 2 days before; then 3 days before again."""
    ann = await town.borrower(DUE)
    bob, _ = await town.book.person("bob")
    await town.book.address(bob, "phone")
    await town.book.party(ann.loan, bob)
    await town.look()
    later = shipped_strategies()["gentle"].replace("due - 3d", "due - 2d")
    town.now += DAY / 24
    await publish(town.office, OPERATIONS, later, "gentle.yaml", town.now)
    await town.look()
    town.now += DAY / 24
    await rollback(town.office, OPERATIONS, "gentle", town.now)
    await town.look()
    rows = await town.book.sql("SELECT next_look_at::text FROM cases")
    assert len(rows) == 2
    assert len({row[0] for row in rows}) == 1, "both at the same step"
    found = await check(town.office, AUDITOR, MONDAY, [])
    assert [one.name for one in found if not one.holds] == []
