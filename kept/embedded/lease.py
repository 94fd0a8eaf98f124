"""A kept process's hold on one embedded engine: it runs while anybody holds it."""

import fcntl
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

import kept
from kept.embedded.errors import EngineError
from kept.embedded.folder import Folder, locked, wait_for_lock
from kept.embedded.server import listens

# A first start on a slow machine, with the starts of others before ours.
_START_SECONDS: Final = 180.0
_STOP_SECONDS: Final = 90.0
_WATCH_SECONDS: Final = 0.5
_MOST_KEEPERS: Final = 3


class Lease:
    """Holds users.lock shared, sees to it that a keeper lives, lets go with `release` or the process."""

    def __init__(self, kind: str, folder: Folder, socket_name: str, quick: bool) -> None:
        """Returns when the engine takes connections. Raises EngineError."""
        self._kind = kind
        self.folder = folder
        self._socket_name = socket_name
        self._quick = quick
        self._released = threading.Event()
        folder.make()
        self._handle = folder.open_lock("users")
        # A forked child would share the hold through its copy of the handle, without a watch.
        os.register_at_fork(after_in_child=self._forget)
        try:
            self._wait_for_a_stopping_keeper()
            self.sockets = self._ensure()
        except BaseException:
            self._forget()
            raise
        self._watch = threading.Thread(target=self._keep_kept, name=f"kept-{kind}-watch", daemon=True)
        self._watch.start()

    def release(self) -> None:
        """Let go; the last one's letting go stops the engine."""
        self._released.set()
        self._watch.join()
        self._forget()

    def _wait_for_a_stopping_keeper(self) -> None:
        if not wait_for_lock(self._handle, fcntl.LOCK_SH, _STOP_SECONDS):
            raise EngineError(f"the engine in {self.folder.path} does not stop; see {self.folder.keeper_log}")

    def _forget(self) -> None:
        if self._handle >= 0:
            handle, self._handle = self._handle, -1
            os.close(handle)

    def _keep_kept(self) -> None:
        """If the keeper is killed, start another: it adopts the server, and stops it when we have gone."""
        while not self._released.wait(_WATCH_SECONDS):
            if not self.folder.keeper_lives():
                try:
                    self._ensure()
                except EngineError as error:
                    # The next query will fail on its own; the next round tries again.
                    logging.getLogger(__name__).warning("%s", error)

    def _ensure(self) -> Path:
        """Where the engine listens, after starting it if it does not run. Raises EngineError."""
        with locked(self.folder, "start", _START_SECONDS):
            until = time.monotonic() + _START_SECONDS
            started = 0
            while time.monotonic() < until:
                if not self.folder.keeper_lives():
                    state = self.folder.read_state()
                    if started and state is not None and state.error is not None:
                        raise EngineError(state.error)
                    if started == _MOST_KEEPERS:
                        break
                    self._start_keeper()
                    started += 1
                    continue
                state = self.folder.read_state()
                if (
                    state is not None
                    and state.sockets is not None
                    and listens(state.sockets / self._socket_name)
                ):
                    return state.sockets
                time.sleep(0.01)
        raise EngineError(f"the engine in {self.folder.path} did not start; see {self.folder.keeper_log}")

    def _start_keeper(self) -> None:
        self.folder.forget_state()
        root = Path(kept.__file__).parent.parent
        # No setting of ours, and so no secret, goes along.
        environment = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ}
        log = os.open(self.folder.keeper_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            subprocess.run(
                [sys.executable, "-m", "kept.embedded.keeper", self._kind, str(self.folder.path),
                 *(["--quick"] if self._quick else [])],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=root, env=environment,
                start_new_session=True, check=False,
            )  # fmt: skip
        finally:
            os.close(log)
