"""Payments that were booked on the wrong loan, come to be known late, are taken back; and what was known."""

from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.insight.check import check
from casework.insight.loan import loan as show
from casework.office import Office
from tests.builders.book import AUDITOR, office_of
from tests.builders.tapes import NOW, book_rows, bring, counts, loan, paid, refused, tape, three, write
from tests.integration.test_import_faults import odd

DAY = timedelta(days=1)
LOANS = [loan("L1"), loan("L2", "B2")]
DUES = [*three("L1"), *three("L2")]
P1 = ("p1", "2026-03-01", "150.00")
MOVED = paid("L2", *P1, moved_from="L1")


@pytest.fixture
def office(engine: AsyncEngine) -> Office:
    return office_of(engine)


async def stands(
    office: Office, loan_id: str, as_of: date = date(2026, 4, 10), known_at: datetime | None = None
) -> tuple[Any, ...]:
    """(arrears, outstanding, days past due, what was paid) as of a day, as known now or then."""
    found = await show(office, AUDITOR, loan_id, NOW + 9 * DAY, as_of=as_of, known_at=known_at)
    return found["arrears"], found["outstanding"], found["dpd"], [one["amount"] for one in found["payments"]]


async def sound(office: Office) -> None:
    found = await check(office, AUDITOR, NOW, ())
    assert [one.name for one in found if not one.holds and one.name != "audit_verifies"] == []


async def test_a_payment_that_was_moved_stands_with_the_other_loan_from_its_own_day(
    office: Office, tmp_path: Path
) -> None:
    await bring(office, tape(tmp_path / "t", LOANS, DUES, [paid("L1", *P1)]))
    assert (await stands(office, "L1"))[:3] == ("50.00", "150.00", 9)
    report = await bring(office, write(tmp_path / "payments.csv", [MOVED]), kind="payments", now=NOW + DAY)
    assert (counts(report), report.faults) == ({"loaded": 1}, 1)  # and paid in part
    assert (await stands(office, "L1"))[:3] == ("200.00", "300.00", 40)
    assert (await stands(office, "L2"))[:3] == ("50.00", "150.00", 9)
    # What was known then is what was said then.
    assert (await stands(office, "L1", known_at=NOW))[:3] == ("50.00", "150.00", 9)
    assert (await stands(office, "L2", known_at=NOW))[:3] == ("200.00", "300.00", 40)
    received = "SELECT l.external_id, p.external_id, p.received_on::text, p.amount_minor FROM payments p "
    assert await book_rows(
        office, received + "JOIN loans l ON l.id = p.loan_id ORDER BY p.recorded_at, 1 DESC"
    ) == [
        ("L1", "p1", "2026-03-01", 15000),
        ("L2", "p1", "2026-03-01", 15000),
        ("L1", "moved:p1", "2026-03-01", 0),
    ]
    again = await bring(office, tape(tmp_path / "t", LOANS, DUES, [MOVED]), now=NOW + 2 * DAY)
    assert counts(again) == {"unchanged": 9}
    await sound(office)


async def test_a_move_is_taken_whole_or_not_at_all(office: Office, tmp_path: Path) -> None:
    loans = [*LOANS, loan("L3", "B3", currency="USD")]
    await bring(office, tape(tmp_path / "t", loans, [*DUES, *three("L3")], [paid("L1", *P1)]))
    day, amount = P1[1:]
    rows = [
        paid("L2", "p2", day, amount, moved_from="L1"),
        paid("L2", "p1", day, "10.00", moved_from="L1"),
        paid("L9", "p1", day, amount, moved_from="L1"),
        paid("L2", "p1", day, amount, moved_from="L9"),
        paid("L3", "p1", day, amount, moved_from="L1"),
        paid("L1", "p1", day, amount, moved_from="L1"),
        paid("L2", "", day, amount, moved_from="L1"),
    ]
    reasons: list[str] = []
    for number, row in enumerate(rows, 1):
        there = write(tmp_path / "payments.csv", [row, paid("L2", f"ok{number}", day, "0.01")])
        report = await bring(office, there, kind="payments", now=NOW + number * DAY)
        assert counts(report) == {"loaded": 1, "rejected": 1}
        reasons += [reason for *_, reason in refused(report)]
    assert [reason.split(":")[0] for reason in reasons] == [
        "takes back a payment that the loan does not have",
        "moves 1000 minor units of a payment of 15000",
        "no loan of this id is on the tape or in the book",
        "no loan of this id is on the tape or in the book",
        "moves a payment to a loan of another currency",
        "is the loan of the row itself",
        "names a loan, but the row has no payment_id to find it by there",
    ]
    assert (await stands(office, "L1"))[:2] == ("50.00", "150.00")
    await sound(office)


async def test_one_that_was_moved_away_comes_back_under_another_id(office: Office, tmp_path: Path) -> None:
    await bring(office, tape(tmp_path / "t", LOANS, DUES, [paid("L1", *P1)]))
    there = tmp_path / "payments.csv"
    await bring(office, write(there, [MOVED]), kind="payments", now=NOW + DAY)
    back = await bring(
        office, write(there, [paid("L1", *P1, moved_from="L2")]), kind="payments", now=NOW + 2 * DAY
    )
    assert [reason for *_, reason in refused(back)] == [
        "payment p1 was moved from this loan before: give it another id"
    ]
    assert (await stands(office, "L2"))[:2] == ("50.00", "150.00")
    rows = [
        paid("L2", "r1", P1[1], "", reverses="p1"),
        paid("L1", "p1-again", *P1[1:]),
    ]
    await bring(office, write(there, rows), kind="payments", now=NOW + 3 * DAY)
    assert (await stands(office, "L1"))[:2] == ("50.00", "150.00")
    assert (await stands(office, "L2"))[:2] == ("200.00", "300.00")
    await sound(office)


