"""A tape on its way into the book: uploaded, its columns named, tried, loaded; the feeds with their age."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path as File
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import msgspec
from fastapi import Form, Path, Query, Response
from starlette.datastructures import FormData, UploadFile

from casework.errors import CaseworkInputError
from casework.feeds import feeds as feeds_of
from casework.intake.mapping_file import bundled_names, bundled_text, parse_mapping
from casework.intake.preview import Line, preview, sample
from casework.intake.suggest import Given, Suggestion, keys_for, suggest
from casework.intake.tape import Kind
from casework.intake.uploads import (
    Upload,
    ask,
    keys_of,
    map_upload,
    path_of,
    portfolios_to_load,
    receive,
    refused_rows,
    take_away,
    upload_of,
    uploads_of,
)
from casework.staff.rights import Action
from console.guard import MOST_UPLOADED, UPLOAD
from console.registry import Page
from console.render import go, show
from console.visits import Visit, Visiting
from console.waking import wake

Key = Annotated[int, Path(ge=1, lt=1 << 63)]
Line_ = Annotated[str, Form(max_length=320)]

_CELLS: Final = 3  # of a column, as a sample
_ROWS: Final = 6  # of the preview
_REFUSED: Final = 50
_MOST_FILES: Final = 12
_OPEN: Final = ("queued", "running")
_PARTS: Final = ("loan", "installment", "payment")
_DATES: Final = ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d", "%d-%b-%Y")
_CONSTANTS: Final = ("portfolio", "currency", "zone", "source")
_COUNTS: Final = ("read", "loaded", "updated", "unchanged", "skipped", "rejected", "recalled")


async def tapes(visit: Visiting) -> Response:
    """What was uploaded, and where the next is."""
    return await _tapes(visit)


async def _tapes(visit: Visit, wrong: str | None = None) -> Response:
    found = await uploads_of(visit.desk.office, visit.member)
    return show(
        visit,
        "tapes.html",
        422 if wrong else 200,
        found=found,
        wrong=wrong,
        upload_to=UPLOAD,
        most=MOST_UPLOADED // (1024 * 1024),
    )


async def upload(visit: Visiting) -> Response:
    """A tape comes: its files are put where no other account reads them."""
    form = await visit.request.form()
    files = [one for one in form.getlist("tape") if isinstance(one, UploadFile) and one.filename]
    if not 0 < len(files) <= _MOST_FILES:
        return await _tapes(visit, visit.speech["tapes"]["choose"])
    folder = await asyncio.to_thread(_put, visit.desk.uploads, files)
    try:
        key = await receive(visit.desk.office, visit.member, folder, visit.now)
    except BaseException as error:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        if isinstance(error, CaseworkInputError):
            return await _tapes(visit, str(error).replace(f"{folder}/", ""))
        raise
    return go(f"/import/{key}")


def _put(root: File, files: list[UploadFile]) -> File:
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = File(tempfile.mkdtemp(dir=root))
    for one in files:
        name = re.sub(r"[^\w.-]+", "_", File(one.filename or "").name).lstrip(".")[-80:] or "tape"
        with (folder / name).open("xb") as into:
            shutil.copyfileobj(one.file, into)
        (folder / name).chmod(0o600)
    return folder


async def tape(visit: Visiting, key: Key, part: Annotated[bool, Query()] = False) -> Response:
    """One of them. `part`: how far it is alone, for the page that asks again and again."""
    of = await upload_of(visit.desk.office, visit.member, key)
    if part:
        headers = None if of.state in _OPEN else {"hx-refresh": "true"}
        return show(visit, "tape-state.html", headers=headers, of=of)
    return await _tape(visit, of)


async def _tape(visit: Visit, of: Upload, *, wrong: str | None = None, typed: str | None = None) -> Response:
    report: Mapping[str, Any] | None = msgspec.json.decode(of.report) if of.report else None
    values: dict[str, Any] = {"columns": None, "suggested": None, "lines": (), "unread": None}
    if of.state in ("new", "tried", "failed"):
        values |= await asyncio.to_thread(_read, visit, of)
    return show(
        visit,
        "tape.html",
        422 if wrong else 200,
        of=of,
        wrong=None if wrong is None else wrong.replace(f"{of.folder}/", "").replace(of.folder, of.name),
        mapping=typed or of.mapping or values.get("proposal") or "",
        report=report,
        counts=_COUNTS,
        refused=await asyncio.to_thread(refused_rows, of, _REFUSED) if of.state == "tried" else (),
        portfolios=await portfolios_to_load(visit.desk.office, visit.member),
        bundled=bundled_names(),
        parts=_PARTS,
        dates=_DATES,
        keys={part: keys_for(part) for part in _PARTS},
        running=of.state in _OPEN,
        said=_said(of),
        **values,
    )


def _said(of: Upload) -> dict[str, str]:
    """What was answered on the page, to be answered otherwise."""
    if of.mapping is None:
        return {}
    read = parse_mapping(of.mapping, "the mapping")
    constants, formats = read.constants, read.formats
    found = {
        "portfolio": of.portfolio or constants.portfolio,
        "currency": constants.currency,
        "zone": constants.zone,
        "source": constants.source,
        "date": formats.date,
        "phone_region": formats.phone_region,
        "attested": "yes" if constants.phone_state == "attested" else None,
    }
    return {key: value for key, value in found.items() if value}


def _read(visit: Visit, of: Upload) -> dict[str, Any]:
    """What the file holds: its columns with samples, what they may be, and its rows as they would be read."""
    found: dict[str, Any] = {"columns": None, "suggested": None, "lines": (), "unread": None}
    try:
        path = path_of(of)
        if path.is_file():
            proposal = suggest(path)
            found["columns"] = _columns(sample(path, _CELLS).columns, proposal, of)
            found["suggested"] = proposal
            found["proposal"] = proposal.mapping
        if of.mapping is not None:
            found["lines"] = _lines(visit, of, path)
    except CaseworkInputError as error:
        found["unread"] = str(error).replace(f"{of.folder}/", "").replace(of.folder, of.name)
    return found


def _columns(columns: Any, proposal: Suggestion, of: Upload) -> list[tuple[str, tuple[str, ...], str | None]]:
    """(column, its first cells, what it is): as it was chosen, else as it is proposed."""
    chosen = {column: key for key, column in proposal.columns.items()}
    if of.mapping is not None:
        chosen = keys_of(parse_mapping(of.mapping, "the mapping"))
    return [(column, cells, chosen.get(column)) for column, cells in columns]


def _lines(visit: Visit, of: Upload, path: File) -> list[Line]:
    mapping = parse_mapping(of.mapping or "", "the mapping")
    today = visit.now.astimezone(ZoneInfo(mapping.constants.zone or "UTC")).date()
    return preview(path, mapping, _kind(of.kind), of.portfolio, of.as_of or today, _ROWS)


def _kind(word: str) -> Kind:
    return "payments" if word == "payments" else "loans"


async def columns(visit: Visiting, key: Key) -> Response:
    """What the columns are, as it was said on the page."""
    of = await upload_of(visit.desk.office, visit.member, key)
    form = await visit.request.form()
    part = _field(form, "part")
    if part not in _PARTS:
        part = "loan"
    try:
        path = path_of(of)
        names = [name for name, _ in sample(path, 1).columns]
        given = Given(part, _chosen(form, names, part), *_answers(form))
        text = (await asyncio.to_thread(suggest, path, given)).mapping
        return await _mapped(visit, of, text, "payments" if part == "payment" else "loans", form)
    except CaseworkInputError as error:
        return await _tape(visit, of, wrong=str(error))


def _chosen(form: FormData, names: list[str], part: str) -> dict[str, str]:
    """key -> column; a key that was chosen for two columns is said back."""
    chosen: dict[str, str] = {}
    for at, name in enumerate(names):
        key = _field(form, f"c{at}")
        if key in keys_for(part):
            if key in chosen:
                raise CaseworkInputError(f"{chosen[key]} and {name} cannot both be {key.replace('_', ' ')}")
            chosen[key] = name
    return chosen


def _answers(form: FormData) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Constants, formats of single columns (none), formats."""
    constants = {key: value for key in _CONSTANTS if (value := _field(form, key))}
    if _field(form, "attested"):
        constants |= {"phone_state": "attested", "email_state": "attested"}
    formats = {key: value for key in ("date", "phone_region") if (value := _field(form, key))}
    return constants, {}, formats


