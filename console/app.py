"""The HTTP server: webhooks, probes, and the console's pages, as one application."""

from pathlib import Path
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from console.api.routes import add_api
from console.desk import Desk
from console.guard import Guard, is_loopback
from console.pages import NotHereError, not_found, not_here, pages
from console.probes import probes
from console.stops import stops
from console.telegram import telegram
from console.webhooks import webhooks

__all__ = ["Desk", "create_app"]


def create_app(desk: Desk) -> FastAPI:
    """The application, wired to `desk`."""
    # The interactive documentation would load its scripts from elsewhere; the description itself is served.
    app = FastAPI(title="Kept", version="1", docs_url=None, redoc_url=None)
    app.include_router(webhooks(desk))
    app.include_router(telegram(desk))
    app.include_router(probes(desk))
    app.include_router(stops(desk))
    add_api(app, desk)
    app.include_router(pages(desk))
    app.mount("/assets", StaticFiles(directory=Path(__file__).parent / "assets"), name="assets")
    app.add_exception_handler(NotHereError, not_here)
    app.add_exception_handler(404, not_found)
    alone = is_loopback(desk.listens_on)
    app.add_middleware(Guard, hosts=_hosts(desk), probed_by_address=not alone)
    return app


def _hosts(desk: Desk) -> set[str]:
    """By what names we may be asked: this machine's own, where we listen, and our public one."""
    public = urlsplit(desk.public_url).hostname
    return {"localhost", "127.0.0.1", "::1", desk.listens_on.lower()} | ({public} if public else set())
