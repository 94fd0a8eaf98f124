"""The windows of every dialog by aiogram-dialog's own tools, without a network: words and keyboards."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiogram.fsm.storage.memory import MemoryStorage
from aiogram.methods import DeleteMessage, SendMessage, TelegramMethod
from aiogram.types import Chat, Message
from aiogram_dialog.test_tools import BotClient, MockMessageManager
from aiogram_dialog.test_tools.bot_client import FakeBot
from aiogram_dialog.test_tools.keyboard import InlineButtonTextLocator
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.dialogs import dialogs, entries
from bot.routes import dispatcher
from bot.texts import speech
from casework.borrower.chats import arrive, speak
from tests.builders.book import SYSTEM
from tests.builders.chatroom import TODAY, Chatroom
from tests.builders.town import DAY, MONDAY
from tests.builders.ways import CODE, WAYS


class Recording(FakeBot):
    """Takes what is said outside of windows."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    async def __call__(self, method: TelegramMethod[Any], request_timeout: int | None = None) -> Any:
        if isinstance(method, SendMessage):
            self.said.append(method.text)
            chat = Chat(id=int(method.chat_id), type="private")
            return Message(message_id=len(self.said) + 1000, date=MONDAY, chat=chat, text=method.text)
        if isinstance(method, DeleteMessage):
            return True
        return await super().__call__(method, request_timeout)


class Screen:
    """One borrower before the bot: what they do, and the window they see."""

    def __init__(self, room: Chatroom, chat: int, code: str) -> None:
        self.windows, self.bot, self.say = MockMessageManager(), Recording(), speech(code, "IE")
        self.room = room
        self.made = dispatcher(room.desk, MemoryStorage(), self.windows)
        self.client = self.of(chat)

    def of(self, chat: int) -> BotClient:
        """Somebody before the same bot."""
        return BotClient(self.made, chat, chat, bot=self.bot)

    async def types(self, text: str) -> None:
        await self.client.send(text)

    async def taps(self, label: str) -> None:
        shown = self.windows.last_message()
        await self.client.click(shown, InlineButtonTextLocator(label))

    @property
    def text(self) -> str:
        return self.windows.last_message().text or ""

    @property
    def shape(self) -> list[int]:
        """How many buttons each row has."""
        markup = self.windows.last_message().reply_markup
        return [] if markup is None else [len(row) for row in markup.inline_keyboard]  # type: ignore[union-attr]

    @property
    def labels(self) -> list[str]:
        markup = self.windows.last_message().reply_markup
        return [one.text for row in markup.inline_keyboard for one in row]  # type: ignore[union-attr]


@pytest.fixture(params=["en", "zh"])
async def screen(engine: AsyncEngine, request: pytest.FixtureRequest) -> AsyncIterator[Screen]:
    room = Chatroom(engine)
    await room.open()
    async with room.opened():
        ann = await room.borrower(TODAY - 3 * DAY)
        guest = await room.linked(ann)
        chat = await arrive(room.office, SYSTEM, guest.chat.id, None, room.now)
        await speak(room.office, SYSTEM, chat, request.param, room.now)
        yield Screen(room, guest.chat.id, request.param)


def words(screen: Screen, key: str) -> str:
    """The text of `key` up to its first blank."""
    return screen.say.texts[key].partition("{")[0]


# What is done, the text that is seen then, and the rows of its keyboard. "=key": the button of that text is
# tapped; anything else is typed.
WALKS: dict[str, list[tuple[str, str, list[int]]]] = {
    "promise": [
        ("=buttons.promise", "promise.amount", [1, 2]),
        ("100", "promise.day", [2, 2, 2, 2, 1, 2]),
        ("=buttons.another_day", "promise.calendar", [7, 7, 7, 7, 7, 7, 2, 2]),
        ("28/11", "promise.check", [1, 2]),
        ("=buttons.back", "promise.day", [2, 2, 2, 2, 1, 2]),
        ("=buttons.back", "promise.amount", [1, 2]),
    ],
    "paid": [("=buttons.paid", "paid.receipt", [1, 2])],
    "cannot": [
        ("=buttons.cannot", "cannot.why", [1] * 6 + [1]),
        ("=cannot.why_health", "cannot.when", [1] * 4 + [2]),
        ("=cannot.when_weeks", "cannot.what", [1] * 4 + [2]),
        ("=cannot.what_pause", "cannot.check", [1, 2]),
    ],
    "dispute": [
        ("=buttons.dispute", "dispute.reason", [1] * 5 + [2]),
        ("=dispute.reason_amount", "dispute.words", [1, 2]),
        ("=buttons.skip", "dispute.check", [1, 2]),
    ],
    "complaint": [
        ("=buttons.complaint", "complaint.words", [1]),
        ("You called at night.", "complaint.check", [1, 2]),
    ],
    "number": [
        ("=buttons.number", "number.words", [1]),
        ("+44 7700 900456", "number.check", [1, 2]),
        ("=buttons.yes", "number.code", [1, 2]),
    ],
    "quiet": [
        ("=buttons.quiet", "quiet.hours", [1] * 4 + [1]),
        ("=quiet.hours_evening", "quiet.check", [1, 2]),
        ("=buttons.back", "quiet.hours", [1] * 4 + [1]),
        ("18-20", "quiet.check", [1, 2]),
    ],
    "pin": [("=buttons.pin", "pin.first", [1]), ("4829", "pin.again", [2])],
    "feedback": [("=buttons.feedback", "feedback.later", [])],
    "wrong": [("=buttons.wrong", "wrong.check", [2])],
}


