"""What comes with a book on day one: consents and opt-outs, holds and marks, promises, contacts before us.

Files of the `kept` format, written in any of the ways a tape may be. The same file again changes nothing.
Loans and persons are those of the book: import the loans first.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from casework.intake.cells import CellError
from casework.intake.inherited_rows import READERS, InheritedKind, Known, loans_of
from casework.intake.mapping import FilePart, LookUp
from casework.intake.order import Progress
from casework.intake.refused_stops import STOPS, Refused, keep_refused
from casework.intake.rejects import write_rows
from casework.intake.report import NO_ROWS
from casework.intake.rows import rows_of
from casework.intake.tape import open_single
from casework.intake.tape_file import TapeFile
from casework.office import Office
from casework.portfolios import spec_of
from casework.staff.rights import Action, Actor, require
from storage.audit import Datum, Event, write
from storage.intake import inherited as stored
from storage.portfolios import all_portfolios
from storage.raw import Raw

COLUMNS: Final[Mapping[InheritedKind, tuple[str, ...]]] = {
    "consents": ("borrower_id", "channel", "state", "at"),
    "holds": ("borrower_id", "loan_id", "kind", "from", "to"),
    "promises": ("loan_id", "amount", "due_on", "made_at"),
    "contacts": ("borrower_id", "at", "channel", "direction", "result", "loan_ids"),
}
_BATCH: Final = 5_000

_Reject = tuple[int, str, str, list[str]]


class InheritedReport(msgspec.Struct, frozen=True):
    """What became of the rows of the file: read = loaded + unchanged + rejected.

    notes  what was made of stops and holds that could not be read as they stand
    """

    kind: str
    read: int
    loaded: int
    unchanged: int
    rejected: int
    rejects_file: str | None
    reasons: Sequence[tuple[str, str, int]]
    dry_run: bool
    notes: Sequence[str] = ()

    def document(self) -> dict[str, Any]:
        """As `--json` prints it: with the counts that other imports have."""
        return {
            **msgspec.to_builtins(self),
            "updated": 0,
            "skipped": 0,
            "sums": {},
            "held_for_approval": False,
            "reasons": [{"column": c, "reason": reason, "rows": rows} for c, reason, rows in self.reasons],
        }


class _NothingKept(Exception):  # noqa: N818 - rolls a dry run back
    pass


async def import_inherited(
    office: Office,
    actor: Actor,
    kind: InheritedKind,
    path: Path,
    rejects_folder: Path,
    now: datetime,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> InheritedReport:
    """Load a file of `kind` in one transaction. Raises TapeError, Denied."""
    require(actor, Action.IMPORT_BOOK)
    file = _opened(path, kind)
    rejects: list[_Reject] = []
    read = loaded = unchanged = 0
    notes: list[str] = []
    try:
        async with office.transaction() as raw:
            terms = {row.id: spec_of(row).promises.grace_days for row in await all_portfolios(raw)}
            loading = _Loading(office, raw, kind, file, terms, now, rejects)
            batch: list[tuple[int, list[str]]] = []
            for number, row in rows_of(file):
                read += 1
                batch.append((number, row))
                if len(batch) == _BATCH:
                    await loading.load(batch)
                    batch = []
                    if progress:
                        progress("reading", read, read)
            await loading.load(batch)
            loaded, unchanged = loading.loaded, loading.unchanged
            held, waiting = await loading.keep_refused()
            notes = [f"{text}: {rows} rows" for text, rows in loading.assumed.items()]
            if not read:
                notes.append(NO_ROWS)
            if held:
                notes.append(
                    f"{held} persons of refused rows are held (refused opt out) until somebody has looked "
                    "and lifts it"
                )
            if waiting:
                notes.append(
                    f"{waiting} rows of nobody in the book wait, and are obeyed when a tape brings them"
                )
            await stored.touch_cases(raw, loading.cases, now)
            data: dict[str, Datum] = {"kind": kind, "read": read, "loaded": loaded, "unchanged": unchanged}
            event = Event(now, actor.name, actor.role, Action.IMPORT_BOOK, "import", None, data)
            await write(raw.connection, [event])
            _keep_or_not(dry_run=dry_run)
    except _NothingKept:
        pass
    reasons: dict[tuple[str, str], int] = {}
    for _, column, reason, _ in rejects:
        reasons[column, reason] = reasons.get((column, reason), 0) + 1
    return InheritedReport(
        kind,
        read,
        loaded,
        unchanged,
        len(rejects),
        _write_rejects(path, file, rejects, rejects_folder, now),
        [(*said, rows) for said, rows in sorted(reasons.items(), key=lambda one: -one[1])],
        dry_run,
        notes,
    )


class Elsewhere(msgspec.Struct, frozen=True):
    """A contact that another system made: with whom, when, how, about which loans (none: it does not say)."""

    person: int
    at: datetime
    channel: str
    inbound: bool
    result: str
    loans: tuple[int, ...]


async def read_contacts(
    office: Office, raw: Raw, path: Path, rejects_folder: Path, now: datetime
) -> tuple[list[Elsewhere], int, str | None]:
    """A file of contacts as it would be imported, and nothing kept: (contacts, rows refused, their file)."""
    file = _opened(path, "contacts")
    rejects: list[_Reject] = []
    reading = _Loading(office, raw, "contacts", file, {}, now, rejects)
    made: list[Elsewhere] = []
    rows = rows_of(file)
    while batch := list(islice(rows, _BATCH)):
        made += [
            Elsewhere(person, at, channel, inbound, result, tuple(loans))
            for person, at, channel, inbound, result, loans in await reading.read(batch)
        ]
    return made, len(rejects), _write_rejects(path, file, rejects, rejects_folder, now)


def _opened(path: Path, kind: InheritedKind) -> TapeFile:
    columns = COLUMNS[kind]
    return open_single(path, kind, FilePart(known_by=list(columns), look_up=LookUp(key=columns[0])))


def _write_rejects(
    path: Path, file: TapeFile, rejects: Sequence[_Reject], folder: Path, now: datetime
) -> str | None:
    if not rejects:
        return None
    target = folder / f"{path.stem}-{now:%Y%m%dT%H%M%S}-rejects.csv"
    write_rows(target, file, rejects)
    return str(target)


def _keep_or_not(*, dry_run: bool) -> None:
    if dry_run:
        raise _NothingKept


class _Loading:
    """The rows of one file, read and written some at a time in one transaction."""

    def __init__(
        self,
        office: Office,
        raw: Raw,
        kind: InheritedKind,
        file: TapeFile,
        grace: Mapping[int, int],
        now: datetime,
        rejects: list[_Reject],
    ) -> None:
        self._raw, self._file, self._rejects = raw, file, rejects
        self._kind: InheritedKind = kind
        self._grace, self._now = grace, now
        self._office = office
        self._seal = partial(office.keyring.seal, "consents", "note")
        self._refused: list[Refused] = []
        self.assumed: Counter[str] = Counter()
        self.loaded = self.unchanged = 0
        self.cases: set[int] = set()

    async def load(self, batch: Sequence[tuple[int, list[str]]]) -> None:
        """Resolve the persons and loans of some rows, read them, and write what is new."""
        if not batch:
            return
        made = await self.read(batch)
        new, touched = await stored.WRITE[self._kind](self._raw, made, self._now, self._seal)
        self.loaded += new
        self.unchanged += len(made) - new
        self.cases.update(touched)

    async def read(self, batch: Sequence[tuple[int, list[str]]]) -> list[tuple[Any, ...]]:
        """What can be read of some rows; the others are rejects."""
        raw, header = self._raw, self._file.header
        none = dict.fromkeys(header, "")
        named = [none | dict(zip(header, (cell.strip() for cell in row), strict=False)) for _, row in batch]
        persons = await stored.persons(raw, {row["borrower_id"] for row in named if row.get("borrower_id")})
        loans = await stored.loans(raw, {loan for row in named for loan in loans_of(row)})
        known = Known(persons, loans, self._grace, self._now, self.assumed)
        made: list[tuple[Any, ...]] = []
        for (number, row), cells in zip(batch, named, strict=True):
            try:
                _check(row, self._file)
                found = READERS[self._kind](known, cells)
            except CellError as error:
                self._rejects.append((number, error.column, error.reason, row))
                if self._kind in STOPS:
                    self._refused.append(Refused(self._kind, cells, known.records(cells), known.waits(cells)))
                continue
            made.append(found)
        return made

    async def keep_refused(self) -> tuple[int, int]:
        """Persons held for what was refused of them, and rows that wait for somebody: how many of each."""
        held, waiting = await keep_refused(self._raw, self._office, self._refused, self._now)
        self.cases.update(await stored.cases_of(self._raw, held))
        return len(held), waiting


def _check(row: Sequence[str], file: TapeFile) -> None:
    if len(row) != len(file.header):
        raise CellError("", "", f"has {len(row)} cells, the header has {len(file.header)}")
