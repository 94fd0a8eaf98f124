"""`kept approvals` and `kept approve`: what a guard or four eyes hold."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kept.cli.output import AsJson, console, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from storage.approvals import Approval


def register(app: typer.Typer) -> None:
    """Add both commands to the app."""
    app.command("approvals", help="What waits for somebody's yes.")(approvals)
    app.command("approve", help="Say yes (or no) to what waits.")(approve)


def approvals(as_json: AsJson = False) -> None:
    """List what waits."""
    found = asyncio.run(_waiting())
    if as_json:
        print_json([_document(one) for one in found])
        return
    out = console()
    if not found:
        out.print("Nothing waits for approval.")
    for one in found:
        out.print(f"{one.id}  {one.kind}  {one.asked_at:%Y-%m-%d %H:%M} UTC  {one.about}", markup=False)
        if one.picture:
            out.print(f"    picture: {one.picture}", markup=False, soft_wrap=True)


def approve(
    key: Annotated[int, typer.Argument(metavar="ID", min=1, help="Its number in `kept approvals`.")],
    refuse: Annotated[bool, typer.Option("--refuse", help="Say no instead.")] = False,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who says so.")] = "operator",
    as_json: AsJson = False,
) -> None:
    """Answer one."""
    came = asyncio.run(_answer(key, by, refuse=refuse))
    answer = "refused" if refuse else "approved"
    if as_json:
        print_json({"approval": key, "state": answer, **came})
        return
    console().print(f"approval {key} is {answer}", markup=False)
    for name, value in came.items():
        console().print(f"  {name}: {value}", markup=False, soft_wrap=True)


async def _waiting() -> "list[Approval]":
    from casework.approvals import waiting
    from kept.bootstrap import OPERATOR, assembled
    from kept.config import load

    async with assembled(load()) as running:
        return await waiting(running.office, OPERATOR)


async def _answer(key: int, by: str, *, refuse: bool) -> "Mapping[str, Any]":
    from casework import approvals as use
    from casework.staff.rights import Actor, Role
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        now = SystemClock().now()
        who = Actor(by, Role.OPERATIONS)
        if refuse:
            await use.refuse(running.office, who, key, now)
            return {}
        return await use.approve(running.office, who, key, now)


def _document(one: "Approval") -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "portfolio": one.portfolio,
        "about": one.about,
        "picture": one.picture,
        "asked_at": one.asked_at,
        "asked_by": one.asked_by,
    }
