"""What waits for somebody's yes: with what it would change, in words; whoever asked is not who answers."""

from typing import Annotated, Final, Literal

from fastapi import Form, Path, Response

from casework.approvals import KINDS, approve, in_words, refuse, version_of, waiting
from console.ladder import Ladder, ladder
from console.registry import Page
from console.render import go, show
from console.visits import Visiting
from console.waking import wake
from strategies.language import read_strategy


async def approvals(visit: Visiting, done: Literal["approved", "refused", "asked"] | None = None) -> Response:
    """The questions that one may answer, the oldest first."""
    office, actor = visit.desk.office, visit.actor
    found = [(one, await in_words(office, actor, one)) for one in await waiting(office, actor)]
    own = {one.id for one, _ in found if KINDS[one.kind].four_eyes and one.asked_by == actor.name}
    ladders: dict[int, Ladder] = {}
    for one, _ in found:
        text = await version_of(office, actor, one)
        if text is not None:
            ladders[one.id] = ladder(read_strategy(text, "version"))
    return show(visit, "approvals.html", found=found, own=own, done=done, ladders=ladders)


async def answer(
    visit: Visiting,
    key: Annotated[int, Path(ge=1, lt=1 << 63)],
    says: Annotated[Literal["yes", "no"], Form()],
) -> Response:
    """Yes or no, once."""
    office, actor = visit.desk.office, visit.actor
    if says == "no":
        await refuse(office, actor, key, visit.now)
        return go("/approvals?done=refused")
    await approve(office, actor, key, visit.now)
    await wake(visit.desk, "look")
    return go("/approvals?done=approved")


_RIGHTS: Final = tuple(sorted({kind.action for kind in KINDS.values()}))

PAGES = (
    Page("/approvals", approvals, _RIGHTS, menu="approvals", group="work"),
    Page("/approvals/{key}", answer, _RIGHTS, method="POST"),
)
