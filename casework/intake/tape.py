"""The files of a tape: which is which (by their columns), how each is written, what a look-up file holds."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from casework.intake.encoding import HEAD_BYTES, encoding_of
from casework.intake.mapping import FilePart, Mapping, columns_of, look_ups_of
from casework.intake.proof import with_proven_dates
from casework.intake.rows import (
    csv_rows,
    first_row,
    is_workbook,
    keys_of,
    rows_of,
    sheet_of,
    sheet_rows,
    sheets_of,
)
from casework.intake.tape_file import TapeError, TapeFile, Written

Kind = Literal["loans", "payments"]

DELIMITERS: Final = (",", ";", "\t", "|")
_ESCAPE: Final = "\\"

# How a file may be written, with its header by that; the text of its beginning where it is a CSV.
_Ways = Callable[[FilePart], Iterator[tuple[Written, tuple[str, ...]]]]


class Tape(msgspec.Struct, frozen=True):
    """The files that state something, in the order of the mapping; those looked up; those nobody knows."""

    files: tuple[TapeFile, ...]
    look_ups: tuple[TapeFile, ...]
    not_read: tuple[str, ...]


def open_tape(path: Path, mapping: Mapping, kind: Kind) -> Tape:
    """Find the files of the tape at `path` (a file, or the folder that holds them). Raises TapeError.

    Each sheet of a workbook is a file of its own. `payments` reads only what states nothing but payments.
    """
    wanted = _wanted(mapping, kind)
    found: dict[str, TapeFile] = {}
    not_read: list[str] = []
    candidates = [one for each in _paths(path) for one in _candidates(each)]
    for candidate, label, ways in candidates:
        known = _recognised(candidate, label, ways, wanted, alone=len(candidates) == 1)
        if known is None:
            not_read.append(label)
        elif known.name in found:
            raise TapeError(
                f"{path}: {found[known.name].label} and {label} both look like {known.name} of "
                f"mapping {mapping.name}: keep one of them in the folder"
            )
        else:
            found[known.name] = known
    for name, part in wanted.items():
        if name not in found and not part.may_be_absent:
            raise TapeError(
                f"{path}: no file has the columns {', '.join(part.known_by)}, "
                f"by which mapping {mapping.name} knows {name}"
            )
    files = [with_proven_dates(found[name], mapping.formats) for name in wanted if name in found]
    if not any(file.part.look_up is None for file in files):
        raise TapeError(f"{path}: nothing here that mapping {mapping.name} can read: {_described(wanted)}")
    return Tape(
        tuple(file for file in files if file.part.look_up is None),
        tuple(file for file in files if file.part.look_up is not None),
        tuple(not_read),
    )


def open_single(path: Path, name: str, part: FilePart) -> TapeFile:
    """The one file at `path` that has the columns of `part`. Raises TapeError."""
    candidates = [one for each in _paths(path) for one in _candidates(each)]
    found = [
        _recognised(each, label, ways, {name: part}, alone=len(candidates) == 1)
        for each, label, ways in candidates
    ]
    known = [file for file in found if file is not None]
    if len(known) != 1:
        raise TapeError(
            f"{path}: {len(known)} files have the columns {', '.join(part.known_by)}: one is wanted"
        )
    return known[0]


def open_any(path: Path) -> TapeFile:
    """The one file or sheet at `path`, by the delimiter that makes most columns. Raises TapeError."""
    candidates = [one for each in _paths(path) for one in _candidates(each)]
    if len(candidates) != 1:
        listed = ", ".join(label for _, label, _ in candidates[:10]) or "none"
        raise TapeError(f"{path}: one file or sheet is wanted, here are {len(candidates)}: {listed}")
    found, label, ways = candidates[0]
    part = FilePart.model_construct(encoding=None, delimiter=None, escape=None, quote='"')
    written, header = max(ways(part), key=lambda way: len(way[1]))
    if not header:
        raise TapeError(f"{label}: is empty")
    return TapeFile(found, "any", part, written, header, ())


def _wanted(mapping: Mapping, kind: Kind) -> dict[str, FilePart]:
    if kind == "loans":
        return mapping.files
    parts = {name: part for name, part in mapping.files.items() if part.only_payments}
    if not parts:
        raise TapeError(
            f"mapping {mapping.name} has no file of payments alone: they come with the rows of its loans, "
            "so import loans"
        )
    needed = {name for part in parts.values() for name, _ in look_ups_of(part)}
    return {
        name: part.model_copy(update={"may_be_absent": False})
        for name, part in mapping.files.items()
        if name in parts or name in needed
    }


def _paths(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith((".", "~$")))
    if not path.is_file():
        raise TapeError(f"{path}: there is no such file or folder")
    return [path]


def _candidates(path: Path) -> list[tuple[Path, str, _Ways]]:
    """What of `path` may be a file of the tape: its sheets, or itself."""
    if is_workbook(path):
        return [(path, f"{path.name}[{sheet}]", _sheet_ways(path, sheet)) for sheet in sheets_of(path)]
    return [(path, path.name, _text_ways(path))]


def _sheet_ways(path: Path, sheet: str) -> _Ways:
    first = next(sheet_rows(sheet_of(path, sheet)), (0, list[str]()))[1]
    written = Written("sheet", sheet=sheet)
    header = tuple(cell.strip() for cell in first)
    return lambda part: iter([(written, header)])


def _text_ways(path: Path) -> _Ways:
    def ways(part: FilePart) -> Iterator[tuple[Written, tuple[str, ...]]]:
        found = encoding_of(path, part.encoding)
        with path.open(encoding=found.name, errors="ignore", newline="") as content:
            text = content.read(HEAD_BYTES)
        if text.lstrip().startswith("{"):
            yield Written("jsonl", found.name, found.by), keys_of(path, found.name)
            return
        ends = _line_ends(text)
        for delimiter in (part.delimiter,) if part.delimiter is not None else DELIMITERS:
            plain = Written("csv", found.name, found.by, delimiter, ends, part.escape, quote=part.quote)
            written = plain if part.escape else _with_escape(text, plain)
            yield written, first_row(text, written)

    return ways


def _line_ends(text: str) -> str:
    pairs = text.count("\r\n")
    found = [
        name
        for name, count in (
            ("CRLF", pairs),
            ("LF", text.count("\n") - pairs),
            ("CR", text.removesuffix("\r").count("\r") - pairs),
        )
        if count
    ]
    return found[0] if len(found) == 1 else "mixed" if found else ""


def _with_escape(text: str, plain: Written) -> Written:
    """The same with backslashes that take a delimiter's meaning, where only so every row fits its header."""
    if _ESCAPE + plain.delimiter not in text:
        return plain
    escaped = msgspec.structs.replace(plain, escape=_ESCAPE)
    return escaped if _misfits(text, escaped) < _misfits(text, plain) else plain


