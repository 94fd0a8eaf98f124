"""A borrower's conversation on its page: read, taken, answered within the rules, its photo opened, ended."""

import re

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.borrower import conversation
from casework.borrower.tell import keep_photo
from casework.staff.rights import Role
from tests.builders.book import SYSTEM
from tests.builders.shop import TODAY, Shop
from tests.builders.talking import PHOTO, asks, chat_of, sends
from tests.builders.town import DAY


@pytest.fixture
async def shop(engine: AsyncEngine, redis_url: str) -> Shop:
    made = Shop(engine, redis_url)
    await made.open()
    return made


async def get(client: httpx2.AsyncClient, path: str) -> httpx2.Response:
    return await client.get(path, headers={"accept": "text/html"})


async def post(client: httpx2.AsyncClient, path: str, **data: str) -> httpx2.Response:
    return await client.post(path, data=data, headers={"accept": "text/html"})


async def said(shop: Shop) -> list[str]:
    """What the bot is given to say, in the chat by now."""
    found = await conversation.begin_lines(shop.office, SYSTEM, shop.now)
    for one in found:
        await conversation.said(shop.office, SYSTEM, one.line, shop.now)
    return [one.text for one in found]


async def looks(shop: Shop) -> int:
    return (await shop.book.sql("SELECT count(*) FROM events WHERE action = 'talk.read'"))[0][0]


async def test_read_taken_answered_a_photo_opened_and_ended(shop: Shop) -> None:
    ann = await shop.borrower(TODAY - 5 * DAY)
    chat = await chat_of(shop, ann, 7001, "zh")
    earlier = await keep_photo(shop.office, chat, "image/png", PHOTO, None, shop.now)
    shop.now += DAY / 24
    key = await asks(shop, chat, "I lost my job <b>last</b> week.", about="distress")
    await sends(shop, chat, "my receipt")
    await sends(shop, chat, "", "application/pdf", b"%PDF-1.7 letter")
    await sends(shop, chat, "", "image/svg+xml", b"<svg onload='alert(1)'/>")
    at = f"/talks/{key}"
    async with shop.open_doors(role=Role.COLLECTOR, portfolios=["acme"]) as client:
        page = (await get(client, "/talks")).text
        assert f'href="/talks/{key}"' in page
        assert f">K{ann.case} <" in page, "and no way to its page, for it is not theirs"
        assert "may be in distress" in page
        assert "Nobody has it yet." in page
        assert "lost my job" not in page
        assert await looks(shop) == 0
        page = (await get(client, at)).text
        assert "I lost my job &lt;b&gt;last&lt;/b&gt; week." in page
        assert "<textarea" not in page, "first it is taken"
        assert await looks(shop) == 1
        answer = await post(client, f"{at}/say", text="Hello there")
        assert answer.status_code == 422
        assert "take conversation" in answer.text
        assert ">Hello there</textarea>" in answer.text, "what was typed stays"
        assert (await post(client, f"{at}/take")).headers["location"] == at
        # what may not be said is refused with its reasons, and stays to be mended
        answer = await post(client, f"{at}/say", text="Pay today or the police come <now>.")
        assert answer.status_code == 422
        assert len(re.findall(r"<li>[^<]+</li>", answer.text.partition("That may not go now:")[2])) >= 1
        assert ">Pay today or the police come &lt;now&gt;.</textarea>" in answer.text
        assert await said(shop) == []
        answer = await post(client, f"{at}/say", text="Would next Friday do?\r\nTell me.")
        assert answer.headers["location"] == at
        page = (await get(client, at)).text
        assert "Not in their chat yet: 1" in page
        assert await said(shop) == ["Would next Friday do?\nTell me."]
        # a ready text in their language; what was being typed beside it stays
        answer = await post(client, f"{at}/say", ready="look", language="zh", text="half a")
        assert answer.status_code == 200
        assert ">half a</textarea>" in answer.text
        assert await said(shop) == ["谢谢。我正在核实，会在这里答复您。"]
        # the photo, and what no browser may draw
        files = [int(one) for one in re.findall(rf"{at}/files/(\d+)\" download", page)]
        (photo,) = re.findall(rf'<img [^>]*src="({at}/files/\d+)"', page)
        answer = await get(client, photo)
        assert (answer.content, answer.headers["content-type"]) == (PHOTO, "image/png")
        assert answer.headers["cache-control"] == "no-store"
        assert len(files) == 2
        for file, name in zip(files, (f"file-{files[0]}.pdf", f"file-{files[1]}"), strict=True):
            answer = await get(client, f"{at}/files/{file}")
            assert answer.headers["content-type"] == "application/octet-stream"
            assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert (await get(client, f"{at}/files/{earlier}")).status_code == 422, "it came before"
        seen = await shop.book.sql("SELECT actor, subject_id FROM events WHERE action = 'talk.file_seen'")
        assert [tuple(row) for row in seen] == [("the collector", key)] * 3
        # what is new comes by itself, and is no look where nothing was said
        last = max(map(int, re.findall(r'data-line="(\d+)"', (await get(client, at)).text)))
        count = await looks(shop)
        assert (await get(client, f"{at}?after={last}&seen=mine-0")).status_code == 204
        assert await looks(shop) == count
        await conversation.hear(shop.office, SYSTEM, chat, "Yes please", None, shop.now)
        part = (await get(client, f"{at}?after={last}&seen=mine-0")).text
        assert part.count("<li") == 1
        assert "Yes please" in part
        assert "<html" not in part
        assert await looks(shop) == count + 1
        page = (await get(client, "/talks?lang=zh")).text
        assert "由您负责。" in page
        page = (await get(client, f"{at}?lang=zh")).text
        assert "您的答复" in page
        answer = await post(client, f"{at}/say", text="Pay today or the police come now.")
        assert "以报警或监禁相威胁" in answer.text
        await get(client, "/talks?lang=en")
        answer = await post(client, f"{at}/end")
        assert answer.headers["location"] == "/work", "what came of it is entered there"
        assert f">K{ann.case}</a>" in (await get(client, "/work")).text
        page = (await get(client, at)).text
        assert f'<a href="/cases/{ann.case}">Case K{ann.case}</a>' in page, "while it is at their hand"
        assert "The conversation is over." in page
        assert "<textarea" not in page
        line = (await get(client, f"/cases/{ann.case}")).text
        assert f'<a href="{at}">Read<' in line, "its words and photos are found again"
        assert "Nobody waits in the chat." in (await get(client, "/talks")).text


