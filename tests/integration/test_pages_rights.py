"""Every route as every role: who is let in is stated here a second time, and nothing is served beside it."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import httpx2
import pytest
from fastapi.routing import APIRoute
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.staff.people import staff_roles
from casework.staff.rights import Role
from console.app import create_app
from console.pages import PAGES
from tests.builders.shop import Shop

ALL: Final = frozenset(staff_roles())
_PUBLIC: Final = "whoever is not signed in"
_DESK: Final = {"supervisor", "credit_manager"}
_SETTLES: Final = {"supervisor", "operations"}
_APPROVES: Final = _DESK | {"operations", "compliance"}
_RECORD: Final = {"compliance", "auditor", "administrator"}
_STAFF: Final = {"operations", "administrator"}
_SEES: Final = _DESK | {"operations", "risk", "finance", "compliance", "auditor", "management"}
_TUNES: Final = {"operations"}
_READS: Final = _DESK | {"compliance", "customer_service", "collector"}
_CASES: Final = (_SEES - {"management"}) | {"collector", "customer_service"}
_TAKES: Final = _DESK | {"collector", "customer_service"}
_RECORDS: Final = _DESK | {"operations", "collector", "customer_service"}

WHO: Final[dict[tuple[str, str], Any]] = {
    ("GET", "/"): ALL,
    ("GET", "/today"): _SEES,
    ("GET", "/today/{name}"): _SEES,
    ("GET", "/work"): _TAKES,
    ("POST", "/work/next"): _TAKES,
    ("POST", "/work/call"): _TAKES,
    ("POST", "/work/outcome"): _TAKES,
    ("POST", "/work/no-call"): _TAKES,
    ("POST", "/work/undo"): _TAKES,
    ("POST", "/work/skip"): _TAKES,
    ("POST", "/work/note"): _TAKES,
    ("POST", "/work/write"): _TAKES,
    ("GET", "/talks"): _TAKES,
    ("GET", "/talks/{key}"): _TAKES,
    ("POST", "/talks/{key}/take"): _TAKES,
    ("POST", "/talks/{key}/say"): _TAKES,
    ("POST", "/talks/{key}/end"): _TAKES,
    ("GET", "/talks/{key}/files/{file}"): _TAKES,
    ("GET", "/work/queues"): _DESK | {"operations"},
    ("POST", "/work/queues/give"): _DESK | {"operations"},
    ("GET", "/work/proofs"): _APPROVES,
    ("POST", "/work/proofs/{key}"): _APPROVES,
    ("GET", "/work/proofs/{key}/{file}"): _APPROVES,
    ("GET", "/work/requests"): _APPROVES,
    ("POST", "/work/requests/{key}"): _APPROVES,
    ("POST", "/work/plans/{key}"): _APPROVES,
    ("GET", "/import"): _TUNES,
    ("POST", "/import/upload"): _TUNES,
    ("GET", "/import/{key}"): _TUNES,
    ("POST", "/import/{key}/columns"): _TUNES,
    ("POST", "/import/{key}/mapping"): _TUNES,
    ("POST", "/import/{key}/begin"): _TUNES,
    ("GET", "/feeds"): _SEES,
    ("GET", "/cases"): _CASES,
    ("POST", "/cases/views"): _CASES,
    ("POST", "/cases/views/{key}/drop"): _CASES,
    ("GET", "/cases/{key}"): _CASES,
    ("GET", "/work/{code}"): _CASES,
    ("GET", "/cases/{key}/why/{contact}"): _CASES - {"finance"},
    ("GET", "/cases/{key}/notes/{note}"): _TAKES | {"compliance"},
    ("POST", "/cases/{key}/outcome"): _RECORDS,
    ("POST", "/cases/{key}/plan"): _RECORDS,
    ("POST", "/cases/{key}/hold"): _RECORDS | {"compliance"},
    ("POST", "/cases/{key}/lift"): _APPROVES,
    ("POST", "/cases/{key}/give"): _DESK | {"operations"},
    ("POST", "/cases/{key}/message"): _DESK | {"collector", "customer_service"},
    ("POST", "/cases/{key}/invite"): _DESK | {"operations", "collector", "customer_service"},
    ("POST", "/cases/{key}/address"): _DESK | {"customer_service"},
    ("GET", "/approvals"): _APPROVES,
    ("POST", "/approvals/{key}"): _APPROVES,
    ("GET", "/unknown"): _SETTLES,
    ("POST", "/unknown/{contact}"): _SETTLES,
    ("GET", "/strategies"): _SEES,
    ("GET", "/strategies/{name}"): _SEES,
    ("POST", "/strategies/{name}/rollback"): _TUNES,
    ("GET", "/texts"): _SEES,
    ("GET", "/texts/{name}"): _SEES,
    ("POST", "/texts/{name}/try"): _TUNES | {"compliance"},
    ("POST", "/texts/{name}/versions/{key}"): {"compliance"},
    ("POST", "/texts/{name}/number"): _TUNES | {"compliance"},
    ("POST", "/texts/{name}/number/confirm"): _TUNES | {"compliance"},
    ("POST", "/strategies/{name}/widen"): _TUNES,
    ("GET", "/experiments"): _SEES,
    ("POST", "/experiments"): _TUNES,
    ("GET", "/experiments/{name}"): _SEES,
    ("POST", "/experiments/{name}/stop"): _TUNES,
    ("GET", "/policies"): _SEES,
    ("GET", "/policies/{name}"): _SEES,
    ("POST", "/strategies"): _TUNES,
    ("GET", "/strategies/{name}/edit"): _TUNES,
    ("POST", "/strategies/{name}/edit"): _TUNES,
    ("POST", "/strategies/{name}/check"): _TUNES,
    ("GET", "/strategies/{name}/simulations"): _SEES,
    ("POST", "/strategies/{name}/simulations"): _SEES,
    ("GET", "/strategies/{name}/simulations/{key}"): _SEES,
    ("POST", "/strategies/{name}/simulations/{key}/stop"): _SEES,
    ("GET", "/audit"): _RECORD,
    ("POST", "/audit/verify"): _RECORD,
    ("GET", "/staff"): _STAFF,
    ("POST", "/staff"): _STAFF,
    ("POST", "/staff/remove"): _STAFF,
    ("GET", "/outbox"): _READS,
    ("POST", "/outbox/search"): _READS,
    ("GET", "/outbox/{letter}"): _READS,
    ("GET", "/me"): ALL,
    ("POST", "/me/settings"): ALL,
    ("POST", "/me/columns"): ALL,
    ("POST", "/me/password"): ALL,
    ("POST", "/me/second-step"): ALL,
    ("POST", "/me/sessions/{key}/end"): ALL,
    ("POST", "/sign-out"): ALL,
    ("GET", "/sign-in"): _PUBLIC,
    ("POST", "/sign-in"): _PUBLIC,
    ("GET", "/sign-in/away"): _PUBLIC,
    ("GET", "/sign-in/back"): _PUBLIC,
    ("GET", "/join/{carries}"): _PUBLIC,
    ("POST", "/join/{carries}"): _PUBLIC,
    ("GET", "/demo"): _PUBLIC,
    ("POST", "/demo"): _PUBLIC,
}

# What is no page: providers, probes, links to stop, the API (which has a table of its own).
OTHERS: Final = re.compile(r"/(webhooks/|stop/|api/|healthz|readyz|metrics|openapi\.json|assets)")

# Of their own, and with a scope of one's own in the use case: the page is there, and the use case refuses.
_REFUSED_BEYOND: Final = {
    ("collector", "/outbox"),
    ("collector", "/outbox/search"),
    ("collector", "/outbox/{letter}"),
}


@pytest.fixture
async def shop(engine: AsyncEngine, redis_url: str) -> Shop:
    made = Shop(engine, redis_url)
    await made.open()
    return made


def test_every_page_is_stated() -> None:
    assert {(page.method, page.path) for page in PAGES} == set(WHO)
    for page in PAGES:
        assert page.public == (WHO[page.method, page.path] == _PUBLIC), page.path


async def test_nothing_is_served_that_is_no_page(shop: Shop) -> None:
    redis = Redis.from_url(shop.redis_url or "")
    app = create_app(shop.desk("http://127.0.0.1:1", redis, demo={Role.AUDITOR: 1}))
    routes = list(_flat(app.routes))
    served = {
        (method, route.path)
        for route in routes
        if isinstance(route, APIRoute) and not OTHERS.match(route.path)
        for method in route.methods
    }
    assert served == set(WHO)
    other = {getattr(route, "path", "") for route in routes if not isinstance(route, APIRoute)}
    assert other == {"/openapi.json", "/assets"}
    await redis.aclose()


def _flat(routes: Iterable[Any]) -> Iterator[Any]:
    """The routes, with those of the routers among them."""
    for route in routes:
        within = getattr(route, "original_router", None)
        if within is None:
            yield route
        else:
            yield from _flat(within.routes)


@pytest.mark.parametrize("role", staff_roles())
async def test_each_role_is_let_in_where_it_is_stated_and_nowhere_else(shop: Shop, role: str) -> None:
    async with shop.open_doors(role=Role(role)) as client:
        for (method, path), who in WHO.items():
            if who == _PUBLIC or path == "/sign-out":
                continue
            answer = await _asked(client, method, path)
            let_in = role in who and (role, path) not in _REFUSED_BEYOND
            assert (answer.status_code != 403) == let_in, (role, method, path, answer.status_code)
            assert answer.status_code < 500, (role, method, path)
            if let_in and method == "GET" and "{" not in path and path != "/":
                assert answer.status_code == 200, (role, path)
        menu = set(re.findall(r'<li><a href="([^"]+)"', (await client.get("/me")).text))
        theirs = {page.path for page in PAGES if page.menu and role in WHO[page.method, page.path]}
        assert menu == {path for path in theirs if (role, path) not in _REFUSED_BEYOND}
    denied = await shop.book.sql("SELECT DISTINCT role FROM events WHERE action = 'access.denied'")
    assert [row[0] for row in denied] in ([role], [])


async def test_nobody_is_let_in_without_a_session(shop: Shop) -> None:
    async with shop.open_doors(role=None) as client:
        for (method, path), who in WHO.items():
            if who == _PUBLIC:
                continue
            answer = await _asked(client, method, path)
            assert (answer.status_code, answer.headers["location"][:8]) == (303, "/sign-in"), (method, path)


async def test_no_form_is_taken_without_its_token(shop: Shop) -> None:
    async with shop.open_doors(role=Role.SUPERVISOR) as client:
        del client.headers["x-form-token"]
        for method, path in WHO:
            if method == "POST" and path != "/demo":
                assert (await _asked(client, method, path)).status_code == 403, path
    assert not await shop.book.sql("SELECT 1 FROM events WHERE action LIKE 'approval%'")


async def _asked(client: httpx2.AsyncClient, method: str, path: str) -> httpx2.Response:
    at = path.replace("{key}/end", "0" * 32 + "/end").replace("{carries}", "s1-" + "0" * 32)
    at = re.sub(r"\{\w+\}", "999", at)
    return await client.request(method, at, headers={"accept": "text/html"})
