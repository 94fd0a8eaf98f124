"""A tape that looks wrong: held, pictured, and nothing said on its strength until somebody says yes."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.approvals import approve, refuse, waiting
from casework.delivery.deliver import deliver
from casework.errors import CaseworkInputError
from casework.intake.report import ImportReport
from casework.look import look
from casework.office import Office
from casework.publish import publish_shipped
from casework.staff.rights import Actor, Role
from kept.clock import FixedClock
from tests.builders.book import SYSTEM, office_of
from tests.builders.tapes import (
    NOW,
    OPERATIONS,
    book_rows,
    bring,
    counts,
    due,
    loan,
    paid,
    snapshot,
    tape,
    write,
)
from tests.builders.town import Counting

DAY = timedelta(days=1)
TOMORROW = NOW + DAY
MANY = range(1, 21)
FED = "SELECT fed_at FROM feeds"

Rows = list[dict[str, object]]


@pytest.fixture
async def office(engine: AsyncEngine) -> Office:
    made = office_of(engine)
    await publish_shipped(made, OPERATIONS, NOW)
    return made


def pictured(path: str) -> str:
    return Path(path).read_text("utf-8")


def loans(numbers: range = MANY, **more: object) -> Rows:
    return [loan(f"L{n}", f"B{n}", **more) for n in numbers]


def dues(numbers: range = MANY, amount: str = "100.00", shift: int = 0) -> Rows:
    """One falls due on the fifth of July, one a month later."""
    days = [date(2026, 7, 5) + timedelta(days=shift), date(2026, 8, 5) + timedelta(days=shift)]
    return [due(f"L{n}", k, day.isoformat(), amount) for n in numbers for k, day in enumerate(days, 1)]


async def day_one(office: Office, tmp_path: Path) -> None:
    report = await bring(office, tape(tmp_path / "one", loans(), dues()))
    assert (counts(report), report.held_for_approval) == ({"loaded": 60}, False)


async def sent(office: Office, mail: Counting) -> int:
    """How many mails go out the day after: the first due dates are three days ahead."""
    now = TOMORROW + timedelta(hours=1)
    await look(office, SYSTEM, now)
    await deliver(office, SYSTEM, {"email": mail}, FixedClock(now), "one")
    return len(mail.took)


def lacking() -> tuple[Rows, Rows]:
    return loans(range(1, 17)), dues(range(1, 17))


WRONG: dict[str, tuple[Callable[[], tuple[Rows, Rows]], str]] = {
    "lacks a fifth of its loans": (lacking, "lacks 4 of 20 active loans (20%)"),
    "amounts by a factor": (
        lambda: (loans(principal="30000.00"), dues(amount="10000.00")),
        "amounts of 20 of 20 known loans are 100 times those of the book",
    ),
    "dates by a day": (lambda: (loans(), dues(shift=1)), "dates of 20 of 20 known loans moved by +1 days"),
    "repeats yesterday": (lambda: (loans(), dues()), "repeats the tape of 2026-07-01 to the last byte"),
    "half rejects": (
        lambda: (loans(made_on="05.01.2026"), dues()),
        "60 of 60 rows are rejected",
    ),
}


@pytest.mark.parametrize("name", WRONG)
async def test_acceptance_27_a_tape_that_looks_wrong_sends_nothing(
    office: Office, tmp_path: Path, name: str
) -> None:
    await day_one(office, tmp_path)
    rows, said = WRONG[name]
    before = await snapshot(office)
    report = await bring(office, tape(tmp_path / "two", *rows()), now=TOMORROW)
    assert f"looks wrong: {said}" in report.notes
    assert await snapshot(office) == before
    question = (await waiting(office, OPERATIONS))[0]
    assert (question.id, question.kind, question.portfolio) == (report.held_for_approval, "import", "main")
    assert said in question.about
    assert question.picture
    assert "<svg" in pictured(question.picture)
    mail = Counting("email")
    assert await sent(office, mail) == 0
    reasons = await book_rows(office, "SELECT DISTINCT reason FROM occurrences WHERE state = 'waiting'")
    assert reasons == [("held_tape",)]
    assert (await bring(office, tmp_path / "one", now=NOW + timedelta(hours=1))).held_for_approval is False


async def test_a_yes_loads_it_as_it_would_have_been(office: Office, tmp_path: Path) -> None:
    await day_one(office, tmp_path)
    report = await bring(office, tape(tmp_path / "two", *lacking()), now=TOMORROW, full=True)
    key = _key(report)
    mail = Counting("email")
    assert await sent(office, mail) == 0
    came = await approve(office, OPERATIONS, key, TOMORROW + timedelta(hours=2))
    assert (came["recalled"], came["held_for_approval"], came["unchanged"]) == (4, False, 48)
    assert await book_rows(office, "SELECT fed_at, held_since FROM feeds") == [(TOMORROW, None)]
    with pytest.raises(CaseworkInputError, match=f"approval {key} waits no more: approved by olu"):
        await approve(office, OPERATIONS, key, TOMORROW)
    assert await sent(office, mail) == 16


async def test_a_no_leaves_the_book_as_it_was_and_lets_it_speak(office: Office, tmp_path: Path) -> None:
    await day_one(office, tmp_path)
    report = await bring(office, tape(tmp_path / "two", *lacking()), now=TOMORROW)
    mail = Counting("email")
    assert await sent(office, mail) == 0
    await refuse(office, OPERATIONS, _key(report), TOMORROW)
    assert await waiting(office, OPERATIONS) == []
    assert await book_rows(office, "SELECT fed_at, held_since FROM feeds") == [(NOW, None)]
    assert await sent(office, mail) == 20


async def test_a_good_tape_takes_the_place_of_a_held_one(office: Office, tmp_path: Path) -> None:
    await day_one(office, tmp_path)
    first = await bring(office, tape(tmp_path / "two", *lacking()), now=TOMORROW)
    await bring(office, tape(tmp_path / "two", loans(tags="seen"), dues()), now=TOMORROW)
    with pytest.raises(CaseworkInputError, match="waits no more: superseded"):
        await approve(office, OPERATIONS, _key(first), TOMORROW)
    assert await book_rows(office, "SELECT held_since FROM feeds") == [(None,)]


async def test_a_tape_takes_no_place_of_one_whose_loans_it_has_not(office: Office, tmp_path: Path) -> None:
    """A row of changes is silent about the rest; a tape that has them, or recalls them, is not."""
    await day_one(office, tmp_path)
    key = _key(await bring(office, tape(tmp_path / "two", *WRONG["amounts by a factor"][0]()), now=TOMORROW))
    small = tape(tmp_path / "three", loans(range(20, 21), tags="seen"), [])
    report = await bring(office, small, now=TOMORROW + timedelta(hours=1), delta=True)
    assert (
        f"approval {key} waits on: this tape lacks 19 active loans of the one that it is about"
        in report.notes
    )
    assert (counts(report), [one.id for one in await waiting(office, OPERATIONS)]) == ({"updated": 1}, [key])
    assert await book_rows(office, "SELECT held_since IS NULL FROM feeds") == [(False,)]
    good = tape(tmp_path / "four", loans(tags="good"), dues())
    report = await bring(office, good, now=TOMORROW + timedelta(hours=2))
    assert f"this tape takes the place of the one that approval {key} is about" in report.notes
    assert await book_rows(office, "SELECT held_since FROM feeds") == [(None,)]


async def test_an_older_tape_does_not_take_the_place_of_a_newer_one(office: Office, tmp_path: Path) -> None:
    """Whether it came before, or is played as of an earlier day; what waits, waits on; its feed is held."""
    await day_one(office, tmp_path)
    key = _key(await bring(office, tape(tmp_path / "two", *lacking()), now=TOMORROW))
    again = await bring(office, tmp_path / "one", now=TOMORROW, as_of=TOMORROW.date())  # the very same
    earlier = tape(tmp_path / "three", loans(tags="seen"), dues())
    older = await bring(office, earlier, now=TOMORROW + timedelta(hours=1), as_of=NOW.date())
    for report in (again, older):
        assert f"approval {key} waits on: this tape is older than the one that it is about" in report.notes
    assert [one.id for one in await waiting(office, OPERATIONS)] == [key]
    assert await book_rows(office, "SELECT held_since IS NULL FROM feeds") == [(False,)]
    assert (await approve(office, OPERATIONS, key, TOMORROW))["held_for_approval"] is False


async def test_another_file_by_the_name_is_not_what_was_seen(office: Office, tmp_path: Path) -> None:
    await day_one(office, tmp_path)
    report = await bring(office, tape(tmp_path / "two", *lacking()), now=TOMORROW)
    tape(tmp_path / "two", loans(range(1, 3)), dues(range(1, 3)))
    with pytest.raises(CaseworkInputError, match="two is not the tape any more that was held"):
        await approve(office, OPERATIONS, _key(report), TOMORROW)
    assert len(await waiting(office, OPERATIONS)) == 1


async def test_what_is_no_fault_is_not_held(office: Office, tmp_path: Path) -> None:
    """A few corrections, a day played with --as-of, a small tape of changes, the same tape the same day."""
    await day_one(office, tmp_path)
    few = [*dues(range(1, 4), shift=1), *dues(range(4, 21))]
    corrected = await bring(office, tape(tmp_path / "two", loans(), few), now=TOMORROW)
    changed = tape(tmp_path / "three", loans(range(1, 3)), [])
    later = TOMORROW + timedelta(seconds=1)
    unsaid = await bring(office, changed, now=later)
    assert "18 of 20 active loans of core are not on this tape: its payments" in unsaid.notes[0]
    assert (unsaid.held_for_approval, "with --delta" in unsaid.notes[1]) == (False, True)
    assert await book_rows(office, FED) == [(TOMORROW,)]  # until it is said that this is all
    changes = await bring(office, changed, now=later, delta=True)
    assert await book_rows(office, FED) == [(later,)]
    played = await bring(office, tmp_path / "two", now=TOMORROW + DAY, as_of=date(2026, 7, 3))
    same = await bring(office, tmp_path / "two", now=TOMORROW + timedelta(minutes=1))
    assert [one.held_for_approval for one in (corrected, changes, played, same)] == [False] * 4
    empty = write(tmp_path / "p.csv", [paid("L1", "a", "2026-07-01", "1.00")])
    empty.write_text(empty.read_text().splitlines()[0] + "\n")
    assert "no rows below" in (await bring(office, empty, kind="payments")).notes[0]
    assert counts(corrected) == {"unchanged": 54, "updated": 6}


async def test_payments_a_hundred_times_too_large_are_held(office: Office, tmp_path: Path) -> None:
    await day_one(office, tmp_path)
    first = write(tmp_path / "p1.csv", [paid(f"L{n}", f"a{n}", "2026-07-01", "50.00") for n in MANY])
    await bring(office, first, kind="payments")
    second = write(tmp_path / "p2.csv", [paid(f"L{n}", f"b{n}", "2026-07-02", "5000.00") for n in MANY])
    report = await bring(office, second, kind="payments", now=TOMORROW)
    assert report.held_for_approval
    assert "new payments in EUR are 100 times those of the book" in report.notes[0]


async def test_a_held_tape_of_payments_waits_until_one_has_all_of_them(
    office: Office, tmp_path: Path
) -> None:
    await day_one(office, tmp_path)

    async def payments(name: str, amount: str, hours: int, *marks: str) -> ImportReport:
        pays = [paid(f"L{n}", f"{mark}{n}", "2026-07-01", amount) for mark in marks for n in MANY]
        file = write(tmp_path / f"{name}.csv", pays)
        return await bring(office, file, kind="payments", now=TOMORROW + timedelta(hours=hours))

    feed = "SELECT fed_at, held_since IS NULL FROM feeds"
    booked = "SELECT count(*), sum(amount_minor)::bigint FROM payments"
    await payments("a", "50.00", 0, "a")
    key = _key(await payments("p", "5000.00", 1, "p"))
    other = await payments("q", "50.00", 2, "q")
    assert other.held_for_approval is False
    assert f"approval {key} waits on: this tape lacks 20 payments of the one that it is about" in other.notes
    assert await book_rows(office, booked) == [(40, 200000)]
    assert await book_rows(office, feed) == [(TOMORROW, False)]
    whole = await payments("r", "50.00", 3, "p", "r")
    assert f"this tape takes the place of the one that approval {key} is about" in whole.notes
    assert await book_rows(office, booked) == [(80, 400000)]
    assert await book_rows(office, feed) == [(TOMORROW + timedelta(hours=3), True)]
    key = _key(await payments("s", "5000.00", 4, "s"))
    await payments("t", "50.00", 5, "t")
    await approve(office, OPERATIONS, key, TOMORROW + timedelta(hours=6))
    assert await book_rows(office, booked) == [(120, 10500000)]
    assert await book_rows(office, feed) == [(TOMORROW + timedelta(hours=4), True)]


async def test_payments_without_an_id_that_shift_are_held(office: Office, tmp_path: Path) -> None:
    """What takes the place of known ones is compared with them; what is new beside them is new money."""

    def with_paid(amount: str, many: int, *more: tuple[str, str]) -> Path:
        """`amount` in the place of 55.00 for so many of the twenty; `more` payments for all of them."""
        pays = [paid(f"L{n}", "", "2026-06-20", amount if n <= many else "55.00") for n in MANY]
        pays += [paid(f"L{n}", "", day, money) for n in MANY for day, money in more]
        return tape(tmp_path / "two", loans(tags=f"{amount} {many} {more}"), dues(), pays)

    await bring(office, with_paid("55.00", 20))
    for amount, factor in (("5.50", "0.1"), ("0.55", "0.01"), ("99.00", "1.8")):
        report = await bring(office, with_paid(amount, 15, ("2026-06-28", "9.00")), now=TOMORROW)
        assert report.held_for_approval, amount
        assert f"amounts of 15 of 20 known loans are {factor} times those of the book" in str(report.notes)
    for fine in (with_paid("5.50", 3), with_paid("50.00", 15), with_paid("55.00", 0, ("2026-06-28", "99"))):
        assert (await bring(office, fine, now=TOMORROW)).held_for_approval is False


async def test_a_refused_row_holds_no_loan_of_a_portfolio_that_is_not_theirs(
    office: Office, tmp_path: Path
) -> None:
    await day_one(office, tmp_path)
    quay = [loan("Q1", "Q1", portfolio="quay")]
    await bring(office, tape(tmp_path / "quay", quay, [due("Q1", 1, "2026-07-05")]))
    bad = write(tmp_path / "p.csv", [paid(name, "a", "2026-07-01", "Ann") for name in ("Q1", "L1")])
    held = "SELECT l.external_id FROM holds h JOIN loans l ON l.id = h.loan_id ORDER BY 1"
    theirs = Actor("mia", Role.OPERATIONS, frozenset({"main"}))
    await bring(office, bad, kind="payments", actor=theirs)
    assert await book_rows(office, held) == [("L1",)]
    await bring(office, bad, kind="payments")
    assert await book_rows(office, held) == [("L1",), ("Q1",)]


async def test_a_dry_run_says_that_it_would_be_held(office: Office, tmp_path: Path) -> None:
    await day_one(office, tmp_path)
    report = await bring(office, tape(tmp_path / "two", *lacking()), now=TOMORROW, dry_run=True)
    assert report.held_for_approval is True
    assert await waiting(office, OPERATIONS) == []


def _key(report: ImportReport) -> int:
    assert report.held_for_approval
    return int(report.held_for_approval)
