"""A file of a tape, once known: which part of the mapping it is, and how it is written."""

from pathlib import Path
from typing import Literal

import msgspec

from casework.errors import CaseworkInputError
from casework.intake.mapping import FilePart


class TapeError(CaseworkInputError):
    """A tape that cannot be read as the mapping says: which file, what is wrong, what would be right."""


class Typed(str):
    """A cell that its file gives as a number or a date: written plainly, whatever marks the mapping names."""

    __slots__ = ()


class Written(msgspec.Struct, frozen=True):
    """How a file, or a sheet of a workbook, is written.

    encoding_by  mark | declared | sniffed; a sheet has neither encoding nor delimiter
    line_ends    LF | CRLF | CR | mixed, of its beginning
    escape       the sign that takes a delimiter's meaning, where the file has one
    """

    form: Literal["csv", "sheet", "jsonl"]
    encoding: str = ""
    encoding_by: str = ""
    delimiter: str = ""
    line_ends: str = ""
    escape: str | None = None
    sheet: str | None = None
    quote: str = '"'


class TapeFile(msgspec.Struct, frozen=True):
    """A file of the tape and what is known of it. `not_used`: columns that no part of the mapping names.

    dates  the format of each column of dates whose format is `auto`, proven from all its cells
    """

    path: Path
    name: str
    part: FilePart
    written: Written
    header: tuple[str, ...]
    not_used: tuple[str, ...]
    dates: dict[str, str] = {}

    @property
    def label(self) -> str:
        """How reports and rejects call it."""
        return f"{self.path.name}[{self.written.sheet}]" if self.written.sheet else self.path.name

    @property
    def encoding(self) -> str:
        return self.written.encoding

    @property
    def delimiter(self) -> str:
        return self.written.delimiter
