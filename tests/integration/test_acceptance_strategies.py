"""PRODUCT.md's acceptance, as far as it is of strategies and not elsewhere: by number."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import REGISTRY
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from kept.clock import FixedClock
from tests.builders.book import SYSTEM
from tests.builders.town import DAY, MONDAY, Town
from workers.jobs import watch_feeds

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
    # Operations are alerted while it lasts, and the record says so once.
    for _ in range(2):
        assert await alerted(town) == [("acme", "core", MONDAY.isoformat(), 1)]
        assert REGISTRY.get_sample_value("kept_silent_feeds") == 1
        assert REGISTRY.get_sample_value("kept_silent_feeds_loans") == 1
    facts = "SELECT data->>'source', data->>'loans' FROM events WHERE action = 'feed.silent'"
    assert [tuple(row) for row in await town.book.sql(facts)] == [("core", "1")]
    await town.book.feed(town.portfolio, town.now)
    assert await alerted(town) == []
    assert REGISTRY.get_sample_value("kept_silent_feeds") == 0
    town.now += 5 * DAY
    assert len(await alerted(town)) == 1
    assert len(await town.book.sql(facts)) == 2, "it fell silent again"


async def alerted(town: Town) -> list[tuple[str, str, str, int]]:
    """What the worker's job writes into the log."""
    shift: Any = SimpleNamespace(office=town.office, actor=SYSTEM, clock=FixedClock(town.now))
    with capture_logs() as logged:
        await watch_feeds({"shift": shift})
    assert {(one["event"], one["log_level"]) for one in logged} <= {("feed_silent", "error")}
    return [(one["portfolio"], one["source"], one["fed_at"], one["loans"]) for one in logged]
