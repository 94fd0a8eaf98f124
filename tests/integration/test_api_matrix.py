"""Every route as every scope and every role: who is let in is stated here a second time."""

from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.staff.rights import Role
from casework.tokens import SCOPES
from tests.builders.programs import Programs
from tests.builders.shop import TODAY
from tests.builders.town import DAY

# The scope that opens each route.
ROUTES: Final = {
    "POST /api/v1/may-contact": "may:read",
    "POST /api/v1/loans": "loans:write",
    "POST /api/v1/installments": "loans:write",
    "POST /api/v1/payments": "payments:write",
    "POST /api/v1/reversals": "payments:write",
    "POST /api/v1/contacts": "contacts:write",
    "POST /api/v1/outcomes": "outcomes:write",
    "POST /api/v1/promises": "outcomes:write",
    "POST /api/v1/consents": "consents:write",
    "GET /api/v1/loans": "loans:read",
    "GET /api/v1/loans/{loan_id}": "loans:read",
    "GET /api/v1/cases": "cases:read",
    "GET /api/v1/contacts": "contacts:read",
    "GET /api/v1/promises": "promises:read",
    "GET /api/v1/portfolios/{code}/figures": "portfolios:read",
}
_READS: Final = "loans:read cases:read contacts:read promises:read"
# What a token of somebody in a role opens, if it had every scope. One's own cases alone open nothing here.
ROLES: Final = {
    "collector": "consents:write",
    "supervisor": f"may:read contacts:write outcomes:write consents:write portfolios:read {_READS}",
    "credit_manager": f"may:read contacts:write outcomes:write consents:write portfolios:read {_READS}",
    "operations": "may:read loans:write payments:write contacts:write outcomes:write portfolios:read "
    + _READS,
    "risk": f"portfolios:read {_READS}",
    "finance": f"portfolios:read {_READS}",
    "compliance": f"may:read contacts:write consents:write portfolios:read {_READS}",
    "auditor": f"portfolios:read {_READS}",
    "management": "portfolios:read",
    "customer_service": f"may:read contacts:write outcomes:write consents:write {_READS}",
    "administrator": "",
    "system": "may:read contacts:write consents:write",
    "borrower": "",
    "program": " ".join(SCOPES),
}


@pytest.fixture
async def programs(engine: AsyncEngine) -> Programs:
    made = Programs(engine)
    await made.open()
    return made


async def _asked(
    programs: Programs, token: str | None, known: dict[str, Any], tmp_path: Path
) -> dict[str, int]:
    """What every route answers to its example, of a borrower and a loan of the book."""
    found: dict[str, int] = {}
    async with programs.calling(token or "none", pushed=tmp_path) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
        for path, operations in paths.items():
            if not path.startswith("/api/v1/"):
                continue
            at = path.replace("{loan_id}", known["loan_id"]).replace("{code}", "acme")
            for method, operation in operations.items():
                given = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
                body = _about(given.get("example"), known)
                answer = await client.request(method, at, json=body)
                found[f"{method.upper()} {path}"] = answer.status_code
    return found


def _about(example: Any, known: dict[str, Any]) -> Any:
    if isinstance(example, list):
        rows: list[Any] = example
        return [_about(one, known) for one in rows]
    if isinstance(example, dict):
        cells: dict[str, Any] = example
        return {name: known.get(name, _about(value, known)) for name, value in cells.items()}
    return example


@pytest.fixture
async def known(programs: Programs) -> dict[str, Any]:
    ann = await programs.borrower(TODAY - 3 * DAY)
    return {"borrower": ann.external_id, "borrower_id": ann.external_id, "loan_id": ann.loan_id}


async def test_every_route_as_every_scope(programs: Programs, known: dict[str, Any], tmp_path: Path) -> None:
    assert set((await _asked(programs, None, known, tmp_path)).items()) == {(at, 401) for at in ROUTES}
    for scope in SCOPES:
        token = await programs.token(scope.replace(":", "-"), [scope])
        answers = await _asked(programs, token, known, tmp_path)
        assert answers.keys() == ROUTES.keys()
        opened = {at for at, status in answers.items() if status not in (401, 403)}
        assert opened == {at for at, needed in ROUTES.items() if needed == scope}, scope
        assert {answers[at] for at in opened} <= {200, 422}, answers


async def test_every_route_as_somebody_of_every_role(
    programs: Programs, known: dict[str, Any], tmp_path: Path
) -> None:
    assert ROLES.keys() == {role.value for role in Role}
    await programs.book.sql(
        "INSERT INTO staff (name, role, invited_at, invited_by) VALUES ('sue', 'operations', now(), 'ada') "
        "RETURNING id"
    )
    token = await programs.token("sues", ["may:read"], staff="sue")
    await programs.book.sql(
        "UPDATE api_tokens SET scopes = string_to_array('" + " ".join(SCOPES) + "', ' ') RETURNING id"
    )
    for role, scopes in ROLES.items():
        await programs.book.sql(f"UPDATE staff SET role = '{role}' RETURNING id")
        answers = await _asked(programs, token, known, tmp_path)
        opened = {at for at, status in answers.items() if status not in (401, 403)}
        assert opened == {at for at, needed in ROUTES.items() if needed in scopes.split()}, role
