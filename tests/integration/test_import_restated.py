"""What a later tape says otherwise, or no longer says: schedules, payments, addresses, balances."""

from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.delivery.deliver import deliver
from casework.differences import accept, differences
from casework.errors import CaseworkInputError
from casework.insight.loan import loan as show
from casework.intake.mapping_file import parse_mapping
from casework.intake.report import ImportReport
from casework.intake.suggest import suggest
from casework.look import look
from casework.office import Office
from casework.publish import publish_shipped
from kept.clock import FixedClock
from storage.chat import chats, proofs
from tests.builders.book import AUDITOR, SYSTEM, office_of
from tests.builders.tapes import (
    NOW,
    OPERATIONS,
    book_rows,
    bring,
    counts,
    due,
    loan,
    paid,
    party,
    refused,
    tape,
    three,
    write,
)
from tests.builders.town import Counting

DAY = timedelta(days=1)
SCHEDULE = "SELECT number, paid_minor, left_minor FROM installments ORDER BY loan_id, number"
PHONES = (
    "SELECT p.external_id, a.state, a.shared, a.replaced_at IS NOT NULL FROM addresses a "
    "JOIN persons p ON p.id = a.person_id WHERE a.kind = 'phone' ORDER BY 1, a.id"
)
ONE, TWO = "+447700900101", "+447700900102"


@pytest.fixture
def office(engine: AsyncEngine) -> Office:
    return office_of(engine)


async def test_what_a_restated_schedule_lacks_is_owed_no_more(office: Office, tmp_path: Path) -> None:
    pays = [paid("L1", "p1", "2026-03-01", "150.00")]
    await bring(office, tape(tmp_path / "t", [loan("L1")], three("L1"), pays))
    extended = [
        due("L1", 1, "2026-03-01"),
        due("L1", 4, "2026-08-01", "120.00"),
        due("L1", 5, "2026-09-01", "80"),
    ]
    report = await bring(office, tape(tmp_path / "t", [loan("L1")], extended, pays), now=NOW + DAY)
    assert counts(report) == {"loaded": 2, "unchanged": 3}
    rows = await book_rows(office, SCHEDULE)
    assert rows == [(1, 10000, 0), (2, 0, 0), (3, 0, 0), (4, 5000, 7000), (5, 0, 8000)]
    versions = await book_rows(
        office, "SELECT number, principal_minor, until FROM installment_versions ORDER BY number"
    )
    new = [(4, 0, NOW + DAY), (5, 0, NOW + DAY)]
    assert versions == [(2, 10000, NOW + DAY), (3, 10000, NOW + DAY), *new]
    back = [loan("L1", tags="restored")]
    await bring(office, tape(tmp_path / "t", back, three("L1"), pays), now=NOW + 2 * DAY)
    assert (await book_rows(office, SCHEDULE))[:3] == [(1, 10000, 0), (2, 5000, 5000), (3, 0, 10000)]


async def test_a_balance_is_stated_as_true_then_or_as_known_then(office: Office, tmp_path: Path) -> None:
    """Due in March, April, May; then April is put off to June and costs more, July is new, a payment of March
    is corrected, and another one of March comes to be known."""
    pays = [paid("L1", "p1", "2026-03-01", "150.00")]
    await bring(office, tape(tmp_path / "t", [loan("L1")], three("L1"), pays))
    put_off = [
        due("L1", 1, "2026-03-01"),
        due("L1", 2, "2026-06-01", "110.00"),
        due("L1", 3, "2026-05-01"),
        due("L1", 4, "2026-07-01", "5"),
    ]
    corrected = [paid("L1", "p1", "2026-03-01", "140.00"), paid("L1", "p2", "2026-03-05", "7.00")]
    await bring(office, tape(tmp_path / "t", [loan("L1")], put_off, corrected), now=NOW + DAY)

    async def stands(known_at: datetime | None) -> tuple[Any, ...]:
        day = date(2026, 4, 10)
        found = await show(office, AUDITOR, "L1", NOW + 2 * DAY, as_of=day, known_at=known_at)
        rows = [(one["number"], str(one["due_date"])[5:], one["due"]) for one in found["installments"]]
        return rows, found["arrears"], found["outstanding"], [one["amount"] for one in found["payments"]]

    march, april, may = (1, "03-01", "100.00"), (2, "04-01", "100.00"), (3, "05-01", "100.00")
    now = [march, may, (2, "06-01", "110.00"), (4, "07-01", "5.00")]
    assert await stands(NOW) == ([march, april, may], "50.00", "150.00", ["150.00"])
    assert await stands(None) == (now, "0.00", "168.00", ["140.00", "7.00"])
    assert await stands(NOW + DAY) == await stands(None)
    with pytest.raises(CaseworkInputError, match="nothing of it was known at"):
        await stands(NOW - DAY)


