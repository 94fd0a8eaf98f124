"""The editor of a strategy over HTTP: drafts, what is wrong, handing in, and whose yes it takes."""

import re

from sqlalchemy.ext.asyncio import AsyncEngine

from casework.staff.rights import Role
from strategies.language import shipped_strategies
from tests.builders.shop import Shop

HTML = {"accept": "text/html"}
GENTLE = shipped_strategies()["gentle"]
LATER = GENTLE.replace("due + 3d 08:00", "due + 4d 08:00")
EDIT = "/strategies/gentle/edit"


async def test_a_draft_becomes_a_version_by_somebody_elses_yes(engine: AsyncEngine, redis_url: str) -> None:
    shop = Shop(engine, redis_url)
    await shop.open()
    await shop.remind(2)
    async with shop.open_doors(role=Role.OPERATIONS) as author:
        page = (await author.get(EDIT, headers=HTML)).text
        assert "Begun from version 1." in page
        assert "style-src" not in (await author.get(EDIT, headers=HTML)).headers["content-security-policy"]

        wrong = LATER.replace("task: call", "task: phone").replace("\n", "\r\n")
        part = (await author.post("/strategies/gentle/check", data={"text": wrong})).text
        assert re.findall(r'data-line="(\d+)"', part) == ["42", "53"]
        assert "<html" not in part
        kept = await author.post(EDIT, data={"do": "save", "text": wrong, "base": 1}, headers=HTML)
        assert (kept.status_code, kept.headers["location"]) == (303, EDIT + "?done=saved")
        again = (await author.get(EDIT, headers=HTML)).text
        assert "Your draft, saved" in again
        assert "task: phone" in again
        refused = await author.post(EDIT, data={"do": "submit", "text": wrong, "base": 1}, headers=HTML)
        assert refused.status_code == 422
        assert "To be mended: 2" in refused.text
        looked = await author.post(EDIT, data={"do": "check", "text": LATER, "base": 1}, headers=HTML)
        assert "Step late-3: it comes at due + 4d 08:00 instead of due + 3d 08:00." in looked.text

        same = await author.post(EDIT, data={"do": "submit", "text": GENTLE, "share": 5}, headers=HTML)
        assert "this is v1, which is in force already" in same.text
        odd = await author.post(EDIT, data={"do": "submit", "text": LATER, "share": 7}, headers=HTML)
        assert "a roll-out goes by 5, 25, 100 percent" in odd.text
        given = await author.post(EDIT, data={"do": "submit", "text": LATER, "share": 5}, headers=HTML)
        assert given.headers["location"] == "/approvals?done=asked"
        assert "Go on with your draft" not in (await author.get("/strategies/gentle", headers=HTML)).text
        twice = await author.post(EDIT, data={"do": "submit", "text": LATER, "share": 5}, headers=HTML)
        assert "waits for a yes already, as approval 1" in twice.text
        assert "Go on with your draft" in (await author.get("/strategies/gentle", headers=HTML)).text
        mine = await author.post("/approvals/1", data={"says": "yes"}, headers=HTML)
        assert (mine.status_code, "somebody else approves it" in mine.text) == (422, True)

        firmer = LATER.replace("due + 4d", "due + 5d")
        measured = {"do": "submit", "text": firmer, "share": 5, "now": "40", "hoped": "much"}
        odd = await author.post(EDIT, data=measured, headers=HTML)
        assert (odd.status_code, "two shares in percent are needed" in odd.text) == (422, True)
        await author.post(EDIT, data={**measured, "hoped": "43 %"})
        states = [row[0] for row in await shop.book.sql("SELECT state FROM approvals ORDER BY id")]
        assert states == ["superseded", "waiting"]

        # What is not there yet begins with a few lines, and is for all or nobody.
        begun = await author.post("/strategies", data={"name": "firm"}, headers=HTML)
        assert begun.headers["location"] == "/strategies/firm/edit"
        new = (await author.get("/strategies/firm/edit", headers=HTML)).text
        assert "It is a strategy." in new
        assert '<option value="5">' not in new
        await author.post("/strategies/firm/edit", data={"do": "save", "text": "strategy: firm"})
        await author.post("/strategies/firm/edit", data={"do": "drop"})
        gone = await author.post("/strategies/firm/edit", data={"do": "drop"}, headers=HTML)
        assert gone.status_code == 422
        book = await author.post(EDIT, data={"do": "save", "text": "#" * 100_001}, headers=HTML)
        assert "at most 100,000 characters" in book.text
    async with shop.open_doors(role=Role.COMPLIANCE) as other:
        waits = (await other.get("/approvals", headers=HTML)).text
        assert "v3, for 5% of the people, as an experiment that needs 4,234 people under either" in waits
        assert '<text class="rung"' in waits
        assert "Step late-3: it comes at due + 5d 08:00 instead of due + 3d 08:00." in waits
        await other.post("/approvals/2", data={"says": "yes"})
    released = await shop.book.sql("SELECT share, by FROM releases ORDER BY id DESC LIMIT 1")
    assert tuple(released[0]) == (5, "the compliance")
    async with shop.open_doors(role=Role.OPERATIONS) as author:
        page = (await author.get("/strategies/gentle", headers=HTML)).text
        assert "Version 3 is being rolled out" in page
        assert 'href="/experiments/gentle@3"' in page
        narrow = await author.post("/strategies/gentle/widen", data={"share": 5}, headers=HTML)
        assert (narrow.status_code, "in force for 5% already" in narrow.text) == (422, True)
        wider = await author.post("/strategies/gentle/widen", data={"share": 25})
        assert wider.headers["location"] == "/strategies/gentle"
        page = (await author.get("/strategies/gentle", headers=HTML)).text
        assert "Version 3 is in force for 25% of the people it governs" in page
        await author.post("/strategies/gentle/rollback")
        page = (await author.get("/strategies/gentle", headers=HTML)).text
        assert "Version 1 is in force for everybody it governs" in page
        assert "is being rolled out" not in page
    state = await shop.book.sql("SELECT name, state, why FROM experiments")
    assert [tuple(row) for row in state] == [("gentle@3", "stopped", "rolled_back")]
    actions = {row[0] for row in await shop.book.sql("SELECT action FROM events")}
    assert {"strategy.draft_saved", "strategy.draft_dropped", "strategy.submitted"} <= actions
