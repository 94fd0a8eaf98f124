"""Tapes that are uploaded on a page: mapped there, tried, and loaded by a worker; the same import as by hand.

A file waits in the data folder, readable by the machine's account alone, until it is loaded or a week has
passed.
Only who uploaded one sees what is in it.
"""

import asyncio
import contextlib
import csv
import shutil
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import structlog

from casework.errors import CaseworkInputError
from casework.intake.import_tape import import_tape
from casework.intake.mapping import Mapping as TapeMapping
from casework.intake.mapping_file import parse_mapping
from casework.intake.order import Order
from casework.intake.tape import Kind, open_tape
from casework.office import Clock, Office
from casework.staff.desk import portfolios_for
from casework.staff.people import Member, member_in
from casework.staff.rights import RIGHTS, Action, Actor, Denied, require
from storage.audit import Event, write
from storage.intake import uploads as stored
from storage.intake.uploads import Upload

__all__ = ["Refused", "Upload", "ask", "map_upload", "receive", "refused_rows", "take_away", "upload_of"]

KEPT_FOR: Final = timedelta(days=7)
_MOST: Final = 20
_SILENT: Final = timedelta(minutes=2)  # a worker that was not heard so long is gone
_BEAT: Final = 1.0  # seconds

log: structlog.stdlib.BoundLogger = structlog.get_logger("uploads")


class Refused(msgspec.Struct, frozen=True):
    """A row that was not taken. `key`: what its column is of a loan or payment, "" where none knows."""

    file: str
    row: str
    column: str
    value: str
    reason: str
    key: str


def _require(member: Member) -> None:
    if Action.IMPORT_BOOK not in RIGHTS[member.actor.role]:
        require(member.actor, Action.IMPORT_BOOK)


async def receive(office: Office, member: Member, folder: Path, now: datetime) -> int:
    """A tape lies in `folder` (its files and nothing else); its number. Raises Denied, CaseworkInputError."""
    _require(member)
    name, size = await asyncio.to_thread(_lies_in, folder)
    async with office.transaction() as raw:
        for old in await stored.forgotten(raw, now - KEPT_FOR):
            await asyncio.to_thread(shutil.rmtree, old.folder, ignore_errors=True)
            await stored.end(raw, old.id, "gone", old.report, old.error, old.approval)
        key = await stored.add(raw, member.id, name, str(folder), size, now)
        await write(raw.connection, [_event(member.actor, "tape.uploaded", key, now)])
    return key


def _lies_in(folder: Path) -> tuple[str, int]:
    """How the files of a tape are called, and their size."""
    files = sorted(folder.iterdir())
    size = sum(file.stat().st_size for file in files)
    if not size:
        raise CaseworkInputError("the file is empty; choose the tape once more")
    return (files[0].name if len(files) == 1 else f"{files[0].name} +{len(files) - 1}"), size


async def uploads_of(office: Office, member: Member) -> Sequence[Upload]:
    """Their tapes, the newest first. Raises Denied."""
    _require(member)
    async with office.transaction() as raw:
        return await stored.of_staff(raw, member.id, _MOST)


async def upload_of(office: Office, member: Member, upload: int) -> Upload:
    """One of theirs. Raises Denied, CaseworkInputError."""
    _require(member)
    async with office.transaction() as raw:
        found = await stored.one(raw, upload)
    if found is None or found.staff != member.id:
        raise CaseworkInputError("you uploaded no such tape")
    return found


def path_of(upload: Upload) -> Path:
    """What the import reads: the file, or the folder with the files of one tape."""
    folder = Path(upload.folder)
    try:
        files = list(folder.iterdir())
    except FileNotFoundError:
        raise CaseworkInputError("this tape is not kept any more; upload it again") from None
    return files[0] if len(files) == 1 else folder


async def map_upload(
    office: Office,
    member: Member,
    upload: int,
    mapping: str,
    *,
    kind: Kind,
    portfolio: str | None = None,
    as_of: date | None = None,
    whole: bool = False,
    changes: bool = False,
) -> TapeMapping:
    """It is to be read so: as the `whole` book, or as no more than its `changes`, if somebody says so.

    Raises Denied, CaseworkInputError, MappingError, TapeError where the files do not have that.
    """
    if whole and changes:
        raise CaseworkInputError("a tape is the whole book, or what changed of it; say one of them")
    found = await upload_of(office, member, upload)
    _check_at_rest(found)
    read = parse_mapping(mapping, "the mapping")
    await asyncio.to_thread(open_tape, path_of(found), read, kind)
    async with office.transaction() as raw:
        await stored.set_reading(raw, upload, kind, mapping, portfolio, as_of, whole, changes)
    return read


async def ask(office: Office, member: Member, upload: int, *, dry: bool, now: datetime) -> None:
    """It is to be tried, or loaded, by a worker. Raises Denied, CaseworkInputError."""
    found = await upload_of(office, member, upload)
    _check_at_rest(found)
    if found.mapping is None:
        raise CaseworkInputError("say first what its columns are")
    if not dry and found.state != "tried":
        raise CaseworkInputError("try it first: what a dry run finds is seen before anything is loaded")
    path_of(found)
    async with office.transaction() as raw:
        await stored.ask(raw, upload, dry=dry)
        await write(
            raw.connection, [_event(member.actor, "tape.tried" if dry else "tape.asked", upload, now)]
        )


