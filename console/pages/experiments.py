"""Experiments: how many people a question needs, what can be started, what each says, and its end."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Form, Path, Query, Response

from casework.errors import CaseworkInputError
from casework.experiments import ASKS, needed, start, stop
from casework.insight.experiments import Experiment, document, known, ready, result
from casework.staff.rights import Action
from console.lists import Column, Filter, Listing, Rows, listed
from console.registry import Page
from console.render import go, show
from console.visits import Visit, Visiting
from console.waking import wake

HARMS: Final = ("opt_outs", "complaints", "wrong_party", "disputes")
STATES: Final = ("running", "answered", "harmed", "stopped")
Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,80}$")]
Percent = Annotated[float, Form(gt=0, lt=100)]


def _states(visit: Visit) -> list[tuple[str, str]]:
    return [(state, visit.speech["experiments"]["states"][state]) for state in STATES]


LIST: Final = Listing(
    "experiments",
    "/experiments",
    (
        Column("name", lambda one: one.name, href=lambda one: f"/experiments/{one.name}"),
        Column("strategy", lambda one: one.strategy, href=lambda one: f"/strategies/{one.strategy}"),
        Column("state", lambda one: one.state, words="states"),
        Column("arms", lambda one: ", ".join(f"{arm} {percent}%" for arm, percent in one.arms), "long"),
        Column("needed", lambda one: one.needed, "number"),
        Column("started_at", lambda one: one.started_at, "moment"),
        Column("ends_at", lambda one: one.ends_at, "moment"),
        Column("ended_at", lambda one: one.ended_at, "moment"),
        Column("started_by", lambda one: one.started_by, shown=False),
        Column("why", lambda one: one.why, "long", shown=False),
    ),
    (Filter("state", _states),),
)


async def experiments(
    visit: Visiting,
    now: Annotated[str, Query(max_length=12)] = "",
    hoped: Annotated[str, Query(max_length=12)] = "",
    challengers: Annotated[int, Query(ge=1, le=9)] = 1,
) -> Response:
    """All that were started, the newest first. `now`, `hoped`: percents to tell apart, before a start."""
    found = await known(visit.desk.office, visit.actor)
    size, wrong = _size(now, hoped, challengers)

    async def fetch(asked: Mapping[str, str], before: str | None, limit: int) -> Rows:
        return Rows([one for one in reversed(found) if asked.get("state", one.state) == one.state])

    return await listed(
        visit,
        LIST,
        "experiments.html",
        fetch,
        ready=await ready(visit.desk.office, visit.actor),
        asks=[(key, visit.speech["experiments"]["asks"][key]) for key in ASKS],
        runs=visit.may(Action.RUN_EXPERIMENT),
        asked_size=(now, hoped, challengers),
        size=size,
        wrong=wrong,
    )


def _size(now: str, hoped: str, challengers: int) -> tuple[int | None, bool]:
    """People in each arm, where it was asked; whether what was asked has no answer."""
    if not now and not hoped:
        return None, False
    try:
        return needed(float(now) / 100, float(hoped) / 100, challengers), False
    except (ValueError, CaseworkInputError):
        return None, True


async def begin(
    visit: Visiting,
    name: Annotated[str, Form(max_length=80)],
    now: Percent,
    hoped: Percent,
    asks: Annotated[str, Form(max_length=20)] = "paid",
    within: Annotated[int, Form(ge=1, le=365)] = 14,
) -> Response:
    """Start one, its size told."""
    office, actor = visit.desk.office, visit.actor
    await start(office, actor, name, now / 100, hoped / 100, visit.now, asks=asks, within_days=within)
    await wake(visit.desk, "look")
    return go(f"/experiments/{name}")


async def experiment(visit: Visiting, name: Name) -> Response:
    """What one says."""
    one, found = await result(visit.desk.office, visit.actor, name, visit.now)
    told = document(one, found)
    return show(
        visit,
        "experiment.html",
        one=one,
        told=told,
        running=one.state == "running",
        runs=visit.may(Action.RUN_EXPERIMENT),
        over=_over(one, visit.now),
        harms=HARMS,
        shares=_shares(visit, told["arms"]),
        arms=[_arm(arm) for arm in told["arms"]],
        intervals=_intervals(visit, told["findings"]),
    )


async def end(visit: Visiting, name: Name, why: Annotated[str, Form(max_length=320)] = "") -> Response:
    """Stop one: from the next claim on everybody hears the champion."""
    await stop(visit.desk.office, visit.actor, name, why.strip() or "stopped in the console", visit.now)
    await wake(visit.desk, "look")
    return go(f"/experiments/{name}")


def _over(one: Experiment, now: datetime) -> bool:
    """Nobody is drawn any more, and its answer is waited for."""
    return one.state == "running" and now >= one.ends_at


def _arm(arm: Mapping[str, Any]) -> list[Any]:
    share = "" if arm["share"] is None else f"{arm['share']:.1f}%"
    return [
        arm["arm"],
        f"{arm['percent']}%",
        arm["people"],
        arm["known"],
        arm["did"],
        share,
        *(arm[kind] for kind in HARMS),
    ]


def _shares(visit: Visit, arms: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The picture of who did what is asked, an arm a bar."""
    return {
        "xAxis": {"type": "value", "min": 0, "max": 100, "axisLabel": {"formatter": "{value}%"}},
        "yAxis": {"type": "category", "inverse": True, "data": [arm["arm"] for arm in arms]},
        "series": [
            {
                "type": "bar",
                "name": visit.speech["experiments"]["share"],
                "barMaxWidth": 26,
                "data": [arm["share"] or 0 for arm in arms],
            }
        ],
    }


def _intervals(visit: Visit, findings: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The picture of each difference from the champion, in points, with its bounds; None: none yet."""
    drawn = [one for one in findings if one["difference"] is not None]
    if not drawn:
        return None
    bounds = [
        {
            "type": "line",
            "name": visit.speech["experiments"]["interval"],
            "lineStyle": {"width": 5, "opacity": 0.45},
            "symbol": "none",
            "data": [[one["low"], place], [one["high"], place]],
        }
        for place, one in enumerate(drawn)
    ]
    points = {
        "type": "scatter",
        "name": visit.speech["experiments"]["difference"],
        "symbolSize": 13,
        "data": [[one["difference"], place] for place, one in enumerate(drawn)],
        "markLine": {"silent": True, "symbol": "none", "label": {"show": False}, "data": [{"xAxis": 0}]},
    }
    return {
        "tooltip": {"trigger": "item"},
        "xAxis": {"type": "value", "axisLabel": {"formatter": "{value}"}},
        "yAxis": {"type": "category", "inverse": True, "data": [one["challenger"] for one in drawn]},
        "series": [*bounds, points],
    }


_SEE: Final = (Action.SEE_PORTFOLIO,)
_RUN: Final = (Action.RUN_EXPERIMENT,)

PAGES = (
    Page("/experiments", experiments, _SEE, menu="experiments", group="tuning"),
    Page("/experiments", begin, _RUN, method="POST"),
    Page("/experiments/{name}", experiment, _SEE),
    Page("/experiments/{name}/stop", end, _RUN, method="POST"),
)
