"""The pages of packs, texts and experiments over HTTP."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from casework.staff.rights import Role
from policy.pack import shipped_packs
from tests.builders.shop import Shop
from tests.builders.trials import try_out

HTML = {"accept": "text/html"}


async def test_packs_are_read_with_their_sources_and_whom_they_bind(
    engine: AsyncEngine, redis_url: str
) -> None:
    shop = Shop(engine, redis_url)
    await shop.open()
    async with shop.open_doors(role=Role.COMPLIANCE) as client:
        listed = (await client.get("/policies?format=csv")).text.splitlines()
        assert len(listed) == 1 + len(shipped_packs())
        assert listed[1].startswith("house,everywhere,House rules,acme,")
        unused = (await client.get("/policies?use=unused&format=csv")).text
        assert ("\nhouse," in unused, "\nus-reg-f," in unused) == (False, True)
        for name, pack in shipped_packs().items():
            page = (await client.get(f"/policies/{name}", headers=HTML)).text
            for rule in pack.spec.rules:
                assert f'id="rule-{rule}"' in page, (name, rule)
        assert "12 CFR 1006.6(b)" in (await client.get("/policies/us-reg-f", headers=HTML)).text
        missing = await client.get("/policies/nowhere", headers=HTML)
        assert (missing.status_code, "is no policy pack" in missing.text) == (422, True)
    shop.now += timedelta(days=3000)
    async with shop.open_doors(role=Role.COMPLIANCE) as client:
        assert "review date has passed" in (await client.get("/policies/house", headers=HTML)).text


async def test_an_experiment_is_sized_started_read_and_stopped(engine: AsyncEngine, redis_url: str) -> None:
    shop = Shop(engine, redis_url)
    await shop.open()
    await try_out(shop)
    async with shop.open_doors(role=Role.OPERATIONS) as client:
        sized = (await client.get("/experiments?now=40&hoped=43", headers=HTML)).text
        assert "4,234 people in each arm tell 43% from 40%." in sized
        assert "tone-2, in two-tones: plain 45%, kind 45%, holdout 10%, 10 days." in sized
        for wrong in ("now=40&hoped=40", "now=40", "now=a&hoped=b", "now=nan&hoped=50"):
            page = await client.get(f"/experiments?{wrong}", headers=HTML)
            assert (page.status_code, "Two different percentages" in page.text) == (200, True), wrong

        form = {"name": "tone-2", "now": "40", "hoped": "45", "asks": "current", "within": "10"}
        began = await client.post("/experiments", data=form, headers=HTML)
        assert (began.status_code, began.headers["location"]) == (303, "/experiments/tone-2")
        page = (await client.get("/experiments/tone-2", headers=HTML)).text
        assert "1,534" in page
        assert "too few people to say anything" in page
        twice = await client.post("/experiments", data=form, headers=HTML)
        assert (twice.status_code, "was started on" in twice.text) == (422, True)
        await client.post("/experiments/tone-2/stop", data={"why": "a slip"}, headers=HTML)
        page = (await client.get("/experiments/tone-2", headers=HTML)).text
        assert "a slip" in page
        assert "/stop" not in page
        listed = (await client.get("/experiments?state=stopped&format=csv")).text.splitlines()
        assert [line.split(",")[0] for line in listed[1:]] == ["tone-2"]
    async with shop.open_doors(role=Role.RISK) as client:
        page = (await client.get("/experiments/tone", headers=HTML)).text
        assert "(+5.0 points, +1.6 to +8.4)" in page
        assert "plain against hearing nothing: +8.0 points, +2.0 to +14.0" in page
        assert page.count("data-chart") == 2
        assert "<td>holdout</td>" in page
        assert 'method="post" action="/experiments' not in page
        assert (await client.post("/experiments/tone/stop", data={"why": "x"})).status_code == 403
