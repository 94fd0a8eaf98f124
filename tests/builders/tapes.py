"""Small tapes of the `kept` format, and bringing a tape into the book of a test."""

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from casework.intake.import_tape import Order, import_tape
from casework.intake.mapping import Mapping as TapeMapping
from casework.intake.mapping_file import find_mapping
from casework.intake.report import ImportReport
from casework.office import Office
from casework.staff.rights import Actor, Role
from storage.raw import Raw

OPERATIONS = Actor("olu", Role.OPERATIONS)
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)

Row = Mapping[str, object]


def loan(loan_id: str, borrower: str = "B1", **more: object) -> dict[str, object]:
    """A row of loans.csv: euros, Berlin, one mailbox."""
    return {
        "source": "core",
        "borrower_id": borrower,
        "loan_id": loan_id,
        "portfolio": "main",
        "product": "term",
        "currency": "EUR",
        "principal": "300.00",
        "made_on": "2026-01-05",
        "status": "active",
        "core_outstanding": "",
        "core_dpd": "",
        "name": f"Name of {borrower}",
        "language": "en",
        "zone": "Europe/Berlin",
        "country": "DE",
        "region": "",
        "phone": "",
        "phone_state": "",
        "email": f"{borrower.lower()}@example.org",
        "email_state": "attested",
        "tags": "",
        **more,
    }


def due(
    loan_id: str, number: int, day: str, principal: object = "100.00", **more: object
) -> dict[str, object]:
    """A row of installments.csv."""
    return {
        "loan_id": loan_id,
        "number": number,
        "due_date": day,
        "principal": principal,
        "interest": "0",
        "fees": "",
        "penalties": "",
        **more,
    }


def paid(loan_id: str, payment_id: str, day: str, amount: object, **more: object) -> dict[str, object]:
    """A row of payments.csv."""
    return {
        "loan_id": loan_id,
        "payment_id": payment_id,
        "received_on": day,
        "amount": amount,
        "installment": "",
        "reverses": "",
        **more,
    }


def party(loan_id: str, person: str, role: str, **more: object) -> dict[str, object]:
    """A row of parties.csv."""
    return {"loan_id": loan_id, "person_id": person, "role": role, "name": f"Name of {person}", **more}


def three(loan_id: str) -> list[dict[str, object]]:
    """Three installments of 100 on the first of March, April, May 2026."""
    return [due(loan_id, n, f"2026-0{n + 2}-01") for n in (1, 2, 3)]


def write(path: Path, rows: Sequence[Row]) -> Path:
    """A CSV file of `rows`; its columns are all that any row has."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def tape(
    folder: Path,
    loans: Sequence[Row],
    installments: Sequence[Row],
    payments: Sequence[Row] = (),
    parties: Sequence[Row] = (),
) -> Path:
    """A folder with the files of one tape; what is empty has no file."""
    folder.mkdir(exist_ok=True, parents=True)
    files = {"loans": loans, "installments": installments, "payments": payments, "parties": parties}
    for name, rows in files.items():
        (folder / f"{name}.csv").unlink(missing_ok=True)
        if rows:
            write(folder / f"{name}.csv", rows)
    return folder


async def bring(office: Office, path: Path, mapping: str | TapeMapping = "kept", **more: Any) -> ImportReport:
    """Import `path` (as of a day: `as_of=`; at a moment: `now=`); rejects go beside it."""
    now: datetime = more.pop("now", NOW)
    found = find_mapping(mapping) if isinstance(mapping, str) else mapping
    actor: Actor = more.pop("actor", OPERATIONS)
    order = Order(
        kind=more.pop("kind", "loans"),
        path=path,
        mapping=found,
        rejects_folder=path.parent / "rejects",
        **more,
    )
    return await import_tape(office, actor, order, now)


def counts(report: ImportReport) -> dict[str, int]:
    """The counts of rows that are not zero."""
    names = ("loaded", "updated", "unchanged", "skipped", "rejected")
    return {name: count for name in names if (count := getattr(report, name))}


def refused(report: ImportReport) -> list[tuple[str, int, str, str, str]]:
    """(file, row, column, value, reason) of the rejects file."""
    if report.rejects_file is None:
        return []
    with Path(report.rejects_file).open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))[1:]
    return [(row[0], int(row[1]), row[2], row[3], row[4]) for row in rows]


async def book_rows(office: Office, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    """What the database holds."""
    async with office.transaction() as raw:
        return [tuple(row) for row in await raw.rows(sql, *parameters)]


async def snapshot(office: Office) -> dict[str, list[Any]]:
    """Every row of the book with its place on disk: one written again with the same content shows."""
    tables = (
        *("persons", "addresses", "loans", "cases", "parties", "installments", "payments", "allocations"),
        "portfolios",
    )
    async with office.transaction() as raw:
        return {table: await _all(raw, table) for table in tables}


async def _all(raw: Raw, table: str) -> list[Any]:
    rows = await raw.rows(f"SELECT ctid::text, xmin::text, t.* FROM {table} t ORDER BY 1")
    return [tuple(row) for row in rows]


def on(text: str) -> date:
    """A date."""
    return date.fromisoformat(text)