def _field(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip()[:200] if isinstance(value, str) else ""


async def mapping(visit: Visiting, key: Key) -> Response:
    """A mapping that comes with Kept, or one that was written."""
    of = await upload_of(visit.desk.office, visit.member, key)
    form = await visit.request.form()
    name, typed = _field(form, "name"), form.get("text")
    text = bundled_text(name) if name in bundled_names() else typed if isinstance(typed, str) else ""
    try:
        return await _mapped(visit, of, text, _kind(_field(form, "kind")), form)
    except CaseworkInputError as error:
        return await _tape(visit, of, wrong=str(error), typed=text)


async def _mapped(visit: Visit, of: Upload, text: str, kind: Kind, form: FormData) -> Response:
    day = _field(form, "as_of")
    try:
        as_of = date.fromisoformat(day) if day else None
    except ValueError:
        raise CaseworkInputError(f"{day!r} is no day; write it like 2026-11-30") from None
    await map_upload(
        visit.desk.office,
        visit.member,
        of.id,
        text,
        kind=kind,
        portfolio=_field(form, "portfolio") or None,
        as_of=as_of,
        whole=bool(_field(form, "whole")),
        changes=bool(_field(form, "changes")),
    )
    return go(f"/import/{of.id}#preview")


async def begin(visit: Visiting, key: Key, how: Line_) -> Response:
    """Try it, load it, or take it away."""
    office, member, now = visit.desk.office, visit.member, visit.now
    try:
        if how == "away":
            await take_away(office, member, key, now)
            return go("/import")
        await ask(office, member, key, dry=how != "load", now=now)
    except CaseworkInputError as error:
        return await _tape(visit, await upload_of(office, member, key), wrong=str(error))
    await wake(visit.desk, "load_uploads")
    return go(f"/import/{key}")


async def feeds(visit: Visiting) -> Response:
    """The feeds, the oldest first."""
    found = await feeds_of(visit.desk.office, visit.member, visit.now)
    aged = [(one, int((visit.now - one.fed_at).total_seconds() // 3600)) for one in found]
    return show(visit, "feeds.html", found=aged)


_LOADS: Final = (Action.IMPORT_BOOK,)

PAGES: Final = (
    Page("/import", tapes, _LOADS, menu="import", group="book"),
    Page(UPLOAD, upload, _LOADS, method="POST"),
    Page("/import/{key}", tape, _LOADS),
    Page("/import/{key}/columns", columns, _LOADS, method="POST"),
    Page("/import/{key}/mapping", mapping, _LOADS, method="POST"),
    Page("/import/{key}/begin", begin, _LOADS, method="POST"),
    Page("/feeds", feeds, (Action.SEE_PORTFOLIO,), menu="feeds", group="book"),
)
