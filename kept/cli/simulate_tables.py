"""A simulation as tables on a terminal: what an operator reads before publishing."""

from datetime import date, timedelta
from typing import Any, cast

from rich import box
from rich.table import Table

from kept.cli.output import console

_STEPS = 12  # of a strategy that are listed
_CHANGES = {
    "heard_at_all": "hear something, and heard nothing",
    "not_heard": "hear nothing, and heard something",
    "more": "hear more",
    "less": "hear less",
    "sooner": "hear as much, sooner",
    "later": "hear as much, later",
    "worked": "more is done by a person",
    "not_worked": "less is done by a person",
}


def show(made: dict[str, Any]) -> None:
    """Print it all."""
    out = console()
    what = f"strategy {made['strategy']}" if "strategy" in made else f"pack {made['pack']}"
    note = " (as it is in force)" if made["in_force"] else ""
    out.print(
        f"{what}{note}: {made['days']} days from {made['from']:%Y-%m-%d %H:%M %Z}, "
        f"{made['loans']:,} loans of {made['borrowers']:,} people.",
        markup=False,
        soft_wrap=True,
    )
    for line in made["assumes"]:
        out.print(f"  {line}", markup=False, soft_wrap=True)
    result, live = made["result"], made.get("live")
    out.print(_summary(result, live, made.get("difference")))
    out.print(_weeks(result["by_day"], None if live is None else live["by_day"]))
    _rows(out, "By step", result["by_step"][:_STEPS], ("strategy", "step"))
    _rows(out, "By segment", result["by_segment"], ("strategy", "bucket"))
    _rows(out, "By channel", result["by_channel"], ("channel",))
    _rules(out, result)
    _collectors(out, result)
    _payers(out, made)
    if live is not None:
        _people(out, made["people"])


def _summary(result: dict[str, Any], live: dict[str, Any] | None, less: dict[str, Any] | None) -> Table:
    table = Table(title="In all", title_justify="left", box=box.SIMPLE)
    for column in ("", "simulated", *(() if live is None else ("in force", "difference"))):
        table.add_column(column, justify="right" if column else "left")
    names = {
        "contacts": "messages",
        "reached": "people who hear anything",
        "tasks": "tasks for people",
        "hours": "hours of people",
        "cost": "cost",
    }
    for name, title in names.items():
        if result[name] is None:
            continue
        row = [title, _figure(result[name])]
        if live is not None and less is not None:
            row += [_figure(live[name]), _figure(less[name], sign=True)]
        table.add_row(*row)
    return table


def _weeks(days: list[dict[str, Any]], live: list[dict[str, Any]] | None) -> Table:
    """A row a week: sixty rows are for the file."""
    priced = any(row["cost"] is not None for row in days)
    table = Table(title="By week", title_justify="left", box=box.SIMPLE)
    columns = ["week of", "SMS", "mail", "chat", "tasks", *(["hours"] if priced else []), "cures"]
    columns += [] if live is None else ["now: messages", "now: tasks"]
    for column in columns:
        first = column == "week of"
        table.add_column(column, justify="left" if first else "right", min_width=10 if first else None)
    before = _by_week(live or [])
    for week, rows in _by_week(days).items():
        cells = [sum(row[name] for row in rows) for name in ("sms", "email", "chat", "tasks")]
        line = [f"{week:%Y-%m-%d}", *(f"{cell:,}" for cell in cells)]
        if priced:
            line.append(f"{sum(row['hours'] for row in rows):,.0f}")
        line.append(f"{sum(row['cures'] for row in rows):,}")
        if live is not None:
            then = before.get(week, [])
            line += [f"{sum(row[name] for row in then):,}" for name in ("contacts", "tasks")]
        table.add_row(*line)
    return table


def _by_week(days: list[dict[str, Any]]) -> dict[date, list[dict[str, Any]]]:
    weeks: dict[date, list[dict[str, Any]]] = {}
    for row in days:
        day: date = row["day"]
        weeks.setdefault(day - timedelta(days=day.weekday()), []).append(row)
    return weeks


def _rows(out: Any, title: str, rows: list[dict[str, Any]], names: tuple[str, ...]) -> None:
    if not rows:
        return
    table = Table(title=title, title_justify="left", box=box.SIMPLE)
    figures = [name for name in ("contacts", "tasks", "cost") if rows[0].get(name) is not None]
    for name in names:
        table.add_column(name)
    for name in figures:
        table.add_column({"contacts": "messages"}.get(name, name), justify="right")
    for row in rows:
        table.add_row(*(row[name] for name in names), *(_figure(row[name]) for name in figures))
    out.print(table)


