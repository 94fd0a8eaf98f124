"""The files of a tape: which is which (by their columns), how they are written, and their rows one by one."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from casework.errors import CaseworkInputError
from casework.intake.mapping import FilePart, Mapping, columns_of, look_ups_of

Kind = Literal["loans", "payments"]

DELIMITERS: Final = (",", ";", "\t", "|")
_HEAD_BYTES: Final = 1 << 16


class TapeError(CaseworkInputError):
    """A tape that cannot be read as the mapping says: which file, what is wrong, what would be right."""


class TapeFile(msgspec.Struct, frozen=True):
    """A file of the tape and what is known of it. `not_used`: columns that no part of the mapping names."""

    path: Path
    name: str
    part: FilePart
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    not_used: tuple[str, ...]


class Tape(msgspec.Struct, frozen=True):
    """The files that state something, in the order of the mapping; those looked up; those nobody knows."""

    files: tuple[TapeFile, ...]
    look_ups: tuple[TapeFile, ...]
    not_read: tuple[str, ...]


def open_tape(path: Path, mapping: Mapping, kind: Kind) -> Tape:
    """Find the files of the tape at `path` (a file, or the folder that holds them). Raises TapeError.

    `payments` reads only what states payments and nothing else.
    """
    wanted = _wanted(mapping, kind)
    found: dict[str, TapeFile] = {}
    not_read: list[str] = []
    paths = _paths(path)
    for candidate in paths:
        known = _recognised(candidate, wanted, alone=len(paths) == 1)
        if known is None:
            not_read.append(candidate.name)
        elif known.name in found:
            raise TapeError(
                f"{path}: {found[known.name].path.name} and {candidate.name} both look like {known.name} of "
                f"mapping {mapping.name}: keep one of them in the folder"
            )
        else:
            found[known.name] = known
    for name, part in wanted.items():
        if name not in found and not part.may_be_absent:
            raise TapeError(
                f"{path}: no file has the columns {', '.join(part.known_by)}, "
                f"by which mapping {mapping.name} knows {name}{_foreign(paths)}"
            )
    files = [found[name] for name in wanted if name in found]
    if not any(file.part.look_up is None for file in files):
        raise TapeError(f"{path}: nothing here that mapping {mapping.name} can read: {_described(wanted)}")
    return Tape(
        tuple(file for file in files if file.part.look_up is None),
        tuple(file for file in files if file.part.look_up is not None),
        tuple(not_read),
    )


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
        return sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
    if not path.is_file():
        raise TapeError(f"{path}: there is no such file or folder")
    return [path]


def _foreign(paths: list[Path]) -> str:
    """A hint where the file may be there in another encoding."""
    names = [path.name for path in paths if _encoding(_head(path), None) is None]
    return f" ({', '.join(names)} is not UTF-8: say `encoding: latin-1` if it is that)" if names else ""


def _head(path: Path) -> bytes:
    with path.open("rb") as content:
        return content.read(_HEAD_BYTES)


def _described(wanted: dict[str, FilePart]) -> str:
    return "; ".join(f"{name} has {', '.join(part.known_by)}" for name, part in wanted.items())


def _recognised(path: Path, wanted: dict[str, FilePart], *, alone: bool) -> TapeFile | None:
    """What `path` is of the tape: the first part whose columns its first line has, for some delimiter.

    A single file that is not what was asked for is refused with what it lacks, rather than passed over.
    """
    head = _head(path)
    for name, part in wanted.items():
        encoding = _encoding(head, part.encoding)
        if encoding is None:
            if alone:
                raise TapeError(
                    f"{path.name}: this is not UTF-8; if it is Latin-1, say `encoding: latin-1` for {name}"
                )
            continue
        for delimiter in (part.delimiter,) if part.delimiter is not None else DELIMITERS:
            header = _header(head.decode(encoding, errors="ignore"), delimiter, part.quote)
            if set(part.known_by) <= set(header):
                return _checked(TapeFile(path, name, part, encoding, delimiter, header, ()))
    if alone:
        text = head.decode("utf-8", errors="ignore")
        seen = max((_header(text, delimiter, '"') for delimiter in DELIMITERS), key=len)
        has = f"has the columns {', '.join(seen[:20])}" if seen else "is empty"
        raise TapeError(f"{path.name}: {has}; wanted: {_described(wanted)}")
    return None


def _encoding(head: bytes, declared: str | None) -> str | None:
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if declared is not None:
        return declared
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # A sign cut in two by the end of the head is no fault.
        return "utf-8" if len(head) == _HEAD_BYTES and error.start > len(head) - 4 else None
    return "utf-8"


def _header(text: str, delimiter: str, quote: str) -> tuple[str, ...]:
    try:
        for first in csv.reader(text.splitlines(keepends=True), delimiter=delimiter, quotechar=quote):
            return tuple(cell.strip() for cell in first)
    except csv.Error:
        return ()
    return ()


def _checked(file: TapeFile) -> TapeFile:
    used = columns_of(file.part)
    for column in file.header:
        if column in used and file.header.count(column) > 1:
            raise TapeError(f"{file.path.name}: the column {column} stands twice; which one is meant?")
    lacking = sorted(used - set(file.header) - set(file.part.may_lack))
    if lacking:
        raise TapeError(
            f"{file.path.name}: lacks the column {', '.join(lacking)}, which the mapping reads as part of "
            f"{file.name}; if it may be missing, add it to `may_lack`"
        )
    loan = file.part.loan
    if file.part.look_up is not None or (loan is not None and loan.attributes == "rest"):
        return file
    named = used | set(file.part.ignore)
    return msgspec.structs.replace(
        file, not_used=tuple(column for column in file.header if column not in named)
    )


def rows_of(file: TapeFile) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header with their numbers, the header being row 1; blank ones are none.

    Raises TapeError where the file ceases to be readable: nothing after that point could be trusted.
    """
    number = 1
    with file.path.open(encoding=file.encoding, newline="") as lines:
        reader = csv.reader(lines, delimiter=file.delimiter, quotechar=file.part.quote, strict=True)
        try:
            next(reader, None)
            for number, row in enumerate(reader, start=2):
                if row:
                    yield number, row
        except UnicodeDecodeError as error:
            raise TapeError(
                f"{file.path.name} after row {number}: byte 0x{error.object[error.start]:02x} is not "
                f"{file.encoding}; declare the encoding of {file.name} in the mapping"
            ) from None
        except csv.Error as error:
            raise TapeError(f"{file.path.name} after row {number}: {error}; is a quote left open?") from None


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
                    f"{file.path.name} row {number}: has {len(row)} cells, its header has {len(file.header)}"
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
        raise TapeError(
            f"{file.path.name}: lacks the column {column}, which the mapping takes from {file.name}"
        )
    return file.header.index(column)
