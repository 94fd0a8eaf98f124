"""For those who watch the server: is it alive, is it ready, what does it count."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from casework.insight.last_check import show_last_check
from casework.ready import database_is_current
from console.desk import Desk

_SECONDS: Final = 3.0

log: structlog.stdlib.BoundLogger = structlog.get_logger("probes")


def probes(desk: Desk) -> APIRouter:
    """The routes; none shows personal data."""
    router = APIRouter(tags=["probes"])

    @router.get("/healthz", summary="The process answers", response_class=PlainTextResponse)
    async def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    @router.get(
        "/readyz",
        summary="The database is reachable and migrated, and the queue answers",
        responses={503: {"description": "Something is not: `failed` says what."}},
    )
    async def readyz() -> JSONResponse:
        async def migrated() -> bool:
            return await database_is_current(desk.office)

        database, queue = await asyncio.gather(
            _asked("database", migrated), _asked("queue", desk.queue_answers)
        )
        found = {
            "database": "failed" if database is None else "ok",
            "migrations": "ok" if database else "failed",
            "queue": "ok" if queue else "failed",
        }
        return JSONResponse(found, 200 if database and queue else 503)

    @router.get("/metrics", summary="Counters and timings, for Prometheus", response_class=PlainTextResponse)
    async def metrics() -> Response:
        async def known() -> bool:
            await show_last_check(desk.office)
            return True

        await _asked("last check", known)  # without a database the rest is shown all the same
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _asked(name: str, ask: Callable[[], Awaitable[bool]]) -> bool | None:
    """What it answers; None where it cannot be asked."""
    try:
        async with asyncio.timeout(_SECONDS):
            return await ask()
    except Exception as error:  # whatever a driver raises: it is not ready
        log.warning("not ready", part=name, error=type(error).__name__)
        return None
