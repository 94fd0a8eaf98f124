"""`kept bot`, `kept serve` before it, and `kept sandbox`, as processes of their own: up, at work, down."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.sandbox.server import Sandbox
from bot.sandbox.world import Chat, Persona
from kept.chat import secret_of
from kept.config import load
from kept.sandbox import TOKEN, sandbox, talking_to
from storage.chat.door import door
from tests.builders.book import keyring, office_of
from tests.builders.command import Kept, until

GUEST = Persona("Zed", "+447700900001")


@pytest.fixture
async def server() -> AsyncIterator[Sandbox]:
    async with sandbox(0) as made:
        yield made


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def said(chat: Chat) -> list[str]:
    return [one["text"] for one in chat.messages.values() if one["from"]["is_bot"]]


async def test_the_bot_alone_polls_answers_and_ends_when_told(
    engine: AsyncEngine, server: Sandbox, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    kept = Kept(
        tmp_path, database_url, redis_url, KEPT_TELEGRAM_TOKEN=TOKEN, KEPT_TELEGRAM_API_URL=server.url
    )
    chat = await server.world.join(GUEST)
    async with kept.running("bot") as process:
        await server.world.say(chat, "/start")
        await until(lambda: len(said(chat)) == 1, process)
    assert "share your own phone number" in said(chat)[0].lower()
    await server.world.say(chat, "what do I owe?")  # nobody is there
    async with kept.running("bot") as process:
        await until(lambda: len(said(chat)) == 2, process)
    assert "as soon as we know that it is you" in said(chat)[1]
    outcomes = await kept.rows("SELECT outcome, count(*) FROM chat_updates GROUP BY outcome")
    assert outcomes == [("answered", 2)]
    async with office_of(engine).transaction() as raw:
        assert await door(raw) == "https://t.me/kept_sandbox_bot?start="


async def test_a_webhook_in_one_process_wakes_the_bot_in_another(
    server: Sandbox, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    port = free_port()
    kept = Kept(
        tmp_path,
        database_url,
        redis_url,
        KEPT_TELEGRAM_TOKEN=TOKEN,
        KEPT_TELEGRAM_API_URL=server.url,
        KEPT_TELEGRAM_WEBHOOK=f"http://127.0.0.1:{port}/webhooks/telegram",
        KEPT_HTTP=f"127.0.0.1:{port}",
    )
    chat = await server.world.join(GUEST)
    async with kept.running("serve") as web_side, kept.running("bot") as bot_side:
        await until(lambda: server.world.webhook is not None, bot_side)
        for number in range(1, 4):
            await server.world.say(chat, f"hello {number}")
            await until(lambda wanted=number: len(said(chat)) == wanted, bot_side)
        assert web_side.returncode is None
    asked = [method for method, _ in server.asked]
    assert "getupdates" not in asked
    assert asked.count("sendmessage") == 3


async def test_what_the_bot_cannot_do_without_is_said_in_one_line(
    server: Sandbox, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    kept = Kept(tmp_path, database_url, redis_url)
    assert "KEPT_TELEGRAM_TOKEN is not set" in (await kept.run("bot")).complaint
    server.faults["setwebhook"] = [
        web.json_response({"ok": False, "error_code": 400, "description": "bad webhook"}, status=400)
    ]
    given = kept.with_settings(
        KEPT_TELEGRAM_TOKEN=TOKEN,
        KEPT_TELEGRAM_API_URL=server.url,
        KEPT_TELEGRAM_WEBHOOK="https://kept.example.com/webhooks/telegram",
    )
    ended = await given.run("bot")
    assert ended.code == 2
    assert "KEPT_TELEGRAM_WEBHOOK is not accepted" in ended.err.splitlines()[-1]


async def test_the_sandbox_serves_its_page_and_the_bot_api_until_told(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    port = free_port()
    kept = Kept(tmp_path, database_url, redis_url)
    async with kept.running("sandbox", "--port", str(port)) as process:
        assert process.stdout is not None
        lines = [(await process.stdout.readline()).decode() for _ in range(2)]
        assert f"http://127.0.0.1:{port}/" in lines[0]
        assert f"KEPT_TELEGRAM_API_URL=http://127.0.0.1:{port}" in lines[1]
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            page = await client.get("/")
            assert page.status_code == 200
            assert "default-src 'none'" in page.headers["content-security-policy"]
            me = (await client.post(f"/bot{TOKEN}/getMe")).json()
            assert me["result"]["is_bot"]
            assert (await client.post(f"/bot{TOKEN}/sendInvoice")).status_code == 404, "unknown: an error"
            foreign = await client.get("/people", headers={"Origin": "http://elsewhere.example.com"})
            assert foreign.status_code == 403
        taken = await kept.run("sandbox", "--port", str(port))
        assert f"port {port} of 127.0.0.1 cannot be listened on" in taken.complaint


async def test_a_bot_on_the_sandbox_has_its_own_settings_and_a_secret_of_the_keys(
    server: Sandbox, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KEPT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("KEPT_TELEGRAM_WEBHOOK", "https://kept.example.com/webhooks/telegram")
    given = talking_to(load(None), server).telegram
    assert given.token is not None
    assert (given.token.get_secret_value(), given.api_url, given.webhook) == (TOKEN, server.url, None)
    assert secret_of(office_of(engine)) == keyring().token("chat webhook", "").hex()
