"""Loans, schedules and payments that another system pushes, as a small tape: one way in for both.

What is pushed is written as files of the `kept` format and goes through the import: the same validation,
guard, rejects, balances and audit. It says what it has and is silent about all else; only `complete_to` says
that there was no other payment. The files are gone when the answer is: they are personal data.
"""

import shutil
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec

from casework.intake.import_tape import import_in
from casework.intake.mapping import Mapping as TapeMapping
from casework.intake.mapping_file import find_mapping
from casework.intake.order import Order
from casework.intake.rejects import column_of
from casework.office import Office
from casework.staff.rights import Actor
from storage.intake.refuse import rejects
from storage.raw import Raw

Part = Literal["loans", "installments", "payments", "parties"]

_WAITS: Final = ".held"  # in a folder that waits for approval
_FORGOTTEN: Final = 3600.0  # seconds after which a folder is of a process that was killed


class Row(msgspec.Struct, frozen=True):
    """One row of the tape, and where it stands in what was pushed ("loans[2]").

    wrong  what was wrong with it before it was a row: its cells are then no more than the ids of its loan
    """

    part: Part
    where: str
    cells: Mapping[str, str]
    wrong: "tuple[Refused, ...]" = ()


class Refused(msgspec.Struct, frozen=True):
    """A row that was not taken. `column`: which of the tape's, where it is one."""

    where: str
    column: str
    reason: str
    right: str | None = None


class Pushed(msgspec.Struct, frozen=True):
    """What became of it. `held`: the number of the question that somebody must answer first; and why."""

    number: int | None
    counts: Mapping[str, int]
    refused: tuple[Refused, ...]
    held: int | None
    notes: tuple[str, ...]


class Papers(msgspec.Struct):
    """The folder of one push: gone at the end, unless it `waits` for approval."""

    folder: Path
    waits: bool = False


@contextmanager
def papers(folder: Path) -> Generator[Papers]:
    """A folder of one push's own below `folder`; those that a killed process left there are removed."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = Path(tempfile.mkdtemp(dir=folder))
    now = own.stat().st_mtime  # by the clock of the files
    for left in folder.iterdir():
        with suppress(FileNotFoundError):  # its own process removed it
            if now - left.stat().st_mtime > _FORGOTTEN and not (left / "tape" / _WAITS).exists():
                shutil.rmtree(left, ignore_errors=True)
    made = Papers(own)
    try:
        yield made
    except BaseException:
        made.waits = False
        raise
    finally:
        if not made.waits:
            shutil.rmtree(made.folder, ignore_errors=True)


async def push_in(
    raw: Raw,
    office: Office,
    actor: Actor,
    rows: Sequence[Row],
    made: Papers,
    now: datetime,
    *,
    portfolio: str | None = None,
    complete_to: datetime | None = None,
) -> Pushed:
    """Take the rows into the book in the caller's transaction. Raises CaseworkInputError, Denied."""
    parts: dict[str, list[Row]] = {}
    for row in rows:
        parts.setdefault(row.part, []).append(row)
    tape = _written(parts, made.folder / "tape")
    alone = parts.keys() == {"payments"}
    order = Order(
        kind="payments" if alone else "loans",
        path=tape,
        mapping=_mapping(),
        rejects_folder=made.folder / "rejects",
        portfolio=portfolio,
        pushed=True,
        complete_to=complete_to,
    )
    report, job = await import_in(raw, office, actor, order, now)
    job.papers.drop()
    counts = {name: getattr(report, name) for name in ("loaded", "updated", "unchanged", "rejected")}
    if report.held_for_approval:
        made.waits = True
        _wait(tape)
        why = [note for note in report.notes if note.startswith("looks wrong")]
        return Pushed(None, counts, (), int(report.held_for_approval), tuple(why))
    refused: list[Refused] = []
    if report.rejected:
        async for batch in rejects(raw):
            for file_no, row_no, column, reason in batch:
                place, line = int(file_no), int(row_no)
                file = job.tape.files[place]
                row = parts[file.name][line - 1]
                refused += row.wrong or (Refused(row.where, column or column_of(file, reason), reason),)
    notes = list(report.notes)
    if report.addresses_aside:
        notes.append(f"{report.addresses_aside} addresses cannot be read; their loans are in without them")
    return Pushed(report.import_id, counts, tuple(refused), None, tuple(notes))


def _written(parts: Mapping[str, Sequence[Row]], tape: Path) -> Path:
    tape.mkdir(mode=0o700)
    for part, of in parts.items():
        path = tape / f"{part}.jsonl"
        path.write_bytes(b"".join(msgspec.json.encode(row.cells) + b"\n" for row in of))
        path.chmod(0o600)
    return tape


def _wait(tape: Path) -> None:
    (tape / _WAITS).touch()


@cache
def _mapping() -> TapeMapping:
    """The `kept` format, of which a push may have any part."""
    found = find_mapping("kept")
    loans = found.files["loans"].model_copy(update={"may_be_absent": True})
    return found.model_copy(update={"files": {**found.files, "loans": loans}})
