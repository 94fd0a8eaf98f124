"""`python -m tests.bench.staff`: taps to a stored outcome, and how long answers take 60 collectors at work.

Each looks at a card for some seconds, taps a category, then a code; the next card comes by itself. The answer
is there when the bot's message is in the chat: over HTTP both ways, through the stored updates and the rules.
"""

import argparse
import asyncio
import os
import random
from pathlib import Path
from statistics import quantiles
from time import perf_counter

import asyncpg
from rich.console import Console
from sqlalchemy import make_url

from bot.sandbox.server import Sandbox
from bot.sandbox.world import World
from kept import logs
from kept.config import load, setting_names
from kept.embedded import engines
from storage.engine import make_engine
from storage.migrate import migrate
from tests.builders.chatroom import TODAY, Guest
from tests.builders.crew import Crew
from tests.builders.databases import drop
from tests.builders.town import DAY

FOLDER = Path(__file__).parents[2] / "var" / "bench"
NAME = "staff_bench"
TEN = (
    ("Not reached", "no answer"),
    ("Not reached", "busy"),
    ("Not reached", "voicemail"),
    ("Promise", "Tomorrow"),
    ("Call back", "In 3 h"),
    ("They said", "says it is paid"),
    ("They said", "refused"),
    ("They said", "hardship"),
    ("Not reached", "wrong number"),
    ("Not reached", "somebody else answered"),
)


async def answered(crew: Crew, guest: Guest, label: str) -> float:
    """Tap, and wait for what the bot says; seconds."""
    message, data = guest.button(label)
    before = guest.chat.version
    began = perf_counter()
    await crew.sandbox.world.tap(guest.chat, message, data)
    await crew.sandbox.world.changed(lambda: guest.chat.version > before, 30)
    return perf_counter() - began


async def worker(crew: Crew, guest: Guest, draw: random.Random, cases: int, think: float) -> list[float]:
    """A collector's cases, one after the other; seconds of each answer."""
    took: list[float] = []
    await asyncio.sleep(draw.uniform(0, think))
    before = guest.chat.version
    await crew.sandbox.world.say(guest.chat, "/next")
    await crew.sandbox.world.changed(lambda: guest.chat.version > before + 1, 60)  # theirs, and the card
    for _ in range(cases):
        for label in draw.choice(TEN):
            await asyncio.sleep(draw.uniform(0.5, 1.5) * think)
            took.append(await answered(crew, guest, label))
    return took


async def run(url: str, collectors: int, cases: int, think: float) -> list[float]:
    """All of them at once, on a database of their own."""
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://"))
    await connection.execute(f"DROP DATABASE IF EXISTS {NAME}")
    await connection.execute(f"CREATE DATABASE {NAME}")
    await connection.close()
    engine = make_engine(make_url(url).set(database=NAME).render_as_string(hide_password=False))
    await migrate(engine)
    crew = Crew(engine)
    await crew.open()
    async with crew.opened(sandbox=Sandbox(World(lambda: crew.now))):
        for _ in range(collectors * (cases + 2)):
            await crew.task((await crew.borrower(TODAY - 20 * DAY)).case)
        guests = [await crew.hired(f"c{number}") for number in range(collectors)]
        parts = [asyncio.create_task(crew.machine.work()), asyncio.create_task(crew.machine.poll())]
        found = await asyncio.gather(
            *(worker(crew, guest, random.Random(at), cases, think) for at, guest in enumerate(guests))
        )
        crew.machine.stop()
        await asyncio.gather(*parts)
        rows = await crew.book.sql("SELECT count(*) FROM outcomes")
        assert rows[0][0] == collectors * cases, "each pair of taps is one outcome"
    await engine.dispose()
    await drop(url, NAME)
    return [took for one in found for took in one]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.staff", description=__doc__)
    parser.add_argument("--collectors", type=int, default=60)
    parser.add_argument("--cases", type=int, default=5, help="of each")
    parser.add_argument("--think", type=float, default=5.0, help="seconds between taps, about")
    asked = parser.parse_args()
    for name in setting_names():
        os.environ.pop(name, None)
    os.environ["KEPT_DATA_DIR"] = str(FOLDER)
    logs.configure()
    with engines(load(None)) as running:
        took = asyncio.run(run(running.database_url, asked.collectors, asked.cases, asked.think))
    p50, p95 = (quantiles(took, n=100)[at] * 1000 for at in (49, 94))
    out = Console()
    out.print(f"{asked.collectors} collectors, {len(took)} taps, 2 for each outcome of {len(TEN)} codes")
    out.print(f"answer: median {p50:.0f} ms, p95 {p95:.0f} ms, longest {max(took) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
