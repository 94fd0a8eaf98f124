"""Queues and load, and the morning's figures, as pictures (PNG)."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from casework.staff.digest import Figures
from casework.staff.team import Team
from ledger.money import minor_digits

_CALM, _LATE = "#5b8db8", "#d98b5f"
_SIZE, _DPI = (4, 5.2), 200  # a phone's width: panels below each other, letters that can be read there


def draw(team: Team, titles: tuple[str, str], unnamed: str) -> bytes:
    """Open tasks by queue, those past their deadline on top; below it outcomes of the day by name.

    `titles` of the panels; `unnamed`: the queue that has no name.
    """
    from matplotlib.figure import Figure  # half a second to import

    figure: Any = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")  # its methods have no types
    queues, loads = figure.subplots(2, 1)
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


def draw_morning(figures: Figures, before: Sequence[Figures]) -> bytes:
    """Loans past due by bucket; below it arrears of the last days, in the currency with the most.

    The letters that pictures are drawn with know no Chinese: the words are in the caption.
    """
    from matplotlib.figure import Figure  # half a second to import

    figure: Any = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")  # its methods have no types
    buckets, arrears = figure.subplots(2, 1)
    names = [one.name for one in figures.buckets]
    bars = buckets.bar(names, [one.loans for one in figures.buckets], color=_CALM)
    buckets.bar_label(bars, fontsize=9)
    buckets.margins(y=0.15)  # room for them
    _dress(buckets, "Loans past due, by days", names)
    currency = max(figures.arrears, key=lambda code: figures.arrears[code], default=None)
    if currency is None:
        _dress(arrears, "No arrears", ())
    else:
        days = [*before, figures]
        unit = 10 ** minor_digits(currency)
        amounts = [one.arrears.get(currency, 0) / unit for one in days]
        labels = [f"{one.day.day}/{one.day.month}" for one in days]
        arrears.plot(labels, amounts, color=_LATE, marker="o")
        arrears.set_ylim(bottom=0)
        arrears.set_title(f"Arrears, {currency}", fontsize=12)
        arrears.tick_params(axis="x", labelrotation=60, labelsize=9)
        arrears.yaxis.set_major_formatter("{x:,.0f}")
    into = BytesIO()
    figure.savefig(into, format="png")
    return into.getvalue()


def _dress(axes: Any, title: str, names: Sequence[str]) -> None:
    axes.set_title(title, fontsize=12)
    if names:
        axes.tick_params(axis="x", labelrotation=30)
        axes.yaxis.get_major_locator().set_params(integer=True)
    else:
        axes.set_axis_off()
