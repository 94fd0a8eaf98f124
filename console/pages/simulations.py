"""Simulating a strategy: what to play, how far it is, and what it found beside what is in force."""

from typing import Annotated, Any, Final

from fastapi import Form, Path, Query, Response

from casework.drafts import drafts
from casework.insight.strategies import shelf, shelves, source_of
from casework.simulation.queued import ask, prices_before, simulation, simulations, stop
from casework.staff.rights import Action
from console.pages.strategies import Name
from console.registry import Page
from console.render import go, show
from console.simulated import pictures, summary
from console.visits import Visiting
from console.waking import wake

_Key = Annotated[int, Path(ge=1, lt=1 << 63)]
_OPEN: Final = frozenset({"waiting", "running"})
_DRAFT: Final = "draft"


async def begun(
    visit: Visiting, name: Name, what: Annotated[str, Query(pattern=r"^(draft|v\d{1,6})?$")] = ""
) -> Response:
    """What may be played, and what was."""
    office, actor = visit.desk.office, visit.actor
    choices = [_DRAFT for one in await drafts(office, actor, name) if one.author == actor.name]
    if not choices or any(one.name == name for one in await shelves(office, actor)):
        choices += [f"v{one.number}" for one in (await shelf(office, actor, name)).versions]
    return show(
        visit,
        "simulations.html",
        name=name,
        choices=choices,
        what=what or choices[0],
        found=await simulations(office, actor, name),
        prices=await prices_before(office, actor),
    )


async def begin(
    visit: Visiting,
    name: Name,
    what: Annotated[str, Form(pattern=r"^(draft|v\d{1,6})$")],
    days: Annotated[int, Form(ge=1, le=366)] = 60,
    share: Annotated[int, Form(ge=1, le=100)] = 100,
    prices: Annotated[str, Form(max_length=20_000)] = "",
) -> Response:
    """Have it played."""
    office, actor = visit.desk.office, visit.actor
    if what == _DRAFT:
        text = next((one.source for one in await drafts(office, actor, name) if one.author == actor.name), "")
        label = actor.name
    else:
        of = await shelf(office, actor, name)
        version = next((one for one in of.versions if f"v{one.number}" == what), of.versions[0])
        text, label = await source_of(office, actor, version), f"v{version.number}"
    key = await ask(office, actor, name, label, text, visit.now, days=days, share=share, prices=prices)
    await wake(visit.desk, "play")
    return go(f"/strategies/{name}/simulations/{key}")


async def simulated(
    visit: Visiting, name: Name, key: _Key, part: Annotated[bool, Query()] = False
) -> Response:
    """How far it is, or what it found. `part`: how far alone, for the page that asks again and again."""
    of = await simulation(visit.desk.office, visit.actor, name, key)
    if part and of.state in _OPEN:
        return show(visit, "simulation-state.html", of=of)
    if part:
        return show(visit, "simulation-state.html", of=of, headers={"hx-refresh": "true"})
    values: dict[str, Any] = {"of": of, "running": of.state in _OPEN, "found": of.found}
    if of.found is not None:
        words = visit.speech["simulation"]
        values["sums"] = summary(of.found)
        values["pictures"] = pictures(
            of.found, words, {by: visit.speech[by] for by in ("sms", "email", "chat")}
        )
    return show(visit, "simulation.html", **values)


async def stopped(visit: Visiting, name: Name, key: _Key) -> Response:
    """It is not wanted any more."""
    await stop(visit.desk.office, visit.actor, name, key, visit.now)
    return go(f"/strategies/{name}/simulations/{key}")


_SEE: Final = (Action.SEE_PORTFOLIO,)

PAGES = (
    Page("/strategies/{name}/simulations", begun, _SEE),
    Page("/strategies/{name}/simulations", begin, _SEE, method="POST"),
    Page("/strategies/{name}/simulations/{key}", simulated, _SEE),
    Page("/strategies/{name}/simulations/{key}/stop", stopped, _SEE, method="POST"),
)
