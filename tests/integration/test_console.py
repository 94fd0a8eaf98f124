"""The outbox over real HTTP: it reads as it was sent, for those who may read it."""

import html
import re
from datetime import timedelta

import pytest
from asyncpg import NotNullViolationError
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

import console.pages.outbox
from casework.errors import CaseworkInputError
from casework.outbox import address_token, browse, masked, open_letter, store
from casework.staff.rights import Actor, Denied, Role
from messages.body import Body
from tests.builders.book import office_of
from tests.builders.outgoing import outgoing
from tests.builders.shop import TODAY, Shop, links

READER = Actor("cora", Role.COMPLIANCE)


@pytest.fixture
async def shop(engine: AsyncEngine, redis_url: str) -> Shop:
    made = Shop(engine, redis_url)
    await made.open()
    return made


async def test_a_message_is_listed_masked_and_opened_whole(shop: Shop) -> None:
    await shop.remind()
    rows = await shop.book.sql("SELECT id, value FROM addresses WHERE kind = 'phone'")
    number = shop.office.keyring.open("addresses", "value", *rows[0])
    async with shop.open_doors() as client:
        page = (await client.get("/outbox")).text
        assert number not in page
        assert masked(number) in page
        assert "Acme Credit" in page
        assert "Mon 23 Nov 2026, 09:00" in page
        (link,) = links(page)
        letter = html.unescape((await client.get(link)).text)
    body = shop.office.keyring.open(
        "outbox", "body", 1, (await shop.book.sql("SELECT body FROM outbox"))[0][0]
    )
    assert number in letter
    for said in ("Ann Example", "acme", "due-today", "gentle v1", "delivered", "kept explain contact 1"):
        assert said in letter
    assert "250,00 €" in body
    assert "250,00 €" in letter
    assert await shop.reads() == 2


async def test_what_is_stored_twice_is_delivered_once_and_only_for_a_contact(shop: Shop) -> None:
    await shop.remind()
    put = store(shop.office)
    again = outgoing(contact=1, text="once more")
    await put([again, again])
    page = await browse(shop.office, READER, shop.now, limit=9)
    assert len(page.letters) == 1
    assert "once more" not in page.letters[0].body.text
    with pytest.raises(NotNullViolationError):
        await put([outgoing(contact=99)])


async def test_nothing_in_the_table_is_readable(shop: Shop) -> None:
    await shop.remind()
    (row,) = await shop.book.sql("SELECT recipient, body, channel FROM outbox")
    assert b"+1" not in row[0]
    assert b"Acme" not in row[1]
    assert row[2] == "sms"


async def test_pages_follow_by_cursor_and_miss_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console.pages.outbox, "PAGE", 4)
    await shop.remind(10)
    seen: list[str] = []
    async with shop.open_doors() as client:
        at: str | None = "/outbox"
        while at is not None:
            page = html.unescape((await client.get(at)).text)
            seen += links(page)
            found = re.search(r'href="([^"]*)" rel="next"', page)
            at = found and found[1]
    assert seen == [f"/outbox/{n}" for n in range(10, 0, -1)]


async def test_by_channel(shop: Shop) -> None:
    await shop.remind(2)
    await shop.remind(1, phone=False)
    async with shop.open_doors() as client:
        assert len(links((await client.get("/outbox?channel=sms")).text)) == 2
        assert len(links((await client.get("/outbox?channel=email")).text)) == 1
        assert "There is no such message." in (await client.get("/outbox?channel=chat")).text
        assert (await client.get("/outbox?channel=fax")).status_code == 422


async def test_a_search_finds_one_address_and_no_link_holds_it(shop: Shop) -> None:
    await shop.remind(3)
    rows = await shop.book.sql("SELECT id, value FROM addresses WHERE kind = 'phone' ORDER BY id")
    number = shop.office.keyring.open("addresses", "value", *rows[1])
    async with shop.open_doors() as client:
        spaced = f" {number[:2]} {number[2:5]} {number[5:8]}-{number[8:]} "
        answer = await client.post("/outbox/search", data={"address": spaced})
        assert answer.status_code == 303
        where = answer.headers["location"]
        assert number[1:] not in where
        page = (await client.get(where)).text
        assert links(page) == ["/outbox/2"]
        assert number not in page
        nobody = await client.post("/outbox/search", data={"address": "nobody@example.org"})
        assert links((await client.get(nobody.headers["location"])).text) == []
        wrong = await client.post("/outbox/search", data={"address": '"><script>'})
        assert wrong.status_code == 422
        assert "That is no address" in wrong.text
        assert '"><script>' not in wrong.text
        assert (await client.get("/outbox?to=zz")).status_code == 404


async def test_what_a_borrower_wrote_into_a_name_stays_text(shop: Shop) -> None:
    (portfolio, gentle) = (shop.portfolio, shop.gentle)
    person, _ = await shop.book.person(name="<script>alert(1)</script>")
    await shop.book.address(person, "email")
    await shop.book.loan(
        person, portfolio, [(TODAY, 90_00)], strategy=gentle, since=shop.now - timedelta(days=9)
    )
    await shop.look()
    await shop.send()
    async with shop.open_doors() as client:
        for at in ("/outbox", "/outbox/1"):
            assert "alert(1)</script" not in (await client.get(at)).text


async def test_who_may_not_read_does_not(shop: Shop) -> None:
    await shop.remind()
    for role in (Role.OPERATIONS, Role.AUDITOR, Role.SYSTEM, Role.MANAGEMENT):
        with pytest.raises(Denied):
            await browse(shop.office, Actor("x", role), shop.now, limit=9)
        with pytest.raises(Denied):
            await open_letter(shop.office, Actor("x", role), 1, shop.now)
        with pytest.raises(Denied):
            address_token(shop.office, Actor("x", role), "ann@example.org")
    with pytest.raises(Denied):
        await browse(shop.office, Actor("x", Role.SUPERVISOR, frozenset({"acme"})), shop.now, limit=9)
    assert await shop.reads() == 0


@pytest.mark.parametrize("text", ["", "hello", "+12", "a@", "12ab", "+1 202"])
def test_no_address(engine: AsyncEngine, text: str) -> None:
    with pytest.raises(CaseworkInputError):
        address_token(office_of(engine), READER, text)


@pytest.mark.parametrize(
    ("recipient", "shown"),
    [("ann@example.org", "a•••@example.org"), ("+12025550123", "+12•••23"), ("7000001", "•••01")],
)
def test_masks(recipient: str, shown: str) -> None:
    assert masked(recipient) == shown


async def test_mail_with_its_subject_and_chat_with_its_buttons(shop: Shop) -> None:
    await shop.remind(1)
    await shop.book.sql("DELETE FROM outbox")
    body = Body("Two lines\nof it", subject="A subject", buttons=(("I paid", "paid:7"),))
    await store(shop.office)([replace(outgoing(contact=1, to="7000001"), body=body)])
    async with shop.open_doors() as client:
        (link,) = links((await client.get("/outbox")).text)
        letter = (await client.get(link)).text
    for said in ("<h2>A subject</h2>", "Two lines\nof it", "<li>I paid</li>"):
        assert said in letter
