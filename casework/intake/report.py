"""What an import tells: the counts of the files' rows, the sums, what was refused and why."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec

from casework.intake.tape import Tape
from casework.intake.tape_file import TapeFile

NO_ROWS: Final = "there are no rows below the header: nothing came in"


class ImportReport(msgspec.Struct, frozen=True):
    """What became of the rows of a tape. read = loaded + updated + unchanged + skipped + rejected.

    sums      due, paid, principal -> currency -> major units as text, over the rows taken
    reconciled  due, paid -> currency -> what the readable rows of the tape say, and what of it is booked,
              rejected, skipped (for a later day), repeated (said twice), held: these sum up to the tape's
    reasons   (column, reason, how many) of the rows rejected, the commonest first
    coverage  of the active loans of its feeds, the share that the tape has
    files     of each file of the tape: what it is, how it is written and how that is known, columns not used
    faults    oddities that were taken all the same, each listed once in its file with what was done
    addresses_aside  addresses that cannot be read; their rows are taken without them
    """

    kind: str
    mapping: str
    read: int
    loaded: int
    updated: int
    unchanged: int
    skipped: int
    rejected: int
    recalled: int
    sums: Mapping[str, Mapping[str, str]]
    reconciled: Mapping[str, Mapping[str, Mapping[str, str]]]
    rejects_file: str | None
    held_for_approval: int | bool
    reasons: Sequence[tuple[str, str, int]]
    files: Sequence[Mapping[str, Any]]
    portfolios: Sequence[str]
    notes: Sequence[str]
    as_of: date
    fed_at: datetime
    dry_run: bool
    coverage: float | None = None
    faults: int = 0
    faults_file: str | None = None
    addresses_aside: int = 0
    aside_file: str | None = None
    import_id: int | None = None

    def document(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            **msgspec.to_builtins(self),
            "reasons": [
                {"column": column, "reason": reason, "rows": rows} for column, reason, rows in self.reasons
            ],
        }


def files_of(tape: Tape) -> list[dict[str, Any]]:
    """What is known of each file: those read, those looked up, those nobody knows."""
    return [
        *(_file(one, "read") for one in tape.files),
        *(_file(one, "looked up") for one in tape.look_ups),
        *({"file": name, "use": "not read"} for name in tape.not_read),
    ]


def _file(file: TapeFile, use: str) -> dict[str, Any]:
    return {
        "file": file.label,
        "use": use,
        "part": file.name,
        "form": file.written.form,
        "encoding": file.encoding,
        "encoding_by": file.written.encoding_by,
        "delimiter": file.delimiter,
        "line_ends": file.written.line_ends,
        "dates": file.dates,
        "not_used": list(file.not_used),
    }
