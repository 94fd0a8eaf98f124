"""Twilio's message resource, as far as an account that sends SMS meets it.

Faults beside those of every HTTP sink: a Twilio code (`21610`), answered with its HTTP status; `429:7` is
20429 with Retry-After 7. `callbacks` are the statuses reported for each message taken, in that order, repeats
and disorder as written; a status may carry an error code (`undelivered/30005`)."""

import asyncio
from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiohttp import ClientError, ClientSession, encode_basic_auth, web
from twilio.request_validator import RequestValidator

from tests.sinks.http import HttpSink
from tests.sinks.record import arguments, run

ACCOUNT = "AC" + "0" * 32
TOKEN = "sink-token"


class TwilioSink(HttpSink):
    def __init__(self, record: Path | None = None, callbacks: tuple[str, ...] = ()) -> None:
        super().__init__(record)
        self.callbacks = callbacks
        self.page = 50
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._reporting: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        path = "/2010-04-01/Accounts/{account}/Messages.json"
        return [web.post(path, self._create), web.get(path, self._list)]

    async def close(self) -> None:
        for task in self._reporting:
            task.cancel()
        await super().close()

    async def report(self, sid: str, *statuses: str) -> list[int]:
        """Call back with these statuses, signed; the answers' HTTP statuses."""
        message = next(m for m in self.record.taken if m["sid"] == sid)
        url, answers = message["callback"], list[int]()
        async with ClientSession() as session:
            for word in statuses:
                status, _, code = word.partition("/")
                form = {
                    "AccountSid": ACCOUNT,
                    "MessageSid": sid,
                    "SmsSid": sid,
                    "MessageStatus": status,
                    "SmsStatus": status,
                    "From": message["from"],
                    "To": message["to"],
                    **({"ErrorCode": code} if code else {}),
                }
                signed = {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(url, form)}
                async with session.post(url, data=form, headers=signed) as answer:
                    answers.append(answer.status)
        return answers

    async def _report_quietly(self, sid: str) -> None:
        try:
            await self.report(sid, *self.callbacks)
        except (ClientError, OSError):
            return  # whoever asked for it is gone; Twilio gives up as well

    async def _create(self, request: web.Request) -> web.StreamResponse:
        if refusal := self._stranger(request):
            return refusal
        form = await request.post()
        to = str(form.get("To", ""))
        fault = self.faults.next(to)
        if fault is None or fault.startswith("take-"):
            message = self._take(request, form)
            if fault is None:
                if message["callback"] and self.callbacks:
                    task = asyncio.create_task(self._report_quietly(message["sid"]))
                    self._reporting.add(task)
                    task.add_done_callback(self._reporting.discard)
                return web.json_response(_shown(message), status=201)
        return await self.fail(request, fault) or _refusal(fault.removeprefix("take-"))

    def _take(self, request: web.Request, form: Any) -> dict[str, Any]:
        return self.record.take(
            sid=f"SM{uuid4().hex}",
            to=str(form.get("To", "")),
            **{"from": str(form.get("From") or form.get("MessagingServiceSid") or "")},
            body=str(form.get("Body", "")),
            callback=str(form.get("StatusCallback", "")),
            made=format_datetime(self.clock()),
            status="queued",
            fields=sorted(form),
        )

    async def _list(self, request: web.Request) -> web.StreamResponse:
        if refusal := self._stranger(request):
            return refusal
        if fault := self.faults.next(""):
            return await self.fail(request, fault) or _refusal(fault)
        start = int(request.query.get("Page", "0")) * self.page
        to = request.query.get("To")
        found = [m for m in reversed(self.record.taken) if to is None or m["to"] == to]
        more = len(found) > start + self.page
        follow = f"{request.path}?To={to}&Page={start // self.page + 1}".replace("+", "%2B") if more else None
        return web.json_response(
            {"messages": [_shown(m) for m in found[start : start + self.page]], "next_page_uri": follow}
        )

    def _stranger(self, request: web.Request) -> web.Response | None:
        header = request.headers.get("Authorization", "")
        good = encode_basic_auth(request.match_info["account"], TOKEN) == header
        return (
            None
            if good
            else web.json_response({"code": 20003, "message": "Authenticate", "status": 401}, status=401)
        )


def _shown(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "sid": message["sid"],
        "to": message["to"],
        "from": message["from"],
        "body": message["body"],
        "status": message["status"].partition("/")[0],
        "error_code": int(message["status"].partition("/")[2] or 0) or None,
        "date_created": message["made"],
        "date_sent": None,
    }


def _refusal(fault: str) -> web.Response:
    number, _, wait = fault.partition(":")
    code = {"429": 20429, "500": 20500, "503": 20503}.get(number, int(number))
    status = code - 20000 if 20400 <= code < 20600 else 401 if code == 20003 else 400
    return web.json_response(
        {"code": code, "message": "refused", "more_info": "", "status": status},
        status=status,
        headers={"Retry-After": wait} if wait else {},
    )


if __name__ == "__main__":
    parser = arguments(f"A Twilio-like endpoint on 127.0.0.1 for account {ACCOUNT}, token {TOKEN}.")
    parser.add_argument("--callbacks", default="", help="statuses to report of each message: sent,delivered")

    async def start(options: Namespace) -> TwilioSink:
        callbacks = tuple(word for word in options.callbacks.split(",") if word)
        return await TwilioSink(options.record, callbacks).start(options.port)

    run(start, parser)
