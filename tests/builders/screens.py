"""The pictures of docs/borrowers.md: conversations in the sandbox's chat page, as a phone shows them.

    python -m tests.builders.screens [FOLDER]

Everything is real but the people: the bot, its Bot API server, the page, and Chromium (on the path, or named
by CHROMIUM), which is spoken to by its own protocol.
"""

import asyncio
import base64
import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from aiohttp import ClientSession, ClientWebSocketResponse

from casework.borrower.conversation import reply, take, waiting
from casework.staff.rights import Actor, Role
from kept.config import load, setting_names
from kept.embedded import engines
from storage.engine import make_engine
from storage.migrate import migrate
from tests.builders.book import Borrower
from tests.builders.chatroom import Chatroom, Guest
from tests.builders.town import MONDAY

FOLDER: Final = Path(__file__).parents[2] / "docs" / "images"
WIDTH, HEIGHT = 390, 860  # CSS pixels
_CARL: Final = Actor("carl", Role.COLLECTOR)
_TODAY: Final = date(2026, 11, 23)
LENDERS: Final[dict[str, dict[str, Any]]] = {
    "en": {
        "code": "alderbrook",
        "name": "Alderbrook Finance Ltd",
        "brand": "Alderbrook",
        "country": "GB",
        "zone": "Europe/London",
        "currency": "GBP",
        "pay": {"en": "https://pay.alderbrook.example.org/{reference}"},
        "reply_to": {"phone": "+44 20 7946 0100", "hours": "Mon-Fri 09:00-17:30"},
    },
    "zh": {
        "code": "qinghe",
        "name": "青禾消费金融有限公司",
        "brand": "青禾",
        "country": "CN",
        "zone": "Asia/Shanghai",
        "language": "zh",
        "currency": "CNY",
        "pay": {"zh": "https://pay.qinghe.example.org/{reference}"},
        "reply_to": {"phone": "+86 400 555 0100", "hours": "周一至周五 9:00-18:00"},
    },
}
_PEOPLE: Final = {"en": ("Maria Example", "+447700900123"), "zh": ("李小明", "+447700900124")}
_AMOUNT: Final = {"en": 250_00, "zh": 1_280_00}


