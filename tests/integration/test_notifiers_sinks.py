"""The sinks in processes of their own, as the chaos tests run them: what they took outlives a kill."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from notifiers.base import Notifier, SendError
from notifiers.chat_telegram import Telegram
from notifiers.email_smtp import Smtp
from notifiers.mail_server import Server
from notifiers.sms_twilio import Twilio
from tests.builders.outgoing import outgoing
from tests.sinks import certificate, telegram, twilio
from tests.sinks.record import read

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def running(name: str, *options: str) -> AsyncIterator[str]:
    """A sink's address, until it is killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"tests.sinks.{name}", *options, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline())["url"]
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


PEOPLE = {
    "smtp": ("ann@example.org", "rcpt:450 Later"),
    "twilio": ("+12025550123", "429"),
    "telegram": ("900", "429:1"),
}


def adapter(name: str, url: str, folder: Path) -> Notifier:
    if name == "smtp":
        context = certificate.for_client(folder / "sink.pem")
        return Smtp(Server.read(url), "kept@example.com", tls_context=context)
    if name == "twilio":
        return Twilio(twilio.ACCOUNT, twilio.TOKEN, "+12025550100", api_url=url)
    return Telegram(telegram.TOKEN, api_url=url)


@pytest.mark.parametrize("name", PEOPLE)
async def test_a_sink_keeps_what_it_took(name: str, tmp_path: Path):
    record = tmp_path / "taken.jsonl"
    to, fault = PEOPLE[name]
    options = ["--record", str(record), "--every", f"3:{fault}", "--always", f"{to}0={fault}"]
    if name == "smtp":
        options += ["--tls", str(tmp_path), "--login", "kept:secret"]
    async with running(name, *options) as url:
        notifier = adapter(name, url, tmp_path)
        ends = await asyncio.gather(
            *(notifier.send(outgoing(to, contact=n)) for n in range(6)), return_exceptions=True
        )
        assert [isinstance(end, SendError) for end in ends].count(True) == 2
        with pytest.raises(SendError):
            await notifier.send(outgoing(f"{to}0"))
        await notifier.close()
    assert [line["to"] for line in read(record)] == [to] * 4
