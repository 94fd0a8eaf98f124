"""The collector's day on a page: the number once, two keys, the next case by itself, undo; and codes."""

import html
import re
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.staff.rights import Role
from tests.builders.book import Borrower
from tests.builders.shop import TODAY, Shop
from tests.builders.town import DAY


@pytest.fixture
async def shop(engine: AsyncEngine, redis_url: str) -> Shop:
    made = Shop(engine, redis_url)
    await made.open()
    return made


async def task(shop: Shop, who: Borrower, queue: str = "desk", kind: str = "call", **more: Any) -> int:
    rows = await shop.book.sql(
        "INSERT INTO tasks (case_id, kind, queue, priority, state, opened_at, finish_by) "
        "VALUES ($1, $2, $3, $4, 'open', $5, $6) RETURNING id",
        who.case,
        kind,
        queue,
        more.get("priority", 5),
        shop.now,
        more.get("finish_by"),
    )
    return rows[0][0]


async def post(client: httpx2.AsyncClient, path: str, **data: str) -> httpx2.Response:
    return await client.post(path, data=data, headers={"accept": "text/html"})


async def turn(client: httpx2.AsyncClient) -> str:
    page = (await client.get("/work")).text
    found = re.search(r'name="turn" value="(\d+)"', page)
    assert found is not None, page
    return found[1]


async def codes(shop: Shop) -> list[str]:
    rows = await shop.book.sql("SELECT code FROM outcomes WHERE undone_at IS NULL ORDER BY id")
    return [row[0] for row in rows]


async def test_a_day_goes_by(shop: Shop) -> None:
    ann, ben, cem = [await shop.borrower(TODAY - days * DAY, 250_00) for days in (20, 10, 5)]
    for at, who in enumerate((ann, ben, cem)):
        await task(shop, who, priority=at)
    phone = (await shop.book.sql("SELECT value FROM addresses WHERE id = $1", ann.phone))[0][0]
    number = shop.office.keyring.open("addresses", "value", ann.phone or 0, phone)
    async with shop.open_doors(role=Role.COLLECTOR) as client:
        assert "You have no case at hand." in (await client.get("/work")).text
        assert not await shop.book.sql("SELECT 1 FROM turns"), "looking gives nothing"
        answer = await post(client, "/work/next")
        assert (answer.status_code, answer.headers["location"]) == (303, "/work")
        page = (await client.get("/work")).text
        assert f"K{ann.case}" in page
        assert "A** E**" in page
        assert number not in page
        at = await turn(client)
        # the number, once, on record
        assert number in (await post(client, "/work/call", turn=at)).text
        assert number not in (await client.get("/work")).text
        assert len(await shop.book.sql("SELECT 1 FROM events WHERE action = 'number.shown'")) == 1
        # a wrong amount says so, and records nothing
        promise = {"turn": at, "code": "promise", "amount": "100.00", "due": str(TODAY + DAY)}
        for wrong in (
            {"amount": "much"},
            {"amount": "100 GBP"},
            {"due": "someday"},
            {"due": str(TODAY + 400 * DAY)},
        ):
            answer = await post(client, "/work/outcome", **{**promise, **wrong})
            assert answer.status_code == 422, wrong
        asked = await post(client, "/work/outcome", **{**promise, "amount": "9999999"})
        assert asked.status_code == 422
        assert "is more than the €" in asked.text
        assert 'name="sure" value="1"' in asked.text
        for _ in range(2):  # a key that was held too long
            answer = await post(client, "/work/outcome", **promise)
            assert answer.headers["location"] == "/work"
        assert await codes(shop) == ["promise"]
        page = (await client.get("/work")).text
        assert f"K{ann.case} saved: promise." in page
        assert f">K{ben.case}</a>" in page, "the next by itself"
        assert "Promises on your cases" in page
        assert f'<a href="/work/K{ann.case}">' in page, "the promise is mine"
        # taken back within the minute, and not after it
        entered = re.findall(r'name="outcome_key" value="(\d+)"', page)[0]
        await post(client, "/work/undo", outcome_key=entered)
        assert await codes(shop) == []
        assert f">K{ann.case}</a>" in (await client.get("/work")).text, "at hand again"
        await post(client, "/work/outcome", turn=await turn(client), code="no_answer")
        shop.now += timedelta(seconds=61)
        assert "outcome_key" not in (await client.get("/work")).text
        entered = str((await shop.book.sql("SELECT max(id) FROM outcomes"))[0][0])
        assert (await post(client, "/work/undo", outcome_key=entered)).status_code == 422
        # a call that was agreed rings in the list, and comes first when it is due
        ring = (shop.now + timedelta(minutes=20)).isoformat()
        await post(client, "/work/outcome", turn=await turn(client), code="callback", at=ring)
        assert await codes(shop) == ["no_answer", "callback"]
        shop.now += timedelta(minutes=21)
        page = (await client.get("/work")).text
        assert "<strong>now</strong>" in page
        # notes, a text, words of one's own, and passing by
        at = await turn(client)
        await post(client, "/work/note", turn=at, words="call after six")
        assert "call after six" in (await client.get("/work")).text
        assert (
            "The message goes out."
            in (await post(client, "/work/write", turn=at, channel="sms", text="late")).text
        )
        refused = await post(client, "/work/write", turn=at, channel="sms", words="We tell your family.")
        assert refused.status_code == 422
        await post(client, "/work/skip", turn=at, reason="later")
        assert (await post(client, "/work/skip", turn=at, reason="later")).status_code == 422
        stop = {"turn": await turn(client), "code": "stop", "channel": "sms"}
        assert (await post(client, "/work/outcome", **stop)).status_code == 303
        assert (await codes(shop))[-1] == "stop"


