"""On which page of ours a form stood: as the browser says, held against the table of pages."""

from urllib.parse import urlsplit

from fastapi import Request
from starlette.routing import compile_path


def stood_on(request: Request, *, for_staff: bool = False) -> str | None:
    """Path and query of the page that this request was sent from; None: of another origin, or none of ours.

    A page that answered a form has the address of that form, which cannot be opened: the page above it is
    meant. `for_staff`: only a page that one must be signed in for.
    """
    try:
        said = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return None
    if said.netloc != request.headers.get("host"):
        return None
    ours = [
        compile_path(page.path)[0]
        for page in request.app.state.pages
        if page.method == "GET" and not (for_staff and page.public)
    ]
    at = said.path
    while at and not any(path.match(at) for path in ours):
        at = at.rpartition("/")[0]
    return f"{at}?{said.query}" if at and at == said.path and said.query else at or None
