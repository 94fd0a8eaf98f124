"""A held tape as a picture: what of it differs from the book. Written as SVG."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

from casework.intake.guard import Finding
from storage.intake.guard import Measured

_WIDE: Final = 120  # signs on a line of the title


def draw(
    path: Path, title: str, measured: Measured, counts: Mapping[str, int], findings: Sequence[Finding]
) -> None:
    """Four panels: loans there and absent, rows, factors of amounts, days that dates moved."""
    # Half a second to import, and only a held tape needs it.
    from matplotlib import rc_context  # pyright: ignore[reportUnknownVariableType]
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(10, 7), layout="constrained")  # its methods have no types
    words = [line for one in findings for line in wrap(one.words, _WIDE)]
    figure.suptitle("\n".join([title, *words]), fontsize=10)
    loans, rows, factors, days = figure.subplots(2, 2).flat
    loans.bar(["in the book", "on the tape"], [measured.active, measured.there], color=["#5b8db8", "#d98b5f"])
    loans.set_title("Active loans of these feeds")
    rows.bar(list(counts), list(counts.values()), color="#5b8db8")
    rows.set_title("Rows of the tape")
    rows.tick_params(axis="x", labelrotation=30)
    shifted = Counter(f"x{factor:.3g}" for factor, _ in measured.shifts if factor and factor != 1)
    moved = Counter(f"{day:+}" for _, day in measured.shifts if day)
    _bars(factors, shifted, "Amounts beside the book's, by loan", "none differ")
    _bars(days, moved, "Dates beside the book's, in days, by loan", "none moved")
    path.parent.mkdir(parents=True, exist_ok=True)
    # Words stay words: to be found, read aloud, copied.
    with rc_context({"svg.fonttype": "none"}):
        figure.savefig(path, format="svg", metadata={"Date": None})


def _bars(axes: Any, found: Counter[str], title: str, none: str) -> None:
    commonest = found.most_common(8)
    axes.set_title(title)
    if commonest:
        axes.bar([name for name, _ in commonest], [count for _, count in commonest], color="#d98b5f")
        axes.tick_params(axis="x", labelrotation=30)
    else:
        axes.text(0.5, 0.5, none, ha="center", va="center")
        axes.set_axis_off()
