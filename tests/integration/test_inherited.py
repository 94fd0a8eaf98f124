"""What comes with a book on day one, and the first look that obeys it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.delivery.deliver import deliver
from casework.holds import lift_hold
from casework.intake.inherited import InheritedReport, import_inherited
from casework.intake.inherited_rows import InheritedKind
from casework.intake.tape import TapeError
from casework.look import look
from casework.may import Wish, may_contact
from casework.office import Office
from casework.publish import publish_shipped
from casework.staff.rights import Actor, Denied, Role
from kept.clock import FixedClock
from storage.facts import load_facts
from tests.builders.book import SYSTEM, office_of
from tests.builders.tapes import NOW, OPERATIONS, Row, book_rows, bring, due, loan, paid, tape, write
from tests.builders.town import Counting

DAY = timedelta(days=1)


@pytest.fixture
async def office(engine: AsyncEngine, tmp_path: Path) -> Office:
    """Ten borrowers with one loan each, due on the second of July, a day ahead."""
    made = office_of(engine)
    await publish_shipped(made, OPERATIONS, NOW)
    numbers = range(1, 11)
    loans = [loan(f"L{n}", f"B{n}") for n in numbers]
    await bring(made, tape(tmp_path / "t", loans, [due(f"L{n}", 1, "2026-07-02") for n in numbers]))
    return made


async def take(office: Office, tmp_path: Path, kind: InheritedKind, rows: list[Row]) -> InheritedReport:
    file = write(tmp_path / f"{kind}.csv", rows)
    return await import_inherited(office, OPERATIONS, kind, file, tmp_path / "rejects", NOW)


def consent(
    who: str,
    channel: str,
    state: str = "revoked",
    at: str = "2026-05-01T10:00+02:00",
    purpose: str = "",
    evidence: str = "",
) -> Row:
    return {
        "borrower_id": who,
        "channel": channel,
        "purpose": purpose,
        "state": state,
        "at": at,
        "evidence": evidence,
    }


def hold(who: str, loan_id: str, kind: str, start: str = "2026-06-01", end: str = "") -> Row:
    return {"borrower_id": who, "loan_id": loan_id, "kind": kind, "from": start, "to": end}


def promise(loan_id: str, day: str, amount: str = "100.00", made_at: str = "2026-06-30T09:00") -> Row:
    return {"loan_id": loan_id, "amount": amount, "due_on": day, "made_at": made_at}


async def test_acceptance_26_what_comes_with_the_book_is_obeyed_by_the_first_look(
    office: Office, tmp_path: Path
) -> None:
    consents = [consent("B1", "email"), consent("B2", "all"), consent("B3", "email", "granted")]
    holds = [
        hold("B4", "", "deceased"),
        hold("B5", "L5", "dispute"),
        hold("B6", "", "represented"),
        hold("B7", "L7", "moratorium", end="2026-12-31"),
        hold("B8", "L8", "dispute", end="2026-06-20"),  # over
    ]
    promises = [promise("L9", "2026-07-20")]
    assert (await take(office, tmp_path, "consents", consents)).loaded == 3
    assert (await take(office, tmp_path, "holds", holds)).loaded == 5
    assert (await take(office, tmp_path, "promises", promises)).loaded == 1
    ats = ("2026-06-29T10:00", "2026-06-29T15:00", "2026-06-30T10:00", "2026-07-01T10:00")
    said = {"borrower_id": "B10", "channel": "sms", "direction": "out", "loan_ids": "L10"}
    history: list[Row] = [{**said, "at": at, "result": "delivered"} for at in ats]  # four this week
    assert (await take(office, tmp_path, "contacts", history)).loaded == 4
    assert (await take(office, tmp_path, "contacts", history)).unchanged == 4
    mail = Counting("email")
    now = datetime(2026, 7, 2, 9, tzinfo=UTC)
    await look(office, SYSTEM, now)
    await deliver(office, SYSTEM, {"email": mail}, FixedClock(now), "one")
    assert sorted(one.to for one in mail.took) == [
        f"b{n}@example.org" for n in (3, 8)
    ]  # the tenth had four this week


async def test_promises_that_come_with_the_book_are_obeyed_to_their_end(
    office: Office, tmp_path: Path
) -> None:
    """Kept, kept in part, broken, and long over: each by the payments that came in."""
    rows = [promise(f"L{n}", "2026-07-03") for n in (1, 2, 3)]
    old = [promise("L4", f"2026-05-{day}", made_at="2026-04-30") for day in ("10", "20")]
    assert (await take(office, tmp_path, "promises", [*rows, *old])).loaded == 5
    states = "SELECT l.external_id, p.state FROM promises p JOIN promise_loans m ON m.promise_id = p.id "
    states += "JOIN loans l ON l.id = m.loan_id ORDER BY p.id"
    over = [("L4", "broken"), ("L4", "broken")]
    assert await book_rows(office, states) == [*((f"L{n}", "open") for n in (1, 2, 3)), *over]

    async def day(text: str) -> list[str]:
        mail, now = Counting("email"), datetime.fromisoformat(f"{text}T09:00:00Z")
        await look(office, SYSTEM, now)
        await deliver(office, SYSTEM, {"email": mail}, FixedClock(now), "one")
        return sorted(one.to.split("@")[0] for one in mail.took)

    others = [f"b{n}" for n in range(1, 11)]
    said = await day("2026-07-02")  # due today: of the promised the promise of tomorrow is spoken of, once
    assert said == sorted(others)
    steps = "SELECT DISTINCT m.step FROM messages m JOIN cases c ON c.id = m.case_id "
    steps += "JOIN persons p ON p.id = c.person_id WHERE p.external_id = ANY($1)"
    assert await book_rows(office, steps, ["B1", "B2", "B3"]) == [("promised",)]
    assert set(await day("2026-07-05")) == set(others[3:]), (
        "nothing of what is past due, until the grace is over"
    )
    payments = [paid("L1", "p1", "2026-07-03", "100.00"), paid("L2", "p2", "2026-07-04", "40.00")]
    loans = [loan(f"L{n}", f"B{n}") for n in range(1, 11)]
    dues = [due(f"L{n}", 1, "2026-07-02") for n in range(1, 11)]
    await bring(office, tape(tmp_path / "t", loans, dues, payments), now=datetime(2026, 7, 6, 7, tzinfo=UTC))
    await day("2026-07-06")
    assert await book_rows(office, states) == [("L1", "kept"), ("L2", "partly_kept"), ("L3", "broken"), *over]
    tasks = "SELECT p.external_id, t.kind FROM tasks t JOIN cases c ON c.id = t.case_id "
    tasks += "JOIN persons p ON p.id = c.person_id ORDER BY 1"
    assert await book_rows(office, tasks) == [("B2", "call"), ("B3", "call")]


async def test_the_same_again_changes_nothing(office: Office, tmp_path: Path) -> None:
    for kind, rows in (
        ("consents", [consent("B1", "all"), consent("B1", "all")]),
        ("holds", [hold("B4", "", "deceased"), hold("", "L5", "dispute")]),
        ("promises", [promise("L9", "2026-07-20")]),
    ):
        first = await take(office, tmp_path, kind, rows)  # pyright: ignore[reportArgumentType]
        again = await take(office, tmp_path, kind, rows)  # pyright: ignore[reportArgumentType]
        assert first.rejected == again.rejected == again.loaded == 0
        assert again.unchanged == first.read == len(rows)
    assert await book_rows(office, "SELECT count(*) FROM consents") == [(5,)]
    assert await book_rows(office, "SELECT count(*) FROM holds") == [(2,)]
    assert await book_rows(office, "SELECT state, pauses FROM promises") == [("open", True)]


async def test_a_consent_keeps_its_purpose_and_one_to_advertising_permits_no_reminder(
    office: Office, tmp_path: Path
) -> None:
    consents = [
        consent("B1", "email", "granted", purpose="Marketing"),
        consent("B2", "email", "granted", purpose="dunning"),
        consent("B3", "email", "granted", purpose="all"),
        consent("B4", "email", "granted", purpose="surveys"),  # of nothing that we know
        consent("B5", "email", purpose="dunning"),
        consent("B6", "email", purpose="marketing"),
        consent("B7", "email", purpose="surveys"),  # who knows what they meant: nothing is said to them
        consent("B8", "email", "granted"),
        consent("B8", "email", "granted", purpose="marketing"),  # beside it, of the same moment
    ]
    assert (await take(office, tmp_path, "consents", consents)).loaded == 9
    assert (await take(office, tmp_path, "consents", consents)).unchanged == 9
    rows = await book_rows(
        office,
        "SELECT p.external_id, c.purpose, c.state FROM consents c JOIN persons p ON p.id = c.person_id "
        "ORDER BY p.external_id, c.purpose",
    )
    assert rows == [
        ("B1", "marketing", "granted"),
        ("B2", "dunning", "granted"),
        ("B3", None, "granted"),
        ("B4", "surveys", "granted"),
        ("B5", "dunning", "revoked"),
        ("B6", "marketing", "revoked"),
        ("B7", None, "revoked"),
        ("B8", "marketing", "granted"),
        ("B8", None, "granted"),
    ]
    cases = await book_rows(
        office, "SELECT c.id, p.external_id FROM cases c JOIN persons p ON p.id = c.person_id"
    )
    async with office.transaction() as raw:
        book = await office.book(raw)
        found = await load_facts(raw, [row[0] for row in cases], NOW, book.tolerance)
    who: dict[int, str] = dict(cases)
    said = {who[facts.case]: facts.situation.consents.get("email") for facts in found}
    assert {name: state for name, state in said.items() if state} == {
        "B2": "granted",
        "B3": "granted",
        "B5": "revoked",
        "B7": "revoked",
        "B8": "granted",
    }


async def test_the_evidence_of_a_consent_is_kept_sealed_under_its_own_row(
    office: Office, tmp_path: Path
) -> None:
    words = "letter of 2026-05-01, scan 114"
    rows = [consent("B1", "all", evidence=words), consent("B2", "email", evidence="  ")]
    assert (await take(office, tmp_path, "consents", rows)).loaded == 2
    kept = await book_rows(office, "SELECT id, note FROM consents ORDER BY id")
    notes = [office.keyring.open("consents", "note", id_, note) for id_, note in kept if note is not None]
    assert notes == [words] * 5
    assert len(kept) == 6
    assert not any(words.encode() in note for _, note in kept if note is not None)


async def test_a_stop_that_cannot_be_read_closes_all_the_same(office: Office, tmp_path: Path) -> None:
    """No date, a channel of no name, a state nobody knows, a person who comes with a later tape."""
    rows = [
        consent("B1", "email", at=""),
        consent("B2", "email", at="some day in May"),
        consent("B3", "fax"),
        consent("B4", "email", "leave me alone"),
        consent("B5", "email", "granted", at=""),  # opens nothing, closes nothing
        consent("B11", "all"),
        consent("B11", "email", "granted", at=""),
        hold("B6", "L66", "dispute"),
        hold("B7", "L8", "complaint"),  # of another person's loan
    ]
    report = await take(office, tmp_path, "consents", rows[:7])
    assert (report.loaded, report.rejected) == (3, 4)
    assert [reason for _, reason, _ in report.reasons][:1] == ["no person of this id is in the book"]
    assert (await take(office, tmp_path, "holds", rows[7:])).rejected == 2
    for again, kind in ((rows[:7], "consents"), (rows[7:], "holds")):
        second = await take(office, tmp_path, kind, again)  # pyright: ignore[reportArgumentType]
        assert second.loaded == 0
        assert not [note for note in second.notes if "held" in note or "wait" in note]
    closed = "SELECT p.external_id, array_agg(DISTINCT c.channel) FROM consents c "
    closed += "JOIN persons p ON p.id = c.person_id WHERE state = 'revoked' GROUP BY 1 ORDER BY 1"
    every = ["call", "chat", "email", "sms", "visit"]
    assert await book_rows(office, closed) == [("B1", ["email"]), ("B2", ["email"]), ("B3", every)]
    held = "SELECT p.external_id FROM holds h JOIN persons p ON p.id = h.person_id "
    held += "WHERE h.kind = 'refused_opt_out' AND h.loan_id IS NULL AND h.ends_at IS NULL ORDER BY 1"
    assert await book_rows(office, held) == [("B4",), ("B6",), ("B7",), ("B8",)]

    numbers = range(1, 12)
    loans = [loan(f"L{n}", f"B{n}") for n in numbers]
    came = tape(tmp_path / "t", loans, [due(f"L{n}", 1, "2026-07-02") for n in numbers])
    assert any("came before their persons" in note for note in (await bring(office, came, delta=True)).notes)
    assert (await book_rows(office, closed))[1] == ("B11", every)
    mail = Counting("email")
    now = datetime(2026, 7, 2, 9, tzinfo=UTC)
    await look(office, SYSTEM, now)
    await deliver(office, SYSTEM, {"email": mail}, FixedClock(now), "one")
    assert sorted(one.to for one in mail.took) == [f"b{n}@example.org" for n in (10, 5, 9)]
    said = await may_contact(office, OPERATIONS, "B4", Wish("email"), now)
    assert said.said["verdict"] == "deny"
    assert "refused_opt_out" in str(said.said["reasons"])
    # Who has looked lifts it, and the same row again does not bring it back.
    (key,) = (await book_rows(office, "SELECT min(id) FROM holds WHERE kind = 'refused_opt_out'"))[0]
    await lift_hold(office, OPERATIONS, key, at=now, now=now, reason="asked the borrower")
    await take(office, tmp_path, "consents", rows[:7])
    assert await book_rows(office, held) == [("B6",), ("B7",), ("B8",)]


async def test_a_row_that_waits_for_its_person_never_fails_the_tape_that_brings_them(
    office: Office, tmp_path: Path
) -> None:
    """Neither do the words of core systems for 'no end' and 'no date', wherever on earth the person is."""
    rows = [
        hold("B11", "", "bankrupt", end="9999-12-31"),
        hold("B12", "", "bankrupt", end="9999-12-30"),
        hold("B13", "", "bankrupt", start="0001-01-01"),
        hold("B1", "", "bankrupt", end="9999-12-31"),
        hold("B2", "", "bankrupt", end="9999-12-31T23:59:59-05:00"),
    ]
    assert (await take(office, tmp_path, "holds", rows)).loaded == 2
    loans = [loan(f"L{n}", f"B{n}", zone="Asia/Shanghai") for n in (11, 12, 13)]
    dues = [due(f"L{n}", 1, "2026-07-02") for n in (11, 12, 13)]
    await bring(office, tape(tmp_path / "t", loans, dues), delta=True)
    held = "SELECT p.external_id, h.kind, h.ends_at IS NULL FROM holds h "
    held += "JOIN persons p ON p.id = h.person_id ORDER BY h.id"
    found = await book_rows(office, held)
    assert {("B1", "bankrupt", True), ("B2", "bankrupt", True), ("B11", "bankrupt", True)} <= set(found)
    assert {"B12", "B13"} <= {one[0] for one in found}
    late = await take(office, tmp_path, "promises", [promise("L1", "9999-12-31")])
    assert late.reasons[0][:2] == ("due_on", "is beyond every calendar: a promise has a day")
    stops = [consent("B11", "email", at="0001-01-01"), consent("B12", "email", at="1900-01-01")]
    assert (await take(office, tmp_path, "consents", stops)).loaded == 2
    since = "SELECT DISTINCT at FROM consents WHERE state = 'revoked'"
    assert await book_rows(office, since) == [(NOW,)]


async def test_a_refused_stop_holds_everybody_whom_it_may_mean(office: Office, tmp_path: Path) -> None:
    """Of the borrower's id and of the loan's: one of them may be mistyped, or be in two sources."""
    loans = [loan("J1", "B11"), loan("L2", "C2", source="other"), loan("L7", "C7", source="other")]
    dues = [due("J1", 1, "2026-07-02"), *(due(f"L{n}", 1, "2026-07-02") for n in (2, 7))]
    parties: list[Row] = [{"loan_id": "J1", "person_id": "B12", "role": "co-borrower"}]
    await bring(office, tape(tmp_path / "t", loans, dues, parties=parties), delta=True)
    held = "SELECT DISTINCT p.external_id FROM holds h JOIN persons p ON p.id = h.person_id "
    held += "WHERE h.kind = 'refused_opt_out' ORDER BY 1"

    async def of(row: Row) -> list[str]:
        before = {one[0] for one in await book_rows(office, held)}
        assert (await take(office, tmp_path, "holds", [row])).rejected == 1
        return sorted({one[0] for one in await book_rows(office, held)} - before)

    assert await of(hold("B9999", "L1", "dispute")) == ["B1"]  # a mistyped borrower
    assert await of(hold("B3", "L4", "dispute")) == ["B3", "B4"]
    assert await of(hold("", "L2", "dispute")) == ["B2", "C2"]
    assert await of(hold("B5", "L7", "dispute")) == ["B5", "B7", "C7"]
    assert await of(hold("", "J1", "deceased")) == ["B11", "B12"]  # which of the two?


async def test_a_hold_without_a_date_is_news_once(office: Office, tmp_path: Path) -> None:
    over = hold("B3", "", "hardship", start="", end="2026-06-30")  # had ended before it came
    rows = [hold("B1", "", "hardship", start="", end="2026-07-01"), hold("B2", "L2", "dispute", start="")]
    assert (await take(office, tmp_path, "holds", [*rows, over])).loaded == 3
    file, later = tmp_path / "holds.csv", NOW + DAY
    again = await import_inherited(office, OPERATIONS, "holds", file, tmp_path / "rejects", later)
    assert (again.loaded, again.unchanged, again.rejected) == (0, 3, 0)  # and the first has ended by now
    (key,) = (await book_rows(office, "SELECT id FROM holds WHERE kind = 'dispute'"))[0]
    await lift_hold(office, OPERATIONS, key, at=later, now=later, reason="asked the borrower")
    again = await import_inherited(office, OPERATIONS, "holds", file, tmp_path / "rejects", later + DAY)
    assert (again.loaded, again.unchanged) == (0, 3)
    kinds = "SELECT kind, coalesce(ends_at <= $1, false) FROM holds ORDER BY 1"
    ended = [("dispute", True), ("hardship", True), ("hardship", True)]
    assert await book_rows(office, kinds, later + DAY) == ended


async def test_a_person_and_a_loan_that_do_not_belong_together_are_refused(
    office: Office, tmp_path: Path
) -> None:
    said = {"borrower_id": "B1", "channel": "sms", "direction": "out", "at": "2026-06-29", "result": "busy"}
    for kind, row in (
        ("holds", hold("B1", "L2", "dispute")),
        ("promises", {"borrower_id": "B1", **promise("L2", "2026-07-20")}),
        ("contacts", {**said, "loan_ids": "L1;L2"}),
    ):
        report = await take(office, tmp_path, kind, [row])  # pyright: ignore[reportArgumentType]
        assert (report.loaded, report.rejected) == (0, 1), kind
        assert report.reasons[0][1] == "the person of this row is no party of this loan"


async def test_may_contact_names_an_imported_promise_as_one_made_here(office: Office, tmp_path: Path) -> None:
    assert (await take(office, tmp_path, "promises", [promise("L9", "2026-07-20")])).loaded == 1
    asked = await may_contact(office, OPERATIONS, "B9", Wish("email"), datetime(2026, 7, 2, 9, tzinfo=UTC))
    assert asked.said["verdict"] == "defer"
    assert asked.said["until"] is not None
    assert asked.said["until"].startswith("2026-07-2")
    assert "hold: promise" in [one["detail"] for one in asked.said["reasons"]]


async def test_each_reason_names_its_column(office: Office, tmp_path: Path) -> None:
    report = await take(
        office,
        tmp_path,
        "holds",
        [
            hold("B99", "", "deceased"),
            hold("B1", "L99", "dispute"),
            hold("B1", "", "dispute"),
            hold("B1", "", "asleep"),
            hold("B1", "L1", "dispute", "soon"),
            hold("B1", "L1", "dispute", "2026-06-01", "2026-05-01"),
            hold("B1", "L1", "dispute", "2027-06-01"),
        ],
    )
    assert report.rejected == 7
    assert [(column, reason.partition(":")[0]) for column, reason, _ in report.reasons] == [
        ("borrower_id", "no person of this id is in the book"),
        ("loan_id", "no loan of this id is in the book"),
        ("loan_id", "is empty"),
        ("kind", "is unknown"),
        ("from", "is no moment"),
        ("to", "ends before it begins"),
        ("from", "has not come yet"),
    ]
    assert report.rejects_file is not None
    refused = await take(office, tmp_path, "promises", [promise("L1", "2026-07-20", "0")])
    assert refused.reasons[0][:2] == ("amount", "is not above zero")
    with pytest.raises(TapeError, match="wanted: consents has borrower_id, channel, state, at"):
        await take(office, tmp_path, "consents", [promise("L1", "2026-07-20")])
    with pytest.raises(Denied):
        await import_inherited(
            office, Actor("cy", Role.COLLECTOR), "holds", tmp_path / "holds.csv", tmp_path, NOW
        )
