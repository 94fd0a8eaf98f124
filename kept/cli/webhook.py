"""`kept webhook`: where other systems are told what happened: added, listed, tested, removed."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kept.cli.errors import BadInput
from kept.cli.output import EXIT_FAILED, AsJson, console, print_json

if TYPE_CHECKING:
    from casework.hooks import Added
    from casework.staff.rights import Actor
    from storage.hooks import Hook

_Name = Annotated[str, typer.Argument(metavar="NAME", help="What the record calls it: core-banking.")]
_Url = Annotated[str, typer.Argument(metavar="URL", help="https://..., or http:// of this machine.")]
_By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does it.")]
_Events = Annotated[
    str,
    typer.Option(
        "--events", metavar="KINDS", help="Comma-separated: promise.made,payment.matched... or all."
    ),
]


def register(app: typer.Typer) -> None:
    """Add `kept webhook` to the app."""
    group = typer.Typer(help="Tell other systems what happened, signed; see docs/api.md.")
    group.command("add", help="Tell an address; the secret it is signed with is shown once.")(add)
    group.command("list", help="The addresses, and what waits for each.")(list_)
    group.command("test", help="Send a ping at once.")(ping)
    group.command("rotate", help="Another secret; the one before signs as well for a day.")(rotate)
    group.command("remove", help="Tell it nothing more.")(remove)
    app.add_typer(group, name="webhook")


def add(
    name: _Name, url: _Url, events: _Events = "all", by: _By = "operator", as_json: AsJson = False
) -> None:
    """Add an address."""
    _shown(asyncio.run(_add(name, url, events, by)), as_json)


def rotate(name: _Name, by: _By = "operator", as_json: AsJson = False) -> None:
    """Give an address another secret."""
    _shown(asyncio.run(_rotate(name, by)), as_json)


def list_(as_json: AsJson = False) -> None:
    """List the addresses."""
    found = asyncio.run(_list())
    if as_json:
        print_json([_document(one) for one in found])
        return
    out = console()
    if not found:
        out.print("Nobody is told anything yet; `kept webhook add NAME URL` begins.")
    for one in found:
        line = (
            f"{one.name}  {one.url}  {', '.join(one.kinds)}  "
            f"{one.delivered} delivered, {one.waiting} waiting, {one.dead} given up"
        )
        out.print(line, markup=False, soft_wrap=True)


def ping(name: _Name, as_json: AsJson = False) -> None:
    """Send a ping."""
    error = asyncio.run(_test(name))
    if as_json:
        print_json({"name": name, "taken": error is None, "error": error})
    else:
        console().print("taken" if error is None else f"not taken: {error}", markup=False)
    if error is not None:
        raise typer.Exit(EXIT_FAILED)


def remove(name: _Name, by: _By = "operator", as_json: AsJson = False) -> None:
    """Remove an address."""
    asyncio.run(_remove(name, by))
    if as_json:
        print_json({"name": name, "removed": True})
    else:
        console().print(f"{name} is told nothing more.", markup=False)


def _shown(made: "Added", as_json: bool) -> None:
    if as_json:
        print_json({"name": made.name, "url": made.url, "events": made.kinds, "secret": made.secret})
        return
    out = console()
    out.print(f"{made.name} is told of {', '.join(made.kinds)}.", markup=False, soft_wrap=True)
    out.print("Calls are signed with this secret, shown this once:")
    out.print(f"  {made.secret}", markup=False, soft_wrap=True)


async def _add(name: str, url: str, events: str, by: str) -> "Added":
    import os

    from casework.hooks import KINDS, SECRET_BYTES, add_hook
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load
    from kept.providers import poster_of

    kinds = [part.strip() for part in events.split(",") if part.strip()]
    if not kinds:
        raise BadInput("--events is empty; name at least one, or all")
    settings = load()
    async with assembled(settings) as running:
        return await add_hook(
            running.office,
            _administrator(by),
            poster_of(settings),
            name,
            url,
            KINDS if kinds == ["all"] else kinds,
            os.urandom(SECRET_BYTES),
            SystemClock().now(),
        )


async def _rotate(name: str, by: str) -> "Added":
    import os

    from casework.hooks import SECRET_BYTES, rotate_hook
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        secret = os.urandom(SECRET_BYTES)
        return await rotate_hook(running.office, _administrator(by), name, secret, SystemClock().now())


async def _list() -> "list[Hook]":
    from casework.hooks import list_hooks
    from kept.bootstrap import assembled
    from kept.config import load

    async with assembled(load()) as running:
        return await list_hooks(running.office, _administrator("operator"))


async def _test(name: str) -> str | None:
    from casework.hooks import ping_hook
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load
    from kept.providers import poster_of

    settings = load()
    poster = poster_of(settings)
    async with assembled(settings) as running:
        try:
            who = _administrator("operator")
            return await ping_hook(running.office, who, poster, name, SystemClock().now())
        finally:
            await poster.close()


async def _remove(name: str, by: str) -> None:
    from casework.hooks import remove_hook
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        await remove_hook(running.office, _administrator(by), name, SystemClock().now())


def _administrator(by: str) -> "Actor":
    from casework.staff.rights import Actor, Role

    return Actor(by, Role.ADMINISTRATOR)


def _document(one: "Hook") -> dict[str, Any]:
    return {
        "name": one.name,
        "url": one.url,
        "events": one.kinds,
        "made_at": one.made_at,
        "made_by": one.made_by,
        "delivered": one.delivered,
        "waiting": one.waiting,
        "dead": one.dead,
    }
