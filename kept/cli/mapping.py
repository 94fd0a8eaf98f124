"""`kept mapping suggest`: a mapping proposed for somebody else's file."""

from pathlib import Path
from typing import Annotated

import typer

from kept.cli.output import AsJson, print_json


def register(app: typer.Typer) -> None:
    """Add `kept mapping` to the app."""
    group = typer.Typer(help="How tapes are read.")
    group.command("suggest")(_suggest)
    group.callback()(_group)
    app.add_typer(group, name="mapping")


def _group() -> None:
    """How tapes are read."""


def _suggest(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="One file, or a workbook of one sheet.")],
    as_json: AsJson = False,
) -> None:
    """Propose a mapping: what is sure of it, and what it asks, as comments in the YAML."""
    from casework.intake.suggest import suggest

    found = suggest(file)
    if as_json:
        print_json({"mapping": found.mapping, "sure": list(found.sure), "asks": list(found.asks)})
    else:
        typer.echo(found.mapping, nl=False)
