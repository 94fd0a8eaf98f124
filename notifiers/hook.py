"""Telling an endpoint of another system: one POST, to nowhere that it must not go, following nobody.

https to public addresses; http to this machine alone. The address that was checked is the one connected
to, so a name cannot point elsewhere a moment later. Private networks only where the setting says so.
"""

import asyncio
import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

_SECONDS: Final = 10.0


class _ElsewhereError(OSError):
    """The name leads where we do not go."""


def reachable(address: str, *, loopback: bool, private: bool) -> bool:
    """Whether an address may be connected to. `loopback`: the URL itself names this machine."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
    if ip.is_loopback:
        return loopback
    if ip.is_multicast or ip.is_unspecified or ip.is_link_local or ip.is_reserved:
        return False
    return ip.is_global or (private and ip.is_private)


def check_url(url: str, *, private: bool) -> str | None:
    """Why a URL cannot be an endpoint; None: it can, as far as it says itself."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "the address cannot be read; write one like https://hooks.example.com/kept"
    if not url.isascii() or any(sign.isspace() or not sign.isprintable() for sign in url) or len(url) > 2000:
        return "the address has signs that no address has"
    if parts.scheme not in ("https", "http") or not host or port == 0:
        return f"{parts.scheme or 'it'!s} is no https address; write one like https://hooks.example.com/kept"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "the address has a name, a secret or a mark (#) in it; leave them out: calls are signed"
    if parts.scheme == "http" and not _is_this_machine(host):
        return f"http://{host} would be read on the way; use https"
    if _is_address(host) and not reachable(host, loopback=_is_this_machine(host), private=private):
        return f"{host} is of a private network; KEPT_WEBHOOKS_PRIVATE=1 allows those"
    return None


class HookPoster:
    """Hands calls over. `private`: addresses of private networks are allowed. Close it with `close`."""

    def __init__(self, *, private: bool = False, seconds: float = _SECONDS) -> None:
        self._private = private
        self._seconds = seconds
        self._sessions: dict[bool, ClientSession] = {}

    def check(self, url: str) -> str | None:
        """Why the address cannot be one; None: it can."""
        return check_url(url, private=self._private)

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> str | None:
        """None: taken (2xx). Else the code of what went wrong; nothing of the answer is kept."""
        if self.check(url) is not None:
            return "address"
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._session(loopback=_is_this_machine(urlsplit(url).hostname or "")).post(
                    url, data=body, headers=headers, allow_redirects=False
                ) as answer,
            ):
                return None if 200 <= answer.status < 300 else str(answer.status)
        except TimeoutError:
            return "timeout"
        except ClientError as error:
            cause = getattr(error, "os_error", None) or error.__cause__
            return "address" if isinstance(cause, _ElsewhereError) else "connection"
        except (OSError, ValueError):
            return "connection"

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()

    def _session(self, *, loopback: bool) -> ClientSession:
        if loopback not in self._sessions:

            def may(address: str) -> bool:
                return reachable(address, loopback=loopback, private=self._private)

            self._sessions[loopback] = ClientSession(
                connector=TCPConnector(resolver=_Checked(may), force_close=True),
                cookie_jar=DummyCookieJar(),
                timeout=ClientTimeout(total=self._seconds),
                trust_env=False,
                auto_decompress=False,
            )
        return self._sessions[loopback]


class _Checked(AbstractResolver):
    """Names lead to addresses that may be connected to, or nowhere."""

    def __init__(self, may: Callable[[str], bool]) -> None:
        self._may = may
        self._names = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._names.resolve(host, port, family)
        allowed = [one for one in found if self._may(one["host"])]
        if not allowed:
            raise _ElsewhereError(f"{host} leads to no address that may be told")
        return allowed

    async def close(self) -> None:
        await self._names.close()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return _is_address(host) and bool(_ip(host).is_loopback)


def _ip(host: str) -> Any:
    return ip_address(host)
