"""Every dialog to its end and off its path, over HTTP: nonsense, back, cancel, twice, other buttons.

One table says how each dialog goes (tests/builders/ways.py); what may happen on the way is the same for all.
A dialog that is not in the table fails `test_every_dialog_is_in_the_table`.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.dialogs import entries
from bot.texts import speech
from tests.builders.chatroom import TODAY, Chatroom, Guest
from tests.builders.town import DAY
from tests.builders.ways import CODE, WAYS

SAY = speech("en", "IE")


def test_every_dialog_is_in_the_table() -> None:
    assert set(WAYS) == set(entries())


@pytest.fixture
async def room(engine: AsyncEngine) -> AsyncIterator[Chatroom]:
    made = Chatroom(engine)
    await made.open()
    async with made.opened() as opened:
        yield opened


class Walk:
    """Somebody in one dialog, and somebody else beside."""

    def __init__(self, room: Chatroom, dialog: str, guest: Guest) -> None:
        self.room, self.dialog, self.way, self.guest = room, dialog, WAYS[dialog], guest

    @classmethod
    async def of(cls, room: Chatroom, dialog: str) -> "Walk":
        ann = await room.borrower(TODAY - 3 * DAY, look_at=None)
        guest = await room.linked(ann)
        if dialog == "feedback":
            await room.book.pay(ann, 250_00, TODAY)
        return cls(room, dialog, guest)

    async def kept(self) -> list[Any]:
        return await self.room.book.sql(self.way.kept)

    async def begin(self) -> None:
        self.sees(0, await self.guest.says(SAY.button(self.dialog)))

    async def step(self, number: int) -> str:
        done = self.way.steps[number]
        if done.startswith("="):
            return await self.guest.taps(SAY.texts[done[1:]])
        return await self.guest.says(await self.room.code() if done == CODE else done)

    def sees(self, number: int, told: str) -> None:
        assert begins(self.way.asked[number]) in told, (self.way.asked[number], told)

    def data(self) -> tuple[int, list[str]]:
        """The newest message with buttons, and what each of them asks for."""
        for shown in reversed(list(self.guest.chat.messages.values())):
            rows = shown.get("reply_markup", {}).get("inline_keyboard", [])
            if rows:
                return shown["message_id"], [one["callback_data"] for row in rows for one in row]
        raise AssertionError("no buttons")

    async def nonsense(self) -> str:
        if self.way.nonsense == "photo":
            return await self.guest.shows()
        return await self.guest.says("\u3042\u3044\u3046")


def begins(key: str) -> str:
    """The text of `key` up to its first blank."""
    return SAY.texts[key].partition("{")[0].strip()


def ends(told: str, key: str) -> bool:
    """Whether the text of `key` was said: what is around its blanks, in order."""
    text = SAY.texts[key]
    return text.rpartition("}")[2].strip() in told and begins(key) in told


OVER = SAY.texts["menu.stale"]


@pytest.mark.parametrize("dialog", sorted(WAYS))
async def test_to_its_end_past_nonsense_back_anothers_button_and_twice(room: Chatroom, dialog: str) -> None:
    walk = await Walk.of(room, dialog)
    other = await room.linked(await room.borrower(TODAY))
    before = await walk.kept()
    await walk.begin()
    seen: list[tuple[int, str]] = []
    last = len(walk.way.steps) - 1
    for number in range(last + 1):
        walk.sees(number, await walk.nonsense())
        message, asks = walk.data()
        for data in asks:  # somebody else taps what is this one's: nothing of theirs is reached
            await room.sandbox.world.tap(other.chat, message, data)
            assert OVER in await other.told()
        if number not in walk.way.no_back and number:
            to = walk.way.back.get(number, number - 1)
            walk.sees(to, await walk.guest.taps("back"))
            for again in range(to, number):
                walk.sees(again + 1, await walk.step(again))
        seen += [(message, data) for data in asks]
        if (
            dialog != "number" or number < last
        ):  # the code makes it theirs; whether the old one is good, is asked
            assert await walk.kept() == before, "nothing is done before its end"
        if number == last and walk.way.steps[number].startswith("="):  # twice, before either is worked
            tapped = walk.guest.button(SAY.texts[walk.way.steps[number][1:]])
            for _ in range(2):
                await room.sandbox.world.tap(walk.guest.chat, *tapped)
            told = await walk.guest.told()
        else:
            told = await walk.step(number)
            if number < last:
                walk.sees(number + 1, told)
    assert ends(told, walk.way.ends), told
    assert len(await walk.kept()) == len(before) + 1
    for message, data in seen:  # what is over is over, whichever of its buttons is tapped
        await room.sandbox.world.tap(walk.guest.chat, message, data)
        assert await walk.guest.told()
    assert len(await walk.kept()) == len(before) + 1
    failed = await room.book.sql("SELECT tries FROM chat_updates WHERE outcome = 'failed' OR tries > 1")
    assert failed == []


@pytest.mark.parametrize("dialog", sorted(WAYS))
async def test_left_in_any_of_its_windows_it_leaves_nothing(room: Chatroom, dialog: str) -> None:
    walk = await Walk.of(room, dialog)
    before = await walk.kept()
    for leaves in range(len(walk.way.steps)):
        if dialog == "number" and leaves == 3:
            break  # the code was right: the number is theirs by then
        room.now += timedelta(hours=2)  # a code a while
        await walk.begin()
        for number in range(leaves):
            walk.sees(number + 1, await walk.step(number))
        message, asks = walk.data()
        told = await walk.guest.taps("no" if dialog == "wrong" else "cancel")
        assert SAY.texts["menu.cancelled"] in told
        for data in asks:
            await room.sandbox.world.tap(walk.guest.chat, message, data)
            assert OVER in await walk.guest.told()
        assert await walk.kept() == before
