"""A real Chromium at a console with a small book: pages as any role, language and screen, and axe over them.

One server, database and browser for a session of tests. What loads from elsewhere, breaks the policy of
content, or ends in an error of a script fails the test that `assert_accessible` is asked in.
"""

import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.insight.today import make_figures
from casework.intake import uploads as tapes
from casework.intake.suggest import Given, suggest
from casework.intake.uploads import map_upload, receive, work_uploads
from casework.outcomes import Details, record_outcome
from casework.publish import publish
from casework.simulation.queued import ask, work
from casework.staff.desk import open_case
from casework.staff.entrance import Entrance, From
from casework.staff.people import invite, member, staff_roles
from casework.staff.rights import Actor, Role
from console.app import create_app
from storage.staff.people import assign
from strategies.language import shipped_strategies
from tests.builders.book import SYSTEM
from tests.builders.served import served
from tests.builders.shop import OPS, Shop
from tests.builders.talking import asks, chat_of, sends
from tests.builders.town import TownClock
from tests.builders.trials import try_out

AXE: Final = Path(__file__).parents[1] / "assets" / "axe.min.js"
DESKTOP: Final = {"width": 1360, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
LOCALES: Final = {"en": "en-GB", "zh": "zh-CN"}
_TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_ARGUMENTS: Final = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")


def chromium() -> str | None:
    """The program; None where there is none."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


class Console:
    """The server with its book, and the browser."""

    def __init__(self, url: str, shop: Shop, entrance: Entrance, browser: Browser) -> None:
        self.url, self.shop, self.entrance, self._browser = url, shop, entrance, browser
        self._axe = AXE.read_text("utf-8")
        self._troubles: dict[Page, list[str]] = {}

    @asynccontextmanager
    async def page_as(
        self,
        role: Role | None,
        language: str = "en",
        *,
        phone: bool = False,
        dark: bool = False,
        name: str | None = None,
    ) -> AsyncIterator[Page]:
        """A page of a browser of one's own, in which somebody of this role is signed in; None: nobody.

        `name`: somebody else of the role, with settings of their own.
        """
        context: BrowserContext = await self._browser.new_context(
            base_url=self.url,
            viewport=PHONE if phone else DESKTOP,  # type: ignore[arg-type]
            has_touch=phone,
            is_mobile=phone,
            locale=LOCALES[language],
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        try:
            if role is not None:
                await self._enter(context, role, name or NAMES[role])
            page = await context.new_page()
            troubles = self._troubles[page] = []
            page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
            page.on("pageerror", lambda error: troubles.append(str(error)))
            page.on("request", lambda asked: troubles.append(asked.url) if _is_elsewhere(asked.url) else None)
            yield page
        finally:
            await context.close()

    async def assert_accessible(self, page: Page, rules: Sequence[str] = ()) -> None:
        """No violation of WCAG 2.2 AA that axe calls serious, nothing from elsewhere, no error.

        `rules`: of these rules alone.
        """
        if not await page.evaluate("'axe' in window"):
            await page.evaluate(self._axe)
        only = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": _TAGS}
        found: dict[str, Any] = await page.evaluate(
            "(only) => axe.run(document, {runOnly: only, resultTypes: ['violations']})", only
        )
        serious = [
            f"{one['id']}: {one['help']}: " + "; ".join(node["html"][:200] for node in one["nodes"][:4])
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]
        assert not serious, f"{page.url}\n" + "\n".join(serious)
        assert not self._troubles[page], f"{page.url}\n" + "\n".join(self._troubles[page])
        wide = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, f"{page.url} is {wide} pixels wider than the screen"

    def forgive(self, page: Page) -> None:
        """What the browser complained of so far was meant: a refusal that a test asked for."""
        self._troubles[page].clear()

    async def _enter(self, context: BrowserContext, role: Role, name: str) -> None:
        rows = await self.shop.book.sql("SELECT id FROM staff WHERE name = $1", name)
        if not rows:
            await invite(self.shop.office, OPS, name, role, self.shop.now)
            rows = await self.shop.book.sql("SELECT id FROM staff WHERE name = $1", name)
        ticket = await self.entrance.enter(rows[0][0], self.shop.now, From("127.0.0.1", "a test"), "password")
        assert ticket is not None
        await context.add_cookies([{"name": "kept_session", "value": ticket, "url": self.url}])


NAMES: Final = {Role(role): role.replace("_", " ").title() for role in staff_roles()}


def _is_elsewhere(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1"


@asynccontextmanager
async def console_at(engine: AsyncEngine, redis_url: str) -> AsyncIterator[Console]:
    """The console with a book in which every page has something to show."""
    shop = Shop(engine, redis_url)
    await shop.open()
    folder = TemporaryDirectory()
    uploads = Path(folder.name) / "uploads"
    await _fill(shop)
    await _tape(shop, uploads)
    redis = Redis.from_url(redis_url)
    entrance = Entrance(shop.office, redis, os.urandom)
    program = chromium()
    assert program is not None
    async with (
        served(lambda url: create_app(shop.desk(url, redis, uploads=uploads))) as url,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        try:
            yield Console(url, shop, entrance, browser)
        finally:
            await browser.close()
            await redis.aclose()
            folder.cleanup()


TAPE: Final = """Loan No,Customer,Who,Ccy,Lent,Made,Months,First,Monthly
L-1,C-1,Ann Example,EUR,300.00,2026-10-01,3,2026-12-01,100.00
L-2,C-2,Ben Example,EUR,600.00,2026-10-02,6,2026-12-02,100.00
L-3,C-3,Cem Example,EUR,much,2026-10-03,3,2026-12-03,100.00
"""
CHOSEN: Final = {
    "loan_id": "Loan No",
    "borrower_id": "Customer",
    "name": "Who",
    "currency": "Ccy",
    "principal": "Lent",
    "made_on": "Made",
    "count": "Months",
    "first_due": "First",
    "each": "Monthly",
}


async def _tape(shop: Shop, uploads: Path) -> None:
    """A tape of who runs operations, tried: one of its rows is refused."""
    folder = uploads / "first"
    folder.mkdir(parents=True)
    (folder / "october.csv").write_text(TAPE)
    rows = await shop.book.sql("SELECT id FROM staff WHERE name = $1", NAMES[Role.OPERATIONS])
    ops = await member(shop.office, rows[0][0])
    assert ops is not None
    key = await receive(shop.office, ops, folder, shop.now)
    given = Given("loan", CHOSEN, {"portfolio": "acme", "zone": "Europe/Berlin", "source": "core"})
    await map_upload(shop.office, ops, key, suggest(folder / "october.csv", given).mapping, kind="loans")
    await tapes.ask(shop.office, ops, key, dry=True, now=shop.now)
    await work_uploads(shop.office, TownClock(shop))


async def _fill(shop: Shop) -> None:
    """A staff of every role; messages that went out, one that is unknown; a strategy that waits."""
    for role, name in NAMES.items():
        await invite(shop.office, OPS, name, role, shop.now)
    today = shop.now.date()
    behind = [await shop.borrower(today - timedelta(days=days)) for days in (2, 2, 2, 40)]
    await shop.remind(6)
    await shop.book.sql("UPDATE contacts SET state = 'unknown', code = 'no_answer_recorded' WHERE id = 2")
    collector = (await shop.book.sql("SELECT id FROM staff WHERE name = $1", NAMES[Role.COLLECTOR]))[0][0]
    async with shop.office.transaction() as raw:
        await assign(raw, [one.case for one in behind], collector, "oda", shop.now)
    works = await member(shop.office, collector)
    assert works is not None
    await open_case(shop.office, works, behind[-1].case, shop.now)
    for case, code in ((8, "claims_paid"), (9, "hardship")):
        note = Details(note="income/weeks/later" if code == "hardship" else None, channel="chat")
        who = Actor("Olga", Role.OPERATIONS)
        at = {"at": shop.now, "received": shop.now, "key": f"told {case}"}
        await record_outcome(shop.office, who, case, code, details=note, **at)
    talks = await chat_of(shop, behind[-1], 7001)
    await asks(shop, talks, "Friday?", about="payment")
    await sends(shop, talks, "my receipt")
    await asks(shop, await chat_of(shop, None, 7002), "Hello", about="locked")
    await make_figures(shop.office, SYSTEM, shop.now - timedelta(days=1))
    await make_figures(shop.office, SYSTEM, shop.now)
    guarded = shipped_strategies()["gentle"].replace(
        "stale_after: 4d", "stale_after: 4d\nguard: 1\nmigrate: now"
    )
    await publish(shop.office, Actor("Olga", Role.OPERATIONS), guarded, "gentle.yaml", shop.now)
    await ask(shop.office, OPS, "gentle", "v1", shipped_strategies()["gentle"], shop.now, days=20)
    await work(shop.office, TownClock(shop))
    await try_out(shop)
