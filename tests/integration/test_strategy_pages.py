"""The pages of strategies over HTTP: who wrote, approved and runs what; differences; the way back."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from casework.approvals import approve, waiting
from casework.insight.today import make_figures
from casework.publish import publish
from casework.staff.rights import Actor, Role
from strategies.language import shipped_strategies
from tests.builders.book import SYSTEM
from tests.builders.shop import Shop

OLA = Actor("Ola", Role.OPERATIONS)
CLEA = Actor("Clea", Role.COMPLIANCE)
HTML = {"accept": "text/html"}
LATER = (
    shipped_strategies()["gentle"]
    .replace("due + 3d 08:00", "due + 4d 08:00")
    .replace("stale_after: 4d", "stale_after: 4d\nguard: 1\nmigrate: now")
)


async def test_a_version_is_shown_compared_and_taken_back(engine: AsyncEngine, redis_url: str) -> None:
    shop = Shop(engine, redis_url)
    await shop.open()
    await shop.remind(3)
    for _ in range(3):
        await shop.borrower(shop.now.date() - timedelta(days=3))
    made = await publish(shop.office, OLA, LATER, "gentle.yaml", shop.now, share=5)
    assert made.approval is not None
    async with shop.open_doors(role=Role.OPERATIONS) as client:
        waits = (await client.get("/strategies/gentle", headers=HTML)).text
        assert "Version 2 waits for a yes of somebody else than Ola" in waits
        assert 'action="/strategies/gentle/rollback"' not in waits, "nothing to go back from"
        await approve(shop.office, CLEA, (await waiting(shop.office, CLEA))[0].id, shop.now)

        listed = (await client.get("/strategies?format=csv")).text
        assert "v2 5% · v1 95%" in listed
        assert "Clea" in listed
        page = (await client.get("/strategies/gentle?old=1&new=2", headers=HTML)).text
        assert "Version 2 is in force for 5% of the people it governs; version 1 for the other 95%." in page
        assert "Step late-3: it comes at due + 4d 08:00 instead of due + 3d 08:00." in page
        missing = await client.get("/strategies/gentle?version=9", headers=HTML)
        assert (missing.status_code, "has no version 9" in missing.text) == (422, True)

        back = await client.post("/strategies/gentle/rollback", headers=HTML)
        assert (back.status_code, back.headers["location"]) == (303, "/strategies/gentle")
        after = (await client.get("/strategies/gentle", headers=HTML)).text
        assert "Version 1 is in force for everybody it governs, 6 cases with 6 loans now." in after
        assert "the operations went back to v1" in after
        # Of a large book they are counted with the figures of the day, and say so.
        assert "Counted " not in after
        for _ in range(2):
            await make_figures(shop.office, SYSTEM, shop.now)
        await shop.borrower(shop.now.date() - timedelta(days=3))
        counted = (await client.get("/strategies/gentle", headers=HTML)).text
        assert "6 cases with 6 loans now. Counted " in " ".join(counted.split())
        assert "Counted " in (await client.get("/strategies", headers=HTML)).text
