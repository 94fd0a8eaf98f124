"""How a route is declared: what opens it, what it may answer, an example of what it is given."""

from typing import Any

from console.api.door import SCOPE
from console.api.problem import documented


def opens(scope: str, *statuses: int, body: Any = None) -> dict[str, Any]:
    """For a route's decorator: the scope that opens it, every problem it may answer, and how it is asked.

    Each route may answer 401, 403, 422, 429 and 503; one that has a body also 413 and 415.
    """
    extra: dict[str, Any] = {SCOPE: scope}
    known = {401, 403, 422, 429, 503, *statuses}
    if body is not None:
        known |= {413, 415}
        extra["requestBody"] = {"content": {"application/json": {"example": body}}}
    return {"responses": documented(*sorted(known)), "openapi_extra": extra}
