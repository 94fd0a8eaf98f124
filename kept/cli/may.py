"""`kept may`: whether a person may be contacted now."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from kept.cli.arguments import moment
from kept.cli.output import AsJson, console, print_json

if TYPE_CHECKING:
    from casework.may import Permission, Wish
    from policy.values import Channel, Purpose

_Borrower = Annotated[str, typer.Argument(metavar="BORROWER", help="The borrower's external id.")]
_Portfolio = Annotated[
    str | None, typer.Option("--portfolio", metavar="CODE", help="Where they have several.")
]
_Source = Annotated[str | None, typer.Option("--source", help="The source, where several have the id.")]
_Loans = Annotated[
    list[str] | None, typer.Option("--loan", metavar="ID", help="About this loan; may be given again.")
]
_Channel = Annotated[str, typer.Option("--channel", help="sms, email, chat, call or visit.")]


def register(app: typer.Typer) -> None:
    """Add `kept may` to the app."""
    app.command("may")(_may)


def _may(
    borrower: _Borrower,
    channel: _Channel,
    purpose: Annotated[
        str, typer.Option("--purpose", help="dunning, answer, opt_out_confirmation or statutory.")
    ] = "dunning",
    text: Annotated[str | None, typer.Option("--text", help="What is to be said, where it is known.")] = None,
    loan: _Loans = None,
    portfolio: _Portfolio = None,
    source: _Source = None,
    at: Annotated[
        datetime | None,
        typer.Option("--at", parser=moment, metavar="MOMENT", help="At this moment (ISO 8601 with zone)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Whether a borrower may be contacted now: the same rules and facts as for the machine's own messages."""
    from casework.may import Wish
    from kept.cli.errors import BadInput
    from policy.values import CHANNELS, PURPOSES

    if channel not in CHANNELS:
        raise BadInput(f"--channel {channel}: there is no such; one of {', '.join(sorted(CHANNELS))}")
    if purpose not in PURPOSES:
        raise BadInput(f"--purpose {purpose}: there is no such; one of {', '.join(sorted(PURPOSES))}")
    wish = Wish(_channel(channel), _purpose(purpose), text, tuple(loan or ()))
    found = asyncio.run(_ask(borrower, wish, portfolio, source, at))
    if as_json:
        print_json(found.document())
        return
    said = found.said
    until = f" until {said['until']}" if said["until"] else ""
    out = console()
    out.print(f"{said['verdict']}{until}", markup=False)
    for reason in said["reasons"]:
        line = f"  {reason['pack']} {reason['rule']}: {reason['detail']} ({reason['source']})"
        out.print(line, markup=False, soft_wrap=True)


def _channel(name: str) -> "Channel":
    return name  # pyright: ignore[reportReturnType] - it was looked up


def _purpose(name: str) -> "Purpose":
    return name  # pyright: ignore[reportReturnType] - it was looked up


async def _ask(
    borrower: str, wish: "Wish", portfolio: str | None, source: str | None, at: datetime | None
) -> "Permission":
    from casework.may import may_contact
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        now = at or SystemClock().now()
        return await may_contact(
            running.office, OPERATOR, borrower, wish, now, portfolio=portfolio, source=source
        )
