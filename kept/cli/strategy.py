"""`kept strategy`: read, compare, publish and roll back what operations write."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kept.cli.errors import BadInput
from kept.cli.output import AsJson, console, print_json, progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casework.publish import Known, Published
    from casework.staff.rights import Actor
    from strategies.affected import Change, Counted

_File = Annotated[Path, typer.Argument(metavar="FILE", help="A strategy as YAML.")]
_Name = Annotated[str, typer.Argument(metavar="NAME", help="The strategy's name.")]
_Side = Annotated[
    str, typer.Argument(metavar="FILE_OR_NAME", help="A file, a name (what is in force) or name@3.")
]
_By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does it; who approves is another.")]
_Count = Annotated[
    bool | None,
    typer.Option("--count/--no-count", help="Of how many in the book; else where a side is published."),
]
_Share = Annotated[
    int, typer.Option("--share", min=1, max=100, metavar="PERCENT", help="Of the people; the rest stay.")
]


def register(app: typer.Typer) -> None:
    """Add `kept strategy` to the app."""
    group = typer.Typer(help="Strategies: what comes when, for whom.")
    group.command("validate", help="Say whether a file is a strategy, and what it does.")(validate)
    group.command("publish", help="Put a file in force as a new version, within its guard.")(publish)
    group.command("widen", help="Roll out what is rolled out to more people; 100: to everybody.")(widen)
    group.command("rollback", help="Put the version before in force again, at the next claim.")(rollback)
    group.command("list", help="The strategies, their versions, and what is in force.")(list_)
    group.command("diff", help="What changes from one to another, in plain words.")(diff)
    group.command("schema", help="The JSON schema of a strategy's file, for editors.")(schema)
    app.add_typer(group, name="strategy")


def validate(file: _File, as_json: AsJson = False) -> None:
    """Check a file."""
    from casework.publish import check_texts
    from strategies.diff import segment, sentence
    from strategies.language import read_strategy

    read = read_strategy(_text(file), file.name)
    check_texts(read, file.name)
    if as_json:
        print_json({"strategy": read.name, "digest": read.digest, "steps": [step.id for step in read.steps]})
        return
    out = console()
    out.print(f"{file.name} is a strategy: {read.name}, for {segment(read.segment)}.", markup=False)
    for step in read.steps:
        out.print(f"  {sentence(step)}", markup=False, soft_wrap=True)


def publish(file: _File, by: _By = "operator", share: _Share = 100, as_json: AsJson = False) -> None:
    """Publish a file."""
    came = asyncio.run(_publish(_text(file), file.name, by, share))
    if as_json:
        print_json(_document(came))
        return
    out = console()
    if came.approval is not None:
        out.print(
            f"{came.name} v{came.number} would send {came.volume} messages within a day and waits: "
            f"kept approve {came.approval} --by SOMEBODY_ELSE",
            markup=False,
            soft_wrap=True,
        )
    else:
        done = "is in force" if came.new or came.cases else "is in force already"
        out.print(f"{came.name} v{came.number} {done}; {came.cases} cases are looked at again.", markup=False)


def widen(
    name: _Name,
    share: Annotated[int, typer.Option("--share", min=2, max=100, metavar="PERCENT", help="Of the people.")],
    by: _By = "operator",
    as_json: AsJson = False,
) -> None:
    """Go on with a roll-out."""
    number, cases = asyncio.run(_widen(name, share, by))
    if as_json:
        print_json({"strategy": name, "version": number, "share": share, "cases": cases})
    else:
        console().print(
            f"{name} v{number} is in force for {share}% of the people; {cases} cases are looked at again.",
            markup=False,
        )


def rollback(name: _Name, by: _By = "operator", as_json: AsJson = False) -> None:
    """Go back."""
    came = asyncio.run(_rollback(name, by))
    if as_json:
        print_json(_document(came))
    else:
        console().print(
            f"{came.name} v{came.number} is in force again; {came.cases} cases are looked at again.",
            markup=False,
        )


def list_(as_json: AsJson = False) -> None:
    """List them."""
    found = asyncio.run(_list())
    if as_json:
        print_json([_known(one) for one in found])
        return
    from rich.table import Table

    table = Table(title="Strategies")
    for column in ("strategy", "version", "in force", "since", "by", "loans"):
        table.add_column(column, justify="right" if column == "loans" else "left")
    for one in found:
        share = "yes" if one.share == 100 else f"{one.share}%" if one.share else ""
        table.add_row(
            one.name, f"v{one.number}", share, f"{one.at:%Y-%m-%d %H:%M} UTC", one.by, f"{one.loans:,}"
        )
    console().print(table)


def diff(before: _Side, after: _Side, count: _Count = None, as_json: AsJson = False) -> None:
    """Compare two."""
    from strategies.diff import differences
    from strategies.language import read_strategy

    known = [_side(one) for one in (before, after)]
    published = any(text is None for text in known)
    texts = asyncio.run(_sources([before, after], known)) if published else known
    old, new = ((text or "", Path(one).name) for one, text in zip((before, after), texts, strict=True))
    said = differences(read_strategy(*old), read_strategy(*new))
    found: Mapping[Change, Counted] | None = None
    if said and (published if count is None else count):
        found = asyncio.run(_affected(old, new))
    if as_json:
        book = {} if found is None else {"book": _counted(found)}
        print_json({"before": before, "after": after, "changes": list(said), **book})
        return
    for line in said or ("They mean the same.",):
        console().print(line, markup=False, soft_wrap=True)
    if found is not None:
        from strategies.affected import sentences

        console().print("For whom, by the book of now:")
        for line in sentences(found):
            console().print(f"  {line}", markup=False, soft_wrap=True)


def schema() -> None:
    """Print the schema."""
    from strategies.spec import schema as made

    print_json(made())


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file}: it cannot be read ({type(error).__name__}); name a YAML file") from None


def _side(one: str) -> str | None:
    """The text of a file; None where it names what is published."""
    return _text(Path(one)) if Path(one).suffix in (".yaml", ".yml") or Path(one).is_file() else None


def _actor(name: str) -> "Actor":
    from casework.staff.rights import Actor, Role

    return Actor(name, Role.OPERATIONS)


async def _publish(text: str, name: str, by: str, share: int) -> "Published":
    from casework.publish import publish as use
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        return await use(running.office, _actor(by), text, name, SystemClock().now(), share=share)


async def _widen(name: str, share: int, by: str) -> tuple[int, int]:
    from casework.roll_out import widen as use
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        return await use(running.office, _actor(by), name, share, SystemClock().now())


async def _rollback(name: str, by: str) -> "Published":
    from casework.publish import rollback as use
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        return await use(running.office, _actor(by), name, SystemClock().now())


async def _list() -> "list[Known]":
    from casework.publish import known
    from kept.bootstrap import OPERATOR, assembled
    from kept.config import load

    async with assembled(load()) as running:
        return await known(running.office, OPERATOR)


async def _affected(old: tuple[str, str], new: tuple[str, str]) -> "Mapping[Change, Counted]":
    from casework.simulation.affected import affected
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        with progress() as bar:
            task = bar.add_task("cases", total=None)
            return await affected(
                running.office,
                OPERATOR,
                old,
                new,
                SystemClock().now(),
                lambda done, of: bar.update(task, completed=done, total=of),
            )


def _counted(found: "Mapping[Change, Counted]") -> list[dict[str, Any]]:
    """A row for each thing that becomes of loans; `step` null: of the strategy."""
    return [
        {
            "step": change.step or None,
            "change": change.kind,
            "other": change.other or None,
            "loans": counted.loans,
            "people": counted.people,
            "by_bucket": dict(counted.by_bucket),
        }
        for change, counted in sorted(found.items())
    ]


async def _sources(names: list[str], texts: list[str | None]) -> list[str | None]:
    from casework.publish import source
    from kept.bootstrap import OPERATOR, assembled
    from kept.config import load

    async with assembled(load()) as running:
        return [
            text if text is not None else await source(running.office, OPERATOR, name)
            for name, text in zip(names, texts, strict=True)
        ]


def _document(came: "Published") -> dict[str, Any]:
    return {
        "strategy": came.name,
        "version": came.number,
        "new": came.new,
        "cases": came.cases,
        "held_for_approval": came.approval is not None,
        "approval": came.approval,
        "volume": came.volume,
    }


def _known(one: "Known") -> dict[str, Any]:
    return {
        "strategy": one.name,
        "version": one.number,
        "share": one.share,
        "at": one.at,
        "by": one.by,
        "loans": one.loans,
    }
