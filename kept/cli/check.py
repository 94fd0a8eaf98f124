"""`kept check`: whether everything that must always hold does."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kept.cli.output import EXIT_FAILED, AsJson, console, print_json, progress

if TYPE_CHECKING:
    from casework.insight.check import Invariant


def register(app: typer.Typer) -> None:
    """Add `kept check` to the app."""
    app.command("check")(_check)


def _check(
    everything: Annotated[
        bool, typer.Option("--all", help="Replay every stored decision, not a sample of them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The invariants over the live data. Ends with 1 if one is broken."""
    found = asyncio.run(_checked(everything))
    if as_json:
        print_json([invariant.document() for invariant in found])
    else:
        _print_table([invariant.document() for invariant in found])
    if not all(invariant.holds for invariant in found):
        raise typer.Exit(EXIT_FAILED)


async def _checked(everything: bool) -> "list[Invariant]":
    from casework.insight.check import check
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        with progress() as bar:
            tasks: dict[str, Any] = {}

            def show(name: str, checked: int) -> None:
                if name not in tasks:
                    tasks[name] = bar.add_task(name.replace("_", " "), total=None)
                bar.advance(tasks[name], checked)

            return await check(
                running.office,
                OPERATOR,
                SystemClock().wall(),
                running.anchors.read(),
                everything=everything,
                progress=show,
            )


def _print_table(document: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table("invariant", "holds", box=box.SIMPLE)
    table.add_column("violations", justify="right")
    table.add_column("examples")
    for row in document:
        table.add_row(
            row["name"].replace("_", " "),
            "yes" if row["holds"] else "NO",
            f"{row['violations']:,}",
            Text("\n".join(row["examples"])),
        )
    console().print(table)
