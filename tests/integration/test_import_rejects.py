"""What is refused, why, and what goes with it: a loan is taken whole or not at all, a payment by itself."""

import csv
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.intake.mapping_file import parse_mapping
from casework.intake.tape import TapeError
from casework.office import Office
from tests.builders.book import office_of
from tests.builders.tapes import (
    book_rows,
    bring,
    counts,
    due,
    loan,
    paid,
    party,
    refused,
    snapshot,
    tape,
    three,
    write,
)

Rows = list[dict[str, object]]


@pytest.fixture
def office(engine: AsyncEngine) -> Office:
    return office_of(engine)


def told(report: Any) -> list[tuple[str, int, str]]:
    """(file, row, reason) of the rejects."""
    return [(file, row, reason) for file, row, _, _, reason in refused(report)]


def private_rows(path: Path) -> list[list[str]]:
    assert path.stat().st_mode & 0o077 == 0
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))


L, I, P, T = "loans.csv", "installments.csv", "payments.csv", "parties.csv"  # noqa: E741
GONE = "its loan is refused: "

# Loans, installments, payments, parties; then what is told of which row. L2 is always good.
CASES: dict[str, tuple[Rows, Rows, Rows, Rows, list[tuple[str, int, str]]]] = {
    "a bad loan takes its rows with it": (
        [loan("L1", principal="x"), loan("L2", "B2")],
        [*three("L1"), *three("L2")],
        [paid("L1", "p", "2026-03-01", "5")],
        [party("L1", "P1", "guarantor")],
        [
            (L, 2, "principal is no amount"),
            *[(I, row, f"{GONE}loans.csv row 2: is no amount") for row in (2, 3, 4)],
            (P, 2, f"{GONE}loans.csv row 2: is no amount"),
            (T, 2, f"{GONE}loans.csv row 2: is no amount"),
        ],
    ),
    "a bad installment takes the loan": (
        [loan("L1"), loan("L2", "B2")],
        [due("L1", 1, "2026-03-01"), due("L1", 2, "tomorrow"), *three("L2")],
        [paid("L1", "p", "2026-03-01", "5")],
        [],
        [
            (L, 2, f"{GONE}installments.csv row 3: is not written like"),
            (I, 2, f"{GONE}installments.csv row 3: is not written like"),
            (I, 3, "due_date is not written like"),
            (P, 2, f"{GONE}installments.csv row 3"),
        ],
    ),
    "a loan said twice in other words": (
        [loan("L1"), loan("L2", "B2"), loan("L1", principal="400.00")],
        [*three("L1"), *three("L2")], [], [],
        [
            (L, 2, f"{GONE}loans.csv row 4: says other things of its loan than row 2 does"),
            (L, 4, "says other things of its loan than row 2 does"),
            *[(I, row, f"{GONE}loans.csv row 4") for row in (2, 3, 4)],
        ],
    ),
    "an installment said twice in other words": (
        [loan("L1"), loan("L2", "B2")],
        [*three("L1"), due("L1", 2, "2026-04-01", "99.00"), *three("L2")], [], [],
        [
            (L, 2, f"{GONE}installments.csv row 5: installment 2 says other things than row 3 does"),
            *[(I, row, f"{GONE}installments.csv row 5") for row in (2, 3, 4)],
            (I, 5, "installment 2 says other things than row 3 does"),
        ],
    ),
    "a loan without a schedule": (
        [loan("L1"), loan("L2", "B2")], three("L2"), [paid("L1", "p", "2026-03-01", "5")], [],
        [
            (L, 2, "no installment of the loan is on the tape"),
            (P, 2, f"{GONE}loans.csv row 2: no installment"),
        ],
    ),
    "more decimals than the currency of the loan has": (
        [loan("L1", currency="JPY", principal="100"), loan("L2", "B2")],
        [due("L1", 1, "2026-03-01", "100.50"), *three("L2")], [], [],
        [
            (L, 2, f"{GONE}installments.csv row 2: installment 1 has more decimals"),
            (I, 2, "installment 1 has more decimals than the currency of its loan"),
        ],
    ),
    "a payment with more decimals": (
        [loan("L2", "B2")], three("L2"), [paid("L2", "p", "2026-03-01", "5.001")], [],
        [(P, 2, "has more decimals than the currency of its loan")],
    ),
    "nobody knows the loan": (
        [loan("L2", "B2")], [*three("L2"), due("L8", 1, "2026-03-01")], [paid("L9", "p", "2026-03-01", "5")],
        [party("L7", "P1", "guarantor")],
        [
            (I, 5, "no loan of this id is on the tape or in the book"),
            (P, 2, "no loan of this id is on the tape or in the book"),
            (T, 2, "no loan of this id is on the tape or in the book"),
        ],
    ),
    "a payment for an installment that is not there": (
        [loan("L2", "B2")], three("L2"), [paid("L2", "p", "2026-03-01", "5", installment=4)], [],
        [(P, 2, "the loan has no installment 4")],
    ),
    "a payment said twice in other words": (
        [loan("L2", "B2")], three("L2"),
        [paid("L2", "p", "2026-03-01", "5"), paid("L2", "q", "2026-03-01", "6"),
         paid("L2", "p", "2026-03-01", "7")],
        [],
        [
            (P, 2, "payment p stands on row 4 with other content"),
            (P, 4, "payment p stands on row 2 with other content"),
        ],
    ),
    "taken back what was never paid": (
        [loan("L2", "B2")], three("L2"),
        [paid("L2", "r", "2026-03-01", "", reverses="p"), paid("L2", "r2", "2026-03-01", "", reverses="r")],
        [],
        [
            (P, 2, "takes back a payment that the loan does not have"),
            (P, 3, "takes back a payment that the loan does not have"),
        ],
    ),
    "taken back twice, or in part": (
        [loan("L2", "B2")], three("L2"),
        [
            paid("L2", "p", "2026-03-01", "50"), paid("L2", "q", "2026-03-01", "50"),
            paid("L2", "r1", "2026-03-02", "", reverses="p"),
            paid("L2", "r2", "2026-03-02", "", reverses="p"),
            paid("L2", "r3", "2026-03-02", "-20", reverses="q"),
        ], [],
        [
            (P, 4, "takes back a payment that another row takes back too"),
            (P, 5, "takes back a payment that another row takes back too"),
            (P, 6, "takes back 2000 minor units of a payment of 5000: a payment is taken back whole"),
        ],
    ),
    "taken back what is refused": (
        [loan("L2", "B2")], three("L2"),
        [paid("L2", "p", "2026-03-01", "50", installment=7),
         paid("L2", "r", "2026-03-02", "-50", reverses="p")],
        [],
        [(P, 2, "the loan has no installment 7"), (P, 3, "takes back a payment that is refused itself")],
    ),
    "roles": (
        [loan("L2", "B2")], three("L2"), [],
        [
            party("L2", "P1", "guarantor"), party("L2", "P1", "estate"), party("L2", "B2", "guarantor"),
            party("L2", "P2", "borrower"),
        ],
        [
            (T, 3, "the person has another role on this loan: guarantor"),
            (T, 4, "the person is the borrower of this loan"),
            (T, 5, "the borrower of the loan is another person: a second one is a co-borrower"),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
async def test_each_reason(office: Office, tmp_path: Path, name: str) -> None:
    loans, installments, payments, parties, expected = CASES[name]
    report = await bring(office, tape(tmp_path / "t", loans, installments, payments, parties))
    found = [
        (file, row, f"{column} {reason}".strip()) for file, row, column, _, reason in sorted(refused(report))
    ]
    assert len(found) == len(expected) == report.rejected
    for (file, row, reason), (wanted_file, wanted_row, said) in zip(found, sorted(expected), strict=True):
        assert (file, row) == (wanted_file, wanted_row)
        assert reason.startswith(said) or reason.partition(" ")[2].startswith(said), reason
    ids = "SELECT external_id FROM loans"
    assert await book_rows(office, ids) == [("L2",)]
    assert await book_rows(office, "SELECT count(*)::int FROM persons WHERE external_id = 'B1'") == [(0,)]
    assert counts(await bring(office, tmp_path / "t")) == {
        "rejected": report.rejected,
        "unchanged": report.read - report.rejected,
    }


async def test_a_loan_of_the_book_is_left_as_it_was_when_its_tape_is_bad(
    office: Office, tmp_path: Path
) -> None:
    folder = tmp_path / "t"
    await bring(office, tape(folder, [loan("L1")], three("L1"), [paid("L1", "p", "2026-03-01", "5")]))
    before = await snapshot(office)
    bad = [*three("L1")[:2], due("L1", 3, "2026-05-01", "200.000001")]
    report = await bring(
        office, tape(folder, [loan("L1", product="x")], bad, [paid("L1", "q", "2026-03-02", "5")])
    )
    assert counts(report) == {"rejected": 5}
    after = await snapshot(office)
    # But for its case: the loan is held, for what was refused may be what settles it.
    assert before.pop("cases") != after.pop("cases")
    assert after == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"portfolio": "south"}, "the loan is in portfolio main of the book, not in south"),
        ({"currency": "USD"}, "the loan is in EUR in the book, not in USD"),
    ],
)
async def test_a_loan_moves_neither_portfolio_nor_currency(
    office: Office, tmp_path: Path, change: dict[str, object], said: str
) -> None:
    folder = tmp_path / "t"
    await bring(office, tape(folder, [loan("L1")], three("L1")))
    report = await bring(office, tape(folder, [loan("L1", **change)], three("L1")))
    assert told(report)[0] == (L, 2, said)
    assert counts(report) == {"rejected": 4}


