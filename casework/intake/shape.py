"""What the files of a tape are, as far as loading them needs to know."""

from casework.intake.mapping import Mapping
from casework.intake.rows import sheet_of
from casework.intake.tape import Tape
from casework.intake.tape_file import TapeFile


def own_currency(mapping: Mapping) -> bool:
    """Whether rows of loans name their currency: then rows of other files do not know it."""
    return any(part.loan is not None and part.loan.currency is not None for part in mapping.files.values())


def coarse(file: TapeFile, mapping: Mapping) -> bool:
    """Whether its amounts are in ten-thousandths, until the currency of their loan is known."""
    return file.part.loan is None and (own_currency(mapping) or mapping.constants.currency is None)


def file_rows(tape: Tape, mapping: Mapping) -> list[tuple[object, ...]]:
    """The rows of s_files (storage/intake/staging.py)."""
    return [
        (
            index,
            file.label,
            _states(file),
            file.part.loan is not None,
            file.part.only_payments,
            coarse(file, mapping),
        )
        for index, file in enumerate(tape.files)
    ]


def _states(file: TapeFile) -> str:
    part = file.part
    if part.party is not None:
        return "party"
    if part.installment is not None:
        return "installment"
    return "loan" if part.loan is not None else "payment"


def expected_rows(file: TapeFile) -> int:
    """About how many rows a file has below its header, for the progress bar."""
    if file.written.form == "sheet":
        return max(0, sheet_of(file.path, file.written.sheet or "").height - 1)
    with file.path.open("rb") as content:
        return max(0, sum(chunk.count(b"\n") for chunk in iter(lambda: content.read(1 << 20), b"")) - 1)
