"""What stands before every route of the API: size, media type, token, pace; and what failures become."""

import math
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from typing import Any, Final, TypeVar

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from prometheus_client import Counter
from starlette.exceptions import HTTPException

from casework.errors import CaseworkInputError, NotFoundError
from casework.once import Act, Answer, KeyInUse, KeyReused, once
from casework.ready import is_away, is_busy
from casework.staff.denied import record_denied
from casework.staff.rights import Denied
from casework.tokens import Caller, NoScope, NotAdmitted, admit
from console.api.problem import MEDIA_TYPE, FieldError, Refusal, field_errors
from console.desk import Desk
from console.waking import wake

MOST_BYTES: Final = 4 * 1024 * 1024
SCOPE: Final = "x-kept-scope"  # in the description of a route: what its token must have

_ASKED = Counter("kept_api_requests", "Requests to the API by route and status", ["route", "status"])

log: structlog.stdlib.BoundLogger = structlog.get_logger("api")

T = TypeVar("T")
_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def caller_of(request: Request) -> Caller:
    """Who came in."""
    return request.state.caller


async def done_once(
    desk: Desk, request: Request, key: str | None, act: Act[T], say: Callable[[T], tuple[int, Any]]
) -> Response:
    """What `say` makes of what `act` does within one transaction; the same again for the same key."""
    made = await request.body()
    line = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    answer = await once(desk.office, caller_of(request), key, line + made, desk.clock.now(), act, say)
    if not answer.again:
        await wake(desk, "look")
    return _written(answer)


def _written(answer: Answer) -> Response:
    headers = {"idempotency-replayed": "true"} if answer.again else None
    media = MEDIA_TYPE if answer.status >= 400 else "application/json"
    return Response(answer.body, answer.status, headers, media)


def guarded(desk: Desk) -> type[APIRoute]:
    """The class of routes that only a token opens, and that fail in problem+json."""

    class Guarded(APIRoute):
        def get_route_handler(self) -> _Handler:
            original = super().get_route_handler()
            scope: str | None = (self.openapi_extra or {}).get(SCOPE)

            async def handle(request: Request) -> Response:
                answer = await _answered(desk, request, scope, original)
                _ASKED.labels(self.path, answer.status_code).inc()
                return answer

            return handle

    return Guarded


async def _answered(desk: Desk, request: Request, scope: str | None, original: _Handler) -> Response:
    try:
        request.state.caller = await _admitted(desk, request, scope)
        limited = _Limited(request.scope, request.receive)
        if request.method in ("POST", "PUT", "PATCH"):
            await _read(limited)
        answer = await original(limited)
    except Denied as denied:
        await record_denied(desk.office, denied, desk.clock.now())
        return Refusal(403, "not-allowed", denied.plain).answer()
    except Exception as error:
        refusal = refused(error)
        if refusal is None:
            raise
        if isinstance(error, NotFoundError) and error.denied is not None:
            await record_denied(desk.office, error.denied, desk.clock.now())
        if request.method == "GET":
            refusal.errors = [_asked(one, request.path_params) for one in refusal.errors]
        if refusal.status == 503:
            log.warning("not now", error=type(error).__name__)
        return refusal.answer()
    answer.headers.setdefault("cache-control", "no-store")
    return answer


def _asked(wrong: FieldError, path: Mapping[str, object]) -> FieldError:
    """A use case names what it was given; here that came by the path or the query."""
    known = wrong.field.startswith(("query.", "path.", "header."))
    place = "path" if wrong.field in path else "query"
    return wrong if known else wrong.model_copy(update={"field": f"{place}.{wrong.field}"})


def refused(error: Exception) -> Refusal | None:
    """What a failure is to the caller; None: a defect of ours."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, RequestValidationError):
        found = field_errors(error.errors())
        things = "1 thing is" if len(found) == 1 else f"{len(found)} things are"
        return Refusal(422, "invalid", f"{things} not right", found)
    if isinstance(error, HTTPException):  # of FastAPI itself, for a body that no parser can read
        return Refusal(422, "invalid", "the body cannot be read", [_BODY])
    if isinstance(error, KeyReused):
        right = "a key of its own for each request"
        wrong = FieldError(
            field="header.Idempotency-Key", message="is of another request", would_be_right=right
        )
        return Refusal(422, "key-reused", "the key was used for a request with other content", [wrong])
    if isinstance(error, KeyInUse):
        detail = "another request with this key is being worked; ask again in a moment"
        return Refusal(409, "key-in-use", detail, headers={"retry-after": "1"})
    if isinstance(error, CaseworkInputError):
        wrong = FieldError(field=error.field or "body", message=error.wrong, would_be_right=error.right)
        found = isinstance(error, NotFoundError)
        return Refusal(404 if found else 422, "not-found" if found else "invalid", error.wrong, [wrong])
    if is_busy(error):
        return Refusal(
            503,
            "not-now",
            "a large tape is being loaded; ask again in a moment",
            headers={"retry-after": "5"},
        )
    if is_away(error):
        return Refusal(
            503,
            "not-now",
            "the database cannot be reached; ask again in a moment",
            headers={"retry-after": "2"},
        )
    return None


_BODY: Final = FieldError(field="body", message="is no JSON", would_be_right="JSON text in UTF-8")


async def _admitted(desk: Desk, request: Request, scope: str | None) -> Caller:
    kind, _, written = request.headers.get("authorization", "").partition(" ")
    try:
        caller = await admit(
            desk.office, written.strip() if kind.lower() == "bearer" else None, scope, desk.clock.now()
        )
        lacking = None
    except NotAdmitted:
        raise Refusal(
            401,
            "no-token",
            "send `Authorization: Bearer kept_...`; the token may have been revoked, or be past its time",
            headers={"www-authenticate": 'Bearer realm="kept"'},
        ) from None
    except NoScope as error:
        caller, lacking = error.caller, str(error)
    wait = None if desk.turnstile is None else await desk.turnstile.wait(caller, desk.clock.wall())
    if wait is not None:
        seconds = max(1, math.ceil(wait.total_seconds()))
        raise Refusal(
            429,
            "too-many",
            f"this token may ask {caller.per_minute} times a minute; ask again in {seconds} seconds",
            headers={"retry-after": str(seconds)},
        )
    if lacking is not None:
        raise Refusal(403, "not-allowed", lacking)
    return caller


class _Limited(Request):
    """A request whose body may only be so long."""

    async def stream(self) -> AsyncGenerator[bytes]:
        length = 0
        async for chunk in super().stream():
            length += len(chunk)
            if length > MOST_BYTES:
                raise _TOO_LARGE
            yield chunk


_TOO_LARGE: Final = Refusal(
    413, "too-large", f"the body is longer than {MOST_BYTES:,} bytes; send it in parts"
)


async def _read(request: Request) -> None:
    """The body, before anything makes something of it: too long, or no JSON by its own word."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > MOST_BYTES:
        raise _TOO_LARGE
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise Refusal(415, "not-json", "send the body as `Content-Type: application/json`")
    await request.body()