async def test_a_lender_that_keeps_its_data_out_of_the_chat_has_it_here(shop: Shop) -> None:
    codes_only = await shop.book.portfolio("quiet", staff_chat="codes")
    await shop.book.feed(codes_only, shop.now)
    dora = await shop.book.borrower(
        codes_only, [(TODAY - 9 * DAY, 90_00)], strategy=shop.gentle, since=shop.now - 30 * DAY
    )
    async with shop.open_doors(role=Role.COLLECTOR) as client:
        answer = await client.get(f"/work/K{dora.case}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/work")
        page = (await client.get("/work")).text
        assert "A** E**" in page
        assert dora.loan_id in page
        shown = await post(client, "/work/call", turn=await turn(client))
        assert "Ann Example" in shown.text
        async with shop.open_doors(role=Role.SUPERVISOR) as other:
            answer = await other.get(f"/work/k{dora.case}")
            assert answer.headers["location"] == f"/cases/{dora.case}", "somebody has it at hand"
    async with shop.open_doors(role=Role.AUDITOR) as client:
        assert (await client.get(f"/work/K{dora.case}")).headers["location"] == f"/cases/{dora.case}"
        assert (await client.get("/work/K999999")).headers["location"] == "/cases/999999"
        assert (await client.get("/work")).status_code == 403


OUTCOMES = (
    "SELECT o.code, o.amount_minor, l.currency FROM outcomes o JOIN loans l ON l.id = ANY(o.loan_ids) "
    "ORDER BY o.id"
)


async def test_an_amount_names_its_currency(shop: Shop) -> None:
    ann = await shop.owing_in_two()
    await task(shop, ann)
    async with shop.open_doors(role=Role.COLLECTOR) as client:
        await post(client, "/work/next")
        page = (await client.get("/work")).text
        assert page.count("A number alone means JPY; write others with their currency, like 200 EUR.") == 2
        assert 'value="15000" inputmode="text"' in page, "a keypad of figures has no letters"
        promise = {"turn": await turn(client), "code": "promise", "due": str(TODAY + DAY)}
        asked = await post(client, "/work/outcome", **promise, amount="300 EUR")
        assert "€300.00 is more than the €200.00" in html.unescape(asked.text)
        assert (await post(client, "/work/outcome", **promise, amount="150 USD")).status_code == 422
        assert not await shop.book.sql(OUTCOMES)
        await post(client, "/work/outcome", **promise, amount="150 EUR")
        await client.get(f"/work/K{ann.case}")
        cash = {"turn": await turn(client), "code": "visit_cash_taken", "amount": "9000"}
        await post(client, "/work/outcome", **cash)
    assert [tuple(row) for row in await shop.book.sql(OUTCOMES)] == [
        ("promise", 150_00, "EUR"),
        ("visit_cash_taken", 9000, "JPY"),
    ]
