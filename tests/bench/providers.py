"""What stands in for the providers while they are measured: the sinks of tests/sinks, each in a process of
its own, so that it shares no event loop with who sends. `delay`: seconds it thinks before it takes anything,
as real ones do.

    python -m tests.bench.providers sms|email|chat --record FILE [--delay SECONDS]
"""

import asyncio
import json
import subprocess
import sys
from argparse import Namespace
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web
from aiosmtpd.smtp import Envelope, Session
from msgspec import Struct

from notifiers.base import Channel, Notifier
from notifiers.chat_telegram import Telegram
from notifiers.email_smtp import Smtp
from notifiers.mail_server import Server
from notifiers.sms_twilio import Twilio
from tests.sinks import smtp, telegram, twilio
from tests.sinks.record import Sink, arguments, read, run

SENDER = {"sms": "+12015550199", "email": "Acme Credit <mail@example.com>"}
CONNECTIONS = 4  # of mail, as in Smtp


class Provider(Struct, frozen=True):
    """A sink that runs at `url` and writes what it took to `record`."""

    channel: Channel
    url: str
    record: Path

    def taken(self) -> list[str]:
        """The texts it took, in their order."""
        return [
            line["content" if self.channel == "email" else "body" if self.channel == "sms" else "text"]
            for line in read(self.record)
        ]

    def notifier(self) -> Notifier:
        """The adapter that production uses, pointed here."""
        if self.channel == "sms":
            return Twilio(twilio.ACCOUNT, twilio.TOKEN, SENDER["sms"], api_url=self.url)
        if self.channel == "chat":
            return Telegram(telegram.TOKEN, api_url=self.url)
        return Smtp(Server.read(f"{self.url}?starttls=0"), SENDER["email"], connections=CONNECTIONS)


@contextmanager
def provider(channel: Channel, folder: Path, delay: float = 0.0) -> Generator[Provider]:
    """A provider for as long as it is entered."""
    record = folder / f"{channel}-{delay}.jsonl"
    record.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.bench.providers", channel]
    process = subprocess.Popen(
        [*command, "--record", str(record), "--delay", str(delay)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield Provider(channel, json.loads(process.stdout.readline())["url"], record)
    finally:
        process.terminate()
        process.wait()


class _Twilio(twilio.TwilioSink):
    delay = 0.0

    async def _create(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(self.delay)
        return await super()._create(request)


class _Telegram(telegram.TelegramSink):
    delay = 0.0

    async def _call(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(self.delay)
        return await super()._call(request)


class _Mail(smtp._Handler):
    delay = 0.0

    async def handle_DATA(self, server: smtp._Server, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self.delay)
        return await super().handle_DATA(server, session, envelope)


async def _start(channel: str, options: Namespace) -> Sink:
    if channel == "email":
        _Mail.delay, smtp._Handler = options.delay, _Mail  # pyright: ignore[reportAttributeAccessIssue]
        return await smtp.SmtpSink(options.record).start(options.port)
    kind = _Twilio if channel == "sms" else _Telegram
    kind.delay = options.delay
    return await kind(options.record).start(options.port)


if __name__ == "__main__":
    kind = sys.argv.pop(1)
    parser = arguments("A provider to be measured with.")
    parser.add_argument("--delay", type=float, default=0.0)
    run(lambda options: _start(kind, options), parser)
