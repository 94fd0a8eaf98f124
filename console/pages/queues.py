"""Queues and load: what waits by its deadline, who has how much, and whose each case is."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Form, Response

from casework.staff.card import code_of
from casework.staff.rights import Action
from casework.staff.team import Team, assign, team
from casework.staff.waiting import Narrow, Work, open_work
from console.lists import Column, Filter, Listing, Rows, listed
from console.registry import Page
from console.render import go
from console.visits import Visit, Visiting

Cases = Annotated[list[Annotated[int, Form(ge=1, lt=1 << 63)]], Form(max_length=200)]
Line = Annotated[str, Form(max_length=320)]

_KINDS: Final = ("call", "visit", "review", "reconcile", "trace")


def _listing(visit: Visit, found: Team) -> Listing:
    speech = visit.speech
    works, codes = speech["case"]["works"], speech["case"]["codes"]

    def came_of(one: Work) -> str:
        if one.came_of.startswith("step:"):
            return one.came_of.removeprefix("step:")
        return codes.get(one.came_of, speech["work"]["of"].get(one.came_of, ""))

    def queues(_: Visit) -> list[tuple[str, str]]:
        return [(one.name, one.name) for one in found.queues if one.name]

    return Listing(
        "queues",
        "/work/queues",
        (
            Column("case", lambda one: code_of(one.case), "code", href=lambda one: f"/cases/{one.case}"),
            Column("name", lambda one: one.name),
            Column("portfolio", lambda one: one.portfolio, shown=False),
            Column("kind", lambda one: works.get(one.kind, one.kind)),
            Column("queue", lambda one: one.queue),
            Column("came_of", came_of),
            Column("opened", lambda one: one.opened_at, "moment", shown=False),
            Column("finish_by", lambda one: one.finish_by, "moment"),
            Column("late", lambda one: speech["queues"]["is_late"] if one.late else ""),
            Column("owner", lambda one: one.owner),
        ),
        (
            Filter("queue", queues),
            Filter("kind", lambda _: [(one, works[one]) for one in _KINDS]),
            Filter("owner"),
            Filter("late", lambda _: [("yes", speech["queues"]["is_late"])]),
        ),
    )


async def queues(visit: Visiting) -> Response:
    """The queues, the load, and what waits."""
    office, member, now = visit.desk.office, visit.member, visit.now
    found = await team(office, member, now)

    async def fetch(asked: Mapping[str, str], before: str | None, limit: int) -> Rows:
        narrow = Narrow(asked.get("queue"), asked.get("kind"), asked.get("owner"), "late" in asked)
        works = await open_work(office, member, narrow, now, before, limit)
        return Rows(works.rows, works.older)

    return await listed(
        visit,
        _listing(visit, found),
        "queues.html",
        fetch,
        team=found,
        code_of=code_of,
        charts=(_queues(visit, found), _loads(visit, found)),
    )


def _bars(names: list[str], series: Mapping[str, list[int]], *, stacked: bool) -> dict[str, Any]:
    """Bars that lie, the first above."""
    return {
        "legend": {},
        "grid": {"left": 24, "right": 16, "top": 36, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "data": names, "inverse": True},
        "series": [
            {"name": name, "type": "bar", "data": data, **({"stack": "all"} if stacked else {})}
            for name, data in series.items()
        ],
    }


def _queues(visit: Visit, found: Team) -> dict[str, Any]:
    say = visit.speech
    names = [one.name or say["queues"]["unnamed"] for one in found.queues]
    in_time = [one.tasks - one.late for one in found.queues]
    late = [one.late for one in found.queues]
    option = _bars(names, {say["queues"]["in_time"]: in_time, say["queues"]["is_late"]: late}, stacked=True)
    return {
        "title": say["queues"]["by_queue"],
        "option": option,
        "head": [say["queues"]["queue"], say["queues"]["in_time"], say["queues"]["is_late"]],
        "rows": list(zip(names, in_time, late, strict=True)),
    }


def _loads(visit: Visit, found: Team) -> dict[str, Any]:
    say = visit.speech
    names = [one.name for one in found.loads]
    cases, done = [one.cases for one in found.loads], [one.outcomes for one in found.loads]
    option = _bars(names, {say["queues"]["cases"]: cases, say["queues"]["outcomes"]: done}, stacked=False)
    rows = [
        (one.name, one.cases, one.outcomes, one.promises, code_of(one.at_hand) if one.at_hand else "")
        for one in found.loads
    ]
    head = [say["queues"]["who"], say["queues"]["cases"], say["queues"]["outcomes"]]
    head += [say["queues"]["promises"], say["queues"]["at_hand"]]
    return {"title": say["queues"]["by_person"], "option": option, "head": head, "rows": rows}


async def give(visit: Visiting, cases: Cases, to: Line = "", back: Line = "") -> Response:
    """The cases are somebody's from now on; to nobody: they go back to the queue."""
    await assign(visit.desk.office, visit.member, cases, to or None, visit.now)
    return go(back if back.startswith("/work/queues") else "/work/queues")


_LEADS: Final = (Action.ASSIGN_CASE,)

PAGES: Final = (
    Page("/work/queues", queues, _LEADS, menu="queues", group="work"),
    Page("/work/queues/give", give, _LEADS, method="POST"),
)
