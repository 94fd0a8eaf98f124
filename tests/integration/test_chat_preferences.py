"""What borrowers set and ask for in the chat, over HTTP: hours, a PIN, a number, a statement, how it was."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.sandbox.server import Sandbox
from bot.sandbox.world import World
from bot.texts import speech
from casework.borrower.identity import CODES_A_DAY
from casework.borrower.pins import check_pin
from casework.borrower.settled import ask_how_it_was
from tests.builders.book import SYSTEM
from tests.builders.chatroom import TODAY, Chatroom, Guest
from tests.builders.town import DAY

BALANCE = speech("en").button("balance")
NEW = "+447700900456"


@pytest.fixture
async def room(engine: AsyncEngine) -> AsyncIterator[Chatroom]:
    made = Chatroom(engine)
    await made.open()
    async with made.opened() as opened:
        yield opened


@pytest.fixture
async def guest(room: Chatroom) -> Guest:
    found = await room.linked(await room.borrower(TODAY - 3 * DAY, look_at=None))
    await found.says("menu")
    return found


async def rows(room: Chatroom, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await room.book.sql(query)]


async def phones(room: Chatroom) -> dict[str, str]:
    """State by number."""
    found = await room.book.sql("SELECT id, value, state FROM addresses WHERE kind = 'phone'")
    return {room.office.keyring.open("addresses", "value", id_, value): state for id_, value, state in found}


async def code_at(room: Chatroom, number: str) -> str:
    await room.send()
    sent = [one for one in room.providers["sms"].took if one.to == number]
    return re.findall(r"\d{6}", sent[-1].body.text)[0]


async def test_hours_are_said_back_and_obeyed(room: Chatroom) -> None:
    guest = await room.linked(await room.borrower(TODAY))
    await guest.says("menu")
    await guest.taps("more")
    assert "When may we write to you" in await guest.taps("quiet")
    assert "could not read the hours" in await guest.says("whenever the moon is full")
    assert "18:00-20:30. Is that right" in await guest.says("6pm to 8:30pm")
    assert "When may we write" in await guest.taps("back")
    assert "Nothing was changed" in await guest.taps("cancel")
    assert await rows(room, "SELECT own_hours FROM persons") == [([],)]
    await guest.says("only write to me after 5pm")
    await guest.taps("In the evening, 17 to 21")
    message, data = guest.button("yes")
    assert "From now on" in await guest.taps("yes")
    await room.sandbox.world.tap(guest.chat, message, data)
    assert "something that is over" in await guest.told(), "a stale yes"
    assert await rows(room, "SELECT own_hours FROM persons") == [(["17:00-21:00"],)]
    room.now += timedelta(days=3, hours=2)  # 11:00 in Berlin, an hour after a step's moment
    await room.book.feed(room.portfolio, room.now)
    await room.look()
    assert not (await room.send()).by_channel
    room.now += timedelta(hours=6)
    await room.look()
    assert (await room.send()).by_channel, "17:00"
    await guest.says("When you may write to me")
    assert "Whenever you usually write" in await guest.taps("Whenever you usually write")
    await guest.taps("yes")
    assert await rows(room, "SELECT own_hours FROM persons") == [([],)]


async def test_a_pin_is_typed_twice_and_taken_out_of_the_chat(room: Chatroom, guest: Guest) -> None:
    assert "four to eight digits" in await guest.says("A PIN for text messages")
    for bad in ("1234", "7777", "12", "banana"):
        assert "neither all the same" in await guest.says(bad)
    assert "once more" in await guest.says("4829")
    assert "was not the same" in await guest.says("4830")
    assert "once more" in await guest.says("4829")
    assert "your PIN is set" in await guest.says("4829")
    assert not [one for one in guest.chat.messages.values() if one.get("text") in ("4829", "4830")]
    ((person, case),) = await rows(room, "SELECT person_id, id FROM cases")
    async with room.office.transaction() as raw:
        assert await check_pin(raw, room.office, SYSTEM, person, "4829", case, 1, room.now) == "right"
    stored = b"".join(row[0] for row in await rows(room, "SELECT body FROM chat_updates"))
    assert b"4829" not in stored


async def test_a_new_number_is_theirs_when_its_code_comes_back(room: Chatroom, guest: Guest) -> None:
    (old,) = await phones(room)
    await guest.says("I have a new phone number")
    assert "could not read a number" in await guest.says("07700 900456")
    assert f"Your new number is {NEW}" in await guest.says("0044 7700 900-456")
    assert "Your new number" not in await guest.taps("back")
    await guest.says("+44 7700 900456")
    assert "code is on its way" in await guest.taps("yes")
    assert (await phones(room))[NEW] == "unverified"
    code = await code_at(room, NEW)
    assert "not right" in await guest.says("000000" if code != "000000" else "111111")
    assert "not right" in await guest.says("what code?")
    assert f"ends in {old[-2:]}. Does it still reach you" in await guest.says(code)
    assert "ends in 56 is noted" in await guest.taps("no")
    assert await phones(room) == {old: "suspended", NEW: "confirmed"}
    assert ("trace", "open") in await rows(room, "SELECT kind, state FROM tasks")
    assert (
        "250.00" in await guest.taps("balance")
        if "balance" in guest.buttons()
        else await guest.says("balance")
    )


async def test_the_old_number_may_stay_and_a_known_one_changes_nothing(room: Chatroom, guest: Guest) -> None:
    (old,) = await phones(room)
    for expected in ("Does it still reach you", "We have this number already"):
        await guest.says("My number has changed")
        await guest.says(NEW)
        told = await guest.taps("yes")
        if "code is on its way" in told:
            told = await guest.says(await code_at(room, NEW))
            assert "is noted" in await guest.taps("yes")
        assert expected in told
    assert await phones(room) == {old: "attested", NEW: "confirmed"}


async def test_codes_to_new_numbers_are_bounded_and_wrong_ones_lock(room: Chatroom, guest: Guest) -> None:
    told = ""
    for number in range(CODES_A_DAY):
        await guest.says("My number has changed")
        await guest.says(f"+4477009007{number:02}")
        told = await guest.taps("yes")
        if number < CODES_A_DAY - 1:
            assert "code is on its way" in told
            await guest.taps("cancel")
    assert "checks it with you" in told, "one code linked the chat"
    sent = await rows(room, "SELECT count(*) FROM contacts WHERE template = 'chat-code'")
    assert sent == [(CODES_A_DAY,)]
    room.now += timedelta(days=1, minutes=1)
    await guest.says("menu")
    await guest.taps("more")
    await guest.taps("number")
    await guest.says(NEW)
    await guest.taps("yes")
    code = await code_at(room, NEW)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        await guest.says(wrong)
    assert "too many tries" in await guest.says(code)
    assert (await phones(room))[NEW] == "unverified"


async def test_a_statement_comes_as_a_file(room: Chatroom, guest: Guest) -> None:
    assert "Your statement as of 23 November 2026" in await guest.says("send me a statement")
    (shown,) = [one for one in guest.chat.messages.values() if "document" in one]
    assert shown["document"]["file_name"] == "statement-2026-11-23.pdf"
    assert room.sandbox.world.files[shown["document"]["file_id"]].startswith(b"%PDF-")


async def test_where_files_are_not_taken_a_person_sends_it(engine: AsyncEngine) -> None:
    made = Chatroom(engine)
    await made.open()
    sandbox = Sandbox(World(lambda: made.now))
    del sandbox._methods["senddocument"]
    async with made.opened(sandbox=sandbox) as room:
        guest = await room.linked(await room.borrower(TODAY))
        assert "cannot send a file here" in await guest.says("Statement as a file")
        assert "Talk to a person" in guest.buttons()


async def test_how_it_was_is_asked_when_a_loan_is_settled(room: Chatroom) -> None:
    ann = await room.borrower(TODAY)
    guest = await room.linked(ann)
    assert "Nothing is settled yet" in await guest.says("Tell you how it was")
    await room.book.pay(ann, 250_00, TODAY)
    assert "paid in full" in await guest.says("what do I owe?")
    assert "How was it with us" in await guest.taps("feedback")
    assert "choose one of the buttons" in await guest.says("hm")
    await guest.taps("Not good")
    assert "How was it" in await guest.taps("back")
    await guest.taps("Not good")
    assert "A person will read it" in await guest.says("You wrote at night.")
    assert await rows(room, "SELECT rating FROM feedback") == [("poor",)]
    assert await rows(room, "SELECT kind, queue FROM tasks") == [("review", "complaints")]
    ((sealed,),) = await rows(room, "SELECT words FROM feedback")
    assert b"night" not in sealed
    await guest.says("Tell you how it was")
    await guest.taps("Good")
    assert "told us before" in await guest.taps("skip")
    assert len(await rows(room, "SELECT 1 FROM feedback")) == 1


async def test_how_it_was_is_asked_by_itself_once_when_all_is_settled(room: Chatroom) -> None:
    ann = await room.borrower(TODAY, look_at=None)
    guest = await room.linked(ann)
    other = await room.borrower(TODAY, look_at=None)  # has no chat
    assert await ask_how_it_was(room.office, SYSTEM, room.now) == 0, "nothing is settled"
    await room.book.pay(ann, 100_00, TODAY)
    await room.book.pay(other, 250_00, TODAY)
    assert await ask_how_it_was(room.office, SYSTEM, room.now) == 0, "a part is not all"
    await room.book.pay(ann, 150_00, TODAY)
    assert [await ask_how_it_was(room.office, SYSTEM, room.now) for _ in range(2)] == [1, 0]
    await room.send()
    (asked,) = [one for one in room.providers["chat"].took if one.to == str(guest.chat.id)]
    assert "How was it with us?" in asked.body.text
    assert [action for _, action in asked.body.buttons] == ["feedback", "human", "stop"]
    await room.sandbox.world.tap(guest.chat, 1, "feedback")
    assert "How was it" in await guest.told()
    await guest.taps("Good")
    await guest.taps("skip")
    await room.book.sql("DELETE FROM contacts WHERE template = 'how-was-it' RETURNING id")
    await room.book.sql("DELETE FROM messages WHERE step = 'how-was-it' RETURNING id")
    assert await ask_how_it_was(room.office, SYSTEM, room.now) == 0, "they have said it"


async def test_how_it_was_is_not_asked_of_who_stopped_nor_of_what_is_long_over(room: Chatroom) -> None:
    ann = await room.borrower(TODAY, look_at=None)
    guest = await room.linked(ann)
    await guest.says("STOP")
    await room.book.pay(ann, 250_00, TODAY)
    assert await ask_how_it_was(room.office, SYSTEM, room.now) == 1
    await room.send()
    assert room.providers["chat"].took == []
    bob = await room.borrower(TODAY - 20 * DAY, look_at=None)
    await room.linked(bob)
    await room.book.pay(bob, 250_00, TODAY - 9 * DAY)
    assert await ask_how_it_was(room.office, SYSTEM, room.now) == 0


async def test_fees_are_explained_date_by_date(room: Chatroom, guest: Guest) -> None:
    await room.book.sql("UPDATE installments SET fees_minor = 500, penalties_minor = 250 RETURNING id")
    told = await guest.says("What are the fees?")
    assert "fees €5.00, late charges €2.50, over all your dates" in told
    assert "with 20 November 2026: fees €5.00, late charges €2.50" in told
    assert "Something is not right" in guest.buttons()
    assert "to pay everything today" in await guest.says("Pay everything")


async def test_dates_and_figures_are_written_as_where_they_live(room: Chatroom) -> None:
    ways = {
        "US": "€1,250.00 on November 24, 2026",
        "GB": "€1,250.00 on 24 November 2026",
        None: "1.250,00 € on 24 November 2026",  # not known: as where their lender is
    }
    for country, said in ways.items():
        guest = await room.linked(await room.borrower(TODAY + DAY, 1_250_00, country=country))
        assert said in (await guest.says(BALANCE)).replace("\N{NO-BREAK SPACE}", " ")
