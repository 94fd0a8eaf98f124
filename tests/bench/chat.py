"""Ratio 7: a borrower asks the bot what they owe, beside an aiogram bot that only says it back.

Ours is the whole path of production: updates stored sealed as polling stores them, leased, worked with the
dialogs' routers before them, the loans read, the answer said; then marked as worked. The floor feeds the same
updates to a dispatcher with one handler, which answers with a text of the same length, by aiogram's own
session. Both answer over HTTP to the same sink, as many side by side.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message
from msgspec import Struct, field
from redis.asyncio import Redis

from bot.api import make_bot
from bot.desk import Desk
from bot.machine import AT_ONCE, Machine
from bot.routes import dispatcher
from bot.states import storage_of
from bot.texts import speech
from casework.office import Office
from kept.clock import FixedClock
from messages.intents.reading import get_ready
from tests.bench.book import NOW
from tests.bench.place import Place
from tests.bench.providers import provider
from tests.builders.book import SYSTEM
from tests.sinks import telegram

_FIRST = 9_000_000  # ids of chats
_POLLED = 100  # updates that one call of getUpdates brings


class Replies(Struct):
    """Seconds an answer: ours, and of the bare echo."""

    ours: list[float] = field(default_factory=list[float])
    floor: list[float] = field(default_factory=list[float])


async def measure(
    place: Place, book: str, redis_url: str, borrowers: int, runs: int, folder: Path
) -> Replies:
    """Floor and ours take turns, `borrowers` answers each, after a round that is not counted."""
    get_ready()
    found = Replies()
    with provider("chat", folder) as at:
        async with (
            place.copy(book) as office,
            _closed(make_bot(telegram.TOKEN, at.url)) as bot,
            _closed(_bare(at.url)) as bare,
            _redis(redis_url) as redis,
        ):
            await link(office, borrowers)
            machine = _machine(office, bot, redis)
            echoing = _echo(speech("en")("balance.on_time", loan="consumer L1", outstanding="€750.00") * 2)
            for run in range(runs + 1):
                place.say(
                    f"balance by chat: floor and ours, {f'run {run} of {runs}' if run else 'once before'}"
                )
                updates = [_asks(number, run) for number in range(borrowers)]
                before = len(at.taken())
                ours = await _answered(machine, updates)
                assert len(at.taken()) - before == borrowers, "one answer each"
                floor = await _echoed(echoing, bare, updates)
                if run:
                    found.ours.append(ours / borrowers)
                    found.floor.append(floor / borrowers)
    return found


async def link(office: Office, borrowers: int) -> None:
    """The first so many persons of the book each have a chat of their own."""
    ring = office.keyring
    rows = [(number + 1, str(_FIRST + number)) for number in range(borrowers)]
    async with office.transaction() as raw:
        chats = await raw.ids("chats", borrowers)
        addresses = await raw.ids("addresses", borrowers)
        await raw.run(
            "INSERT INTO addresses (id, person_id, kind, value, token, state, seen_at) "
            "SELECT *, 'linked', $5 FROM (SELECT a, p, 'chat', v, t FROM unnest($1::bigint[], $2::bigint[], "
            "$3::bytea[], $4::bytea[]) n(a, p, v, t)) n",
            addresses,
            [person for person, _ in rows],
            [
                ring.seal("addresses", "value", id_, chat)
                for id_, (_, chat) in zip(addresses, rows, strict=True)
            ],
            [ring.token("chat", chat) for _, chat in rows],
            NOW,
        )
        await raw.run(
            "INSERT INTO chats (id, token, value, language, person_id, address_id, linked_at, seen_at, "
            "numbers) "
            "SELECT c, t, v, 'en', p, a, $6, $6, ARRAY(SELECT token FROM addresses o WHERE o.person_id = p "
            "AND o.kind = 'phone') FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bigint[], "
            "$5::bigint[]) n(c, t, v, p, a)",
            chats,
            [ring.token("chat", chat) for _, chat in rows],
            [ring.seal("chats", "value", id_, chat) for id_, (_, chat) in zip(chats, rows, strict=True)],
            [person for person, _ in rows],
            addresses,
            NOW,
        )
        await raw.run("ANALYZE chats; ANALYZE addresses")


def _machine(office: Office, bot: Bot, redis: "Redis") -> Machine:
    desk = Desk(office, FixedClock(NOW), SYSTEM)
    return Machine(desk, bot, dispatcher(desk, storage_of(redis, office)))


def _asks(number: int, run: int) -> dict[str, Any]:
    """The update of somebody who types what a button says."""
    who = {"id": _FIRST + number, "is_bot": False, "first_name": "Ann", "language_code": "en"}
    chat = {"id": _FIRST + number, "type": "private", "first_name": "Ann"}
    message = {"message_id": run + 1, "date": 1_795_500_000, "chat": chat, "from": who}
    return {
        "update_id": 1 + run * 1_000_000 + number,
        "message": {**message, "text": speech("en").button("balance")},
    }


async def _answered(machine: Machine, updates: list[dict[str, Any]]) -> float:
    began = perf_counter()
    for place in range(0, len(updates), _POLLED):
        await machine.take(updates[place : place + _POLLED])
    await machine.drain()
    return perf_counter() - began


def _echo(text: str) -> Dispatcher:
    made = Dispatcher()

    async def answer(message: Message) -> None:
        await message.answer(text)

    made.message.register(answer)
    return made


async def _echoed(
    made: Dispatcher, bot: Bot, updates: list[Mapping[str, Any]] | list[dict[str, Any]]
) -> float:
    """The same updates, as text, as many side by side as ours are worked."""
    bodies = [orjson.dumps(update) for update in updates]
    left = iter(bodies)

    async def hand() -> None:
        for body in left:
            await made.feed_raw_update(bot, orjson.loads(body))

    began = perf_counter()
    await asyncio.gather(*(hand() for _ in range(AT_ONCE)))
    return perf_counter() - began


def _bare(url: str) -> Bot:
    return Bot(telegram.TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(url)))


@asynccontextmanager
async def _closed(bot: Bot) -> AsyncGenerator[Bot]:
    try:
        yield bot
    finally:
        await bot.session.close()


@asynccontextmanager
async def _redis(url: str) -> AsyncGenerator["Redis"]:
    redis: Redis = Redis.from_url(url)  # pyright: ignore[reportUnknownMemberType]
    try:
        yield redis
    finally:
        await redis.aclose()