class Browser:
    """A Chromium that shows one page the size of a phone's."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket, self._numbers = socket, count(1)
        self.session: str | None = None

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        asked: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self.session:
            asked["sessionId"] = self.session
        await self._socket.send_json(asked)
        while True:
            heard = await self._socket.receive_json()
            if heard.get("id") == number:
                assert "error" not in heard, heard
                return heard["result"]

    async def evaluate(self, script: str) -> Any:
        found = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def until(self, script: str) -> None:
        """Wait until `script` is true."""
        async with asyncio.timeout(30):
            await self.evaluate(
                "new Promise((done) => { const asking = setInterval(() => { "
                f"if ({script}) {{ clearInterval(asking); done(true); }} }}, 50); }})"
            )

    async def key(self, key: str, **more: Any) -> None:
        """Press and let go of a key."""
        for kind in ("keyDown", "keyUp"):
            await self.call("Input.dispatchKeyEvent", type=kind, key=key, **more)

    async def shot(self, file: Path) -> None:
        """What the page shows, as WebP."""
        made = await self.call("Page.captureScreenshot", format="webp", quality=82)
        await asyncio.to_thread(file.write_bytes, base64.b64decode(made["data"]))


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Chromium without a window, in a folder of its own."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("there is no Chromium on the path; name it with CHROMIUM")
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            program,
            *(
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--remote-debugging-port=0",
            ),
            *(f"--user-data-dir={folder}", "about:blank"),
            stderr=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
        )
        assert process.stderr is not None
        try:
            async with asyncio.timeout(60):
                while b"ws://" not in (line := await process.stderr.readline()):
                    assert line, "Chromium did not begin"
            url = line[line.index(b"ws://") :].decode().strip()
            async with ClientSession() as http, http.ws_connect(url, max_msg_size=0) as socket:
                made = Browser(socket)
                target = await made.call("Target.createTarget", url="about:blank")
                attached = await made.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
                made.session = attached["sessionId"]
                await made.call("Page.enable")
                await made.call("Emulation.setFocusEmulationEnabled", enabled=True)
                await made.call(
                    "Emulation.setDeviceMetricsOverride",
                    width=WIDTH,
                    height=HEIGHT,
                    deviceScaleFactor=1.5,
                    mobile=True,
                )
                yield made
        finally:
            process.terminate()
            await process.wait()


class Studio:
    """A room with one borrower before a camera, in one language."""

    def __init__(self, room: Chatroom, page: Browser, code: str, folder: Path) -> None:
        self.room, self.page, self.code, self.folder = room, page, code, folder

    async def borrower(self) -> Borrower:
        lender, name = LENDERS[self.code], _PEOPLE[self.code][0]
        book = self.room.book
        more = {key: value for key, value in lender.items() if key != "code"}
        portfolio = await book.portfolio(lender["code"], **more)
        await book.feed(portfolio, self.room.now)
        person, external = await book.person(
            name=name, language=self.code, country=lender["country"], zones=(lender["zone"],)
        )
        phone = await book.address(person, "phone", _PEOPLE[self.code][1])
        email = await book.address(person, "email")
        amount = _AMOUNT[self.code]
        dates = [(_TODAY + timedelta(days=days), amount) for days in (-33, -3, 27, 57)]
        loan, loan_id, case, installments = await book.loan(
            person,
            portfolio,
            dates,
            strategy=self.room.gentle,
            since=MONDAY,
            currency=lender["currency"],
            zone=lender["zone"],
            product="Personal" if self.code == "en" else "消费贷",
            external_id={"en": "AB-20417", "zh": "QH-88162"}[self.code],
        )
        ann = Borrower(person, loan, case, installments, external, loan_id, phone, email)
        await book.pay(ann, amount, _TODAY - timedelta(days=30))
        return ann

    async def take(self, guest: Guest, name: str) -> None:
        """A picture of the chat as it stands."""
        await self.page.call("Page.navigate", url=f"{self.room.sandbox.url}/?shot={name}#{guest.chat.id}")
        await self.page.until(f"location.search === '?shot={name}' && document.readyState === 'complete'")
        await self.page.evaluate(
            f"localStorage.setItem('tongue', '{self.code}'); tongue = '{self.code}'; speak(); true"
        )
        await self.page.until(f"document.querySelectorAll('#log li').length >= {len(guest.chat.messages)}")
        await self.page.evaluate("document.activeElement.blur(); at('log').scrollTop = 1e6; true")
        await self.page.until("[...document.images].every((one) => one.complete)")
        await asyncio.sleep(0.3)
        await self.page.shot(self.folder / f"chat-{name}-{self.code}.webp")


async def _welcome(studio: Studio, guest: Guest) -> None:
    await guest.says("/start")
    await studio.take(guest, "welcome")


async def _balance(studio: Studio, guest: Guest) -> None:
    await guest.shares()
    await guest.says(await studio.room.code())
    forget(guest)
    await guest.says({"en": "What do I still owe?", "zh": "我还欠多少？"}[studio.code])
    await studio.take(guest, "balance")


async def _promise(studio: Studio, guest: Guest) -> None:
    forget(guest)
    await guest.says({"en": "Say when I can pay", "zh": "告诉你们哪天能还"}[studio.code])
    await guest.says({"en": "250", "zh": "1280"}[studio.code])
    await guest.says({"en": "28/11", "zh": "11月28日"}[studio.code])
    await guest.taps("yes")
    forget(guest, 3)
    await studio.take(guest, "promise")


async def _paid(studio: Studio, guest: Guest) -> None:
    forget(guest)
    await guest.says({"en": "I paid yesterday", "zh": "我昨天已经还了"}[studio.code])
    await guest.shows()
    await studio.take(guest, "paid")


async def _person(studio: Studio, guest: Guest) -> None:
    forget(guest)
    room = studio.room
    await guest.says({"en": "Can I talk to somebody?", "zh": "我想找人工"}[studio.code])
    await guest.says(
        {"en": "My boiler broke. Can I pay half now?", "zh": "家里出了点事，能先还一半吗？"}[studio.code]
    )
    talk = (await waiting(room.office, _CARL))[-1]
    await take(room.office, _CARL, talk.id, room.now)
    said = {
        "en": "Of course. Half now, the rest on 11 December?",
        "zh": "可以的。现在还一半，其余12月11日还，行吗？",
    }
    await reply(room.office, _CARL, talk.id, said[studio.code], room.now)
    await guest.told()
    await guest.says({"en": "Yes, thank you!", "zh": "好的，谢谢！"}[studio.code])
    await studio.take(guest, "person")


_SCENES: Final[tuple[Callable[[Studio, Guest], Awaitable[None]], ...]] = (
    _welcome,
    _balance,
    _promise,
    _paid,
    _person,
)


def forget(guest: Guest, keep: int = 0) -> None:
    """A picture begins where its conversation does."""
    for number in list(guest.chat.messages)[: len(guest.chat.messages) - keep]:
        del guest.chat.messages[number]


async def make(url: str, folder: Path) -> None:
    engine = make_engine(url)
    await migrate(engine)
    room = Chatroom(engine)
    await room.open()
    async with browser() as page, room.opened():
        for code in LENDERS:
            studio = Studio(room, page, code, folder)
            await studio.borrower()
            name, phone = _PEOPLE[code]
            guest = await room.guest(phone, code, name)
            for scene in _SCENES:
                await scene(studio, guest)
                sys.stderr.write(f"{code} {scene.__name__}\n")
    await engine.dispose()


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for name in setting_names():
        os.environ.pop(name, None)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as data:
        os.environ["KEPT_DATA_DIR"] = data
        with engines(load(None)) as running:
            asyncio.run(make(running.database_url, folder))


if __name__ == "__main__":
    main()
