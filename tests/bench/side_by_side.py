"""Two deliverers beside one: processes of their own on one book, to a provider that answers after a while.

What is measured is what a second deliverer adds while providers are waited for, as they are in life: they
share the database, its locks and this machine, and neither may take what the other leased.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter

from casework.look import look
from tests.bench.book import NOW, make_due
from tests.bench.delivery import in_rounds
from tests.bench.place import Place
from tests.bench.providers import provider
from tests.builders.book import SYSTEM

DELAY = 0.1  # seconds until the provider answers


async def measure(
    place: Place, book: str, lines: int, runs: int, folder: Path
) -> tuple[list[float], list[float]]:
    """Seconds a contact in each run, taking turns: of one deliverer, of two; `lines` contacts each."""
    rounds = 2 * runs + 1
    one: list[float] = []
    two: list[float] = []
    with provider("sms", folder, DELAY) as at:
        async with place.copy(book) as office:
            await make_due(office, lines * rounds)
            await look(office, SYSTEM, NOW)
            await in_rounds(office, rounds)
            url = office.engine.url.render_as_string(hide_password=False)
            crew = [await _begin(url, at.url, f"bench-{number}") for number in range(2)]
            try:
                moments = (NOW + timedelta(minutes=number) for number in range(rounds))
                await _carry(crew, next(moments), lines)  # once before, not counted
                for run in range(1, runs + 1):
                    place.say(f"one deliverer and two, run {run} of {runs}")
                    one.append(await _carry(crew[:1], next(moments), lines) / lines)
                    two.append(await _carry(crew, next(moments), lines) / lines)
            finally:
                for process in crew:
                    assert process.stdin is not None
                    process.stdin.close()
                    await process.wait()
        assert len(at.taken()) == lines * rounds
    return one, two


async def _begin(database_url: str, provider_url: str, name: str) -> Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.deliverer",
        database_url,
        provider_url,
        name,
        stdin=PIPE,
        stdout=PIPE,
    )
    assert await _hear(process) == "ready"
    return process


async def _carry(crew: list[Process], until: datetime, lines: int) -> float:
    """Seconds until all that is due by then has gone, whoever carried it."""
    began = perf_counter()
    for process in crew:
        assert process.stdin is not None
        process.stdin.write(f"{until.isoformat()}\n".encode())
    carried = [int(word) for word in await asyncio.gather(*map(_hear, crew))]
    seconds = perf_counter() - began
    assert sum(carried) == lines
    return seconds


async def _hear(process: Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()
