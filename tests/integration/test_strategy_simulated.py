"""Simulating on a page: asked for, played by a worker, what it found; and where it goes wrong."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import casework.simulation.queued as queued
from casework.drafts import save_draft
from casework.staff.rights import Actor, Role
from strategies.language import shipped_strategies
from tests.builders.shop import Shop
from tests.builders.town import TownClock
from workers.jobs import play

HTML = {"accept": "text/html"}
LATER = shipped_strategies()["gentle"].replace("due + 3d 08:00", "due + 4d 08:00")
PRICES = """
currency: EUR
messages: {sms: "0.05"}
tasks: {call: 10}
collectors: {hour: "20.00", queues: {desk: 8}}
"""
AT = "/strategies/gentle/simulations"


async def test_it_is_asked_for_played_and_shown(
    engine: AsyncEngine, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(engine, redis_url)
    await shop.open()
    await shop.remind(1)
    for days in range(1, 8):
        await shop.borrower(shop.now.date() - timedelta(days=days))
    clock = TownClock(shop)
    shift = SimpleNamespace(office=shop.office, clock=clock, stopping=False)
    async with shop.open_doors(role=Role.RISK) as client:
        author = Actor("the risk", Role.OPERATIONS)
        await save_draft(shop.office, author, "gentle", LATER, 1, shop.now)
        assert "your draft" in (await client.get(AT, headers=HTML)).text
        asked = await client.post(AT, data={"what": "draft", "days": 20, "prices": PRICES})
        assert asked.headers["location"] == f"{AT}/1"
        waits = await client.get(f"{AT}/1", headers=HTML)
        assert "It waits for a worker." in waits.text
        assert f'hx-get="{AT}/1?part=true"' in waits.text

        await play({"shift": shift})
        over = await client.get(f"{AT}/1?part=true")
        assert over.headers["hx-refresh"] == "true"
        page = (await client.get(f"{AT}/1", headers=HTML)).text
        assert "Played over 8 loans of 8 people." in page
        for title in (
            "Contacts by day and channel",
            "Cost by day",
            "Load of the queues",
            "Loans by days late",
        ):
            assert title in page, title
        found = (await queued.simulation(shop.office, author, "gentle", 1)).found
        assert found is not None
        days = found["result"]["by_day"]
        assert sum(row["contacts"] for row in days) == found["result"]["contacts"] > 0
        assert found["difference"]["contacts"] == found["result"]["contacts"] - found["live"]["contacts"]
        assert "examples" not in found["people"]
        assert "currency: EUR" in (await client.get(AT, headers=HTML)).text, (
            "prices are kept for the next time"
        )

        # What cannot be played says why; so does what is no strategy.
        bad = await client.post(AT, data={"what": "v1", "prices": "currency: EURO"}, headers=HTML)
        assert (bad.status_code, "prices" in bad.text) == (422, True)
        await save_draft(shop.office, author, "gentle", "strategy: gentle", 1, shop.now)
        wrong = await client.post(AT, data={"what": "draft"}, headers=HTML)
        assert (wrong.status_code, "stale_after: is missing" in wrong.text) == (422, True)

        # One that nobody wants any more ends; one whose player is cut off is begun anew, three times.
        await client.post(AT, data={"what": "v1"})
        stopped = await client.post(f"{AT}/2/stop")
        assert stopped.status_code == 303
        assert "It was stopped." in (await client.get(f"{AT}/2", headers=HTML)).text
        await client.post(AT, data={"what": "v1"})
        for _ in range(3):
            begun, cut = asyncio.Event(), AsyncStop()
            monkeypatch.setattr(queued, "play", cut.play(begun))
            task = asyncio.create_task(play({"shift": shift}))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        monkeypatch.undo()
        await play({"shift": shift})
        assert "its player ended three times" in (await client.get(f"{AT}/3", headers=HTML)).text
        states = [row[0] for row in await shop.book.sql("SELECT state FROM simulations ORDER BY id")]
        assert states == ["done", "stopped", "failed"]


class AsyncStop:
    """A simulation that never ends by itself."""

    def play(self, begun: asyncio.Event) -> object:
        async def never(*_: object) -> None:
            begun.set()
            await asyncio.Event().wait()

        return never
