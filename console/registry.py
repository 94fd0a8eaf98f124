"""The table of pages: where each is, whose it is, and under which word the menu has it.

A page that is not in the table is not served, and a test asks every page of the table as every role.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Literal

import msgspec
from fastapi import APIRouter, Depends, Response

from casework.staff.rights import Action, may
from console.visits import Visit, gate, may_ask

Group = Literal["work", "book", "tuning", "record", "machine"]


class Page(msgspec.Struct, frozen=True):
    """One page, or one thing to do on it.

    path     as FastAPI writes it
    handle   takes `visit: Visiting` and what FastAPI reads from the request; calls a use case
    rights   one of them is enough to ask; () is for whoever is signed in. The use case asks again
    menu     its word in the texts (`menu.WORD`); None: it is not in the menu
    public   for those who are not signed in: the entrance itself
    everywhere  it needs one of the rights over all portfolios: in the menu of those alone who have it so
    """

    path: str
    handle: Callable[..., Awaitable[Response]]
    rights: tuple[Action, ...] = ()
    method: Literal["GET", "POST"] = "GET"
    menu: str | None = None
    group: Group = "work"
    public: bool = False
    everywhere: bool = False


class Entry(msgspec.Struct, frozen=True):
    """A line of the menu."""

    word: str
    group: Group
    path: str
    here: bool


@cache  # nothing of an application is in them, and reading a hundred signatures takes a fifth of a second
def routes(pages: tuple[Page, ...]) -> APIRouter:
    """The pages as routes. None is in the API's description: they are for browsers."""
    router = APIRouter(include_in_schema=False)
    for page in pages:
        stand = gate(page.rights, public=page.public)
        router.add_api_route(
            page.path,
            page.handle,
            methods=[page.method],
            dependencies=[Depends(stand)],
            response_model=None,
        )
    return router


def _whole(visit: Visit, page: Page) -> bool:
    return not page.everywhere or any(may(visit.actor, right) for right in page.rights)


def menu(visit: Visit, pages: Sequence[Page]) -> list[Entry]:
    """What somebody may open, in the order of the table."""
    at = visit.request.url.path
    found = [
        page
        for page in pages
        if page.menu is not None and may_ask(visit.actor, page.rights) and _whole(visit, page)
    ]
    over = [page.path for page in found if at == page.path or at.startswith(f"{page.path}/")]
    here = max(over, key=len, default=None)
    return [Entry(page.menu or "", page.group, page.path, page.path == here) for page in found]
