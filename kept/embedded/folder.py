"""The folder of one engine: its locks, its state, and how they are read and written.

    var/engines/postgres/      ours, 0700 (as root 0710, so that the servers' account may pass)
        start.lock             held while somebody looks for the keeper and starts one
        users.lock             held shared by each kept process for as long as it uses the engine
        keeper.lock            held by the keeper for its life
        state.json             written by the keeper: where the server listens, or why it does not
        password               of the database's role, 0600
        keeper.log server.log
        server/                the server's own, 0700

Locks are flock's: the kernel lets go of them when a process dies, however it dies.
"""

import contextlib
import errno
import fcntl
import json
import os
import secrets
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from kept.embedded.errors import EngineError

_POLL: Final = 0.02


@dataclass(frozen=True)
class State:
    """What a keeper tells: the folder of the server's socket, or an error."""

    sockets: Path | None
    error: str | None


@dataclass(frozen=True)
class Folder:
    """One engine's folder."""

    path: Path

    @property
    def server(self) -> Path:
        return self.path / "server"

    @property
    def log(self) -> Path:
        return self.path / "server.log"

    @property
    def keeper_log(self) -> Path:
        return self.path / "keeper.log"

    def make(self) -> None:
        """Make it and what is above it, for our eyes only. Raises EngineError."""
        try:
            for folder in (self.path.parent.parent, self.path.parent, self.path):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            owner = self.path.stat().st_uid
        except OSError as error:
            raise EngineError(
                f"the data folder cannot be used: {error.filename}: {error.strerror}; set KEPT_DATA_DIR to "
                "a folder that you may write"
            ) from None
        if owner != os.geteuid():
            raise EngineError(
                f"{self.path} was made by another account (uid {owner}): run kept as that one, or set "
                "KEPT_DATA_DIR"
            )

    def open_lock(self, name: str) -> int:
        """A handle for flock; programs that we start do not inherit it."""
        return os.open(self.path / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)

    def keeper_lives(self) -> bool:
        handle = self.open_lock("keeper")
        try:
            return not try_lock(handle, fcntl.LOCK_SH)
        finally:
            os.close(handle)

    def read_state(self) -> State | None:
        try:
            fields = cast("dict[str, Any]", json.loads((self.path / "state.json").read_text()))
        except FileNotFoundError:
            return None
        sockets = fields.get("sockets")
        return State(Path(sockets) if sockets else None, fields.get("error"))

    def write_state(self, state: State) -> None:
        fields = {"sockets": str(state.sockets) if state.sockets else None, "error": state.error}
        write_private(self.path / "state.json", json.dumps(fields))

    def forget_state(self) -> None:
        (self.path / "state.json").unlink(missing_ok=True)

    def password(self) -> str | None:
        """Of the database's role; None before it was made."""
        try:
            return (self.path / "password").read_text("ascii").strip() or None
        except FileNotFoundError:
            return None

    def make_password(self) -> str:
        password = secrets.token_urlsafe(24)
        write_private(self.path / "password", password)
        return password


def write_private(path: Path, text: str) -> None:
    """Put a file that only its owner reads in place, whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def try_lock(handle: int, kind: int) -> bool:
    """flock without waiting."""
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EWOULDBLOCK, errno.EACCES}:
            return False
        raise
    return True


def wait_for_lock(handle: int, kind: int, seconds: float) -> bool:
    """flock, waiting at most this long; whether it was granted."""
    until = time.monotonic() + seconds
    while not try_lock(handle, kind):
        if time.monotonic() > until:
            return False
        time.sleep(_POLL)
    return True


@contextlib.contextmanager
def locked(folder: Folder, name: str, seconds: float) -> Generator[None]:
    """Hold one of the folder's locks alone. Raises EngineError where somebody else keeps it for too long."""
    handle = folder.open_lock(name)
    try:
        if not wait_for_lock(handle, fcntl.LOCK_EX, seconds):
            raise EngineError(
                f"{folder.path / name}.lock is held for over {seconds:.0f} s; see {folder.keeper_log}"
            )
        yield
    finally:
        os.close(handle)
