"""The machine: updates in, stored first, then worked, those of a chat in their order; lines of staff out.

Polling stores before it asks for more, and that is what acknowledges. A webhook stores before it answers, and
wakes whoever works here. Nothing is lost with the process: what is stored and not worked is found again.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import orjson
import structlog
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetUpdates
from aiogram.types import Update
from aiohttp import ClientError, ClientTimeout

from bot.api import quietly
from bot.desk import Desk
from bot.staff.telling import tell_staff
from bot.texts import speech
from casework.borrower import blocked, conversation, updates
from casework.borrower.chats import arrive
from casework.borrower.identity import announce

AT_ONCE: Final = 128  # updates worked side by side, each of another chat; half of them are begun together
GATHERED: Final = 0.01  # seconds: how long what ended waits to be recorded with others
TOLD_EVERY: Final = 0.5  # seconds: how often, at work, is looked for what staff wrote
SWEEP: Final = 2.0  # seconds: how often is looked for what no wake-up reached
POLL: Final = 25  # seconds that a server may hold an answer back

_WANTED: Final = ["message", "callback_query", "my_chat_member", "pre_checkout_query"]
_AGAIN: Final = (1.0, 5.0, 15.0, 60.0)  # seconds, after polls that failed

log: structlog.stdlib.BoundLogger = structlog.get_logger("bot")


class Machine:
    """One bot at work. `wake` may be called from any task of its loop."""

    def __init__(self, desk: Desk, bot: Bot, dispatcher: Dispatcher) -> None:
        self.desk, self.bot, self.dispatcher = desk, bot, dispatcher
        assert isinstance(bot.session, AiohttpSession)
        self._session = bot.session
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._some_ended = asyncio.Event()
        self._working: set[asyncio.Task[None]] = set()
        self._done: list[tuple[int, updates.Outcome]] = []

    def wake(self) -> None:
        """Something was stored."""
        self._woken.set()

    def stop(self) -> None:
        """Take nothing new; `work` and `poll` end when what is under way is done."""
        self._stopping.set()
        self._woken.set()

    async def announce(self, begins: str | None) -> str | None:
        """Say where the chat is; `begins` None: what the server says of itself. What a link begins with."""
        if begins is None:
            me = await quietly(self.bot.get_me())
            begins = f"https://t.me/{me.username}?start=" if me is not None and me.username else None
        if begins is not None:
            await announce(self.desk.office, self.desk.actor, begins, self.desk.clock.now())
        return begins

    async def hook(self, url: str | None, secret: str) -> None:
        """Have updates come to `url`, or (None) wait to be asked for. Raises TelegramAPIError for a url."""
        if url is None:
            await quietly(self.bot.delete_webhook())
        else:
            await self.bot.set_webhook(url, secret_token=secret, allowed_updates=_WANTED)

    async def poll(self) -> None:
        """Ask for updates until told to stop; each batch is stored before the next one is asked for."""
        offset: int | None = None
        failures = 0
        while not self._stopping.is_set():
            asking = asyncio.create_task(self.ask(offset))
            stopping = asyncio.create_task(self._stopping.wait())
            await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if not asking.done():
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
                return
            try:
                found = asking.result()
                if found:
                    await self.take(found)
                    offset = max(update["update_id"] for update in found) + 1
                failures = 0
            except (TelegramAPIError, ClientError, OSError, ValueError, KeyError) as error:
                wait = _AGAIN[min(failures, len(_AGAIN) - 1)]
                failures += 1
                level = log.error if isinstance(error, _OURS) else log.warning
                level("no updates", error=type(error).__name__, again_in=wait)
                await self._pause(wait)

    async def ask(self, offset: int | None, wait: int = POLL) -> list[dict[str, Any]]:
        """Updates as the server wrote them: what is stored is what came, whatever we know of it.

        Raises TelegramAPIError, ClientError, ValueError, KeyError.
        """
        method = GetUpdates(offset=offset, timeout=wait, allowed_updates=_WANTED)
        http = await self._session.create_session()
        async with http.post(
            self._session.api.api_url(self.bot.token, "getUpdates"),
            data=orjson.dumps(method.model_dump(exclude_none=True)),
            headers={"Content-Type": "application/json"},
            timeout=ClientTimeout(total=wait + 10),
        ) as answer:
            status, text = answer.status, await answer.text("utf-8", "replace")
        if status != 200:
            self._session.check_response(self.bot, method, status, text)
        read: Any = orjson.loads(text)
        return read["result"] or []

    async def take(self, found: list[Mapping[str, Any]] | list[dict[str, Any]]) -> int:
        """Store updates, and see that they are worked; how many were new."""
        new = await updates.take(
            self.desk.office, self.desk.actor, self.bot.id, found, self.desk.clock.wall()
        )
        self.wake()
        return new

    async def work(self) -> None:
        """Work what is stored, and say what staff wrote, until told to stop."""
        told = -TOLD_EVERY
        while True:
            self._woken.clear()
            stopping = self._stopping.is_set()
            full = await self._begin(0 if stopping else AT_ONCE - len(self._working))
            if stopping and not self._working and not self._done:
                return
            loop = asyncio.get_running_loop()
            if not stopping and (not self._working or loop.time() >= told + TOLD_EVERY):
                await self._tell()
                told = loop.time()
            if not full:
                await self._rest()
            await self._gather()

    async def drain(self) -> None:
        """Work what is stored until nothing is left, then return: for tests and for a single round."""
        while await self._begin(AT_ONCE - len(self._working)) or self._working or self._done:
            await self._gather()
        await self._tell()

    async def _begin(self, limit: int) -> bool:
        """Record what is worked, and begin what is to be; whether there may be more."""
        leased = await self._turn(limit)
        for one in leased:
            task = asyncio.create_task(self._work(one))
            self._working.add(task)
            task.add_done_callback(self._ended)
        return bool(limit) and len(leased) == limit

    async def _gather(self) -> None:
        """Wait for others of the group: what ended is recorded together, and as many are begun together."""
        self._some_ended.clear()
        if not self._working:
            return
        try:
            async with asyncio.timeout(GATHERED):
                await self._some_ended.wait()
        except TimeoutError:
            return

    async def _turn(self, limit: int) -> list[updates.Leased]:
        done, self._done = self._done, []
        if not done and not limit:
            return []
        clock = self.desk.clock
        try:
            return await updates.turn(
                self.desk.office, self.desk.actor, done, clock.now(), clock.wall(), limit
            )
        except Exception as error:  # whatever it is, it is tried again: nothing is lost by waiting
            log.error("updates cannot be taken", error=type(error).__name__)  # noqa: TRY400
            self._done = done + self._done
            await self._pause(SWEEP)
            return []

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._working.discard(task)
        self._woken.set()
        if len(self._working) <= AT_ONCE // 2:
            self._some_ended.set()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(SWEEP):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    async def _work(self, one: updates.Leased) -> None:
        """One update; what stands in its way has it worked again a little later, and not for ever."""
        outcome: updates.Outcome = "answered"
        try:
            update = Update.model_validate_json(one.body, context={"bot": self.bot})
            await self.dispatcher.feed_update(self.bot, update, stored=one.id)
        except TelegramForbiddenError:
            outcome = "blocked"
            await self._blocked(one)
        except Exception as error:  # a defect, or an engine that is away: both are told by trying again
            # Foreign exceptions carry texts: no more of it than its kind and place.
            log.error("update not worked", update=one.id, tries=one.tries, error=type(error).__name__)  # noqa: TRY400
            log.debug("where", update=one.id, exc_info=error)
            if one.tries < updates.TRIES:
                await self._put_back(one)
                return
            outcome = "failed"
            await self._sorry(one)
        self._done.append((one.id, outcome))

    async def _put_back(self, one: updates.Leased) -> None:
        until = self.desk.clock.wall() + timedelta(seconds=2**one.tries)
        try:
            await updates.put_back(self.desk.office, self.desk.actor, one.id, until)
        except Exception as error:  # its lease ends by itself
            log.warning("update waits for its lease", update=one.id, error=type(error).__name__)

    async def _blocked(self, one: updates.Leased) -> None:
        chat = updates.chat_of(one.body)
        desk = self.desk
        found = await arrive(desk.office, desk.actor, chat, None, desk.clock.now())
        await blocked.blocked(desk.office, desk.actor, found, desk.clock.now())

    async def _sorry(self, one: updates.Leased) -> None:
        """Silence would be worse: say that it went wrong, in words that give nothing away."""
        try:
            chat = updates.chat_of(one.body)
            found = await arrive(self.desk.office, self.desk.actor, chat, None, self.desk.clock.now())
            await self.bot.send_message(chat, speech(found.language)("open.trouble"))
        except Exception as error:
            log.warning("nobody told", update=one.id, error=type(error).__name__)

    async def _tell(self) -> None:
        """Say in chats what staff wrote there, and to the staff what they are to know."""
        desk = self.desk
        try:
            await tell_staff(desk, self.bot)
        except Exception as error:  # looked for again at the next turn
            log.warning("the staff wait for news", error=type(error).__name__)
        try:
            waiting = await conversation.begin_lines(desk.office, desk.actor, desk.clock.now())
        except Exception as error:  # looked for again at the next turn
            log.warning("lines of staff wait", error=type(error).__name__)
            return
        for line in waiting:
            try:
                await self.bot.send_message(line.telegram, line.text)
            except TelegramForbiddenError:
                log.warning("line not said: blocked", line=line.line)
            except TelegramAPIError as error:
                log.warning("line not known to be said", line=line.line, error=type(error).__name__)
            else:
                await conversation.said(desk.office, desk.actor, line.line, desk.clock.now())
        await self._goodbyes()

    async def _goodbyes(self) -> None:
        """After what was said last: whoever had a conversation that the staff ended is told so."""
        desk = self.desk
        try:
            ended = await conversation.begin_goodbyes(desk.office, desk.actor, desk.clock.now())
        except Exception as error:  # looked for again at the next turn
            log.warning("goodbyes wait", error=type(error).__name__)
            return
        for chat, language in ended:
            try:
                await self.bot.send_message(chat, speech(language)("human.over"))
            except TelegramAPIError as error:
                log.warning("goodbye not known to be said", error=type(error).__name__)


_OURS = (TelegramUnauthorizedError, TelegramConflictError)
