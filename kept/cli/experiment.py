"""`kept experiment`: how many people a question needs, start one, see what it says, stop it."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kept.cli.output import AsJson, console, print_json

if TYPE_CHECKING:
    from casework.experiments import Plan
    from casework.insight.experiments import Experiment
    from casework.staff.rights import Actor

_Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="`arms.experiment` of a strategy; or gentle@3, a version that is rolled out."
    ),
]
_By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does it.")]
_Now = Annotated[float, typer.Argument(metavar="NOW", help="The share that does it now, in percent.")]
_Hoped = Annotated[float, typer.Argument(metavar="HOPED", help="The share hoped for, in percent.")]
_Asks = Annotated[
    str,
    typer.Option(
        "--asks",
        metavar="paid|current",
        help="paid: the installment they were drawn with is paid; current: nothing of its loan is late.",
    ),
]
_Within = Annotated[
    int, typer.Option("--within", min=1, max=365, metavar="DAYS", help="So long after they were drawn.")
]

_SAYS = {
    "too_early": "too few people to say anything",
    "running": "no answer yet; the interval holds however often one looks",
    "better": "better than the champion",
    "worse": "worse than the champion",
    "no_difference": "no difference from the champion is shown",
    "harmed": "it does harm",
}
_HARMS = ("opt_outs", "complaints", "wrong_party", "disputes")


def register(app: typer.Typer) -> None:
    """Add `kept experiment` to the app."""
    group = typer.Typer(help="Experiments: which of two ways of a strategy does better.")
    group.command("size", help="How many people each arm needs, told before the start.")(size)
    group.command("start", help="Start the experiment of a strategy in force.")(start)
    group.command("show", help="What an experiment says, by intention to treat.")(show)
    group.command("list", help="The experiments that were started.")(list_)
    group.command("stop", help="End one: everybody hears the champion from the next claim on.")(stop)
    app.add_typer(group, name="experiment")


def size(
    now: _Now,
    hoped: _Hoped,
    challengers: Annotated[
        int, typer.Option("--challengers", min=1, max=9, metavar="N", help="Arms beside the champion.")
    ] = 1,
    as_json: AsJson = False,
) -> None:
    """Tell the size."""
    from casework.experiments import needed

    people = needed(now / 100, hoped / 100, challengers)
    if as_json:
        print_json({"now": now, "hoped": hoped, "challengers": challengers, "needed": people})
        return
    console().print(f"{people:,} people in each arm tell {hoped:g}% from {now:g}% (two-sided 5%, power 80%).")


def start(
    name: _Name,
    now: _Now,
    hoped: _Hoped,
    asks: _Asks = "paid",
    within: _Within = 14,
    horizon: Annotated[
        int, typer.Option("--horizon", min=1, max=730, metavar="DAYS", help="Of a roll-out.")
    ] = 60,
    by: _By = "operator",
    as_json: AsJson = False,
) -> None:
    """Start it, and tell its size."""
    plan = asyncio.run(_start(name, now / 100, hoped / 100, asks, within, horizon, by))
    if as_json:
        print_json(_plan(plan))
        return
    arms = ", ".join(f"{arm} {percent}%" for arm, percent in plan.arms.split)
    _say(f"{name} runs in {plan.strategy} until {plan.ends:%Y-%m-%d}: {arms}, holdout {plan.arms.holdout}%.")
    _say(
        f"It needs {plan.needed:,} people in each arm; {plan.strategy} governs {plan.eligible:,} today. "
        "Each is drawn when a step comes for them."
    )


def show(name: _Name, as_json: AsJson = False) -> None:
    """Show one."""
    document = asyncio.run(_show(name))
    if as_json:
        print_json(document)
    else:
        _print(document)


def list_(as_json: AsJson = False) -> None:
    """List them."""
    found = asyncio.run(_list())
    if as_json:
        print_json([_listed(one) for one in found])
        return
    from rich.table import Table

    table = Table(title="Experiments")
    for column in ("experiment", "strategy", "state", "started", "draws until", "needed"):
        table.add_column(column, justify="right" if column == "needed" else "left")
    for one in found:
        days = (f"{one.started_at:%Y-%m-%d}", f"{one.ends_at:%Y-%m-%d}")
        table.add_row(one.name, one.strategy, one.state, *days, f"{one.needed:,}")
    console().print(table)


def stop(
    name: _Name,
    why: Annotated[
        str, typer.Option("--why", metavar="TEXT", help="For the record.")
    ] = "stopped by a person",
    by: _By = "operator",
    as_json: AsJson = False,
) -> None:
    """Stop one."""
    document = asyncio.run(_stop(name, why, by))
    if as_json:
        print_json(document)
        return
    _say(
        f"{name} is over: {document['strategy']} speaks as {document['champion']} to everybody; "
        f"{document['cases']:,} cases are looked at again."
    )


def _say(line: str) -> None:
    console().print(line, markup=False, soft_wrap=True)


def _print(document: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(title=f"{document['experiment']} ({document['strategy']}): {document['state']}")
    table.add_column("arm")
    for column in ("people", "known", "did", "share", *_HARMS):
        table.add_column(column.replace("_", " "), justify="right")
    for arm in document["arms"]:
        share = "" if arm["share"] is None else f"{arm['share']:.1f}%"
        counts = [str(arm[column]) for column in ("people", "known", "did", *_HARMS)]
        table.add_row(arm["arm"], *counts[:3], share, *counts[3:])
    console().print(table)
    for said in document["findings"]:
        what = _SAYS[said["says"]] + (f", {said['harm'].replace('_', ' ')}" if said["harm"] else "")
        points = ""
        if said["difference"] is not None:
            points = f" ({said['difference']:+.1f} points, {said['low']:+.1f} to {said['high']:+.1f})"
        _say(f"{said['challenger']}: {what}{points}.")
    held = document["against_holdout"]
    if held is not None:
        points = f"{held['difference']:+.1f} points, {held['low']:+.1f} to {held['high']:+.1f}"
        _say(f"{document['champion']} against hearing nothing: {points}.")
    _say(
        f"Asked: {document['asks']} within {document['within_days']} days; {document['now']:g}% now, "
        f"{document['hoped']:g}% hoped for; {document['needed']:,} people in each arm were told before."
    )


def _plan(plan: "Plan") -> dict[str, Any]:
    return {
        "experiment": plan.name,
        "strategy": plan.strategy,
        "arms": dict(plan.arms.split),
        "holdout": plan.arms.holdout,
        "champion": plan.arms.champion,
        "needed": plan.needed,
        "eligible": plan.eligible,
        "ends_at": plan.ends,
    }


def _listed(one: "Experiment") -> dict[str, Any]:
    return {
        "experiment": one.name,
        "strategy": one.strategy,
        "state": one.state,
        "started_at": one.started_at,
        "ends_at": one.ends_at,
        "ended_at": one.ended_at,
        "needed": one.needed,
    }


def _actor(name: str) -> "Actor":
    from casework.staff.rights import Actor, Role

    return Actor(name, Role.OPERATIONS)


async def _start(
    name: str, now: float, hoped: float, asks: str, within: int, horizon: int, by: str
) -> "Plan":
    from datetime import timedelta

    from casework.experiments import start as use
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        moment, actor = SystemClock().now(), _actor(by)
        return await use(
            running.office,
            actor,
            name,
            now,
            hoped,
            moment,
            asks=asks,
            within_days=within,
            horizon=timedelta(days=horizon),
        )


async def _show(name: str) -> dict[str, Any]:
    from casework.insight.experiments import document, result
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        return document(*await result(running.office, OPERATOR, name, SystemClock().now()))


async def _list() -> "list[Experiment]":
    from casework.insight.experiments import known
    from kept.bootstrap import OPERATOR, assembled
    from kept.config import load

    async with assembled(load()) as running:
        return await known(running.office, OPERATOR)


async def _stop(name: str, why: str, by: str) -> dict[str, Any]:
    from casework.experiments import stop as use
    from casework.insight.experiments import document, result
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        actor, moment = _actor(by), SystemClock().now()
        cases = await use(running.office, actor, name, why, moment)
        return {**document(*await result(running.office, actor, name, moment)), "cases": cases}
