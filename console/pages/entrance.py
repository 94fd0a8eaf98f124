"""The entrance: signing in and out, joining by a one-time link, and the demo's row of roles."""

from http import HTTPStatus
from typing import Annotated

import segno
from fastapi import Form, HTTPException, Path, Query, Response

from casework.errors import CaseworkInputError
from casework.staff.rights import Role
from casework.staff.single_sign_on import NotVouchedError
from console.guard import came_from_here
from console.registry import Page
from console.render import go, known_by, seated, show, unseated, within
from console.stood import stood_on
from console.visits import Visit, Visiting

Line = Annotated[str, Form(max_length=320)]
Word = Annotated[str, Query(max_length=2000)]
Carries = Annotated[str, Path(max_length=64)]


async def door(visit: Visiting, to: Annotated[str | None, Query(max_length=600)] = None) -> Response:
    """The form to sign in; who is signed in already goes on.

    Without `to` it is back to the page they come from: a form was sent there after the session ended.
    """
    if visit.known is not None:
        return go(within(to or "/"))
    return _door(visit, to or stood_on(visit.request, for_staff=True) or "/")


async def sign_in(
    visit: Visiting, name: Line = "", password: Line = "", code: Line = "", to: Line = "/"
) -> Response:
    """Name, password and code at once, so that nobody learns which of them was wrong."""
    ticket = await visit.entrance.sign_in(name, password, code, visit.now, visit.whence)
    if ticket is None:
        return _door(visit, to, HTTPStatus.UNPROCESSABLE_ENTITY, name=name, wrong=True)
    return seated(visit, ticket, within(to))


async def away(visit: Visiting, to: Annotated[str, Query(max_length=600)] = "/") -> Response:
    """To the issuer of single sign-on, who sends them back."""
    if visit.desk.single is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    await visit.entrance.heard(visit.whence, visit.now)
    try:
        where = await visit.desk.single.ask(visit.stranger, within(to), visit.now)
    except NotVouchedError as error:
        return await _not_vouched(visit, error)
    return known_by(visit, go(where))


async def back(visit: Visiting, state: Word = "", code: Word = "", error: Word = "") -> Response:
    """Back from the issuer, with a code that it takes for whom it vouches for."""
    if visit.desk.single is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    await visit.entrance.heard(visit.whence, visit.now)
    try:
        vouched = await visit.desk.single.back(state, "" if error else code, visit.stranger, visit.now)
    except NotVouchedError as refusal:
        return await _not_vouched(visit, refusal)
    ticket = await visit.entrance.enter(vouched.staff, visit.now, visit.whence, "single_sign_on")
    return go("/sign-in") if ticket is None else seated(visit, ticket, within(vouched.to))


async def _not_vouched(visit: Visit, error: NotVouchedError) -> Response:
    await visit.entrance.not_vouched(error.why, visit.whence, visit.now)
    return show(visit, "trouble.html", HTTPStatus.FORBIDDEN, word="not_vouched", said=None)


async def sign_out(visit: Visiting) -> Response:
    """This session ends; who comes next begins at the first page, not where this one was."""
    await visit.entrance.sign_out(visit.seat, visit.now)
    return unseated(visit, "/sign-in?to=/")


async def link(visit: Visiting, carries: Carries) -> Response:
    """What a one-time link opens: an account to be made. Looking uses nothing up."""
    return await _joining(visit, carries)


async def join(
    visit: Visiting, carries: Carries, password: Line = "", again: Line = "", code: Line = ""
) -> Response:
    """The account is made, and they are in."""
    if password != again:
        return await _joining(visit, carries, "differ")
    try:
        ticket = await visit.entrance.join(carries, password, code, visit.now, visit.whence)
    except CaseworkInputError as error:
        return await _joining(visit, carries, str(error))
    return await _joining(visit, carries) if ticket is None else seated(visit, ticket, "/")


async def crew(visit: Visiting) -> Response:
    """The demo: as whom one looks around."""
    return show(visit, "crew.html", roles=list(_crew(visit)))


async def play(visit: Visiting, role: Line = "") -> Response:
    """The demo: in, as one of them."""
    staff = {known.value: staff for known, staff in _crew(visit).items()}.get(role)
    if staff is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    if visit.known is not None:
        await visit.entrance.sign_out(visit.known, visit.now)
    ticket = await visit.entrance.enter(staff, visit.now, visit.whence, "demo")
    return go("/demo") if ticket is None else seated(visit, ticket, "/")


def _crew(visit: Visit) -> dict[Role, int]:
    """Who there is to be. Only a demo has any, and only for who sits at its machine."""
    if visit.desk.demo is None or not came_from_here(visit.request):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return dict(visit.desk.demo)


def _door(
    visit: Visit, to: str, status: int = HTTPStatus.OK, *, name: str = "", wrong: bool = False
) -> Response:
    return show(
        visit,
        "sign-in.html",
        status,
        to=within(to),
        single=visit.desk.single is not None,
        name=name,
        wrong=wrong,
        demo=any(page.path == "/demo" for page in visit.request.app.state.pages),
    )


async def _joining(visit: Visit, carries: str, wrong: str | None = None) -> Response:
    meant = await visit.entrance.joining(carries, visit.now)
    if meant is None:
        return show(visit, "trouble.html", HTTPStatus.NOT_FOUND, word="link", said=None)
    picture = segno.make(meant.uri, error="m").svg_inline(scale=5, light="white", border=3)
    status = HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return show(visit, "join.html", status, meant=meant, picture=picture, wrong=wrong)


PAGES = (
    Page("/sign-in", door, public=True),
    Page("/sign-in", sign_in, method="POST", public=True),
    Page("/sign-in/away", away, public=True),
    Page("/sign-in/back", back, public=True),
    Page("/sign-out", sign_out, method="POST"),
    Page("/join/{carries}", link, public=True),
    Page("/join/{carries}", join, method="POST", public=True),
    Page("/demo", crew, public=True),
    Page("/demo", play, method="POST", public=True),
)
