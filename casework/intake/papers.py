"""The files that an import leaves beside the book: refused rows, faults, addresses that could not be read.

Each is written under a name of its own for the time being, and takes its name when what it tells of is kept.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from casework.intake.rejects import Asides, write_faults, write_rejects
from casework.intake.tape_file import TapeFile


class Papers:
    """What one import leaves in `folder`, named by the tape and the moment; none of it was there before."""

    def __init__(self, folder: Path, tape: Path, at: datetime) -> None:
        self._rejects = _free_path(folder, f"{tape.stem or 'tape'}-{at:%Y%m%dT%H%M%S}")
        self._faults = self._beside("faults")
        self._asides = Asides(self._beside("addresses"))
        self.rejects_file: str | None = None  # the names to be, once there is something to tell
        self.faults_file: str | None = None

    def add_addresses(
        self, files: Sequence[TapeFile], found: Sequence[tuple[int, int, str, str, str]]
    ) -> None:
        """Addresses that could not be read: (file, row, column, text, reason)."""
        self._asides.add(files, found)

    @property
    def addresses(self) -> int:
        """How many addresses could not be read."""
        return self._asides.count

    @property
    def addresses_file(self) -> str | None:
        return str(self._asides.path) if self._asides.count else None

    async def write_rejects(
        self, files: Sequence[TapeFile], refused: AsyncIterator[list[Any]]
    ) -> dict[tuple[str, str], int]:
        """The refused rows; (column, reason) -> how many."""
        self.rejects_file = str(self._rejects)
        return await write_rejects(_part(self._rejects), files, refused)

    async def write_faults(self, files: Sequence[TapeFile], odd: AsyncIterator[list[Any]]) -> None:
        """What is odd and was taken."""
        self.faults_file = str(self._faults)
        await write_faults(_part(self._faults), files, odd)

    def keep(self) -> None:
        """The files take their names: what they are about is kept, or held."""
        self._asides.end(keep=True)
        for path in (self.faults_file, self.rejects_file):
            if path is not None:
                _part(Path(path)).rename(path)

    def drop(self) -> None:
        """Nothing came of it."""
        self._asides.end(keep=False)
        for path in (self._faults, self._rejects):
            _part(path).unlink(missing_ok=True)

    def _beside(self, what: str) -> Path:
        return self._rejects.with_name(self._rejects.name.replace("-rejects", f"-{what}"))


def _part(path: Path) -> Path:
    return path.with_suffix(".part")


def _free_path(folder: Path, stem: str) -> Path:
    path, number = folder / f"{stem}-rejects.csv", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}-rejects.csv"
    return path
