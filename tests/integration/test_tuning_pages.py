"""The pages of packs, texts and experiments over HTTP."""

import re
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from casework.staff.numbers import code_of
from casework.staff.rights import Actor, Role
from casework.staff.trying import AN_HOUR, send_tried
from casework.texts import read_wanted, submit, write_text
from kept.clock import FixedClock
from messages.samples import SAMPLES
from messages.templates import KINDS
from policy.pack import shipped_packs
from storage.staff.numbers import open_of
from tests.builders.book import SYSTEM
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


OWN = """
name: late
channel: sms
language: en
text: "{{ brand }}: {{ one.pay }} is late. <<stop>>"
"""


async def test_a_text_is_seen_in_every_way_and_tried_on_oneself(engine: AsyncEngine, redis_url: str) -> None:
    shop = Shop(engine, redis_url)
    await shop.open()
    office, ola = shop.office, Actor("Ola", Role.OPERATIONS)
    async with shop.open_doors(role=Role.OPERATIONS) as client:
        listed = (await client.get("/texts?kind=late&format=csv")).text
        assert [line.split(",")[0] for line in listed.splitlines()[1:]] == [
            name for name, kind in KINDS.items() if kind == "late"
        ]
        for sample in SAMPLES:
            for language in ("en", "hi", "xx"):
                page = await client.get(f"/texts/late?sample={sample}&language={language}", headers=HTML)
                assert page.status_code == 200
                assert page.text.count('class="said"') == 3, (sample, language)
                assert "nothing found" in page.text
        assert (await client.get("/texts/nothing", headers=HTML)).status_code == 422
        key = await write_text(office, ola, read_wanted(OWN, "late.yaml"), shop.now)
        page = (await client.get("/texts/late", headers=HTML)).text
        assert "Acme: $250.00 is late." in page
        assert "by Ola: a draft" in page
        await submit(office, ola, key, shop.now)
        answer, yes = f"/texts/late/versions/{key}", {"says": "yes"}
        assert answer not in (await client.get("/texts/late", headers=HTML)).text, "it is not theirs to say"
        assert (await client.post(answer, data=yes, headers=HTML)).status_code == 403
        async with shop.open_doors(role=Role.COMPLIANCE) as other:
            assert f'action="{answer}"' in (await other.get("/texts/late", headers=HTML)).text
            assert (await other.post(answer, data=yes)).headers["location"] == "/texts/late"
            assert f'action="{answer}"' not in (await other.get("/texts/late", headers=HTML)).text
            twice = await other.post(answer, data={"says": "no"}, headers=HTML)
            assert twice.status_code == 422, "it is approved"
        page = (await client.get("/texts/late", headers=HTML)).text
        assert "by Ola: approved (the compliance)" in page
        assert "no number is confirmed as yours" in page
        assert "/late/try" not in page, "nothing is open"

        mine = {"channel": "sms", "language": "en", "sample": "several"}
        nowhere = await client.post("/texts/late/try", data=mine, headers=HTML)
        assert (nowhere.status_code, "no address for sms is yours" in nowhere.text) == (422, True)
        staff = (await shop.book.sql("SELECT id FROM staff WHERE name = 'the operations'"))[0][0]
        asked = await client.post("/texts/late/number", data={"to": "+44 7700 900123"}, headers=HTML)
        assert "The code from the SMS" in (await client.get(asked.headers["location"], headers=HTML)).text
        async with office.transaction() as raw:
            number = await open_of(raw, staff)
            assert number is not None
        for code in ("000000x", code_of(office.keyring, number.id)):
            said = await client.post("/texts/late/number/confirm", data={"code": code}, headers=HTML)
            assert ("wrong=wrong" in said.headers["location"]) == (code == "000000x")
        assert "your number, ending in 23" in (await client.get("/texts/late", headers=HTML)).text
        went = await client.post("/texts/late/try", data=mine, headers=HTML)
        assert went.headers["location"] == "/texts/late?language=en&sample=several&tried=1"
        assert "The test goes out." in (await client.get(went.headers["location"], headers=HTML)).text
        for _ in range(2):
            await send_tried(office, SYSTEM, shop.providers, FixedClock(shop.now))
        rows = await shop.book.sql("SELECT contact_id, channel FROM outbox")
        assert [tuple(row) for row in rows] == [(None, "sms")], "once, and no contact of anybody's"
        events = await shop.book.sql("SELECT actor, data->>'text' FROM events WHERE action = 'text.tried'")
        assert [tuple(row) for row in events] == [("the operations", "late")]
        assert not await shop.book.sql("SELECT 1 FROM contacts")

        for _ in range(AN_HOUR):
            last = await client.post("/texts/late/try", data=mine, headers=HTML)
        assert (last.status_code, "tests went out within the hour" in last.text) == (422, True)
    shop.now += timedelta(hours=2)
    theirs = await shop.borrower(shop.now.date())
    await shop.book.address(theirs.person, "phone", "+447700900123")
    async with shop.open_doors(role=Role.OPERATIONS) as client:
        refused = await client.post("/texts/late/try", data=mine, headers=HTML)
        assert (refused.status_code, "a borrower has this address" in refused.text) == (422, True)
    async with shop.open_doors(role=Role.COMPLIANCE) as client:
        await client.post("/outbox/search", data={"address": "+447700900123"}, headers=HTML)
        outbox = (await client.get("/outbox", headers=HTML)).text
        assert re.search(r"\[TEST\] Acme: \$250.00 is late.", outbox)
