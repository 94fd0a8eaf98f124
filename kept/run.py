"""Everything in one: workers, webhooks, console and bot; or one part of it, for many machines.

SIGTERM and Ctrl-C end it: no new work is taken, what is in the air is finished within a deadline, and what
was leased is handed back.
"""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

import structlog
import uvicorn
from arq.connections import ArqRedis
from redis.asyncio import Redis

from casework.outbox import store
from casework.staff.entrance import Entrance
from casework.staff.first import first_link
from casework.staff.rights import Role
from casework.staff.single_sign_on import Client, SingleSignOn
from console.app import Desk, create_app
from kept.bootstrap import OPERATOR, PORTFOLIOS, SYSTEM, Assembly, assembled
from kept.chat import door_of, talking, token_of
from kept.clock import SystemClock
from kept.config import Settings, SettingsError
from kept.logs import configure
from kept.names import deliverer
from kept.providers import askable_of, notifiers_of, poster_of, twilio_of
from kept.rates import rates_of, turnstile_of
from messages.intents.reading import get_ready
from workers.jobs import Pace, Shift
from workers.wake import open_queue, wake
from workers.worker import Crew

log: structlog.stdlib.BoundLogger = structlog.get_logger("kept")

DEADLINE = timedelta(seconds=20)


async def run_all(
    settings: Settings,
    *,
    portfolios: Path | None = PORTFOLIOS,
    begins: str | None = None,
    demo: Mapping[Role, int] | None = None,
) -> None:
    """Workers, HTTP and the bot until a signal ends them.

    `portfolios` None: those of the database as they are.
    `begins`: what a link to the chat begins with, where the Bot API server does not say.
    `demo`: whom a visitor of the console may be, by role; only a demo has anybody to be.
    """
    chat = settings.telegram.token is not None
    await _run(settings, portfolios, http=True, work=True, chat=chat, begins=begins, demo=demo)


async def run_http(settings: Settings) -> None:
    """Webhooks, API and console alone."""
    await _run(settings, PORTFOLIOS, http=True, work=False)


async def run_bot(settings: Settings) -> None:
    """The bot alone. Raises SettingsError where there is no token."""
    token_of(settings)
    await _run(settings, PORTFOLIOS, http=False, work=False, chat=True)


async def run_worker(settings: Settings) -> None:
    """A worker alone."""
    await _run(settings, PORTFOLIOS, http=False, work=True)


async def _run(
    settings: Settings,
    portfolios: Path | None,
    *,
    http: bool,
    work: bool,
    chat: bool = False,
    begins: str | None = None,
    demo: Mapping[Role, int] | None = None,
) -> None:
    configure()
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(assembled(settings, portfolios=portfolios, connections=10))
        await asyncio.to_thread(get_ready)  # a second of work that nobody who writes should wait for
        if work:
            await stack.enter_async_context(_working(running))
        if http:
            queue = await open_queue(running.redis_url)
            stack.push_async_callback(queue.aclose)
            await stack.enter_async_context(_serving(running, queue, ending, demo))
        if chat:
            await stack.enter_async_context(talking(running, begins=begins))
        log.info("running", http=settings.http.listen if http else None, workers=work, bot=chat)
        await ending.wait()
        log.info("ending", deadline=DEADLINE.total_seconds())


@asynccontextmanager
async def _working(running: Assembly) -> AsyncGenerator[None]:
    notifiers = notifiers_of(running.settings, store(running.office))
    rates = rates_of(running.settings, running.redis_url)
    work = running.settings.work
    pace = Pace(work.lease, work.sweep)
    askable = askable_of(running.settings)
    poster = poster_of(running.settings)
    shift = Shift(
        running.office,
        SYSTEM,
        notifiers,
        SystemClock(),
        deliverer(),
        running.anchors,
        rates=rates,
        pace=pace,
        askable=askable,
        poster=poster,
    )
    crew = Crew(running.redis_url, shift)
    task = asyncio.create_task(crew.work())
    try:
        yield
    finally:
        await crew.stop(DEADLINE)
        await task
        for notifier in (*notifiers.values(), *askable.values()):
            await notifier.close()
        await poster.close()
        await rates.close()


def listener(settings: Settings) -> socket.socket:
    """The socket to listen on. Raises SettingsError where it cannot be had."""
    host, port = settings.http.host, settings.http.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        door = socket.create_server((host, port), family=family)
    except OSError as error:
        raise SettingsError(
            f"KEPT_HTTP {settings.http.listen} cannot be listened on ({error.strerror}); "
            "name another host:port, or end what listens there"
        ) from None
    # What it accepts inherits this: asyncio sets it only where a socket was made with the protocol's number.
    # Without it the body of an answer waits 40 ms for the head to be confirmed.
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return door


class _Server(uvicorn.Server):
    """Signals are ours: the workers end with the server, in order."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def _serving(
    running: Assembly, queue: ArqRedis, ending: asyncio.Event, demo: Mapping[Role, int] | None
) -> AsyncGenerator[None]:
    settings = running.settings
    twilio = twilio_of(settings)
    turnstile = turnstile_of(running.redis_url)

    async def woken(job: str) -> None:
        await wake(queue, job)

    async def queue_answers() -> bool:
        return bool(await queue.ping())  # pyright: ignore[reportUnknownMemberType] - redis leaves it untyped

    redis: Redis = Redis.from_url(running.redis_url)  # pyright: ignore[reportUnknownMemberType]
    app = create_app(
        Desk(
            office=running.office,
            clock=SystemClock(),
            public_url=settings.http.public_url,
            listens_on=settings.http.host,
            twilio=twilio,
            wake=woken,
            queue_answers=queue_answers,
            chat=door_of(running, queue),
            turnstile=turnstile,
            entrance=Entrance(running.office, redis, os.urandom),
            single=_single_sign_on(running, redis),
            anchored=running.anchors.read,
            demo=demo,
            pushed=settings.data_dir / "pushed",
            uploads=(settings.data_dir / "uploads").resolve(),
        )
    )
    door = listener(settings)
    if demo is None:
        await _say_first_link(running)
    server = _Server(uvicorn.Config(app, log_config=None, access_log=False))
    task = asyncio.create_task(server.serve(sockets=[door]))
    task.add_done_callback(lambda _: ending.set())
    try:
        yield
    finally:
        server.should_exit = True
        await task
        await turnstile.close()
        await redis.aclose()
        if twilio is not None:
            await twilio.close()


def _single_sign_on(running: Assembly, redis: Redis) -> SingleSignOn | None:
    oidc = running.settings.oidc
    if oidc.issuer is None or oidc.client_id is None or oidc.client_secret is None:
        return None
    back = f"{running.settings.http.public_url}/sign-in/back"
    client = Client(oidc.issuer, oidc.client_id, oidc.client_secret.get_secret_value(), back)
    return SingleSignOn(running.office, redis, client, os.urandom)


async def _say_first_link(running: Assembly) -> None:
    """On the terminal, and nowhere else: whoever starts the machine is the one to be its administrator."""
    link = await first_link(running.office, OPERATOR, SystemClock().now())
    if link is not None:
        print(f"Nobody can manage the staff yet. Open this link once, within two days: {link}", flush=True)
