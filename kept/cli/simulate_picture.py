"""A simulation as a picture in a file: messages and work by day, the book by days late, who gains."""

from pathlib import Path
from typing import Any

from matplotlib.dates import AutoDateLocator
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# The library's methods have no types, so axes are Any. Colours are told apart by who cannot tell red from
# green, and in grey (Okabe & Ito).
_COLOURS = {"sms": "#0072b2", "email": "#e69f00", "chat": "#009e73"}
_NAMES = {"sms": "SMS", "email": "mail", "chat": "chat"}
_GAIN, _LOSE, _QUIET = "#009e73", "#d55e00", "#888888"


def draw(made: dict[str, Any], file: Path) -> None:
    """Draw a document of a simulation into a file, whose name tells the format."""
    figure: Any = Figure(figsize=(13, 8.5), layout="constrained")
    axes = figure.subplots(2, 2)
    what = f"Strategy {made['strategy']}" if "strategy" in made else f"Pack {made['pack']}"
    figure.suptitle(
        f"{what}: {made['days']} days from {made['from']:%Y-%m-%d}, {made['loans']:,} loans", fontsize=14
    )
    _messages(axes[0][0], made)
    _tasks(axes[0][1], made)
    _buckets(axes[1][0], made)
    if "people" in made:
        _people(axes[1][1], made["people"])
    else:
        _steps(axes[1][1], made["result"]["by_step"])
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)


def _messages(axes: Any, made: dict[str, Any]) -> None:
    rows = made["result"]["by_day"]
    days = [row["day"] for row in rows]
    below = [0] * len(rows)
    for channel, colour in _COLOURS.items():
        counts = [row[channel] for row in rows]
        if any(counts):
            axes.bar(days, counts, bottom=below, color=colour, width=0.9, label=_NAMES[channel])
            below = [low + count for low, count in zip(below, counts, strict=True)]
    if "live" in made:
        live = made["live"]["by_day"]
        axes.step(
            [row["day"] for row in live],
            [row["contacts"] for row in live],
            where="mid",
            color="black",
            linewidth=1.2,
            label="in force",
        )
    _finish(axes, "Messages a day")


def _tasks(axes: Any, made: dict[str, Any]) -> None:
    rows = made["result"]["by_day"]
    hours = any(row["hours"] for row in rows)
    name = "hours" if hours else "tasks"
    axes.bar(
        [row["day"] for row in rows], [row[name] for row in rows], color=_QUIET, width=0.9, label="simulated"
    )
    if "live" in made:
        live = made["live"]["by_day"]
        days, counts = [row["day"] for row in live], [row[name] for row in live]
        axes.step(days, counts, where="mid", color="black", linewidth=1.2, label="in force")
    working = [row for row in made["result"]["collectors"] if row["hours"]]
    there = sum(row["hours_there_a_day"] or 0 for row in working)
    if hours and there:
        axes.axhline(there, color=_LOSE, linestyle="--", label=f"{there} are there in those queues")
    _finish(axes, "Hours of people a day" if hours else "Tasks for people a day")


def _buckets(axes: Any, made: dict[str, Any]) -> None:
    rows = made["cures"]["by_bucket"]
    places = range(len(rows))
    axes.bar(
        [place - 0.2 for place in places],
        [row["loans_at_start"] for row in rows],
        0.4,
        color=_QUIET,
        label="now",
    )
    axes.bar(
        [place + 0.2 for place in places],
        [row["loans_at_end"] for row in rows],
        0.4,
        color=_COLOURS["sms"],
        label=f"in {made['days']} days",
    )
    axes.set_xticks(list(places), [row["bucket"] for row in rows])
    none = made["payers"]["kind"] == "none"
    cured = "nobody pays" if none else f"{made['cures']['cured']:,} cured, whatever they hear"
    axes.set_title(f"Loans by days late ({cured})", loc="left", fontsize=11)
    axes.legend(frameon=False)
    _plain(axes)


def _people(axes: Any, people: dict[str, Any]) -> None:
    rows = [row for row in people["by_segment"] if row["gain"] or row["lose"]]
    names = [f"{row['strategy']}\n{row['bucket']}" for row in rows]
    axes.barh(names, [row["gain"] for row in rows], 0.5, color=_GAIN, label="hear more or sooner")
    axes.barh(names, [-row["lose"] for row in rows], 0.5, color=_LOSE, label="hear less or later")
    axes.margins(y=0.5 / max(len(rows), 1))
    axes.axvline(0, color="black", linewidth=0.8)
    axes.invert_yaxis()
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))  # there is no half of a person
    axes.xaxis.set_major_formatter(_unsigned)
    title = f"People: {people['gain']:,} gain, {people['lose']:,} lose, {people['same']:,} the same"
    axes.set_title(title, loc="left", fontsize=11)
    if rows:
        axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=2)
    _plain(axes, grid="x")


def _unsigned(value: float, _: int) -> str:
    return f"{abs(value):,.0f}"


def _steps(axes: Any, rows: list[dict[str, Any]]) -> None:
    rows = rows[:12]
    names = [f"{row['strategy']}: {row['step']}" for row in rows]
    axes.barh(names, [row["contacts"] for row in rows], color=_COLOURS["sms"], label="messages")
    axes.barh(
        names,
        [row["tasks"] for row in rows],
        left=[row["contacts"] for row in rows],
        color=_QUIET,
        label="tasks",
    )
    axes.invert_yaxis()
    axes.set_title("By step", loc="left", fontsize=11)
    if rows:
        axes.legend(frameon=False)
    _plain(axes, grid="x")


def _finish(axes: Any, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=11)
    # Days evenly apart, whatever day the month begins on.
    axes.xaxis.set_major_locator(AutoDateLocator(maxticks=9, interval_multiples=False))
    axes.tick_params(axis="x", rotation=30)
    axes.legend(frameon=False)
    _plain(axes)


def _plain(axes: Any, grid: str = "y") -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis=grid, color="#dddddd", linewidth=0.7)
    axes.set_axisbelow(True)
