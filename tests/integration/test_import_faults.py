"""A tape with planted faults: each is named once, with what was done about it, and nothing else is."""

import csv
from datetime import timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from casework.intake.report import ImportReport
from tests.builders.book import office_of
from tests.builders.tapes import NOW, Row, bring, due, loan, paid, refused, tape, three


def odd(report: ImportReport) -> list[tuple[str, ...]]:
    """(file, row, loan, what, amount) of the faults file."""
    if report.faults_file is None:
        return []
    with Path(report.faults_file).open(encoding="utf-8", newline="") as lines:
        return [(row[0], row[1], row[2], row[3], row[5]) for row in list(csv.reader(lines))[1:]]


async def test_each_planted_fault_is_named_once_and_no_other(engine: AsyncEngine, tmp_path: Path) -> None:
    office = office_of(engine)
    loans = [loan(f"L{n}", f"B{n}") for n in range(1, 9)]
    dues: list[Row] = [row for n in range(1, 9) for row in three(f"L{n}")]
    clean = await bring(office, tape(tmp_path / "t", loans, dues, [paid("L1", "a", "2026-03-01", "100.00")]))
    assert (clean.faults, clean.rejected) == (0, 0)
    dues[4] = due("L2", 2, "2026-04-02")  # row 6: moved by a day
    pays = [
        paid("L1", "a", "2026-03-01", "100.00"),
        paid("L1", "a", "2026-03-01", "100.00"),  # row 3: said twice
        paid("L3", "b", "2026-03-01", "350.00"),  # row 4: over
        paid("L4", "c", "2026-03-01", "60.00"),  # row 5: under
        paid("L5", "d", "2026-03-01", "100.00"),
        paid("L5", "e", "2026-03-01", "100.00"),  # row 7: perhaps paid twice
        paid("L9", "f", "2026-03-01", "100.00"),  # row 8: no such loan
        paid("L6", "g", "2026-03-01", "100.00", installment="7"),  # row 9: not its installment
        paid("L7", "h", "2026-03-01", "0.00"),  # row 10: nothing
        paid("L8", "i", "2026-03-01", "100.00"),
    ]
    report = await bring(office, tape(tmp_path / "t", loans, dues, pays), now=NOW + timedelta(days=1))
    assert odd(report) == [
        ("installments.csv", "6", "L2", "date_moved", ""),
        ("payments.csv", "3", "L1", "repeated", ""),
        ("payments.csv", "4", "L3", "overpaid", "50.00 EUR"),
        ("payments.csv", "5", "L4", "underpaid", "40.00 EUR"),
        ("payments.csv", "7", "L5", "paid_twice", "100.00 EUR"),
    ]
    assert [(file, row, column) for file, row, column, *_ in refused(report)] == [
        ("payments.csv", 8, "loan_id"),
        ("payments.csv", 9, "installment"),
        ("payments.csv", 10, "amount"),
    ]
