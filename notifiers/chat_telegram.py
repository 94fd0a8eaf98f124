"""Chat by Telegram's Bot API: plain text with buttons.

aiogram brings the session, the address and what errors mean; its typed request and answer are left out here:
building and reading them costs more than the sending (1,325 against 586 us), and one id is all we keep.
"""

from datetime import timedelta
from typing import Any, cast

import orjson
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import SendMessage
from aiohttp import ClientError

from notifiers.base import (
    NothingHandedOver,
    Notifier,
    OutcomeUnknown,
    Outgoing,
    Permanent,
    RecipientBlocked,
    SendError,
    Sent,
    Transient,
)
from notifiers.http import OURS, limits, network_failure

_HEADERS = {"Content-Type": "application/json"}
_LINKS = ("http://", "https://", "tg://")
# What Telegram says when there is nobody (any more) behind a chat id; matched in lower case.
_GONE = ("chat not found", "user not found", "peer_id_invalid", "user is deactivated", "chat was deactivated")


class Telegram(Notifier):
    """Messages of one bot. `api_url` replaces Telegram's address. `timeout` in seconds. Telegram has no
    receipts: `accepted` is all that is ever known."""

    channel = "chat"
    provider = "telegram"

    def __init__(self, token: str, *, api_url: str | None = None, timeout: float = 15.0) -> None:
        server = TelegramAPIServer.from_base(api_url) if api_url else PRODUCTION
        self._session = AiohttpSession(api=server, timeout=timeout)
        self._bot = Bot(token, session=self._session)
        self._url = server.api_url(token, "sendMessage")
        self._limits = limits(timeout)

    async def _send(self, outgoing: Outgoing) -> Sent:
        with NothingHandedOver():
            chat = int(outgoing.to)
            message: dict[str, Any] = {
                "chat_id": chat,
                "text": outgoing.body.text,
                # A preview would fetch the borrower's own link, and show it.
                "link_preview_options": {"is_disabled": True},
            }
            if outgoing.body.buttons:
                rows = [[_button(label, target)] for label, target in outgoing.body.buttons]
                message["reply_markup"] = {"inline_keyboard": rows}
            data = orjson.dumps(message)
        try:
            session = await self._session.create_session()
            async with session.post(self._url, data=data, headers=_HEADERS, timeout=self._limits) as answer:
                status, said = answer.status, await answer.read()
        except (ClientError, OSError) as error:
            raise network_failure("telegram", error) from None
        if status == 200:
            return _taken(said)
        text = said.decode("utf-8", "replace")
        try:
            self._session.check_response(self._bot, SendMessage(chat_id=chat, text="-"), status, text)
        except AiogramError as error:
            raise _refusal(error, status) from None
        raise OutcomeUnknown(f"telegram-{status}")

    async def close(self) -> None:
        await self._session.close()


def _button(label: str, target: str) -> dict[str, str]:
    return {"text": label, "url" if target.startswith(_LINKS) else "callback_data": target}


def _taken(said: bytes) -> Sent:
    """`chat:message` of what was sent: the chat as Telegram names it, ids are unique within it only."""
    try:
        result = cast("dict[str, Any]", orjson.loads(said))["result"]
        return Sent("telegram", f"{result['chat']['id']}:{result['message_id']}", "accepted")
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise OutcomeUnknown("telegram-unreadable") from None


def _refusal(error: AiogramError, status: int) -> SendError:
    code = f"telegram-{status}"
    said = str(getattr(error, "message", "")).lower()
    match error:
        case TelegramRetryAfter():
            return Transient(code, timedelta(seconds=error.retry_after))
        case TelegramMigrateToChat():
            return Permanent("telegram-migrated", address_dead=True)
        case TelegramForbiddenError():
            gone = any(phrase in said for phrase in _GONE)
            return Permanent(code, address_dead=True) if gone else RecipientBlocked(code)
        case TelegramBadRequest():
            return Permanent(code, address_dead=any(phrase in said for phrase in _GONE))
        case TelegramEntityTooLarge():
            return Permanent(code)
        case TelegramUnauthorizedError() | TelegramNotFound() | TelegramConflictError():
            # The token is wrong: every message fails alike until somebody mends it.
            return Transient(code, OURS)
        case _:
            return Transient(code) if status == 429 else OutcomeUnknown(code)
