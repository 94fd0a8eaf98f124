"""The nightly check: what it found is a metric of every process, and an alert in the log."""

import re
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from prometheus_client import REGISTRY
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from console.app import Desk, create_app
from kept.clock import FixedClock
from tests.builders.book import SYSTEM
from tests.builders.checked import Checked, made_checked
from tests.builders.served import served
from workers.jobs import Shift, check


@pytest.fixture
async def checked(engine: AsyncEngine) -> Checked:
    return await made_checked(engine)


@pytest.fixture
async def url(checked: Checked) -> AsyncIterator[str]:
    """The console alone: no worker in its process."""

    async def nobody(_: str) -> None:
        return

    async def answers() -> bool:
        return True

    def app(url: str) -> object:
        return create_app(
            Desk(
                office=checked.town.office,
                clock=FixedClock(checked.town.now),
                public_url=url,
                listens_on="127.0.0.1",
                twilio=None,
                wake=nobody,
                queue_answers=answers,
            )
        )

    async with served(app) as made:
        yield made


class _Heads:
    """The anchors of the checked book."""

    def __init__(self, checked: Checked) -> None:
        self._checked = checked

    def read(self) -> list[object]:
        return list(self._checked.heads)


async def test_what_the_nightly_check_found_is_a_metric_everywhere_and_an_alert(
    checked: Checked, url: str
) -> None:
    town = checked.town
    shift = Shift(
        town.office,
        SYSTEM,
        town.providers,
        FixedClock(town.now),
        "w",
        _Heads(checked),
        None,  # type: ignore[arg-type]
    )
    with capture_logs() as said:
        await check({"shift": shift})
    assert [line for line in said if line["event"] == "invariant_broken"] == []
    await checked.plant("DELETE FROM occurrences WHERE id = 2")
    with capture_logs() as said:
        await check({"shift": shift})
    (line,) = [line for line in said if line.get("invariant") == "nothing_lost"]
    assert (line["event"], line["log_level"], line["violations"]) == ("invariant_broken", "error", 1)
    # As another process shows it: what this one counted itself is forgotten first.
    _violations().clear()
    async with ClientSession() as session, session.get(f"{url}/metrics") as answer:
        text = await answer.text()
    assert 'kept_invariant_violations{invariant="nothing_lost"} 1.0' in text
    assert 'kept_invariant_violations{invariant="money_adds_up"} 0.0' in text
    found = re.search(r"^kept_last_check_seconds (\S+)$", text, re.MULTILINE)
    assert found is not None
    assert time.time() - 3600 < float(found[1]) <= time.time()


def _violations() -> object:
    return REGISTRY._names_to_collectors["kept_invariant_violations"]
