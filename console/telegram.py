"""The messenger's webhook: its secret checked, the update stored, acknowledged; the bot works it after."""

import hmac
from typing import Annotated, Any, Final

import orjson
import structlog
from fastapi import APIRouter, Header, HTTPException, Request, Response
from prometheus_client import Counter

from console.desk import Desk

_MOST_BYTES: Final = 256 * 1024
_UPDATES = Counter("kept_chat_updates", "Updates of the chat by what became of them", ["result"])

log: structlog.stdlib.BoundLogger = structlog.get_logger("webhooks")

_ANSWERS: Final[dict[int | str, dict[str, object]]] = {
    200: {"description": "Stored. Nothing is answered here."},
    400: {"description": "No update: not JSON, or without its number."},
    403: {"description": "Not with the secret that the messenger was given. Nothing is stored."},
    404: {"description": "There is no bot here."},
    413: {"description": "Longer than any update."},
}


def telegram(desk: Desk) -> APIRouter:
    """The route. It is public: who has not the secret is not heard."""
    router = APIRouter(prefix="/webhooks", tags=["webhooks"])

    @router.post("/telegram", summary="An update of the bot", responses=_ANSWERS, response_class=Response)
    async def update(
        request: Request,
        secret: Annotated[str | None, Header(alias="X-Telegram-Bot-Api-Secret-Token")] = None,
    ) -> Response:
        if desk.chat is None:
            raise HTTPException(404, "there is no bot here")
        if secret is None or not hmac.compare_digest(secret.encode(), desk.chat.secret.encode()):
            _UPDATES.labels("unsigned").inc()
            log.warning("update without the secret")
            raise HTTPException(403, "this is not the secret that was agreed")
        await desk.chat.take(await _read(request))
        _UPDATES.labels("stored").inc()
        return Response(status_code=200)

    return router


async def _read(request: Request) -> dict[str, Any]:
    """The update. Raises HTTPException 413 or 400."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise HTTPException(413, "the update is too long")
    try:
        read: Any = orjson.loads(body)
        if isinstance(read["update_id"], int):
            return read
    except (orjson.JSONDecodeError, KeyError, TypeError):
        pass
    _UPDATES.labels("unreadable").inc()
    raise HTTPException(400, "this is no update")
