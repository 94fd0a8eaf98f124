"""`make bench ARGS=--pages`: how long each page of the console takes over a large book, by HTTP."""

import os
from collections.abc import Sequence
from statistics import median
from time import perf_counter

import httpx2
import msgspec
from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

from casework.insight.today import make_figures
from casework.played import note_look
from casework.staff.entrance import Entrance, From
from casework.staff.people import invite
from casework.staff.rights import RIGHTS, Role
from console.app import create_app
from console.pages import PAGES
from console.registry import Page
from storage.engine import make_engine
from tests.bench.book import build, tidy
from tests.bench.crowd import Came, Doing, crowd
from tests.bench.place import Place
from tests.builders.book import SYSTEM
from tests.builders.served import served
from tests.builders.shop import OPS, Shop

# As whom a page is asked for: the first of them who may.
_WHO = (Role.SUPERVISOR, Role.OPERATIONS, Role.COMPLIANCE, Role.ADMINISTRATOR)
# What people ask for of the lists, beside the pages as they open.
_ASKED = (
    (Role.SUPERVISOR, "/cases?bucket=1-30"),
    (Role.SUPERVISOR, "/cases?late=no"),
    (Role.SUPERVISOR, "/cases?hold=dispute"),
    (Role.SUPERVISOR, "/cases?text=L500"),
    (Role.SUPERVISOR, "/cases?text=ann%20example"),
    (Role.SUPERVISOR, "/today/late"),
    (Role.SUPERVISOR, "/today/cash"),
    (Role.SUPERVISOR, "/today/entered"),
    (Role.SUPERVISOR, "/cases/500"),
    (Role.SUPERVISOR, "/strategies/gentle"),
    (Role.SUPERVISOR, "/texts/late"),
    (Role.SUPERVISOR, "/policies/us-reg-f"),
)
# What many look at together: cases most of all.
_TOGETHER = (
    "/today",
    "/cases",
    "/cases?bucket=1-30",
    "/cases/500",
    "/cases/1500",
    "/cases/2500",
    "/approvals",
)
_PEOPLE = 500
_RATE = 50  # requests a second
_PACE = 20  # seconds between two pages of a person
_SECONDS = 60


class Asked(msgspec.Struct, frozen=True):
    """A page: as whom, the answer's status, and the median in seconds."""

    path: str
    role: str
    status: int
    seconds: float


class Pages(msgspec.Struct, frozen=True):
    """Of a book of so many loans: the job that makes the figures, first and again; each page; many people."""

    loans: int
    first: float
    again: float
    asked: Sequence[Asked]
    at_a_rate: Came
    polling: Came


async def measure(place: Place, redis_url: str, loans: int, runs: int) -> Pages:
    """Everything, on a copy of the book."""
    place.say(f"a book of {loans:,} loans")
    book = await place.template("book", lambda office: build(office, loans, place.say), str(loans))
    name = f"{place.prefix}_pages"
    await place.execute(f"DROP DATABASE IF EXISTS {name}")
    await place.execute(f"CREATE DATABASE {name} TEMPLATE {book} STRATEGY FILE_COPY")
    engine = make_engine(place.of(name))
    try:
        shop = Shop(engine, redis_url)
        place.say("the figures, for the first time and again")
        times: list[float] = []
        for _ in range(2):
            began = perf_counter()
            await make_figures(shop.office, SYSTEM, shop.now)
            times.append(perf_counter() - began)
        await note_look(shop.office, shop.now)  # as the worker that looked at them
        await tidy(shop.office)
        found: list[Asked] = []
        for role in _WHO:
            paths = [page.path for page in PAGES if _is_for(page, role)]
            paths += [path for of, path in _ASKED if of is role]
            async with shop.open_doors(role=role) as client:
                for path in paths:
                    place.say(f"{path} as {role}")
                    found.append(await _ask(client, path, role, runs))
        slowest = sorted(found, key=lambda one: -one.seconds)
        return Pages(loans, *times, slowest, *await _together(shop, redis_url, place))
    finally:
        await engine.dispose()
        await place.execute(f"DROP DATABASE {name}")


async def _together(shop: Shop, redis_url: str, place: Place) -> tuple[Came, Came]:
    """Requests at a rate, and people who look now and then; all signed in."""
    redis = Redis.from_url(redis_url)
    entrance = Entrance(shop.office, redis, os.urandom)
    place.say(f"{_PEOPLE} people sign in")
    tickets: list[str] = []
    for number in range(_PEOPLE):
        name = f"person {number}"
        await invite(shop.office, OPS, name, Role.SUPERVISOR, shop.now)
        ((staff,),) = await shop.book.sql("SELECT id FROM staff WHERE name = $1", name)
        ticket = await entrance.enter(staff, shop.now, From("127.0.0.1", "a bench"), "password")
        assert ticket is not None
        tickets.append(ticket)
    async with served(lambda url: create_app(shop.desk(url, redis))) as url:
        place.say(f"{_RATE} requests a second")
        first = await crowd(Doing(url, tickets, _TOGETHER, _SECONDS, rate=_RATE))
        place.say(f"{_PEOPLE} people look at a page every {_PACE} s")
        second = await crowd(Doing(url, tickets, _TOGETHER, _SECONDS, pace=_PACE))
    await redis.aclose()
    return first, second


def _is_for(page: Page, role: Role) -> bool:
    """Whether `role` is the first who may ask for the page."""
    if page.method != "GET" or page.public or "{" in page.path:
        return False
    may = [one for one in _WHO if not page.rights or any(right in RIGHTS[one] for right in page.rights)]
    return bool(may) and may[0] is role


async def _ask(client: httpx2.AsyncClient, path: str, role: Role, runs: int) -> Asked:
    times: list[float] = []
    status = 0
    for _ in range(runs + 1):
        began = perf_counter()
        status = (await client.get(path, headers={"accept": "text/html"})).status_code
        times.append(perf_counter() - began)
    return Asked(path, role.value, status, median(times[1:]))


def show(found: Pages) -> None:
    """As a table, the slowest first."""
    title = f"{found.loans:,} loans; figures made in {found.first:.1f} s, again in {found.again:.1f} s"
    table = Table(title=title, title_justify="left")
    for column in ("page", "as", "status", "median ms", "asked"):
        table.add_column(column, justify="right" if column == "median ms" else "left")
    for one in found.asked:
        met = "300 ms" if one.seconds <= 0.3 else "300 ms: NO"
        table.add_row(one.path, one.role, str(one.status), f"{one.seconds * 1000:.0f}", met)
    console = Console(width=None if Console().is_terminal else 130)
    console.print(table)
    for what, came in ((f"{_RATE} requests a second", found.at_a_rate), ("polling", found.polling)):
        console.print(
            f"{came.people} signed in, {what}: {came.requests:,} requests ({came.a_second:.0f} a second), "
            f"{came.failed} failed; median {came.median * 1000:.0f} ms, p95 {came.p95 * 1000:.0f} ms "
            f"(asked: below 2,000), longest {came.longest * 1000:.0f} ms",
            highlight=False,
        )
