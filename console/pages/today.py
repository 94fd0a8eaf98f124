"""The morning's screen, and the list behind each of its numbers."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final

import msgspec
from fastapi import HTTPException, Path, Query, Response

from casework.insight.today import LISTED, Line, Number, behind
from casework.insight.today import today as today_of
from casework.staff.rights import Action
from console.amounts import amount, amounts, day, number, percent
from console.lists import Column, Filter, Listing, Rows, listed
from console.registry import Page
from console.render import show
from console.visits import Visit, Visiting

# Of whose hits one wants none: they are told in colour, and in words.
_BAD: Final = frozenset({"breaches", "stale", "untouched", "unreconciled", "differences", "complaints"})
# Where what a figure lacks is what one opens: a message that was not delivered.
_REST: Final = frozenset({"delivered"})


class Shown(msgspec.Struct, frozen=True):
    """A number as it is drawn; of cash, the balance comes first. `option` is of ECharts, `rows` its table."""

    name: str
    headline: str
    of: str | None
    minor: str
    base_minor: str
    parts: tuple[tuple[str, str], ...]
    bad: bool
    href: str | None
    rest: bool
    option: Mapping[str, Any]
    rows: tuple[tuple[str, str, str], ...]


async def today(visit: Visiting, portfolio: Annotated[str, Query(max_length=41)] = "") -> Response:
    """Is all well?"""
    found = await today_of(visit.desk.office, visit.member, visit.now, portfolio or None)
    shown = [_shown(visit, one, portfolio) for one in found.numbers]
    return show(visit, "today.html", found=found, shown=shown, portfolio=portfolio)


def _shown(visit: Visit, one: Number, portfolio: str) -> Shown:
    speech = visit.speech
    of = None
    if one.now.base:
        of = f"{number(speech, one.now.base)} ({percent(speech, one.now.hits / one.now.base)})"
    parts = tuple((part, _part(visit, count.hits, count.base)) for part, count in one.parts.items())
    money = amounts(speech, one.now.hits_minor.items())
    query = f"?portfolio={portfolio}" if portfolio else ""
    return Shown(
        one.name,
        (money or "0") if one.name == "cash" else number(speech, one.now.hits),
        None if one.name == "cash" else of,
        number(speech, one.now.hits) if one.name == "cash" else money,
        amounts(speech, one.now.base_minor.items()),
        parts,
        one.name in _BAD and one.now.hits > 0,
        f"/today/{one.name}{query}" if one.name in LISTED else None,
        one.name in _REST,
        _option(one, [day(speech, on) for on, _ in one.trend]),
        tuple(
            (day(speech, on), _part(visit, count.hits, count.base), amounts(speech, count.hits_minor.items()))
            for on, count in one.trend
        ),
    )


def _part(visit: Visit, hits: int, base: int) -> str:
    if not base:
        return number(visit.speech, hits)
    return f"{number(visit.speech, hits)} / {number(visit.speech, base)}"


def _option(one: Number, days: list[str]) -> dict[str, Any]:
    """The last days as a line."""
    line = {
        "type": "line",
        "data": [count.hits for _, count in one.trend],
        "showSymbol": len(days) < 2,
        "areaStyle": {"opacity": 0.12},
    }
    return {
        "grid": {"left": 4, "right": 4, "top": 6, "bottom": 4},
        "xAxis": {"type": "category", "data": days, "show": False, "boundaryGap": False},
        "yAxis": {"type": "value", "show": False, "min": 0},
        "series": [line],
    }


def _listing(visit: Visit, name: str) -> Listing:
    def money(line: Line) -> str | None:
        return None if line.minor is None else amount(visit.speech, line.minor, line.currency)

    return Listing(
        "behind",
        f"/today/{name}",
        (
            Column("case", lambda line: f"K{line.case}", "code", href=lambda line: f"/cases/{line.case}"),
            Column("name", lambda line: line.name),
            Column("loan", lambda line: line.loan),
            Column("portfolio", lambda line: line.portfolio),
            Column("part", lambda line: line.part),
            Column("amount", money, "number"),
        ),
        (Filter("portfolio"), Filter("part"), Filter("rest", lambda _: [("yes", visit.speech["yes"])])),
    )


async def list_behind(
    visit: Visiting, name: Annotated[str, Path(max_length=40)], day: date | None = None
) -> Response:
    """What a number counts."""
    if name not in LISTED:
        raise HTTPException(404)

    async def fetch(asked: Mapping[str, str], before: str | None, limit: int) -> Rows:
        if before is not None and not before.isdecimal():
            raise HTTPException(404)
        lines = await behind(
            visit.desk.office,
            visit.member,
            name,
            visit.now,
            portfolio=asked.get("portfolio"),
            part=asked.get("part"),
            rest="rest" in asked,
            day=day,
            after=int(before or 0),
            limit=limit,
        )
        return Rows(lines, str(lines[-1].id) if len(lines) >= limit else None)

    return await listed(visit, _listing(visit, name), "behind.html", fetch, figure=name)


_RIGHTS: Final = (Action.SEE_PORTFOLIO,)

PAGES = (
    Page("/today", today, _RIGHTS, menu="today", group="work"),
    Page("/today/{name}", list_behind, _RIGHTS),
)
