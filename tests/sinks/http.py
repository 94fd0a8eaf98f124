"""What the sinks over HTTP share: an aiohttp server on 127.0.0.1, and the ways in which any of them fails.

Faults: `drop` (closes without an answer, took nothing), `hang` (took nothing), `take-drop`, `take-hang`,
`take-500` (took it and fails), `take-garbage` (answers what nobody can read), and a number with an optional
word (`500`, `429:7`), which each sink words as its provider does."""

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.sinks.record import Faults, Record


class HttpSink:
    def __init__(self, record: Path | None = None) -> None:
        self.record = Record(record)
        self.faults = Faults()
        self.connections: set[int] = set()
        self.url = ""
        self._hanging = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        raise NotImplementedError

    async def start(self, port: int = 0) -> Any:
        app = web.Application()
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def close(self) -> None:
        self._hanging.set()
        await self._runner.cleanup()
        self.record.close()

    async def fail(self, request: web.Request, fault: str) -> web.StreamResponse | None:
        """The failures that are the same everywhere. None: the fault is for the sink's own words."""
        what = fault.removeprefix("take-")
        if what == "hang":
            await self._hanging.wait()
            what = "drop"
        if what == "drop":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if what == "garbage":
            return web.Response(text="<html>proxy</html>", content_type="text/html")
        return None
