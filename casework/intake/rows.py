"""The rows of a file one by one, whatever it is written in: lists of text, as long as its header."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from casework.intake.tape_file import TapeError, TapeFile, Typed, Written

NO_OBJECT: Final = 'is no JSON object: each line is one, such as {"loan_id": "L1"}'
_LONGEST_NUMBER: Final = 40
_INTEGRAL: Final = re.compile(r"-?[0-9]+")
csv.field_size_limit(1 << 20)


def rows_of(file: TapeFile) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header with their numbers: the header is row 1, a sheet's and a line's are its own.

    Raises TapeError where the file ceases to be readable: nothing after that point could be trusted.
    """
    if file.written.form == "sheet":
        rows = sheet_rows(sheet_of(file.path, file.written.sheet or ""))
        next(rows, None)
        width = len(file.header)
        for number, row in rows:
            yield number, [*row, *[""] * (width - len(row))]
    elif file.written.form == "jsonl":
        yield from _objects(file)
    else:
        yield from _lines(file)


def csv_rows(text: Any, written: Written, *, strict: bool) -> Any:
    """A reader of `csv` over lines, in the file's own marks."""
    return csv.reader(
        text,
        delimiter=written.delimiter,
        quotechar=written.quote,
        escapechar=written.escape,
        strict=strict,
    )


def _lines(file: TapeFile) -> Iterator[tuple[int, list[str]]]:
    number, name = 1, file.label
    with file.path.open(encoding=file.encoding, newline="") as lines:
        reader = csv_rows(lines, file.written, strict=True)
        try:
            found = False
            for number, row in enumerate(reader, start=1):
                if not found:
                    found = bool(row)
                elif row:
                    yield number, row
        except UnicodeError as error:
            at = f"byte 0x{error.object[error.start]:02x}" if isinstance(error, UnicodeDecodeError) else "it"
            raise TapeError(
                f"{name} after row {number}: {at} is not {file.encoding}; "
                f"declare the encoding of {file.name} in the mapping"
            ) from None
        except csv.Error as error:
            raise TapeError(f"{name} after row {number}: {error}; is a quote left open?") from None


# --- sheets -------------------------------------------------------------------------------------------


def is_workbook(path: Path) -> bool:
    """Whether the file is a workbook of a spreadsheet program, by its first bytes."""
    with path.open("rb") as content:
        head = content.read(8)
    zipped = head.startswith(b"PK\x03\x04") and path.suffix.lower() != ".zip"
    return zipped or head == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def sheets_of(path: Path) -> list[str]:
    """The names of the sheets that have anything. Raises TapeError."""
    book = _workbook(path)
    return [name for name in book.sheet_names if book.get_sheet_by_name(name).height]


@lru_cache(maxsize=2)
def _kept(path: Path, changed: int, size: int) -> CalamineWorkbook:
    return CalamineWorkbook.from_path(str(path))  # pyright: ignore[reportUnknownMemberType]


def _workbook(path: Path) -> CalamineWorkbook:
    about = path.stat()
    try:
        return _kept(path, about.st_mtime_ns, about.st_size)
    except (CalamineError, OSError) as error:
        raise TapeError(
            f"{path.name}: this workbook cannot be read ({error}); save it anew as .xlsx"
        ) from None


def sheet_of(path: Path, name: str) -> CalamineSheet:
    """One sheet of a workbook. Raises TapeError."""
    try:
        return _workbook(path).get_sheet_by_name(name)
    except CalamineError as error:
        raise TapeError(f"{path.name}: the sheet {name} cannot be read ({error})") from None


def sheet_rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[str]]]:
    """(number, cells) of the rows that have any, the header among them."""
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells = [_cell(cell) for cell in row]
        if any(cells):
            yield number, cells


def _cell(cell: Any) -> str:
    """A cell as text: what the program knows to be a number or a date is written plainly."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        # Fifteen digits are all that the program keeps and shows; the rest is noise of its binary fractions.
        return plain_number(f"{cell:.15g}")
    if isinstance(cell, datetime):
        return Typed(cell.date().isoformat() if cell.time() == time() else cell.isoformat(" "))
    if isinstance(cell, date):
        return Typed(cell.isoformat())
    if isinstance(cell, timedelta | time):
        return str(cell)
    return Typed(cell)


def plain_number(text: str) -> str:
    """A number without powers of ten; one that is longer than any amount stays as it is written."""
    if "e" in text or "E" in text:
        number = Decimal(text)
        if not number.is_finite() or abs(number.adjusted()) > _LONGEST_NUMBER:
            return text
        text = format(number, "f")
    return Typed(text)


# --- JSON lines ---------------------------------------------------------------------------------------

_objects_decoder: Final = msgspec.json.Decoder(dict[str, Any], float_hook=plain_number)


def keys_of(path: Path, encoding: str) -> tuple[str, ...]:
    """Every key that any line has, in their order of appearance: the file's header."""
    found: dict[str, None] = {}
    with path.open(encoding=encoding) as lines:
        for line in lines:
            said = _object(line)
            if said is not None:
                found.update(dict.fromkeys(said))
    return tuple(found)


def _objects(file: TapeFile) -> Iterator[tuple[int, list[str]]]:
    with file.path.open(encoding=file.encoding) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            said = _object(line)
            if said is None:
                yield number, [line.strip()] if len(file.header) != 1 else []
            else:
                yield number, [said.get(key, "") for key in file.header]


def _object(line: str) -> dict[str, str] | None:
    """The values of a line as text; those of an object within it are named by the way to them."""
    try:
        said = _objects_decoder.decode(line.strip())
    except (msgspec.DecodeError, UnicodeError):
        return None
    flat: dict[str, str] = {}
    _flatten(said, "", flat)
    return flat


def _flatten(said: dict[str, Any], prefix: str, into: dict[str, str]) -> None:
    for key, value in said.items():
        name = prefix + key
        if isinstance(value, dict):
            _flatten(value, name + ".", into)  # pyright: ignore[reportUnknownArgumentType] - any JSON
        elif value is None:
            into[name] = ""
        elif isinstance(value, bool):
            into[name] = str(value).lower()
        elif isinstance(value, int):
            into[name] = Typed(value)
        elif isinstance(value, str):
            into[name] = value
        else:
            into[name] = msgspec.json.encode(value).decode()


def first_row(text: str, written: Written) -> tuple[str, ...]:
    """The header: the first row of the beginning of a file that has anything."""
    try:
        for row in csv_rows(io.StringIO(text, newline=""), written, strict=False):
            if row:
                return tuple(cell.strip() for cell in row)
    except csv.Error:
        return ()
    return ()
