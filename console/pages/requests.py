"""What people tell and ask that somebody settles: payments to be found, time that they need, plans."""

from datetime import date
from functools import partial
from typing import Annotated, Any, Final, Literal

from fastapi import Form, Path, Response

from casework.approvals import approve, refuse, waiting
from casework.errors import CaseworkInputError
from casework.plans import KIND, PLAN
from casework.staff.card import code_of
from casework.staff.requests import (
    answer_time,
    payments_claimed,
    picture,
    settle_payment,
    time_asked,
)
from casework.staff.rights import Action
from console.amounts import amount
from console.pictures import handed
from console.registry import Page
from console.render import go, show
from console.visits import Visit, Visiting
from console.waking import wake

Key = Annotated[int, Path(ge=1, lt=1 << 63)]
Line = Annotated[str, Form(max_length=320)]
Done = Literal["found", "not_found", "given", "refused", "approved"]


async def proofs(visit: Visiting, done: Done | None = None) -> Response:
    """Payments that people say they made."""
    return await _proofs(visit, done=done)


async def _proofs(visit: Visit, *, done: Done | None = None, wrong: str | None = None) -> Response:
    found = await payments_claimed(visit.desk.office, visit.member)
    return show(visit, "proofs.html", 422 if wrong else 200, found=found, **_values(visit, done, wrong))


def _values(visit: Visit, done: Done | None, wrong: str | None) -> dict[str, Any]:
    return {"done": done, "wrong": wrong, "code_of": code_of, "money": partial(amount, visit.speech)}


async def photo(visit: Visiting, key: Key, file: Key) -> Response:
    """A photo that came with one, opened for this answer alone."""
    kind, content = await picture(visit.desk.office, visit.member, key, file, visit.now)
    return handed(kind, content, f"proof-{file}")


async def settle(
    visit: Visiting,
    key: Key,
    says: Annotated[Literal["found", "not_found"], Form()],
    reason: Line = "",
) -> Response:
    """It was found, or was not."""
    office, member = visit.desk.office, visit.member
    try:
        await settle_payment(office, member, key, found=says == "found", reason=reason, now=visit.now)
    except CaseworkInputError as error:
        return await _proofs(visit, wrong=str(error))
    await wake(visit.desk, "look")
    return go(f"/work/proofs?done={says}")


async def requests(visit: Visiting, done: Done | None = None) -> Response:
    """Time that is asked for, and plans that were agreed."""
    return await _requests(visit, done=done)


async def _requests(visit: Visit, *, done: Done | None = None, wrong: str | None = None) -> Response:
    office, member = visit.desk.office, visit.member
    found = await time_asked(office, member)
    plans = [one for one in await waiting(office, visit.actor) if one.kind == KIND]
    own = {one.id for one in plans if PLAN.four_eyes and one.asked_by == member.name}
    return show(
        visit,
        "requests.html",
        422 if wrong else 200,
        found=[(one, _needs(visit, one.note)) for one in found],
        plans=plans,
        own=own,
        **_values(visit, done, wrong),
    )


def _needs(visit: Visit, note: str | None) -> str | None:
    """What was answered to the questions of the chat, in words; else the note as it is."""
    parts = (note or "").split("/")
    words = visit.speech["requests"]
    tables = (words["why"], words["when"], words["what"])
    if len(parts) == len(tables) and all(part in table for part, table in zip(parts, tables, strict=True)):
        return "; ".join(table[part] for part, table in zip(parts, tables, strict=True))
    return note


async def time(
    visit: Visiting,
    key: Key,
    says: Annotated[Literal["given", "refused"], Form()],
    until: Line = "",
    reason: Line = "",
) -> Response:
    """Time until the end of a day, or none."""
    try:
        day = date.fromisoformat(until) if says == "given" else None
    except ValueError:
        return await _requests(visit, wrong=visit.speech["requests"]["which_day"])
    try:
        await answer_time(visit.desk.office, visit.member, key, day, reason, visit.now)
    except CaseworkInputError as error:
        return await _requests(visit, wrong=str(error))
    await wake(visit.desk, "look")
    return go(f"/work/requests?done={says}")


async def plan(
    visit: Visiting,
    key: Key,
    says: Annotated[Literal["approved", "refused"], Form()],
    reason: Line = "",
) -> Response:
    """Yes or no to a plan that was agreed; a no says why."""
    office, actor = visit.desk.office, visit.actor
    try:
        if says == "refused" and not reason.strip():
            return await _requests(visit, wrong=visit.speech["requests"]["why_not"])
        await (
            approve(office, actor, key, visit.now)
            if says == "approved"
            else refuse(office, actor, key, visit.now, reason.strip())
        )
    except CaseworkInputError as error:
        return await _requests(visit, wrong=str(error))
    await wake(visit.desk, "look")
    return go(f"/work/requests?done={says}")


_SETTLES: Final = (Action.LIFT_HOLD,)

PAGES: Final = (
    Page("/work/proofs", proofs, _SETTLES, menu="proofs", group="work"),
    Page("/work/proofs/{key}", settle, _SETTLES, method="POST"),
    Page("/work/proofs/{key}/{file}", photo, _SETTLES),
    Page("/work/requests", requests, _SETTLES, menu="requests", group="work"),
    Page("/work/requests/{key}", time, _SETTLES, method="POST"),
    Page("/work/plans/{key}", plan, (PLAN.action,), method="POST"),
)
