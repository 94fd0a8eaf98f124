"""The console over real HTTP: who is let in, in which language, and what watchers see."""

import html
import re
from collections.abc import AsyncIterator, Mapping

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from console.guard import MOST_BYTES
from storage.engine import WAITED_IN_VAIN
from tests.builders.book import office_of
from tests.builders.shop import Shop


@pytest.fixture
async def shop(engine: AsyncEngine, redis_url: str) -> Shop:
    made = Shop(engine, redis_url)
    await made.open()
    return made


async def test_no_page_without_signing_in(shop: Shop) -> None:
    await shop.remind()
    async with shop.open_doors(role=None, listens_on="0.0.0.0") as client:
        for at in ("/outbox", "/outbox/1", "/me", "/"):
            answer = await client.get(at)
            assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in")
        answer = await client.get("/outbox", headers={"hx-request": "true"})
        assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in")
        answer = await client.post("/outbox/search", data={"address": "ann@example.org"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        # a browser follows it with the referer of the form, and is led back to the page where that stood
        here = str(client.base_url).rstrip("/")
        for referer, to in (
            (f"{here}/outbox?channel=sms", "/outbox?channel=sms"),
            (f"{here}/cases/7/outcome", "/cases/7"),
            (f"{here}/sign-in?to=/me", "/"),
            (f"{here}/nothing", "/"),
            (f"{here}//evil.example.org/outbox", "/"),
            ("https://evil.example.org/outbox", "/"),
            ("http://[", "/"),
        ):
            door = await client.get(answer.headers["location"], headers={"referer": referer})
            assert f'name="to" value="{to}"' in html.unescape(door.text), referer
        assert (await client.get("/healthz")).text == "ok\n"
    assert await shop.reads() == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 400),
        ({"host": "kept.example.com"}, 200),
        ({"host": "localhost:1"}, 200),
        ({"host": "[::1]:8080"}, 200),
        ({"host": "[::1"}, 400),
        ({"host": ""}, 400),
    ],
)
async def test_only_our_own_names_are_answered_to(
    shop: Shop, headers: Mapping[str, str], status: int
) -> None:
    async with shop.open_doors(role=None, public_url="https://kept.example.com") as client:
        assert (await client.get("/sign-in", headers=headers)).status_code == status


async def test_a_probe_from_the_network_needs_no_name(shop: Shop) -> None:
    async with shop.open_doors(listens_on="0.0.0.0") as client:
        for at in ("/healthz", "/readyz", "/metrics"):
            assert (await client.get(at, headers={"host": "10.0.0.7:8080"})).status_code == 200
        assert (await client.get("/openapi.json", headers={"host": "10.0.0.7:8080"})).status_code == 400


async def test_every_answer_forbids_scripts_frames_and_caching(shop: Shop) -> None:
    await shop.remind()
    async with shop.open_doors() as client:
        for at in ("/outbox", "/outbox/1", "/nothing", "/healthz", "/assets/console.css"):
            headers = (await client.get(at)).headers
            policy = headers["content-security-policy"]
            for part in (
                "default-src 'self'",
                "frame-ancestors 'none'",
                "form-action 'self'",
                "base-uri 'none'",
            ):
                assert part in policy
            assert not re.search(r"unsafe|https?:|\*", policy)
            assert headers["x-content-type-options"] == "nosniff"
        for at in ("/outbox", "/outbox/1", "/me"):
            answer = await client.get(at)
            assert answer.headers["cache-control"] == "no-store"
            assert not re.search(
                r"<script>|<script (?!src=)|<style|style=| on[a-z]+=|(src|href)=.https?:", answer.text
            )


