"""The page behind the link of a mail, or of an SMS whose sender cannot receive: one button, and it stops.

Mail programs press it themselves (RFC 8058: a POST without a question, a cookie or a redirect). Opening the
page changes nothing, for they also open links to look what is there. Whoever has the link may stop what it
names; the page tells no more than the message did: the brand and the channel.
"""

from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Final

from babel import negotiate_locale
from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from prometheus_client import Counter
from ruamel.yaml import YAML

from casework.consent import Linked, read_link, stop_by_link
from console.desk import Desk
from console.waking import wake

_TEMPLATES: Final = Environment(
    loader=PackageLoader("console"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_FOLLOWED = Counter("kept_stop_links", "Links to stop by what became of them", ["result"])

Token = Annotated[str, Path(max_length=64)]


def stops(desk: Desk) -> APIRouter:
    """The routes. Public: a link that we did not make does nothing."""
    router = APIRouter(prefix="/stop", tags=["stop"], default_response_class=HTMLResponse)

    @router.get("/{token}", summary="The page of a link to stop", responses=_ANSWERS)
    async def ask(request: Request, token: Token) -> Response:
        return _page(request, await read_link(desk.office, token), done=False)

    @router.post("/{token}", summary="Stop, at once (List-Unsubscribe=One-Click)", responses=_ANSWERS)
    async def stop(request: Request, token: Token) -> Response:
        linked = await stop_by_link(desk.office, desk.webhooks, token, desk.clock.now())
        _FOLLOWED.labels("unknown" if linked is None else "stopped").inc()
        if linked is not None:
            await wake(desk, "look")
        return _page(request, linked, done=True)

    return router


def _page(request: Request, linked: Linked | None, *, done: bool) -> Response:
    language = _language(request, linked)
    brand = linked.brand if linked else ""
    channel = linked.channel if linked else "sms"
    said = {key: _texts()[language][key] for key in ("button", "done", "unknown", "change")}
    html = _TEMPLATES.get_template("stop.html").render(
        language=language,
        linked=linked,
        done=done,
        say={key: text.format(brand=brand) for key, text in said.items()},
        question=_texts()[language]["question"][channel].format(brand=brand),
        stopped=_texts()[language]["stopped"][channel].format(brand=brand),
    )
    return HTMLResponse(html, 404 if linked is None else 200, headers={"cache-control": "no-store"})


def _language(request: Request, linked: Linked | None) -> str:
    """That of the message, else the browser's."""
    known = sorted(_texts())
    asked = [linked.language] if linked and linked.language else []
    header = request.headers.get("accept-language", "")[:200]
    asked += [part.partition(";")[0].strip() for part in header.split(",")]
    bases = [tag.replace("_", "-").partition("-")[0] for tag in asked if tag]
    return negotiate_locale(bases, known) or "en"


@cache
def _texts() -> dict[str, dict[str, Any]]:
    """By language: what the page says."""
    yaml: Any = YAML(typ="safe", pure=True)  # its methods have no types
    return yaml.load((files("console") / "texts" / "stop" / "pages.yaml").read_text("utf-8"))


_ANSWERS: Final[dict[int | str, dict[str, object]]] = {
    200: {"description": "A page in the language of the message."},
    404: {"description": "A link that was not made here: a page that says so. Nothing is changed."},
}
