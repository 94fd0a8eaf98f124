"""Ratios 5 and 6: a contact from the outbox to its provider, beside the bare call of a library.

Ours is the whole path: lease, claim (locks, facts anew, decision anew, the text rendered, sealed, stored),
hand over by the adapter that production uses, record what was said. The floor sends messages of the same
size to the same provider, made beforehand, and keeps nothing: one after the other over a kept connection, as
the floors of PERFORMANCE.md were measured, and as many side by side as the adapters have connections.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from urllib.parse import urlencode

import aiosmtplib
import orjson
from aiohttp import ClientSession, TCPConnector, encode_basic_auth
from msgspec import Struct, field

from casework.delivery.deliver import deliver
from casework.look import look
from casework.office import Office
from kept.clock import FixedClock
from notifiers.base import Channel, Notifier
from tests.bench.book import NOW, make_due, only_by
from tests.bench.place import Place
from tests.bench.providers import CONNECTIONS, SENDER, Provider, provider
from tests.builders.book import SYSTEM
from tests.sinks import telegram, twilio

# In one process, as a worker has them where a look planned three thousand contacts or more.
DELIVERERS = 4
BESIDE = 50  # what the adapters have in the air at most, whoever asks them


class Sendings(Struct):
    """Seconds a contact by one channel: ours, the floor one after the other, the floor side by side."""

    ours: list[float] = field(default_factory=list[float])
    alone: list[float] = field(default_factory=list[float])
    beside: list[float] = field(default_factory=list[float])


async def measure(place: Place, book: str, channel: Channel, lines: int, runs: int, folder: Path) -> Sendings:
    """Floor, floor side by side, ours, and again; `lines` each, after a round that is not counted."""
    found = Sendings()
    with provider(channel, folder) as at:
        notifier = at.notifier()
        async with place.copy(book) as office:
            await only_by(office, channel)
            await make_due(office, lines * (runs + 1))
            await look(office, SYSTEM, NOW)
            await in_rounds(office, runs + 1)
            for run in range(runs + 1):
                place.say(
                    f"{channel}: floor and delivery, {f'run {run} of {runs}' if run else 'once before'}"
                )
                before = len(at.taken())
                ours = await _deliver(office, channel, notifier, run, lines)
                sent = at.taken()[before:]
                assert len(sent) == lines
                message = max(sent, key=len)
                alone, beside = await _floor(at, message, lines, 1), await _floor(at, message, lines, BESIDE)
                if run:
                    found.ours.append(ours / lines)
                    found.alone.append(alone / lines)
                    found.beside.append(beside / lines)
        await notifier.close()
    return found


async def in_rounds(office: Office, rounds: int) -> None:
    """What is planned becomes due in so many equal parts, a minute after the other."""
    async with office.transaction() as raw:
        await raw.run(
            "UPDATE contacts c SET not_before = $1::timestamptz + (n.place % $2) * interval '1 minute' FROM "
            "(SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM contacts) n WHERE c.id = n.id",
            NOW,
            rounds,
        )


async def _deliver(office: Office, channel: str, notifier: Notifier, run: int, lines: int) -> float:
    clock = FixedClock(NOW + timedelta(minutes=run))
    names = [f"bench-{run}-{number}" for number in range(DELIVERERS)]
    began = perf_counter()
    reports = await asyncio.gather(
        *(deliver(office, SYSTEM, {channel: notifier}, clock, name) for name in names)
    )
    seconds = perf_counter() - began
    assert sum((report.by_channel.get(channel, Counter()) for report in reports), Counter()) == {
        "accepted": lines
    }
    return seconds


async def _floor(at: Provider, message: str, lines: int, beside: int) -> float:
    """Seconds of sending `message` so often, `beside` at a time."""
    if at.channel == "email":
        return await _mails(at.url, message.encode(), lines, min(beside, CONNECTIONS))
    if at.channel == "sms":
        url = f"{at.url}/2010-04-01/Accounts/{twilio.ACCOUNT}/Messages.json"
        data = urlencode({"To": "+12015550100", "From": SENDER["sms"], "Body": message}).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        headers = {**kind, "Authorization": encode_basic_auth(twilio.ACCOUNT, twilio.TOKEN)}
    else:
        url = f"{at.url}/bot{telegram.TOKEN}/sendMessage"
        data, headers = orjson.dumps({"chat_id": 5, "text": message}), {"Content-Type": "application/json"}
    async with ClientSession(connector=TCPConnector(limit=beside)) as session:

        async def post() -> None:
            async with session.post(url, data=data, headers=headers) as answer:
                await answer.read()
                assert answer.status in (200, 201)

        await post()
        return await _timed(post, lines, beside)


async def _mails(url: str, message: bytes, lines: int, beside: int) -> float:
    host, _, port = url.removeprefix("smtp://").partition(":")
    idle: list[aiosmtplib.SMTP] = []
    for _ in range(beside):
        connection = aiosmtplib.SMTP(hostname=host, port=int(port), start_tls=False)
        await connection.connect()
        await connection.ehlo()
        idle.append(connection)

    async def mail() -> None:
        connection = idle.pop()
        await connection.sendmail("mail@example.com", ["b1@example.org"], message)
        idle.append(connection)

    seconds = await _timed(mail, lines, beside)
    for connection in idle:
        await connection.quit()
    return seconds


async def _timed(send: Callable[[], Awaitable[None]], lines: int, beside: int) -> float:
    left = iter(range(lines))

    async def hand() -> None:
        for _ in left:
            await send()

    began = perf_counter()
    await asyncio.gather(*(hand() for _ in range(beside)))
    return perf_counter() - began
