"""Links to the chat: to whom, where, by whom, and through the same gate as every message."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.borrower.invitations import invite_borrower, invite_portfolio
from casework.errors import CaseworkInputError
from casework.staff.rights import Actor, Denied, Role
from tests.builders.chatroom import TODAY, Chatroom
from tests.builders.command import Kept
from tests.builders.town import DAY

OPERATIONS = Actor("olga", Role.OPERATIONS)


@pytest.fixture
async def room(engine: AsyncEngine) -> AsyncIterator[Chatroom]:
    made = Chatroom(engine)
    await made.open()
    async with made.opened() as opened:
        yield opened


async def sent(room: Chatroom) -> list[tuple[str, str]]:
    rows = await room.book.sql("SELECT channel, state FROM contacts WHERE template = 'chat-link' ORDER BY id")
    return [tuple(row) for row in rows]


async def test_a_link_goes_to_the_best_address_and_opens_the_chat(room: Chatroom) -> None:
    await room.borrower(TODAY + 20 * DAY, external_id="b-ann", look_at=None)
    assert (await invite_borrower(room.office, OPERATIONS, "b-ann", None, room.now)).channels == {"sms": 1}
    await room.send()
    assert await sent(room) == [("sms", "accepted")]
    said = room.providers["sms"].took[-1].body.text
    guest = await room.guest()
    payload = re.findall(r"\?start=(\S+)", said)[0]
    assert "Hello Ann Example" in await guest.says(f"/start {payload}")


async def test_the_gate_holds_it_to_the_hours_and_caps_of_a_reminder(room: Chatroom) -> None:
    ann = await room.borrower(TODAY, external_id="b-ann")
    await room.look()
    await room.send()
    await room.book.sql("UPDATE addresses SET state = 'confirmed' WHERE id = $1 RETURNING id", ann.phone)
    await invite_borrower(room.office, OPERATIONS, "b-ann", None, room.now)
    await room.send()
    assert await sent(room) == [("sms", "planned")], "today's message was the reminder"
    room.now += DAY
    await room.send()
    assert await sent(room) == [("sms", "accepted")]
    await room.book.consent(ann.person, "sms", "revoked", room.now)
    await invite_borrower(room.office, OPERATIONS, "b-ann", None, room.now)
    assert (await sent(room))[-1] == ("email", "planned"), "not where they said stop"


async def test_a_portfolio_is_invited_once_and_who_has_a_chat_is_not(room: Chatroom) -> None:
    linked = await room.borrower(TODAY + 20 * DAY, look_at=None)
    await room.linked(linked)
    for _ in range(3):
        await room.borrower(TODAY + 20 * DAY, look_at=None)
    await room.borrower(TODAY + 20 * DAY, look_at=None, phone=False, email=False)
    paid = await room.borrower(TODAY + 20 * DAY, look_at=None)
    await room.book.pay(paid, 250_00, TODAY)
    first = await invite_portfolio(room.office, OPERATIONS, "acme", 2, room.now)
    assert (first.channels, first.nowhere, first.left) == ({"sms": 2}, 1, 1)
    second = await invite_portfolio(room.office, OPERATIONS, "acme", 100, room.now)
    assert (second.channels, second.nowhere, second.left) == ({"sms": 1}, 1, 0)
    assert (await invite_portfolio(room.office, OPERATIONS, "acme", 100, room.now)).channels == {}
    room.now += 15 * DAY
    assert (await invite_portfolio(room.office, OPERATIONS, "acme", 100, room.now)).channels == {"sms": 3}


async def test_who_may_not_and_what_cannot_be(room: Chatroom) -> None:
    await room.borrower(TODAY, external_id="b-ann")
    await room.borrower(TODAY, external_id="b-none", phone=False, email=False)
    for actor in (
        Actor("fin", Role.FINANCE),
        Actor("r", Role.RISK),
        Actor("o", Role.OPERATIONS, frozenset("x")),
    ):
        with pytest.raises(Denied):
            await invite_borrower(room.office, actor, "b-ann", None, room.now)
        with pytest.raises(Denied):
            await invite_portfolio(room.office, actor, "acme", 1, room.now)
    with pytest.raises(CaseworkInputError, match="of their own"):
        await invite_borrower(room.office, OPERATIONS, "b-none", None, room.now)
    with pytest.raises(CaseworkInputError, match="no borrower"):
        await invite_borrower(room.office, OPERATIONS, "b-x", None, room.now)
    with pytest.raises(CaseworkInputError, match="there are: acme"):
        await invite_portfolio(room.office, OPERATIONS, "nowhere", 1, room.now)
    assert await sent(room) == []


async def test_the_command_says_what_it_planned(
    engine: AsyncEngine, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    kept = Kept(tmp_path, database_url, redis_url)
    assert (await kept.run("check")).code == 0
    made = Chatroom(engine)
    await made.open()
    await made.borrower(TODAY, external_id="b-ann")
    assert "no bot has run" in (await kept.run("chat", "invite", "b-ann")).complaint
    async with made.opened():
        pass  # it says where the chat is
    assert await kept.json("chat", "invite", "b-ann") == {"planned": {"sms": 1}, "nowhere": 0, "left": 0}
    assert await kept.json("chat", "invite", "--portfolio", "acme") == {
        "planned": {},
        "nowhere": 0,
        "left": 0,
    }
    assert "give a BORROWER" in (await kept.run("chat", "invite")).complaint
    assert (await kept.run("chat", "invite", "b-x")).complaint == "kept: there is no borrower 'b-x'"