async def test_installments_alone_correct_and_take_nothing_away(office: Office, tmp_path: Path) -> None:
    await bring(office, tape(tmp_path / "t", [loan("L1")], three("L1")))
    (tmp_path / "u").mkdir()
    write(tmp_path / "u" / "loans.csv", [loan("L2", "B2")])
    write(tmp_path / "u" / "installments.csv", [due("L1", 2, "2026-04-01", "90.00"), *three("L2")])
    await bring(office, tmp_path / "u", now=NOW + DAY)
    assert (await book_rows(office, SCHEDULE))[:3] == [(1, 0, 10000), (2, 0, 9000), (3, 0, 10000)]


async def test_an_earlier_tape_takes_nothing_away(office: Office, tmp_path: Path) -> None:
    await bring(office, tape(tmp_path / "t", [loan("L1")], three("L1")), now=NOW + DAY)
    await bring(office, tape(tmp_path / "t", [loan("L1")], three("L1")[:1]), now=NOW)
    assert [row[2] for row in await book_rows(office, SCHEDULE)] == [10000] * 3


async def test_a_payment_without_an_id_that_is_corrected_counts_once(office: Office, tmp_path: Path) -> None:
    def with_payments(*pays: dict[str, object], tags: str = "") -> Path:
        return tape(tmp_path / "t", [loan("L1", tags=tags)], three("L1"), pays)

    first, wrong = paid("L1", "", "2026-03-01", "30.00"), paid("L1", "", "2026-03-05", "50.00")
    total = "SELECT sum(paid_minor)::bigint FROM installments"
    await bring(office, with_payments(first, wrong))
    await bring(office, with_payments(first, paid("L1", "", "2026-03-05", "55.00")), now=NOW + DAY)
    assert await book_rows(office, total) == [(8500,)]
    await bring(office, with_payments(first, paid("L1", "", "2026-03-06", "55.00")), now=NOW + 2 * DAY)
    assert await book_rows(office, total) == [(8500,)]
    again = await bring(office, with_payments(first, wrong, tags="late"), now=NOW + 3 * DAY)
    assert await book_rows(office, total) == [(8000,)]
    assert counts(again) == {"updated": 2, "unchanged": 4}
    # A file of payments alone tells of new ones: it takes none away.
    file = write(tmp_path / "p.csv", [paid("L1", "", "2026-03-05", "7.00")])
    await bring(office, file, kind="payments", now=NOW + 4 * DAY)
    assert await book_rows(office, total) == [(8700,)]


MANUAL = Path(__file__).parents[2] / "docs" / "migration.md"
STANDS = (
    "SELECT e.received_on, e.amount_minor FROM payments e JOIN loans l ON l.id = e.loan_id "
    "WHERE l.external_id = 'A-1001' AND e.reverses_id IS NULL "
    "AND NOT EXISTS (SELECT 1 FROM payments r WHERE r.reverses_id = e.id) ORDER BY 1, 2"
)


