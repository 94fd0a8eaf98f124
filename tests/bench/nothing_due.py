"""Ratio 8: a pass over a book in which nothing is due, beside the one index probe that it cannot do without.

Measured right after a large look: the index then still holds the cases that were due, as rows gone by.
"""

from statistics import median
from time import perf_counter

from casework.look import look
from casework.office import Office
from storage.course import DUE
from tests.bench.book import NOW
from tests.builders.book import SYSTEM

_PASSES = 40


async def measure(office: Office) -> tuple[float, float]:
    """Seconds of a pass, and of the probe on an open connection; both with nothing due."""
    passes: list[float] = []
    for _ in range(_PASSES):
        began = perf_counter()
        report = await look(office, SYSTEM, NOW)
        passes.append(perf_counter() - began)
        assert report.cases == 0
    probes: list[float] = []
    async with office.transaction() as raw:
        for _ in range(_PASSES):
            began = perf_counter()
            await raw.rows(DUE, NOW, 1)
            probes.append(perf_counter() - began)
    return median(passes), median(probes)
