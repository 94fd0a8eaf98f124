"""What was counted in a simulation, with what it costs: in all, and by channel, step and segment."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from casework.simulation.prices import Prices
from casework.simulation.simulate import Simulated
from casework.simulation.tally import Cell, Tally
from ledger.standing import CURRENT

# By what is counted: the name in the document, and the field of a cell.
VIEWS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "by_step": (("strategy", "strategy"), ("step", "step")),
    "by_channel": (("channel", "by"),),  # messages alone: a task has none
    "by_segment": (("strategy", "strategy"), ("bucket", "bucket")),
}


def summary(tally: Tally, money: "Priced") -> dict[str, Any]:
    minutes = money.minutes(tally.tasks.items())
    return {
        "contacts": tally.messages.total(),
        "reached": tally.reached,
        "tasks": tally.tasks.total(),
        "hours": None if money.prices is None else round(minutes / 60, 1),
        "cost": money.text(tally.messages, minutes),
        "cost_of_messages": money.text(tally.messages, 0),
    }


class Priced:
    """What cells cost; nothing is known without a file of prices."""

    def __init__(self, found: Simulated, tally: Tally, prices: Prices | None) -> None:
        self.prices = prices
        self.countries = {key: spec.country for key, spec in found.candidate.portfolios.items()}
        self.segments = tally.segments

    def of(self, cell: Cell, count: int) -> int:
        """Millionths, of messages."""
        if self.prices is None:
            return 0
        country = self.countries[cell.portfolio]
        if cell.by == "sms":
            return self.prices.of_message("sms", country, self.segments[cell])
        return self.prices.of_message(cell.by, country, 1) * count

    def text(self, cells: Mapping[Cell, int], minutes: int) -> dict[str, str] | None:
        """The cost by currency, as text."""
        if self.prices is None:
            return None
        spent = sum(self.of(cell, count) for cell, count in cells.items()) + self.prices.of_minutes(minutes)
        return {self.prices.currency: self.prices.text(spent)}

    def spent(self, tally: Tally) -> int:
        """Millionths, of all that a scenario brings."""
        minutes = self.minutes(tally.tasks.items())
        messages = sum(self.of(cell, count) for cell, count in tally.messages.items())
        return messages + (self.prices.of_minutes(minutes) if self.prices is not None else 0)

    def minutes(self, tasks: Iterable[tuple[Cell, int]]) -> int:
        return 0 if self.prices is None else sum(self.prices.minutes(cell.by) * n for cell, n in tasks)


def parts(cell: Cell, view: str) -> tuple[str, ...]:
    """Where a cell is counted in a view."""
    return tuple(getattr(cell, field) for _, field in VIEWS[view])


def named(part: tuple[str, ...], view: str) -> dict[str, Any]:
    """The same, by name."""
    return dict(zip((name for name, _ in VIEWS[view]), part, strict=True))


def by_view(tally: Tally, money: Priced, view: str) -> list[dict[str, Any]]:
    """Messages, tasks and cost by a part of their cells, the most first."""
    said: dict[tuple[str, ...], Counter[Cell]] = {}
    work: dict[tuple[str, ...], Counter[Cell]] = {}
    tasks: Counter[Cell] = Counter() if view == "by_channel" else tally.tasks
    for by, cells in ((said, tally.messages), (work, tasks)):
        for cell, count in cells.items():
            by.setdefault(parts(cell, view), Counter())[cell] += count
    nothing: Counter[Cell] = Counter()

    def most(one: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
        return -(said.get(one, nothing).total() + work.get(one, nothing).total()), one

    return [
        {
            **named(one, view),
            "contacts": said.get(one, nothing).total(),
            **({} if view == "by_channel" else {"tasks": work.get(one, nothing).total()}),
            "cost": money.text(said.get(one, nothing), money.minutes(work.get(one, nothing).items())),
        }
        for one in sorted({*said, *work}, key=most)
    ]


def first_day(bucket: str) -> int:
    """ "current" before "1-30" before "91+"."""
    return 0 if bucket == CURRENT else int(bucket.partition("-")[0].rstrip("+"))
