"""The routes of `/api/v1`, each with the scope that opens it."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.security import HTTPBearer

from console.api.asking import asking
from console.api.door import guarded
from console.api.problem import Problem, Refusal
from console.api.pushing import pushing
from console.api.reading import reading
from console.api.telling import telling
from console.desk import Desk

PREFIX = "/api/v1"

_bearer = HTTPBearer(
    auto_error=False, scheme_name="token", description="`kept token create` makes one; docs/api.md"
)


def add_api(app: FastAPI, desk: Desk) -> None:
    """Serve the API, and describe it in /openapi.json."""
    router = APIRouter(
        prefix=PREFIX, tags=["api"], route_class=guarded(desk), dependencies=[Depends(_bearer)]
    )
    asking(desk, router)
    pushing(desk, router)
    telling(desk, router)
    reading(desk, router)
    app.include_router(router)
    describe = app.openapi

    def described() -> dict[str, Any]:
        found = describe()
        schemas = found.setdefault("components", {}).setdefault("schemas", {})
        if "Problem" not in schemas:
            made = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(made.pop("$defs"))
            schemas["Problem"] = made
        return found

    app.openapi = described


def is_api(request: Request) -> bool:
    """Whether a program asks, that wants its problems in problem+json."""
    return request.url.path.startswith("/api/")


def no_such_route() -> Response:
    """404 of the API."""
    return Refusal(404, "not-found", "there is no such route; /openapi.json names them").answer()


def no_such_method(request: Request, headers: Mapping[str, str]) -> Response:
    """405 of the API."""
    detail = f"{request.method} is not for this route; /openapi.json says what is"
    return Refusal(405, "no-such-method", detail, headers=headers).answer()
