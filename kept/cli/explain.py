"""`kept explain`: why something was or was not said, and what comes next."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kept.cli.arguments import moment
from kept.cli.output import AsJson, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casework.insight.explain import Explained


# Of the rules, and how wide they are at least: cases one below the other line up.
_COLUMNS = {"channel": 6, "pack": 10, "rule": 11, "answer": 7}


def register(app: typer.Typer) -> None:
    """Add `kept explain` to the app."""
    group = typer.Typer()
    group.callback()(_group)
    group.command("contact")(_contact)
    group.command("borrower")(_borrower)
    app.add_typer(group, name="explain")


def _group() -> None:
    """Why something was or was not said: facts, step, rules, and what comes next."""


def _contact(
    contact: Annotated[int, typer.Argument(metavar="ID", help="The contact's id (kept loan show).")],
    as_json: AsJson = False,
) -> None:
    """Why a contact was made, waits, or was cancelled."""
    found = asyncio.run(_explain_contact(contact))
    if as_json:
        print_json(found.document())
    else:
        _print([found])


def _borrower(
    external_id: Annotated[str, typer.Argument(metavar="EXTERNAL_ID", help="The borrower's id.")],
    at: Annotated[
        datetime | None,
        typer.Option(
            "--at", parser=moment, metavar="MOMENT", help="What was decided by then (ISO 8601 with zone)."
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="The source, where several have the id.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What was last decided for a borrower, or last at a past moment."""
    found = asyncio.run(_explain_borrower(external_id, at, source))
    if as_json:
        cases = [one.document() for one in found]
        print_json({"borrower": found[0].borrower, "source": found[0].source, "cases": cases})
    else:
        _print(found)


async def _explain_contact(contact: int) -> "Explained":
    from casework.insight.explain import explain_contact
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        return await explain_contact(running.office, OPERATOR, contact, SystemClock().now())


async def _explain_borrower(external_id: str, at: datetime | None, source: str | None) -> "list[Explained]":
    from casework.insight.explain import explain_borrower
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        now = SystemClock().now()
        return await explain_borrower(running.office, OPERATOR, external_id, now, at=at, source=source)


def _print(found: "list[Explained]") -> None:
    for index, one in enumerate(found):
        if index:
            print()
        for line in lines(one):
            print(line)


def lines(found: "Explained") -> "Iterator[str]":
    """An explanation as lines of text: a headline, then what there is to say under each heading."""
    document = found.document()
    yield document["headline"]
    yield from _under("Why", [document["why"]])
    owed = [one["words"] for one in document["owed"]]
    yield from _under("Owed", owed or (["nothing"] if found.decision else []))
    yield from _under("Step", [document["step"]] if document["step"] else [])
    yield from _under("Rules", list(_rules(document["rules"])))
    yield from _under("Also", list(_also(document["also"])))
    several = len({one["loan"] for one in document["next"]}) > 1
    moments = [_moment(one["at"], found.zone) for one in document["next"]]
    width = max(map(len, moments), default=0)
    coming = [
        f"{at:<{width}}  {one['what']}" + (f" (loan {one['loan']})" if several else "")
        for at, one in zip(moments, document["next"], strict=True)
    ]
    yield from _under("Next", coming or ["nothing, unless there is news"])
    if found.decision is not None:
        replay = document["replay"]
        same = "identical" if replay["identical"] else "DIFFERENT: " + "; ".join(replay["differences"])
        yield from _under("Replay", [f"{same} (engine {replay['engine']}, decision {found.decision})"])


def _rules(rules: list[dict[str, Any]]) -> "Iterator[str]":
    """Each rule on a line, in columns as wide as what stands in them."""
    columns = [[rule[name] for rule in rules] for name in _COLUMNS]
    widths = [
        max(least, *(len(cell) + 2 for cell in cells)) if cells else least
        for cells, least in zip(columns, _COLUMNS.values(), strict=True)
    ]
    for *cells, rule in zip(*columns, rules, strict=True):
        said = "".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
        yield f"{said}({rule['words']})"


def _also(told: list[dict[str, Any]]) -> "Iterator[str]":
    """What else the decision did; steps that went one way for one reason in one line."""
    steps: dict[tuple[str, str], list[str]] = {}
    for one in told:
        steps.setdefault((one["how"], one["why"]), []).extend(one["steps"])
    for (how, why), names in steps.items():
        yield f"{', '.join(names)}: {how}. {why}"


def _under(heading: str, entries: list[str]) -> "Iterator[str]":
    for index, entry in enumerate(entries):
        yield f"{heading if index == 0 else '':<7}{entry}"


def _moment(at: datetime, zone: str) -> str:
    from strategies.reasons import moment as words

    return words(at, zone, year=True)