async def test_the_manuals_sum_of_what_was_paid_is_counted_once_each_morning(
    office: Office, tmp_path: Path
) -> None:
    blocks = MANUAL.read_text("utf-8").split("```")
    header, row, _ = next(one for one in blocks if "Agreement No;" in one).strip().splitlines()
    mapping = parse_mapping(next(one for one in blocks if "known_by" in one).removeprefix("yaml"), "m.yaml")
    days = count()

    async def morning(*sums: str, until: str = "20/11/2026", book: int = 30) -> ImportReport:
        """One sum for each of the first loans, the last of them for all others."""
        said = [sums[min(n, len(sums) - 1)] for n in range(book)]
        rows = [
            row.replace("A-1001", f"A-{1001 + n}").replace("C-501", f"C-{501 + n}").replace("550,00", one)
            for n, one in enumerate(said)
        ]
        rows = [one.replace("01/11/2026", "" if ";0,00;" in one else until) for one in rows]
        (tmp_path / "book.csv").write_text("\n".join([header, *rows]), "utf-8")
        now = datetime(2026, 11, 21, 12, tzinfo=NOW.tzinfo) + next(days) * DAY
        return await bring(office, tmp_path / "book.csv", mapping, now=now)

    assert (await morning("550,00", until="01/11/2026")).held_for_approval is False
    assert "received_on: Paid until, total: so_far}" in suggest(tmp_path / "book.csv").mapping
    first, second = (date(2026, 11, 1), 55000), (date(2026, 11, 20), 11000)
    grown = await morning("660,00")
    assert (grown.held_for_approval, counts(grown)) == (False, {"updated": 30})
    assert grown.reconciled["paid"]["GBP"]["booked"] == grown.reconciled["paid"]["GBP"]["tape"] == "19800.00"
    assert await book_rows(office, STANDS) == [first, second]
    paid_off = "SELECT sum(paid_minor)::bigint, sum(left_minor)::bigint FROM installments"
    assert await book_rows(office, paid_off) == [(30 * 66000, 30 * 66000)]
    same = await morning("660,00", until="22/11/2026")
    assert counts(same) == {"unchanged": 30}
    assert await book_rows(office, STANDS) == [first, second]
    assert counts(await morning("600,00", "660,00")) == {"updated": 1, "unchanged": 29}
    assert await book_rows(office, STANDS) == [first, (date(2026, 11, 20), 5000)]
    await morning("550,00", "660,00")
    assert await book_rows(office, STANDS) == [first]
    await morning("500,00", "660,00")
    assert await book_rows(office, STANDS) == [(date(2026, 11, 1), 50000)]
    await morning("0,00", "660,00")
    assert await book_rows(office, STANDS) == []
    for shifted in ("6,60", "66.000,00", "440,00"):
        assert (await morning("0,00", shifted)).held_for_approval, shifted
    # What was pushed meanwhile is part of the sum.
    push = write(tmp_path / "p.csv", [paid("A-1001", "P1", "2026-11-19", "40.00")])
    await bring(office, push, kind="payments", now=NOW + 200 * DAY)
    await morning("45,00", "660,00")
    assert await book_rows(office, STANDS) == [(date(2026, 11, 19), 4000), (date(2026, 11, 20), 500)]


async def test_an_address_that_the_file_replaced_is_vouched_for_no_more(
    office: Office, tmp_path: Path
) -> None:
    days = count()

    def with_phones(one: str, two: str) -> Path:
        loans = [
            loan("L1", phone=one, phone_state="attested"),
            loan("L2", "B2", phone=two, phone_state="attested", tags=f"seen-{next(days)}"),
        ]
        return tape(tmp_path / "t", loans, [*three("L1"), *three("L2")])

    await bring(office, with_phones(ONE, ONE))
    assert await book_rows(office, PHONES) == [
        ("B1", "attested", True, False),
        ("B2", "attested", True, False),
    ]
    await bring(office, with_phones(TWO, ONE), now=NOW + DAY)
    assert await book_rows(office, PHONES) == [
        ("B1", "unverified", False, True),
        ("B1", "attested", False, False),
        ("B2", "attested", False, False),
    ]
    await bring(office, with_phones("nonsense", ONE), now=NOW + 2 * DAY)
    assert ("B1", "attested", False, False) in await book_rows(office, PHONES)
    await bring(office, with_phones(ONE, ONE), now=NOW + 3 * DAY)
    assert await book_rows(office, PHONES) == [
        ("B1", "attested", True, False),
        ("B1", "unverified", False, True),
        ("B2", "attested", True, False),
    ]


