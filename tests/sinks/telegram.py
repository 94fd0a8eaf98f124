"""A Bot API endpoint that takes sendMessage and answers getMe.

Faults beside those of every HTTP sink: an HTTP status with what Telegram says, `403:bot was blocked by the
user`, `400:chat not found`; `429:7` asks to wait seven seconds, `400:migrate` says that the group became a
supergroup."""

from argparse import Namespace
from itertools import count
from typing import Any

from aiohttp import web

from tests.sinks.http import HttpSink
from tests.sinks.record import arguments, run

TOKEN = "42:sink"


class TelegramSink(HttpSink):
    _numbers = count(1)

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/bot{token}/{method}", self._call)]

    async def _call(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["token"] != TOKEN:
            return _answer(401, description="Unauthorized")
        method = request.match_info["method"]
        if method.lower() == "getme":
            me = {"id": 42, "is_bot": True, "first_name": "Sink", "username": "sink_bot"}
            return _answer(200, result=me)
        if method.lower() != "sendmessage":
            return _answer(404, description="Not Found: method not found")
        asked: dict[str, Any] = (
            await request.json() if request.content_type == "application/json" else dict(await request.post())
        )
        chat = int(asked["chat_id"])
        fault = self.faults.next(str(chat))
        if fault is None or fault.startswith("take-"):
            number = next(self._numbers)
            self.record.take(
                to=str(chat), id=f"{chat}:{number}", text=asked["text"], markup=asked.get("reply_markup")
            )
            if fault is None:
                sent = {
                    "message_id": number,
                    "date": 0,
                    "chat": {"id": chat, "type": "private"},
                    "text": asked["text"],
                }
                return _answer(200, result=sent)
        return await self.fail(request, fault) or _refusal(fault.removeprefix("take-"))


def _answer(status: int, **content: Any) -> web.Response:
    return web.json_response(
        {"ok": status == 200, **content, **({} if status == 200 else {"error_code": status})}, status=status
    )


def _refusal(fault: str) -> web.Response:
    status, _, said = fault.partition(":")
    more: dict[str, Any] = {}
    if status == "429":
        more = {"parameters": {"retry_after": int(said or 1)}}
    if said == "migrate":
        more = {"parameters": {"migrate_to_chat_id": -1001}}
    return _answer(int(status), description=said or "Internal Server Error", **more)


if __name__ == "__main__":

    async def start(options: Namespace) -> TelegramSink:
        return await TelegramSink(options.record).start(options.port)

    run(start, arguments(f"A Telegram-like Bot API on 127.0.0.1 for token {TOKEN}."))
