"""Many borrowers ask at once what they owe, through the webhook: none lost, none answered twice.

A hundred by default; KEPT_CROWD=1000 asks for the thousand. How long the 95th of a hundred waited is printed
(pytest -s): it is the machine's to say, so nothing is asserted of it.
"""

import asyncio
import os
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

import pytest
from aiohttp import ClientSession, TCPConnector
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.sandbox.server import Sandbox
from bot.sandbox.world import Persona, World
from bot.texts import speech
from kept.chat import secret_of
from kept.clock import SystemClock
from kept.sandbox import TOKEN
from tests.builders.book import office_of
from tests.builders.chatroom import Chatroom
from tests.builders.command import Kept, until

CROWD = int(os.environ.get("KEPT_CROWD") or 100)
KEYS = "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="  # of tests.builders.book.keyring
QUESTION = speech("en").button("balance")


class Clocked(Sandbox):
    """A server that keeps when it was asked to say something, and where."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.answered: dict[int, list[float]] = {}

    async def _send_message(self, asked: Any) -> Any:
        self.answered.setdefault(int(asked["chat_id"]), []).append(perf_counter())
        return await super()._send_message(asked)


@pytest.fixture
async def server() -> AsyncIterator[Clocked]:
    made = Clocked(World(SystemClock().wall))
    made._methods["sendmessage"] = made._send_message
    await made.start()
    yield made
    await made.close()


def _listens(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def _asks(chat: int, number: int) -> dict[str, Any]:
    who = {"id": chat, "is_bot": False, "first_name": "Ann", "language_code": "en"}
    message = {"message_id": 1, "date": 0, "chat": {"id": chat, "type": "private"}, "from": who}
    return {"update_id": number, "message": {**message, "text": QUESTION}}


async def test_a_crowd_at_the_webhook_loses_nobody_and_answers_nobody_twice(
    engine: AsyncEngine, server: Clocked, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    hook = f"http://127.0.0.1:{port}/webhooks/telegram"
    kept = Kept(
        tmp_path,
        database_url,
        redis_url,
        KEPT_TELEGRAM_TOKEN=TOKEN,
        KEPT_TELEGRAM_API_URL=server.url,
        KEPT_TELEGRAM_WEBHOOK=hook,
        KEPT_HTTP=f"127.0.0.1:{port}",
        KEPT_ENCRYPTION_KEYS=KEYS,
    )
    town = Chatroom(engine)
    town.now = SystemClock().wall()
    await town.open(town.now)
    people = [await town.borrower(town.now.date(), 250_00 + number) for number in range(CROWD)]
    chats = [await server.world.join(Persona("Ann", "+447700900001")) for _ in people]
    async with town.office.transaction() as raw:
        for ann, chat in zip(people, chats, strict=True):
            await _link(raw, town, ann.person, chat.id)
    async with kept.running("serve") as web, kept.running("bot") as bot:
        await until(lambda: _listens(port), web)
        await until(lambda: server.world.webhook is not None, bot)
        server.world.webhook = None  # the crowd comes to the door itself, all at once
        secret = {"X-Telegram-Bot-Api-Secret-Token": secret_of(office_of(engine))}
        began: dict[int, float] = {}
        async with ClientSession(connector=TCPConnector(limit=0), headers=secret) as http:

            async def post(chat: int, number: int) -> int:
                began.setdefault(chat, perf_counter())
                async with http.post(hook, json=_asks(chat, number)) as answer:
                    return answer.status

            first = [post(chat.id, number) for number, chat in enumerate(chats, 1)]
            again = [post(chat.id, number) for number, chat in enumerate(chats, 1) if number % 5 == 0]
            statuses = Counter(await asyncio.gather(*first, *again))
        assert statuses == {200: len(first) + len(again)}
        await until(lambda: len(server.answered) == CROWD, bot)
    assert {len(times) for times in server.answered.values()} == {1}, "nobody twice"
    for number, chat in enumerate(chats):
        (said,) = [one["text"] for one in chat.messages.values()]
        assert f"€{250 + number // 100}.{number % 100:02}" in said, "their own figures"
    outcomes = await kept.rows("SELECT outcome, tries, count(*) FROM chat_updates GROUP BY 1, 2")
    assert outcomes == [("answered", 1, CROWD)]
    waited = sorted(server.answered[chat.id][0] - began[chat.id] for chat in chats)
    p95 = quantiles(waited, n=20)[-1]
    sys.stdout.write(f"\n{CROWD} borrowers at once: half in {waited[CROWD // 2]:.2f} s, p95 {p95:.2f} s\n")


async def _link(raw: Any, town: Chatroom, person: int, chat: int) -> None:
    """The chat is the person's, as after a proof."""
    ring, text = town.office.keyring, str(chat)
    token = ring.token("chat", text)
    (row,) = await raw.ids("chats", 1)
    (address,) = await raw.ids("addresses", 1)
    await raw.run(
        "INSERT INTO addresses (id, person_id, kind, value, token, state, seen_at) "
        "VALUES ($1, $2, 'chat', $3, $4, 'linked', $5)",
        address,
        person,
        ring.seal("addresses", "value", address, text),
        token,
        town.now,
    )
    await raw.run(
        "INSERT INTO chats (id, token, value, language, person_id, address_id, linked_at, seen_at, numbers) "
        "VALUES ($1, $2, $3, 'en', $4, $5, $6, $6, "
        "ARRAY(SELECT token FROM addresses WHERE person_id = $4 AND kind = 'phone'))",
        row,
        token,
        ring.seal("chats", "value", row, text),
        person,
        address,
        town.now,
    )
