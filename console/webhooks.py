"""Webhooks of providers: signature checked, stored, acknowledged; a reply is obeyed before the answer."""

from typing import Annotated, Final
from urllib.parse import parse_qsl

import structlog
from fastapi import APIRouter, Header, HTTPException, Query, Request, Response
from prometheus_client import Counter
from starlette.datastructures import ImmutableMultiDict

from casework.delivery.receipts import take_receipt
from casework.inbound import take_reply, work_reply
from console.desk import Desk, SmsDoor
from console.waking import wake

_NOTHING_TO_SAY: Final = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
_MOST_BYTES: Final = 64 * 1024
_MOST_FIELDS: Final = 200

_TAKEN = Counter("kept_webhooks", "Webhooks by what became of them", ["door", "result"])

log: structlog.stdlib.BoundLogger = structlog.get_logger("webhooks")

Form = ImmutableMultiDict[str, str]
Signature = Annotated[str | None, Header(alias="X-Twilio-Signature")]


class _Xml(Response):
    media_type = "application/xml"


def webhooks(desk: Desk) -> APIRouter:
    """The routes. What a provider may call is public: everything is checked before anything is stored."""
    router = APIRouter(prefix="/webhooks/twilio", tags=["webhooks"])

    @router.post("/status", summary="Status callback of an SMS", responses=_ANSWERS, response_class=_Xml)
    async def status(
        request: Request, signature: Signature = None, key: Annotated[str | None, Query()] = None
    ) -> Response:
        twilio, form = await _signed(desk, request, "status", signature)
        try:
            receipt = twilio.read_status(form, key)
        except KeyError as error:
            raise _unreadable("status", error) from None
        new = await take_receipt(desk.office, desk.webhooks, receipt, desk.clock.now())
        _TAKEN.labels("status", "new" if new else "repeated").inc()
        if new:
            await wake(desk, "hear")
        return _nothing_to_say()

    @router.post("/inbound", summary="An incoming SMS", responses=_ANSWERS, response_class=_Xml)
    async def inbound(request: Request, signature: Signature = None) -> Response:
        twilio, form = await _signed(desk, request, "inbound", signature)
        try:
            reply = twilio.read_reply(form)
        except KeyError as error:
            raise _unreadable("inbound", error) from None
        taken = await take_reply(desk.office, desk.webhooks, reply, desk.clock.now())
        _TAKEN.labels("inbound", "repeated" if taken is None else "new").inc()
        if taken is not None:
            await _obey(desk, taken)
        return _nothing_to_say()

    return router


async def _obey(desk: Desk, reply: int) -> None:
    """At once; what fails here is stored, and worked by the sweep."""
    try:
        keyword = await work_reply(desk.office, desk.webhooks, reply, desk.clock.now())
    except Exception as error:  # whatever it is, the provider has nothing to mend
        # Foreign exceptions carry texts and addresses: no more of it than its kind.
        log.error("reply left to the sweep", reply=reply, error=type(error).__name__)  # noqa: TRY400
        await wake(desk, "hear")
        return
    if keyword in ("stop", "start", "wrong_person", "paid"):
        await wake(desk, "look")
    if keyword not in (None, "wrong_person", "thanks"):  # each is answered once
        await wake(desk, "deliver")


async def _signed(desk: Desk, request: Request, door: str, signature: str | None) -> tuple[SmsDoor, Form]:
    """The form, which the provider signed together with the public address of this door."""
    if desk.twilio is None:
        raise HTTPException(404, "SMS is not sent by Twilio here")
    form = await read_form(request)
    query = request.scope["query_string"].decode("latin-1")
    url = f"{desk.public_url.rstrip('/')}/webhooks/twilio/{door}" + (f"?{query}" if query else "")
    if not desk.twilio.verify(url, form, signature):
        _TAKEN.labels(door, "unsigned").inc()
        log.warning("webhook without a valid signature", door=door)
        raise HTTPException(403, "the signature is not of this request")
    return desk.twilio, form


async def read_form(request: Request) -> Form:
    """A posted form as it came: every value of a name, in order. Raises HTTPException 413 or 400."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise HTTPException(413, "the form is too long")
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise HTTPException(400, "the form has too many fields") from None
    return ImmutableMultiDict(pairs)


def _unreadable(door: str, error: KeyError) -> HTTPException:
    _TAKEN.labels(door, "unreadable").inc()
    log.warning("webhook lacks a field", door=door, field=str(error))
    return HTTPException(400, f"a field is missing: {error}")


def _nothing_to_say() -> Response:
    return _Xml(_NOTHING_TO_SAY)


_ANSWERS: Final[dict[int | str, dict[str, object]]] = {
    200: {
        "description": "Stored. An empty TwiML document: nothing is answered here.",
        "content": {"application/xml": {}},
    },
    400: {"description": "A field is missing, or there are too many."},
    403: {"description": "Not signed by the provider. Nothing is stored."},
    404: {"description": "SMS is not sent by Twilio here."},
    413: {"description": "Longer than any SMS."},
}
