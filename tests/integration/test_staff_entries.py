"""What an entry of a collector does beside its record: to visits, agreed calls, numbers, promises."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.may import Wish, may_contact
from casework.staff.entering import lately, take_back
from casework.staff.people import Member, member
from tests.builders.book import SYSTEM
from tests.builders.chatroom import TODAY
from tests.builders.crew import Crew
from tests.builders.town import DAY

TASKS = "SELECT kind, queue, state FROM tasks ORDER BY id"
SECONDS = timedelta(seconds=1)


@pytest.fixture
async def crew(engine: AsyncEngine) -> AsyncIterator[Crew]:
    made = Crew(engine)
    await made.open()
    async with made.opened():
        yield made


async def rows(crew: Crew, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await crew.book.sql(sql)]


async def carl_of(crew: Crew) -> Member:
    found = await member(crew.office, await crew.staff("carl"))
    assert found is not None
    return found


# Visits


@pytest.mark.parametrize("how", ["/route", "late", "/case"])
async def test_a_visit_that_was_made_is_done_however_it_is_entered(crew: Crew, how: str) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    carl = await crew.hired()
    await crew.task(ann.case, "field", kind="visit")
    await crew.assign(ann.case, "carl")
    if how == "late":
        await crew.book.sql("UPDATE tasks SET opened_at = $1", crew.now - DAY)
        await carl.says(f"MET @8:10 K{ann.case}")
        await carl.taps("Save 1")
    else:
        await carl.says("/route" if how == "/route" else f"/case K{ann.case}")
        if how == "/route":
            await carl.taps(carl.buttons()[0])
        await carl.taps("Visit")
        await carl.taps("met")
    assert await rows(crew, TASKS) == [("visit", "field", "done")]
    assert "No visit waits" in await carl.says("/route")


async def test_who_was_not_home_is_visited_once_more_not_twice(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    carl = await crew.hired()
    await crew.task(ann.case, "field", kind="visit")
    for _ in range(3):
        assert "Why now: a visit" in await carl.says("/next")
        await carl.taps("Visit")
        await carl.taps("not home")
        assert "nothing for you" in await carl.says("/next"), "it rests for some hours"
        crew.now += DAY
    assert [row[2] for row in await rows(crew, TASKS)] == ["done", "done", "done", "open"]
    await carl.says("/next")
    await carl.taps("Visit")
    await carl.taps("met")
    assert "nothing for you" in await carl.says("/next")


async def test_nobody_is_sent_to_a_house_that_is_not_safe(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    carl, bea = await crew.hired(), await crew.hired("bea")
    await crew.task(ann.case, "field", kind="visit")
    await crew.task(ann.case, "field", kind="visit")
    await carl.says("/next")
    await carl.taps("Visit")
    await carl.taps("unsafe")
    assert await rows(crew, "SELECT kind FROM tasks WHERE state = 'open'") == [("review",)]
    await crew.task(ann.case, "field", kind="visit")  # opened by something else, after it
    crew.now += DAY
    assert "nothing for you" in await bea.says("/next")
    assert "No visit waits" in await bea.says("/route")


# Agreed calls


async def test_a_call_that_is_moved_may_be_made_at_its_new_moment(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    carl = await crew.hired()
    await carl.says(f"/case K{ann.case}")
    await carl.taps("Call back")
    await carl.says("27/11 15:00")
    crew.now += timedelta(hours=2)
    await crew.book.feed(crew.portfolio, crew.now)
    await carl.says(f"/case K{ann.case}")
    await carl.taps("Call back")
    told = await carl.says("tomorrow 10:00")
    assert "it rings Nov 24, 2026, 10:00" in told, "what it replaces does not stand against it"
    crew.now = (crew.now + DAY).replace(hour=9, minute=5)
    await crew.book.feed(crew.portfolio, crew.now)
    await carl.says(f"/case K{ann.case}")
    assert await crew.number(ann.person) in await carl.taps("Call")


async def test_a_move_that_is_taken_back_leaves_the_call_as_it_was_agreed(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    carl = await crew.hired()
    await carl.says(f"/case K{ann.case}")
    await carl.taps("Call back")
    await carl.says("27/11 15:00")
    await carl.says(f"/case K{ann.case}")
    await carl.taps("Call back")
    await carl.says("tomorrow 10:00")
    crew.now += 5 * SECONDS
    assert "No call before Nov 27, 2026, 3:00" in await carl.taps("Undo")
    tasks = await rows(crew, "SELECT starts_at::date::text FROM tasks WHERE state = 'open'")
    assert tasks == [("2026-11-27",)]


async def test_a_promise_taken_back_leaves_the_case_with_who_agreed_a_call_since(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    carl = await crew.hired()
    await carl.says(f"/case K{ann.case}")
    await carl.taps("Promise")
    await carl.taps("Tomorrow")
    undo = carl.button("Undo")
    crew.now += 10 * SECONDS
    await carl.says(f"/case K{ann.case}")
    await carl.taps("Call back")
    await carl.taps("In 1 h")
    await carl.taps("Keep it all the same")
    crew.now += 10 * SECONDS
    await crew.sandbox.world.tap(carl.chat, *undo)
    assert "Taken back" in await carl.told()
    assert await rows(crew, "SELECT s.name FROM assignments a JOIN staff s ON s.id = a.staff_id") == [
        ("carl",)
    ]


# Numbers


async def test_a_wrong_number_is_the_one_that_was_shown(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    other = await crew.book.address(ann.person, "phone")
    carl = await crew.hired()
    await carl.says(f"/case K{ann.case}")
    await carl.taps("Call")
    await crew.book.sql(
        "UPDATE addresses SET state = 'confirmed', seen_at = $2 WHERE id = $1", other, crew.now
    )
    await carl.taps("Not reached")
    await carl.taps("wrong number")
    states = await rows(crew, "SELECT id, state FROM addresses WHERE kind = 'phone' ORDER BY id")
    assert [state for _, state in states] == ["suspended", "confirmed"]


async def test_a_correction_is_about_the_number_that_was_called(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    await crew.book.address(ann.person, "phone")
    carl = await crew.hired()
    await carl.says(f"/case K{ann.case}")
    await carl.taps("Call")
    await carl.taps("Not reached")
    await carl.taps("wrong number")
    crew.now += 10 * SECONDS
    await carl.taps("Undo")
    await carl.taps("Not reached")
    assert "saved: somebody else answered" in await carl.taps("somebody else answered")
    ((first, second),) = await rows(crew, "SELECT min(address_id), max(address_id) FROM outcomes")
    assert first == second
    states = await rows(crew, "SELECT state FROM addresses WHERE kind = 'phone' ORDER BY id")
    assert states == [("suspended",), ("attested",)], "the other was never called"


async def test_a_late_wrong_number_is_the_one_that_was_shown_then(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    other = await crew.book.address(ann.person, "phone")
    carl = await crew.hired()
    await crew.assign(ann.case, "carl")
    await carl.says(f"/case K{ann.case}")
    await carl.taps("Call")
    await crew.book.sql(
        "UPDATE addresses SET state = 'confirmed', seen_at = $2 WHERE id = $1", other, crew.now
    )
    crew.now += timedelta(hours=1)
    await carl.says(f"WN @9:02 K{ann.case}")
    await carl.taps("Save 1")
    states = await rows(crew, "SELECT state FROM addresses WHERE kind = 'phone' ORDER BY id")
    assert states == [("suspended",), ("confirmed",)]


# Taking back


async def test_two_promises_taken_back_one_after_the_other_leave_none(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    carl = await crew.hired()
    undos = []
    for day in ("Tomorrow", "Today"):
        await carl.says(f"/case K{ann.case}")
        await carl.taps("Promise")
        await carl.taps(day)
        undos.append(carl.button("Undo"))
        crew.now += 10 * SECONDS
    for undo in undos:
        await crew.sandbox.world.tap(carl.chat, *undo)
        assert "Taken back" in await carl.told()
    assert await rows(crew, "SELECT state FROM promises") == [("cancelled",)] * 2
    assert (await may_contact(crew.office, SYSTEM, ann.case, Wish("sms"), crew.now)).allowed


async def test_taken_back_twice_at_once_it_is_taken_back_once(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    carl = await crew.hired()
    await carl.says(f"/case K{ann.case}")
    await carl.taps("Not reached")
    await carl.taps("wrong number")
    ((outcome,),) = await rows(crew, "SELECT id FROM outcomes")
    me = await carl_of(crew)
    await asyncio.gather(*(take_back(crew.office, me, outcome, crew.now) for _ in range(4)))
    assert await rows(crew, "SELECT count(*) FROM events WHERE action = 'outcome.undone'") == [(1,)]
    assert await rows(crew, "SELECT queue, state FROM tasks ORDER BY id") == [
        ("trace", "cancelled"),
        ("supervisor", "open"),
    ]


async def test_a_late_line_that_was_taken_back_may_be_entered_again_once(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    carl = await crew.hired()
    await crew.assign(ann.case, "carl")
    line = f"PTP 250 28/11 @8:05 K{ann.case}"
    await carl.says(line)
    await carl.taps("Save 1")
    me = await carl_of(crew)
    last = await lately(crew.office, me, crew.now)
    assert last is not None
    await take_back(crew.office, me, last.outcome, crew.now + 5 * SECONDS)
    crew.now += timedelta(minutes=5)
    await carl.says(line)
    assert "Saved: 1" in await carl.taps("Save 1")
    assert "saved already" in await carl.says(line)
    assert await rows(crew, "SELECT state FROM promises ORDER BY id") == [("cancelled",), ("open",)]


# Late lines


async def test_what_comes_late_gives_whoever_looks_their_time(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    carl = await crew.hired()
    await crew.assign(ann.case, "carl")
    await carl.says(f"PAID @19/11 9:00 K{ann.case}")
    await carl.taps("Save 1")
    ((starts, ends),) = await rows(crew, "SELECT starts_at, ends_at FROM holds")
    assert starts.date() == TODAY - 4 * DAY
    assert ends == crew.now + 3 * DAY
    assert await rows(crew, "SELECT finish_by FROM tasks") == [(crew.now + 2 * DAY,)]


async def test_what_comes_late_leaves_the_work_that_was_opened_since(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    carl = await crew.hired()
    await crew.assign(ann.case, "carl")
    await crew.task(ann.case)
    for line in ("VM @12/11 9:05", "REFUSED @14/11 9:05"):
        await carl.says(f"{line} K{ann.case}")
        await carl.taps("Save 1")
    assert await rows(crew, "SELECT state FROM tasks WHERE kind = 'call'") == [("open",)]
    assert await rows(crew, "SELECT 1 FROM rests") == [], "its rest is over"


# What is ours


async def test_nothing_is_promised_on_a_loan_that_is_not_ours_any_more(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY, 200_00)
    old = [(TODAY - 50 * DAY, 1000_00)]
    more: dict[str, Any] = {"strategy": crew.gentle, "since": crew.now - 80 * DAY}
    sold = await crew.book.loan(ann.person, crew.portfolio, old, status="sold", **more)
    await crew.book.loan(ann.person, crew.portfolio, old, status="closed", **more)
    carl = await crew.hired()
    await crew.assign(ann.case, "carl")
    await carl.says(f"/case K{ann.case}")
    assert "€200.00: on which day?" in await carl.taps("Promise"), "as the card has it"
    assert "more than the €200.00 that is owed" in await carl.says(f"PTP 900 28/11 @8:05 K{ann.case}")
    assert "nothing is owed to us on it" in await carl.says(f"PTP 100 28/11 @8:05 {sold[1]}")
    await carl.says(f"PTP 200 28/11 @8:06 K{ann.case}")
    await carl.taps("Save 1")
    pauses = await rows(
        crew,
        "SELECT p.pauses, l.status FROM promises p JOIN promise_loans m ON m.promise_id = p.id "
        "JOIN loans l ON l.id = m.loan_id",
    )
    assert pauses == [(True, "active")]
