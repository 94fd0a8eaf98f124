"""The console over real HTTP: the outbox reads as it was sent, for who may see it, in both languages."""

import html
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any

import httpx2
import pytest
from asyncpg import NotNullViolationError
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

import console.pages
from casework.errors import CaseworkInputError
from casework.outbox import address_token, browse, masked, open_letter, store
from casework.staff.rights import Actor, Denied, Role
from console.app import Desk, create_app
from console.language import speeches
from kept.clock import FixedClock
from messages.body import Body
from notifiers.sandbox import Sandbox
from tests.builders.book import office_of
from tests.builders.outgoing import outgoing
from tests.builders.served import served
from tests.builders.town import Town

TODAY = date(2026, 11, 23)
READER = Actor("cora", Role.COMPLIANCE)


class Street(Town):
    """A town whose messages go to the outbox."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        put = store(self.office)
        self.providers = {channel: Sandbox(channel, put) for channel in self.providers}  # type: ignore[assignment]
        self.queue = True

    async def remind(self, count: int = 1, **more: Any) -> None:
        for _ in range(count):
            await self.borrower(TODAY, **more)
        await self.look()
        await self.send()

    async def queue_answers(self) -> bool:
        return self.queue

    async def wake(self, job: str) -> None: ...

    @asynccontextmanager
    async def open_doors(self, **more: Any) -> AsyncIterator[httpx2.AsyncClient]:
        def app(url: str) -> Any:
            desk = {"public_url": url, "listens_on": "127.0.0.1", "office": self.office, **more}
            return create_app(
                Desk(
                    clock=FixedClock(self.now),
                    twilio=None,
                    wake=self.wake,
                    queue_answers=self.queue_answers,
                    **desk,
                )
            )

        async with served(app) as url, httpx2.AsyncClient(base_url=url) as client:
            yield client

    async def reads(self) -> int:
        rows = await self.book.sql("SELECT count(*) FROM events WHERE action = 'read_personal_data'")
        return rows[0][0]


@pytest.fixture
async def street(engine: AsyncEngine) -> Street:
    made = Street(engine)
    await made.open()
    return made


def links(page: str) -> list[str]:
    return re.findall(r'href="(/outbox/\d+)"', page)


# --- the outbox ---------------------------------------------------------------------------------------


async def test_a_message_is_listed_masked_and_opened_whole(street: Street) -> None:
    await street.remind()
    rows = await street.book.sql("SELECT id, value FROM addresses WHERE kind = 'phone'")
    number = street.office.keyring.open("addresses", "value", *rows[0])
    async with street.open_doors() as client:
        page = (await client.get("/")).text
        assert number not in page
        assert masked(number) in page
        assert "Acme Credit" in page
        assert "Mon 23 Nov 2026, 09:00" in page
        (link,) = links(page)
        letter = html.unescape((await client.get(link)).text)
    body = street.office.keyring.open(
        "outbox", "body", 1, (await street.book.sql("SELECT body FROM outbox"))[0][0]
    )
    assert number in letter
    for said in ("Ann Example", "acme", "due-today", "gentle v1", "delivered", "kept explain contact 1"):
        assert said in letter
    assert "250,00 €" in body
    assert "250,00 €" in letter
    assert await street.reads() == 2


async def test_what_is_stored_twice_is_delivered_once_and_only_for_a_contact(street: Street) -> None:
    await street.remind()
    put = store(street.office)
    again = outgoing(contact=1, text="once more")
    await put([again, again])
    page = await browse(street.office, READER, street.now, limit=9)
    assert len(page.letters) == 1
    assert "once more" not in page.letters[0].body.text
    with pytest.raises(NotNullViolationError):
        await put([outgoing(contact=99)])


async def test_nothing_in_the_table_is_readable(street: Street) -> None:
    await street.remind()
    (row,) = await street.book.sql("SELECT recipient, body, channel FROM outbox")
    assert b"+1" not in row[0]
    assert b"Acme" not in row[1]
    assert row[2] == "sms"


async def test_pages_follow_by_cursor_and_miss_nothing(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console.pages, "PAGE", 4)
    await street.remind(10)
    seen: list[str] = []
    async with street.open_doors() as client:
        at: str | None = "/"
        while at is not None:
            page = html.unescape((await client.get(at)).text)
            seen += links(page)
            found = re.search(r'href="([^"]*)" rel="next"', page)
            at = found and found[1]
    assert seen == [f"/outbox/{n}" for n in range(10, 0, -1)]


async def test_by_channel(street: Street) -> None:
    await street.remind(2)
    await street.remind(1, phone=False)
    async with street.open_doors() as client:
        assert len(links((await client.get("/?channel=sms")).text)) == 2
        assert len(links((await client.get("/?channel=email")).text)) == 1
        assert "There is no such message." in (await client.get("/?channel=chat")).text
        assert (await client.get("/?channel=fax")).status_code == 422


async def test_a_search_finds_one_address_and_no_link_holds_it(street: Street) -> None:
    await street.remind(3)
    rows = await street.book.sql("SELECT id, value FROM addresses WHERE kind = 'phone' ORDER BY id")
    number = street.office.keyring.open("addresses", "value", *rows[1])
    async with street.open_doors() as client:
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
        assert "<script>" not in wrong.text
        assert (await client.get("/?to=zz")).status_code == 404


async def test_what_a_borrower_wrote_into_a_name_stays_text(street: Street) -> None:
    (portfolio, gentle) = (street.portfolio, street.gentle)
    person, _ = await street.book.person(name="<script>alert(1)</script>")
    await street.book.address(person, "email")
    await street.book.loan(
        person, portfolio, [(TODAY, 90_00)], strategy=gentle, since=street.now - timedelta(days=9)
    )
    await street.look()
    await street.send()
    async with street.open_doors() as client:
        for at in ("/", "/outbox/1"):
            assert "<script" not in (await client.get(at)).text


async def test_who_may_not_read_does_not(street: Street) -> None:
    await street.remind()
    for role in (Role.OPERATIONS, Role.AUDITOR, Role.SYSTEM, Role.MANAGEMENT):
        with pytest.raises(Denied):
            await browse(street.office, Actor("x", role), street.now, limit=9)
        with pytest.raises(Denied):
            await open_letter(street.office, Actor("x", role), 1, street.now)
        with pytest.raises(Denied):
            address_token(street.office, Actor("x", role), "ann@example.org")
    with pytest.raises(Denied):
        await browse(street.office, Actor("x", Role.SUPERVISOR, frozenset({"acme"})), street.now, limit=9)
    assert await street.reads() == 0


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


async def test_mail_with_its_subject_and_chat_with_its_buttons(street: Street) -> None:
    await street.remind(1)
    await street.book.sql("DELETE FROM outbox")
    body = Body("Two lines\nof it", subject="A subject", buttons=(("I paid", "paid:7"),))
    await store(street.office)([replace(outgoing(contact=1, to="7000001"), body=body)])
    async with street.open_doors() as client:
        (link,) = links((await client.get("/")).text)
        letter = (await client.get(link)).text
    for said in ("<h2>A subject</h2>", "Two lines\nof it", "<li>I paid</li>"):
        assert said in letter


# --- who is let in ------------------------------------------------------------------------------------


async def test_no_page_where_the_server_listens_to_the_network(street: Street) -> None:
    await street.remind()
    async with street.open_doors(listens_on="0.0.0.0") as client:
        for method, at in (("GET", "/"), ("GET", "/outbox/1"), ("POST", "/outbox/search")):
            answer = await client.request(method, at)
            assert answer.status_code == 403
            assert "KEPT_HTTP=127.0.0.1:8080" in answer.text
            assert "Acme" not in answer.text
        assert (await client.get("/healthz")).text == "ok\n"
    assert await street.reads() == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 400),
        ({"host": "kept.example.com"}, 403),
        ({"host": "localhost:1"}, 200),
        ({"host": "[::1]:8080"}, 200),
        ({"host": "[::1"}, 400),
        ({"host": ""}, 400),
        ({"x-forwarded-for": "203.0.113.7"}, 403),
        ({"x-forwarded-host": "kept.example.com"}, 403),
        ({"forwarded": "for=203.0.113.7"}, 403),
    ],
)
async def test_no_page_through_a_foreign_name_or_a_tunnel(
    street: Street, headers: Mapping[str, str], status: int
) -> None:
    async with street.open_doors(public_url="https://kept.example.com") as client:
        assert (await client.get("/", headers=headers)).status_code == status


async def test_a_probe_from_the_network_needs_no_name(street: Street) -> None:
    async with street.open_doors(listens_on="0.0.0.0") as client:
        for at in ("/healthz", "/readyz", "/metrics"):
            assert (await client.get(at, headers={"host": "10.0.0.7:8080"})).status_code == 200
        assert (await client.get("/openapi.json", headers={"host": "10.0.0.7:8080"})).status_code == 400


async def test_every_answer_forbids_scripts_frames_and_caching(street: Street) -> None:
    await street.remind()
    async with street.open_doors() as client:
        for at in ("/", "/outbox/1", "/nothing", "/healthz", "/assets/console.css"):
            headers = (await client.get(at)).headers
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
        for at in ("/", "/outbox/1"):
            answer = await client.get(at)
            assert answer.headers["cache-control"] == "no-store"
            assert not re.search(r"<script|style=|onclick|(src|href)=.https?:", answer.text)


async def test_pages_load_nothing_that_is_not_there(street: Street) -> None:
    async with street.open_doors() as client:
        page = (await client.get("/")).text
        assets = re.findall(r'(?:href|src)="(/assets/[^"]+)"', page)
        assert assets
        for at in assets:
            assert (await client.get(at)).status_code == 200


async def test_what_is_not_there(street: Street) -> None:
    async with street.open_doors() as client:
        answer = await client.get("/outbox/77", headers={"accept": "text/html"})
        assert answer.status_code == 404
        assert "There is no such" in answer.text
        assert (await client.get("/nothing")).json() == {"detail": "Not Found"}
        assert (await client.get("/outbox/ten")).status_code == 422
        assert (await client.get("/?before=99999999999999999999")).status_code == 422


# --- languages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "lang"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9", "en"),
        ("fr, zh;q=0.3, en;q=0.8", "en"),
        ("fr;q=1, zh-Hans;q=0.5", "zh"),
        ("en;q=0, zh", "zh"),
        ("de", "en"),
        (";;q=,=", "en"),
        ("zh;q=x, en;q=0.1", "en"),
    ],
)
async def test_the_browsers_language(street: Street, accept: str, lang: str) -> None:
    async with street.open_doors() as client:
        page = (await client.get("/", headers={"accept-language": accept})).text
    assert f'<html lang="{lang}">' in page


async def test_the_switch_is_remembered_and_keeps_the_place(street: Street) -> None:
    await street.remind()
    async with street.open_doors() as client:
        page = html.unescape((await client.get("/?channel=sms")).text)
        assert 'href="/?channel=sms&lang=zh"' in page
        chosen = (await client.get("/?channel=sms&lang=zh")).text
        assert "发件箱" in chosen
        assert "周一" in chosen
        assert "发送事由" in (await client.get("/outbox/1")).text
        assert "Outbox" in (await client.get("/?lang=en")).text
        assert "Outbox" in (await client.get("/?lang=xx")).text


def test_both_languages_say_the_same_things() -> None:
    spoken = {code: speech.texts for code, speech in speeches().items()}
    assert spoken["en"].keys() == spoken["zh"].keys()
    assert spoken["en"]["states"].keys() == spoken["zh"]["states"].keys()
    assert all(str(text).strip() for texts in spoken.values() for text in texts.values())


# --- probes -------------------------------------------------------------------------------------------


async def test_ready_when_database_migrations_and_queue_are(street: Street) -> None:
    async with street.open_doors() as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, set(answer.json().values())) == (200, {"ok"})
        street.queue = False
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["queue"]) == (503, "failed")
        street.queue = True
        await street.book.sql("DELETE FROM alembic_version")
        assert (await client.get("/readyz")).json() == {
            "database": "ok",
            "migrations": "failed",
            "queue": "ok",
        }


async def test_not_ready_without_a_database(street: Street) -> None:
    nowhere = create_async_engine("postgresql+asyncpg://kept@127.0.0.1:1/kept")
    async with street.open_doors(office=office_of(nowhere)) as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["database"]) == (503, "failed")
        assert (await client.get("/healthz")).status_code == 200
    await nowhere.dispose()


async def test_the_description_names_what_programs_may_call(street: Street) -> None:
    async with street.open_doors() as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
        assert set(paths) == {
            "/webhooks/twilio/status",
            "/webhooks/twilio/inbound",
            "/healthz",
            "/readyz",
            "/metrics",
        }
        assert (await client.get("/docs")).status_code == 404


async def test_metrics_hold_no_address(street: Street) -> None:
    await street.remind()
    async with street.open_doors() as client:
        text = (await client.get("/metrics")).text
        assert "kept_send_seconds" in text
    assert "@" not in text
    assert "Example" not in text
