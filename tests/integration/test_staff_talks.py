"""A borrower's conversation goes to a collector and back through the bot, and ends with an outcome."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.errors import CaseworkInputError
from casework.office import Doors
from casework.staff.people import member, remove
from casework.staff.rights import Actor, Role
from casework.staff.talking import close
from casework.told import mark_person
from tests.builders.chatroom import TODAY, Guest
from tests.builders.crew import OPS, Crew
from tests.builders.town import DAY


@pytest.fixture
async def crew(engine: AsyncEngine) -> AsyncIterator[Crew]:
    made = Crew(engine)
    await made.open()
    async with made.opened():
        yield made


async def test_handed_over_answered_and_ended_with_an_outcome(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    guest = await crew.linked(ann)
    bea, carl = await crew.hired("bea"), await crew.hired()
    await crew.assign(ann.case, "carl")
    await guest.says("human")
    await guest.says("I lost my job last week.")
    assert await bea.told() == "", "to whose the case is, and to nobody else"
    assert f"K{ann.case} wants to talk to a person." in await carl.told()
    told = await carl.taps("Conversation")
    assert "> I lost my job last week." in told
    await carl.taps("Hello, how can I help?")
    assert "this is a person now" in await guest.told()
    await guest.says("Can I pay later?")
    told = await carl.told()
    assert f"K{ann.case}: Can I pay later?" in told
    assert await carl.told() == "", "once"
    assert "That may not go now." in await carl.says("Pay today or the police will be at your door.")
    await carl.says("Of course. Would next Friday do?")
    assert "Would next Friday do?" in await guest.told()
    await crew.book.feed(crew.portfolio, crew.now - 9 * DAY)
    assert "payments are known only up to" in await carl.says("It is 250.00 EUR, then."), "perhaps paid"
    await crew.book.feed(crew.portfolio, crew.now)
    other = await member(crew.office, await crew.staff("bea"))
    assert other is not None
    with pytest.raises(CaseworkInputError, match="is with carl"):
        await close(crew.office, other, 1, crew.now)
    assert "an entry of your own" in await carl.says(f"PTP 100 28/11 @8:20 K{ann.case}")
    assert "PTP" not in await guest.told(), "nothing goes to them unasked"
    assert f"K{ann.case} promise €100.00" in await carl.taps("It is an entry")
    await carl.says("paid 20 @ 8:30, you say?")
    await carl.taps("Say it to them")
    assert "paid 20 @ 8:30, you say?" in await guest.told()
    assert "There is no command /nxt" in await carl.says("/nxt")
    assert "nxt" not in await guest.told(), "a slip is no word for a customer"
    await guest.says("Yes")
    assert f"K{ann.case}: Yes" in await carl.told()
    for at in range(6):
        assert await carl.says(f"Fine, number {at}") == ""
    assert "wait for their answer" in await carl.says("Are you there?")
    await guest.says("human")
    assert f"K{ann.case}: Talk to a person" in await carl.told(), "who asks again is heard"
    assert await carl.says("I am here") == ""
    await guest.says("I am here")
    crew.now += timedelta(hours=25)
    await crew.book.feed(crew.portfolio, crew.now)
    assert "more than a day ago" in await carl.says("You still owe us. Pay today.")
    await guest.says("Hello again")
    await crew.book.hold(ann.person, "deceased", at=crew.now)
    assert "left alone" in await carl.says("One more thing")
    await crew.book.sql("DELETE FROM holds")
    told = await carl.taps("End it")
    assert "The conversation is over." in told
    assert f"K{ann.case} A** E**" in told
    await carl.taps("They said")
    await carl.taps("hardship")
    assert [row[0] for row in await crew.book.sql("SELECT code FROM outcomes")] == ["hardship"]


async def test_what_came_of_each_of_two_conversations_is_asked(crew: Crew) -> None:
    ann, bob = await crew.borrower(TODAY - 5 * DAY), await crew.borrower(TODAY - 6 * DAY)
    of_ann, of_bob = await crew.linked(ann), await crew.linked(bob)
    carl = await crew.hired()
    for who, guest in ((ann, of_ann), (bob, of_bob)):
        await crew.assign(who.case, "carl")
        await guest.says("human")
        await carl.told()
        await carl.taps("Conversation")
    assert f"K{bob.case}" in await carl.taps("End it")
    await of_ann.says("Are you there?")
    await carl.told()
    await carl.taps("Conversation")
    assert f"K{ann.case} A** E**" in await carl.taps("End it")
    await carl.taps("They said")
    await carl.taps("hardship")
    told = await carl.says("/next")
    assert f"K{bob.case} A** E**" in told, "of the other nothing was entered yet"
    assert "Why now: a review" in told


async def test_who_is_represented_meanwhile_is_not_answered_by_a_collector_either(crew: Crew) -> None:
    await crew.book.portfolio(packs=["us-reg-f", "house"], actor="third_party")
    ann = await crew.borrower(TODAY - 5 * DAY)
    guest = await crew.linked(ann)
    carl = await crew.hired()
    await crew.assign(ann.case, "carl")
    await guest.says("human")
    await carl.told()
    await carl.taps("Conversation")
    await carl.says("Good morning, tell me more.")
    assert "tell me more" in await guest.told()
    lead = Actor("sue", Role.SUPERVISOR)
    await mark_person(crew.office, lead, ann.external_id, crew.now, add=["represented"])
    assert "represented" in await carl.says("Would Friday do?")
    assert "Friday" not in await guest.told()


async def test_whoever_does_not_take_it_is_not_asked_alone(crew: Crew) -> None:
    guest = await crew.linked(await crew.borrower(TODAY - 5 * DAY), "zh")
    bea, carl = await crew.hired("bea"), await crew.hired()
    await guest.says("human")
    told = [await bea.told(), await carl.told()]
    assert sorted(map(bool, told)) == [False, True]
    crew.now += timedelta(minutes=11)
    again = [await bea.told(), await carl.told()]
    assert [bool(one) for one in again] == [not one for one in map(bool, told)]
    await crew.book.sql("UPDATE chats SET language = 'zh' WHERE person_id IS NOT NULL")
    await bea.taps("Conversation")
    assert "is with bea" in await carl.taps("Conversation")
    await carl.says("hello there")
    assert "hello there" not in await guest.told()
    await bea.says("/day")
    await bea.taps("Hello, how can I help?")
    assert "您好，现在是工作人员" in await guest.told(), "in their language, whatever bea did meanwhile"


async def test_what_is_typed_goes_to_who_was_heard_last_or_to_whom_is_asked(crew: Crew) -> None:
    ann, bob = await crew.borrower(TODAY - 5 * DAY), await crew.borrower(TODAY - 5 * DAY)
    of_ann, of_bob = await crew.linked(ann), await crew.linked(bob)
    carl = await crew.hired()
    calls: list[tuple[int, str]] = []
    for case, guest in ((ann.case, of_ann), (bob.case, of_bob)):
        await crew.assign(case, "carl")
        await guest.says("human")
        await carl.told()
        calls.append(carl.button("Conversation"))
    for call in reversed(calls):
        await crew.sandbox.world.tap(carl.chat, *call)
        assert "You are talking with" in await carl.told()
    crew.now += timedelta(seconds=1)
    await of_bob.says("how much do i owe?")
    assert f"K{bob.case}: how much do i owe?" in await carl.told()
    assert "To whom is it? 250.00 EUR, Bob" in await carl.says("250.00 EUR, Bob")
    assert "Bob" not in await of_ann.told(), "to nobody yet"
    assert f"-> K{bob.case}" in await carl.taps(f"K{bob.case}")
    assert "250.00 EUR, Bob" in await of_bob.told()
    assert f"-> K{bob.case}" in await carl.says("And fees of none.")
    assert "fees of none" in await of_bob.told()
    assert "fees" not in await of_ann.told()


async def test_a_conversation_goes_on_with_somebody_else(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    guest = await crew.linked(ann)
    bea, carl = await crew.hired("bea"), await crew.hired()
    sue = await crew.hired("sue", Role.SUPERVISOR)
    await crew.assign(ann.case, "carl")
    await guest.says("human")
    for at in range(14):
        await guest.says(f"line {at} " + "x" * 300)
    await carl.told()
    told = await carl.taps("Conversation")
    assert "> line 0 x" in told, "all that nobody had read"
    assert "> line 13 x" in told
    await carl.says("One moment")
    await crew.book.feed(crew.portfolio, crew.now)
    await sue.says(f"/assign K{ann.case} bea")
    told = await bea.told()
    assert f"K{ann.case} is yours now, from sue." in told
    assert "wants to talk" in told, "the conversation goes with the case"
    assert f"K{ann.case} is no longer with you: sue gave it to bea." in await carl.told()
    assert "take conversation" in await carl.says("Hello?")
    await bea.taps("Conversation")
    await guest.says("Are you there?")
    assert "Are you there?" in await bea.told()
    await crew.sandbox.world.photo(guest.chat, b"\xff\xd8slip", "my payslip")
    assert "my payslip" in await bea.told()
    await bea.taps("Show the jpeg")
    assert crew.sandbox.world.files[bea.last()["photo"][0]["file_id"]] == b"\xff\xd8slip"
    assert await crew.book.sql("SELECT actor FROM events WHERE action = 'talk.file_seen'") == [("bea",)]
    show = bea.button("Show the jpeg")
    crew.now += timedelta(minutes=61)
    assert "wants to talk" in await carl.told() + await sue.told(), "bea is not there"
    await bea.says("Sorry, now I am")
    await sue.says(f"/case K{ann.case}")
    await sue.taps("Conversation")
    await carl.says(f"/case K{ann.case}")
    assert "is over" in await sue.taps("End it")
    assert 'Write "human" if you want to talk to a person again' in await guest.told()
    await crew.sandbox.world.tap(bea.chat, *show)
    assert "do not have this conversation any more" in await bea.told()


async def test_who_may_be_in_distress_is_named_so_and_may_be_called_at_once(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    guest = await crew.linked(ann)
    carl = await crew.hired()
    await guest.says("I do not want to live any more")
    assert f"K{ann.case} may be in distress: look at it first" in await carl.told()
    await crew.book.pay(ann, 250_00, TODAY, at=crew.now)
    assert "You may call now." in await carl.says("/next")
    assert "+" in await carl.taps("Call")


async def test_after_a_ready_text_one_goes_on_where_it_went(crew: Crew) -> None:
    guests: list[Guest] = []
    carl = await crew.hired()
    for _ in range(2):
        one = await crew.borrower(TODAY - 5 * DAY)
        await crew.assign(one.case, "carl")
        guests.append(await crew.linked(one))
        await guests[-1].says("human")
        await carl.told()
        await carl.taps("Conversation")
    message, data = carl.button("I look into it")
    await crew.sandbox.world.tap(carl.chat, message, data.replace(":2:", ":1:"))
    assert "-> K1" in await carl.told()
    assert "-> K1" in await carl.says("Still there?")
    assert "Still there?" in await guests[0].told()
    assert "Still there?" not in await guests[1].told()


async def test_who_leads_takes_over_and_a_call_comes_ever_later(crew: Crew) -> None:
    guest = await crew.linked(await crew.borrower(TODAY - 5 * DAY))
    carl = await crew.hired()
    await guest.says("human")
    assert "wants to talk" in await carl.told()
    told = 0
    for _ in range(24 * 6):
        crew.now += timedelta(minutes=10)
        told += "wants to talk" in await carl.told()
    assert told == 8, "after 10, 20, 40 minutes... and every six hours"
    await carl.taps("Conversation")
    sue = await crew.hired("sue", Role.SUPERVISOR)
    await sue.says("/case K1")
    assert "You are talking with K1" in await sue.taps("Conversation")


async def test_where_one_lender_keeps_words_out_of_the_chat_a_strangers_stay_out_too(
    crew: Crew,
) -> None:
    await crew.book.portfolio("south", staff_chat="codes")
    ann = await crew.borrower(TODAY - 5 * DAY)
    carl = await crew.hired(portfolios=None)
    await crew.assign(ann.case, "carl")
    guest = await crew.linked(ann)
    await guest.says("human")
    await carl.told()
    assert "ready" not in await carl.taps("Conversation")
    await guest.says("I am ill")
    assert "I am ill" in await carl.told(), "her lender is another"
    stranger = await crew.guest()
    await stranger.says("human")
    assert "somebody who is not verified wants to talk" in (await carl.told()).lower()
    await stranger.says("My name is Ben and I owe you money")
    assert "use the console" in await carl.taps("Conversation")
    await crew.book.sql("UPDATE talks SET taken_by = 'carl', taken_at = now() WHERE person_id IS NULL")
    await stranger.says("I live at 5 Example Road")
    told = await carl.told()
    assert "Example Road" not in told
    assert told, "but that they wrote"


async def test_another_role_or_scope_hands_on_what_it_may_not_have(crew: Crew) -> None:
    ann = await crew.borrower(TODAY - 5 * DAY)
    guest = await crew.linked(ann)
    carl, bea = await crew.hired(), await crew.hired("bea")
    await crew.assign(ann.case, "carl")
    await carl.says("/next")
    await carl.taps("Message")
    await carl.taps("SMS: own words")
    await carl.says("Hello Ann, I call you on Friday. Acme")
    await guest.says("human")
    await carl.told()
    await carl.taps("Conversation")
    await crew.invited("carl", Role.FINANCE)
    assert (await crew.send()).by_channel == {}, "nor does what he wrote go"
    await guest.says("I am ill")
    assert "I am ill" not in await carl.told()
    assert "wants to talk" in await bea.told(), "somebody else is told"
    assert f"K{ann.case}" in await bea.says(f"/case K{ann.case}"), "nor is it his case any more"
    await remove(crew.office, OPS, "carl", crew.now)


async def test_words_stay_out_of_a_chat_that_shows_nothing_personal(crew: Crew) -> None:
    await crew.book.portfolio(staff_chat="codes")
    guest = await crew.linked(await crew.borrower(TODAY - 5 * DAY))
    carl = await crew.hired()
    await guest.says("human")
    await guest.says("My secret")
    told = await carl.told()
    assert "wants to talk" in told
    crew.office.doors = Doors(public_url="https://kept.example.com/")
    assert "out of the chat" in await carl.taps("Conversation")
    (row,) = carl.last()["reply_markup"]["inline_keyboard"]
    assert row[0]["url"] == "https://kept.example.com/talks/1"
    assert "My secret" not in await carl.told()
