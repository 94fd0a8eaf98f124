"""What a page says where something is in its way: what it is, and what to do."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import quote

import structlog
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse

from casework.errors import CaseworkInputError
from casework.ready import away, busy
from casework.staff.denied import record_denied
from casework.staff.entrance import TooManyTriesError
from casework.staff.rights import Denied
from casework.staff.sessions import SessionsAwayError
from console.api.routes import is_api, no_such_method, no_such_route
from console.render import go, plain, show
from console.visits import FormError, SignedOutError, Visit

log: structlog.stdlib.BoundLogger = structlog.get_logger("console")


def add_troubles(app: FastAPI) -> None:
    """Every exception that a page may end with, and its answer."""
    app.add_exception_handler(SignedOutError, _signed_out)
    app.add_exception_handler(Denied, _denied)
    app.add_exception_handler(FormError, _form)
    app.add_exception_handler(CaseworkInputError, _input)
    app.add_exception_handler(TooManyTriesError, _too_many)
    app.add_exception_handler(SessionsAwayError, _away)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(404, _not_found)
    app.add_exception_handler(405, _not_allowed)
    for kind in away():
        app.add_exception_handler(kind, _not_now("database", 2))
    app.add_exception_handler(busy(), _not_now("busy", 5))
    app.add_exception_handler(Exception, _failed)


def _trouble(request: Request, status: int, word: str, said: str | None = None) -> Response:
    """The page of a trouble: in the frame for who is signed in. `said`: the sentence of who refused."""
    visit = getattr(request.state, "visit", None)
    if isinstance(visit, Visit):
        return show(visit, "trouble.html", status, word=word, said=said)
    return plain(request, "trouble.html", status, word=word, said=said)


async def _signed_out(request: Request, _: Exception) -> Response:
    """To the entrance, and back again; a part of a page says so to the page that asked for it."""
    at = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    to = "/sign-in" if request.method != "GET" or at == "/" else f"/sign-in?to={quote(at, safe='')}"
    if "hx-request" in request.headers:
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"hx-redirect": "/sign-in"})
    return go(to)


async def _denied(request: Request, error: Exception) -> Response:
    assert isinstance(error, Denied)
    visit = request.state.visit
    assert isinstance(visit, Visit)
    await record_denied(visit.desk.office, error, visit.now)
    return _trouble(request, HTTPStatus.FORBIDDEN, "denied", str(error))


async def _form(request: Request, _: Exception) -> Response:
    return _trouble(request, HTTPStatus.FORBIDDEN, "form")


async def _input(request: Request, error: Exception) -> Response:
    return _trouble(request, HTTPStatus.UNPROCESSABLE_ENTITY, "input", str(error))


async def _too_many(request: Request, error: Exception) -> Response:
    assert isinstance(error, TooManyTriesError)
    answer = _trouble(request, HTTPStatus.TOO_MANY_REQUESTS, "too_many")
    answer.headers["retry-after"] = str(max(1, round(error.wait.total_seconds())))
    return answer


async def _away(request: Request, _: Exception) -> Response:
    log.warning("nobody can be known: Redis is away")
    return plain(request, "trouble.html", HTTPStatus.SERVICE_UNAVAILABLE, word="away", said=None)


async def _unreadable(request: Request, error: Exception) -> Response:
    """A page for browsers that asked for one; to programs, what FastAPI says."""
    assert isinstance(error, RequestValidationError)
    if isinstance(getattr(request.state, "visit", None), Visit):
        return _trouble(request, HTTPStatus.UNPROCESSABLE_ENTITY, "unreadable")
    return await request_validation_exception_handler(request, error)


async def _not_found(request: Request, error: Exception) -> Response:
    """A page for browsers, JSON for programs, and its own kind of JSON for those of the API."""
    if is_api(request):
        return no_such_route()
    if _wants_page(request) and not request.url.path.startswith("/webhooks/"):
        return _trouble(request, HTTPStatus.NOT_FOUND, "not_found")
    if isinstance(error, HTTPException):
        return await http_exception_handler(request, error)
    return JSONResponse({"detail": "Not Found"}, HTTPStatus.NOT_FOUND)


async def _not_allowed(request: Request, error: Exception) -> Response:
    """A browser that asks for the address that a form was sent to is led to the page of the form."""
    headers = dict(getattr(error, "headers", None) or {})
    if is_api(request):
        return no_such_method(request, headers)
    if request.method == "GET" and _wants_page(request):
        return go(request.url.path.rpartition("/")[0] or "/")
    return JSONResponse({"detail": "Method Not Allowed"}, HTTPStatus.METHOD_NOT_ALLOWED, headers)


def _not_now(word: str, seconds: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        log.warning("not_now", word=word, error=type(error).__name__)
        made = _bare(request, HTTPStatus.SERVICE_UNAVAILABLE, word)
        made.headers["retry-after"] = str(seconds)
        return made

    return answer


async def _failed(request: Request, _: Exception) -> Response:
    """What nobody foresaw: it is in the log, for the server raises it again."""
    return _bare(request, HTTPStatus.INTERNAL_SERVER_ERROR, "failed")


def _bare(request: Request, status: int, word: str) -> Response:
    """Where not even the frame can be counted on."""
    if not _wants_page(request):
        return PlainTextResponse(f"{HTTPStatus(status).phrase}\n", status)
    return plain(request, "trouble.html", status, word=word, said=None)


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")
