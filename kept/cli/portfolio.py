"""`kept portfolio`: the book in figures."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kept.cli.arguments import AsOf
from kept.cli.output import AsJson, console, print_json, progress

if TYPE_CHECKING:
    from casework.insight.portfolio import BookFigures


def register(app: typer.Typer) -> None:
    """Add `kept portfolio` to the app."""
    app.command("portfolio")(_portfolio)


def _portfolio(
    as_of: AsOf = None,
    code: Annotated[
        str | None, typer.Option("--portfolio", metavar="CODE", help="Only the loans of this portfolio.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The book: loans, arrears, outstanding, buckets. As of a date, later loans and payments do not exist."""
    import asyncio

    figures = asyncio.run(_figures(as_of, code))
    if as_json:
        print_json(figures.document())
    else:
        _print_tables(figures.document())


async def _figures(as_of: date | None, code: str | None) -> "BookFigures":
    from casework.insight.portfolio import portfolio
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as assembly:
        with progress() as bar:
            task = bar.add_task("loans", total=None)
            return await portfolio(
                assembly.office,
                OPERATOR,
                SystemClock().now(),
                as_of,
                code,
                lambda done, of: bar.update(task, completed=done, total=of),
            )


def _print_tables(document: dict[str, Any]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = console()
    when = f"As of {document['as_of']}" if document["as_of"] else "Today"
    out.print(
        f"{when}: {document['loans']:,} loans of {document['borrowers']:,} borrowers, "
        f"{document['loans_in_arrears']:,} in arrears",
        markup=False,
    )
    for name in ("arrears", "outstanding", "credit"):
        out.print(f"  {name:<12}{_amounts(document[name])}", markup=False)
    table = Table("bucket", box=box.SIMPLE)
    for heading in ("loans", "arrears", "outstanding"):
        table.add_column(heading, justify="right")
    for row in document["by_bucket"]:
        table.add_row(
            row["bucket"],
            f"{row['loans']:,}",
            Text(_amounts(row["arrears"], "\n")),
            Text(_amounts(row["outstanding"], "\n")),
        )
    out.print(table)


def _amounts(amounts: dict[str, str], between: str = ", ") -> str:
    from decimal import Decimal

    return between.join(f"{currency} {Decimal(amount):,}" for currency, amount in amounts.items()) or "none"
