"""A tape with planted faults: each is named once, with what was done about it, and nothing else is."""

import csv
from datetime import timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from casework.intake.mapping_file import parse_mapping
from casework.intake.report import ImportReport
from tests.builders.book import office_of
from tests.builders.tapes import NOW, Row, book_rows, bring, due, loan, paid, refused, tape, three, write


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


PAID_SO_FAR = """
name: outline
constants: {source: core, portfolio: main, currency: EUR, zone: Europe/Berlin, country: DE}
files:
  loans:
    known_by: [loan, who, total]
    loan: {loan_id: loan, borrower_id: who, principal: total, made_on: made}
    schedule: {kind: equal, total: total, count: count, first_due: first}
    payments:
      - {received_on: as_of, amount: so_far, zero: none}
"""


async def test_a_row_said_twice_pays_once_and_is_told_once(engine: AsyncEngine, tmp_path: Path) -> None:
    """Its schedule and its payment, which has no id, are said twice with it. One that was counted twice in
    earlier days is taken back by a tape that states the loan."""
    office, mapping = office_of(engine), parse_mapping(PAID_SO_FAR, "outline.yaml")
    row: Row = {
        "loan": "L1",
        "who": "B1",
        "total": "1200",
        "made": "2026-01-05",
        "count": 12,
        "first": "2026-02-05",
    }
    row = row | {"as_of": "2026-06-30", "so_far": "550.00"}
    total = "SELECT sum(paid_minor)::bigint FROM installments"
    report = await bring(office, write(tmp_path / "t.csv", [row, row]), mapping)
    assert odd(report) == [
        ("t.csv", "2", "L1", "underpaid", "50.00 EUR"),
        ("t.csv", "3", "L1", "repeated", ""),
    ]
    assert await book_rows(office, total) == [(55000,)]
    async with office.transaction() as raw:  # as it was booked when a second row was a second payment
        await raw.run(
            "INSERT INTO payments (loan_id, external_id, received_on, recorded_at, amount_minor, "
            "feed_digest) SELECT loan_id, replace(external_id, '#1', '#2'), received_on, recorded_at, "
            "amount_minor, feed_digest FROM payments"
        )
    report = await bring(office, write(tmp_path / "t.csv", [row]), mapping, now=NOW + timedelta(minutes=5))
    assert await book_rows(office, total) == [(55000,)]
    left = (
        "SELECT count(*) FROM payments p WHERE reverses_id IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM payments r WHERE r.reverses_id = p.id)"
    )
    assert await book_rows(office, left) == [(1,)]
