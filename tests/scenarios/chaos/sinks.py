"""The sinks of the chaos: each a process of its own, slow as providers are, reporting as they do.

    python -m tests.scenarios.chaos.sinks twilio|smtp|telegram --record FILE

What becomes of a message follows from its recipient, so that the test knows it as well.
"""

import asyncio
import sys
import time
from argparse import Namespace
from hashlib import sha256
from pathlib import Path
from typing import Any

from aiohttp import ClientError, web
from aiosmtpd.smtp import Envelope, Session

from tests.sinks import smtp, telegram, twilio
from tests.sinks.record import Record, Sink, arguments, run

RETRIES = 40  # of a callback that nobody took

# Of an SMS, by the last digit of its number: callbacks repeat, come in disorder, or not at all.
REPORTS: dict[str, tuple[str, ...]] = {
    "6": ("delivered", "sent", "delivered"),
    "7": ("sent", "undelivered/30008"),
    "8": (),
    "9": ("delivered",),
}
USUAL = ("sent", "delivered")


def dead_number(phone: str) -> bool:
    return phone.endswith("13")


def blocked_chat(chat: str) -> bool:
    return int(chat) % 20 == 2


class Timed(Record):
    """Says when it took a message, by the clock of the machine that all share."""

    def take(self, **message: Any) -> dict[str, Any]:
        return super().take(at=time.time(), **message)


def linger(key: str) -> float:
    """Seconds that a provider takes, 5 to 105 ms, as the key says."""
    return 0.005 + sha256(key.encode()).digest()[0] / 2560


class Twilio(twilio.TwilioSink):
    def __init__(self, record: Path | None) -> None:
        super().__init__(None, USUAL)
        self.record = Timed(record)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        to = str((await request.post()).get("To", ""))
        await asyncio.sleep(linger(to))
        if dead_number(to):
            self.faults.always[to] = "21211"
        answer = await super()._create(request)
        await asyncio.sleep(linger(to + "'"))
        return answer

    async def _report_quietly(self, sid: str) -> None:
        to = next(m["to"] for m in self.record.taken if m["sid"] == sid)
        for word in REPORTS.get(to[-1], USUAL):
            for _ in range(RETRIES):
                await asyncio.sleep(linger(sid) * 3)
                try:
                    if await self.report(sid, word) == [200]:
                        break
                except (ClientError, OSError):
                    continue


class Telegram(telegram.TelegramSink):
    def __init__(self, record: Path | None) -> None:
        super().__init__(None)
        self.record = Timed(record)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json() if request.content_type == "application/json" else {}
        chat = str(asked.get("chat_id", 0))
        if blocked_chat(chat):
            self.faults.always[chat] = "403:bot was blocked by the user"
        await asyncio.sleep(linger(chat))
        answer = await super()._call(request)
        await asyncio.sleep(linger(chat + "'"))
        return answer


class _Handler(smtp._Handler):
    async def handle_DATA(self, server: smtp._Server, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(linger(str(envelope.rcpt_tos)) / 3)
        answer = await super().handle_DATA(server, session, envelope)
        await asyncio.sleep(linger(str(envelope.mail_from)) / 3)
        return answer


async def _start(kind: str, options: Namespace) -> Sink:
    if kind == "twilio":
        return await Twilio(options.record).start(options.port)
    if kind == "telegram":
        return await Telegram(options.record).start(options.port)
    smtp._Handler = _Handler  # pyright: ignore[reportAttributeAccessIssue]
    sink = smtp.SmtpSink(None)
    sink.record = Timed(options.record)
    return await sink.start(options.port)


if __name__ == "__main__":
    kind = sys.argv.pop(1)
    run(lambda options: _start(kind, options), arguments("A sink of the chaos."))
