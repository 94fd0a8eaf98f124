"""The `kept` format: what a tape changes in the book, and what it leaves alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.addresses import report_reassigned, settle_address
from casework.look import look
from casework.office import Office
from casework.publish import publish_shipped
from casework.staff.rights import Actor, Denied, Role
from tests.builders.book import SYSTEM, keyring, office_of
from tests.builders.tapes import (
    NOW,
    OPERATIONS,
    book_rows,
    bring,
    counts,
    due,
    loan,
    on,
    paid,
    party,
    refused,
    snapshot,
    tape,
    three,
    write,
)

SCHEDULE = (
    "SELECT i.number, i.paid_minor, i.left_minor FROM installments i JOIN loans l ON l.id = i.loan_id "
    "ORDER BY l.external_id, i.number"
)
LOOKS = "SELECT p.external_id, c.next_look_at FROM cases c JOIN persons p ON p.id = c.person_id ORDER BY 1"


@pytest.fixture
def office(engine: AsyncEngine) -> Office:
    return office_of(engine)


async def rest(office: Office) -> None:
    """As after a look that found nothing to come."""
    async with office.transaction() as raw:
        await raw.run("UPDATE cases SET next_look_at = NULL")


async def test_a_tape_becomes_a_book(office: Office, tmp_path: Path) -> None:
    there = tape(
        tmp_path / "t",
        [
            loan("L1", phone="+447700900123", phone_state="confirmed"),
            loan("L2", "B2", currency="JPY", principal="667"),
        ],
        [*three("L1"), due("L2", 1, "2026-06-01", "667")],
        [paid("L1", "p1", "2026-03-01", "150.00"), paid("L1", "p2", "2026-06-30", "20.00", installment="3")],
        [party("L1", "P9", "guarantor", email="p9@example.org", email_state="unverified")],
    )
    report = await bring(office, there)
    assert counts(report) == {"loaded": 9}
    assert report.sums == {
        "due": {"EUR": "300.00", "JPY": "667"},
        "paid": {"EUR": "170.00"},
        "principal": {"EUR": "300.00", "JPY": "667"},
    }
    assert report.portfolios == ["main"]
    assert await book_rows(office, SCHEDULE) == [(1, 10000, 0), (2, 5000, 5000), (3, 2000, 8000), (1, 0, 667)]
    rows = await book_rows(
        office, "SELECT id, name, zones, country, language FROM persons WHERE external_id = 'B1'"
    )
    key, name, *others = rows[0]
    assert keyring().open("persons", "name", key, name) == "Name of B1"
    assert others == [["Europe/Berlin"], "DE", "en"]
    found = await book_rows(
        office,
        "SELECT a.id, a.kind, a.value, a.token, a.state, a.basis, p.external_id FROM addresses a "
        "JOIN persons p ON p.id = a.person_id ORDER BY p.external_id, a.kind",
    )
    opened = [
        (who, kind, keyring().open("addresses", "value", key, value), state, basis)
        for key, kind, value, _, state, basis, who in found
    ]
    assert opened == [
        ("B1", "email", "b1@example.org", "attested", "contract"),
        ("B1", "phone", "+447700900123", "confirmed", "contract"),
        ("B2", "email", "b2@example.org", "attested", "contract"),
        ("P9", "email", "p9@example.org", "unverified", "contract"),
    ]
    assert found[0][3] == keyring().token("email", "b1@example.org")
    roles = await book_rows(
        office,
        "SELECT l.external_id, p.external_id, t.role, p.zones "
        "FROM parties t JOIN loans l ON l.id = t.loan_id JOIN persons p ON p.id = t.person_id ORDER BY 1, 2",
    )
    berlin = ["Europe/Berlin"]
    assert roles == [
        ("L1", "B1", "borrower", berlin),
        ("L1", "P9", "guarantor", berlin),
        ("L2", "B2", "borrower", berlin),
    ]
    assert await book_rows(office, "SELECT fed_at FROM feeds") == [(NOW,)]
    assert await book_rows(office, "SELECT DISTINCT governed_since FROM loans") == [(NOW,)]
    assert await book_rows(office, LOOKS) == [("B1", NOW), ("B2", NOW), ("P9", NOW)]


async def test_the_same_again_changes_nothing(office: Office, tmp_path: Path) -> None:
    there = tape(
        tmp_path / "t",
        [loan("L1"), loan("L2", "B2")],
        [*three("L1"), *three("L2")],
        [
            paid("L1", "", "2026-03-01", "50"),
            paid("L1", "", "2026-03-01", "50"),
            paid("L2", "x", "2026-03-02", "400"),
        ],
        [party("L1", "B2", "co-borrower")],
    )
    await bring(office, there)
    await rest(office)
    before = await snapshot(office)
    again = await bring(office, there, now=NOW + timedelta(hours=1))
    assert counts(again) == {"unchanged": 12}
    assert await snapshot(office) == before
    assert await book_rows(office, "SELECT credit_minor FROM loans ORDER BY external_id") == [(0,), (10000,)]
    assert await book_rows(office, "SELECT fed_at FROM feeds") == [(NOW + timedelta(hours=1),)]


async def test_two_equal_payments_without_ids_are_two(office: Office, tmp_path: Path) -> None:
    there = tape(tmp_path / "t", [loan("L1")], three("L1"), [paid("L1", "", "2026-03-01", "50")] * 2)
    assert counts(await bring(office, there)) == {"loaded": 6}
    assert await book_rows(office, SCHEDULE) == [(1, 10000, 0), (2, 0, 10000), (3, 0, 10000)]


async def test_a_payment_touches_its_case_and_no_other(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "t"
    loans, dues = [loan("L1"), loan("L2", "B2")], [*three("L1"), *three("L2")]
    await bring(office, tape(folder, loans, dues))
    await rest(office)
    file = write(tmp_path / "payments.csv", [paid("L1", "p1", "2026-06-30", "150.00")])
    later = NOW + timedelta(hours=2)
    report = await bring(office, file, kind="payments", now=later)
    assert (counts(report), report.sums["paid"]) == ({"loaded": 1}, {"EUR": "150.00"})
    assert await book_rows(office, LOOKS) == [("B1", later), ("B2", None)]
    assert (await book_rows(office, SCHEDULE))[:3] == [(1, 10000, 0), (2, 5000, 5000), (3, 0, 10000)]
    assert await book_rows(office, "SELECT fed_at FROM feeds") == [(later,)]
    assert counts(await bring(office, file, kind="payments", now=later)) == {"unchanged": 1}


async def test_a_later_payment_leaves_the_loan_and_its_earlier_one(office: Office, tmp_path: Path) -> None:
    await bring(office, tape(tmp_path / "t", [loan("L1")], three("L1")))
    both = [paid("L1", "p1", "2026-06-30", "150.00"), paid("L1", "p2", "2026-07-02", "10.00")]
    report = await bring(office, write(tmp_path / "payments.csv", both), kind="payments")
    assert counts(report) == {"loaded": 1, "skipped": 1}
    assert (await book_rows(office, SCHEDULE))[1] == (2, 5000, 5000)


async def test_an_earlier_look_is_not_put_off(office: Office, tmp_path: Path) -> None:
    there = tape(tmp_path / "t", [loan("L1")], three("L1"))
    await bring(office, there, as_of=on("2026-06-01"))
    early = datetime(2026, 6, 1, 22, tzinfo=UTC)
    assert await book_rows(office, LOOKS) == [("B1", early)]
    file = write(tmp_path / "payments.csv", [paid("L1", "p1", "2026-06-02", "150.00")])
    await bring(office, file, kind="payments", as_of=on("2026-06-02"))
    assert await book_rows(office, LOOKS) == [("B1", early)]


async def test_a_payment_corrected_is_allocated_anew(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "t"
    await bring(office, tape(folder, [loan("L1")], three("L1"), [paid("L1", "p", "2026-03-01", "350.00")]))
    assert await book_rows(office, "SELECT credit_minor FROM loans") == [(5000,)]
    report = await bring(
        office, tape(folder, [loan("L1")], three("L1"), [paid("L1", "p", "2026-03-01", "120.00")])
    )
    assert counts(report) == {"updated": 1, "unchanged": 4}
    assert await book_rows(office, SCHEDULE) == [(1, 10000, 0), (2, 2000, 8000), (3, 0, 10000)]
    assert await book_rows(office, "SELECT credit_minor FROM loans") == [(0,)]
    sums = (
        "SELECT sum(penalties_minor + fees_minor + interest_minor + principal_minor)::bigint FROM allocations"
    )
    assert await book_rows(office, sums) == [(12000,)]


async def test_a_schedule_changed_keeps_what_was_paid(office: Office, tmp_path: Path) -> None:
    folder, pay = tmp_path / "t", [paid("L1", "p", "2026-03-01", "150.00")]
    await bring(office, tape(folder, [loan("L1")], three("L1"), pay))
    await rest(office)
    moved = [
        due("L1", 1, "2026-03-01", "60.00", fees="5.00"),
        *three("L1")[1:],
        due("L1", 4, "2026-06-01", "35"),
    ]
    report = await bring(office, tape(folder, [loan("L1")], moved, pay))
    assert counts(report) == {"loaded": 1, "updated": 1, "unchanged": 4}
    assert await book_rows(office, SCHEDULE) == [(1, 6500, 0), (2, 8500, 1500), (3, 0, 10000), (4, 0, 3500)]
    assert await book_rows(office, LOOKS) == [("B1", NOW)]


async def test_a_payment_taken_back_is_owed_again(office: Office, tmp_path: Path) -> None:
    pays = [paid("L1", "p1", "2026-03-01", "100.00"), paid("L1", "p2", "2026-03-05", "100.00")]
    folder = tmp_path / "t"
    await bring(office, tape(folder, [loan("L1")], three("L1"), pays))
    back = paid("L1", "r1", "2026-03-09", "-100.00", reverses="p1")
    report = await bring(office, tape(folder, [loan("L1")], three("L1"), [*pays, back]))
    assert counts(report) == {"loaded": 1, "unchanged": 6}
    assert await book_rows(office, SCHEDULE) == [(1, 10000, 0), (2, 0, 10000), (3, 0, 10000)]
    assert counts(await bring(office, folder)) == {"unchanged": 7}


async def test_a_changed_person_is_an_update_and_keeps_the_other_address(
    office: Office, tmp_path: Path
) -> None:
    folder = tmp_path / "t"
    await bring(office, tape(folder, [loan("L1", phone="+447700900123")], three("L1")))
    await rest(office)
    report = await bring(office, tape(folder, [loan("L1", phone="+447700900124", name="Ann")], three("L1")))
    assert counts(report) == {"updated": 1, "unchanged": 3}
    found = await book_rows(office, "SELECT kind, count(*)::int FROM addresses GROUP BY 1 ORDER BY 1")
    assert found == [("email", 1), ("phone", 2)]
    ((key, name),) = await book_rows(office, "SELECT id, name FROM persons")
    assert keyring().open("persons", "name", key, name) == "Ann"
    assert await book_rows(office, LOOKS) == [("B1", NOW)]


async def test_what_the_person_said_of_an_address_outweighs_the_file(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "t"
    await bring(
        office, tape(folder, [loan("L1", phone="+447700900123", phone_state="attested")], three("L1"))
    )
    async with office.transaction() as raw:
        await raw.run("UPDATE addresses SET state = 'detached' WHERE kind = 'phone'")
    await bring(
        office,
        tape(folder, [loan("L1", phone="+447700900123", phone_state="attested", name="X")], three("L1")),
    )
    assert await book_rows(office, "SELECT state FROM addresses WHERE kind = 'phone'") == [("detached",)]


async def test_what_a_register_said_of_a_number_outweighs_the_file(office: Office, tmp_path: Path) -> None:
    folder, number = tmp_path / "t", "+447700900123"
    await bring(office, tape(folder, [loan("L1", phone=number, phone_state="attested")], three("L1")))
    assert await report_reassigned(office, SYSTEM, number, NOW) == 1
    await bring(
        office, tape(folder, [loan("L1", phone=number, phone_state="attested", name="X")], three("L1"))
    )
    state = "SELECT state, basis FROM addresses WHERE kind = 'phone'"
    assert await book_rows(office, state) == [("unverified", "reassigned")]
    (row,) = await book_rows(office, "SELECT id FROM addresses WHERE kind = 'phone'")
    await settle_address(office, SYSTEM, row[0], "confirmed", NOW)
    assert await book_rows(office, state) == [("confirmed", "contract")]


async def test_a_number_of_two_persons_is_shared(office: Office, tmp_path: Path) -> None:
    folder, same = tmp_path / "t", {"phone": "+447700900123", "phone_state": "attested"}
    await bring(office, tape(folder, [loan("L1", **same)], three("L1")))
    assert await book_rows(office, "SELECT shared FROM addresses WHERE kind = 'phone'") == [(False,)]
    await rest(office)
    await bring(
        office, tape(folder, [loan("L1", **same), loan("L2", "B2", **same)], [*three("L1"), *three("L2")])
    )
    shared = "SELECT kind, shared, count(*)::int FROM addresses GROUP BY 1, 2 ORDER BY 1"
    assert await book_rows(office, shared) == [("email", False, 2), ("phone", True, 2)]
    assert await book_rows(office, LOOKS) == [("B1", NOW), ("B2", NOW)]


async def test_one_person_with_two_loans_is_one_case(office: Office, tmp_path: Path) -> None:
    there = tape(
        tmp_path / "t",
        [loan("L1", phone="+447700900123"), loan("L2", phone="+447700900124")],
        [*three("L1"), *three("L2")],
    )
    await bring(office, there)
    assert await book_rows(office, "SELECT count(*)::int FROM cases") == [(1,)]
    assert await book_rows(office, "SELECT count(*)::int FROM addresses WHERE NOT shared") == [(3,)]
    assert counts(await bring(office, there)) == {"unchanged": 8}


async def test_equal_ids_of_two_sources_are_two_people_and_two_loans(office: Office, tmp_path: Path) -> None:
    await bring(office, tape(tmp_path / "a", [loan("L1")], three("L1")))
    await bring(office, tape(tmp_path / "b", [loan("L1", source="other")], three("L1")))
    assert await book_rows(office, "SELECT source FROM loans ORDER BY 1") == [("core",), ("other",)]
    assert await book_rows(office, "SELECT count(*)::int FROM persons") == [(2,)]
    file = write(tmp_path / "payments.csv", [paid("L1", "p", "2026-03-01", "5.00")])
    report = await bring(office, file, kind="payments")
    assert [row[4] for row in refused(report)] == ["two sources have a loan of this id: which is meant?"]


async def test_a_loan_of_another_borrower_leaves_the_first(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "t"
    await bring(office, tape(folder, [loan("L1")], three("L1")))
    await rest(office)
    report = await bring(office, tape(folder, [loan("L1", "B2")], three("L1")))
    assert counts(report) == {"updated": 1, "unchanged": 3}
    parties = "SELECT p.external_id, t.role FROM parties t JOIN persons p ON p.id = t.person_id"
    assert await book_rows(office, parties) == [("B2", "borrower")]
    assert await book_rows(office, LOOKS) == [("B1", NOW), ("B2", NOW)]


async def test_full_recalls_what_is_absent_and_takes_it_back(office: Office, tmp_path: Path) -> None:
    both = tape(tmp_path / "t", [loan("L1"), loan("L2", "B2")], [*three("L1"), *three("L2")])
    await bring(office, both)
    await rest(office)
    one = tape(tmp_path / "u", [loan("L1")], three("L1"))
    statuses = "SELECT external_id, status FROM loans ORDER BY 1"
    assert (await bring(office, one)).recalled == 0
    assert (await bring(office, one, full=True, as_of=on("2026-05-01"))).recalled == 0  # an earlier day
    assert await book_rows(office, statuses) == [("L1", "active"), ("L2", "active")]
    report = await bring(office, one, full=True)
    assert (report.recalled, counts(report)) == (1, {"unchanged": 4})
    assert await book_rows(office, statuses) == [("L1", "active"), ("L2", "recalled")]
    assert await book_rows(office, LOOKS) == [("B1", None), ("B2", NOW)]
    assert counts(await bring(office, both, full=True)) == {"updated": 1, "unchanged": 7}
    assert await book_rows(office, statuses) == [("L1", "active"), ("L2", "active")]


async def test_full_recalls_nothing_that_was_only_refused(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "t"
    await bring(office, tape(folder, [loan("L1"), loan("L2", "B2")], [*three("L1"), *three("L2")]))
    bad = tape(folder, [loan("L1"), loan("L2", "B2", made_on="soon")], [*three("L1"), *three("L2")])
    assert (await bring(office, bad, full=True)).recalled == 0
    nameless = tape(folder, [loan("L1"), loan("", "B2")], three("L1"))
    report = await bring(office, nameless, full=True)
    assert report.recalled == 0
    assert "do not tell which loan they are" in report.notes[0]


async def test_a_dry_run_says_the_same_and_keeps_nothing(office: Office, tmp_path: Path) -> None:
    there = tape(tmp_path / "t", [loan("L1"), loan("L2", zone="Mars")], [*three("L1"), *three("L2")])
    before = await snapshot(office)
    dry = await bring(office, there, dry_run=True)
    assert await snapshot(office) == before
    assert await book_rows(office, "SELECT count(*)::int FROM imports") == [(0,)]
    real = await bring(office, there)
    assert (counts(dry), dry.sums, refused(dry)) == (counts(real), real.sums, refused(real))
    assert dry.import_id is None


async def test_an_import_is_recorded_and_audited(office: Office, tmp_path: Path) -> None:
    report = await bring(office, tape(tmp_path / "t", [loan("L1")], three("L1")))
    kept = await book_rows(office, "SELECT id, kind, file_name, mapping, report->>'loaded' FROM imports")
    assert kept == [(report.import_id, "loans", "t", "kept", "4")]
    events = await book_rows(office, "SELECT actor, role, action, subject_id, data->>'loaded' FROM events")
    assert events == [("olu", "operations", "import_book", report.import_id, "4")]


async def test_who_may_not_import_does_not(office: Office, tmp_path: Path) -> None:
    there = tape(tmp_path / "t", [loan("L1")], three("L1"))
    before = await snapshot(office)
    for actor in (Actor("eve", Role.COLLECTOR), Actor("olu", Role.OPERATIONS, frozenset({"other"}))):
        with pytest.raises(Denied):
            await bring(office, there, actor=actor)
    assert await snapshot(office) == before
    await bring(office, there, actor=Actor("olu", Role.OPERATIONS, frozenset({"main"})))
    pays = write(tmp_path / "payments.csv", [paid("L1", "p", "2026-03-01", "5.00")])
    with pytest.raises(Denied):
        await bring(office, pays, kind="payments", actor=Actor("olu", Role.OPERATIONS, frozenset({"other"})))


async def test_loans_alone_tell_nothing_of_payments(office: Office, tmp_path: Path) -> None:
    folder = tape(tmp_path / "t", [loan("L1")], three("L1"), [paid("L1", "p", "2026-03-01", "5.00")])
    await bring(office, folder, as_of=on("2026-06-01"))
    fed = datetime(2026, 6, 1, 22, tzinfo=UTC)
    await bring(office, folder / "loans.csv")
    assert await book_rows(office, "SELECT fed_at FROM feeds") == [(fed,)]
    file = write(tmp_path / "payments.csv", [paid("L1", "p", "2026-03-01", "5.00")])
    await bring(office, file, kind="payments", portfolio="main")
    assert await book_rows(office, "SELECT fed_at FROM feeds") == [(NOW,)]


async def test_news_of_payments_wakes_what_waited_for_it(office: Office, tmp_path: Path) -> None:
    await publish_shipped(office, OPERATIONS, NOW)
    dues = [due("L1", 1, "2026-06-25"), due("L2", 1, "2026-12-01")]
    await bring(office, tape(tmp_path / "t", [loan("L1"), loan("L2", "B2")], dues), as_of=on("2026-06-24"))
    await look(office, SYSTEM, datetime(2026, 7, 1, 8, tzinfo=UTC))
    waiting = "SELECT reason FROM occurrences WHERE state = 'waiting'"
    assert await book_rows(office, waiting) == [("stale_feed",)]
    await rest(office)
    file = write(tmp_path / "payments.csv", [paid("L2", "p", "2026-06-30", "5.00")])
    await bring(office, file, kind="payments", as_of=on("2026-06-30"))
    told = datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert await book_rows(office, LOOKS) == [("B1", told), ("B2", told)]


async def test_the_option_names_the_portfolio_of_rows_that_name_none(office: Office, tmp_path: Path) -> None:
    there = tape(tmp_path / "t", [loan("L1", portfolio="")], three("L1"))
    assert counts(await bring(office, there)) == {"rejected": 4}
    assert counts(await bring(office, there, portfolio="north")) == {"loaded": 4}
    made = await book_rows(office, "SELECT code, zone, country, language, strategy FROM portfolios")
    assert made == [("north", "Europe/Berlin", "DE", "en", "gentle")]