def _misfits(text: str, written: Written) -> int:
    lines = text.splitlines(keepends=True)[:-1]  # the last one may be cut in two
    widths = [len(row) for row in csv_rows(lines, written, strict=False) if row]
    return sum(width != widths[0] for width in widths[1:])


def _described(wanted: dict[str, FilePart]) -> str:
    return "; ".join(f"{name} has {', '.join(part.known_by)}" for name, part in wanted.items())


def _recognised(
    path: Path, label: str, ways: _Ways, wanted: dict[str, FilePart], *, alone: bool
) -> TapeFile | None:
    """What it is of the tape: the first part whose columns it has, in some way of reading it.

    A single file that is not what was asked for is refused with what it lacks, rather than passed over.
    """
    seen: tuple[str, ...] = ()
    for name, part in wanted.items():
        for written, header in ways(part):
            if set(part.known_by) <= set(header):
                return _checked(TapeFile(path, name, part, written, header, ()))
            seen = max(seen, header, key=len)
    if alone:
        for _, header in ways(
            FilePart.model_construct(encoding=None, delimiter=None, escape=None, quote='"')
        ):
            seen = max(seen, header, key=len)
        has = f"has the columns {', '.join(seen[:20])}" if seen else "is empty"
        raise TapeError(f"{label}: {has}; wanted: {_described(wanted)}")
    return None


def _checked(file: TapeFile) -> TapeFile:
    used = columns_of(file.part)
    for column in file.header:
        if column in used and file.header.count(column) > 1:
            raise TapeError(f"{file.label}: the column {column} stands twice; which one is meant?")
    lacking = sorted(used - set(file.header) - set(file.part.may_lack))
    if lacking:
        raise TapeError(
            f"{file.label}: lacks the column {', '.join(lacking)}, which the mapping reads as part of "
            f"{file.name}; if it may be missing, add it to `may_lack`"
        )
    loan = file.part.loan
    if file.part.look_up is not None or (loan is not None and loan.attributes == "rest"):
        return file
    named = used | set(file.part.ignore)
    return msgspec.structs.replace(
        file, not_used=tuple(column for column in file.header if column not in named)
    )


def look_up_tables(
    mapping: Mapping, look_ups: Sequence[TapeFile]
) -> dict[tuple[str, str], dict[str, str | None]]:
    """For each (file, column taken) that the mapping uses: key -> value, None where a key has two values.

    These are held in memory: look-up files are meant to be small beside the book.
    """
    used = {pair for part in mapping.files.values() for pair in look_ups_of(part)}
    tables: dict[tuple[str, str], dict[str, str | None]] = {pair: {} for pair in used}
    for file in look_ups:
        assert file.part.look_up is not None
        place = {column: index for index, column in enumerate(file.header)}
        key = place[file.part.look_up.key]
        where = [(place[column], value) for column, value in file.part.look_up.where.items()]
        taken = [(tables[pair], _place(file, pair[1])) for pair in used if pair[0] == file.name]
        for number, row in rows_of(file):
            if len(row) != len(file.header):
                raise TapeError(
                    f"{file.label} row {number}: has {len(row)} cells, its header has {len(file.header)}"
                )
            if all(row[index].strip() == value for index, value in where):
                for table, index in taken:
                    value = row[index].strip()
                    held = table.setdefault(row[key].strip(), value)
                    if held != value:
                        table[row[key].strip()] = None
    return tables


def _place(file: TapeFile, column: str) -> int:
    if column not in file.header:
        raise TapeError(f"{file.label}: lacks the column {column}, which the mapping takes from {file.name}")
    return file.header.index(column)
