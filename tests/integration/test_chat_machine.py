"""The machine: stored before acknowledged, once, in order; patient, content with a server of few words."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import orjson
import pytest
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.sandbox.server import Sandbox
from bot.sandbox.world import World
from bot.texts import speech
from casework.borrower import updates
from casework.borrower.conversation import close, lines, reply, take, waiting
from casework.errors import CaseworkInputError
from casework.staff.rights import Actor, Denied, Role
from console.app import Desk, create_app
from console.desk import ChatDoor
from kept.clock import FixedClock
from tests.builders.book import SYSTEM
from tests.builders.chatroom import TODAY, Chatroom
from tests.builders.served import served
from tests.builders.town import DAY

BALANCE = speech("en").button("balance")
CARL = Actor("carl", Role.COLLECTOR)


@pytest.fixture
async def room(engine: AsyncEngine) -> AsyncIterator[Chatroom]:
    made = Chatroom(engine)
    await made.open()
    async with made.opened() as opened:
        yield opened


def update(number: int, chat: int = 77, text: str = "hello") -> dict[str, Any]:
    who = {"id": chat, "is_bot": False, "first_name": "X"}
    message = {"message_id": number, "date": 0, "chat": {"id": chat, "type": "private"}, "from": who}
    return {"update_id": number, "message": {**message, "text": text}}


async def test_an_update_delivered_twice_is_stored_and_worked_once(room: Chatroom) -> None:
    guest = await room.guest()
    await room.sandbox.world.say(guest.chat, "hello")
    found = await room.machine.ask(None, wait=0)
    assert await room.machine.take(found) == 1
    assert await room.machine.take(found) == 0
    await room.machine.drain()
    await room.machine.take(found)
    await room.machine.drain()
    assert len([one for one in guest.chat.messages.values() if one["from"]["is_bot"]]) == 1
    (body,) = await room.book.sql("SELECT body FROM chat_updates")
    assert b"hello" not in body[0], "sealed"


async def test_updates_of_a_chat_are_worked_in_order_and_those_of_others_beside(room: Chatroom) -> None:
    office, now = room.office, room.now
    await updates.take(office, SYSTEM, 1, [update(1, 5), update(2, 5), update(3, 6)], now)
    first = await updates.turn(office, SYSTEM, [], now, now, 10)
    assert [one.id for one in first] == [1, 3]
    assert await updates.turn(office, SYSTEM, [], now, now, 10) == [], (
        "leased, and the second waits for the first"
    )
    second = await updates.turn(office, SYSTEM, [(1, "answered")], now, now, 10)
    assert [one.id for one in second] == [2]
    later = now + updates.LEASE + timedelta(seconds=1)
    again = await updates.turn(office, SYSTEM, [], later, later, 10)
    assert [(one.id, one.tries) for one in again] == [(2, 2), (3, 2)], "whoever had them is dead"


async def test_only_the_machine_takes_updates(room: Chatroom) -> None:
    with pytest.raises(Denied):
        await updates.take(room.office, CARL, 1, [update(1)], room.now)


async def test_the_webhook_stores_before_it_answers_and_wants_its_secret(room: Chatroom) -> None:
    async def store(found: Any) -> None:
        await updates.take(room.office, SYSTEM, 1, [found], room.now)

    async def nothing(_: str = "") -> bool:
        return True

    def app(url: str) -> Any:
        return create_app(
            Desk(
                office=room.office,
                clock=FixedClock(room.now),
                public_url=url,
                listens_on="127.0.0.1",
                twilio=None,
                wake=nothing,  # type: ignore[arg-type]
                queue_answers=nothing,
                chat=ChatDoor("s3cret", store),
            )
        )

    async with served(app) as url, httpx2.AsyncClient(base_url=url) as client:
        body, right = orjson.dumps(update(1)), {"X-Telegram-Bot-Api-Secret-Token": "s3cret"}
        assert (await client.post("/webhooks/telegram", content=body)).status_code == 403
        wrong = {"X-Telegram-Bot-Api-Secret-Token": "another"}
        assert (await client.post("/webhooks/telegram", content=body, headers=wrong)).status_code == 403
        assert await room.book.sql("SELECT 1 FROM chat_updates") == []
        for _ in range(2):
            assert (await client.post("/webhooks/telegram", content=body, headers=right)).status_code == 200
        for bad in (b"", b"[]", b"{}", b'{"update_id": "1"}', b"\xff"):
            assert (await client.post("/webhooks/telegram", content=bad, headers=right)).status_code == 400
        long = b'{"update_id": 1, "x": "' + b"x" * 300_000 + b'"}'
        assert (await client.post("/webhooks/telegram", content=long, headers=right)).status_code == 413
    assert len(await room.book.sql("SELECT 1 FROM chat_updates")) == 1


def refusal(status: int, said: str, **more: Any) -> web.Response:
    body = orjson.dumps({"ok": False, "error_code": status, "description": said, **more})
    return web.Response(body=body, status=status, content_type="application/json")


async def test_asked_to_wait_it_waits_and_then_says_it_once(room: Chatroom) -> None:
    guest = await room.guest()
    room.sandbox.faults["sendmessage"] = [refusal(429, "Too Many Requests", parameters={"retry_after": 1})]
    began = asyncio.get_running_loop().time()
    assert "share your own" in (await guest.says("hello")).lower()
    assert asyncio.get_running_loop().time() - began >= 1
    assert [method for method, _ in room.sandbox.asked].count("sendmessage") == 2


async def test_who_blocked_the_bot_gets_no_reminders_there_until_they_open_it_again(room: Chatroom) -> None:
    ann = await room.borrower(TODAY)
    guest = await room.linked(ann)
    await room.sandbox.world.block(guest.chat, True)
    await room.settle()
    consents = "SELECT channel, state, source FROM consents ORDER BY id"
    assert [tuple(row) for row in await room.book.sql(consents)] == [("chat", "revoked", "provider")]
    assert await guest.says("balance") == ""
    rows = await room.book.sql("SELECT outcome FROM chat_updates ORDER BY id DESC LIMIT 1")
    assert rows[0][0] == "blocked"
    await room.sandbox.world.block(guest.chat, False)
    await room.settle()
    assert [tuple(row) for row in await room.book.sql(consents)][-1] == ("chat", "granted", "provider")
    assert "250.00" in await guest.says(BALANCE)


async def test_a_reminder_goes_by_the_linked_chat_and_its_buttons_work(room: Chatroom) -> None:
    """Linking makes the chat an address that carries amounts; what the provider is given is its id."""
    ann = await room.borrower(TODAY + DAY, phone=True)
    guest = await room.linked(ann)
    await room.book.sql("UPDATE addresses SET state = 'suspended' WHERE kind = 'email' AND false")
    rows = await room.book.sql("SELECT kind, state FROM addresses ORDER BY id")
    assert ("chat", "linked") in [tuple(row) for row in rows]
    for action in ("pay", "human", "stop"):
        await room.sandbox.world.tap(guest.chat, 1, action)
        assert await guest.told()


async def test_who_just_asked_in_the_chat_is_not_reminded_there_in_the_same_breath(room: Chatroom) -> None:
    ann = await room.borrower(TODAY, look_at=None)
    guest = await room.linked(ann)
    await room.book.sql("UPDATE cases SET next_look_at = $1 RETURNING id", room.now)
    assert "250.00" in await guest.says(BALANCE)
    reminders = (
        "SELECT c.state FROM contacts c JOIN messages m ON m.id = c.message_id AND m.purpose = 'dunning' "
        "ORDER BY c.id"
    )
    await room.look()
    await room.send()
    assert [row[0] for row in await room.book.sql(reminders)][-1] == "planned"
    room.now += timedelta(hours=1)
    await room.send()
    assert [row[0] for row in await room.book.sql(reminders)][-1] == "accepted"


async def test_a_stale_button_is_answered_kindly(room: Chatroom) -> None:
    guest = await room.linked(await room.borrower(TODAY))
    for data in ("gone:7", "\x1dABCDEF\x1dpromise", "language:xx", "", "a" * 64):
        await room.sandbox.world.tap(guest.chat, 3, data)
        told = await guest.told()
        assert told
        assert guest.buttons()


class Bare(Sandbox):
    """A server of polling, messages and callbacks, which answers the rest with an error or null."""

    def __init__(self, world: World, rest: Any) -> None:
        super().__init__(world)
        known = ("getupdates", "sendmessage", "answercallbackquery")
        for method in list(self._methods):
            if method not in known:
                del self._methods[method]
                if rest is None:
                    self._methods[method] = self._null

    async def _null(self, _: Any) -> None:
        return None


@pytest.mark.parametrize("rest", ["error", None])
async def test_a_server_that_knows_little_is_enough(engine: AsyncEngine, rest: Any) -> None:
    made = Chatroom(engine)
    await made.open()
    async with made.opened(sandbox=Bare(World(lambda: made.now), rest)) as room:
        assert await room.machine.announce(None) is None
        await room.machine.hook(None, "")
        guest = await room.linked(await room.borrower(TODAY))
        assert "250.00" in await guest.taps("balance")
        await guest.taps("menu")
        await guest.taps("more")
        await guest.taps("language")
        assert "中文" in await guest.taps("中文")
        assert "€250.00" in await guest.taps("balance")
        failed = await room.book.sql("SELECT count(*) FROM chat_updates WHERE outcome <> 'answered'")
        assert failed[0][0] == 0


async def test_what_cannot_be_worked_is_tried_again_and_then_told(
    room: Chatroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = await room.linked(await room.borrower(TODAY))
    room.sandbox.faults["sendmessage"] = [refusal(500, "Internal Server Error") for _ in range(3)]
    assert await guest.says(BALANCE) == ""
    for _ in range(2):
        room.now += timedelta(seconds=30)
        await room.settle()
    assert "Something went wrong" in guest.read()
    rows = await room.book.sql("SELECT outcome, tries FROM chat_updates ORDER BY id DESC LIMIT 1")
    assert tuple(rows[0]) == ("failed", 3)


async def test_a_group_is_no_place_for_it(room: Chatroom) -> None:
    found = update(1, -100)
    found["message"]["chat"]["type"] = "group"
    await room.machine.take([found])
    await room.machine.drain()
    assert [method for method, _ in room.sandbox.asked if method == "sendmessage"] == []


async def test_polling_goes_on_over_errors_and_ends_when_told(room: Chatroom) -> None:
    guest = await room.guest()
    room.sandbox.faults["getupdates"] = [refusal(502, "Bad Gateway")]
    tasks = [asyncio.create_task(room.machine.poll()), asyncio.create_task(room.machine.work())]
    await room.sandbox.world.say(guest.chat, "hello")
    async with asyncio.timeout(20):
        await room.sandbox.world.changed(
            lambda: any(m["from"]["is_bot"] for m in guest.chat.messages.values()), 20
        )
        room.machine.stop()
        await asyncio.gather(*tasks)
    rows = await room.book.sql("SELECT outcome FROM chat_updates")
    assert [row[0] for row in rows] == ["answered"]


async def test_a_conversation_with_a_person_and_back(room: Chatroom) -> None:
    guest = await room.linked(await room.borrower(TODAY))
    assert "A person will read this" in await guest.taps("human")
    assert "They have your message" in await guest.says("My boiler broke, can I pay on Friday?")
    (talk,) = await waiting(room.office, CARL)
    with pytest.raises(CaseworkInputError, match="take conversation"):
        await reply(room.office, CARL, talk.id, "Hello", room.now)
    await take(room.office, CARL, talk.id, room.now)
    with pytest.raises(CaseworkInputError, match="with carl"):
        await take(room.office, Actor("dora", Role.COLLECTOR), talk.id, room.now)
    await reply(room.office, CARL, talk.id, "Friday is fine.", room.now)
    assert await guest.told() == "Friday is fine."
    assert await guest.told() == "", "said once"
    assert await guest.says("Thank you!") == "", "a person is there: the bot keeps quiet"
    said = [(line.side, line.text) for line in await lines(room.office, CARL, talk.id, room.now)]
    assert said == [
        ("borrower", "My boiler broke, can I pay on Friday?"),
        ("staff", "Friday is fine."),
        ("borrower", "Thank you!"),
    ]
    (row,) = await room.book.sql("SELECT body FROM talk_lines LIMIT 1")
    assert b"boiler" not in row[0]
    await close(room.office, CARL, talk.id, room.now)
    assert await waiting(room.office, CARL) == []
    with pytest.raises(CaseworkInputError, match="over"):
        await reply(room.office, CARL, talk.id, "Bye", room.now)
    with pytest.raises(Denied):
        await waiting(room.office, Actor("fin", Role.FINANCE))


@pytest.mark.parametrize(
    "words", ["STOP", "stop please", "退订", "отпишите меня", "baja", "stop it. thank you"]
)
async def test_acceptance_08_stop_in_any_supported_language_before_the_next_send(
    room: Chatroom, words: str
) -> None:
    ann = await room.borrower(TODAY, phone=True)
    guest = await room.linked(ann)
    assert "no more reminders" in await guest.says(words)
    assert [tuple(row) for row in await room.book.sql("SELECT channel, state, source FROM consents")] == [
        ("chat", "revoked", "reply")
    ]
    assert "250.00" in await guest.says(BALANCE), "what they ask themselves is answered"
    assert "reminders here again" in await guest.says("START")
