"""Ratio 11: sixty days of the whole book simulated, beside sixty looks of the day that it begins with.

That day is the one of ratio 1: a tenth of the cases is due. Both know the rulebook, and nobody pays: who owes
goes up the ladder to its end, which is as much as there can be to decide.
"""

from time import perf_counter

import msgspec

from casework.simulation.simulate import Asked, simulate
from strategies.language import shipped_strategies
from tests.bench.book import NOW, OPERATIONS, make_due
from tests.bench.look_floor import time_look
from tests.bench.place import Place

DAYS = 60


class Ahead(msgspec.Struct):
    """Seconds of each simulation, and of a look beside it."""

    simulated: list[float] = msgspec.field(default_factory=list[float])
    looked: list[float] = msgspec.field(default_factory=list[float])


async def measure(place: Place, book: str, due: int, runs: int) -> Ahead:
    """So many runs of both."""
    made = Ahead()
    asked = Asked(shipped_strategies()["gentle"], "gentle.yaml", DAYS, "none")
    for run in range(1, runs + 1):
        place.say(f"simulating {DAYS} days, run {run} of {runs}")
        async with place.copy(book) as office:
            await make_due(office, due)
            began = perf_counter()
            await simulate(office, OPERATIONS, asked, NOW)
            made.simulated.append(perf_counter() - began)
            seconds, report = await time_look(office)
            assert report.contacts == due
            made.looked.append(seconds)
    return made
