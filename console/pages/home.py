"""The first page: where somebody's day begins, as they chose or as their role has it."""

from fastapi import Response

from console.registry import Page, menu
from console.render import go, show
from console.visits import Visiting


async def home(visit: Visiting) -> Response:
    """To the page they begin at, if it is theirs (any more); else to the first of their menu."""
    entries = menu(visit, visit.request.app.state.pages)
    paths = [entry.path for entry in entries]
    if visit.settings.start in paths:
        return go(visit.settings.start)
    return go(paths[0]) if paths else show(visit, "nothing.html")


PAGES = (Page("/", home),)
