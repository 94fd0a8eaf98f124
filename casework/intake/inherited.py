"""What comes with a book on day one: consents and opt-outs, holds and marks, promises, contacts before us.

Files of the `kept` format, written in any of the ways a tape may be. The same file again changes nothing.
Loans and persons are those of the book: import the loans first.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from casework.consent import PURPOSES
from casework.intake.cells import CellError
from casework.intake.formats import amount_reader
from casework.intake.mapping import FilePart, LookUp
from casework.intake.order import Progress
from casework.intake.rejects import write_rows
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

InheritedKind = Literal["consents", "holds", "promises", "contacts"]
COLUMNS: Final[Mapping[InheritedKind, tuple[str, ...]]] = {
    "consents": ("borrower_id", "channel", "state", "at"),
    "holds": ("borrower_id", "loan_id", "kind", "from", "to"),
    "promises": ("loan_id", "amount", "due_on", "made_at"),
    "contacts": ("borrower_id", "at", "channel", "direction", "result", "loan_ids"),
}
_CHANNELS: Final = ("sms", "email", "chat", "call", "visit")
_PERSONAL: Final = frozenset(
    {"deceased", "bankrupt", "represented", "cease", "refusal", "hardship", "vulnerable"}
)
_OF_DEBTS: Final = frozenset(
    {"dispute", "moratorium", "claims_paid", "recalled", "sold", "fraud", "complaint", "plan", "promise"}
)
_BATCH: Final = 5_000

Cells = Mapping[str, str]
_Reject = tuple[int, str, str, list[str]]


class InheritedReport(msgspec.Struct, frozen=True):
    """What became of the rows of the file: read = loaded + unchanged + rejected."""

    kind: str
    read: int
    loaded: int
    unchanged: int
    rejected: int
    rejects_file: str | None
    reasons: Sequence[tuple[str, str, int]]
    dry_run: bool

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
        self._seal = partial(office.keyring.seal, "consents", "note")
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
        named = [dict(zip(header, (cell.strip() for cell in row), strict=False)) for _, row in batch]
        persons = await stored.persons(raw, {row["borrower_id"] for row in named if row.get("borrower_id")})
        loans = await stored.loans(raw, {loan for row in named for loan in _loans_of(row)})
        known = _Known(persons, loans, self._grace, self._now)
        made: list[tuple[Any, ...]] = []
        for (number, row), cells in zip(batch, named, strict=True):
            try:
                _check(row, self._file)
                found = _READERS[self._kind](known, cells)
            except CellError as error:
                self._rejects.append((number, error.column, error.reason, row))
                continue
            made.append(found)
        return made


def _check(row: Sequence[str], file: TapeFile) -> None:
    if len(row) != len(file.header):
        raise CellError("", "", f"has {len(row)} cells, the header has {len(file.header)}")


class _Known(msgspec.Struct, frozen=True):
    persons: Mapping[str, Any]  # external id -> (id, zone), None where two sources have it
    loans: Mapping[str, Any]  # external id -> (id, borrower, zone, currency, portfolio)
    grace: Mapping[int, int]
    now: datetime

    def person(self, cells: Cells) -> Any:
        """The person of the row, by the borrower's id. Raises CellError."""
        return _one(self.persons, cells.get("borrower_id", ""), "borrower_id", "person")

    def loan(self, text: str, column: str) -> Any:
        """The loan of that id. Raises CellError."""
        return _one(self.loans, text, column, "loan")


def _one(known: Mapping[str, Any], text: str, column: str, what: str) -> Any:
    if not text:
        raise CellError(column, "", f"is empty: the {what}'s id is needed")
    if text not in known:
        raise CellError(column, text, f"no {what} of this id is in the book")
    if known[text] is None:
        raise CellError(column, text, f"two sources have a {what} of this id: which is meant?")
    return known[text]


def _loans_of(row: Cells) -> list[str]:
    text = row.get("loan_id") or row.get("loan_ids") or ""
    return [one for one in (part.strip() for part in text.replace("|", ";").split(";")) if one]


def _consent(known: _Known, cells: Cells) -> tuple[object, ...]:
    person = known.person(cells)
    channel, state = cells["channel"], cells["state"]
    if channel not in _CHANNELS and channel != "all":
        raise CellError("channel", channel, f"is unknown: all, or one of {', '.join(_CHANNELS)}")
    if state not in ("granted", "revoked"):
        raise CellError("state", state, "is unknown: granted or revoked")
    at = _moment(cells, "at", person["zone"], known.now)
    channels = list(_CHANNELS) if channel == "all" else [channel]
    return person["id"], channels, _purpose(cells, state), state, at, cells.get("evidence") or None