async def test_who_may_not_talk_or_not_there_reads_nothing(shop: Shop) -> None:
    """Of a lender that keeps what is said out of the chat, which this page is for."""
    await shop.book.portfolio(staff_chat="codes")
    await shop.book.portfolio("south")
    ann = await shop.borrower(TODAY - 5 * DAY)
    chat = await chat_of(shop, ann, 7001)
    key = await asks(shop, chat, "My secret")
    await sends(shop, chat, "a photo")
    (file,) = (await shop.book.sql("SELECT id FROM chat_files"))[0]
    stranger = await asks(shop, await chat_of(shop, None, 7002), "I am Ben", about="locked")
    paths = (f"/talks/{key}", f"/talks/{key}?after=0&seen=", f"/talks/{key}/files/{file}")
    for role, portfolios in (
        (Role.MANAGEMENT, None),
        (Role.FINANCE, None),
        (Role.CUSTOMER_SERVICE, ["south"]),
        (Role.SUPERVISOR, ["south"]),
    ):
        async with shop.open_doors(role=role, portfolios=portfolios) as client:
            for path in paths:
                answer = await get(client, path)
                assert (answer.status_code, "My secret" in answer.text) == (403, False), (role, path)
            for what in ("take", "say", "end"):
                assert (await post(client, f"/talks/{key}/{what}", text="Hello")).status_code == 403, role
            page = await get(client, "/talks")
            assert f'href="/talks/{key}"' not in page.text
            assert (f'href="/talks/{stranger}"' in page.text) == (portfolios == ["south"])
            assert f'href="/talks/{key}"' not in (await get(client, f"/cases/{ann.case}")).text
    assert await looks(shop) == 0
    async with shop.open_doors(role=Role.CUSTOMER_SERVICE, portfolios=["acme"]) as client:
        assert f'href="/talks/{key}"' in (await get(client, f"/cases/{ann.case}")).text
        assert (await post(client, f"/talks/{key}/take")).status_code == 303
        assert "My secret" in (await get(client, f"/talks/{key}")).text
        assert (await get(client, f"/talks/{key}/files/{file}")).content == PHOTO
        assert (await get(client, f"/talks/{stranger}/files/{file}")).status_code == 422
        page = (await get(client, f"/talks/{stranger}")).text
        assert "Nobody knows whose chat this is." in page
        await post(client, f"/talks/{stranger}/take")
        answer = await post(client, f"/talks/{stranger}/say", text="You owe 250.00 EUR on your loan.")
        assert answer.status_code == 422
        answer = await post(client, f"/talks/{stranger}/end")
        assert answer.headers["location"] == "/talks?done=ended"
    async with shop.open_doors(role=Role.COLLECTOR) as client:
        answer = await post(client, f"/talks/{key}/take")
        assert answer.status_code == 422
        assert "is with the customer service" in answer.text
        assert (await get(client, "/talks/999")).status_code == 422
        assert "Take it over" not in (await get(client, f"/talks/{key}")).text
    async with shop.open_doors(role=Role.SUPERVISOR, portfolios=["acme"]) as client:
        assert f'<a href="/cases/{ann.case}">K{ann.case}</a>' in (await get(client, "/talks")).text
        assert "Take it over" in (await get(client, f"/talks/{key}")).text
        assert (await post(client, f"/talks/{key}/take")).status_code == 303
        assert "You have it." in (await get(client, f"/talks/{key}")).text
