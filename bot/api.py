"""The way to a Bot API server, whichever it is: patient where it asks to wait, content where it knows little.

Only messages, keyboards and callbacks are needed. What a server does not know (editing, say) it answers with
an error or with nothing, and the bot says the same in a new message.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import Any, Final, TypeVar, cast

import orjson
import structlog
from aiogram import Bot
from aiogram.client.default import Default
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
)
from aiogram.methods import SendMessage, TelegramMethod
from aiogram.methods.base import Response, TelegramType
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message
from aiogram_dialog.api.entities import NewMessage, OldMessage
from aiogram_dialog.manager.message_manager import MessageManager
from aiohttp import ClientError, ClientTimeout

PATIENCE: Final = 60.0  # seconds: what is asked for longer is given back, and tried again later

Given = TypeVar("Given")

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
        return await self.until_heard(lambda: make_request(bot, method))

    async def until_heard(self, ask: Callable[[], Awaitable[Given]]) -> Given:
        """What `ask` gives, asked as often as it takes. Raises TelegramRetryAfter where that is too long."""
        loop = asyncio.get_running_loop()
        gives_up = loop.time() + PATIENCE
        while True:
            wait = self._until - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            try:
                return await ask()
            except TelegramRetryAfter as error:
                self._until = max(self._until, loop.time() + error.retry_after)
                log.warning("asked to wait", seconds=error.retry_after, method=type(error.method).__name__)
                if self._until > gives_up:
                    raise


class Board(InlineKeyboardMarkup):
    """Buttons that are shown again and again: written once."""

    @cached_property
    def written(self) -> orjson.Fragment:
        return orjson.Fragment(self.model_dump_json(exclude_none=True))


class Session(AiohttpSession):
    """aiogram's own, but what holds no file goes as JSON: a form is three times the work."""

    def __init__(self, api: TelegramAPIServer, timeout: float) -> None:
        super().__init__(api=api, timeout=timeout, json_loads=orjson.loads)
        self._patience = Patience()
        self.middleware(self._patience)

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109, of aiogram
    ) -> TelegramType:
        body = _as_json(method)
        if body is None:
            return await super().make_request(bot, method, timeout)
        wait = self.timeout if timeout is None else timeout
        try:
            status, text = await self._post(bot, method.__api_method__, body, wait)
        except _NETWORK as error:
            raise _no_answer(method, error) from error
        return cast("TelegramType", self.check_response(bot, method, status, _text(text)).result)

    async def say(self, bot: Bot, chat: int, text: str, board: Board | None) -> None:
        """A message of which only that it was taken matters. Raises TelegramAPIError."""
        said: dict[str, Any] = {"chat_id": chat, "text": text}
        if board is not None:
            said["reply_markup"] = board.written
        body = orjson.dumps(said)
        await self._patience.until_heard(lambda: self._say(bot, chat, body))

    async def _say(self, bot: Bot, chat: int, body: bytes) -> None:
        try:
            status, text = await self._post(bot, "sendMessage", body, self.timeout)
            if status == 200 and orjson.loads(text)["ok"] is True:
                return
        except _NETWORK as error:
            raise _no_answer(SendMessage(chat_id=chat, text="-"), error) from error
        except (ValueError, KeyError, TypeError):
            status, text = 200, b""
        self.check_response(bot, SendMessage(chat_id=chat, text="-"), status, _text(text))

    async def _post(self, bot: Bot, method: str, body: bytes, wait: float) -> tuple[int, bytes]:
        """(status, what was said). Raises TimeoutError, ClientError."""
        session = await self.create_session()
        url = self.api.api_url(bot.token, method)
        async with session.post(url, data=body, headers=_JSON, timeout=ClientTimeout(wait)) as answer:
            return answer.status, await answer.read()


_NETWORK: Final = (TimeoutError, ClientError)


def _no_answer(method: TelegramMethod[Any], error: Exception) -> TelegramNetworkError:
    return TelegramNetworkError(method, type(error).__name__)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


_JSON: Final = {"Content-Type": "application/json"}


def _as_json(method: TelegramMethod[Any]) -> bytes | None:
    """The method's fields; None where one is more than JSON: a file, or a moment, which aiogram counts."""
    given = method.model_dump(warnings=False, exclude_none=True)
    fields = {name: value for name, value in given.items() if not isinstance(value, Default)}
    try:
        return orjson.dumps(fields, option=orjson.OPT_PASSTHROUGH_DATETIME)
    except TypeError:
        return None


def make_bot(token: str, api_url: str | None = None, timeout: float = 15.0) -> Bot:
    """The bot of `token` at `api_url` (None: Telegram's own). Close its session."""
    server = TelegramAPIServer.from_base(api_url) if api_url else PRODUCTION
    return Bot(token, session=Session(server, timeout))


async def say(bot: Bot, chat: int, text: str, board: Board | None) -> None:
    """Say something; what the server makes of it is not asked for. Raises TelegramAPIError."""
    session = getattr(bot, "session", None)  # bots of test tools have none
    if isinstance(session, Session):
        await session.say(bot, chat, text, board)
    else:
        await bot.send_message(chat, text, reply_markup=board)


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
