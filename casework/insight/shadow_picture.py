"""A shadow run as a picture: by day what they sent and what we would have, and why the two differ."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from casework.errors import CaseworkInputError
from casework.insight.shadow import Shadow

_THEIRS, _OURS = "#d98b5f", "#5b8db8"
_FORMATS = (".svg", ".png")


def draw(path: Path, found: Shadow) -> None:
    """Write it to `path`, as its ending says. Raises CaseworkInputError for another ending."""
    if path.suffix.lower() not in _FORMATS:
        raise CaseworkInputError(f"{path.name}: a picture is written as {' or '.join(_FORMATS)}")
    from matplotlib.figure import Figure  # half a second to import

    figure: Any = Figure(figsize=(10, 8), layout="constrained")  # its methods have no types
    figure.suptitle(f"They sent {found.theirs:,} messages, this book {found.ours:,}", fontsize=11)
    days, why = figure.subplots(2, 1, height_ratios=(2, 3))
    places = range(len(found.days))
    days.bar(
        [n - 0.2 for n in places], [day.theirs for day in found.days], 0.4, color=_THEIRS, label="theirs"
    )
    days.bar([n + 0.2 for n in places], [day.ours for day in found.days], 0.4, color=_OURS, label="ours")
    step = -(-len(found.days) // 10)
    days.set_xticks(list(places)[::step], [f"{day.day:%d %b}" for day in found.days[::step]])
    days.set_title("Messages a day", fontsize=10)
    days.legend()
    _bars(why, found)
    path.parent.mkdir(parents=True, exist_ok=True)
    svg = path.suffix.lower() == ".svg"
    figure.savefig(path, format="svg" if svg else "png", metadata={"Date": None} if svg else None)


def _bars(axes: Any, found: Shadow) -> None:
    """Persons and days by what became of them; where the two differ, why."""
    both = {"the same channel": found.same_channel, "another channel": found.other_channel}
    groups: tuple[tuple[str, Mapping[str, int], str], ...] = (
        ("both", both, "#7a9e7e"),
        ("only theirs", found.only_theirs, _THEIRS),
        ("only ours", found.only_ours, _OURS),
        ("our rules refuse", found.refused, "#8c6bb1"),
    )
    rows = [
        (f"{what}: {name}", count, colour)
        for what, counts, colour in groups
        for name, count in list(counts.items())[:8]
    ]
    names, counts, colours = zip(*reversed(rows), strict=True)
    drawn = axes.barh(names, counts, color=colours)
    axes.bar_label(drawn, fmt="{:,.0f}", padding=3, fontsize=8)
    axes.tick_params(axis="y", labelsize=8)
    axes.set_title("Persons and days, by what differs", fontsize=10)
