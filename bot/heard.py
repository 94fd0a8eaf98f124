"""Whose chat it is, and which handlers hear a message or a tap: asked before any of them."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiogram import Bot
from aiogram.filters import BaseFilter
from aiogram.types import CallbackQuery, Chat, Message, TelegramObject, Update, User
from aiogram_dialog.api.internal import CONTEXT_KEY

from bot import menu
from bot.answers import ANSWERS
from bot.desk import Desk, Here
from bot.dialogs import entries
from bot.texts import speech
from bot.understanding import understand
from casework.borrower.chats import arrive

_ALWAYS: Final = ("distress", "stop", "start", "menu", "human")
_AT_ONCE: Final = ("stop", "start", "menu", "human", "more", "language", "end_talk", "pay_here", *ANSWERS)


class Arrival:
    """Finds the chat, whose it is, and how it speaks; groups are told that this is no place for it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        chat: Chat | None = data.get("event_chat")
        user: User | None = data.get("event_from_user")
        bot: Bot = data["bot"]
        if user is None or user.is_bot:
            return None
        if isinstance(event, Update) and event.pre_checkout_query is not None:
            where = user.id  # it names no chat; that of two has the number of the person
        elif chat is None or chat.type != "private":
            return None
        else:
            where = chat.id
        spoken = user.language_code
        found = await arrive(self._desk.office, self._desk.actor, where, spoken, self._desk.clock.now())
        say = speech(found.language, found.country)
        data["here"] = Here(self._desk, bot, found, say, data.get("stored"))
        return await handler(event, data)


class Has(BaseFilter):
    """A message that has a part. A magic filter says the same, from a thread of its own for each message."""

    def __init__(self, part: str) -> None:
        self._part = part

    async def __call__(self, message: Message) -> bool:
        return getattr(message, self._part) is not None


class Starts(BaseFilter):
    """/start, with the payload of a link or without."""

    async def __call__(self, message: Message) -> bool:
        return message.text is not None and message.text.startswith("/start")


class Idle(BaseFilter):
    """No dialog is open: none of them has to be asked."""

    async def __call__(self, _: Message, **data: Any) -> bool:
        return data.get(CONTEXT_KEY) is None


class Linked(BaseFilter):
    """A chat that is proved somebody's."""

    async def __call__(self, event: TelegramObject, here: Here) -> bool:
        return here.chat.person is not None


class Asks(BaseFilter):
    """A text that must be heard wherever it is said: a stop above all. Gives `meaning`."""

    async def __call__(self, message: Message) -> bool | dict[str, Any]:
        text = message.text or message.caption
        if text is None:
            return False
        meaning = understand(text.removeprefix("/"))
        always = ("distress", "stop") if message.text is None else _ALWAYS
        heard = meaning.intent in always
        return {"meaning": meaning} if heard else False


class AtOnce(BaseFilter):
    """A button that no dialog has to answer. Gives `action`."""

    async def __call__(self, query: CallbackQuery) -> bool | dict[str, Any]:
        data = query.data or ""
        action = data.removeprefix(menu.MEANT)
        known = action in _AT_ONCE or action in entries() or action.startswith("language:")
        return {"action": data} if known else False
