"""Queues and load, and the morning's figures, as pictures (PNG)."""

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from typing import Any

from bot.texts import Speech
from casework.staff.digest import Figures
from casework.staff.team import Team
from ledger.money import minor_digits
from messages.letters import HAN

_CALM, _LATE = "#5b8db8", "#d98b5f"
_SIZE, _DPI = (4, 5.2), 200  # a phone's width: panels below each other, letters that can be read there


def draw(team: Team, say: Speech) -> bytes:
    """Open tasks by queue, those past their deadline on top; below it outcomes of the day by name."""
    figure = _figure()
    queues, loads = figure.subplots(2, 1)
    names = [one.name or say("team.unnamed") for one in team.queues]
    late = [one.late for one in team.queues]
    calm = [one.tasks - one.late for one in team.queues]
    queues.bar(names, calm, color=_CALM)
    queues.bar(names, late, bottom=calm, color=_LATE)
    _dress(queues, say("team.drawn_queues"), names)
    people = [one.name for one in team.loads]
    loads.bar(people, [one.outcomes for one in team.loads], color=_CALM)
    _dress(loads, say("team.drawn_loads"), people)
    into = BytesIO()
    figure.savefig(into, format="png")
    return into.getvalue()


def draw_morning(figures: Figures, before: Sequence[Figures], say: Speech) -> bytes:
    """Loans past due by bucket; below it arrears of the last days, in the currency with the most."""
    figure = _figure()
    buckets, arrears = figure.subplots(2, 1)
    names = [one.name for one in figures.buckets]
    bars = buckets.bar(names, [one.loans for one in figures.buckets], color=_CALM)
    buckets.bar_label(bars, fontsize=9)
    buckets.margins(y=0.15)  # room for them
    _dress(buckets, say("morning.drawn_late"), names)
    currency = max(figures.arrears, key=lambda code: figures.arrears[code], default=None)
    if currency is None:
        _dress(arrears, say("morning.drawn_none"), ())
    else:
        days = [*before, figures]
        unit = 10 ** minor_digits(currency)
        amounts = [one.arrears.get(currency, 0) / unit for one in days]
        labels = [f"{one.day.day}/{one.day.month}" for one in days]
        arrears.plot(labels, amounts, color=_LATE, marker="o")
        arrears.set_ylim(bottom=0)
        arrears.set_title(say("morning.drawn_arrears", currency=currency), fontsize=12)
        arrears.tick_params(axis="x", labelrotation=60, labelsize=9)
        arrears.yaxis.set_major_formatter("{x:,.0f}")
    into = BytesIO()
    figure.savefig(into, format="png")
    return into.getvalue()


def _figure() -> Any:
    """One whose letters are the usual ones, and Chinese where they have none."""
    from matplotlib import rcParams  # half a second to import
    from matplotlib.figure import Figure

    rcParams["font.family"] = ["DejaVu Sans", _han()]
    return Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")


@cache
def _han() -> str:
    """The name of the Chinese font, made known."""
    from matplotlib import font_manager

    manager: Any = font_manager.fontManager  # its methods have no types
    manager.addfont(HAN)
    return font_manager.FontProperties(fname=HAN).get_name()


def _dress(axes: Any, title: str, names: Sequence[str]) -> None:
    axes.set_title(title, fontsize=12)
    if names:
        axes.tick_params(axis="x", labelrotation=30)
        axes.yaxis.get_major_locator().set_params(integer=True)
    else:
        axes.set_axis_off()
