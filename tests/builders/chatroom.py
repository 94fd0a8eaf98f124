"""A town with a bot in it, on the sandbox's Bot API over real HTTP: people write, tap and share, and read."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

from aiogram.fsm.storage.base import BaseStorage
from aiogram.fsm.storage.memory import MemoryStorage
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.api import make_bot
from bot.desk import Desk
from bot.machine import Machine
from bot.routes import dispatcher
from bot.sandbox.server import Sandbox
from bot.sandbox.world import Chat, Persona, Shaped, World
from bot.texts import speech
from tests.builders.book import SYSTEM, Borrower
from tests.builders.town import DAY, Town, TownClock

TODAY = date(2026, 11, 23)
TOKEN = "1:sandbox-token"


class Guest:
    """Somebody in a chat: what they do, and what they are told since."""

    def __init__(self, room: "Chatroom", chat: Chat) -> None:
        self.room, self.chat = room, chat
        self._seen: dict[int, str] = {}

    async def says(self, text: str) -> str:
        await self.room.sandbox.world.say(self.chat, text)
        return await self.told()

    async def shares(self, phone: str | None = None, of: int | None = None) -> str:
        await self.room.sandbox.world.share(self.chat, phone, of)
        return await self.told()

    async def shows(self, content: bytes = b"\xff\xd8picture", caption: str | None = None) -> str:
        await self.room.sandbox.world.photo(self.chat, content, caption)
        return await self.told()

    async def hands(self, content: bytes, mime: str = "application/pdf", caption: str | None = None) -> str:
        await self.room.sandbox.world.document(self.chat, "mine", mime, content, caption)
        return await self.told()

    async def taps(self, label: str, message: int | None = None) -> str:
        """Tap the button of that label (or of that action, "balance") on the newest message that has it."""
        found, data = self.button(label, message)
        await self.room.sandbox.world.tap(self.chat, found, data)
        return await self.told()

    def button(self, label: str, message: int | None = None) -> tuple[int, str]:
        """(message, what it asks for) of a button."""
        wanted = {label, *self.labels(label)}
        for shown in reversed(list(self.chat.messages.values())):
            if message is not None and shown["message_id"] != message:
                continue
            for row in shown.get("reply_markup", {}).get("inline_keyboard", []):
                for one in row:
                    if one["text"] in wanted:
                        return shown["message_id"], one["callback_data"]
        raise AssertionError(f"no button {label!r}; there are {self.buttons()}")

    @staticmethod
    def labels(action: str) -> set[str]:
        key = f"buttons.{action}"
        return {speech(code).texts[key] for code in ("en", "zh") if key in speech(code).texts}

    def buttons(self) -> list[str]:
        """The labels of the newest message of the bot that has buttons."""
        for shown in reversed(list(self.chat.messages.values())):
            rows = shown.get("reply_markup", {}).get("inline_keyboard", [])
            if rows:
                return [one["text"] for row in rows for one in row]
        return []

    async def told(self) -> str:
        """What the bot said since the last look, all of it, once everything is worked."""
        await self.room.settle()
        return self.read()

    def read(self) -> str:
        """New and edited messages of the bot since the last look."""
        said = {
            number: shown.get("text", shown.get("caption", ""))
            for number, shown in self.chat.messages.items()
            if shown["from"]["is_bot"]
        }
        new = [text for number, text in said.items() if self._seen.get(number) != text]
        self._seen = said
        return "\n\n".join(new)

    def last(self) -> Shaped:
        """The newest message of the bot."""
        return [shown for shown in self.chat.messages.values() if shown["from"]["is_bot"]][-1]


class Chatroom(Town):
    """A town whose bot works what comes when it is told to (`settle`), through real HTTP both ways."""

    sandbox: Sandbox
    machine: Machine

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self.desk = Desk(self.office, TownClock(self), SYSTEM)

    @asynccontextmanager
    async def opened(
        self, storage: BaseStorage | None = None, sandbox: Sandbox | None = None
    ) -> AsyncIterator["Chatroom"]:
        self.sandbox = sandbox or Sandbox(World(lambda: self.now))
        await self.sandbox.start()
        bot = make_bot(TOKEN, self.sandbox.url)
        storage = storage or MemoryStorage()
        self.machine = Machine(self.desk, bot, dispatcher(self.desk, storage))
        await self.machine.announce(f"{self.sandbox.url}/?start=")
        try:
            yield self
        finally:
            await bot.session.close()
            await self.sandbox.close()

    async def borrower(self, due: date, amount: int = 250_00, **more: Any) -> Borrower:
        """Of a country where English is spoken, so that figures are written the English way."""
        return await super().borrower(due, amount, **{"country": "IE", **more})

    async def settle(self) -> None:
        """Everything that came is taken and worked."""
        offset = None
        while found := await self.machine.ask(offset, wait=0):
            await self.machine.take(found)
            offset = found[-1]["update_id"] + 1
            await self.machine.drain()
        if offset is None:
            await self.machine.drain()

    async def guest(self, phone: str = "+447700900001", language: str = "en", name: str = "Guest") -> Guest:
        return Guest(self, await self.sandbox.world.join(Persona(name, phone, language)))

    async def number(self, person: int) -> str:
        return await self._address(person, "phone")

    async def _address(self, person: int, kind: str) -> str:
        address, value = (
            await self.book.sql(
                "SELECT id, value FROM addresses WHERE person_id = $1 AND kind = $2", person, kind
            )
        )[0]
        return self.office.keyring.open("addresses", "value", address, value)

    async def linked(self, who: Borrower, language: str = "en") -> Guest:
        """The borrower in a chat of their own, proved by number and code, with what was said so far read."""
        guest = await self.guest(await self.number(who.person), language)
        await guest.says("/start")
        await guest.shares()
        await guest.says(await self.code())
        return guest

    async def code(self) -> str:
        """The newest code that was sent, as its reader finds it."""
        await self.send()
        for took in reversed(self.providers["email"].took + self.providers["sms"].took):
            found = re.search(r"\b\d{6}\b", took.body.text)
            if found:
                return found[0]
        raise AssertionError("no code was sent")


def in_days(days: int) -> date:
    return TODAY + DAY * days


def owing(*days: int, amount: int = 250_00) -> Sequence[tuple[date, int]]:
    """Installments due so many days from today."""
    return [(in_days(one), amount) for one in days]
