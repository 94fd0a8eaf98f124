"""Sums in and out: what a tape says in money is booked, refused, said twice, later or held; each is read."""

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.intake.reconcile import WAYS, UnbalancedError
from casework.intake.report import ImportReport
from casework.office import Office
from tests.builders.book import office_of
from tests.builders.tapes import NOW, book_rows, bring, due, loan, on, paid, tape, three, write


@pytest.fixture
def office(engine: AsyncEngine) -> Office:
    return office_of(engine)


def sums(report: ImportReport, what: str, code: str) -> dict[str, str]:
    """Those that are not zero."""
    return {name: text for name, text in report.reconciled[what][code].items() if text.strip("0.")}


async def test_every_cent_of_a_tape_is_somewhere(office: Office, tmp_path: Path) -> None:
    loans = [loan("L1"), loan("L2", "B2", principal="x"), loan("L3", "B3", currency="JPY", principal="300")]
    dues = [*three("L1"), *three("L2"), *(due("L3", n, f"2026-0{n + 2}-01", "100") for n in (1, 2, 3))]
    pays = [
        paid("L1", "p1", "2026-03-01", "40.00"),
        paid("L1", "p1", "2026-03-01", "40.00"),  # said twice
        paid("L1", "p2", "2026-03-02", "5.00", installment="9"),  # not its installment
        paid("L2", "p3", "2026-03-02", "6.00"),  # of a refused loan
        paid("L9", "p4", "2026-03-02", "7.00"),  # of no loan
        paid("L1", "p5", "2026-03-02", "x"),  # says no amount
        paid("L3", "p6", "2026-03-02", "50"),
        paid("L3", "p7", "2026-03-02", "50.5"),  # yen have no decimals
    ]
    report = await bring(office, tape(tmp_path / "t", loans, dues, pays))
    assert report.read == sum(
        (report.loaded, report.updated, report.unchanged, report.skipped, report.rejected)
    )
    assert sums(report, "due", "EUR") == {"tape": "300.00", "booked": "300.00"}
    assert sums(report, "due", "JPY") == {"tape": "300", "booked": "300"}
    assert sums(report, "due", "unknown") == {"tape": "300.0000", "rejected": "300.0000"}
    assert sums(report, "paid", "EUR") == {
        "tape": "85.00",
        "booked": "40.00",
        "rejected": "5.00",
        "repeated": "40.00",
    }
    assert sums(report, "paid", "JPY") == {"tape": "100.5000", "booked": "50", "rejected": "50.5000"}
    assert sums(report, "paid", "unknown") == {"tape": "13.0000", "rejected": "13.0000"}


async def test_what_is_for_a_later_day_and_what_is_held_is_said(office: Office, tmp_path: Path) -> None:
    loans = [loan(f"L{n}", f"B{n}") for n in range(1, 9)]
    dues = [row for one in loans for row in three(str(one["loan_id"]))]
    later = [loan("L9", "B9", made_on="2026-08-01"), *loans]
    both = tape(tmp_path / "t", later, [*dues, *three("L9")])
    report = await bring(office, both, as_of=on("2026-06-01"))
    assert sums(report, "due", "EUR")["booked"] == "2400.00"
    assert sums(report, "due", "unknown") == {"tape": "300.0000", "skipped": "300.0000"}
    shifted = [
        due(str(row["loan_id"]), int(str(row["number"])), str(row["due_date"]), "10000") for row in dues
    ]
    report = await bring(office, tape(tmp_path / "t", loans, shifted), now=NOW)
    assert report.held_for_approval
    assert sums(report, "due", "EUR") == {"tape": "240000.00", "held": "240000.00"}


@pytest.mark.parametrize("table", ["payments", "installments"])
async def test_the_sums_are_read_where_the_money_stands(office: Office, tmp_path: Path, table: str) -> None:
    """A database that books another amount than it was given is found out, and nothing is kept."""
    column = {"payments": "amount_minor", "installments": "fees_minor"}[table]
    async with office.transaction() as raw:
        await raw.run(
            f"CREATE FUNCTION a_cent_more() RETURNS trigger LANGUAGE plpgsql AS "
            f"'BEGIN NEW.{column} := NEW.{column} + 1; RETURN NEW; END'"
        )
        await raw.run(
            f"CREATE TRIGGER a_cent_more BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION a_cent_more()"
        )
    there = tape(tmp_path / "t", [loan("L1")], three("L1"), [paid("L1", "p", "2026-03-01", "40.00")])
    with pytest.raises(UnbalancedError, match="do not add up"):
        await bring(office, there)
    assert await book_rows(office, "SELECT 1 FROM loans") == []


async def test_each_way_is_a_column_of_what_is_printed(office: Office, tmp_path: Path) -> None:
    await bring(office, tape(tmp_path / "t", [loan("L1")], three("L1")))
    there = write(tmp_path / "payments.csv", [paid("L1", "p", "2026-03-01", "40.00")])
    report = await bring(office, there, kind="payments")
    assert tuple(report.reconciled["paid"]["EUR"]) == ("tape", *WAYS)
