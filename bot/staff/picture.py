"""Queues and load as a picture (PNG)."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from casework.staff.team import Team

_CALM, _LATE = "#5b8db8", "#d98b5f"


def draw(team: Team, titles: tuple[str, str], unnamed: str) -> bytes:
    """Two panels: open tasks by queue, those past their deadline on top; outcomes of the day by name.

    `titles` of the panels; `unnamed`: the queue that has no name.
    """
    from matplotlib.figure import Figure  # half a second to import

    figure: Any = Figure(figsize=(8, 4.5), dpi=100, layout="constrained")  # its methods have no types
    queues, loads = figure.subplots(1, 2)
    names = [one.name or unnamed for one in team.queues]
    late = [one.late for one in team.queues]
    calm = [one.tasks - one.late for one in team.queues]
    queues.bar(names, calm, color=_CALM)
    queues.bar(names, late, bottom=calm, color=_LATE)
    _dress(queues, titles[0], names)
    people = [one.name for one in team.loads]
    loads.bar(people, [one.outcomes for one in team.loads], color=_CALM)
    _dress(loads, titles[1], people)
    into = BytesIO()
    figure.savefig(into, format="png")
    return into.getvalue()


def _dress(axes: Any, title: str, names: Sequence[str]) -> None:
    axes.set_title(title, fontsize=10)
    if names:
        axes.tick_params(axis="x", labelrotation=30)
        axes.yaxis.get_major_locator().set_params(integer=True)
    else:
        axes.set_axis_off()
