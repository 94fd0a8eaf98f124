"""PRODUCT.md's acceptance, as far as it is of strategies and not elsewhere: by number."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.builders.town import DAY, MONDAY, Town

HOUR = timedelta(hours=1)


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


async def test_acceptance_01_one_reminder_three_days_before_at_the_borrowers_hour(town: Town) -> None:
    """However often anybody looks and sends; Tokyo is asleep when Berlin is not."""
    berlin = await town.borrower(date(2026, 11, 26))
    tokyo = await town.borrower(date(2026, 11, 27), zones=("Asia/Tokyo",))
    town.now = MONDAY - 10 * HOUR
    said: dict[int, list[str]] = {berlin.person: [], tokyo.person: []}
    for _ in range(30):
        await town.look()
        await town.send()
        await town.look()
        town.now += HOUR
    sent = "SELECT person_id, sent_at FROM contacts WHERE sent_at IS NOT NULL ORDER BY id"
    rows = await town.book.sql(sent)
    for person, at in rows:
        zone = "Asia/Tokyo" if person == tokyo.person else "Europe/Berlin"
        said[person].append(f"{at.astimezone(ZoneInfo(zone)):%d %H:%M}")
    assert said == {berlin.person: ["23 08:00"], tokyo.person: ["24 08:00"]}


async def test_acceptance_25_a_stale_feed_holds_what_is_past_due_and_is_told(town: Town) -> None:
    late = await town.borrower(date(2026, 11, 16))
    soon = await town.borrower(date(2026, 11, 30))
    await town.book.feed(town.portfolio, MONDAY)
    town.now = MONDAY + 4 * DAY
    report = await town.look()
    await town.send()
    assert report.by_reason["stale_feed"] == 1
    rows = await town.book.sql("SELECT person_id FROM contacts WHERE state = 'accepted'")
    assert [row[0] for row in rows] == [soon.person]
    open_ = "SELECT state, reason FROM occurrences WHERE loan_id = $1 AND state = 'waiting'"
    waits = await town.book.sql(open_, late.loan)
    assert [tuple(row) for row in waits] == [("waiting", "stale_feed")]
