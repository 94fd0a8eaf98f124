"""The strategies: what runs on whom and who said so; one with its ladder, versions, differences, way back."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import Form, Path, Query, Response

from casework.drafts import SHARES, drafts
from casework.errors import CaseworkInputError
from casework.insight.strategies import Shelf, Version, compared, in_words, shelf, shelves, source_of
from casework.publish import rollback
from casework.roll_out import rolling, widen
from casework.staff.rights import Action
from console.ladder import ladder
from console.lists import Column, Listing, Rows, listed
from console.registry import Page
from console.render import go, show
from console.visits import Visiting
from console.waking import wake
from strategies.language import read_strategy

Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")]
_Number = Annotated[int | None, Query(ge=1, lt=1 << 31)]


def _in_force(one: Shelf) -> str:
    """The version that runs; while it is rolled out, both with their shares."""
    if one.current is None:
        return ""
    now = f"v{one.current.number}"
    return (
        now
        if one.before is None
        else f"{now} {one.current.share}% · v{one.before.number} {one.before.share}%"
    )


LIST: Final = Listing(
    "strategies",
    "/strategies",
    (
        Column("name", lambda one: one.name, href=lambda one: f"/strategies/{one.name}"),
        Column("in_force", _in_force),
        Column("cases", lambda one: one.cases, "number"),
        Column("loans", lambda one: one.loans, "number"),
        Column("written_by", lambda one: one.current and one.current.written_by),
        Column("approved_by", lambda one: one.current and one.current.approved_by),
        Column("released_by", lambda one: one.released_by),
        Column("since", lambda one: one.since, "moment"),
        Column("versions", lambda one: len(one.versions), "number", shown=False),
        Column("waiting", lambda one: ", ".join(f"v{_number(one, of.content)}" for of in one.waiting)),
    ),
)


def _number(one: Shelf, content: Mapping[str, int]) -> int:
    return next(of.number for of in one.versions if of.id == content["version"])


async def strategies(visit: Visiting) -> Response:
    """All of them."""

    async def fetch(asked: Mapping[str, str], before: str | None, limit: int) -> Rows:
        return Rows(found)

    found = await shelves(visit.desk.office, visit.actor)
    return await listed(
        visit,
        LIST,
        "strategies.html",
        fetch,
        tunes=visit.may(Action.PUBLISH_STRATEGY),
        counted_at=found[0].counted_at if found else None,
    )


async def strategy(
    visit: Visiting,
    name: Name,
    version: _Number = None,
    old: _Number = None,
    new: _Number = None,
) -> Response:
    """One of them: the version asked for, or in force; `old` and `new`: two versions to compare."""
    office, actor = visit.desk.office, visit.actor
    found = await shelf(office, actor, name)
    shown = _of(found, version) if version is not None else found.current or found.versions[0]
    text = await source_of(office, actor, shown)
    latest = _of(found, new) if new is not None else found.versions[0]
    earlier = _of(found, old) if old is not None else _earlier(found, latest)
    changes = None
    if earlier is not None:
        changes = compared(await source_of(office, actor, earlier), await source_of(office, actor, latest))
    return show(
        visit,
        "strategy.html",
        of=found,
        shown=shown,
        text=text,
        picture=ladder(read_strategy(text, name)),
        words=in_words(text),
        latest=latest,
        earlier=earlier,
        changes=changes,
        tunes=visit.may(Action.PUBLISH_STRATEGY),
        rolled=await rolling(office, actor, name, visit.now),
        steps=SHARES,
        own_draft=any(one.author == actor.name for one in await drafts(office, actor, name)),
        numbers={one.id: one.number for one in found.versions},
    )


async def back(visit: Visiting, name: Name) -> Response:
    """The version before is in force again."""
    await rollback(visit.desk.office, visit.actor, name, visit.now)
    await wake(visit.desk, "look")
    return go(f"/strategies/{name}")


async def wider(visit: Visiting, name: Name, share: Annotated[int, Form(ge=1, le=100)]) -> Response:
    """What is rolled out is in force for more people, or for everybody."""
    await widen(visit.desk.office, visit.actor, name, share, visit.now)
    await wake(visit.desk, "look")
    return go(f"/strategies/{name}")


def _of(found: Shelf, number: int) -> Version:
    """The version of that number. Raises CaseworkInputError."""
    for one in found.versions:
        if one.number == number:
            return one
    raise CaseworkInputError(
        f"strategy {found.name} has no version {number}; its newest is v{found.versions[0].number}"
    )


def _earlier(found: Shelf, than: Version) -> Version | None:
    return next((one for one in found.versions if one.number < than.number), None)


_SEE: Final = (Action.SEE_PORTFOLIO,)
_TUNE: Final = (Action.PUBLISH_STRATEGY,)

PAGES = (
    Page("/strategies", strategies, _SEE, menu="strategies", group="tuning"),
    Page("/strategies/{name}", strategy, _SEE),
    Page("/strategies/{name}/rollback", back, _TUNE, method="POST"),
    Page("/strategies/{name}/widen", wider, _TUNE, method="POST"),
)
