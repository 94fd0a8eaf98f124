"""`kept may`: whether a person may be contacted now; `kept told`: what the gate is to know of them."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from kept.cli.arguments import moment
from kept.cli.output import AsJson, console, print_json

if TYPE_CHECKING:
    from casework.may import Permission, Wish
    from policy.values import Channel, Flag, Purpose

_Borrower = Annotated[str, typer.Argument(metavar="BORROWER", help="The borrower's external id.")]
_Portfolio = Annotated[
    str | None, typer.Option("--portfolio", metavar="CODE", help="Where they have several.")
]
_Source = Annotated[str | None, typer.Option("--source", help="The source, where several have the id.")]
_Loans = Annotated[
    list[str] | None, typer.Option("--loan", metavar="ID", help="About this loan; may be given again.")
]
_At = Annotated[
    datetime | None,
    typer.Option("--at", parser=moment, metavar="MOMENT", help="When it was (ISO 8601 with zone); now."),
]
_Channel = Annotated[str, typer.Option("--channel", help="sms, email, chat, call or visit.")]


def register(app: typer.Typer) -> None:
    """Add `kept may` and `kept told` to the app."""
    app.command("may")(_may)
    group = typer.Typer(help="Tell what the rules are to know of a person.")
    group.command("contact")(_contact)
    group.command("notice")(_notice)
    group.command("mark")(_mark)
    app.add_typer(group, name="told")


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


def _contact(
    borrower: _Borrower,
    channel: _Channel,
    result: Annotated[str, typer.Option("--result", help="no_answer, voicemail, busy, conversation...")] = "",
    inbound: Annotated[bool, typer.Option("--inbound", help="From the person to us.")] = False,
    loan: _Loans = None,
    at: _At = None,
    source: _Source = None,
    as_json: AsJson = False,
) -> None:
    """A contact that was made elsewhere: it counts for the caps. Told twice, it is one."""
    new = asyncio.run(_report(borrower, channel, result, inbound, tuple(loan or ()), at, source))
    _recorded(new, as_json)


async def _report(
    borrower: str,
    channel: str,
    result: str,
    inbound: bool,
    loans: tuple[str, ...],
    at: datetime | None,
    source: str | None,
) -> bool:
    from casework.told import Reported, report_contact
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        now = SystemClock().now()
        contact = Reported(at or now, channel, result, inbound, loans)
        return await report_contact(running.office, OPERATOR, borrower, contact, now, source=source)


def _notice(
    borrower: _Borrower,
    notice: Annotated[str, typer.Argument(metavar="NOTICE", help="validation, agent_identity...")],
    at: _At = None,
    portfolio: _Portfolio = None,
    source: _Source = None,
    as_json: AsJson = False,
) -> None:
    """A notice that the law wants sent before other things was sent."""
    _recorded(asyncio.run(_noticed(borrower, notice, at, portfolio, source)), as_json)


async def _noticed(
    borrower: str, notice: str, at: datetime | None, portfolio: str | None, source: str | None
) -> bool:
    from casework.told import report_notice
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        now = SystemClock().now()
        return await report_notice(
            running.office, OPERATOR, borrower, notice, at or now, now, portfolio=portfolio, source=source
        )


def _mark(
    borrower: _Borrower,
    add: Annotated[
        list[str] | None, typer.Option("--add", metavar="MARK", help="vulnerable, represented, cease...")
    ] = None,
    lift: Annotated[list[str] | None, typer.Option("--lift", metavar="MARK", help="A mark to end.")] = None,
    hours: Annotated[
        list[str] | None,
        typer.Option("--hours", metavar="18:00-20:30", help="Their own hours; replaces those on record."),
    ] = None,
    any_hours: Annotated[bool, typer.Option("--any-hours", help="Lift their own hours.")] = False,
    agreed: Annotated[
        bool | None, typer.Option("--hours-agreed/--hours-not-agreed", help="They agreed to other hours.")
    ] = None,
    source: _Source = None,
    as_json: AsJson = False,
) -> None:
    """Marks that the law reads, and the hours that a person asked for or agreed to."""
    own = [] if any_hours else hours
    asyncio.run(_marked(borrower, add or [], lift or [], own, agreed, source))
    _recorded(True, as_json)


async def _marked(
    borrower: str,
    add: list[str],
    lift: list[str],
    hours: list[str] | None,
    agreed: bool | None,
    source: str | None,
) -> None:
    from casework.told import mark_person
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        await mark_person(
            running.office,
            OPERATOR,
            borrower,
            SystemClock().now(),
            add=_flags(add),
            remove=_flags(lift),
            hours_agreed=agreed,
            own_hours=hours,
            source=source,
        )


def _flags(names: list[str]) -> "list[Flag]":
    return names  # pyright: ignore[reportReturnType] - the use case names those that are none


def _recorded(new: bool, as_json: bool) -> None:
    if as_json:
        print_json({"recorded": new})
    else:
        console().print("recorded" if new else "it was recorded before; nothing changed")
