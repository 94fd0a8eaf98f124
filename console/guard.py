"""What stands before every page: which hosts we answer to, and the headers that every answer carries."""

from collections.abc import Collection, Mapping, MutableMapping
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})

MOST_BYTES: Final = 1024 * 1024  # of a form of the console
UPLOAD: Final = "/import/upload"
MOST_UPLOADED: Final = 512 * 1024 * 1024  # of a tape, which is written to disk as it comes
# What others post is measured where it is read, or not read at all.
_LIMITED_BY_THEMSELVES: Final = ("/api/", "/webhooks/", "/stop/")

# What a proxy or a tunnel adds: a request that came through one did not come from this machine.
_THROUGH_OTHERS: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")

_HEADERS: Final = {
    # The look's own little pictures (arrows, ticks) are data within its style sheet.
    b"content-security-policy": b"default-src 'self'; img-src 'self' data:; object-src 'none'; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    # Not no-referrer: browsers then call the origin of our own forms "null".
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}

_BY_TLS: Final = {b"strict-transport-security": b"max-age=31536000"}


class Guard:
    """ASGI: refuses hosts that are not ours, so that no foreign name can be pointed at this server by DNS.

    `probed_by_address`: whoever watches a server that listens to the network asks for it by any address.
    `by_tls`: our public name is asked for by TLS alone, which browsers are told to remember.
    """

    def __init__(
        self, app: ASGIApp, hosts: Collection[str], *, probed_by_address: bool, by_tls: bool
    ) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._headers = {**_HEADERS, **(_BY_TLS if by_tls else {})}
        self._open = PROBES if probed_by_address else frozenset[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(message, self._headers)
            await send(message)

        if not (scope["path"] in self._open or host_of(Request(scope)) in self._hosts):
            refusal = PlainTextResponse("This server does not go by that name.\n", 400)
            await refusal(scope, receive, send_guarded)
        elif scope["method"] == "POST" and scope["path"] == UPLOAD:
            # How long it is must be said before it comes: the server holds the sender to it.
            said = Request(scope).headers.get("content-length", "")
            if said.isascii() and said.isdecimal() and int(said[:15]) <= MOST_UPLOADED:
                await self._app(scope, receive, send_guarded)
            else:
                refusal = PlainTextResponse("This tape is too long for a page.\n", 413)
                await refusal(scope, receive, send_guarded)
        elif scope["method"] == "POST" and not scope["path"].startswith(_LIMITED_BY_THEMSELVES):
            form = await _read(receive)
            if form is None:
                refusal = PlainTextResponse("This form is too long.\n", 413)
                await refusal(scope, receive, send_guarded)
            else:
                await self._app(scope, _again(form, receive), send_guarded)
        else:
            await self._app(scope, receive, send_guarded)


async def _read(receive: Receive) -> bytes | None:
    """The body of a form; None where it is longer than any of ours, whoever sends it."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            return None
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body that was read, as it would have come; then what comes after it."""
    given = False

    async def once() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


def _add_headers(message: MutableMapping[str, Any], headers: Mapping[bytes, bytes]) -> None:
    given = list(message.get("headers", ()))
    names = {name.lower() for name, _ in given}
    message["headers"] = given + [(name, value) for name, value in headers.items() if name not in names]


def host_of(request: Request) -> str | None:
    """The name a request asks for, without its port; None where that is no host."""
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname
    except ValueError:
        return None


def is_loopback(host: str | None) -> bool:
    """Whether a name or an address can only be this machine; nothing is looked up."""
    if not host:
        return False
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def came_from_here(request: Request) -> bool:
    """Whether somebody at this machine asks: by its own name, from its own address, through nobody else."""
    return (
        is_loopback(host_of(request))
        and (request.client is None or is_loopback(request.client.host))
        and not any(name in request.headers for name in _THROUGH_OTHERS)
    )
