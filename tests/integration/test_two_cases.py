"""Two cases of one person, looked at side by side: each plans, not knowing of the other. One message goes."""

from datetime import date

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.look import LookReport, _look_at  # pyright: ignore[reportPrivateUsage]
from storage.course import due_cases
from tests.builders.book import SYSTEM, Borrower
from tests.builders.town import DAY, MONDAY, Town


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


async def both_planned(town: Town) -> Borrower:
    """Two looks take a case each, and neither sees what the other has not committed."""
    ann = await town.borrower(date(2026, 11, 23))
    other = await town.book.portfolio("other")
    await town.book.feed(other, MONDAY)
    await town.book.loan(
        ann.person, other, [(date(2026, 11, 23), 90_00)], strategy=town.gentle, since=MONDAY - 9 * DAY
    )
    async with town.office.transaction() as one, town.office.transaction() as two:
        first, second = await due_cases(one, town.now, 1), await due_cases(two, town.now, 1)
        assert len({*first, *second}) == 2
        await _look_at(town.office, SYSTEM, two, second, town.now, LookReport())
        await _look_at(town.office, SYSTEM, one, first, town.now, LookReport())
    assert await town.states() == [("sms", "planned", None)] * 2
    return ann


async def test_they_do_not_both_give_way(town: Town) -> None:
    """News has both looked at again: the plan that was there first stays."""
    ann = await both_planned(town)
    await town.book.consent(ann.person, "email", "revoked", MONDAY)
    await town.look()
    assert sorted(state for _, state, _ in await town.states()) == ["cancelled", "planned"]
    assert (await town.send()).by_channel == {"sms": {"accepted": 1}}
    assert len(town.providers["sms"].took) == 1


async def test_the_claim_lets_one_go(town: Town) -> None:
    await both_planned(town)
    assert (await town.send()).by_channel["sms"]["accepted"] == 1
    await town.look()
    assert (await town.send()).by_channel == {}
    assert len(town.providers["sms"].took) == 1
