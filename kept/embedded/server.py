"""What a keeper asks of an engine, and what both share: sockets, start, stop, recognising one's own."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Final, cast

import psutil

from kept.embedded.account import Account, reaching, server_account
from kept.embedded.errors import EngineError
from kept.embedded.folder import Folder, write_private

# A socket's whole path, with its ending NUL: 104 bytes on macOS, 108 on Linux.
_LONGEST_SOCKET: Final = 103
# SQLAlchemy reads commas and colons in a host as lists and ports; arq takes a socket's path undecoded.
_PLAIN: Final = re.compile(r"[A-Za-z0-9/._+=-]+")
_STOP_SECONDS: Final = 60.0
_LOG_BYTES: Final = 5_000_000
# Servers get nothing of our environment: no PGDATA, no secret.
ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC"}


class Server(ABC):
    """One engine in one folder. Only its keeper, holding keeper.lock, calls these."""

    name: str
    socket_name: str

    def __init__(self, folder: Folder, quick: bool) -> None:
        """`quick` gives up durability for speed: for tests, whose data nobody needs after a crash."""
        self.folder = folder
        self.quick = quick
        self.account: Account = server_account()
        self.sockets = folder.server

    def prepare(self) -> None:
        """Folders, permissions, data: everything before a first start. Raises EngineError."""
        if self.account.prefix:
            for folder in (self.folder.path.parent.parent, self.folder.path.parent, self.folder.path):
                _let_pass(folder, self.account)
        self.account.owns(self.folder.server)
        self.sockets = self._socket_folder()
        self.account = reaching(self.account, self.reads(), [self.folder.server, self.sockets])
        self.initialise()

    @abstractmethod
    def reads(self) -> list[Path]:
        """Files of the wheel that the servers' account must be able to read."""

    @abstractmethod
    def initialise(self) -> None:
        """Make the data where there is none yet. Raises EngineError."""

    @abstractmethod
    def command(self) -> list[str]:
        """What starts the server in the foreground, as our account."""

    @abstractmethod
    def is_ours(self, process: psutil.Process) -> bool:
        """Whether a process is this folder's server. Its command line is all that any account may read."""

    @abstractmethod
    def is_remainder(self, process: psutil.Process) -> bool:
        """Whether a process is this folder's server or a child that it left behind when it was killed."""

    @abstractmethod
    def clear_remains(self) -> None:
        """Remove what a killed server left and would stop the next one from starting."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether the server takes connections."""

    def find(self) -> psutil.Process | None:
        """The server that an earlier keeper left running, if any."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() != psutil.STATUS_ZOMBIE and self.is_ours(process):
                    return process
        return None

    def start(self) -> psutil.Process:
        """Start the server and return at once. Raises EngineError where what came before does not go away."""
        until = time.monotonic() + _STOP_SECONDS
        while self._remainders():
            if time.monotonic() > until:
                raise EngineError(
                    f"{self.name}: children of a killed server do not end; see {self.folder.log}"
                )
            time.sleep(0.05)
        self.clear_remains()
        if self.folder.log.exists() and self.folder.log.stat().st_size > _LOG_BYTES:
            self.folder.log.replace(self.folder.log.with_suffix(".log.1"))
        with os.fdopen(os.open(self.folder.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as log:
            return psutil.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=ENVIRONMENT,
                start_new_session=True,
            )  # fmt: skip

    @abstractmethod
    def ask_to_stop(self, process: psutil.Process) -> None:
        """Tell the server to end soon and cleanly, whoever is connected."""

    def stop(self, process: psutil.Process) -> None:
        """End the server cleanly, or by force where it does not listen; then tidy up after it."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self.ask_to_stop(process)
            try:
                process.wait(_STOP_SECONDS)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(5)
        if self.sockets != self.folder.server:
            shutil.rmtree(self.sockets, ignore_errors=True)
            self._elsewhere.unlink(missing_ok=True)

    def last_words(self) -> str:
        """The end of the server's log, for an error."""
        try:
            lines = self.folder.log.read_text(errors="replace").strip().splitlines()
        except FileNotFoundError:
            return "it wrote no log"
        return lines[-1] if lines else "its log is empty"

    @property
    def _elsewhere(self) -> Path:
        return self.folder.path / "sockets"

    def _socket_folder(self) -> Path:
        """The server's own folder, or a private one where its path is too long for a socket, or too odd."""
        path = self.folder.server / self.socket_name
        if len(os.fsencode(path)) <= _LONGEST_SOCKET and _PLAIN.fullmatch(str(path)):
            return self.folder.server
        with contextlib.suppress(OSError):
            earlier = Path(self._elsewhere.read_text().strip())
            found = earlier.lstat()
            if found.st_uid == self.account.uid and found.st_mode & 0o777 == 0o700:
                return earlier
        base = next(
            (
                path
                for path in (tempfile.gettempdir(), "/tmp")  # noqa: S108 - a random name of mode 0700 below it
                if len(os.fsencode(f"{path}/kept-12345678/{self.socket_name}")) <= _LONGEST_SOCKET
            ),
            None,
        )
        if base is None:
            raise EngineError(
                "no folder has a path short enough for a socket: set KEPT_DATA_DIR to a shorter one"
            )
        made = Path(tempfile.mkdtemp(prefix="kept-", dir=base))
        self.account.owns(made)
        write_private(self._elsewhere, str(made))
        return made

    def _remainders(self) -> bool:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() != psutil.STATUS_ZOMBIE and self.is_remainder(process):
                    return True
        return False


def alive(process: psutil.Process) -> bool:
    """Whether a process is still the one it was, and no zombie; reaps it where it is our own child."""
    if isinstance(process, psutil.Popen):
        return cast("int | None", process.poll()) is None
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def listens(path: Path) -> bool:
    """Whether somebody accepts connections at a unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def _let_pass(folder: Path, account: Account) -> None:
    """Let the servers' group through a folder of Kept's own that is closed to all but root."""
    found = folder.stat()
    if found.st_uid == os.geteuid() and found.st_mode & 0o067 == 0:
        os.chown(folder, -1, account.gid)
        folder.chmod(0o710)
