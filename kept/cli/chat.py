"""`kept chat invite`: a link to the chat, to an address on file."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from kept.cli.output import AsJson, console, print_json

if TYPE_CHECKING:
    from casework.borrower.invitations import Invited


def register(app: typer.Typer) -> None:
    """Add `kept chat` to the app."""
    group = typer.Typer(help="The borrowers' chat.")
    group.callback()(_chat)
    group.command("invite")(_invite)
    app.add_typer(group, name="chat")


def _chat() -> None:
    """The borrowers' chat."""


def _invite(
    borrower: Annotated[
        str | None, typer.Argument(metavar="[BORROWER]", help="Their id, as the tape has it.")
    ] = None,
    portfolio: Annotated[
        str | None, typer.Option(metavar="CODE", help="Those who owe it something and have no chat yet.")
    ] = None,
    most: Annotated[int, typer.Option(help="So many of a portfolio at once.", min=1)] = 100,
    source: Annotated[str | None, typer.Option(help="Whose id it is, where several sources have it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Plan a link to the chat for a borrower, or for a portfolio; `kept send` or a worker sends it.

    It goes to a number or mailbox that is theirs alone, within the hours and caps of a reminder, and opens
    the chat once, within two weeks.
    """
    if (borrower is None) == (portfolio is None):
        raise typer.BadParameter("give a BORROWER, or --portfolio CODE")
    sent = asyncio.run(_planned(borrower, portfolio, most, source))
    if as_json:
        print_json({"planned": sent.channels, "nowhere": sent.nowhere, "left": sent.left})
        return
    planned = ", ".join(f"{count:,} by {channel}" for channel, count in sorted(sent.channels.items()))
    console().print(f"links planned: {planned or 'none'}")
    if sent.nowhere:
        console().print(f"{sent.nowhere:,} have no number or mailbox that may carry one")
    if sent.left:
        console().print(f"{sent.left:,} are left: run it again, or with --most")


async def _planned(borrower: str | None, portfolio: str | None, most: int, source: str | None) -> "Invited":
    from casework.borrower.invitations import invite_borrower, invite_portfolio
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        now = SystemClock().now()
        if borrower is not None:
            return await invite_borrower(running.office, OPERATOR, borrower, source, now)
        assert portfolio is not None
        return await invite_portfolio(running.office, OPERATOR, portfolio, most, now)
