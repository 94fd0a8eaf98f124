"""What to import and how, and the digest that knows the same tape again."""

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import msgspec

from casework.intake.mapping import Mapping
from casework.intake.tape import Kind, Tape

# What is being done, how far, of how much.
Progress = Callable[[str, int, int], None]


class Order(msgspec.Struct, frozen=True):
    """What to import and how.

    kind            `loans` (a whole tape) or `payments` (a file of payments alone)
    path            the file, or the folder that holds the files of one tape
    portfolio       the code that rows without one take; None: the mapping's or the rows' own
    as_of           take only what had happened by the end of this day; None: by now
    full            recall the loans that the tape does not have
    delta           it has what changed since the last one, and all that was paid: no loan is missing from it
    dry_run         do all of it, keep nothing
    rejects_folder  where the file of refused rows is put
    pushed          it says what it has and is silent about all else: no loan is missing from it, and it does
                    not take the place of a tape that waits for approval
    complete_to     of what is pushed: every payment received by then has been told
    """

    kind: Kind
    path: Path
    mapping: Mapping
    rejects_folder: Path
    portfolio: str | None = None
    as_of: date | None = None
    full: bool = False
    delta: bool = False
    dry_run: bool = False
    pushed: bool = False
    complete_to: datetime | None = None


def content_digest(order: Order, tape: Tape) -> bytes:
    """Of the files' bytes, whatever their names, and of how they are read."""
    digest = hashlib.sha256(order.mapping.model_dump_json().encode())
    digest.update(f"{order.kind} {order.portfolio}".encode())
    for file in (*tape.files, *tape.look_ups):
        with file.path.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return digest.digest()
