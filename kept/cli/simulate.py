"""`kept simulate`: what a strategy or a pack would do to today's book, in days ahead."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kept.cli.arguments import moment
from kept.cli.errors import BadInput
from kept.cli.output import AsJson, print_json, progress

if TYPE_CHECKING:
    from casework.simulation.simulate import Asked, Simulated

_File = Annotated[
    str,
    typer.Argument(
        metavar="FILE_OR_NAME", help="A strategy or a pack as YAML; or the name of one, or name@3."
    ),
]
_Days = Annotated[int, typer.Option("--days", min=1, max=366, metavar="N", help="Days ahead.")]
_Against = Annotated[
    str | None, typer.Option("--against", metavar="live", help="Compare with what is in force: live.")
]
_Payers = Annotated[
    str,
    typer.Option(
        "--payers", metavar="history|none", help="Drawn from the book's own payments, or nobody pays."
    ),
]
_Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Of the payers: the same one pays the same.")]
_Prices = Annotated[
    Path | None, typer.Option("--prices", metavar="FILE", help="What things cost: see samples/prices.yaml.")
]
_Share = Annotated[
    int, typer.Option("--share", min=1, max=100, metavar="PERCENT", help="Of the people it is rolled out to.")
]
_Picture = Annotated[
    Path | None, typer.Option("--picture", metavar="FILE", help="Draw it as well: a .png, .svg or .pdf.")
]
_Now = Annotated[
    datetime | None,
    typer.Option("--now", parser=moment, metavar="MOMENT", help="Begin at this moment (ISO 8601 with zone)."),
]
SUFFIXES = (".png", ".svg", ".pdf")


def register(app: typer.Typer) -> None:
    app.command("simulate", help="Play a strategy or a pack over today's book; nothing is written to it.")(
        simulate
    )


def simulate(
    file: _File,
    days: _Days = 60,
    against: _Against = None,
    payers: _Payers = "history",
    seed: _Seed = 1,
    prices: _Prices = None,
    share: _Share = 100,
    picture: _Picture = None,
    now: _Now = None,
    as_json: AsJson = False,
) -> None:
    """Play it ahead."""
    from casework.simulation.document import document
    from casework.simulation.prices import read_prices
    from casework.simulation.simulate import Asked

    if against not in (None, "live"):
        raise BadInput(f"--against {against}: it is compared with what is in force: --against live")
    if payers not in ("history", "none"):
        raise BadInput(f"--payers {payers}: they are drawn from the book's history, or there are none")
    if picture is not None and picture.suffix not in SUFFIXES:
        raise BadInput(f"--picture {picture}: its name ends with one of {', '.join(SUFFIXES)}")
    table = None if prices is None else read_prices(_text(prices), prices.name)
    path = Path(file)
    text = _text(path) if path.suffix in (".yaml", ".yml") or path.is_file() else None
    asked = Asked(text or "", path.name, days, payers, seed, against is not None, share)
    found = asyncio.run(_simulate(asked, None if text else file, now))
    made = document(found, table)
    if picture is not None:
        from kept.cli.simulate_picture import draw

        draw(made, picture)
    if as_json:
        print_json(made)
    else:
        from kept.cli.simulate_tables import show

        show(made)


async def _simulate(asked: "Asked", name: str | None, now: datetime | None) -> "Simulated":
    from msgspec.structs import replace

    from casework.simulation.simulate import simulate as use
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        if name is not None:
            asked = replace(asked, text=await _known(running.office, name), name=name)
        with progress() as bar:
            task = bar.add_task("cases played", total=None)
            return await use(
                running.office,
                OPERATOR,
                asked,
                now or SystemClock().now(),
                lambda done, of: bar.update(task, completed=done, total=of),
            )


async def _known(office: Any, name: str) -> str:
    """The text of a strategy that is published, or of a pack that ships with Kept."""
    from casework.errors import CaseworkInputError
    from casework.publish import source
    from kept.bootstrap import OPERATOR
    from policy.pack import shipped_texts

    try:
        return await source(office, OPERATOR, name)
    except CaseworkInputError:
        packs = shipped_texts()
        if name in packs:
            return packs[name]
        raise BadInput(
            f"{name}: there is no such file, strategy or pack; `kept strategy list` and `kept policy list` "
            "have them"
        ) from None


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file}: it cannot be read ({type(error).__name__}); name a YAML file") from None
