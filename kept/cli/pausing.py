"""`kept pause` and `kept resume`: nothing is claimed while paused."""

import asyncio
from typing import Annotated

import typer

from kept.cli.output import console

Portfolio = Annotated[
    str | None, typer.Option("--portfolio", metavar="CODE", help="Of this one alone; else of all.")
]


def register(app: typer.Typer) -> None:
    """Add `kept pause` and `kept resume` to the app."""
    app.command("pause")(_pause)
    app.command("resume")(_resume)


def _pause(portfolio: Portfolio = None) -> None:
    """Claim nothing any more, until `kept resume`. What is planned stays planned; looks go on."""
    what = portfolio or "every portfolio"
    new = asyncio.run(_done("pause", portfolio))
    console().print(f"{what} is paused{'' if new else ' already'}")


def _resume(portfolio: Portfolio = None) -> None:
    """Go on with what was paused; without a portfolio, with everything."""
    what = portfolio or "every portfolio"
    ended = asyncio.run(_done("resume", portfolio))
    console().print(f"{what} goes on" if ended else f"{what} was not paused")


async def _done(how: str, portfolio: str | None) -> bool:
    from casework.delivery.pause import pause, resume
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        do = pause if how == "pause" else resume
        return await do(running.office, OPERATOR, portfolio, SystemClock().now())
