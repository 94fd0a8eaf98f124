"""Ratio 3, over what is due: the cost of a due case when very many are due beside that when few are.

Both come from one book. The few are looked at in rounds, other cases each time, and their median is taken.
"""

from statistics import median

from tests.bench.book import make_due
from tests.bench.look_floor import time_look
from tests.bench.place import Place

_ROUNDS = 7


async def measure(place: Place, template: str, few: int, many: int) -> tuple[float, float]:
    """Seconds a due case when `few` are due, and when `many` are."""
    rounds: list[float] = []
    async with place.copy(template) as office:
        for number in range(_ROUNDS):
            await make_due(office, few, offset=number)
            seconds, report = await time_look(office)
            rounds.append(seconds / report.cases)
    place.say(f"looking at {many:,} due cases")
    async with place.copy(template) as office:
        await make_due(office, many)
        seconds, report = await time_look(office)
    return median(rounds), seconds / report.cases
