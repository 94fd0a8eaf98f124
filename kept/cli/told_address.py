"""`kept told address` and `kept told reassigned`: whose a number or a mail turned out to be."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Final

import typer

from kept.cli.output import AsJson, console, print_json

if TYPE_CHECKING:
    from casework.addresses import Finding

_FINDINGS: Final = ("confirmed", "unverified", "detached", "suspended")
_Value = Annotated[str, typer.Argument(metavar="ADDRESS", help="A number, like +447700900123, or a mail.")]


def address(
    borrower: Annotated[str, typer.Argument(metavar="BORROWER", help="The borrower's external id.")],
    value: _Value,
    finding: Annotated[
        str,
        typer.Argument(
            metavar="FINDING",
            help="confirmed (they answered there), unverified (nobody knows), detached (somebody else's), or "
            "suspended (whoever answers says so: closed for everybody who has it, until traced).",
        ),
    ],
    source: Annotated[
        str | None, typer.Option("--source", help="The source, where several have the id.")
    ] = None,
    by: Annotated[str, typer.Option("--as", metavar="NAME", help="Who found it.")] = "operator",
    as_json: AsJson = False,
) -> None:
    """What a trace found of an address: it decides what may be said there, and ends the trace."""
    from kept.cli.errors import BadInput

    if finding not in _FINDINGS:
        raise BadInput(f"{finding}: there is no such finding; one of {', '.join(_FINDINGS)}")
    asyncio.run(_settle(borrower, value, finding, source, by))
    if as_json:
        print_json({"recorded": True})
    else:
        console().print("recorded")


async def _settle(borrower: str, value: str, finding: str, source: str | None, by: str) -> None:
    from casework.addresses import find_address, settle_address, suspend_for_all
    from casework.staff.rights import Actor, Role
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    actor = Actor(by, Role.CUSTOMER_SERVICE)
    async with assembled(load()) as running:
        office, now = running.office, SystemClock().now()
        found = await find_address(office, actor, borrower, value, source=source)
        if finding == "suspended":
            await suspend_for_all(office, actor, found, now)
        else:
            await settle_address(office, actor, found, _finding(finding), now)


def _finding(name: str) -> "Finding":
    return name  # pyright: ignore[reportReturnType] - it was looked up


def reassigned(
    value: _Value,
    by: Annotated[str, typer.Option("--as", metavar="NAME", help="Who was told.")] = "operator",
    as_json: AsJson = False,
) -> None:
    """A register says that an address has a new owner: nothing about a loan goes there, whoever has it."""
    changed = asyncio.run(_reassign(value, by))
    if as_json:
        print_json({"changed": changed})
    else:
        console().print(f"unverified from now on for {changed} on file" if changed else "nothing changed")


async def _reassign(value: str, by: str) -> int:
    from casework.addresses import report_reassigned
    from casework.staff.rights import Actor, Role
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        return await report_reassigned(
            running.office, Actor(by, Role.CUSTOMER_SERVICE), value, SystemClock().now()
        )
