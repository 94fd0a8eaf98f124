"""The day of a collector, over HTTP: next case, two taps, done; calls, messages, notes, skipping."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramNetworkError
from aiogram.methods import DeleteMessage, TelegramMethod
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.texts import blanks_of, languages, staff_speech
from casework.office import Doors
from casework.outcomes import UNDO_WITHIN, Recorded, make_promise, undo_outcome
from casework.staff.entrance import Entrance, From
from casework.staff.people import member, remove, staff_roles
from casework.staff.rights import Role
from strategies.outcomes import EFFECTS
from tests.builders.book import Borrower
from tests.builders.chatroom import TODAY
from tests.builders.crew import OPS, Crew
from tests.builders.shop import Shop
from tests.builders.town import DAY

OUTCOMES = "SELECT code, recorded_by, role FROM outcomes WHERE undone_at IS NULL ORDER BY id"


@pytest.fixture
async def crew(engine: AsyncEngine) -> AsyncIterator[Crew]:
    made = Crew(engine)
    await made.open()
    async with made.opened():
        yield made


async def task(crew: Crew, who: Borrower, queue: str = "desk", **more: Any) -> int:
    return await crew.task(who.case, queue, **more)


async def codes(crew: Crew) -> list[tuple[str, str, str]]:
    return [tuple(row) for row in await crew.book.sql(OUTCOMES)]


async def test_the_card_says_what_one_needs_and_nothing_more(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    await task(crew, ann, finish_by=crew.now + DAY)
    carl = await crew.hired()
    told = await carl.says("/next")
    assert f"K{ann.case} A** E** (acme)" in told
    assert "20 days late." in told
    assert "Due now €250.00, in all €250.00." in told
    assert f"Loans {ann.loan_id}" in told
    assert "Why now: a call, until" in told
    assert "You may call now." in told
    assert "Example" not in told
    assert await crew.number(ann.person) not in told
    (seen,) = await crew.book.sql("SELECT actor, subject_id FROM events WHERE action = 'case.seen'")
    assert tuple(seen) == ("carl", ann.case)


async def test_acceptance_16_a_call_ends_and_the_outcome_is_saved_in_two_taps(crew: Crew) -> None:
    ann, ben = await crew.borrower(TODAY - 20 * DAY), await crew.borrower(TODAY - 5 * DAY)
    await task(crew, ann, priority=1)
    await task(crew, ben)
    carl = await crew.hired()
    await carl.says("/next")
    told = await carl.taps("Call")
    assert await crew.number(ann.person) in told
    assert "Ann Example" in told
    await carl.taps("Promise")
    message, tomorrow = carl.button("Tomorrow")
    told = await carl.taps("Tomorrow")
    assert f"K{ann.case} saved: promise of €250.00 on November 24, 2026." in told
    await crew.sandbox.world.tap(carl.chat, message, tomorrow)
    assert f"K{ann.case} saved: promise" in await carl.told(), "a thumb that trembles reads the same again"
    assert f"K{ben.case} A** E**" in told, "the next case by itself"
    assert await codes(crew) == [("promise", "carl", "collector")]
    assert (await crew.book.sql("SELECT state FROM tasks WHERE case_id = $1", ann.case))[0][0] == "done"
    number = await crew.number(ann.person)
    assert not [one for one in carl.chat.messages.values() if number in one.get("text", "")]
    ((staff,),) = await crew.book.sql("SELECT staff_id FROM assignments WHERE case_id = $1", ann.case)
    assert staff == await crew.staff("carl"), "whose promise it is"
    (shown,) = await crew.book.sql("SELECT actor FROM events WHERE action = 'number.shown'")
    assert shown[0] == "carl"


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("Not reached", "no answer", "no_answer"),
        ("Not reached", "busy", "busy"),
        ("Not reached", "voicemail", "voicemail"),
        ("Not reached", "wrong number", "wrong_number"),
        ("Not reached", "somebody else answered", "third_party"),
        ("Promise", "Today", "promise"),
        ("Call back", "In 3 h", "callback"),
        ("They said", "says it is paid", "claims_paid"),
        ("They said", "refused", "refused"),
        ("They said", "hardship", "hardship"),
        ("Visit", "not home", "visit_not_home"),
        ("Stop or specialist", "Stop SMS", "stop"),
        ("Stop or specialist", "deceased", "deceased"),
    ],
)
async def test_two_taps(crew: Crew, first: str, second: str, code: str) -> None:
    await task(crew, await crew.borrower(TODAY - 20 * DAY))
    carl = await crew.hired()
    await carl.says("/next")
    await carl.taps(first)
    message, data = carl.button(second)
    await crew.sandbox.world.tap(carl.chat, message, data)
    await crew.sandbox.world.tap(carl.chat, message, data)  # a thumb that trembles
    assert "saved: " in await carl.told()
    assert [row[0] for row in await codes(crew)] == [code]


async def test_a_number_goes_from_the_chat_however_the_turn_ends(crew: Crew) -> None:
    ann, ben = await crew.borrower(TODAY - 20 * DAY), await crew.borrower(TODAY - 5 * DAY)
    number = await crew.number(ann.person)
    carl = await crew.hired()

    def shown() -> bool:
        return any(number in one.get("text", "") for one in carl.chat.messages.values())

    for leaves in (f"/case K{ben.case}", "", "removed"):
        await carl.says(f"/case K{ann.case}")
        await carl.taps("Call")
        await carl.taps("Call")
        assert shown()
        if leaves == "removed":
            await remove(crew.office, OPS, "carl", crew.now)
            await carl.told()
        elif leaves:
            await carl.says(leaves)
        else:
            crew.now += timedelta(minutes=31)
            await carl.told()
        assert not shown(), leaves
    assert not await crew.book.sql("SELECT 1 FROM shown_numbers")
    lost = iter([True, True])

    async def unheard(make_request: Any, bot: Bot, method: TelegramMethod[Any]) -> Any:
        if isinstance(method, DeleteMessage) and next(lost, False):
            raise TelegramNetworkError(method, "away")
        return await make_request(bot, method)

    crew.machine.bot.session.middleware(unheard)
    cora = await crew.hired("cora")
    await cora.says(f"/case K{ann.case}")
    for _ in range(2):  # the first is to go already, and nobody hears it
        await cora.taps("Call")
        await cora.told()
    await cora.taps("Not reached")
    await cora.taps("no answer")
    await cora.told()
    assert sum(number in one.get("text", "") for one in cora.chat.messages.values()) == 2
    crew.now += timedelta(minutes=2)
    await cora.told()
    assert not [one for one in cora.chat.messages.values() if number in one.get("text", "")], "tried again"
    assert not await crew.book.sql("SELECT 1 FROM shown_numbers")


async def test_a_number_that_was_shown_counts_as_a_call_unless_there_was_none(crew: Crew) -> None:
    await crew.book.portfolio(packs=["us-reg-f"], actor="third_party")
    ann = await crew.borrower(TODAY - 40 * DAY)
    carl = await crew.hired()
    await crew.assign(ann.case, "carl")
    crew.now += timedelta(hours=2)
    await carl.says("/next")
    await carl.taps("Call")
    assert "counts as a call that nobody answered" in await carl.taps("Skip")
    assert "Why?" in await carl.taps("I did not call")
    await carl.taps("Not for me")
    await carl.says(f"/case K{ann.case}")
    for minutes in (0, 1, 4):  # the second is for the same call
        crew.now += timedelta(minutes=minutes)
        assert await crew.number(ann.person) in await carl.taps("Call")
    await carl.taps("Skip")
    await carl.taps("Not for me")
    for _ in range(4):
        crew.now += timedelta(minutes=20)
        await carl.says(f"/case K{ann.case}")
        assert await crew.number(ann.person) in await carl.taps("Call")
        await carl.taps("Skip")
        await carl.taps("Not for me")
    roughly = (crew.now - timedelta(minutes=3)).astimezone(ZoneInfo("Europe/Berlin"))
    crew.now += timedelta(minutes=20)
    await carl.says(f"NA @{roughly:%H:%M} {ann.loan_id}")
    assert "Saved: 1." in await carl.taps("Save 1"), "and is the last of these"
    await carl.says(f"/case K{ann.case}")
    assert await crew.number(ann.person) in await carl.taps("Call"), "six until now"
    await carl.taps("Not reached")
    await carl.taps("no answer")  # what is entered of it is the call
    assert "No call" in await carl.says(f"/case K{ann.case}")
    assert "7 of 7 contacts in 7 days" in await carl.taps("Call")


async def test_what_one_is_told_of_on_the_line_was_a_conversation(crew: Crew) -> None:
    await crew.book.portfolio(packs=["us-reg-f"], actor="third_party")
    ann = await crew.borrower(TODAY - 40 * DAY)
    carl = await crew.hired()
    await crew.assign(ann.case, "carl")
    crew.now += timedelta(hours=2)
    await carl.says("/next")
    await carl.taps("Call")
    await carl.taps("Stop or specialist")
    await carl.taps("Stop SMS")
    crew.now += timedelta(hours=1)
    await carl.says(f"/case K{ann.case}")
    assert "conversation" in await carl.taps("Call")


async def test_who_was_not_reached_rests_and_comes_again(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    await task(crew, ann)
    carl = await crew.hired()
    await carl.says("/next")
    await carl.taps("Not reached")
    assert "There is nothing for you right now." in await carl.taps("no answer")
    bea = await crew.hired("bea")
    assert "There is nothing" in await bea.says("/next")
    crew.now += timedelta(hours=3, minutes=1)
    assert f"K{ann.case}" in await bea.says("/next")


async def test_a_callback_rings_once_and_opens_its_case(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    await task(crew, ann)
    carl = await crew.hired()
    await carl.says("/next")
    await carl.taps("Call back")
    assert "it rings" in await carl.says("15:30")
    assert await carl.told() == ""
    crew.now = crew.now.replace(hour=14, minute=31)
    told = await carl.told()
    assert f"K{ann.case}: the call agreed for" in told
    assert await carl.told() == "", "once"
    assert "agreed for Nov 23, 2026, 3:30 PM" in (await carl.taps("Open the case")).replace("\u202f", " ")


async def test_another_moment_takes_the_place_of_the_one_agreed_before(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    await task(crew, ann)
    carl = await crew.hired()
    await carl.says("/next")
    for when in ("In 1 h", "In 3 h"):
        await carl.says(f"/case K{ann.case}")
        await carl.taps("Call back")
        await carl.taps(when)
    crew.now += timedelta(hours=2)
    assert "the call agreed" not in await carl.told()
    await crew.book.pay(ann, 250_00, TODAY, at=crew.now)
    crew.now += timedelta(hours=2)
    told = await carl.told()
    assert told.count("the call agreed") == 1
    assert "Nothing is owed by now." in told


async def test_who_leads_looks_at_a_case_and_takes_it_only_on_a_tap(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    carl, sue = await crew.hired(), await crew.hired("sue", Role.SUPERVISOR)
    await crew.assign(ann.case, "carl")
    assert "carl has it." in await sue.says(f"/case K{ann.case}")
    assert f"K{ann.case}" in await carl.says("/next"), "who has it goes on"
    assert "carl has it at hand now" in await sue.says(f"/case K{ann.case}")
    assert "Take it" not in sue.buttons()
    await carl.taps("Skip")
    await carl.taps("Later today")
    await sue.says(f"/case K{ann.case}")
    assert "You may call now." in await sue.taps("Take it")
    assert "Not reached" in sue.buttons()


async def test_who_died_is_called_by_nobody_whatever_was_agreed(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    await task(crew, ann)
    carl = await crew.hired()
    await carl.says("/next")
    await carl.taps("Call back")
    await carl.taps("In 1 h")
    await task(crew, ann, queue="field", kind="visit")
    assert f"K{ann.case}" in "".join((await carl.says("/route"), *carl.buttons()))
    await carl.says(f"/case K{ann.case}")
    await carl.taps("Stop or specialist")
    await carl.taps("deceased")
    crew.now += timedelta(hours=2)
    assert "rings" not in await carl.told()
    assert "nothing for you" in await carl.says("/next")
    assert f"K{ann.case}" not in await carl.says("/route")


async def test_an_entry_is_taken_back_within_a_minute(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 20 * DAY)
    work = await task(crew, ann)
    carl = await crew.hired()
    await carl.says("/next")
    await carl.taps("Promise")
    await carl.taps("Tomorrow")
    told = await carl.taps("Undo")
    assert "Taken back." in told
    assert f"K{ann.case}" in told
    assert await codes(crew) == []
    assert (await crew.book.sql("SELECT state FROM tasks WHERE id = $1", work))[0][0] == "open"
    assert [row[0] for row in await crew.book.sql("SELECT state FROM promises")] == ["cancelled"]
    assert not await crew.book.sql("SELECT 1 FROM assignments"), "nor is it theirs any more"
    for day in ("Today", "Tomorrow"):
        await carl.says(f"/case K{ann.case}")
        await carl.taps("Promise")
        await carl.taps(day)
    assert "Promised: €250.00 on November 23" in await carl.taps("Undo"), "the one before it stands again"
    assert [row[0] for row in await crew.book.sql("SELECT state FROM promises ORDER BY id")] == [
        "cancelled",
        "open",
        "cancelled",
    ]
    await carl.taps("Not reached")
    await carl.taps("wrong number")
    assert "What it said of the number stays" in await carl.taps("Undo")
    await carl.taps("Stop or specialist")
    await carl.taps("Stop SMS")
    assert "The stop stays: no SMS. A supervisor has it to correct" in await carl.taps("Undo")
    left = await crew.book.sql(
        "SELECT kind, queue FROM tasks WHERE state = 'open' AND id <> $1 ORDER BY id", work
    )
    assert [tuple(row) for row in left] == [("trace", "supervisor"), ("review", "supervisor")]
    await carl.taps("They said")
    await carl.taps("refused")
    crew.now += UNDO_WITHIN + timedelta(seconds=1)
    assert "within a minute" in await carl.taps("Undo")
    assert [row[0] for row in await codes(crew)] == ["promise", "refused"]
    bea = await crew.hired("bea")
    await carl.says(f"/case K{ann.case}")
    await carl.taps("Not reached")
    await carl.taps("busy")
    await crew.assign(ann.case, "bea")
    await bea.says(f"/case K{ann.case}")
    assert "Taken back.\nThe case is with somebody else by now." in await carl.taps("Undo")
    assert [row[0] for row in await codes(crew)] == ["promise", "refused"]


async def test_two_collectors_never_get_the_same(crew: Crew) -> None:
    cases = [await crew.borrower(TODAY - 5 * DAY) for _ in range(6)]
    for one in cases:
        await task(crew, one)
    guests = [await crew.hired(f"c{number}") for number in range(6)]
    for guest in guests:
        await crew.sandbox.world.say(guest.chat, "/next")
    await crew.settle()
    rows = await crew.book.sql("SELECT case_id FROM turns WHERE ended_at IS NULL")
    assert sorted(row[0] for row in rows) == sorted(one.case for one in cases)
    crew.now += timedelta(minutes=31)
    late = await crew.hired("late")
    assert "K" in await late.says("/next"), "what nobody touched goes back"


async def test_what_comes_first(crew: Crew) -> None:
    small, large, own, bare, urgent, foreign = [
        await crew.borrower(TODAY - 5 * DAY, amount)
        for amount in (100_00, 900_00, 50_00, 20_00, 10_00, 5000_00)
    ]
    evening = crew.now + timedelta(hours=8)
    for one in (small, large):
        await task(crew, one, finish_by=evening)
    await task(crew, own, priority=7)
    await task(crew, urgent, priority=1)
    await task(crew, foreign, queue="supervisor", priority=1)
    carl = await crew.hired()
    for one in (own, bare):
        await crew.assign(one.case, "carl")
    order = []
    for _ in range(5):
        told = await carl.says("/next")
        order.append(int(told.split()[0].removeprefix("K")))
        await carl.taps("Skip")
        await carl.taps("Not today")
    assert order == [own.case, bare.case, urgent.case, large.case, small.case]
    assert "nothing for you" in await carl.says("/next")


async def test_who_may_be_called_only_later_comes_after_what_can_be_done_now(crew: Crew) -> None:
    night = await crew.borrower(TODAY - 30 * DAY, zones=["America/New_York"])  # three in the morning
    field, ann = [await crew.borrower(TODAY - 20 * DAY) for _ in range(2)]
    none = await crew.borrower(TODAY - 20 * DAY)
    await crew.book.sql("UPDATE addresses SET state = 'detached' WHERE person_id = $1", none.person)
    await crew.task(night.case, priority=1)
    await crew.task(none.case, priority=2)
    await crew.task(field.case, kind="visit", priority=3)
    await crew.task(ann.case, priority=4)
    carl = await crew.hired()
    # no hour would help who has no number: somebody has to look into it
    for who in (none, field, ann, night):
        assert f"K{who.case} " in await carl.says("/next")
        await carl.taps("Skip")
        await carl.taps("Later today")
    assert "nothing" in await carl.says("/next")


async def test_a_promise_on_one_loan_hides_no_other_and_an_undo_in_between_revives_none(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    await crew.book.loan(
        ann.person,
        crew.portfolio,
        [(TODAY - 40 * DAY, 900_00)],
        since=crew.now - 50 * DAY,
        strategy=crew.gentle,
    )
    carl = await crew.hired()
    await crew.hired("sue", Role.SUPERVISOR)
    await crew.assign(ann.case, "carl")
    made: list[Recorded] = []
    for key, by in (("one", "carl"), ("two", "carl"), ("three", "sue")):
        who = await member(crew.office, await crew.staff(by))
        assert who is not None
        made.append(
            await make_promise(
                crew.office,
                who.actor,
                ann.case,
                250_00,
                TODAY + len(made) * DAY,
                at=crew.now,
                received=crew.now,
                key=key,
                loans=(ann.loan,),
                owner=by,
            )
        )
        crew.now += timedelta(seconds=1)
    carla = await member(crew.office, await crew.staff("carl"))
    assert carla is not None
    await undo_outcome(crew.office, carla.actor, made[1].outcome, crew.now, owner="carl")
    states = await crew.book.sql("SELECT state FROM promises ORDER BY id")
    assert [row[0] for row in states] == ["cancelled", "cancelled", "open"], "what was promised last stands"
    crew.now += timedelta(hours=21)
    assert f"K{ann.case}" in await carl.says("/next"), "the other loan is late all the same"


async def test_what_was_ended_does_not_come_straight_back(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    carl = await crew.hired(queues=["desk", "supervisor"])
    await crew.assign(ann.case, "carl")
    await carl.says("/next")
    await carl.taps("Stop or specialist")
    assert "nothing for you" in await carl.taps("Stop SMS")
    assert "nothing for you" in await carl.says("/next")
    await crew.task(ann.case, "supervisor", kind="review")
    assert "Why now: a review" in await carl.says("/next"), "work that was opened is given"
    await carl.taps("Visit")
    await carl.taps("unsafe")
    crew.now += timedelta(hours=21)
    assert f"K{ann.case}" in await carl.says("/next")


async def test_a_call_that_a_step_expected_is_over_once_it_is_paid_and_waits_while_a_hold_binds(
    crew: Crew,
) -> None:
    ann, ben = [await crew.borrower(TODAY - 31 * DAY) for _ in range(2)]
    await crew.book.feed(crew.portfolio, crew.now)
    report = await crew.look()
    assert (report.tasks, report.tasks_over) == (2, 0)
    await crew.task(ben.case, queue="field", kind="visit", priority=9)
    await crew.book.hold(ben.person, "hardship", at=crew.now)
    carl = await crew.hired()
    assert f"K{ann.case}" in await carl.says("/next")
    await carl.taps("Skip")
    assert "a visit" in await carl.taps("Later today"), "the call waits, what somebody opened does not"
    await carl.taps("Skip")
    await carl.taps("Not today")
    paid = await crew.book.pay(ann, 250_00, TODAY, at=crew.now)
    report = await crew.look()
    assert report.tasks_over == 1
    states = await crew.book.sql(
        "SELECT case_id, state FROM tasks WHERE occurrence_id IS NOT NULL ORDER BY case_id"
    )
    assert [tuple(row) for row in states] == [(ann.case, "cancelled"), (ben.case, "open")]
    ((subject,),) = await crew.book.sql("SELECT count(*) FROM events WHERE action = 'task.over'")
    assert subject == 1
    await crew.book.reverse(ann, paid, TODAY, at=crew.now)
    await crew.look()
    states = await crew.book.sql("SELECT state FROM tasks WHERE case_id = $1", ann.case)
    assert [row[0] for row in states] == ["open"], "the money bounced"


async def test_acceptance_18_a_opens_bs_case_and_is_denied_and_it_is_on_record(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    await crew.hired("bea")
    await crew.assign(ann.case, "bea")
    carl = await crew.hired()
    assert "may not see loan in portfolio acme: it is not their own" in await carl.says(f"/case K{ann.case}")
    ((actor, data, kind, case),) = await crew.book.sql(
        "SELECT actor, data::text, subject_kind, subject_id FROM events WHERE action = 'access.denied'"
    )
    assert (actor, kind, case) == ("carl", "case", ann.case)
    assert "see_loan" in data
    sue = await crew.hired("sue", Role.SUPERVISOR)
    assert f"K{ann.case} A** E**" in await sue.says(f"/case K{ann.case}")


async def test_a_call_that_may_not_be_made_says_why_and_when(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    await task(crew, ann)
    carl = await crew.hired()
    crew.now = crew.now.replace(hour=21, minute=30)
    assert "No call before Nov 24, 2026, 8:00 AM" in (await carl.says("/next")).replace("\u202f", " ")
    told = await carl.taps("Call")
    assert "That may not go now." in told
    assert "It may from Nov 24, 2026, 8:00 AM on." in told.replace("\u202f", " ")
    assert "it is 22:30" in told
    assert "it is 00:00" not in told, "what stands against it now"
    assert await crew.number(ann.person) not in told


async def test_acceptance_32_own_words_pass_the_lint_and_the_gate(crew: Crew) -> None:
    await task(crew, await crew.borrower(TODAY - 5 * DAY))
    carl = await crew.hired()
    await carl.says("/next")
    await carl.taps("Message")
    await carl.taps("SMS: own words")
    told = await carl.says("Pay today or the police will be at your door.")
    assert "That may not go now.\n- it threatens with police or prison" in told
    assert not (await crew.send()).by_channel
    await crew.book.sql("UPDATE addresses SET state = 'unverified' WHERE kind = 'phone'")
    await carl.taps("SMS: own words")
    told = await carl.says("Hello Ann, please pay 250.00 EUR by Friday. Acme")
    assert "- it names an amount, and the address may not carry one" in told
    assert not (await crew.send()).by_channel
    await crew.book.sql("UPDATE addresses SET state = 'attested' WHERE kind = 'phone'")
    refused = await crew.book.sql("SELECT actor FROM events WHERE action = 'message.refused'")
    assert [row[0] for row in refused] == ["carl", "carl"], "and on record"
    await carl.taps("SMS: own words")
    await carl.taps("Skip")  # who turned to something else writes to nobody
    assert "way" not in await carl.says("told me to come back, sounded drunk")
    assert not (await crew.send()).by_channel
    await carl.taps("SMS: own words")
    noon, crew.now = crew.now, crew.now.replace(hour=21, minute=30)
    await carl.says("/next")
    await carl.taps("Message")
    await carl.taps("SMS: own words")
    told = await carl.says("Hello Ann, I noted Friday. Acme")
    assert "it is 22:30" in told, "the gate says no, and until when"
    assert "It may from" in told
    assert not await crew.book.sql("SELECT 1 FROM contacts")
    crew.now = noon
    await carl.taps("SMS: own words")
    kind = "Hello Ann, this is Carl of Acme Credit. Thank you for calling; I noted Friday for your payment."
    assert "on its way" in await carl.says(kind)
    await crew.send()
    assert [one.body.text for one in crew.providers["sms"].took] == [kind]


async def test_a_text_of_the_library_goes_by_the_same_gate(crew: Crew) -> None:
    await task(crew, await crew.borrower(TODAY - 5 * DAY))
    carl = await crew.hired()
    await carl.says("/next")
    await carl.taps("Message")
    assert "on its way" in await carl.taps("SMS: what is due")
    for text in ("mail: what is due", "SMS: please get in touch"):
        await carl.taps("Message")
        told = await carl.taps(text)
        assert "- 1 of 1 contacts this day" in told, "though the first has not gone yet"
        assert "it is 00:00" not in told, "what stands against it now, not on the way to tomorrow"
    await crew.send()
    (took,) = crew.providers["sms"].took
    assert "€250.00" in took.body.text
    await carl.taps("Message")
    told = await carl.taps("mail: what is due")
    assert "may not go" in told, "the cap of the day, over all channels"
    assert "It may from Nov 24" in told
    await crew.book.feed(crew.portfolio, crew.now - 9 * DAY)
    await carl.taps("Message")
    told = await carl.taps("mail: what is due")
    assert "- payments are known only up to" in told
    assert "It may" not in told, "no moment settles it by itself"


async def test_what_is_due_goes_to_no_number_that_is_not_verified(crew: Crew) -> None:
    await task(crew, await crew.borrower(TODAY - 5 * DAY))
    await crew.book.sql("UPDATE addresses SET state = 'unverified' WHERE kind = 'phone'")
    carl = await crew.hired()
    assert "the number is not verified, say nothing of a debt" in await carl.says("/next")
    await carl.taps("Message")
    assert "SMS: what is due" not in carl.buttons()
    assert "on its way" in await carl.taps("SMS: please get in touch")
    turn = carl.button("SMS: own words")[1].split(":")[2]
    await crew.sandbox.world.tap(carl.chat, carl.button("SMS: own words")[0], f"s:text:{turn}:sms:late")
    assert "the address may not carry that" in await carl.told()


async def test_own_words_wait_where_the_gate_would(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    await task(crew, ann)
    carl = await crew.hired()
    await carl.says("/next")
    await carl.taps("Message")
    message, data = carl.button("SMS: own words")
    words = "Hello Ann, please pay by Friday. Acme"
    await crew.book.sql("UPDATE feeds SET held_since = $1", crew.now)
    await crew.sandbox.world.tap(carl.chat, message, data)
    assert "tape of a loan waits for approval" in await carl.says(words)
    await crew.book.sql("UPDATE feeds SET held_since = NULL")
    await crew.sandbox.world.tap(carl.chat, message, data)
    assert "on its way" in await carl.says(words)
    await crew.book.sql("UPDATE feeds SET held_since = $1", crew.now)
    await crew.send()
    assert "did not go: the last tape of the loan waits" in await carl.says("/next"), "nor what was under way"
    await crew.book.sql("UPDATE feeds SET held_since = NULL")
    await crew.sandbox.world.tap(carl.chat, message, data)
    assert "on its way" in await carl.says("Hello Ann, a word from Acme, please")
    await crew.book.pay(ann, 250_00, TODAY, at=crew.now)
    await crew.send()
    assert "did not go: nothing is owed" in await carl.says("/next")
    await crew.sandbox.world.tap(carl.chat, message, data)
    assert "nothing is owed" in await carl.says(words)
    assert not crew.providers["sms"].took


async def test_where_nothing_is_late_one_writes_of_what_comes_due(crew: Crew) -> None:
    dues = [(TODAY - DAY, 250_00), (TODAY + 5 * DAY, 250_00)]
    ann = await crew.book.borrower(
        crew.portfolio, dues, strategy=crew.gentle, since=crew.now - 20 * DAY, country="IE"
    )
    await task(crew, ann)
    carl = await crew.hired()
    await carl.says("/next")
    await carl.taps("Message")
    message, late = carl.button("SMS: what is due")
    await crew.book.pay(ann, 250_00, TODAY, at=crew.now)
    await crew.sandbox.world.tap(carl.chat, message, late)
    assert "does not fit the case any more" in await carl.told()
    await carl.taps("Message")
    assert "SMS: what is due" not in carl.buttons()
    assert "on its way" in await carl.taps("SMS: what comes due")
    await crew.send()
    (took,) = crew.providers["sms"].took
    assert "€250.00" in took.body.text


async def test_where_a_feed_is_silent_no_text_speaks_of_arrears(crew: Crew) -> None:
    await task(crew, await crew.borrower(TODAY - 5 * DAY))
    carl = await crew.hired()
    await carl.says("/next")
    await carl.taps("Message")
    await carl.taps("SMS: what is due")
    await crew.book.feed(crew.portfolio, crew.now - 9 * DAY)
    assert (await crew.send()).by_channel == {"sms": {"cancelled": 1}}, "nor what was on its way"
    told = await carl.says("/next")
    assert "Payments are known only up to 2026-11-14" in told, "who calls is told"
    assert "K1: your message (SMS) did not go: payments are not known up to date." in told
    assert "did not go" not in await carl.taps("Message"), "once"
    told = await carl.taps("mail: what is due")
    assert "- payments are known only up to 2026-11-14" in told
    assert "until the core system has sent newer ones" in told
    for words in (
        "Hello Ann, please pay the 250.00 EUR by Friday. Acme",
        "You are behind. Acme",
        "您还没还。Acme",
    ):
        await carl.taps("mail: own words")
        assert "- payments are known" in await carl.says(words), "no list of words knows them all"
    await carl.taps("Message")
    assert "on its way" in await carl.taps("mail: please get in touch")


async def test_notes_by_word_voice_photo_and_place_are_sealed_and_only_on_a_tap(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    await task(crew, ann)
    carl = await crew.hired()
    await carl.says("/next")
    await crew.sandbox.world.place(carl.chat, 52.5, 13.4)
    assert "Tap Note on a case first" in await carl.told()
    world = crew.sandbox.world
    for send in (
        world.say(carl.chat, "Speaks softly"),
        world.place(carl.chat, 52.5, 13.4),
        world.voice(carl.chat, b"OggS spoken"),
        world.photo(carl.chat, b"\xff\xd8door", "the blue door"),
    ):
        await carl.taps("Note")
        await send
        assert "Kept." in await carl.told()
    rows = await crew.book.sql("SELECT kind, mime, body FROM notes ORDER BY id")
    assert [row[0] for row in rows] == ["text", "place", "voice", "photo", "text"]
    assert all(b"softly" not in row[2] and b"52.5" not in row[2] for row in rows)
    await carl.taps("Note")
    assert "or a note on this case?" in await carl.says("Paid 200 at the branch, she says")
    assert "Kept." in await carl.taps("It is a note")
    await carl.taps("Note")
    told = await carl.taps("Notes so far")
    assert "Speaks softly" in told
    assert "52.50000,13.40000" in told
    assert "a voice message" in told
    assert "the blue door" in told
    assert "Paid 200 at the branch" in told


async def test_a_voice_and_a_photo_of_a_note_are_opened_and_the_look_is_on_record(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    await task(crew, ann)
    carl, bea = await crew.hired(), await crew.hired("bea")
    await carl.says("/next")
    await carl.taps("Note")
    await carl.shows(b"\xff\xd8door")
    await carl.taps("Note")
    await crew.sandbox.world.voice(carl.chat, b"OggS spoken")
    await carl.told()
    await carl.taps("Note")
    told = await carl.taps("Notes so far")
    assert "UTC" not in told
    (row,) = (one[0] for one in await crew.book.sql("SELECT p.zones[1] FROM persons p"))
    there = crew.now.astimezone(ZoneInfo(row))
    label = next(one for one in carl.buttons() if one.startswith("a photo, "))
    assert label.replace("\u202f", " ").endswith(there.strftime("%-I:%M %p")), "by the customer's clock"
    message, data = carl.button(label)
    await carl.taps(label)
    sent = [one for one in carl.chat.messages.values() if one["from"]["is_bot"]][-1]
    assert crew.sandbox.world.files[sent["photo"][0]["file_id"]] == b"\xff\xd8door"
    await carl.taps(next(one for one in carl.buttons() if one.startswith("a voice message, ")))
    sent = [one for one in carl.chat.messages.values() if one["from"]["is_bot"]][-1]
    assert crew.sandbox.world.files[sent["document"]["file_id"]] == b"OggS spoken"
    looks = await crew.book.sql("SELECT actor FROM events WHERE action = 'notes.file_opened'")
    assert [row[0] for row in looks] == ["carl"] * 2
    await crew.sandbox.world.tap(bea.chat, message, data)
    assert "You may not do that" in await bea.told()
    await crew.sandbox.world.tap(carl.chat, message, data + "9")
    assert "no voice or photo of that number" in await carl.told()


async def test_photos_that_are_sent_together_are_all_kept(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    await task(crew, ann)
    carl = await crew.hired()
    await carl.says("/next")
    await carl.taps("Note")
    for number in range(3):
        await crew.sandbox.world.photo(
            carl.chat, b"\xff\xd8%d" % number, "the door" if not number else None, "album"
        )
    assert (await carl.told()).count("Kept.") == 3
    for other in (None, "another"):
        await crew.sandbox.world.photo(carl.chat, b"\xff\xd8late", None, other)
        assert "Tap Note on a case first" in await carl.told()
    rows = await crew.book.sql("SELECT kind FROM notes ORDER BY id")
    assert [row[0] for row in rows] == ["photo", "text", "photo", "photo"]


async def test_skipping_hands_over_with_a_reason(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    await task(crew, ann)
    carl, bea = await crew.hired(), await crew.hired("bea")
    await carl.says("/next")
    await carl.taps("Skip")
    assert "nothing for you" in await carl.taps("For a supervisor")
    assert f"K{ann.case}" in await bea.says("/next")
    reviews = await crew.book.sql("SELECT kind FROM tasks WHERE queue = 'supervisor'")
    assert [row[0] for row in reviews] == ["review"]


async def test_a_supervisor_has_one_review_of_a_case_that_was_skipped_however_often(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    guests = [await crew.hired(), await crew.hired("bea")]

    async def skipped() -> None:
        for guest in guests:
            await guest.says(f"/case K{ann.case}")
            await guest.taps("Skip")
            await guest.taps("For a supervisor")

    await crew.task(ann.case, "supervisor", kind="call")
    for _ in range(2):
        await skipped()
    reviews = "SELECT state FROM tasks WHERE kind = 'review' ORDER BY id"
    assert [row[0] for row in await crew.book.sql(reviews)] == ["open"]
    await crew.book.sql("UPDATE tasks SET state = 'done', ended_at = opened_at")
    await skipped()
    assert [row[0] for row in await crew.book.sql(reviews)] == ["done", "open"], "it was looked at before"


async def test_a_lender_keeps_what_is_personal_out_of_the_chat(crew: Crew) -> None:
    await crew.book.portfolio(staff_chat="codes")
    ann = await crew.borrower(TODAY - 5 * DAY)
    await task(crew, ann)
    carl = await crew.hired()
    told = await carl.says("/next")
    assert f"K{ann.case}  (acme)" in told
    assert "A**" not in told
    assert ann.loan_id not in told.split()
    assert "5 days late." in told
    assert "The number is in the console" in await carl.taps("Call")
    assert "out of the chat" in await carl.taps("Note"), "before anything is typed"
    await carl.taps("Message")
    assert not [label for label in carl.buttons() if "own words" in label]
    await carl.taps("Not reached")
    assert "saved: no answer" in await carl.taps("no answer")


async def test_a_code_leads_to_the_page_of_its_case_for_who_has_the_right(
    crew: Crew, engine: AsyncEngine, redis_url: str
) -> None:
    await crew.book.portfolio(staff_chat="codes")
    ann = await crew.borrower(TODAY - 5 * DAY)
    await task(crew, ann)
    carl = await crew.hired()
    await crew.hired("bea")
    async with Shop(engine, redis_url).open_doors(role=None) as browser, Redis.from_url(redis_url) as redis:
        crew.office.doors = Doors(public_url=str(browser.base_url))
        await carl.says("/next")
        rows = carl.last()["reply_markup"]["inline_keyboard"]
        (url,) = [one["url"] for row in rows for one in row if "url" in one]
        assert url == f"{str(browser.base_url).rstrip('/')}/work/K{ann.case}"
        stranger = await browser.get(url, follow_redirects=True)
        assert "A** E**" not in stranger.text
        assert "/sign-in" in str(stranger.url)
        entrance = Entrance(crew.office, redis, os.urandom)
        for name, sees in (("bea", False), ("carl", True)):
            ticket = await entrance.enter(
                await crew.staff(name), crew.now, From("127.0.0.1", "-"), "password"
            )
            assert ticket is not None
            browser.cookies.set("kept_session", ticket)
            page = await browser.get(url, follow_redirects=True)
            assert (page.status_code == 200) == sees, name
            assert ("A** E**" in page.text) == sees, name


async def test_amounts_and_days_are_typed_too_and_what_cannot_be_meant_is_asked_again(crew: Crew) -> None:
    await task(crew, await crew.borrower(TODAY - 5 * DAY))
    carl = await crew.hired()
    await carl.says("/next")
    await carl.taps("Promise")
    await carl.taps("Another amount")
    assert "could not read one amount" in await carl.says("some")
    assert "€9,999,999.00 is more than the €250.00 that is owed" in await carl.says("9999999")
    await carl.taps("Another amount")
    await carl.says("300")
    assert "€300.00: on which day" in await carl.taps("Yes, €300.00")
    await carl.taps("Another amount")
    assert "€100.00: on which day" in await carl.says("100")
    assert "could not read one day" in await carl.says("soon")
    assert "30 days ahead" in await carl.says("1 March 2027")
    await carl.taps("Another day")
    await carl.taps("Later")
    assert "promise of €100.00 on December 12, 2026" in await carl.taps("12")


async def test_cash_and_a_bad_moment(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    await task(crew, ann, queue="field", kind="visit")
    carl = await crew.hired()
    assert "Why now: a visit" in await carl.says("/next")
    await carl.taps("Call back")
    assert "could not read one moment" in await carl.says("yesterday 10:00")
    told = await carl.says("tomorrow 03:00")
    assert "a call may not be made as things stand:\n- hours 08:00-21:00; it is 03:00" in told
    await carl.taps("Another moment")
    await carl.says("tomorrow 03:00")
    assert "it rings" in await carl.taps("Keep it all the same")
    await carl.taps("Undo")
    await carl.taps("Visit")
    await carl.taps("cash taken")
    assert "€800.00 is more than the €250.00 that is owed" in await carl.says("800")
    await carl.taps("Another amount")
    assert "saved: cash taken, €80.00" in await carl.says("80")
    ((lasts,),) = await crew.book.sql("SELECT ends_at - starts_at FROM holds WHERE kind = 'cash_taken'")
    assert lasts == 3 * DAY, "nobody asks for it while it is booked"
    assert "cash was taken, it is not booked yet" in await carl.says(f"/case K{ann.case}")


async def promised(crew: Crew) -> list[tuple[Any, ...]]:
    sql = (
        "SELECT l.currency, p.amount_minor, p.due_on FROM promises p JOIN promise_loans m "
        "ON m.promise_id = p.id JOIN loans l ON l.id = m.loan_id WHERE p.state = 'open' ORDER BY p.id"
    )
    return [tuple(row) for row in await crew.book.sql(sql)]


async def test_what_is_owed_in_two_currencies_is_promised_in_each(crew: Crew) -> None:
    ann = await crew.owing_in_two()
    carl = await crew.hired()
    await carl.says(f"/case K{ann.case}")
    assert "¥15,000: on which day" in await carl.taps("Promise"), "which are no cents"
    message, in_yen = carl.button("Today")
    assert "€200.00: on which day" in await carl.taps("In EUR")
    assert "¥15,000: on which day" in await carl.taps("In JPY")
    await carl.taps("In EUR")
    await carl.taps("Another day")
    assert "promise of €200.00 on November 27" in await carl.taps("27")
    assert await promised(crew) == [("EUR", 200_00, TODAY + 4 * DAY)]
    await crew.sandbox.world.tap(carl.chat, message, in_yen)
    assert "is saved already" in await carl.told()
    await carl.says(f"/case K{ann.case}")
    await carl.taps("Promise")
    assert "promise of ¥15,000" in await carl.says("28 November")
    assert await promised(crew) == [("EUR", 200_00, TODAY + 4 * DAY), ("JPY", 15_000, TODAY + 5 * DAY)]


async def test_a_button_means_the_currency_that_it_shows_whatever_is_late_most_by_now(crew: Crew) -> None:
    ann = await crew.owing_in_two(150)
    carl = await crew.hired()
    await carl.says(f"/case K{ann.case}")
    assert "€200.00: on which day" in await carl.taps("Promise")
    await crew.book.pay(ann, 200_00, TODAY)
    assert "Nothing is owed in EUR" in await carl.taps("Today")
    assert await promised(crew) == []


async def test_as_many_of_another_currency_are_another_promise(crew: Crew) -> None:
    ann = await crew.owing_in_two(200_00)  # as many yen as there are cents
    carl = await crew.hired()
    await carl.says(f"/case K{ann.case}")
    await carl.taps("Promise")
    message, in_yen = carl.button("Today")
    await carl.taps("In EUR")
    assert "promise of €200.00" in await carl.taps("Today")
    await crew.sandbox.world.tap(carl.chat, message, in_yen)
    assert "is saved already" in await carl.told()
    assert await promised(crew) == [("EUR", 200_00, TODAY)]


async def test_an_amount_names_its_currency(crew: Crew) -> None:
    ann = await crew.owing_in_two()
    carl = await crew.hired()
    await carl.says(f"/case K{ann.case}")
    for typed, told in (
        ("100 EUR", "€100.00: on"),
        ("€99", "€99.00: on"),
        ("300 EUR", "€300.00 is more than the €200.00"),
        ("9000", "¥9,000: on"),
        ("¥9000", "¥9,000: on"),
        ("50.50", "could not read one amount"),
        ("9000 USD", "could not read one amount"),
    ):
        await carl.says(f"/case K{ann.case}")
        await carl.taps("Promise")
        asked = await carl.taps("Another amount")
        assert "A number alone means JPY; type others with their currency, like 200 EUR." in asked
        assert told in await carl.says(typed), typed
    await carl.says(f"/case K{ann.case}")
    await carl.taps("Promise")
    await carl.taps("In EUR")
    assert "A number alone means EUR" in await carl.taps("Another amount")
    assert "¥9,000: on" in await carl.says("¥9000"), "no yuan are owed"


async def test_cash_is_of_the_currency_that_was_taken(crew: Crew) -> None:
    ann = await crew.owing_in_two()
    carl = await crew.hired()
    await carl.says(f"/case K{ann.case}")
    await carl.taps("Visit")
    assert "A number alone means JPY" in await carl.taps("cash taken")
    assert "€300.00 is more than the €200.00" in await carl.says("300 EUR")
    await carl.taps("Another amount")
    assert "saved: cash taken, €120.00" in await carl.says("€120")
    ((minor, currency),) = await crew.book.sql(
        "SELECT o.amount_minor, l.currency FROM outcomes o JOIN loans l ON l.id = ANY(o.loan_ids)"
    )
    assert (minor, currency) == (120_00, "EUR")


async def test_a_stale_button_does_nothing(crew: Crew) -> None:
    await task(crew, await crew.borrower(TODAY - 5 * DAY))
    carl = await crew.hired()
    await carl.says("/next")
    message, data = carl.button("Note")
    await carl.taps("Not reached")
    await carl.taps("no answer")
    await crew.sandbox.world.tap(carl.chat, message, data)
    assert "do not have this case at hand" in await carl.told(), "before anything is typed in vain"
    message, data = carl.button("busy")
    await crew.sandbox.world.tap(carl.chat, message, data)
    assert "K1 is saved already (no answer); Undo takes it back within a minute" in await carl.told()
    await carl.taps("Undo")
    await crew.sandbox.world.tap(carl.chat, message, data)
    assert "saved: busy" in await carl.told(), "a button of an older card means the case that is at hand"
    assert await codes(crew) == [("busy", "carl", "collector")]
    await crew.sandbox.world.tap(carl.chat, message, "s:nonsense:1")
    assert "something that is over" in await carl.told()
    other = await crew.hired("bea")
    await crew.sandbox.world.tap(other.chat, message, data.replace("note", "call"))
    assert "do not have this case at hand" in await other.told()


def test_every_language_has_every_text_with_the_same_blanks() -> None:
    english = staff_speech("en").texts
    for code in languages():
        texts = staff_speech(code).texts
        assert texts.keys() == english.keys()
        for key, text in texts.items():
            assert blanks_of(text) == blanks_of(english[key]), (code, key)
    assert {f"codes.{code}" for code in EFFECTS} <= english.keys()
    assert {f"roles.{role}" for role in staff_roles()} <= english.keys()
