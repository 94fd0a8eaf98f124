"""The keys that seal personal text: read from the setting, or made once in the data folder.

Format: `kid:base64of32bytes[,kid2:base64of32bytes]`, the active key first, older ones after it. A key is
never dropped while something sealed with it is stored.
"""

import base64
import binascii
import os
import re
import secrets
from pathlib import Path
from typing import Final, NamedTuple

KEY_BYTES: Final = 32
KEY_FILE: Final = "encryption.keys"
_KID: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")
_RIGHT: Final = (
    "write it as k1:BASE64, where BASE64 is `openssl rand -base64 32`; older keys follow after commas"
)


class KeyRow(NamedTuple):
    """One key: its id, stored with what it seals, and its 32 bytes."""

    kid: str
    secret: bytes

    def __repr__(self) -> str:
        return f"KeyRow({self.kid!r}, **********)"


def read_keys(text: str) -> tuple[KeyRow, ...]:
    """The keys of a setting or file, the active one first. Raises ValueError, without the text."""
    rows: list[KeyRow] = []
    for number, part in enumerate(text.strip().split(","), start=1):
        kid, _, encoded = part.strip().partition(":")
        if not _KID.fullmatch(kid):
            raise ValueError(
                f"names key {number} by an id that is not 1-32 letters, digits, - or _; {_RIGHT}"
            )
        try:
            secret = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise ValueError(f"holds a key {number} that is no base64; {_RIGHT}") from None
        if len(secret) != KEY_BYTES:
            raise ValueError(f"holds a key {number} of {len(secret)} bytes instead of {KEY_BYTES}; {_RIGHT}")
        rows.append(KeyRow(kid, secret))
    for field, values in (("id", {row.kid for row in rows}), ("key", {row.secret for row in rows})):
        if len(values) < len(rows):
            raise ValueError(f"gives the same {field} twice; each key has an id and a value of its own")
    return tuple(rows)


def made_keys(data_dir: Path) -> tuple[tuple[KeyRow, ...], bool]:
    """The keys of the data folder's own file, and whether this call made it (then the caller warns).

    Of several processes starting at once, one makes the file and the others read it. Raises ValueError when
    the file cannot be read as keys, OSError when it cannot be read or written.
    """
    path = data_dir / KEY_FILE
    made = False
    if not path.exists():
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = _write_once(path, f"k1:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n")
    try:
        return read_keys(path.read_text("ascii")), made
    except ValueError as error:
        raise ValueError(f"{path} {error}") from None


def _write_once(path: Path, text: str) -> bool:
    """Write a file that only its owner reads, whole or not at all; False when somebody else was first."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True