def test_every_dialog_is_walked_through() -> None:
    assert set(WALKS) == set(entries())
    assert len(dialogs()) == len(WALKS)


@pytest.mark.parametrize("dialog", sorted(WALKS))
async def test_windows_say_what_they_should_and_have_their_buttons(screen: Screen, dialog: str) -> None:
    for step, (done, seen, shape) in enumerate(WALKS[dialog]):
        if done.startswith("=") and step:
            await screen.taps(screen.say.texts[done[1:]])
        else:
            await screen.types(screen.say.texts[done[1:]] if done.startswith("=") else done)
        if not shape:
            assert screen.bot.said[-1] == screen.say.texts[seen]
            return
        assert words(screen, seen) in screen.text, (done, screen.text)
        assert screen.shape == shape, (done, screen.labels)
        assert all(len(label) <= 64 and label for label in screen.labels)
    await screen.taps(screen.say.texts["buttons.no" if dialog == "wrong" else "buttons.cancel"])
    assert screen.bot.said[-1] == screen.say.texts["menu.cancelled"]


@pytest.mark.parametrize("dialog", sorted(set(WALKS) - {"feedback"}))
async def test_nonsense_is_answered_and_asked_again(screen: Screen, dialog: str) -> None:
    await screen.types(screen.say.texts[f"buttons.{dialog}"])
    asked = screen.text
    await screen.types("\u3042\u3044\u3046")
    if dialog == "complaint":  # whatever is written is what they say
        assert words(screen, "complaint.check") in screen.text
        return
    assert screen.text == asked
    assert screen.bot.said, "and why"


@pytest.mark.parametrize("dialog", sorted(WAYS))
async def test_to_its_end_back_stale_twice_and_by_another(screen: Screen, dialog: str) -> None:
    """The same ways as over HTTP: each window, the way back from it, and what is over stays over."""
    way, say, room = WAYS[dialog], screen.say, screen.room
    other = screen.of((await room.linked(await room.borrower(TODAY))).chat.id)
    if dialog == "feedback":
        await room.book.sql("UPDATE installments SET paid_minor = principal_minor RETURNING id")

    async def step(number: int) -> None:
        done = way.steps[number]
        if done.startswith("="):
            await screen.taps(say.texts[done[1:]])
        else:
            await screen.types(await room.code() if done == CODE else done)

    async def over(client: BotClient, shown: Message, label: str, code: str) -> None:
        shown = shown.model_copy(update={"chat": client.chat})
        await client.click(shown, InlineButtonTextLocator(label))
        assert screen.bot.said[-1] == speech(code).texts["menu.stale"]

    await screen.types(say.button(dialog))
    before, seen = await room.book.sql(way.kept), []
    for number in range(len(way.steps)):
        assert words(screen, way.asked[number]) in screen.text
        shown, labels = screen.windows.last_message(), screen.labels
        await over(other, shown, labels[-1], "en")
        if number and number not in way.no_back:
            to = way.back.get(number, number - 1)
            await screen.taps(say.texts["buttons.back"])
            assert words(screen, way.asked[to]) in screen.text
            for again in range(to, number):
                await step(again)
            assert words(screen, way.asked[number]) in screen.text
        seen.append((screen.windows.last_message(), screen.labels))
        await step(number)
    told = screen.bot.said[-1]
    assert say.texts[way.ends].rpartition("}")[2].strip() in told, told
    assert len(await room.book.sql(way.kept)) == len(before) + 1
    if dialog != "wrong":  # which leaves the chat nobody's
        for shown, labels in seen:
            for label in labels:
                await over(screen.client, shown, label, say.code)
    assert len(await room.book.sql(way.kept)) == len(before) + 1
