"""The bot as a part that runs: polling or behind a webhook, woken over Redis by whoever stored an update."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import structlog
from aiogram.exceptions import TelegramAPIError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.api import make_bot
from bot.desk import Desk
from bot.machine import Machine
from bot.routes import dispatcher
from bot.states import storage_of
from casework.borrower.updates import take
from casework.office import Office
from casework.together import Together
from console.desk import ChatDoor
from kept.bootstrap import SYSTEM, Assembly
from kept.clock import SystemClock
from kept.config import Settings, SettingsError

_WAKE: Final = "kept:chat:wake"

log: structlog.stdlib.BoundLogger = structlog.get_logger("kept")


def token_of(settings: Settings) -> str:
    """The bot's token. Raises SettingsError where none is set."""
    if settings.telegram.token is None:
        raise SettingsError(
            "KEPT_TELEGRAM_TOKEN is not set; BotFather gives one, or try `kept sandbox`, which needs none"
        )
    return settings.telegram.token.get_secret_value()


def secret_of(office: Office) -> str:
    """What the messenger shows at our webhook, so that nobody else is heard there; from the keys."""
    return office.keyring.token("chat webhook", "").hex()


def door_of(running: Assembly, redis: Redis) -> ChatDoor | None:
    """What the webhook is handed; None where there is no bot."""
    if running.settings.telegram.token is None:
        return None
    bot = int(token_of(running.settings).partition(":")[0])

    async def store(updates: Sequence[Mapping[str, Any]]) -> Sequence[None]:
        """All that wait, in one commit; then each is acknowledged."""
        if await take(running.office, SYSTEM, bot, updates, SystemClock().wall()):
            with suppress(RedisError, OSError):  # the bot looks for itself, a little later
                await redis.publish(_WAKE, b"")  # pyright: ignore[reportUnknownMemberType]
        return [None] * len(updates)

    stored: Together[Mapping[str, Any], None] = Together(store)
    return ChatDoor(secret_of(running.office), stored.of)


@asynccontextmanager
async def talking(running: Assembly, *, begins: str | None = None) -> AsyncGenerator[None]:
    """The bot at work. `begins`: what a link to the chat begins with, where the server does not say.

    Raises SettingsError.
    """
    settings = running.settings
    redis: Redis = Redis.from_url(running.redis_url)  # pyright: ignore[reportUnknownMemberType]
    bot = make_bot(token_of(settings), settings.telegram.api_url)
    payments = settings.telegram.payments
    desk = Desk(
        running.office, SystemClock(), SYSTEM, None if payments is None else payments.get_secret_value()
    )
    machine = Machine(desk, bot, dispatcher(desk, storage_of(redis, running.office)))
    hook = settings.telegram.webhook
    parts = [asyncio.create_task(machine.work()), asyncio.create_task(_listen(redis, machine))]
    try:
        await machine.announce(begins)
        try:
            await machine.hook(hook, secret_of(running.office))
        except TelegramAPIError as error:
            raise SettingsError(
                f"KEPT_TELEGRAM_WEBHOOK is not accepted by the server ({type(error).__name__}); "
                "it is an https address that reaches /webhooks/telegram, or leave it unset"
            ) from None
        if hook is None:
            parts.append(asyncio.create_task(machine.poll()))
        log.info("bot", webhook=hook is not None)
        yield
    finally:
        machine.stop()
        parts[1].cancel()
        await asyncio.gather(*parts, return_exceptions=True)
        await bot.session.close()
        await redis.aclose()


async def _listen(redis: Redis, machine: Machine) -> None:
    """Wake the machine when a webhook stored something; without Redis its own sweep finds it."""
    while True:
        try:
            async with redis.pubsub() as told:  # pyright: ignore[reportUnknownMemberType]
                await told.subscribe(_WAKE)  # pyright: ignore[reportUnknownMemberType]
                async for _ in told.listen():  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
                    machine.wake()
        except (RedisError, OSError) as error:
            log.warning("wake-ups of the chat are away", error=type(error).__name__)
            await asyncio.sleep(5)
