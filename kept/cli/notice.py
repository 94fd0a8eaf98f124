"""`kept notice`: a notice that the law wants sent, to a borrower or a portfolio."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from kept.cli.output import AsJson, console, print_json

if TYPE_CHECKING:
    from casework.notices import Noticed


def register(app: typer.Typer) -> None:
    """Add `kept notice` to the app."""
    app.command("notice")(_notice)


def _notice(
    notice: Annotated[str, typer.Argument(metavar="NOTICE", help="validation or agent_identity.")],
    borrower: Annotated[
        str | None, typer.Argument(metavar="[BORROWER]", help="The borrower's external id.")
    ] = None,
    portfolio: Annotated[
        str | None,
        typer.Option("--portfolio", metavar="CODE", help="Everybody of it who owes and has none yet."),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="The source, where several have the id.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Plan a notice that a pack in force wants sent; `kept send` or a worker sends it.

    It goes by a channel that the notice has a text for, to an address that may carry amounts, once, at any
    hour and despite a stop. That it was sent is on record by itself; `kept told notice` is for one sent
    elsewhere.
    """
    if borrower is None and portfolio is None:
        raise typer.BadParameter("give a BORROWER, or --portfolio CODE")
    made = asyncio.run(_planned(notice, borrower, portfolio, source))
    if as_json:
        print_json({"planned": made.planned, "had": made.had, "nowhere": made.nowhere})
        return
    planned = ", ".join(f"{count:,} by {channel}" for channel, count in sorted(made.planned.items()))
    console().print(f"notices planned: {planned or 'none'}", markup=False)
    if made.had:
        console().print(f"{made.had:,} had one already, or it is on its way")
    if made.nowhere:
        named = ", ".join(made.nowhere[:20]) + (" and others" if len(made.nowhere) > 20 else "")
        line = f"{len(made.nowhere):,} cannot be written to by Kept, and need a letter: {named}"
        console().print(line, markup=False, soft_wrap=True)


async def _planned(notice: str, borrower: str | None, portfolio: str | None, source: str | None) -> "Noticed":
    from casework.notices import notify_borrower, notify_portfolio
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        office, now = running.office, SystemClock().now()
        if borrower is not None:
            return await notify_borrower(
                office, OPERATOR, notice, borrower, now, portfolio=portfolio, source=source
            )
        assert portfolio is not None
        return await notify_portfolio(office, OPERATOR, notice, portfolio, now)
