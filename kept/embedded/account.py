"""Under which account the embedded servers run.

As an ordinary user: as that user. As root: PostgreSQL refuses, so as the system user `pgserver`, made if it
is missing. Where that user cannot reach the data folder or the wheel's binaries (a home of mode 0700, say),
the folders above are left as they are: the servers get the one capability that reads past them instead.
"""

import fcntl
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kept.embedded.errors import EngineError

SYSTEM_USER: Final = "pgserver"
_ORDINARY: Final = "run kept as an ordinary user, or set KEPT_DATABASE_URL and KEPT_REDIS_URL"
# The lesser first; containers often have only the second.
_CAPABILITIES: Final = ("dac_read_search", "dac_override")


@dataclass(frozen=True)
class Account:
    """Who the servers are, and what to put before a command to run it as them (empty: as we are)."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()

    def command(self, *command: str | Path) -> list[str]:
        return [*self.prefix, *(str(part) for part in command)]

    def owns(self, folder: Path) -> None:
        """Make a folder that only this account may read. Raises EngineError where it is somebody else's."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != self.uid:
            if not self.prefix:
                raise EngineError(
                    f"{folder} belongs to another account (uid {folder.stat().st_uid}); remove it"
                )
            # Made this moment by root, or kept from a machine where the system user had another number.
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.uid, self.gid, follow_symlinks=False)
        folder.chmod(0o700)


def server_account() -> Account:
    """Ourselves, or as root the system user. Raises EngineError where that cannot be."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EngineError(
            f"PostgreSQL does not run as root, and setpriv (util-linux) is missing: {_ORDINARY}"
        )
    entry = _entry() or _make_system_user()
    return Account(
        entry.pw_uid,
        entry.pw_gid,
        (setpriv, f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups", "--"),
    )


def reaching(account: Account, readable: Sequence[Path], writable: Sequence[Path]) -> Account:
    """The account, with a capability where it needs one to reach these paths. Raises EngineError."""
    if not account.prefix:
        return account
    for capability in (None, *_CAPABILITIES):
        prefix = account.prefix
        if capability is not None:
            # access(2), by which PostgreSQL looks for its own files, forgets capabilities without that bit.
            prefix = (
                *prefix[:-1],
                "--securebits=+no_setuid_fixup",
                f"--inh-caps=+{capability}",
                f"--ambient-caps=+{capability}",
                "--",
            )
        candidate = Account(account.uid, account.gid, prefix)
        if _reaches(candidate, readable, writable):
            return candidate
    raise EngineError(
        f"the system user {SYSTEM_USER}, under which root runs the servers, cannot reach {writable[0]} or "
        f"{readable[0]}: set KEPT_DATA_DIR to a folder below one that everybody may enter, or {_ORDINARY}"
    )


def _reaches(account: Account, readable: Sequence[Path], writable: Sequence[Path]) -> bool:
    tests = [part for path in readable for part in ("-r", str(path), "-a")]
    tests += [part for path in writable for part in ("-w", str(path), "-a")]
    probe = account.command("/usr/bin/test", *tests[:-1])
    return subprocess.run(probe, cwd="/", capture_output=True, check=False).returncode == 0


def _entry() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        return None


def _make_system_user() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is None:
        raise EngineError(f"PostgreSQL does not run as root, and useradd is missing: {_ORDINARY}")
    # Two at once have made the user twice, with two numbers (seen), so they queue at a file all of them know.
    queue = os.open(useradd, os.O_RDONLY)
    try:
        fcntl.flock(queue, fcntl.LOCK_EX)
        entry = _entry()
        if entry is not None:
            return entry
        made = subprocess.run(
            [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
             "--shell", "/usr/sbin/nologin", SYSTEM_USER],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        os.close(queue)
    entry = _entry()
    if entry is None:
        raise EngineError(
            f"PostgreSQL does not run as root, and the system user {SYSTEM_USER} cannot be made "
            f"({' '.join(made.stderr.split()) or made.returncode}): {_ORDINARY}"
        )
    return entry
