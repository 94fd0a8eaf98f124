"""What is wrong with a request, as application/problem+json (RFC 9457) says it, and when which is said."""

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from console.api.shapes import FORMS

MEDIA_TYPE: Final = "application/problem+json"
_TYPES: Final = "/docs/api.md#"


class FieldError(BaseModel):
    """One thing that is wrong, where, and what would be right."""

    model_config = ConfigDict(extra="forbid")

    field: str = Field(description="Where: the way to it in the body, `query.NAME`, or `header.NAME`.")
    message: str
    would_be_right: str | None = None


class Problem(BaseModel):
    """Why a request was not done. `type` names the kind for programs, the rest is for people."""

    model_config = ConfigDict(extra="forbid")

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []


class Refusal(Exception):  # noqa: N818, it is raised as a word
    """A request is refused with this problem."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status, self.kind, self.detail = status, kind, detail
        self.errors, self.headers = list(errors), dict(headers or {})
        super().__init__(detail)

    def answer(self) -> JSONResponse:
        return problem(self.status, self.kind, self.detail, self.errors, self.headers)


TITLES: Final[Mapping[str, str]] = {
    "no-token": "No valid token",
    "not-allowed": "Not allowed",
    "not-found": "There is no such thing",
    "no-such-method": "Not so",
    "key-in-use": "A request with this key is being worked",
    "too-large": "The body is too large",
    "not-json": "The body is no JSON",
    "invalid": "Something given is not right",
    "key-reused": "This key was used for another request",
    "nothing-taken": "No row could be taken",
    "too-many": "Too many requests",
    "not-now": "Not available for the moment",
}


def type_of(kind: str) -> str:
    """What names a kind of problem for programs: where it is told of."""
    return _TYPES + kind


def problem(
    status: int,
    kind: str,
    detail: str,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The answer."""
    body = Problem(type=type_of(kind), title=TITLES[kind], status=status, detail=detail, errors=list(errors))
    return JSONResponse(
        body.model_dump(),
        status,
        media_type=MEDIA_TYPE,
        headers={"cache-control": "no-store", **(headers or {})},
    )


# --- what pydantic says, in our words ----------------------------------------------------------------

_RIGHT: Final[Mapping[str, str]] = {
    "missing": "give it",
    "extra_forbidden": "leave it out, or mind its spelling",
    "json_invalid": "JSON text in UTF-8",
    "date": "a date such as 2026-11-30",
    "datetime": "a moment with its zone such as 2026-11-30T09:00:00Z",
    "timezone": "a moment with its zone such as 2026-11-30T09:00:00Z",
    "string": "text",
    "int": "a whole number",
    "bool": "true or false",
    "list": "a list",
    "dict": "an object",
    "model": "an object",
}


def field_errors(found: Iterable[Mapping[str, Any]]) -> list[FieldError]:
    """The errors of a RequestValidationError. What was given is not repeated: it may be personal."""
    return [
        FieldError(
            field=_where(one["loc"]),
            message=_message(one),
            would_be_right=_right(one["type"], one.get("ctx")),
        )
        for one in found
    ]


def _where(location: Sequence[Any]) -> str:
    """`loans[2].principal`; `query.limit`; `body` for the whole of it."""
    kind, *rest = location or ("body",)
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest).lstrip(".")
    if kind == "body":
        return path if path and not isinstance(rest[0], int) else "body"
    return f"{kind}.{path}" if path else str(kind)


def _message(one: Mapping[str, Any]) -> str:
    if one["type"] == "json_invalid":
        return "is no JSON"
    if one["type"] == "string_pattern_mismatch":
        return "is not written as it is wanted"
    text = re.sub(r"^(Value error, |Input should be )", "", one["msg"])
    return text if text != one["msg"] and one["type"] == "value_error" else one["msg"]


def _right(kind: str, context: Mapping[str, Any] | None) -> str | None:
    if kind in ("literal_error", "enum") and context:
        return f"one of {context.get('expected')}"
    if kind == "string_pattern_mismatch" and context:
        return FORMS.get(str(context.get("pattern")), "text of another form")
    if context and (limits := {key: context[key] for key in _LIMITS if key in context}):
        return ", ".join(f"{_LIMITS[key]} {value}" for key, value in limits.items())
    for begins, right in _RIGHT.items():
        if kind.startswith(begins):
            return right
    return None


_LIMITS: Final[Mapping[str, str]] = {
    "ge": "at least",
    "gt": "more than",
    "le": "at most",
    "lt": "less than",
    "min_length": "no shorter than",
    "max_length": "no longer than",
}


# --- in the description -------------------------------------------------------------------------------

_EXAMPLES: Final[Mapping[int, tuple[str, str]]] = {
    401: ("no-token", "send `Authorization: Bearer kept_...`; it may have been revoked, or be past its time"),
    403: ("not-allowed", "the token dialler has no scope loans:write; it has may:read"),
    404: ("not-found", "there is no such borrower"),
    409: ("key-in-use", "ask again in a moment with the same key and body"),
    413: ("too-large", "the body is longer than 4,194,304 bytes; send it in parts"),
    415: ("not-json", "send the body as `Content-Type: application/json`"),
    422: ("invalid", "1 thing is not right"),
    429: ("too-many", "this token may ask 600 times a minute; ask again in 12 seconds"),
    503: ("not-now", "a large tape is being loaded; ask again in 5 seconds"),
}  # fmt: skip


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What FastAPI is told of these answers."""
    return {status: _documented(status) for status in statuses}


def _documented(status: int) -> dict[str, Any]:
    kind, detail = _EXAMPLES[status]
    example: dict[str, Any] = {
        "type": type_of(kind),
        "title": TITLES[kind],
        "status": status,
        "detail": detail,
        "errors": [],
    }
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        example["errors"] = [
            {
                "field": "payments[0].received_on",
                "message": "is no date",
                "would_be_right": "a date such as 2026-11-30",
            }
        ]
    about: dict[str, Any] = {
        "description": TITLES[kind],
        "content": {
            MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example},
        },
    }
    if status in (429, 503):
        about["headers"] = {
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}}
        }
    if status == HTTPStatus.UNAUTHORIZED:
        about["headers"] = {"WWW-Authenticate": {"description": "Bearer.", "schema": {"type": "string"}}}
    return about
