"""A rule makes a person eligible, and they are told: more time is offered, and one tap asks for it."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.builders.chatroom import TODAY, Chatroom
from tests.builders.town import DAY, MONDAY

OFFER = """
strategy: offer
segment: {}
stale_after: 3d
guard: 1000
steps:
  more-time:
    at: due + 5d 10:00
    when: promises_broken == 0 && arrears <= 300
    send: more-time
    by: [chat, sms]
    expires: 3d
"""


@pytest.fixture
async def room(engine: AsyncEngine) -> AsyncIterator[Chatroom]:
    made = Chatroom(engine)
    made.portfolio = await made.book.portfolio()
    made.gentle = await made.book.strategy("offer", OFFER)
    await made.book.feed(made.portfolio, MONDAY)
    async with made.opened() as opened:
        yield opened


async def test_who_is_eligible_hears_that_there_is_more_time_to_be_had(room: Chatroom) -> None:
    ann = await room.borrower(TODAY - 5 * DAY, phone=True)
    guest = await room.linked(ann)
    room.now += timedelta(hours=3)
    await room.book.sql("UPDATE cases SET next_look_at = $1 RETURNING id", room.now)
    assert (await room.look()).contacts == 1
    await room.send()
    (said,) = [sent.body for sent in room.providers["chat"].took]
    assert "you can ask for more time" in said.text
    assert "250" in said.text
    assert said.buttons[0] == ("Ask for more time", "cannot")
    await room.sandbox.world.tap(guest.chat, 1, "cannot")
    assert "What has happened" in await guest.told()


async def test_who_owes_more_than_the_rule_says_hears_nothing_of_it(room: Chatroom) -> None:
    ann = await room.borrower(TODAY - 5 * DAY, 400_00, phone=True)
    await room.linked(ann)
    room.now += timedelta(hours=3)
    await room.book.sql("UPDATE cases SET next_look_at = $1 RETURNING id", room.now)
    assert (await room.look()).contacts == 0
