"""The rejects file: every row that was not taken, with its reason and as it stood on the tape."""

import csv
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from casework.intake.expressions import Text
from casework.intake.rows import rows_of
from casework.intake.tape_file import TapeFile
from ledger.money import format_major

COLUMNS: Final = ("file", "row", "column", "value", "reason")
_COMMONEST: Final = 200


async def write_rejects(
    path: Path, files: Sequence[TapeFile], refused: AsyncIterator[list[Any]]
) -> dict[tuple[str, str], int]:
    """Write the refused rows (file, row, column, reason; in order) to `path`; (column, reason) -> how many.

    The tape is read a second time for them. The original cells follow the reason.
    """
    counts: dict[tuple[str, str], int] = {}
    rows: Iterator[tuple[int, list[str]]] = iter(())
    place = -1
    with _opened(path) as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow((*COLUMNS, "original row"))
        async for batch in refused:
            for record in batch:
                file_no, row_no, column, reason = _typed(record)
                file = files[file_no]
                column = column or column_of(file, reason)
                if file_no != place:
                    place, rows = file_no, rows_of(file)
                cells = next((cells for number, cells in rows if number == row_no), list[str]())
                writer.writerow((file.label, row_no, column, _value(file, cells, column), reason, *cells))
                if (column, reason) in counts or len(counts) < _COMMONEST:
                    counts[column, reason] = counts.get((column, reason), 0) + 1
    return counts


# Rows refused for what other rows say: the key of the mapping that the reason speaks of.
_SPOKEN_OF: Final = (
    ("payment ", "payment_id"),
    ("repeats row", "payment_id"),
    ("has more decimals", "amount"),
    ("the loan has no installment", "installment"),
    ("takes back", "reverses"),
    ("installment ", "number"),
    ("the loan is in portfolio", "portfolio"),
    ("the loan is in ", "currency"),
    ("the person has another role", "role"),
    ("the person is the borrower", "role"),
    ("the borrower of the loan is another", "person_id"),
    ("", "loan_id"),
)


def column_of(file: TapeFile, reason: str) -> str:
    """The columns of the file that such a reason speaks of; none where the row as a whole is meant."""
    key = next(key for begins, key in _SPOKEN_OF if reason.startswith(begins))
    part = file.part
    for stated in (part.loan, part.party, part.installment, *part.payments):
        expression = getattr(stated, key, None)
        if isinstance(expression, Text):
            return ", ".join(sorted(expression.columns()))
    return ""


def write_rows(path: Path, file: TapeFile, refused: Sequence[tuple[int, str, str, Sequence[str]]]) -> None:
    """Write (row, column, reason, cells) of one file."""
    with _opened(path) as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow((*COLUMNS, "original row"))
        for row, column, reason, cells in refused:
            writer.writerow((file.label, row, column, _value(file, cells, column), reason, *cells))


async def write_faults(path: Path, files: Sequence[TapeFile], odd: AsyncIterator[list[Any]]) -> None:
    """Write what is odd and was taken: (file, row, loan, what, detail, done, minor, currency), in batches."""
    with _opened(path) as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(("file", "row", "loan", "what", "detail", "amount", "done"))
        async for records in odd:
            for record in records:
                place: int = record["file_no"]
                minor, currency = record["minor"], record["currency"]
                amount = "" if minor is None else f"{format_major(int(minor), currency)} {currency}"
                said = (record[name] for name in ("row_no", "ext", "what", "detail"))
                writer.writerow((files[place].label, *said, amount, record["done"]))


class Asides:
    """The file of addresses that could not be read: their loans are loaded, somebody may mend them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._part = path.with_suffix(".part")
        self._lines: TextIO | None = None

    def add(self, files: Sequence[TapeFile], found: Sequence[tuple[int, int, str, str, str]]) -> None:
        """Write down (file, row, column, text, reason)."""
        for file, row, column, text, reason in found:
            if self._lines is None:
                self._lines = _opened(self._part)
                csv.writer(self._lines, lineterminator="\n").writerow(COLUMNS)
            line = (files[file].label, row, column, text, reason)
            csv.writer(self._lines, lineterminator="\n").writerow(line)
        self.count += len(found)

    def end(self, *, keep: bool) -> None:
        """The file takes its name, or goes."""
        if self._lines is not None:
            self._lines.close()
            self._lines = None
            if keep:
                self._part.rename(self.path)
            else:
                self._part.unlink()


def _opened(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.open("w", encoding="utf-8", newline="")
    path.chmod(0o600)  # it holds what the tape says of people
    return lines


def _typed(record: Sequence[Any]) -> tuple[int, int, str, str]:
    return record[0], record[1], record[2], record[3]


def _value(file: TapeFile, cells: Sequence[str], column: str) -> str:
    """What stands in the column (or columns) that the reason speaks of."""
    places = [file.header.index(name) for name in column.split(", ") if name in file.header]
    return ", ".join(cells[place] for place in places if place < len(cells))
