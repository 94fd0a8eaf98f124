"""The description of the API beside what it does: schemathesis writes requests, and reads every answer.

No server error, no answer that is not described: for a token of every scope, for one of each, and for none.
The book has something in it, and some of what is made up names it, so that the routes get past their doors.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.tokens import SCOPES
from tests.builders.book import Borrower
from tests.builders.programs import Programs
from tests.builders.shop import TODAY
from tests.builders.town import DAY

CHECKS: Final = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE


@pytest.fixture
async def programs(engine: AsyncEngine) -> Programs:
    made = Programs(engine)
    await made.open()
    return made


async def test_no_server_error_and_no_answer_that_is_not_described(
    programs: Programs, tmp_path: Path
) -> None:
    ann = await programs.borrower(TODAY - 3 * DAY)
    for number in range(3):
        await programs.borrower(TODAY + number * DAY)
    await programs.look()
    every = await programs.token("every", per_minute=60_000)
    single = {
        scope: await programs.token(scope.replace(":", "-"), [scope], per_minute=60_000) for scope in SCOPES
    }
    async with programs.calling(every, pushed=tmp_path) as client:
        described = (await client.get("/openapi.json")).json()
        base = str(client.base_url)
        asked = await asyncio.to_thread(_ask, described, base, every, ann, 8)
        for token in (None, *single.values()):
            asked += await asyncio.to_thread(_ask, described, base, token, ann, 1)
    assert asked > 500


def _ask(described: Any, base: str, token: str | None, ann: Borrower, examples: int) -> int:
    """Ask every operation so often, with what fits its description and with what does not; how often."""
    schema = schemathesis.openapi.from_dict(described)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    asked = 0
    failures: list[str] = []
    with requests.Session() as session:
        for found in schema.get_all_operations():
            operation = found.ok()
            for mode in (POSITIVE, NEGATIVE):

                @seed(1)
                @settings(
                    max_examples=examples,
                    deadline=None,  # a busy machine
                    database=None,
                    derandomize=False,  # by the seed
                    phases=[Phase.generate],
                    # Descriptions of large bodies are slow to draw from, and of what is wrong few are left.
                    suppress_health_check=list(HealthCheck),
                )
                @given(case=operation.as_strategy(generation_mode=mode))
                def ask(case: Any) -> None:
                    nonlocal asked
                    asked += 1
                    if asked % 2:
                        _name_somebody(case, ann)
                    case.call_and_validate(base_url=base, session=session, headers=headers, checks=CHECKS)

                try:
                    ask()
                except (schemathesis.errors.SchemathesisError, Unsatisfiable) as error:
                    # There is nothing wrong that one could give to it.
                    assert mode is NEGATIVE, error  # noqa: PT017
                except FailureGroup as error:
                    failures.append(f"{operation.label}: {error}")
    assert not failures, "\n\n".join(failures)
    return asked


def _name_somebody(case: Any, ann: Borrower) -> None:
    """Let it be about what is in the book."""
    known = {"borrower": ann.external_id, "loan_id": ann.loan_id, "portfolio": "acme", "loan": ann.loan_id}
    for part in (case.body, case.query, case.path_parameters):
        if isinstance(part, Mapping):
            _put(part, known | {"code": "acme"} if part is case.path_parameters else known)
            for rows in part.values():
                for row in rows if isinstance(rows, list) else ():
                    if isinstance(row, Mapping):
                        _put(row, known)


def _put(part: Any, known: Mapping[str, str]) -> None:
    for name, value in known.items():
        if isinstance(part.get(name), str):
            part[name] = value


async def test_the_description_is_valid_and_every_route_has_what_it_needs(programs: Programs) -> None:
    async with programs.open_doors() as client:
        described = (await client.get("/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(described).validate()
    for path, operations in described["paths"].items():
        if not path.startswith("/api/v1/"):
            continue
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["x-kept-scope"] in SCOPES, where
            assert operation["security"] == [{"token": []}], where
            assert {"200", "401", "403", "422", "429", "503"} <= set(operation["responses"]), where
            for status, answer in operation["responses"].items():
                if status not in ("200", "202"):
                    (media,) = answer["content"]
                    assert media == "application/problem+json", where
                    assert answer["content"][media]["example"]["status"] == int(status)
            if method == "post":
                assert operation["requestBody"]["content"]["application/json"]["example"], where
                assert {"413", "415"} <= set(operation["responses"]), where


async def test_the_examples_of_the_description_are_answered(programs: Programs, tmp_path: Path) -> None:
    async with programs.calling(pushed=tmp_path) as client:
        described = (await client.get("/openapi.json")).json()
        answers = await answered(client, described)
    assert {at: status for at, status in answers.items() if status != 200} == {}


async def answered(client: httpx2.AsyncClient, described: Any) -> dict[str, int]:
    """Every example in the order of the description, on an empty book; what each was answered."""
    found: dict[str, int] = {}
    routes = [
        (path, method, operation)
        for path, operations in described["paths"].items()
        if path.startswith("/api/v1/")
        for method, operation in operations.items()
    ]
    first = ("/api/v1/loans", "/api/v1/payments")
    routes.sort(key=lambda route: (first.index(route[0]) if route[0] in first else len(first), route[1]))
    for path, method, operation in sorted(routes, key=lambda one: (one[1] != "post", one[0] != first[0])):
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
        at = path.replace("{loan_id}", "L-1001").replace("{code}", "acme")
        answer = await client.request(method, at, json=body)
        found[f"{method} {path}"] = answer.status_code
    return found
