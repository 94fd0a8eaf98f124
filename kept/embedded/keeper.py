"""The keeper: one small detached process for each engine, the parent of its server.

`python -m kept.embedded.keeper postgres|valkey FOLDER [--quick]`. It starts the server, or adopts the one
that a killed keeper left; starts it again when it dies; and stops it and ends when nobody holds users.lock
any more, which the kernel releases for a process that was killed, too.
"""

import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Final

import psutil

from kept.clock import SystemClock
from kept.embedded.errors import EngineError
from kept.embedded.folder import Folder, State, try_lock, wait_for_lock
from kept.embedded.postgres import PostgresServer
from kept.embedded.server import Server, alive
from kept.embedded.valkey import ValkeyServer

KINDS: Final[dict[str, Callable[[Folder, bool], Server]]] = {
    "postgres": PostgresServer,
    "valkey": ValkeyServer,
}
ANOTHER_LIVES: Final = 3

_POLL: Final = 0.1
_READY_SECONDS: Final = 60.0
# A server that dies this often within a minute is not helped by another start.
_MOST_STARTS: Final = 5


class Keeper:
    """Keeps one server, from start or adoption to the last user's leaving."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._folder = server.folder
        self._starts: list[float] = []
        self._told_to_stop = False
        signal.signal(signal.SIGTERM, self._stop_soon)
        for ignored in (signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)

    def keep(self) -> None:
        """Until the last user leaves, or we are told to end. Raises EngineError."""
        self._server.prepare()
        process = self._server.find() or self._start()
        try:
            self._open(process)
            users = self._folder.open_lock("users")
            while not self._told_to_stop and not try_lock(users, fcntl.LOCK_EX):
                if not alive(process):
                    _say(f"{self._server.name} ended: {self._server.last_words()}")
                    self._folder.forget_state()
                    process = self._server.find() or self._start()
                    self._open(process)
                time.sleep(_POLL)
            # From here on users.lock is ours: whoever comes waits, and then finds no keeper and starts one.
        finally:
            self._folder.forget_state()
            self._server.stop(process)
        _say(f"{self._server.name} stopped")

    def _start(self) -> psutil.Process:
        now = time.monotonic()
        self._starts = [then for then in self._starts if now - then < 60] + [now]
        if len(self._starts) > _MOST_STARTS:
            raise EngineError(
                f"{self._server.name} ends as often as it is started: {self._server.last_words()}"
            )
        _say(f"starting {self._server.name}")
        return self._server.start()

    def _open(self, process: psutil.Process) -> None:
        """Wait until it takes connections, and tell the users where."""
        until = time.monotonic() + _READY_SECONDS
        while not self._server.ready():
            if not alive(process):
                raise EngineError(
                    f"{self._server.name} did not start: {self._server.last_words()} ({self._folder.log})"
                )
            if time.monotonic() > until:
                raise EngineError(
                    f"{self._server.name} takes no connections after {_READY_SECONDS:.0f} s; "
                    f"see {self._folder.log}"
                )
            time.sleep(0.01)
        self._folder.write_state(State(self._server.sockets, None))

    def _stop_soon(self, _number: int, _frame: FrameType | None) -> None:
        self._told_to_stop = True


def main(arguments: list[str]) -> int:
    kind, path, *options = arguments
    folder = Folder(Path(path))
    # Taken before we detach, and inherited: when our starter sees the first process end, a keeper lives.
    keeper_lock = folder.open_lock("keeper")
    if not wait_for_lock(keeper_lock, fcntl.LOCK_EX, 2):
        return ANOTHER_LIVES
    if os.fork():
        return 0
    os.setsid()
    os.chdir("/")
    folder.forget_state()
    try:
        Keeper(KINDS[kind](folder, "--quick" in options)).keep()
    except EngineError as error:
        _say(str(error))
        folder.write_state(State(None, str(error)))
        return 1
    except BaseException as error:
        # Whoever waits for the engine must hear of it, whatever it was; the traceback is in keeper.log.
        told = f"the keeper of {kind} broke ({type(error).__name__}); see {folder.keeper_log}"
        folder.write_state(State(None, told))
        raise
    finally:
        # Before users.lock, which goes with the process: nobody may hold that and still see a keeper.
        os.close(keeper_lock)
    return 0


def _say(text: str) -> None:
    print(f"{SystemClock().wall():%Y-%m-%dT%H:%M:%SZ} [{os.getpid()}] {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
