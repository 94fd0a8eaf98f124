"""`kept token`: by what other systems come in, and how far: made, listed, revoked."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kept.cli.errors import BadInput
from kept.cli.output import AsJson, console, print_json

if TYPE_CHECKING:
    from casework.tokens import Made, TokenRow

_Name = Annotated[
    str, typer.Argument(metavar="NAME", help="What the record calls it: core-banking, dialler.")
]
_By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does it.")]
_Scopes = Annotated[
    str,
    typer.Option(
        "--scopes", metavar="SCOPES", help="Comma-separated: loans:write,payments:write,may:read..."
    ),
]
_Portfolios = Annotated[
    list[str] | None,
    typer.Option("--portfolio", metavar="CODE", help="No further than this; may be given again."),
]
_Days = Annotated[int | None, typer.Option("--days", metavar="N", help="It ends by itself after so many.")]
_For = Annotated[
    str | None,
    typer.Option("--for", metavar="NAME", help="Of this member of the staff: no right more, ends with them."),
]
_PerMinute = Annotated[int, typer.Option("--per-minute", metavar="N", help="How many requests a minute.")]


def register(app: typer.Typer) -> None:
    """Add `kept token` to the app."""
    group = typer.Typer(help="Tokens of other systems for /api/v1.")
    group.command("create", help="Make a token; its secret is shown once.")(create)
    group.command("list", help="The tokens, their scopes, when each was last used.")(list_)
    group.command("revoke", help="End a token at once.")(revoke)
    app.add_typer(group, name="token")


def create(
    name: _Name,
    scopes: _Scopes,
    portfolio: _Portfolios = None,
    days: _Days = None,
    staff: _For = None,
    per_minute: _PerMinute = 600,
    by: _By = "operator",
    as_json: AsJson = False,
) -> None:
    """Make a token."""
    wanted = [part.strip() for part in scopes.split(",") if part.strip()]
    if not wanted:
        raise BadInput("--scopes is empty; name at least one, such as may:read")
    made = asyncio.run(_create(name, wanted, portfolio, days, staff, per_minute, by))
    if as_json:
        print_json(
            {
                "name": made.name,
                "token": made.secret,
                "scopes": made.scopes,
                "portfolios": made.portfolios,
                "staff": made.staff,
                "until": made.until,
            }
        )
        return
    out = console()
    until = "until it is revoked" if made.until is None else f"until {made.until:%Y-%m-%d %H:%M} UTC"
    out.print(f"The token {name} is for {', '.join(made.scopes)}, {until}.", markup=False, soft_wrap=True)
    out.print("It is shown this once; send it as `Authorization: Bearer ...`:")
    out.print(f"  {made.secret}", markup=False, soft_wrap=True)


def list_(as_json: AsJson = False) -> None:
    """List the tokens."""
    found = asyncio.run(_list())
    if as_json:
        print_json([_document(one) for one in found])
        return
    out = console()
    if not found:
        out.print("There is no token yet; `kept token create NAME --scopes may:read` makes one.")
    for one in found:
        where = "every portfolio" if one.portfolios is None else ", ".join(one.portfolios)
        whose = f"  of {one.staff}" if one.staff else ""
        until = f"  until {one.expires_at:%Y-%m-%d}" if one.expires_at else ""
        used = f"last used {one.used_at:%Y-%m-%d %H:%M}" if one.used_at else "never used"
        line = f"{one.name}  {', '.join(one.scopes)}  {where}{whose}{until}  {used}"
        out.print(line, markup=False, soft_wrap=True)


def revoke(name: _Name, by: _By = "operator", as_json: AsJson = False) -> None:
    """Revoke a token."""
    asyncio.run(_revoke(name, by))
    if as_json:
        print_json({"name": name, "revoked": True})
    else:
        console().print(f"The token {name} opens nothing any more.", markup=False)


async def _create(
    name: str,
    scopes: list[str],
    portfolios: list[str] | None,
    days: int | None,
    staff: str | None,
    per_minute: int,
    by: str,
) -> "Made":
    import os

    from casework.staff.rights import Actor, Role
    from casework.tokens import SECRET_BYTES, create_token
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        return await create_token(
            running.office,
            Actor(by, Role.ADMINISTRATOR),
            name,
            scopes,
            os.urandom(SECRET_BYTES),
            SystemClock().now(),
            portfolios=portfolios or None,
            staff=staff,
            days=days,
            per_minute=per_minute,
        )


async def _list() -> "list[TokenRow]":
    from casework.staff.rights import Actor, Role
    from casework.tokens import list_tokens
    from kept.bootstrap import assembled
    from kept.config import load

    async with assembled(load()) as running:
        return await list_tokens(running.office, Actor("operator", Role.ADMINISTRATOR))


async def _revoke(name: str, by: str) -> None:
    from casework.staff.rights import Actor, Role
    from casework.tokens import revoke_token
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        await revoke_token(running.office, Actor(by, Role.ADMINISTRATOR), name, SystemClock().now())


def _document(one: "TokenRow") -> dict[str, Any]:
    return {
        "name": one.name,
        "scopes": one.scopes,
        "portfolios": one.portfolios,
        "staff": one.staff,
        "per_minute": one.per_minute,
        "made_at": one.made_at,
        "made_by": one.made_by,
        "until": one.expires_at,
        "used_at": one.used_at,
    }
