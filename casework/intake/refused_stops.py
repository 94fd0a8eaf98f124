"""Opt-outs and holds of a file that cannot be obeyed as they stand: nobody goes on being contacted for that.

Whom a refused row names is held until somebody has looked. Where the book has nobody of that name the row
waits, and is obeyed with the tape that brings them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import msgspec

from casework.intake.cells import CellError
from casework.intake.inherited_rows import READERS, Cells, InheritedKind, Known, loans_of
from casework.office import Office
from storage.intake import inherited as stored
from storage.intake import refused_stops as kept
from storage.raw import Raw

STOPS: Final = frozenset({"consents", "holds"})
_TABLE: Final = "refused_stops"


class Refused(msgspec.Struct, frozen=True):
    """A row that was refused, the records (ids) that it may mean, and whether it waits for one to come."""

    kind: InheritedKind
    cells: Cells
    persons: Sequence[int]
    waits: bool


async def keep_refused(
    raw: Raw, office: Office, rows: Sequence[Refused], now: datetime
) -> tuple[set[int], int]:
    """The persons that are held for these rows, and how many rows wait. A row that came before is no news."""
    rows = [row for row in rows if row.persons or _names(row.cells)]
    rows = [row for row in rows if not _permits(row)]
    ring = office.keyring
    ids = await raw.ids(_TABLE, len(rows))
    records = [
        kept.RefusedRow(
            id_,
            row.kind,
            ring.digest("refused_stop", msgspec.json.encode([row.kind, sorted(row.cells.items())])),
            row.cells.get("borrower_id") or None,
            None if row.persons else row.cells.get("loan_id") or None,  # a loan that came is not waited for
            ring.seal(_TABLE, "cells", id_, msgspec.json.encode(dict(row.cells)).decode()),
            now,
            None if row.waits else now,
        )
        for id_, row in zip(ids, rows, strict=True)
    ]
    new = await kept.add(raw, records)
    of = dict(zip(ids, rows, strict=True))
    held = {person for id_ in new for person in of[id_].persons}
    await kept.hold(raw, held, now)
    return held, sum(1 for id_ in new if of[id_].waits)


async def obey_waiting(raw: Raw, office: Office, grace: Mapping[int, int], now: datetime) -> int:
    """Obey the rows that waited for persons and loans who are in the book now; how many. Touches cases."""
    found = await kept.waiting(raw)
    if not found:
        return 0
    rows = [(row["kind"], row["came_at"], _cells(office, row["id"], row["cells"])) for row in found]
    persons = await stored.persons(raw, {cells.get("borrower_id", "") for _, _, cells in rows})
    loans = await stored.loans(raw, {loan for _, _, cells in rows for loan in loans_of(cells)})
    seal = partial(office.keyring.seal, "consents", "note")
    held: set[int] = set()
    cases: set[int] = set()
    for kind, came_at, cells in rows:
        known = Known(persons, loans, grace, came_at, Counter())
        try:
            read = READERS[kind](known, cells)
        except (CellError, ArithmeticError, LookupError):  # one row does not fail the tape that brings it
            held.update(known.records(cells))
            continue
        _, touched = await stored.WRITE[kind](raw, [read], now, seal)
        cases.update(touched)
    await kept.hold(raw, held, now)
    cases.update(await stored.cases_of(raw, held))
    await kept.obeyed(raw, [row["id"] for row in found], now)
    await stored.touch_cases(raw, cases, now)
    return len(found)


def _permits(row: Refused) -> bool:
    """A consent that cannot be read opens nothing, and closes nothing either."""
    return row.kind == "consents" and row.cells.get("state", "").casefold() == "granted"


def _names(cells: Cells) -> bool:
    return bool(cells.get("borrower_id") or cells.get("loan_id"))


def _cells(office: Office, id_: int, sealed: bytes) -> dict[str, Any]:
    return msgspec.json.decode(office.keyring.open(_TABLE, "cells", id_, sealed))
