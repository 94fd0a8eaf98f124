"""What every handler is handed: the use cases' office, the clock, and the chat it happens in."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

import msgspec
from aiogram import Bot
from aiogram.types import (
    InlineKeyboardButton,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from bot.api import Board, say
from bot.texts import Speech
from casework.borrower.chats import Chat, borrower
from casework.office import Clock, Office
from casework.staff.rights import Actor

Rows = Sequence[Sequence[str | tuple[str, str]]]
"""Buttons row by row: an action, labelled by the language; or (label, what the button asks for)."""


class Desk(msgspec.Struct, frozen=True):
    """What the bot works with. `actor` is the machine's own.

    `payments`: the token of a payment provider, with which people may pay in the chat; None: they may not.
    """

    office: Office
    clock: Clock
    actor: Actor
    payments: str | None = None


class Here(msgspec.Struct, frozen=True):
    """Where an update happens: the chat, whose it is, how it speaks. `update` is the stored one's id."""

    desk: Desk
    bot: Bot
    chat: Chat
    say: Speech
    update: int | None

    @property
    def now(self) -> datetime:
        return self.desk.clock.now()

    @property
    def person(self) -> int:
        """Whose chat it is; asked for only where it is linked."""
        assert self.chat.person is not None
        return self.chat.person

    @property
    def borrower(self) -> Actor:
        return borrower(self.person)

    async def send(self, text: str, rows: Rows = ()) -> None:
        """Say something, with buttons below it."""
        await say(self.bot, self.chat.telegram, text, self.keyboard(rows))

    async def send_open(self, text: str) -> None:
        """Say something to a chat that is nobody's: the way to prove whose it is below it."""
        share = KeyboardButton(text=self.say.button("share"), request_contact=True)
        human = KeyboardButton(text=self.say.button("human"))
        board = ReplyKeyboardMarkup(keyboard=[[share], [human]], resize_keyboard=True)
        await self.bot.send_message(self.chat.telegram, text, reply_markup=board)

    async def send_plain(self, text: str) -> None:
        """Say something, and take the keyboard of `send_open` away."""
        await self.bot.send_message(self.chat.telegram, text, reply_markup=ReplyKeyboardRemove())

    def keyboard(self, rows: Rows) -> Board | None:
        """The buttons; None where there are none."""
        return _board(self.say, tuple(map(tuple, rows))) if rows else None


@lru_cache(maxsize=256)
def _board(say: Speech, rows: tuple[tuple[str | tuple[str, str], ...], ...]) -> Board:
    return Board(inline_keyboard=[[_button(say, one) for one in row] for row in rows])


def _button(say: Speech, one: str | tuple[str, str]) -> InlineKeyboardButton:
    label, asks = (say.button(one), one) if isinstance(one, str) else one
    return InlineKeyboardButton(text=label, callback_data=asks)
