"""Where somebody of the staff works: the chat, who they are at this very update, how they are spoken to."""

from collections.abc import Awaitable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

import msgspec
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramNotFound
from aiogram.fsm.context import FSMContext
from aiogram.types import BufferedInputFile, InlineKeyboardButton, InlineKeyboardMarkup, Message

from bot.desk import Here
from bot.texts import Speech
from casework.office import Office
from casework.said import said_in
from casework.staff.people import Member

Rows = Sequence[Sequence[tuple[str, str]]]
"""Buttons row by row: (label, what the button asks for), or a label and an address that it opens."""

PREFIX: Final = "s:"
"""What the buttons of this chat begin with: no button of a borrower's does."""


_KEPT: Final = 20  # texts that wait for a tap
_PHOTOS: Final = ("image/jpeg", "image/png")
_MESSAGE: Final = 3_800  # characters; the messenger takes 4,096


class Post(msgspec.Struct, frozen=True):
    """One update of a chat of the staff. `state`: what is asked for next, kept sealed for a day."""

    here: Here
    member: Member
    say: Speech
    state: FSMContext

    @property
    def office(self) -> Office:
        return self.here.desk.office

    @property
    def now(self) -> datetime:
        return self.here.now

    def why(self, sentence: str) -> str:
        """Why something may not or cannot be, as they read it."""
        return said_in(self.say.code, sentence)

    async def send(self, text: str, rows: Rows = ()) -> Message:
        """Say something, with buttons below it."""
        return await self.here.bot.send_message(
            self.here.chat.telegram, text, reply_markup=keyboard(rows) if rows else None
        )

    async def send_lines(self, lines: Sequence[str], rows: Rows = ()) -> None:
        """Say lines, in as many messages as they need; the buttons are below the last."""
        part: list[str] = []
        for line in lines:
            if part and sum(map(len, part)) + len(part) + len(line) > _MESSAGE:
                await self.send("\n".join(part))
                part = []
            part.append(line)
        await self.send("\n".join(part), rows)

    async def picture(self, png: bytes, caption: str, rows: Rows = ()) -> None:
        """Show a picture (PNG)."""
        file = BufferedInputFile(png, "kept.png")
        await self.here.bot.send_photo(
            self.here.chat.telegram, file, caption=caption, reply_markup=keyboard(rows) if rows else None
        )

    async def file(self, mime: str, content: bytes, name: str) -> None:
        """Hand over a file; one that is a picture is shown."""
        bot, chat = self.here.bot, self.here.chat.telegram
        if mime in _PHOTOS:
            with suppress(TelegramBadRequest):  # too large for a picture, or none: then it goes as a file
                await bot.send_photo(chat, BufferedInputFile(content, name))
                return
        await bot.send_document(chat, BufferedInputFile(content, name))

    async def asks(self, what: str, **about: Any) -> None:
        """The next text is the answer to `what`."""
        await self.state.update_data(asks=what, about=about)

    async def keep(self, **about: Any) -> str:
        """Keep something until a button that carries the id returned asks for it; the oldest give way."""
        kept: dict[str, Any] = (await self.state.get_data()).get("kept") or {}
        key = str(self.here.update or int(self.now.timestamp() * 1_000_000))
        kept = {**kept, key: about}
        await self.state.update_data(kept=dict(list(kept.items())[-_KEPT:]))
        return key

    async def kept(self, key: str, *, drop: bool = True) -> dict[str, Any] | None:
        """What was kept under the id of a button; None: it was dropped."""
        kept: dict[str, Any] = (await self.state.get_data()).get("kept") or {}
        if drop and key in kept:
            await self.state.update_data(kept={one: about for one, about in kept.items() if one != key})
        return kept.get(key)

    async def asked(self) -> tuple[str | None, dict[str, Any]]:
        """What the next text answers, and about what."""
        data = await self.state.get_data()
        return data.get("asks"), data.get("about") or {}

    async def asks_nothing(self) -> None:
        """The next text is no answer any more."""
        data = await self.state.get_data()
        if data.get("asks") is not None:
            await self.state.update_data(asks=None, about=None)


def keyboard(rows: Rows) -> InlineKeyboardMarkup:
    """The buttons; one that asks for an address opens it."""
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [
                InlineKeyboardButton(text=label, url=asks)
                if asks.startswith(("http://", "https://"))
                else InlineKeyboardButton(text=label, callback_data=PREFIX + asks)
                for label, asks in row
            ]
            for row in rows
            if row
        ]
    )


async def take_away(bot: Bot, chat: int, message: int, say: Speech) -> None:
    """Have a message gone; where the server cannot, what it says; where it can neither, it is gone.

    Raises TelegramAPIError where the server did not get to it.
    """
    if await _done(bot.delete_message(chat, message)):
        return
    await _done(bot.edit_message_text(say("call.gone"), chat_id=chat, message_id=message))


async def _done(request: Awaitable[object]) -> bool:
    """Whether a request was done; not where the server knows nothing of it."""
    try:
        return bool(await request)
    except (TelegramBadRequest, TelegramNotFound):
        return False
