"""People at the console together: so many requests a second, or so many who look at a page now and then.

They are a process of their own, so that what they cost is not counted: `python -m tests.bench.crowd` reads
what to do as JSON from its input, and says what came of it.
"""

import asyncio
import random
import sys
from collections.abc import Sequence
from statistics import quantiles
from time import perf_counter

import httpx2
import msgspec


class Doing(msgspec.Struct, frozen=True):
    """What they do for `seconds`. `tickets`: of those who are signed in; each asks with their own.

    rate   requests a second of all together, whether earlier ones were answered or not
    pace   seconds between two pages of one person, half to one and a half of it; where there is no rate
    """

    url: str
    tickets: Sequence[str]
    paths: Sequence[str]
    seconds: float
    rate: float = 0
    pace: float = 0


class Came(msgspec.Struct, frozen=True):
    """What came of it: seconds of an answer, and how many were no page."""

    people: int
    requests: int
    failed: int
    a_second: float
    median: float
    p95: float
    longest: float


async def crowd(doing: Doing) -> Came:
    """Do it in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.crowd",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate(msgspec.json.encode(doing))
    return msgspec.json.decode(said, type=Came)


async def _do(doing: Doing) -> Came:
    draw = random.Random(7)
    took: list[float] = []
    failed = 0
    limits = httpx2.Limits(max_connections=200, max_keepalive_connections=200)
    async with httpx2.AsyncClient(base_url=doing.url, timeout=30, limits=limits) as client:

        async def ask(ticket: str) -> None:
            nonlocal failed
            headers = {"cookie": f"kept_session={ticket}", "accept": "text/html"}
            began = perf_counter()
            try:
                status = (await client.get(draw.choice(doing.paths), headers=headers)).status_code
            except httpx2.HTTPError:
                status = 0
            took.append(perf_counter() - began)
            failed += status != 200

        async def look_now_and_then(ticket: str, ends: float) -> None:
            await asyncio.sleep(draw.uniform(0, doing.pace))
            while perf_counter() < ends:
                await ask(ticket)
                await asyncio.sleep(draw.uniform(0.5, 1.5) * doing.pace)

        began = perf_counter()
        ends = began + doing.seconds
        if doing.rate:
            asked: list[asyncio.Task[None]] = []
            for place in range(int(doing.rate * doing.seconds)):
                await asyncio.sleep(max(0.0, began + place / doing.rate - perf_counter()))
                asked.append(asyncio.create_task(ask(doing.tickets[place % len(doing.tickets)])))
            await asyncio.gather(*asked)
        else:
            await asyncio.gather(*(look_now_and_then(ticket, ends) for ticket in doing.tickets))
    cuts = quantiles(took, n=100)
    lasted = perf_counter() - began
    return Came(len(doing.tickets), len(took), failed, len(took) / lasted, cuts[49], cuts[94], max(took))


if __name__ == "__main__":
    found = asyncio.run(_do(msgspec.json.decode(sys.stdin.buffer.read(), type=Doing)))
    sys.stdout.buffer.write(msgspec.json.encode(found))
