"""`kept pin`: a new PIN for a borrower, with which figures are said by SMS."""

from typing import Annotated

import typer

from kept.cli.output import AsJson, console, print_json

_DIGITS = 6


def register(app: typer.Typer) -> None:
    """Add `kept pin` to the app."""
    app.command("pin")(_pin)


def _pin(
    borrower: Annotated[str, typer.Argument(metavar="BORROWER", help="Their id, as the tape has it.")],
    source: Annotated[str | None, typer.Option(help="Whose id it is, where several sources have it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Give a borrower a new PIN for SMS and show it once; only a digest is kept. An old one ends with it."""
    import asyncio

    made = asyncio.run(_given(borrower, source))
    if as_json:
        print_json({"borrower": borrower, "pin": made})
    else:
        console().print(f"the PIN of {borrower} is {made}; it is shown only now")


async def _given(borrower: str, source: str | None) -> str:
    from casework.borrower.pins import give_pin
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        return await give_pin(running.office, OPERATOR, borrower, source, _drawn, SystemClock().now())


def _drawn() -> str:
    import secrets

    return str(secrets.randbelow(10**_DIGITS)).rjust(_DIGITS, "0")