def _purpose(cells: Cells, state: str) -> str | None:
    """What the consent is for; None: whatever a consent is asked for.

    One to something else permits no reminder, so it keeps its word. A stop of something that we do not know
    may mean our reminders as well: it closes everything.
    """
    purpose = (cells.get("purpose") or "").casefold()
    if purpose in ("", "all"):
        return None
    return purpose if state == "granted" or purpose in PURPOSES else None


def _hold(known: _Known, cells: Cells) -> tuple[object, ...]:
    kind = cells["kind"]
    if kind not in _PERSONAL | _OF_DEBTS:
        raise CellError("kind", kind, f"is unknown: one of {', '.join(sorted(_PERSONAL | _OF_DEBTS))}")
    loan = known.loan(cells["loan_id"], "loan_id") if cells["loan_id"] else None
    if loan is None and kind in _OF_DEBTS - {"moratorium", "complaint"}:
        raise CellError("loan_id", "", f"is empty: {kind} is a hold of a debt, and needs the loan")
    if loan is not None and not cells["borrower_id"]:
        who, zone = loan["borrower"], loan["zone"]
    else:
        person = known.person(cells)
        who, zone = person["id"], person["zone"]
    starts = _moment(cells, "from", zone, known.now) if cells["from"] else known.now
    ends = _end(cells["to"], zone) if cells["to"] else None
    if ends is not None and ends <= starts:
        raise CellError("to", cells["to"], "ends before it begins")
    debt = loan["id"] if loan is not None and kind not in _PERSONAL else None
    return who, debt, kind, starts, ends


def _promise(known: _Known, cells: Cells) -> tuple[object, ...]:
    loan = known.loan(cells["loan_id"], "loan_id")
    try:
        amount = amount_reader(".", None, loan["currency"], None)(cells["amount"])
    except ValueError as error:
        raise CellError("amount", cells["amount"], str(error)) from None
    made = _moment(cells, "made_at", loan["zone"], known.now)
    due = _day(cells, "due_on")
    if amount <= 0:
        raise CellError("amount", cells["amount"], "is not above zero")
    last = due + timedelta(days=known.grace.get(loan["portfolio"], 0))
    made_on = made.astimezone(ZoneInfo(loan["zone"])).date()
    if due < made_on:
        raise CellError("due_on", cells["due_on"], "is before the day on which it was promised")
    return loan["case_id"], loan["id"], amount, made, made_on, due, last, _end_of(last, loan["zone"])


def _contact(known: _Known, cells: Cells) -> tuple[object, ...]:
    person = known.person(cells)
    channel, direction = cells["channel"], cells["direction"]
    if channel not in _CHANNELS:
        raise CellError("channel", channel, f"is unknown: one of {', '.join(_CHANNELS)}")
    if direction not in ("in", "out"):
        raise CellError("direction", direction, "is unknown: in or out")
    loans = [known.loan(one, "loan_ids")["id"] for one in _loans_of(cells)]
    at = _moment(cells, "at", person["zone"], known.now)
    return person["id"], at, channel, direction == "in", cells["result"][:40], loans


_READERS: Final[Mapping[InheritedKind, Callable[[_Known, Cells], tuple[object, ...]]]] = {
    "consents": _consent,
    "holds": _hold,
    "promises": _promise,
    "contacts": _contact,
}


def _moment(cells: Cells, column: str, zone: str, now: datetime) -> datetime:
    """A moment with its zone, or a local one of the person's; a day alone is its beginning."""
    text = cells[column]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CellError(column, text, "is no moment: 2026-03-01, or 2026-03-01T09:30+01:00") from None
    at = (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    if at > now:
        raise CellError(column, text, "has not come yet")
    return at


def _day(cells: Cells, column: str) -> date:
    try:
        return date.fromisoformat(cells[column])
    except ValueError:
        raise CellError(column, cells[column], "is no date: 2026-03-01") from None


def _end(text: str, zone: str) -> datetime:
    """The end of the last day, or the moment."""
    try:
        if len(text) == 10:
            return _end_of(date.fromisoformat(text), zone)
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CellError("to", text, "is no moment: 2026-03-01, or 2026-03-01T09:30+01:00") from None
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def _end_of(day: date, zone: str) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)
