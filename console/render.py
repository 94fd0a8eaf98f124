"""A page as HTML: its template, in the reader's language, kept by no cache."""

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from console.language import COOKIE, Speech, speech_of, speeches
from console.registry import Entry, menu
from console.stood import stood_on
from console.visits import Visit, is_secure, stranger_name, ticket_name

_YEAR: Final = 365 * 24 * 60 * 60
_WITHIN: Final = re.compile(r"/(?![/\\])[^\\\x00-\x20]{0,500}")
_TEMPLATES: Final = Environment(
    loader=PackageLoader("console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def show(
    visit: Visit,
    template: str,
    status: int = HTTPStatus.OK,
    *,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """A page in the frame. `values` are the template's; `say`, `visit`, `menu`, `moment` are there always."""
    entries: list[Entry] = []
    if visit.known is not None:
        entries = menu(visit, visit.request.app.state.pages)

    def moment(at: datetime) -> str:
        """A moment in the reader's zone."""
        return visit.speech.moment(at, visit.settings.zone)

    html = _TEMPLATES.get_template(template).render(
        say=visit.speech,
        visit=visit,
        menu=entries,
        settings=visit.settings,
        languages=_languages(visit.request, visit.speech),
        form_token=visit.form_token,
        moment=moment,
        **values,
    )
    answer = HTMLResponse(html, status, headers={**_KEPT_BY_NOBODY, **(headers or {})})
    if visit.known is None:
        known_by(visit, answer)
    _remember_language(answer, visit.request, visit.speech)
    return answer


def plain(request: Request, template: str, status: int, **values: Any) -> HTMLResponse:
    """A page for whoever it is, where nobody could be known: without menu and form."""
    speech = speech_of(request)
    html = _TEMPLATES.get_template(template).render(
        say=speech, visit=None, menu=[], languages=_languages(request, speech), **values
    )
    answer = HTMLResponse(html, status, headers=_KEPT_BY_NOBODY)
    _remember_language(answer, request, speech)
    return answer


def go(to: str) -> RedirectResponse:
    """See there instead: after what was posted is done."""
    return RedirectResponse(to, HTTPStatus.SEE_OTHER, headers=_KEPT_BY_NOBODY)


def known_by(visit: Visit, answer: Response) -> Response:
    """The browser is known by its cookie, for its forms and for coming back from elsewhere."""
    answer.set_cookie(
        stranger_name(), visit.stranger, samesite="lax", httponly=True, secure=is_secure(visit.desk)
    )
    return answer


def within(to: str) -> str:
    """A place of ours to go on to, or the first page."""
    return to if _WITHIN.fullmatch(to) else "/"


def seated(visit: Visit, ticket: str, to: str) -> RedirectResponse:
    """Signed in: the browser brings its ticket from now on, and no script can read it."""
    answer = go(to)
    answer.set_cookie(
        ticket_name(visit.desk), ticket, samesite="lax", httponly=True, secure=is_secure(visit.desk), path="/"
    )
    return answer


def unseated(visit: Visit, to: str) -> RedirectResponse:
    """Signed out."""
    answer = go(to)
    answer.delete_cookie(
        ticket_name(visit.desk), samesite="lax", httponly=True, secure=is_secure(visit.desk), path="/"
    )
    return answer


def forget_language(answer: RedirectResponse) -> None:
    """What was chosen in this browser before is over: one's settings speak now, or the browser itself."""
    answer.delete_cookie(COOKIE, samesite="lax", httponly=True)


def _remember_language(answer: HTMLResponse, request: Request, speech: Speech) -> None:
    if request.query_params.get("lang") == speech.code:
        answer.set_cookie(COOKIE, speech.code, max_age=_YEAR, samesite="lax", httponly=True)


def _languages(request: Request, spoken: Speech) -> list[tuple[str, str, str, bool]]:
    """(code, name, the same page in it, whether it is spoken) of each language.

    What answers a form cannot be opened again: there it is the page that the form stood on.
    """
    path, query = request.url.path, request.url.query
    if request.method != "GET":
        path, _, query = (stood_on(request) or "/").partition("?")
    others = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "lang"]
    return [
        (code, speech["name"], f"{path}?{urlencode([*others, ('lang', code)])}", code == spoken.code)
        for code, speech in speeches().items()
    ]


_KEPT_BY_NOBODY: Final = {"cache-control": "no-store", "vary": "accept-language, cookie"}
