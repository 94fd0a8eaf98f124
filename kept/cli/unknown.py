"""`kept unknown`: contacts of which nobody knows whether they were taken, and settling one by hand."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kept.cli.output import AsJson, console, print_json

if TYPE_CHECKING:
    from casework.delivery.by_hand import Unknown


class As(StrEnum):
    """What became of a contact."""

    DELIVERED = "delivered"
    NOT_TAKEN = "not-taken"


def register(app: typer.Typer) -> None:
    """Add `kept unknown` and `kept unknown settle` to the app."""
    group = typer.Typer(help="Contacts of which nobody knows whether they were taken.")
    group.callback(invoke_without_command=True)(_list)
    group.command("settle")(_settle)
    app.add_typer(group, name="unknown")


def _list(context: typer.Context, as_json: AsJson = False) -> None:
    """List contacts of which nobody knows whether they were taken. Nothing follows from one until it is
    settled: by its provider, which workers ask every few minutes, or by `kept unknown settle`."""
    import asyncio

    if context.invoked_subcommand is not None:
        return
    found = asyncio.run(_listed())
    if as_json:
        print_json([_document(one) for one in found])
    else:
        _print_table(found)


def _settle(
    contact: Annotated[int, typer.Argument(metavar="CONTACT", min=1, help="Its id in `kept unknown`.")],
    how: Annotated[
        As, typer.Option("--as", help="not-taken: the message goes on by the next channel, if there is one.")
    ],
    as_json: AsJson = False,
) -> None:
    """Say what became of a contact, as the provider's console or the mail server's log shows it."""
    import asyncio

    asyncio.run(_settled(contact, how))
    if as_json:
        print_json({"contact": contact, "state": "delivered" if how is As.DELIVERED else "failed"})
    else:
        console().print(f"contact {contact} is settled as {how}")


async def _listed() -> "list[Unknown]":
    from casework.delivery.by_hand import unknown_contacts
    from kept.bootstrap import OPERATOR, assembled
    from kept.config import load

    settings = load()
    async with assembled(settings) as running:
        return await unknown_contacts(running.office, OPERATOR, settings.smtp.sender)


async def _settled(contact: int, how: As) -> None:
    from casework.delivery.by_hand import settle_by_hand
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        word = "delivered" if how is As.DELIVERED else "not_taken"
        await settle_by_hand(running.office, OPERATOR, contact, word, SystemClock().now())


def _document(one: "Unknown") -> dict[str, Any]:
    return {
        "contact": one.contact,
        "channel": one.channel,
        "sent_at": one.sent_at,
        "borrower": one.borrower,
        "loans": list(one.loans),
        "portfolio": one.portfolio,
        "provider": one.provider,
        "message_id": one.message_id,
        "code": one.code,
        "asked_at": one.asked_at,
        "finding": one.finding,
        "why": one.why,
    }


def _print_table(found: "list[Unknown]") -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if not found:
        console().print("nothing is unknown")
        return
    table = Table("contact", "channel", "sent", "borrower", "provider", "why", box=box.SIMPLE)
    for one in found:
        why = one.why if one.message_id is None else f"{one.why}\nMessage-ID: {one.message_id}"
        sent = f"{one.sent_at:%Y-%m-%d %H:%M} UTC"
        table.add_row(
            str(one.contact), one.channel, sent, one.borrower, one.provider or "-", Text(why, overflow="fold")
        )
    console().print(table)
