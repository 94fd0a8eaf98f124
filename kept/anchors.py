"""Where the head of the audit chain is written down outside the database: a file that only grows.

Whoever can rewrite the database must also rewrite this file unseen; ship it elsewhere as it grows.
"""

import asyncio
import os
from pathlib import Path

import msgspec

from storage.chain import Head

FILE_NAME = "anchors.jsonl"


class Anchors:
    """The file of heads in the data folder, one JSON object a line, newest last."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE_NAME

    async def append(self, head: Head) -> None:
        """Write a head down, durably."""
        await asyncio.to_thread(self._append, msgspec.json.encode(head) + b"\n")

    def _append(self, line: bytes) -> None:
        handle = os.open(self._file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(handle).st_size
            if size and os.pread(handle, 1, size - 1) != b"\n":
                line = b"\n" + line  # a crash cut the last one short
            os.write(handle, line)
            os.fsync(handle)
        finally:
            os.close(handle)

    def read(self) -> list[Head]:
        """Every head, oldest first; a line that a crash cut short is no head."""
        if not self._file.exists():
            return []
        return [head for line in self._file.read_bytes().splitlines() if (head := _read(line)) is not None]


def _read(line: bytes) -> Head | None:
    try:
        return msgspec.json.decode(line, type=Head)
    except msgspec.DecodeError:
        return None