async def test_the_language_that_a_person_chose_is_not_the_files_to_change(
    office: Office, tmp_path: Path
) -> None:
    say = "SELECT external_id, language FROM persons ORDER BY 1"
    await bring(office, tape(tmp_path / "t", [loan("L1"), loan("L2", "B2")], [*three("L1"), *three("L2")]))
    async with office.transaction() as raw:
        ring = office.keyring
        await chats.add(raw, ring, ring.token("chat", "7"), "7", "en", NOW)
        chat, person, address = (
            await raw.rows(
                "SELECT c.id, p.id, a.id FROM chats c, persons p "
                "JOIN addresses a ON a.person_id = p.id WHERE p.external_id = 'B1'"
            )
        )[0]
        proof = await proofs.add(raw, "link", person, address, NOW, NOW + DAY)
        await chats.link(raw, ring, chat, ring.token("chat", "7"), person, proof, NOW)
        await chats.speak(raw, chat, "zh")
    said = [loan("L1", language="fr"), loan("L2", "B2", language="fr")]
    await bring(office, tape(tmp_path / "t", said, [*three("L1"), *three("L2")]), now=NOW + DAY)
    assert await book_rows(office, say) == [("B1", "zh"), ("B2", "fr")]


async def test_rows_refused_for_what_others_say_name_their_column(office: Office, tmp_path: Path) -> None:
    there = tape(
        tmp_path / "t",
        [loan("L1")],
        three("L1"),
        [paid("L1", "p1", "2026-03-01", "5.00", installment="9"), paid("L9", "p2", "2026-03-01", "5.00")],
        [party("L1", "P1", "guarantor"), party("L1", "P1", "co-borrower")],
    )
    report = await bring(office, there)
    assert [(file, row, column, value) for file, row, column, value, _ in refused(report)] == [
        ("payments.csv", 2, "installment", "9"),
        ("payments.csv", 3, "loan_id", "L9"),
        ("parties.csv", 3, "role", "co-borrower"),
    ]


async def test_acceptance_28_the_core_system_states_other_balances(office: Office, tmp_path: Path) -> None:
    await publish_shipped(office, OPERATIONS, NOW)
    loans = [
        loan("L1", core_outstanding="300.00", core_dpd="0"),
        loan("L2", "B2", core_outstanding="310.00", core_dpd="0"),
        loan("L3", "B3", core_outstanding="250.00", core_dpd="2"),
        # A fee of another amount, and a day that is a due date by chance, explain nothing.
        loan("L4", "B4", core_outstanding="307.00", core_dpd="0", late_fee="7.01"),
    ]
    dues = [
        row
        for key in ("L1", "L2", "L3", "L4")
        for row in (due(key, 1, "2026-07-02"), due(key, 2, "2026-08-02"), due(key, 3, "2026-09-02"))
    ]
    pays = [paid("L3", "p", "2026-06-30", "40.00")]
    report = await bring(office, tape(tmp_path / "t", loans, dues, pays))
    assert "3 loans differ from what the core system states: `kept differences`" in report.notes
    found = await differences(office, OPERATIONS)
    assert [(one["loan"], one["what"], one["ours"], one["theirs"], one["explained_by"]) for one in found] == [
        ("L2", "outstanding", "300.00", "310.00", None),
        ("L3", "dpd", 0, 2, None),
        ("L3", "outstanding", "260.00", "250.00", None),
        ("L4", "outstanding", "300.00", "307.00", None),
    ]
    mail = Counting("email")
    now = NOW + 5 * DAY
    await bring(office, tape(tmp_path / "u", [loan("L9", "B9")], three("L9")), now=now)  # the feed is fresh
    await look(office, SYSTEM, now)
    await deliver(office, SYSTEM, {"email": mail}, FixedClock(now), "one")
    assert {one.to for one in mail.took} == {"b1@example.org"}
    waits = await book_rows(office, "SELECT DISTINCT reason FROM occurrences WHERE state = 'waiting'")
    assert waits == [("core_differs",)]
    assert await accept(office, OPERATIONS, ["L2"], now) == 1
    with pytest.raises(CaseworkInputError, match="loan L2: no difference of it waits"):
        await accept(office, OPERATIONS, ["L2"], now)
    await look(office, SYSTEM, now)
    await deliver(office, SYSTEM, {"email": mail}, FixedClock(now), "one")
    assert {one.to for one in mail.took} == {"b1@example.org", "b2@example.org"}
    agreed = [*loans[:2], loan("L3", "B3", core_outstanding="260.00", core_dpd="4")]
    await bring(office, tape(tmp_path / "t", agreed, dues, pays), now=now)
    assert [one["loan"] for one in await differences(office, OPERATIONS)] == [
        "L1",
        "L2",
        "L4",
    ]  # days went by