async def test_a_form_is_no_longer_than_any_of_ours(shop: Shop) -> None:
    """Before anybody is signed in, and whether or not its length is said."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"name=" + b"x" * 64 * 1024

    async with shop.open_doors(role=None) as client:
        long = await client.post("/sign-in", data={"name": "x" * MOST_BYTES})
        assert long.status_code == 413
        headers = {"content-type": "application/x-www-form-urlencoded"}
        assert (await client.post("/sign-in", content=chunks(), headers=headers)).status_code == 413
        assert (await client.post("/sign-in", data={"name": "x" * 9999})).status_code == 403


async def test_pages_load_nothing_that_is_not_there(shop: Shop) -> None:
    async with shop.open_doors() as client:
        page = (await client.get("/outbox")).text
        assets = re.findall(r'(?:href|src)="(/assets/[^"]+)"', page)
        assert assets
        for at in assets:
            assert (await client.get(at)).status_code == 200


async def test_what_is_not_there(shop: Shop) -> None:
    async with shop.open_doors() as client:
        answer = await client.get("/outbox/77", headers={"accept": "text/html"})
        assert answer.status_code == 404
        assert "There is no such" in answer.text
        assert (await client.get("/nothing")).json() == {"detail": "Not Found"}
        for odd in ("ten", "-1", "99999999999999999999"):
            assert (await client.get(f"/outbox/{odd}")).status_code == 422
        assert (await client.get("/outbox?before=99999999999999999999")).status_code == 422
        # An address that takes forms alone leads back to its page; a sign that no text can hold is refused.
        page = {"accept": "text/html"}
        back = await client.get("/sign-out", headers=page)
        assert (back.status_code, back.headers["location"]) == (303, "/")
        assert (await client.get("/sign-out")).json() == {"detail": "Method Not Allowed"}
        for answer in (
            await client.get("/cases?text=%00", headers=page),
            await client.post("/approvals/1", data={"says": "\0"}, headers=page),
        ):
            assert (answer.status_code, "sign that cannot be stored" in answer.text) == (422, True)


async def test_a_database_that_is_away_has_a_page_of_its_own(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = {"accept": "text/html"}
    async with shop.open_doors() as client:
        for error, status, said in (
            (ConnectionRefusedError(), 503, "The database does not answer"),
            (WAITED_IN_VAIN(), 503, "A large tape is being loaded"),
            (LookupError(), 500, "Something went wrong here"),
        ):

            async def fails(*_: object, error: Exception = error) -> None:
                raise error

            monkeypatch.setattr("console.pages.approvals.waiting", fails)
            answer = await client.get("/approvals", headers=page)
            assert (answer.status_code, said in answer.text) == (status, True), error
            assert ("retry-after" in answer.headers) == (status == 503)


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
async def test_the_browsers_language(shop: Shop, accept: str, lang: str) -> None:
    async with shop.open_doors() as client:
        page = (await client.get("/outbox", headers={"accept-language": accept})).text
    assert f'<html lang="{lang}"' in page


async def test_the_switch_is_remembered_and_keeps_the_place(shop: Shop) -> None:
    await shop.remind()
    async with shop.open_doors() as client:
        page = html.unescape((await client.get("/outbox?channel=sms")).text)
        assert 'href="/outbox?channel=sms&lang=zh"' in page
        headers = {"referer": f"{str(client.base_url).rstrip('/')}/me?done=settings&lang=en"}
        wrong = await client.post("/me/settings", data={"zone": "Moon/Crater"}, headers=headers)
        assert wrong.status_code == 422
        assert 'href="/me?done=settings&lang=zh"' in html.unescape(wrong.text)
        chosen = (await client.get("/outbox?channel=sms&lang=zh")).text
        assert "发件箱" in chosen
        assert "周一" in chosen
        assert "发送事由" in (await client.get("/outbox/1")).text
        assert "Outbox" in (await client.get("/outbox?lang=en")).text
        assert "Outbox" in (await client.get("/outbox?lang=xx")).text


# --- probes -------------------------------------------------------------------------------------------


async def test_ready_when_database_migrations_and_queue_are(shop: Shop) -> None:
    async with shop.open_doors() as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, set(answer.json().values())) == (200, {"ok"})
        shop.queue = False
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["queue"]) == (503, "failed")
        shop.queue = True
        await shop.book.sql("DELETE FROM alembic_version")
        assert (await client.get("/readyz")).json() == {
            "database": "ok",
            "migrations": "failed",
            "queue": "ok",
        }


async def test_not_ready_without_a_database(shop: Shop) -> None:
    nowhere = create_async_engine("postgresql+asyncpg://kept@127.0.0.1:1/kept")
    async with shop.open_doors(role=None, office=office_of(nowhere)) as client:
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["database"]) == (503, "failed")
        assert (await client.get("/healthz")).status_code == 200
    await nowhere.dispose()


async def test_the_description_names_what_programs_may_call(shop: Shop) -> None:
    async with shop.open_doors() as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
        assert {path for path in paths if not path.startswith("/api/v1/")} == {
            "/webhooks/twilio/status",
            "/webhooks/twilio/inbound",
            "/webhooks/telegram",
            "/stop/{token}",
            "/healthz",
            "/readyz",
            "/metrics",
        }
        assert (await client.get("/docs")).status_code == 404


async def test_metrics_hold_no_address(shop: Shop) -> None:
    await shop.remind()
    async with shop.open_doors() as client:
        text = (await client.get("/metrics")).text
        assert "kept_send_seconds" in text
    assert "@" not in text
    assert "Example" not in text
