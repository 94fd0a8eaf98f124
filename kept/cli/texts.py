"""`kept texts`: what is said in one's own words, and how far each version is approved."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kept.cli.output import AsJson, console, print_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from casework.office import Office
    from casework.staff.rights import Actor
    from casework.texts import Kept

app = typer.Typer(
    name="texts",
    help="Texts of one's own: written, submitted, approved. What nobody wrote is said in the shipped words.",
    no_args_is_help=True,
)

Key = Annotated[int, typer.Argument(metavar="ID", min=1, help="Its number in `kept texts list`.")]
As = Annotated[str, typer.Option("--as", metavar="NAME", help="Who says so, for the record.")]


def register(root: typer.Typer) -> None:
    """Add the group to the app."""
    root.add_typer(app)


@app.command("list")
def listed(as_json: AsJson = False) -> None:
    """Every version, the oldest first."""
    found = asyncio.run(_run(_list, None))
    if as_json:
        print_json([_document(one) for one in found])
        return
    out = console()
    if not found:
        out.print("No text of one's own: all are those that ship with Kept.")
    for one in found:
        version = one.version
        known = f" {version.external_id}" if version.external_id else ""
        out.print(
            f"{one.id}  {version.language}/{version.name}/{version.channel}  {version.approval}{known}",
            markup=False,
        )


@app.command("write")
def write(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML: name, channel, language, text...")],
    by: As = "operator",
    as_json: AsJson = False,
) -> None:
    """Keep a text as a draft, if its lint finds nothing."""
    from casework.errors import CaseworkInputError
    from casework.texts import read_wanted, write_text

    try:
        wanted = read_wanted(file.read_text("utf-8"), file.name)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise CaseworkInputError(f"{file}: it cannot be read: {reason}") from None
    key = asyncio.run(_run(lambda office, actor, now: write_text(office, actor, wanted, now), by))
    _say(as_json, key, "draft")


@app.command("submit")
def submit(
    key: Key,
    register_: Annotated[
        bool, typer.Option("--register", help="To an outside register (DLT): frozen from then on.")
    ] = False,
    by: As = "operator",
    as_json: AsJson = False,
) -> None:
    """Hand a draft in for approval."""
    from casework import texts as use

    asyncio.run(_run(lambda office, actor, now: use.submit(office, actor, key, now, outside=register_), by))
    _say(as_json, key, "submitted")


@app.command("approve")
def approve(
    key: Key,
    by: As,
    external_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="What the outside register calls it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say yes to what was submitted: it is sent from then on. Not by who wrote it."""
    from casework import texts as use

    asyncio.run(_run(lambda office, actor, now: use.approve(office, actor, key, now, external_id), by))
    _say(as_json, key, "approved")


@app.command("reject")
def reject(key: Key, by: As, as_json: AsJson = False) -> None:
    """Say no to what was submitted."""
    from casework import texts as use

    asyncio.run(_run(lambda office, actor, now: use.reject(office, actor, key, now), by))
    _say(as_json, key, "rejected")


async def _list(office: "Office", actor: "Actor", _: object) -> "list[Kept]":
    from casework.texts import list_versions

    return await list_versions(office, actor)


async def _run(use: "Callable[[Office, Actor, Any], Awaitable[Any]]", by: str | None) -> Any:
    """As compliance, by the name given: who works at this machine answers for both names."""
    from casework.staff.rights import Actor, Role
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        actor = Actor(by or "operator", Role.COMPLIANCE)
        return await use(running.office, actor, SystemClock().now())


def _say(as_json: bool, key: int, approval: str) -> None:
    if as_json:
        print_json({"text": key, "approval": approval})
    else:
        console().print(f"text {key} is {approval}", markup=False)


def _document(one: "Kept") -> dict[str, Any]:
    version = one.version
    return {
        "id": one.id,
        "name": version.name,
        "channel": version.channel,
        "language": version.language,
        "approval": version.approval,
        "external_id": version.external_id,
        "frozen": version.frozen,
        "digest": version.digest,
        "written_by": one.written_by,
        "written_at": one.written_at,
        "approved_by": one.approved_by,
    }