async def test_a_difference_is_explained_where_both_sides_are_equal_and_nowhere_else(
    office: Office, tmp_path: Path
) -> None:
    """On the first of July: three installments of 100 since March, 100 of them paid."""
    loans = [
        loan("L1", core_outstanding="212.50", fees_owed="12.00", late_charge="0.50"),  # their sum
        loan("L2", core_outstanding="212.51", fees_owed="12.00", late_charge="0.50"),
        loan("L3", core_outstanding="200.00", core_dpd="61"),  # since the first of May
        loan("L4", core_outstanding="200.01", core_dpd="61"),  # other money: no matter of order
        loan("L5", core_outstanding="200.00", core_dpd="92"),
        loan("L6", core_outstanding="200.00", core_dpd="90"),
        loan("L7", core_dpd="61"),
        loan("L8", core_outstanding="100.00", core_dpd="91"),  # 200 came: April is open there
    ]
    numbers = range(1, len(loans) + 1)
    pays = [paid(f"L{n}", f"p{n}", "2026-03-01", "100.00") for n in numbers]
    pays.append(paid("L8", "p9", "2026-04-01", "100.00"))
    dues = [row for n in numbers for row in three(f"L{n}")]
    await bring(office, tape(tmp_path / "t", loans, dues, pays))
    found = {(one["loan"], one["what"]): one for one in await differences(office, OPERATIONS)}
    assert {key: one["explained_by"] for key, one in found.items()} == {
        ("L1", "outstanding"): "fees_not_fed",
        ("L2", "outstanding"): None,
        ("L3", "dpd"): None,  # 200 are due before May, 100 came
        ("L4", "dpd"): None,
        ("L4", "outstanding"): None,
        ("L5", "dpd"): "convention",
        ("L6", "dpd"): None,
        ("L7", "dpd"): None,
        ("L8", "dpd"): "allocation_order",
    }
    assert "212.50 there = 200.00 here + 12.50 of fees" in str(found["L1", "outstanding"]["explanation"])
    assert "92 there = 91 here + 1" in str(found["L5", "dpd"]["explanation"])
    assert "100.00 is outstanding there = 100.00 here" in str(found["L8", "dpd"]["explanation"])


@pytest.mark.parametrize("status", ["recalled", "sold", "written_off"])
async def test_acceptance_30_recalled_or_sold_with_messages_queued(
    office: Office, tmp_path: Path, status: str
) -> None:
    await publish_shipped(office, OPERATIONS, NOW - 10 * DAY)
    dues = [due("L1", 1, "2026-07-01"), due("L2", 1, "2026-07-01")]
    early = NOW - 5 * DAY
    await bring(office, tape(tmp_path / "t", [loan("L1"), loan("L2", "B2")], dues), now=early)
    assert (await look(office, SYSTEM, NOW)).contacts == 2
    await bring(office, tape(tmp_path / "t", [loan("L1", status=status), loan("L2", "B2")], dues))
    mail = Counting("email")
    await deliver(office, SYSTEM, {"email": mail}, FixedClock(NOW), "one")
    assert [one.to for one in mail.took] == ["b2@example.org"]
    ended = "SELECT o.reason FROM occurrences o JOIN loans l ON l.id = o.loan_id WHERE l.external_id = 'L1'"
    assert (status,) in await book_rows(office, ended)
