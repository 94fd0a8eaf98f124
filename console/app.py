"""The HTTP server: webhooks, probes, and the console's pages, as one application."""

from pathlib import Path
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from console.api.routes import add_api
from console.desk import Desk
from console.guard import Guard, is_loopback
from console.pages import PAGES
from console.probes import probes
from console.registry import routes
from console.stops import stops
from console.telegram import telegram
from console.troubles import add_troubles
from console.webhooks import webhooks

__all__ = ["Desk", "create_app"]


def create_app(desk: Desk) -> FastAPI:
    """The application, wired to `desk`."""
    # The interactive documentation would load its scripts from elsewhere; the description itself is served.
    app = FastAPI(title="Kept", version="1", docs_url=None, redoc_url=None)
    app.state.desk = desk
    # Whoever reaches a demo may be anybody in it, so it is one only where nobody else can reach it.
    alone = is_loopback(desk.listens_on)
    demo = desk.demo is not None and alone
    app.state.pages = PAGES if demo else tuple(page for page in PAGES if page.path != "/demo")
    app.include_router(webhooks(desk))
    app.include_router(telegram(desk))
    app.include_router(probes(desk))
    app.include_router(stops(desk))
    add_api(app, desk)
    if desk.entrance is not None:
        app.include_router(routes(app.state.pages))
    app.mount("/assets", StaticFiles(directory=Path(__file__).parent / "assets"), name="assets")
    add_troubles(app)
    app.add_middleware(
        Guard,
        hosts=_hosts(desk),
        probed_by_address=not alone,
        by_tls=desk.public_url.startswith("https://"),
    )
    return app


def _hosts(desk: Desk) -> set[str]:
    """By what names we may be asked: this machine's own, where we listen, and our public one."""
    public = urlsplit(desk.public_url).hostname
    return {"localhost", "127.0.0.1", "::1", desk.listens_on.lower()} | ({public} if public else set())