async def test_rows_of_a_loan_that_is_not_made_yet_are_skipped(office: Office, tmp_path: Path) -> None:
    folder = tape(
        tmp_path / "t", [loan("L1", made_on="2027-01-01")], three("L1"), [paid("L1", "p", "2026-03-01", "5")]
    )
    assert counts(await bring(office, folder)) == {"skipped": 5}


async def test_the_file_of_rejects_shows_the_row_and_the_value(office: Office, tmp_path: Path) -> None:
    rows = [loan("L1", made_on="5.1.2026", name='Ann "A", B'), loan("L2", "B2")]
    report = await bring(office, tape(tmp_path / "t", rows, [*three("L1"), *three("L2")]))
    assert report.rejects_file is not None
    path = Path(report.rejects_file)
    assert path.parent == tmp_path / "rejects"
    header, first, *others = private_rows(path)
    assert header == ["file", "row", "column", "value", "reason", "original row"]
    assert first[:4] == ["loans.csv", "2", "made_on", "5.1.2026"]
    assert first[5:] == [str(cell) for cell in rows[0].values()]
    assert [row[0] for row in others] == ["installments.csv"] * 3
    assert report.reasons[0] == ("loan_id", f"{GONE}loans.csv row 2: {first[4]}", 3)
    assert not list(path.parent.glob("*.part"))