async def test_one_that_stands_with_two_loans_is_named(office: Office, tmp_path: Path) -> None:
    """The core moved it, and its tape does not say so: both count until somebody says which is right."""
    await bring(office, tape(tmp_path / "t", LOANS, DUES, [paid("L1", "p1", "2026-03-01", "100.00")]))
    one = paid("L2", "p1", "2026-03-01", "100.00")
    report = await bring(office, tape(tmp_path / "t", LOANS, DUES, [one]), now=NOW + DAY)
    assert odd(report) == [("payments.csv", "2", "L2", "stands_elsewhere", "100.00 EUR")]
    # Where each loan counts its payments by itself, both are on the tape, and nothing is odd.
    both = [paid("L1", "p1", "2026-03-01", "100.00"), one]
    three_loans = [*LOANS, loan("L3", "B3")]
    pays = [*both, paid("L3", "p1", "2026-03-01", "100.00")]
    report = await bring(
        office, tape(tmp_path / "t", three_loans, [*DUES, *three("L3")], pays), now=NOW + 2 * DAY
    )
    assert report.faults == 0


async def test_a_payment_known_late_counts_from_its_day_and_not_before_it_was_known(
    office: Office, tmp_path: Path
) -> None:
    await bring(office, tape(tmp_path / "t", LOANS, DUES))
    there = write(tmp_path / "payments.csv", [paid("L1", "late", "2026-03-02", "100.00")])
    await bring(office, there, kind="payments", now=NOW + DAY)
    assert (await stands(office, "L1", date(2026, 3, 1)))[1:] == ("300.00", 0, [])
    assert (await stands(office, "L1", date(2026, 3, 2)))[1] == "200.00"
    assert (await stands(office, "L1", known_at=NOW))[1] == "300.00"
    # Backdated once more by a correction, and then taken back.
    there = write(there, [paid("L1", "late", "2026-03-01", "100.00")])
    await bring(office, there, kind="payments", now=NOW + 2 * DAY)
    assert (await stands(office, "L1", date(2026, 3, 1)))[1] == "200.00"
    assert (await stands(office, "L1", date(2026, 3, 1), known_at=NOW + DAY))[1] == "300.00"
    back = write(there, [paid("L1", "r", "2026-03-20", "", reverses="late")])
    await bring(office, back, kind="payments", now=NOW + 3 * DAY)
    assert (await stands(office, "L1", date(2026, 3, 19)))[1] == "200.00"
    assert (await stands(office, "L1", date(2026, 3, 20)))[1] == "300.00"
    assert (await stands(office, "L1", date(2026, 3, 20), known_at=NOW + 2 * DAY))[1] == "200.00"
    await sound(office)


_examples = count()
steps = st.lists(
    st.tuples(st.sampled_from(["pay", "move", "reverse", "backdate"]), st.integers(0, 2), st.integers(0, 9)),
    min_size=1,
    max_size=7,
)


@given(steps)
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # one database, loans of each its own
)
async def test_whatever_is_corrected_no_money_comes_or_goes(
    office: Office, tmp_path: Path, drawn: list[tuple[str, int, int]]
) -> None:
    names = [f"X{next(_examples)}-{number}" for number in range(3)]
    await bring(
        office,
        tape(
            tmp_path / "t", [loan(name, name) for name in names], [row for one in names for row in three(one)]
        ),
    )
    where: dict[str, tuple[str, int, int]] = {}  # payment -> loan, day of March, euros
    for number, (what, place, pick) in enumerate(drawn, 1):
        chosen = sorted(where)[pick % len(where)] if where else None
        if what == "pay":
            where[f"p{number}"] = names[place], pick + 1, 10 * (pick + 1)
            row = paid(names[place], f"p{number}", f"2026-03-{pick + 1:02}", f"{10 * (pick + 1)}.00")
        elif chosen is None:
            continue
        elif what == "move":
            before, day, euros = where.pop(chosen)
            if before == names[place]:
                where[chosen] = before, day, euros
                continue
            row = paid(names[place], chosen, f"2026-03-{day:02}", f"{euros}.00", moved_from=before)
            where[chosen] = names[place], day, euros
        elif what == "reverse":
            before, _, _ = where.pop(chosen)
            row = paid(before, f"r{number}", "2026-03-20", "", reverses=chosen)
        else:
            before, _, euros = where[chosen]
            where[chosen] = before, pick + 1, euros
            row = paid(before, chosen, f"2026-03-{pick + 1:02}", f"{euros}.00")
        there = write(tmp_path / "payments.csv", [row])
        report = await bring(office, there, kind="payments", now=NOW + number * DAY)
        if report.rejected:  # moved to where it was moved from before: it stays where it is
            assert "was moved from this loan before" in refused(report)[0][-1]
            where[chosen or ""] = before, day, euros
    for name in names:
        theirs = sum(euros for at, _, euros in where.values() if at == name)
        found = await show(office, AUDITOR, name, NOW + 30 * DAY, as_of=date(2026, 4, 30))
        assert found["outstanding"] == f"{max(0, 300 - theirs)}.00"
    await sound(office)
