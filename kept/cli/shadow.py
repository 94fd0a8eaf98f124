"""`kept shadow`: beside an incumbent, what it sent and what this book would have sent."""

import asyncio
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kept.cli.arguments import Now, clock_for, day
from kept.cli.output import AsJson, console, print_json

if TYPE_CHECKING:
    from datetime import datetime

    from casework.insight.shadow import Shadow

_File = Annotated[
    Path,
    typer.Argument(
        exists=True,
        dir_okay=False,
        metavar="CONTACTS",
        help="What the incumbent sent: the columns of `kept import contacts`.",
    ),
]
_From = Annotated[
    date | None, typer.Option("--from", parser=day, metavar="DATE", help="The first day (else the file's).")
]
_To = Annotated[
    date | None, typer.Option("--to", parser=day, metavar="DATE", help="The last day (else the file's).")
]
_Picture = Annotated[
    Path | None, typer.Option("--picture", dir_okay=False, metavar="FILE", help="Draw it: .svg or .png.")
]


def register(app: typer.Typer) -> None:
    """Add `kept shadow` to the app."""
    app.command("shadow")(_shadow)


def _shadow(
    file: _File,
    first: _From = None,
    last: _To = None,
    picture: _Picture = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Compare what an incumbent sent with what this book said on those days, and with its rules. Nothing of
    the file is kept. Run `kept look` and `kept send` daily without providers: they reach nobody then."""
    found = asyncio.run(_compared(file, first, last, now))
    if picture is not None:
        from casework.insight.shadow_picture import draw

        draw(picture, found)
    if as_json:
        print_json(found.document())
    else:
        _print(found, picture)


async def _compared(file: Path, first: date | None, last: date | None, now: "datetime | None") -> "Shadow":
    from casework.insight.shadow import compare
    from kept.bootstrap import OPERATOR, assembled
    from kept.config import load

    settings = load()
    clock = clock_for(now, settings)
    async with assembled(settings) as running:
        rejects = settings.data_dir / "rejects"
        return await compare(running.office, OPERATOR, file, rejects, clock.now(), first=first, last=last)


def _print(found: "Shadow", picture: Path | None) -> None:
    from rich.table import Table

    out = console()
    out.print(
        f"{found.first} to {found.last}: they sent {found.theirs:,} messages, this book {found.ours:,}; "
        f"{found.by_people:,} calls and visits of theirs are held to the rules alone",
        soft_wrap=True,
    )
    table = Table("persons and days", "", "")
    table.add_row("both wrote, the same channel", "", f"{found.same_channel:,}")
    table.add_row("both wrote, another channel", "", f"{found.other_channel:,}")
    for what, counts in (
        ("only they wrote; we did not for", found.only_theirs),
        ("only we wrote, by the step", found.only_ours),
        ("contacts of theirs refused by", found.refused),
    ):
        for number, (name, count) in enumerate(counts.items()):
            table.add_row("" if number else what, name, f"{count:,}")
    out.print(table)
    for one in found.examples:
        line = f"  {one.day} {one.borrower}: {one.who} by {one.channel} ({one.why})"
        out.print(line, markup=False, soft_wrap=True)
    if found.rejects_file:
        out.print(f"{found.rejected:,} rows could not be read: {found.rejects_file}", soft_wrap=True)
    if picture is not None:
        out.print(f"Picture: {picture}", markup=False, soft_wrap=True)
