"""A pack in force that should have been read again: a metric and a warning, and it stays in force."""

from datetime import date
from types import SimpleNamespace
from typing import Any

from prometheus_client import REGISTRY
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from casework.ready import packs_past_review
from tests.builders.town import DAY, MONDAY, Town
from workers.jobs import review


async def test_operations_see_that_a_review_date_has_passed(engine: AsyncEngine) -> None:
    town = Town(engine)
    await town.open()
    town.portfolio = await town.book.portfolio(packs=["house", "gb-conc"])
    assert await packs_past_review(town.office, date(2027, 6, 30)) == {}
    past = await packs_past_review(town.office, date(2027, 7, 1))
    assert past == {"gb-conc": date(2027, 6, 30), "house": date(2027, 6, 30)}
    clock = SimpleNamespace(wall=lambda: MONDAY + 300 * DAY)
    shift: Any = SimpleNamespace(office=town.office, clock=clock)
    with capture_logs() as logged:
        await review({"shift": shift})
    assert [(one["event"], one["pack"]) for one in logged] == [
        ("pack_past_review", "gb-conc"),
        ("pack_past_review", "house"),
    ]
    assert REGISTRY.get_sample_value("kept_packs_past_review") == 2
