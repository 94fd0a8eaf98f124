"""`kept staff`: who works here, in which role and scope; invited by a one-time link, removed at once."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kept.cli.errors import BadInput
from kept.cli.output import AsJson, console, print_json

if TYPE_CHECKING:
    from casework.staff.people import Invited, Listed, Removed

_Name = Annotated[str, typer.Argument(metavar="NAME", help="What the record calls them.")]
_By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does it.")]
_Role = Annotated[str, typer.Option("--role", metavar="ROLE", help="collector, supervisor, compliance...")]
_Scope = Annotated[
    str | None,
    typer.Option("--scope", metavar="CODES", help="Portfolios, comma-separated; else every one."),
]
_Queues = Annotated[
    str | None,
    typer.Option("--queues", metavar="NAMES", help="Where their work comes from; else as the role has it."),
]
_Mailbox = Annotated[
    str | None,
    typer.Option("--mailbox", metavar="ADDRESS", help="Whom a single sign-on must vouch for to let them in."),
]
_To = Annotated[
    str | None, typer.Option("--to", metavar="NAME", help="Who has their cases then; else the queue.")
]


def register(app: typer.Typer) -> None:
    """Add `kept staff` to the app."""
    group = typer.Typer(help="Who works here: invited, listed, removed.")
    group.command("invite", help="Make one-time links to the chat and to the console.")(invite)
    group.command("list", help="Who is on the staff, and what they have.")(list_)
    group.command("remove", help="End their chat and account, and hand their cases on, at once.")(remove)
    app.add_typer(group, name="staff")


def invite(
    name: _Name,
    role: _Role,
    scope: _Scope = None,
    queues: _Queues = None,
    mailbox: _Mailbox = None,
    by: _By = "operator",
    as_json: AsJson = False,
) -> None:
    """Invite somebody."""
    made = asyncio.run(_invite(name, role, _listed(scope), _listed(queues), mailbox, by))
    if as_json:
        print_json(
            {
                "name": made.name,
                "role": made.role.value,
                "portfolios": made.portfolios,
                "queues": made.queues,
                "link": made.link,
                "join": made.join,
                "until": made.until,
            }
        )
        return
    out = console()
    where = "every portfolio" if made.portfolios is None else ", ".join(made.portfolios)
    out.print(f"{name} is invited as {role.replace('_', ' ')} for {where}.", markup=False)
    if made.link is not None:
        out.print(f"Send them this link; it opens one chat, once, until {made.until:%Y-%m-%d %H:%M} UTC:")
        out.print(f"  {made.link}", markup=False, soft_wrap=True)
    out.print(f"This one makes their account of the console, once, until {made.until:%Y-%m-%d %H:%M} UTC:")
    out.print(f"  {made.join}", markup=False, soft_wrap=True)


def list_(as_json: AsJson = False) -> None:
    """List the staff."""
    found = asyncio.run(_everybody())
    if as_json:
        print_json([_document(one) for one in found])
        return
    out = console()
    if not found:
        out.print("Nobody is on the staff yet; `kept staff invite NAME --role collector` begins.")
    for one in found:
        row = one.row
        where = "every portfolio" if row.portfolios is None else ", ".join(row.portfolios)
        chat = "in the chat" if one.chat else "invited" if one.link else "without a chat"
        out.print(
            f"{row.name}  {row.role.replace('_', ' ')}  {where}  {chat}  "
            f"{one.cases} cases, {one.promises} open promises",
            markup=False,
        )


def remove(name: _Name, to: _To = None, by: _By = "operator", as_json: AsJson = False) -> None:
    """Remove somebody."""
    made = asyncio.run(_remove(name, to, by))
    if as_json:
        print_json({"name": name, "cases": made.cases, "promises": made.promises, "to": made.to})
        return
    where = f"are {made.to}'s now" if made.to else "are back in the queue"
    console().print(
        f"{name} is off the staff: no chat, no account, no link. {made.cases} cases with {made.promises} "
        f"open promises {where}.",
        markup=False,
        soft_wrap=True,
    )


def _listed(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not found:
        raise BadInput("an empty list was given; name at least one, or leave the option out for all")
    return found


async def _invite(
    name: str,
    role: str,
    scope: tuple[str, ...] | None,
    queues: tuple[str, ...] | None,
    mailbox: str | None,
    by: str,
) -> "Invited":
    from casework.staff.people import invite, staff_roles
    from casework.staff.rights import Actor, Role
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    if role not in staff_roles():
        raise BadInput(f"--role {role!r} is no role of the staff; there are: {', '.join(staff_roles())}")
    async with assembled(load()) as running:
        return await invite(
            running.office,
            Actor(by, Role.OPERATIONS),
            name,
            Role(role),
            SystemClock().now(),
            portfolios=scope,
            queues=queues,
            mailbox=mailbox,
        )


async def _everybody() -> "list[Listed]":
    from casework.staff.people import everybody
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        return await everybody(running.office, OPERATOR, SystemClock().now())


async def _remove(name: str, to: str | None, by: str) -> "Removed":
    from casework.staff.people import remove
    from casework.staff.rights import Actor, Role
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        return await remove(running.office, Actor(by, Role.OPERATIONS), name, SystemClock().now(), to=to)


def _document(one: "Listed") -> dict[str, Any]:
    row = one.row
    return {
        "name": row.name,
        "role": row.role,
        "portfolios": row.portfolios,
        "queues": row.queues,
        "chat": one.chat,
        "account": one.account,
        "link_until": one.link,
        "cases": one.cases,
        "promises": one.promises,
        "invited_at": one.invited_at,
    }
