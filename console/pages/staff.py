"""Who works here: listed with what they have, invited by one-time links, removed at once."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Form, HTTPException, Response

from casework.errors import CaseworkInputError
from casework.staff.people import Invited, Listed, everybody, invite, manageable, remove, staff_roles
from casework.staff.rights import Action, Role
from console.lists import Column, Filter, Listing, Rows, listed
from console.registry import Page
from console.render import go
from console.visits import Visit, Visiting

Line = Annotated[str, Form(max_length=120)]


def _roles(visit: Visit) -> list[tuple[str, str]]:
    return [(role, visit.speech["roles"][role]) for role in staff_roles()]


LIST: Final = Listing(
    "staff",
    "/staff",
    (
        Column("name", lambda one: one.row.name),
        Column("role", lambda one: one.row.role, words="roles"),
        Column("portfolios", lambda one: ", ".join(one.row.portfolios or ()) or "*"),
        Column("account", lambda one: _way(one.account, invited=one.join), words="ways"),
        Column("chat", lambda one: _way(one.chat, invited=one.link is not None), words="ways"),
        Column("cases", lambda one: one.cases, "number"),
        Column("promises", lambda one: one.promises, "number"),
        Column("invited_at", lambda one: one.invited_at, "moment", shown=False),
    ),
    (Filter("role", _roles),),
)


def _way(open_: bool, *, invited: bool) -> str:
    return "open" if open_ else "invited" if invited else "none"


async def staff(visit: Visiting) -> Response:
    """Everybody, by name."""
    return await _staff(visit)


async def add(
    visit: Visiting,
    name: Line = "",
    role: Line = "",
    portfolio: Annotated[list[str] | None, Form(max_length=200)] = None,
    mailbox: Annotated[str, Form(max_length=320)] = "",
) -> Response:
    """Invite somebody: the links are shown this once."""
    if role not in staff_roles():
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        made = await invite(
            visit.desk.office,
            visit.actor,
            name.strip(),
            Role(role),
            visit.now,
            portfolios=portfolio or None,
            mailbox=mailbox.strip() or None,
        )
    except CaseworkInputError as error:
        return await _staff(visit, wrong=str(error))
    return await _staff(visit, made=made)


async def leave(visit: Visiting, name: Line = "", to: Line = "") -> Response:
    """Somebody leaves: chat, account and sessions end, their cases go on."""
    try:
        await remove(visit.desk.office, visit.actor, name, visit.now, to=to.strip() or None)
    except CaseworkInputError as error:
        return await _staff(visit, wrong=str(error))
    return go("/staff")


async def _staff(visit: Visit, *, made: Invited | None = None, wrong: str | None = None) -> Response:
    found = await everybody(visit.desk.office, visit.actor, visit.now)

    async def fetch(asked: Mapping[str, str], before: str | None, limit: int) -> Rows:
        return Rows([one for one in found if asked.get("role", one.row.role) == one.row.role])

    loads = [one for one in found if one.cases]
    return await listed(
        visit,
        LIST,
        "staff.html",
        fetch,
        made=made,
        single=visit.desk.single is not None,
        wrong=wrong,
        roles=_roles(visit),
        portfolios=await manageable(visit.desk.office, visit.actor),
        names=[one.row.name for one in found],
        loads=[[one.row.name, one.cases, one.promises] for one in loads],
        load=_load(visit, loads),
    )


def _load(visit: Visit, loads: list[Listed]) -> dict[str, Any]:
    """The picture of who has how much."""
    words = visit.speech["staff"]["columns"]
    return {
        "legend": {},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "inverse": True, "data": [one.row.name for one in loads]},
        "series": [
            {"type": "bar", "name": words["cases"], "data": [one.cases for one in loads]},
            {"type": "bar", "name": words["promises"], "data": [one.promises for one in loads]},
        ],
    }


_RIGHTS: Final = (Action.MANAGE_STAFF,)

PAGES = (
    Page("/staff", staff, _RIGHTS, menu="staff", group="machine"),
    Page("/staff", add, _RIGHTS, method="POST"),
    Page("/staff/remove", leave, _RIGHTS, method="POST"),
)
