"""`kept told`: what somebody of the staff learnt of a person, and the rules are to know."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from kept.cli.arguments import moment
from kept.cli.output import AsJson, console, print_json
from kept.cli.told_address import address, reassigned

if TYPE_CHECKING:
    from policy.values import Flag

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
    """Add `kept told` to the app."""
    group = typer.Typer(help="Tell what the rules are to know of a person.")
    group.command("contact")(_contact)
    group.command("consent")(_consent)
    group.command("notice")(_notice)
    group.command("mark")(_mark)
    group.command("lift")(_lift)
    group.command("address")(address)
    group.command("reassigned")(reassigned)
    app.add_typer(group, name="told")


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


def _consent(
    borrower: _Borrower,
    state: Annotated[str, typer.Argument(metavar="granted|revoked", help="What they said; revoked: stop.")],
    channel: Annotated[str, typer.Option("--channel", help="sms, email, chat, call, visit, or all.")],
    evidence: Annotated[
        str, typer.Option("--evidence", metavar="TEXT", help="How they said it: kept encrypted beside it.")
    ],
    purpose: Annotated[
        str | None,
        typer.Option("--purpose", help="dunning (what is owed) or marketing; every purpose where not given."),
    ] = None,
    portfolio: Annotated[
        str | None,
        typer.Option("--portfolio", metavar="CODE", help="The lender it is for; all where not given."),
    ] = None,
    at: _At = None,
    source: _Source = None,
    by: Annotated[str, typer.Option("--as", metavar="NAME", help="Who was told.")] = "operator",
    confirm: Annotated[
        bool,
        typer.Option(
            "--confirm/--no-confirm", help="A stop of messages is confirmed once, within 5 minutes."
        ),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """What a borrower told the staff, by phone, letter or in person: stop, or yes to being contacted."""
    contact = asyncio.run(
        _consented(borrower, state, channel, evidence, purpose, portfolio, at, source, by, confirm=confirm)
    )
    if as_json:
        print_json({"recorded": True, "confirmation": contact})
    else:
        console().print("recorded" + (f"; contact {contact} confirms it once" if contact else ""))


async def _consented(
    borrower: str,
    state: str,
    channel: str,
    evidence: str,
    purpose: str | None,
    portfolio: str | None,
    at: datetime | None,
    source: str | None,
    by: str,
    *,
    confirm: bool,
) -> int | None:
    from casework.consent import record_consent
    from casework.staff.rights import Actor, Role
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        return await record_consent(
            running.office,
            Actor(by, Role.CUSTOMER_SERVICE),
            borrower,
            channel,
            state,
            evidence,
            SystemClock().now(),
            at=at,
            portfolio=portfolio,
            purpose=purpose,
            source=source,
            confirm=confirm,
        )


def _lift(
    borrower: _Borrower,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="refused_opt_out, dispute, hardship...")],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="What was found: kept with the hold.")
    ],
    source: _Source = None,
    by: Annotated[str, typer.Option("--as", metavar="NAME", help="Who has looked.")] = "operator",
    as_json: AsJson = False,
) -> None:
    """End a person's holds of a kind: somebody has looked."""
    ended = asyncio.run(_lifted(borrower, kind, reason, source, by))
    if as_json:
        print_json({"lifted": ended})
    else:
        console().print(f"lifted: {', '.join(f'hold {key}' for key in ended)}")


async def _lifted(borrower: str, kind: str, reason: str, source: str | None, by: str) -> list[int]:
    from casework.holds import lift_kind
    from casework.staff.rights import Actor, Role
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        who, now = Actor(by, Role.SUPERVISOR), SystemClock().now()
        return await lift_kind(running.office, who, borrower, kind, now, reason, source=source)


def _flags(names: list[str]) -> "list[Flag]":
    return names  # pyright: ignore[reportReturnType] - the use case names those that are none


def _recorded(new: bool, as_json: bool) -> None:
    if as_json:
        print_json({"recorded": new})
    else:
        console().print("recorded" if new else "it was recorded before; nothing changed")
