"""The way to a Bot API server, whichever it is: patient where it asks to wait, content where it knows little.

Only messages, keyboards and callbacks are needed. What a server does not know (editing, say) it answers with
an error or with nothing, and the bot says the same in a new message.
"""

import asyncio
from typing import Any, Final

import structlog
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import TelegramAPIError, TelegramForbiddenError, TelegramRetryAfter
from aiogram.methods import TelegramMethod
from aiogram.methods.base import Response, TelegramType
from aiogram.types import CallbackQuery, Message
from aiogram_dialog.api.entities import NewMessage, OldMessage
from aiogram_dialog.manager.message_manager import MessageManager

PATIENCE: Final = 60.0  # seconds: what is asked for longer is given back, and tried again later

log: structlog.stdlib.BoundLogger = structlog.get_logger("bot")


class Patience(BaseRequestMiddleware):
    """After a 429 nobody asks again before its time, and what was refused is said then: nothing was taken."""

    def __init__(self) -> None:
        self._until = 0.0

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        loop = asyncio.get_running_loop()
        gives_up = loop.time() + PATIENCE
        while True:
            wait = self._until - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            try:
                return await make_request(bot, method)
            except TelegramRetryAfter as error:
                self._until = max(self._until, loop.time() + error.retry_after)
                log.warning("asked to wait", seconds=error.retry_after, method=type(method).__name__)
                if self._until > gives_up:
                    raise


def make_bot(token: str, api_url: str | None = None, timeout: float = 15.0) -> Bot:
    """The bot of `token` at `api_url` (None: Telegram's own). Close its session."""
    server = TelegramAPIServer.from_base(api_url) if api_url else PRODUCTION
    session = AiohttpSession(api=server, timeout=timeout)
    session.middleware(Patience())
    return Bot(token, session=session)


class Showing(MessageManager):
    """Windows of dialogs on any server: edited where it can be, said anew where it cannot."""

    async def answer_callback(self, bot: Bot, callback_query: CallbackQuery) -> None:
        await quietly(bot.answer_callback_query(callback_query.id))

    async def edit_text(self, bot: Bot, new_message: NewMessage, old_message: OldMessage) -> Message:
        edited = await quietly(super().edit_text(bot, new_message, old_message))
        return edited if isinstance(edited, Message) else await self.send_text(bot, new_message)

    async def remove_inline_kbd(self, bot: Bot, old_message: OldMessage | None) -> Message | None:
        return await quietly(super().remove_inline_kbd(bot, old_message))

    async def remove_message_safe(
        self, bot: Bot, old_message: OldMessage, new_message: NewMessage | None
    ) -> None:
        await quietly(super().remove_message_safe(bot, old_message, new_message))


async def quietly(request: Any) -> Any:
    """What a request gives; None where the server does not do it. That we are blocked is news, and raised."""
    try:
        return await request
    except TelegramForbiddenError:
        raise
    except TelegramAPIError as error:
        log.debug("not done by this server", error=type(error).__name__)
        return None
