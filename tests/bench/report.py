"""What was measured, as a table: ours, the floor of the same run, their ratio, and what is asked of it."""

import msgspec
from rich.console import Console
from rich.table import Table


class Line(msgspec.Struct, frozen=True):
    """One ratio. `ours` and `floor` in `unit`; met when `value` is at most `asked`, or `aim`.

    `least`: at least, where more is better.
    """

    number: str  # of PERFORMANCE.md
    what: str
    ours: float
    unit: str
    floor: float | None = None
    value: float | None = None
    asked: float | None = None
    aim: float | None = None
    shown: str = "{:.2f}"  # how value, asked and aim are written
    least: bool = False

    @property
    def met(self) -> str:
        if self.value is None or self.asked is None or self.aim is None:
            return "-"
        sign = -1 if self.least else 1
        if sign * self.value <= sign * self.aim:
            return "aim"
        return "asked" if sign * self.value <= sign * self.asked else "NO"


def as_table(lines: list[Line], title: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in ("#", "what", "ours", "floor", "unit", "ratio", "asked", "aim", "met"):
        table.add_column(column, justify="left" if column in ("#", "what", "unit", "met") else "right")
    for line in lines:
        table.add_row(
            line.number,
            line.what,
            _figure(line.ours),
            _figure(line.floor),
            line.unit,
            *(("-" if n is None else line.shown.format(n)) for n in (line.value, line.asked, line.aim)),
            line.met,
        )
    return table


def show(lines: list[Line], title: str) -> None:
    Console(width=None if Console().is_terminal else 130).print(as_table(lines, title))


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value < 10 else f"{value:.1f}"
