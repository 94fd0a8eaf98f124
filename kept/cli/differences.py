"""`kept differences`: where the core system states other balances, and accepting them."""

import asyncio
from typing import Annotated, Any

import typer

from kept.cli.errors import BadInput
from kept.cli.output import AsJson, console, print_json


def register(app: typer.Typer) -> None:
    """Add `kept differences` to the app."""
    group = typer.Typer(help="Where the core system states other balances than the payments make.")
    group.callback(invoke_without_command=True)(_list)
    group.command("accept")(_accept)
    app.add_typer(group, name="differences")


def _list(
    context: typer.Context,
    settled: Annotated[bool, typer.Option("--settled", help="Those accepted and resolved too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List every loan that differs, with both figures. Nothing past due is said of it until the core system
    agrees or somebody accepts the difference."""
    if context.invoked_subcommand is not None:
        return
    found = asyncio.run(_listed(settled=settled))
    if as_json:
        print_json(found)
        return
    from rich.table import Table

    table = Table("loan", "portfolio", "what", "ours", "theirs", "explained by", "state")
    for one in found:
        unit = f" {one['currency']}" if one["currency"] else " days"
        figures = (f"{one['ours']}{unit}", f"{one['theirs']}{unit}")
        why = one["explanation"] or "nothing we know"
        table.add_row(one["loan"], one["portfolio"], one["what"], *figures, why, one["state"])
    console().print(table if found else "No loan differs.")


def _accept(
    loans: Annotated[list[str] | None, typer.Argument(metavar="LOAN...", help="Their ids.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every difference that waits.")] = False,
    as_json: AsJson = False,
) -> None:
    """Accept differences as they are: contact goes on by our own figures until they change."""
    if bool(loans) == everything:
        raise BadInput("differences accept: name the loans, or say --all")
    count = asyncio.run(_accepted(None if everything else loans))
    if as_json:
        print_json({"accepted": count})
    else:
        console().print(f"{count} differences are accepted")


async def _listed(*, settled: bool) -> list[dict[str, Any]]:
    from casework.differences import differences
    from kept.bootstrap import OPERATOR, assembled
    from kept.config import load

    async with assembled(load()) as running:
        return await differences(running.office, OPERATOR, settled=settled)


async def _accepted(loans: list[str] | None) -> int:
    from casework.differences import accept
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        return await accept(running.office, OPERATOR, loans, SystemClock().now())
