"""The sandbox of the Bot API as a part that runs, and what has a bot talk to it."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from pydantic import SecretStr

from bot.sandbox.server import Sandbox
from bot.sandbox.world import Persona, World
from kept.clock import SystemClock
from kept.config import Settings, SettingsError
from kept.sections import Telegram

TOKEN: Final = "1:sandbox"  # noqa: S105, it opens nothing


@asynccontextmanager
async def sandbox(port: int, personas: Sequence[Persona] = ()) -> AsyncGenerator[Sandbox]:
    """The server on 127.0.0.1. Raises SettingsError where the port is taken."""
    made = Sandbox(World(SystemClock().wall), personas)
    try:
        await made.start(port)
    except OSError as error:
        raise SettingsError(
            f"port {port} of 127.0.0.1 cannot be listened on ({error.strerror}); name another, "
            "or end what listens there"
        ) from None
    try:
        yield made
    finally:
        await made.close()


def talking_to(settings: Settings, made: Sandbox) -> Settings:
    """`settings` with a bot on the sandbox."""
    telegram = Telegram.model_construct(
        token=SecretStr(TOKEN),
        api_url=made.url,
        webhook=None,
        rate=settings.telegram.rate,
        payments=None,
    )
    return settings.model_copy(update={"telegram": telegram})


async def serve(port: int) -> None:
    """Until Ctrl-C or SIGTERM."""
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    async with sandbox(port) as made:
        print(f"The chat page: {made.url}/")
        # At once, also to a pipe: whoever started it waits for the address.
        settings = f"KEPT_TELEGRAM_TOKEN={TOKEN} KEPT_TELEGRAM_API_URL={made.url}"
        print(f"A bot there:   {settings} kept run", flush=True)
        await ending.wait()