async def test_a_bad_payment_in_the_row_of_its_installment_takes_the_loan(
    office: Office, tmp_path: Path
) -> None:
    mapping = parse_mapping(
        """
name: one
constants: {source: core, portfolio: main, currency: EUR, zone: UTC}
files:
  rows:
    known_by: [loan, person, n, due, owed, paid_on, paid]
    loan: {loan_id: loan, borrower_id: person}
    installment: {number: n, due_date: due, principal: owed}
    payments: [{received_on: paid_on, amount: paid, installment: n, payment_id: {value: only}}]
""",
        "one.yaml",
    )
    base = {
        "loan": "L1",
        "person": "B1",
        "due": "2026-03-01",
        "owed": "10",
        "paid_on": "2026-03-01",
        "paid": "10",
    }
    path = write(tmp_path / "rows.csv", [{**base, "n": 1}, {**base, "n": 2}, {**base, "loan": "L2", "n": 1}])
    report = await bring(office, path, mapping)
    assert counts(report) == {"loaded": 1, "rejected": 2}
    assert {row[2] for row in told(report)} == {
        "payment only stands on row 3 with other content",
        "payment only stands on row 2 with other content",
    }
    lacking = write(tmp_path / "rows.csv", [{**base, "n": 1, "paid": ""}])
    assert "yet a day of payment is given" in told(await bring(office, lacking, mapping))[0][2]


async def test_nothing_is_kept_of_a_tape_that_breaks_off(office: Office, tmp_path: Path) -> None:
    folder = tape(tmp_path / "t", [loan("L1")], three("L1"))
    with (folder / "installments.csv").open("a") as lines:
        lines.write('L1,4,"2026-06-01\n')
    before = await snapshot(office)
    with pytest.raises(TapeError, match=r"installments.csv after row 4"):
        await bring(office, folder)
    assert await snapshot(office) == before
    assert not list((tmp_path / "rejects").glob("*"))
