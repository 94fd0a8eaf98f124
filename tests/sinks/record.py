"""What every sink shares: it keeps what it took, and misbehaves as told.

A taken message is one JSON line, written before the sender hears of it, so that a sender killed in between
has no record where the sink has one. A fault is a word that the sink reads (each lists its own); it applies
to the next message (`once`), to a recipient (`always`), or to every n-th message (`every`)."""

import argparse
import asyncio
import json
import os
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol


class Record:
    """What a sink took: in memory, and as lines of `path` where one is given. Appends survive the sink."""

    def __init__(self, path: Path | None = None) -> None:
        self.taken: list[dict[str, Any]] = []
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) if path else None

    def take(self, **message: Any) -> dict[str, Any]:
        self.taken.append(message)
        if self._file is not None:
            os.write(self._file, json.dumps(message, ensure_ascii=False).encode() + b"\n")
        return message

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def read(path: Path) -> list[dict[str, Any]]:
    """The lines a sink wrote; a last one that was cut by a kill is left out."""
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]


class Faults:
    def __init__(self) -> None:
        self.once: deque[str] = deque()
        self.always: dict[str, str] = {}
        self.every: list[tuple[int, str]] = []
        self._asked = 0

    def next(self, recipient: str) -> str | None:
        """The fault for this message, asked once a message."""
        self._asked += 1
        if recipient in self.always:
            return self.always[recipient]
        if self.once:
            return self.once.popleft()
        return next((fault for n, fault in self.every if self._asked % n == 0), None)

    def clear(self) -> None:
        self.once.clear()
        self.always.clear()
        self.every.clear()


class Sink(Protocol):
    record: Record
    faults: Faults
    url: str

    async def close(self) -> None: ...


def arguments(about: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--port", type=int, default=0, help="of 127.0.0.1; 0 takes a free one")
    parser.add_argument("--record", type=Path, help="file that gets a line for each message taken")
    parser.add_argument(
        "--every", action="append", default=[], metavar="N:FAULT", help="misbehave at every n-th message"
    )
    parser.add_argument(
        "--always", action="append", default=[], metavar="RECIPIENT=FAULT", help="misbehave for a recipient"
    )
    return parser


def run(start: Callable[[argparse.Namespace], Awaitable[Sink]], parser: argparse.ArgumentParser) -> None:
    """Run one sink in this process until it is ended; its first line on stdout is `{"url": ...}`."""
    options = parser.parse_args()

    async def stay() -> None:
        sink = await start(options)
        for rule in options.every:
            n, _, fault = rule.partition(":")
            sink.faults.every.append((int(n), fault))
        for rule in options.always:
            recipient, _, fault = rule.partition("=")
            sink.faults.always[recipient] = fault
        sys.stdout.write(json.dumps({"url": sink.url}) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()

    try:
        asyncio.run(stay())
    except KeyboardInterrupt:
        sys.exit(0)
