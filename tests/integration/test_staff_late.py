"""Late entries in chat: said back, saved on a tap, each once with its own time; what is in doubt is asked."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.may import Wish, may_contact
from casework.staff.late import read_late, save_late
from casework.staff.people import member
from messages.typed.entries import Entry
from policy.calendar import moment_at
from tests.builders.book import SYSTEM
from tests.builders.chatroom import TODAY
from tests.builders.crew import Crew
from tests.builders.late_lines import CODES, slipped, written
from tests.builders.town import DAY

ROWS = "SELECT code, at, received_at, amount_minor, due_on::text FROM outcomes ORDER BY id"


@pytest.fixture
async def crew(engine: AsyncEngine) -> AsyncIterator[Crew]:
    made = Crew(engine)
    await made.open()
    async with made.opened():
        yield made


def berlin(day: int, hour: int, minute: int) -> datetime:
    return moment_at(TODAY + day * DAY, time(hour, minute), "Europe/Berlin")


async def test_acceptance_17_a_late_entry_sent_twice_is_one_record_with_its_original_time(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    carl = await crew.hired()
    await crew.assign(ann.case, "carl")
    line = f"PTP 250 28/11 @08:30 {ann.loan_id}"
    told = await carl.says(line)
    assert f"K{ann.case} promise €250.00, November 28, 2026 (at Nov 23, 2026, 8:30 AM)" in told.replace(
        "\u202f", " "
    )
    assert await crew.book.sql(ROWS) == [], "nothing before it is confirmed"
    assert "Saved: 1." in await carl.taps("Save 1")
    entered = crew.now
    crew.now += timedelta(minutes=20)
    assert "saved already" in await carl.says(line)
    assert "Save" not in "".join(carl.buttons()[-1:])
    (row,) = await crew.book.sql(ROWS)
    assert tuple(row) == ("promise", berlin(0, 8, 30), entered, 250_00, "2026-11-28")
    crew.now += DAY
    assert "is it the one of another day?" in await carl.says(line)
    assert "another entry of that minute" in await carl.says(
        line.replace("250", "200").replace("@", "@23/11 ")
    )
    assert len(await crew.book.sql(ROWS)) == 1


async def test_several_lines_at_once_and_what_is_in_doubt_is_asked(crew: Crew) -> None:
    ann, ben, eve = [await crew.borrower(TODAY - 5 * DAY) for _ in range(3)]
    carl = await crew.hired()
    await crew.hired("bea")
    await crew.assign(ann.case, "carl")
    await crew.assign(ben.case, "carl")
    await crew.assign(eve.case, "bea")
    told = await carl.says(
        f"NA @22/11 18:05 {ann.loan_id}\nbusy {ben.loan_id}\nNA @8:00 {eve.loan_id}\nMET @8:10 k{ben.case}"
    )
    assert f"K{ann.case} no answer" in told
    assert f"? busy {ben.loan_id}: when?" in told
    assert "this case is not yours" in told
    assert "Saved: 2." in await carl.taps("Save 2")
    rows = [tuple(row)[:2] for row in await crew.book.sql(ROWS)]
    assert rows == [("no_answer", berlin(-1, 18, 5)), ("visit_met", berlin(0, 8, 10))]
    denied = await crew.book.sql("SELECT actor, subject_id FROM events WHERE action = 'access.denied'")
    assert {tuple(row) for row in denied} == {("carl", eve.case)}
    await carl.says(f"NA @8:20 {ann.loan_id}")
    assert "nothing was saved" in await carl.taps("Leave it")
    assert "is over" in await carl.taps("Save 1")
    assert len(await crew.book.sql(ROWS)) == 2


async def test_many_lines_are_answered_in_as_many_messages_as_they_need(crew: Crew) -> None:
    await crew.borrower(TODAY - 5 * DAY)
    carl = await crew.hired()
    told = await carl.says("\n".join(f"NA @8:{at:02} L-2026-{at:06}" for at in range(60)))
    assert told.count("which loan or case?") == 60
    assert "You have 0 cases" in await carl.says("/day"), "and nothing waits behind it"
    assert "..." in await carl.says("NA @8:00 " + "x" * 4000)


async def test_each_text_keeps_its_own_button_and_too_large_an_amount_is_asked_about(crew: Crew) -> None:
    ann, ben = await crew.borrower(TODAY - 5 * DAY), await crew.borrower(TODAY - 5 * DAY)
    carl = await crew.hired()
    for one in (ann, ben):
        await crew.assign(one.case, "carl")
    await carl.says(f"NA @8:00 {ann.loan_id}")
    first = carl.button("Save 1")
    await carl.says(f"busy @8:10 {ben.loan_id}")
    await carl.says("/day")
    second = carl.button("Save 1")
    assert first != second
    for message, data in (first, second, first):
        await crew.sandbox.world.tap(carl.chat, message, data)
        await crew.settle()
    assert [row[0] for row in await crew.book.sql(ROWS)] == ["no_answer", "busy"]
    assert "is over" in await carl.told(), "saved, and its button with it"
    told = await carl.says(f"PTP 999999999 28/11 @8:20 {ann.loan_id}\nNA @8:30 {ben.loan_id}")
    assert "that is more than the €250.00 that is owed; is it meant?" in told
    assert "Saved: 1." in await carl.taps("Save 1")
    assert [row[0] for row in await crew.book.sql(ROWS)] == ["no_answer", "busy", "no_answer"]
    assert "Saved: 1." in await carl.taps("Save all 2")
    assert (await crew.book.sql(ROWS))[-1][3] == 999999999_00
    told = await carl.says(f"CB 28/11 03:00 @8:40 {ben.loan_id}")
    assert "no call may be made at that moment as things stand (hours 08:00-21:00; it is 03:00" in told
    assert "Saved: 1." in await carl.taps("Save all 1")
    await crew.book.sql("UPDATE addresses SET state = 'detached' WHERE person_id = $1", ben.person)
    assert "there is no number on file" in await carl.says(f"WN @8:50 {ben.loan_id}"), "not only at the save"


async def test_a_case_that_owes_in_two_currencies_is_named_by_its_code(crew: Crew) -> None:
    ann = await crew.owing_in_two()
    carl = await crew.hired()
    await crew.assign(ann.case, "carl")
    code = f"K{ann.case}"
    assert "in which currency?" in await carl.says(f"PTP 150 28/11 @8:00 {code}")
    assert "how much?" in await carl.says(f"PTP 150 GBP 28/11 @8:00 {code}")
    assert "more than the €200.00" in await carl.says(f"PTP 300 EUR 28/11 @8:00 {code}")
    lines = [f"NA @7:30 {code}", f"PTP 150 EUR 28/11 @8:00 {code}", f"cash ¥9000 @8:10 {code}"]
    read = await carl.says("\n".join(lines))
    for told in ("€150.00", "¥9,000"):
        assert told in read
    await carl.taps("Save 3")
    said = await crew.book.sql(
        "SELECT o.code, o.amount_minor, array(SELECT DISTINCT currency::text FROM loans "
        "WHERE id = ANY(o.loan_ids)) FROM outcomes o ORDER BY o.at"
    )
    assert [tuple(row) for row in said] == [
        ("no_answer", None, []),
        ("promise", 150_00, ["EUR"]),
        ("visit_cash_taken", 9000, ["JPY"]),
    ]
    again = await carl.says(f"PTP 150 EUR 28/11 @8:00 {code}\nPTP 15000 JPY 28/11 @8:00 {code}")
    assert "saved already" in again
    assert "another entry of that minute" in again, "as many minor units, but of yen"
    both = await carl.says(f"PTP 90 EUR 28/11 @8:20 {code}\nPTP 9000 JPY 28/11 @8:20 {code}")
    assert "Save 1" in carl.buttons()
    assert "another entry of that minute" in both


async def test_a_time_is_of_the_customers_clock_and_in_doubt_where_it_may_be_ours(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY, zones=["America/New_York"])
    carl = await crew.hired()
    await crew.assign(ann.case, "carl")
    crew.now += timedelta(hours=3)  # noon in Berlin
    assert "it is not that late yet where the customer is" in await carl.says(f"NA @11:30 {ann.loan_id}")
    assert "3:10\u202fAM (New York)" in await carl.says(f"NA @3:10 {ann.loan_id}")


async def test_acceptance_33_a_call_made_elsewhere_is_reported_and_counts_for_the_caps(crew: Crew) -> None:
    await crew.book.portfolio(packs=["us-reg-f"], actor="third_party")
    ann = await crew.borrower(TODAY - 40 * DAY)
    carl = await crew.hired()
    await crew.assign(ann.case, "carl")
    crew.now += timedelta(hours=2)
    assert "You may call now." in await carl.says("/next")
    await carl.says("\n".join(f"NA @23/11 8:{minute:02} {ann.loan_id}" for minute in range(7)))
    await carl.taps("Save 7")
    asked = await may_contact(crew.office, SYSTEM, ann.case, Wish("call"), crew.now)
    assert not asked.allowed
    assert "No call" in await carl.says(f"/case K{ann.case}")
    assert "That may not go now." in await carl.taps("Call")


async def test_500_lines_shuffled_repeated_and_with_slips_are_each_one_record_or_a_question(
    crew: Crew,
) -> None:
    draw = random.Random(7)
    carl = await crew.hired()
    people = [await crew.borrower(TODAY - 5 * DAY, loan_id=f"L-{1000 + n}") for n in range(20)]
    for one in people:
        await crew.assign(one.case, "carl")
    who = await member(crew.office, await crew.staff("carl"))
    assert who is not None
    crew.now = datetime(2026, 11, 23, 20, tzinfo=UTC)
    meant: dict[tuple[int, str, datetime], Entry] = {}
    lines: list[str] = []
    kinds = list(CODES)
    while len(lines) < 500:
        one = draw.choice(people)
        at = time(draw.randrange(8, 20), draw.randrange(60))
        on = TODAY - draw.randrange(8) * DAY
        code = draw.choice(kinds)
        line, entry = written(draw, code, f"K{one.case}", one.loan_id, at, on, TODAY, draw.randrange(1, 14))
        day = entry.on or (TODAY if moment_at(TODAY, at, "Europe/Berlin") <= crew.now else TODAY - DAY)
        key = (one.case, code, moment_at(day, at, "Europe/Berlin"))
        if key in meant:
            continue
        meant[key] = entry
        lines += [line, line if draw.random() < 0.5 else slipped(draw, line)]
    draw.shuffle(lines)
    asked = 0
    for start in range(0, len(lines), 50):
        text = "\n".join(lines[start : start + 50])
        read = await read_late(crew.office, who, text, crew.now, meant=True)
        asked += sum(one.why is not None for one in read)
        await save_late(crew.office, who, read, crew.now, crew.now)
    rows = await crew.book.sql("SELECT case_id, code, at, amount_minor, due_on, starts_at FROM outcomes")
    saved = {(row[0], row[1], row[2]) for row in rows}
    assert len(saved) == len(rows), "each once"
    assert saved == meant.keys(), "each with its own time, and nothing that nobody meant"
    assert asked < len(lines) / 4
    for case, code, at, amount, due, rings in rows:
        entry = meant[case, code, at]
        assert amount == (None if entry.amount is None else round(float(entry.amount) * 100))
        moment = entry.rings and entry.due and moment_at(entry.due, entry.rings, "Europe/Berlin")
        assert (due, rings) == ((entry.due, None) if moment is None else (None, moment))
    assert carl.chat.messages