def _rules(out: Any, result: dict[str, Any]) -> None:
    table = Table(title="Put off, and not said at all", title_justify="left", box=box.SIMPLE)
    for column in ("by", "rule", "deferred", "suppressed"):
        table.add_column(column, justify="left" if column in ("by", "rule") else "right")
    for row in (*result["caps"], *result["rules"]):
        cap = " (cap)" if row in result["caps"] else ""
        table.add_row(row["pack"], row["rule"] + cap, f"{row['deferred']:,}", f"{row['suppressed']:,}")
    for code, count in result["refused"].items():
        table.add_row("texts", code, "", f"{count:,}")
    if table.row_count:
        out.print(table)


def _collectors(out: Any, result: dict[str, Any]) -> None:
    if not result["collectors"]:
        return
    table = Table(title="People's hours", title_justify="left", box=box.SIMPLE)
    columns = ("queue", "hours", "there are", "busiest day", "hours then", "a day", "days over")
    for column in columns:
        wide = 11 if column == "queue" else 10 if column == "busiest day" else None
        table.add_column(column, justify="left" if column == "queue" else "right", min_width=wide)
    for row in result["collectors"]:
        table.add_row(
            row["queue"],
            f"{row['hours']:,.0f}",
            "not told" if row["hours_there"] is None else f"{row['hours_there']:,}",
            str(row["busiest_day"] or ""),
            f"{row['hours_of_busiest_day']:,.1f}",
            "" if row["hours_there_a_day"] is None else f"{row['hours_there_a_day']:,}",
            f"{row['days_over']:,}",
        )
    out.print(table)


def _payers(out: Any, made: dict[str, Any]) -> None:
    if made["payers"]["kind"] == "none":
        return
    seen = [row for row in made["payers"]["measured"] if row["paid_share"] is not None]
    table = Table(
        title="How installments were paid, measured from the book's own payments",
        title_justify="left",
        box=box.SIMPLE,
    )
    for column in ("portfolio", "bucket", "came into it", "paid there", "share", "went on"):
        table.add_column(column, justify="left" if column in ("portfolio", "bucket") else "right")
    for row in seen:
        table.add_row(
            row["portfolio"],
            row["bucket"],
            f"{row['came_in']:,}",
            f"{row['paid']:,}",
            f"{row['paid_share']:.1%}",
            f"{row['rolled_share']:.1%}",
        )
    out.print(table if seen else "Nobody's payments are known, so nobody pays.")
    cures = made["cures"]
    table = Table(
        title=f"Expected: {cures['payments']:,} installments paid, {cures['cured']:,} loans cured",
        title_justify="left",
        box=box.SIMPLE,
    )
    for column in ("bucket", "loans now", "cured from it", f"loans in {made['days']} days"):
        table.add_column(column, justify="left" if column == "bucket" else "right")
    for row in cures["by_bucket"]:
        figures = (row["loans_at_start"], row["cured"], row["loans_at_end"])
        table.add_row(row["bucket"], *(f"{figure:,}" for figure in figures))
    out.print(table)


def _people(out: Any, people: dict[str, Any]) -> None:
    table = Table(title="Who gains and who loses", title_justify="left", box=box.SIMPLE)
    for column in ("strategy now", "bucket now", "gain", "lose", "the same"):
        table.add_column(column, justify="left" if column.endswith("now") else "right")
    for row in people["by_segment"]:
        figures = (row["gain"], row["lose"], row["same"])
        table.add_row(row["strategy"], row["bucket"], *(f"{figure:,}" for figure in figures))
    out.print(table)
    for change, words in _CHANGES.items():
        count = people["by_change"][change]
        if count:
            some = ", ".join(people["examples"].get(change, ()))
            out.print(f"  {count:,} {words}: {some}", markup=False, soft_wrap=True)


def _figure(value: Any, *, sign: bool = False) -> str:
    if isinstance(value, dict):
        amounts = cast("dict[str, str]", value)
        return ", ".join(f"{currency} {amount}" for currency, amount in amounts.items())
    if isinstance(value, float):
        return f"{value:+,.1f}" if sign else f"{value:,.1f}"
    return f"{value:+,}" if sign else f"{value:,}"
