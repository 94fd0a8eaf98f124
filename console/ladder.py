"""The ladder of a strategy as a picture drawn from its file: a row a step, from its moment to when it lapses.

Pure: a strategy in, numbers out; the template draws them. Every row has its words beside it in a table.
"""

from datetime import timedelta
from typing import Final

import msgspec

from strategies.language import Step, Strategy

WIDTH: Final = 760
LEFT: Final = 150
ROW: Final = 30
HEAD: Final = 26
_INNER: Final = WIDTH - LEFT - 20
_ANCHORS: Final = ("due", "promise", "broken", "case")
_DAY: Final = timedelta(days=1)


class Rung(msgspec.Struct, frozen=True):
    """A step as it is drawn: its moment at `x`, valid for `width`; `by`: its first channel, or `task`."""

    id: str
    y: float
    x: float
    width: float
    by: str
    at: str
    what: str
    when: str
    arm: str
    ends: str


class Lane(msgspec.Struct, frozen=True):
    """The steps that count from one anchor. `zero`: where its day is; `ticks`: (x, days from it)."""

    anchor: str
    y: float
    height: float
    zero: float
    ticks: tuple[tuple[float, str], ...]
    rungs: tuple[Rung, ...]


class Ladder(msgspec.Struct, frozen=True):
    """The picture, in units of its view box."""

    width: int
    height: float
    left: int
    lanes: tuple[Lane, ...]

    @property
    def rungs(self) -> tuple[Rung, ...]:
        return tuple(rung for lane in self.lanes for rung in lane.rungs)


def ladder(strategy: Strategy) -> Ladder:
    """The picture of a strategy: a lane for each anchor, each with a scale of days of its own."""
    lanes: list[Lane] = []
    y = 0.0
    for anchor in _ANCHORS:
        steps = [step for step in strategy.steps if step.at.anchor == anchor]
        if not steps:
            continue
        lanes.append(_lane(anchor, steps, y))
        y += lanes[-1].height
    return Ladder(WIDTH, y, LEFT, tuple(lanes))


def _lane(anchor: str, steps: list[Step], top: float) -> Lane:
    starts = [_days(step) for step in steps]
    ends = [_end(step) for step in steps]
    low, high = min([0.0, *starts]), max([1.0, *ends])
    scale = _INNER / (high - low)

    def at(day: float) -> float:
        return round(LEFT + (day - low) * scale, 1)

    every = next((size for size in (1, 2, 5, 7, 10, 15, 30, 60, 90, 180) if (high - low) / size <= 9), 365)
    first = -(-int(low) // every) * every if low >= 0 else -(int(-low) // every) * every
    ticks = tuple((at(day), f"{day:+d}" if day else "0") for day in range(first, int(high) + 1, every))
    rungs = tuple(
        Rung(
            step.id,
            top + HEAD + ROW * (place + 0.5),
            at(start),
            round(max((end - start) * scale, 4.0), 1),
            step.by[0] if step.by else "task",
            step.at.text,
            step.task or step.template or "",
            step.when.text if step.when else "",
            ", ".join(step.arm),
            _written(step.expires),
        )
        for place, (step, start, end) in enumerate(zip(steps, starts, ends, strict=True))
    )
    return Lane(anchor, top, HEAD + ROW * len(steps) + 8, at(0), ticks, rungs)


def _days(step: Step) -> float:
    """Days from the anchor to the step's moment."""
    if step.at.after is not None:
        return step.at.after / _DAY
    return step.at.days + step.at.hour.hour / 24 + step.at.hour.minute / 1440


def _end(step: Step) -> float:
    """Days from the anchor to where the step lapses: of one that ends with the anchor's day, that end."""
    return 1.0 if step.expires is None else _days(step) + step.expires / _DAY


def _written(after: timedelta | None) -> str:
    """As a file writes it; nothing: with the day it counts from."""
    if after is None:
        return ""
    minutes = after // timedelta(minutes=1)
    for unit, size in (("d", 1440), ("h", 60)):
        if minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"
