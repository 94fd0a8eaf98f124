"""The pages for people: the outbox of the sandbox adapters, and one message of it.

There is no sign-in yet, so a page with personal data goes only to a browser on this very machine.
"""

from http import HTTPStatus
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from casework.errors import CaseworkInputError
from casework.outbox import address_token, browse, open_letter
from console.api.routes import is_api, no_such_route
from console.desk import Desk
from console.guard import came_from_here, is_loopback
from console.language import COOKIE, Speech, speech_of, speeches

CHANNELS: Final = ("sms", "email", "chat")
PAGE = 50  # messages

_MOST: Final = 2**63 - 1  # of the database's ids
_YEAR: Final = 365 * 24 * 60 * 60
_TEMPLATES: Final = Environment(
    loader=PackageLoader("console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

Shown = Literal["sms", "email", "chat"]
Before = Annotated[int | None, Query(ge=1, le=_MOST)]


class NotHereError(Exception):
    """Somebody asks for personal data from elsewhere."""


def pages(desk: Desk) -> APIRouter:
    """The routes. None is in the API's description: they are for browsers."""

    def here(request: Request) -> None:
        if not (is_loopback(desk.listens_on) and came_from_here(request)):
            raise NotHereError

    router = APIRouter(include_in_schema=False, dependencies=[Depends(here)])

    @router.get("/", response_class=HTMLResponse)
    async def outbox(
        request: Request, channel: Shown | None = None, to: str | None = None, before: Before = None
    ) -> Response:
        return await _outbox(desk, request, channel, to, before)

    @router.post("/outbox/search", response_class=HTMLResponse)
    async def search(request: Request, address: Annotated[str, Form(max_length=320)] = "") -> Response:
        try:
            token = address_token(desk.office, desk.reader, address)
        except CaseworkInputError:
            return await _outbox(desk, request, None, None, None, wrong=address)
        return RedirectResponse(f"/?to={token}", HTTPStatus.SEE_OTHER)

    @router.get("/outbox/{letter}", response_class=HTMLResponse)
    async def one(request: Request, letter: Annotated[int, Path(ge=1, le=_MOST)]) -> Response:
        opened = await open_letter(desk.office, desk.reader, letter, desk.clock.now())
        if opened is None:
            raise HTTPException(404)
        return page(request, "letter.html", opened=opened)

    return router


async def _outbox(
    desk: Desk,
    request: Request,
    channel: str | None,
    to: str | None,
    before: int | None,
    wrong: str | None = None,
) -> Response:
    try:
        found = await browse(
            desk.office, desk.reader, desk.clock.now(), channel=channel, token=to, before=before, limit=PAGE
        )
    except CaseworkInputError:
        raise HTTPException(404) from None

    def link(**changes: Any) -> str:
        """This page with something else chosen; the newest first, unless a cursor is given."""
        asked = {"channel": channel, "to": to} | changes
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return f"/?{query}" if query else "/"

    return page(
        request,
        "outbox.html",
        HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY,
        found=found,
        chosen=channel,
        to=to,
        before=before,
        wrong=wrong,
        link=link,
        channels=CHANNELS,
    )


def page(request: Request, template: str, status: HTTPStatus = HTTPStatus.OK, **values: Any) -> HTMLResponse:
    """A page in the reader's language, kept by no cache."""
    speech = speech_of(request)
    html = _TEMPLATES.get_template(template).render(
        say=speech, languages=_languages(request, speech), **values
    )
    answer = HTMLResponse(
        html, status, headers={"cache-control": "no-store", "vary": "accept-language, cookie"}
    )
    if request.query_params.get("lang") == speech.code:
        answer.set_cookie(COOKIE, speech.code, max_age=_YEAR, samesite="lax", httponly=True)
    return answer


def _languages(request: Request, spoken: Speech) -> list[tuple[str, str, str, bool]]:
    """(code, name, the same page in it, whether it is spoken) of each language."""
    path = request.url.path if request.method == "GET" else "/"
    return [
        (
            code,
            speech["name"],
            f"{path}?{urlencode([*_others(request), ('lang', code)])}",
            code == spoken.code,
        )
        for code, speech in speeches().items()
    ]


def _others(request: Request) -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]


async def not_here(request: Request, _: Exception) -> Response:
    """403, and why, in a sentence."""
    return page(request, "refused.html", HTTPStatus.FORBIDDEN, title="not_here", why="not_here_why")


async def not_found(request: Request, error: Exception) -> Response:
    """A page for browsers, JSON for programs, and its own kind of JSON for those of the API."""
    if is_api(request):
        return no_such_route()
    if "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/webhooks/"):
        return page(request, "refused.html", HTTPStatus.NOT_FOUND, title="not_found", why="nothing_found")
    detail = error.detail if isinstance(error, HTTPException) else "Not Found"
    return JSONResponse({"detail": detail}, HTTPStatus.NOT_FOUND)
