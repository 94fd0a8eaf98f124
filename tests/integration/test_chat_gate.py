"""The chat's answers pass the same gate, as purpose `answer`: who is answered, and what is said with it."""

from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.texts import Speech, speech
from casework.staff.rights import Actor, Role
from casework.told import mark_person
from tests.builders.book import Borrower
from tests.builders.chatroom import TODAY, Chatroom, Guest

BALANCE, PAY = speech("en").button("balance"), speech("en").button("pay")
CARE = Actor("cara", Role.SUPERVISOR)


@pytest.fixture
async def room(engine: AsyncEngine) -> AsyncIterator[Chatroom]:
    made = Chatroom(engine)
    await made.open()
    async with made.opened() as opened:
        yield opened


async def debtor(room: Chatroom, actor: str) -> tuple[Borrower, Guest]:
    room.portfolio = await room.book.portfolio(packs=["us-reg-f", "house"], actor=actor)
    await room.book.feed(room.portfolio, room.now)
    ann = await room.borrower(TODAY)
    return ann, await room.linked(ann)


async def test_a_collector_says_so_in_each_answer_about_the_debt(room: Chatroom) -> None:
    _, guest = await debtor(room, "third_party")
    for asked in (BALANCE, PAY):
        said = await guest.says(asked)
        assert "debt collector" in said
    assert "250" in await guest.says(BALANCE)
    _, own = await debtor(room, "first_party")
    assert "debt collector" not in await own.says(BALANCE)


WALKS = {
    "a promise": ("promise", "100", "another_day", "back", "28/11", "yes"),
    "a payment": ("paid", "skip"),
    "a dispute": ("dispute", "dispute.reason_amount", "skip", "yes"),
    "hardship": ("cannot", "cannot.why_costs", "cannot.when_days", "cannot.what_part", "yes"),
    "questions": ("balance", "pay", "schedule", "payoff", "fees", "real", "statement"),
}
SILENT = {
    "dispute.reason_amount",
    "cannot",
    *WALKS["hardship"][1:-1],
}  # they ask for words, or why: of no loan


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("walk", WALKS.values(), ids=WALKS)
async def test_a_collector_says_so_once_in_every_answer_that_speaks_of_a_loan(
    room: Chatroom, walk: Sequence[str], language: str
) -> None:
    say = speech(language)
    for actor in ("third_party", "first_party"):
        _, guest = await debtor(room, actor)
        await guest.says("language")
        await guest.taps(speech(language)("name"))
        for asked in walk:
            told = await does(guest, say, asked)
            assert told
            expected = actor == "third_party" and asked not in SILENT
            times = sum(told.count(say(f"collector.{one}")) for one in ("first", "later"))
            assert times == expected, told


async def does(guest: Guest, say: Speech, asked: str) -> str:
    """Tap the button of that name where there is one, else type its label, or the words themselves."""
    label = say.texts.get(f"buttons.{asked}") or say.texts.get(asked) or asked
    return await (guest.taps(label) if label in guest.buttons() else guest.says(label))


async def test_who_is_represented_is_not_answered_but_a_person_may_be_asked_for(room: Chatroom) -> None:
    ann, guest = await debtor(room, "third_party")
    await mark_person(room.office, CARE, ann.external_id, room.now, add=["represented"])
    said = await guest.says(BALANCE)
    assert "may not talk about this here" in said
    assert "250" not in said
    assert "may not talk" not in await guest.says(speech("en").button("human"))
