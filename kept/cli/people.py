"""`kept people`: records of several sources that are one person, said so by somebody who saw both."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kept.cli.output import AsJson, console, print_json

if TYPE_CHECKING:
    from casework.people import Candidate, Compared, Name
    from casework.staff.rights import Actor
    from storage.people import Merge

_One = Annotated[
    str,
    typer.Argument(
        metavar="ONE", help="A borrower's external id, or SOURCE:ID where several sources have it."
    ),
]
_Other = Annotated[str, typer.Argument(metavar="OTHER", help="The other one, as SOURCE:ID or ID.")]
_By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who says so.")]


def register(app: typer.Typer) -> None:
    """Add `kept people` to the app."""
    group = typer.Typer(help="The same person in two sources: found alike, shown, merged and unmerged.")
    group.command("alike", help="Records that may be one person, and what they have in common.")(alike)
    group.command("same", help="Show both records side by side, with the code that a merge wants.")(same)
    group.command("merge", help="Say that both are one person: what holds for one holds for both.")(merge)
    group.command("unmerge", help="Take that back: each keeps what was written on it.")(unmerge)
    group.command("merges", help="Who was said to be one person, when and by whom.")(merges)
    app.add_typer(group, name="people")


def alike(by: _By = "operator", as_json: AsJson = False) -> None:
    """List candidates."""
    found = asyncio.run(_alike(by))
    if as_json:
        print_json([{"one": str(one.one), "other": str(one.other), "by": list(one.by)} for one in found])
        return
    out = console()
    if not found:
        out.print("No two records share a phone, an email, or a name with a date of birth or the like.")
    for one in found:
        out.print(f"{one.one}  {one.other}  by {', '.join(one.by)}", markup=False, soft_wrap=True)


def same(one: _One, other: _Other, by: _By = "operator", as_json: AsJson = False) -> None:
    """Show both."""
    found = asyncio.run(_same(one, other, by))
    if as_json:
        print_json(
            {
                "records": list(found.records),
                "alike": list(found.alike),
                "one_person": found.one_person,
                "seen": found.seen,
            }
        )
        return
    _side_by_side(found)


def merge(
    one: _One,
    other: _Other,
    seen: Annotated[str, typer.Option("--seen", metavar="CODE", help="As `kept people same` gave it.")],
    by: _By = "operator",
    as_json: AsJson = False,
) -> None:
    """Merge."""
    made = asyncio.run(_merge(one, other, seen, by))
    if as_json:
        print_json({"merge": made, "one": one, "other": other})
    else:
        console().print(f"{one} and {other} are one person from now on (merge {made})", markup=False)


def unmerge(one: _One, other: _Other, by: _By = "operator", as_json: AsJson = False) -> None:
    """Unmerge."""
    ended = asyncio.run(_unmerge(one, other, by))
    if as_json:
        print_json({"merge": ended, "one": one, "other": other})
    else:
        console().print(f"{one} and {other} are two persons again (merge {ended} ended)", markup=False)


def merges(by: _By = "operator", as_json: AsJson = False) -> None:
    """List merges."""
    found = asyncio.run(_merges(by))
    if as_json:
        print_json(
            [
                {"merge": row.id, "one": str(one), "other": str(other), "at": row.made_at, "by": row.made_by}
                for one, other, row in found
            ]
        )
        return
    out = console()
    if not found:
        out.print("Nobody was said to be one person with somebody else.")
    for one, other, row in found:
        out.print(f"{row.id}  {one}  {other}  {row.made_at:%Y-%m-%d %H:%M} UTC  {row.made_by}", markup=False)


def _side_by_side(found: "Compared") -> None:
    from rich.table import Table
    from rich.text import Text

    out = console()
    table = Table("", *(f"{one['source']}:{one['borrower']}" for one in found.records))
    for key in found.records[0]:
        if key not in ("source", "borrower"):
            table.add_row(key, *(Text(_cell(one[key])) for one in found.records))
    out.print(table)
    out.print(f"alike in: {', '.join(found.alike) or 'nothing'}", markup=False)
    if found.one_person:
        out.print("They are one person already; `kept people unmerge` takes it back.")
    else:
        out.print(f"If they are one person: kept people merge ONE OTHER --seen {found.seen}", markup=False)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(_cell(one) for one in value)  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return ", ".join(
            f"{key} {_cell(one)}"
            for key, one in value.items()  # pyright: ignore[reportUnknownVariableType]
            if one not in (None, {}, False)
        )
    return "" if value is None else str(value)


def _name(text: str) -> "Name":
    from casework.people import Name

    source, colon, borrower = text.partition(":")
    return Name(borrower, source) if colon else Name(text)


def _actor(by: str) -> "Actor":
    from casework.staff.rights import Actor, Role

    return Actor(by, Role.SUPERVISOR)


async def _alike(by: str) -> "list[Candidate]":
    from casework.people import candidates
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        return await candidates(running.office, _actor(by), SystemClock().now())


async def _same(one: str, other: str, by: str) -> "Compared":
    from casework.people import compare
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        return await compare(running.office, _actor(by), _name(one), _name(other), SystemClock().now())


async def _merge(one: str, other: str, seen: str, by: str) -> int:
    from casework.people import merge as merge_records
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        now = SystemClock().now()
        return await merge_records(running.office, _actor(by), _name(one), _name(other), seen, now)


async def _unmerge(one: str, other: str, by: str) -> int:
    from casework.people import unmerge as unmerge_records
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        return await unmerge_records(
            running.office, _actor(by), _name(one), _name(other), SystemClock().now()
        )


async def _merges(by: str) -> "list[tuple[Name, Name, Merge]]":
    from casework.people import merges as standing
    from kept.bootstrap import assembled
    from kept.config import load

    async with assembled(load()) as running:
        return await standing(running.office, _actor(by))
