"""The sandbox over HTTP: the Bot API for the bot, a chat page for people. It listens on 127.0.0.1 alone."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout, web

from bot.sandbox.world import Chat, Persona, RefusedError, Shaped, World

_PAGE: Final = Path(__file__).parent / "page"
_PDF: Final = "application/pdf"
_WAIT: Final = 25.0  # seconds that a page's question is held back
_TYPES: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_MOST_BYTES: Final = 12 * 1024 * 1024

Handler = Callable[[Mapping[str, Any]], Awaitable[Any]]


class Sandbox:
    """The server. `personas` are offered on the page; `faults` are for tests: method -> what it answers."""

    def __init__(self, world: World, personas: Sequence[Persona] = ()) -> None:
        self.world = world
        self.personas = tuple(personas)
        self.asked: list[tuple[str, Shaped]] = []  # what the bot asked for, newest last
        self.faults: dict[str, list[web.Response]] = {}
        self._runner: web.AppRunner | None = None
        self._pushing: asyncio.Task[None] | None = None
        self.url = ""
        self._methods: dict[str, Handler] = {
            "getme": self._get_me,
            "getupdates": self._get_updates,
            "sendmessage": self._send_message,
            "editmessagetext": self._edit_text,
            "editmessagereplymarkup": self._edit_markup,
            "deletemessage": self.world.remove,
            "answercallbackquery": self._yes,
            "sendchataction": self._yes,
            "setwebhook": self._set_webhook,
            "deletewebhook": self._delete_webhook,
            "getfile": self._get_file,
            "senddocument": self._send_document,
            "sendphoto": self._send_photo,
        }

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1. Raises OSError where the port is taken."""
        app = web.Application(client_max_size=_MOST_BYTES, middlewares=[_only_here])
        app.add_routes(
            [
                web.route("*", "/bot{token}/{method}", self._bot_asks),
                web.get("/file/bot{token}/{name}", self._bot_file),
                web.get("/", _file_of("index.html")),
                web.get("/page.css", _file_of("page.css")),
                web.get("/page.js", _file_of("page.js")),
                web.get("/people", self._people),
                web.post("/chats", self._join),
                web.get("/chats/{chat}", self._chat),
                web.post("/chats/{chat}/{what}", self._act),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._pushing = asyncio.create_task(self._push())

    async def close(self) -> None:
        """End, with everything in memory."""
        if self._pushing is not None:
            self._pushing.cancel()
            await asyncio.gather(self._pushing, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()

    # The Bot API.

    async def _bot_asks(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"].lower()
        asked = await _asked(request)
        self.asked.append((method, asked))
        del self.asked[:-10_000]
        faults = self.faults.get(method)
        if faults:
            return faults.pop(0)
        handler = self._methods.get(method)
        if handler is None:
            return _api_error(404, "Not Found: method not found")
        try:
            return _json({"ok": True, "result": await handler(asked)})
        except RefusedError as error:
            return _api_error(error.status, error.said)

    async def _get_me(self, _: Mapping[str, Any]) -> Shaped:
        return self.world.me()

    async def _yes(self, _: Mapping[str, Any]) -> bool:
        return True

    async def _get_updates(self, asked: Mapping[str, Any]) -> list[Shaped]:
        if self.world.webhook is not None:
            raise RefusedError(409, "Conflict: can't use getUpdates method while webhook is active")
        offset, limit = int(asked.get("offset") or 0), int(asked.get("limit") or 100)
        wait = min(float(asked.get("timeout") or 0), 50)
        await self.world.changed(lambda: bool(self.world.pending(offset, limit)), wait)
        return self.world.pending(offset, limit)

    async def _send_message(self, asked: Mapping[str, Any]) -> Shaped:
        text = str(asked.get("text") or "")
        if not text.strip():
            raise RefusedError(400, "Bad Request: message text is empty")
        if len(text) > 4096:
            raise RefusedError(400, "Bad Request: message is too long")
        return await self.world.show(asked, {"text": text})

    async def _send_document(self, asked: Mapping[str, Any]) -> Shaped:
        name = f"file{len(self.world.files) + 1000}"
        upload = _part(asked, "document")
        content: bytes = upload.get("content", b"")
        self.world.files[name] = content
        title = str(upload.get("name") or "file")
        document = {"file_id": name, "file_unique_id": name, "file_name": title, "file_size": len(content)}
        return await self.world.show(asked, {"document": document, "caption": asked.get("caption") or ""})

    async def _send_photo(self, asked: Mapping[str, Any]) -> Shaped:
        name = f"file{len(self.world.files) + 1000}"
        content: bytes = _part(asked, "photo").get("content", b"")
        self.world.files[name] = content
        size = {
            "file_id": name,
            "file_unique_id": name,
            "width": 800,
            "height": 1040,
            "file_size": len(content),
        }
        return await self.world.show(asked, {"photo": [size], "caption": asked.get("caption") or ""})

    async def _edit_text(self, asked: Mapping[str, Any]) -> Shaped:
        return await self.world.change(asked, {"text": str(asked.get("text") or "")})

    async def _edit_markup(self, asked: Mapping[str, Any]) -> Shaped:
        return await self.world.change(asked, {})

    async def _set_webhook(self, asked: Mapping[str, Any]) -> bool:
        url = str(asked.get("url") or "")
        self.world.webhook = (url, asked.get("secret_token")) if url else None
        return True

    async def _delete_webhook(self, _: Mapping[str, Any]) -> bool:
        self.world.webhook = None
        return True

    async def _get_file(self, asked: Mapping[str, Any]) -> Shaped:
        name = str(asked.get("file_id"))
        if name not in self.world.files:
            raise RefusedError(400, "Bad Request: invalid file_id")
        return {
            "file_id": name,
            "file_unique_id": name,
            "file_size": len(self.world.files[name]),
            "file_path": name,
        }

    async def _bot_file(self, request: web.Request) -> web.StreamResponse:
        content = self.world.files.get(request.match_info["name"])
        return web.Response(status=404) if content is None else web.Response(body=content)

    async def _push(self) -> None:
        """Updates to a webhook, one after the other, again until they are taken."""
        async with ClientSession(timeout=ClientTimeout(total=10)) as http:
            while True:
                await self.world.changed(
                    lambda: self.world.webhook is not None and bool(self.world.updates), 60
                )
                if self.world.webhook is None or not self.world.updates:
                    continue
                (url, secret), update = self.world.webhook, self.world.updates[0]
                headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
                try:
                    async with http.post(url, json=update, headers=headers) as answer:
                        taken = answer.status == 200
                except (ClientError, OSError):
                    taken = False
                if taken:
                    self.world.pending(update["update_id"] + 1, 1)
                else:
                    await asyncio.sleep(0.5)

    # The page.

    async def _people(self, _: web.Request) -> web.StreamResponse:
        people = [{"name": one.name, "phone": one.phone, "language": one.language} for one in self.personas]
        chats = [{"id": chat.id, "name": chat.persona.name} for chat in self.world.chats.values()]
        return _json({"people": people, "chats": chats})

    async def _join(self, request: web.Request) -> web.StreamResponse:
        asked = await _asked(request)
        persona = Persona(
            str(asked.get("name") or "Somebody")[:60],
            str(asked.get("phone") or "+12025550199")[:20],
            str(asked.get("language") or "en")[:8],
        )
        return _json({"id": (await self.world.join(persona)).id})

    def _find(self, request: web.Request) -> Chat:
        try:
            return self.world.chats[int(request.match_info["chat"])]
        except (KeyError, ValueError):
            raise web.HTTPNotFound from None

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        chat = self._find(request)
        after = request.query.get("after", "-1")
        if after.isdecimal():
            await self.world.changed(lambda: chat.version > int(after), _WAIT)
        return _json(
            {
                "id": chat.id,
                "version": chat.version,
                "name": chat.persona.name,
                "phone": chat.persona.phone,
                "blocked": chat.blocked,
                "board": chat.board,
                "messages": [_shown(one) for one in chat.messages.values()],
            }
        )

    async def _act(self, request: web.Request) -> web.StreamResponse:
        chat, asked = self._find(request), await _asked(request)
        match request.match_info["what"]:
            case "say" if str(asked.get("text") or "").strip():
                await self.world.say(chat, str(asked["text"])[:4096])
            case "share":
                await self.world.share(chat)
            case "tap":
                await self.world.tap(chat, int(asked.get("message") or 0), str(asked.get("data") or ""))
            case "photo":
                content, caption = str(asked.get("content")), asked.get("caption")
                if content.startswith(f"data:{_PDF}"):
                    await self.world.document(chat, "file.pdf", _PDF, _decoded(content), caption)
                elif content.startswith("data:audio/"):
                    await self.world.voice(chat, _decoded(content))
                else:
                    await self.world.photo(chat, _decoded(content), caption)
            case "place":
                await self.world.place(
                    chat, _degrees(asked, "latitude", 90), _degrees(asked, "longitude", 180)
                )
            case "block":
                await self.world.block(chat, bool(asked.get("blocked")))
            case _:
                raise web.HTTPNotFound
        return _json({})


@web.middleware
async def _only_here(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """No foreign name may be pointed at this server, and no foreign page may post to it."""
    origin = request.headers.get("Origin")
    if request.host.rpartition(":")[0] not in ("127.0.0.1", "localhost") or (
        origin is not None and origin != f"http://{request.host}"
    ):
        raise web.HTTPForbidden
    return await handler(request)


def _file_of(name: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def give(_: web.Request) -> web.StreamResponse:
        return web.Response(
            text=(_PAGE / name).read_text("utf-8"),
            content_type=_TYPES[Path(name).suffix],
            charset="utf-8",
            headers=_HEADERS,
        )

    return give


async def _asked(request: web.Request) -> Shaped:
    """A call's arguments: JSON, a form, or a form with files."""
    if request.content_type == "application/json":
        read: Any = orjson.loads(await request.read() or b"{}")
        return cast("Shaped", read) if isinstance(read, dict) else {}
    found: Shaped = dict(request.query)
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            found[name] = {"name": value.filename, "content": value.file.read()}
        else:
            text = value if isinstance(value, str) else value.decode("utf-8", "replace")
            found[name] = _read(text)
    for name, value in list(found.items()):
        if isinstance(value, str) and value.startswith("attach://"):
            found[name] = found.get(value.removeprefix("attach://"), value)
    return found


def _read(text: str) -> Any:
    """A form's value: what looks like JSON is."""
    if text[:1] in "{[":
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    return text


def _decoded(content: object) -> bytes:
    """A picture as the page sends it: a data URL."""
    try:
        return base64.b64decode(str(content).rpartition(",")[2])
    except binascii.Error:
        raise web.HTTPBadRequest from None


def _degrees(asked: Mapping[str, Any], name: str, most: int) -> float:
    """Where on the globe, as the page sends it."""
    value: Any = asked.get(name)
    if not isinstance(value, int | float) or not -most <= value <= most:
        raise web.HTTPBadRequest
    return float(value)


def _shown(message: Shaped) -> Shaped:
    return {
        "id": message["message_id"],
        "mine": not message["from"]["is_bot"],
        "at": message["date"],
        "text": message.get("text") or message.get("caption") or "",
        "contact": _part(message, "contact").get("phone_number"),
        "photo": _picture_of(message),
        "voice": "voice" in message,
        "place": list(_part(message, "location").values()),
        "file": _part(message, "document").get("file_name"),
        "file_id": _part(message, "document").get("file_id"),
        "buttons": _part(message, "reply_markup").get("inline_keyboard") or [],
    }


def _picture_of(message: Shaped) -> str | None:
    """The file of a message's picture, the largest of its sizes."""
    sizes: list[Shaped] = message.get("photo") or []
    return sizes[-1]["file_id"] if sizes else None


def _part(of: Mapping[str, Any], name: str) -> Shaped:
    value: Any = of.get(name)
    return cast("Shaped", value) if isinstance(value, dict) else {}


def _json(value: object) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")


def _api_error(status: int, said: str) -> web.Response:
    body = orjson.dumps({"ok": False, "error_code": status, "description": said})
    return web.Response(body=body, status=status, content_type="application/json")