async def take_away(office: Office, member: Member, upload: int, now: datetime) -> None:
    """The file is deleted. Raises Denied, CaseworkInputError."""
    found = await upload_of(office, member, upload)
    _check_at_rest(found)
    await asyncio.to_thread(shutil.rmtree, found.folder, ignore_errors=True)
    async with office.transaction() as raw:
        await stored.end(raw, upload, "gone", found.report, None, None)
        await write(raw.connection, [_event(member.actor, "tape.taken_away", upload, now)])


def _check_at_rest(upload: Upload) -> None:
    if upload.state not in ("new", "tried", "failed"):
        raise CaseworkInputError(f"this tape is {upload.state} and cannot be changed now")


def refused_rows(upload: Upload, most: int) -> list[Refused]:
    """The first rows that the dry run refused, as they stand in its file of rejects."""
    report: Mapping[str, Any] = msgspec.json.decode(upload.report or "{}")
    path = report.get("rejects_file")
    if path is None or not Path(path).is_file():
        return []
    keys = keys_of(parse_mapping(upload.mapping, "the mapping")) if upload.mapping else {}
    made: list[Refused] = []
    with Path(path).open(encoding="utf-8", newline="") as lines:
        for cells in csv.reader(lines):
            if len(made) > most:
                break
            file, row, column, value, reason = cells[:5]
            made.append(Refused(file, row, column, value, reason, keys.get(column.split(", ")[0], "")))
    return made[1:]


def keys_of(mapping: TapeMapping) -> dict[str, str]:
    """What each column is: the first key of the mapping that reads it."""
    found: dict[str, str] = {}
    for part in mapping.files.values():
        for stated in (part.loan, part.party, part.installment, part.schedule, *part.payments):
            for key in () if stated is None else type(stated).model_fields:
                value = getattr(stated, key)
                for column in value.columns() if hasattr(value, "columns") else ():
                    found.setdefault(column, key)
    return found


# --- a worker -------------------------------------------------------------------------------------------


async def work_uploads(office: Office, clock: Clock) -> int:
    """Try or load what was asked for, one after the other; how many."""
    count = 0
    while True:
        now = clock.now()
        async with office.transaction() as raw:
            found = await stored.take(raw, now, now - _SILENT)
            member = None if found is None else await member_in(raw, found.staff)
        if found is None:
            return count
        await _work(office, found, member, clock)
        count += 1


async def _work(office: Office, upload: Upload, member: Member | None, clock: Clock) -> None:
    ended: tuple[Literal["tried", "loaded", "held", "failed"], str | None, str | None, int | None]
    gone = "who uploaded it is not on the staff any more"
    try:
        ended = (
            ("failed", None, gone, None)
            if member is None
            else await _imported(office, upload, member.actor, clock)
        )
    except (CaseworkInputError, Denied) as error:
        said = str(error).replace(f"{upload.folder}/", "").replace(upload.folder, upload.name)
        ended = "failed", None, said, None
    except Exception as error:  # whatever it is: nothing of the tape was kept, and somebody waits
        log.exception("a tape could not be imported", upload=upload.id)
        ended = "failed", None, f"it cannot be read ({type(error).__name__}); nothing of it was kept", None
    async with office.transaction() as raw:
        await stored.end(raw, upload.id, *ended)
    if ended[0] == "loaded":
        await asyncio.to_thread(shutil.rmtree, upload.folder, ignore_errors=True)


async def _imported(
    office: Office, upload: Upload, actor: Actor, clock: Clock
) -> tuple[Literal["tried", "loaded", "held"], str, None, int | None]:
    order = Order(
        kind="payments" if upload.kind == "payments" else "loans",
        path=path_of(upload),
        mapping=parse_mapping(upload.mapping or "", "the mapping"),
        rejects_folder=Path(upload.folder).parent.parent / "rejects",
        portfolio=upload.portfolio,
        as_of=upload.as_of,
        full=upload.whole,
        delta=upload.changes,
        dry_run=upload.dry,
    )
    last = ("reading", 0, 0)

    def heard(what: str, done: int, total: int) -> None:
        nonlocal last
        last = (what, done, total)

    async def beats() -> None:
        while True:
            async with office.transaction() as raw:
                await stored.beat(raw, upload.id, *last, clock.now())
            await asyncio.sleep(_BEAT)

    beating = asyncio.create_task(beats())
    try:
        report = await import_tape(office, actor, order, clock.now(), heard)
    finally:
        beating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beating
    document = msgspec.json.encode(report.document()).decode()
    if upload.dry:
        return "tried", document, None, None
    if report.held_for_approval:
        return "held", document, None, int(report.held_for_approval)
    return "loaded", document, None, None


async def portfolios_to_load(office: Office, member: Member) -> list[str]:
    """Codes of the portfolios that they may load into. Raises Denied where the book has others alone."""
    _require(member)
    async with office.transaction() as raw:
        specs = (await office.book(raw)).portfolios
        if not specs:
            return []
        return sorted(
            specs[one].portfolio for one in await portfolios_for(raw, office, member, Action.IMPORT_BOOK)
        )


def _event(actor: Actor, action: str, upload: int, now: datetime) -> Event:
    return Event(now, actor.name, actor.role, action, "upload", upload)
