"""The pages of packs, texts and experiments over HTTP."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from casework.staff.rights import Role
from policy.pack import shipped_packs
from tests.builders.shop import Shop

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
