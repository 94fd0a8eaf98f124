"""What somebody of the staff writes: asked and linted before it is planned, and again at the claim."""

import asyncio
from collections import Counter
from datetime import date

import pytest
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.errors import CaseworkInputError
from casework.insight.check import check
from casework.say import Spoken, say_own_words
from casework.staff.rights import Actor, Denied, Role
from tests.builders.book import AUDITOR, Borrower
from tests.builders.town import MONDAY, Town

CARL = Actor("carl", Role.COLLECTOR, frozenset({"acme"}))
LATE = date(2026, 11, 20)
KIND = "Hello Ann, this is Carl of Acme Credit. Thank you for calling; I noted Friday for your payment."


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


async def say(town: Town, who: Borrower, words: str, channel: str = "sms", actor: Actor = CARL) -> Spoken:
    address = who.phone if channel == "sms" else who.email
    assert address is not None
    return await say_own_words(town.office, actor, who.case, address, channel, words, [who.loan], town.now)


async def holds(town: Town) -> None:
    assert not [found for found in await check(town.office, AUDITOR, town.now, ()) if not found.holds]


@pytest.mark.parametrize("channel", ["sms", "email"])
async def test_words_go_as_they_were_written(town: Town, channel: str) -> None:
    ann = await town.borrower(LATE)
    spoken = await say(town, ann, KIND, channel)
    assert spoken.contact is not None
    await town.send()
    (took,) = town.providers[channel].took
    assert took.body.text == KIND
    assert (took.body.subject is None) == (channel == "sms")
    (row,) = await town.book.sql("SELECT given FROM messages WHERE given IS NOT NULL")
    assert KIND.encode() not in row[0]
    await holds(town)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Pay today or the police will be at your door.", "threat_arrest"),
        ("We will tell your employer about this.", "threat_exposure"),
        ("Shame on you, you are a thief.", "threat_shame"),
        ("再不还款我们就报警", "threat_arrest"),
    ],
)
async def test_acceptance_32_a_threat_is_refused_with_the_reason(town: Town, words: str, code: str) -> None:
    ann = await town.borrower(LATE)
    spoken = await say(town, ann, words)
    assert spoken.contact is None
    assert code in [reason.code for reason in spoken.reasons]
    assert all(reason.detail for reason in spoken.reasons)
    assert (await town.send()).by_channel == {}
    (row,) = await town.book.sql("SELECT data::text FROM events WHERE action = 'message.refused'")
    assert words not in row[0]


async def test_acceptance_32_an_amount_to_an_unverified_number_is_refused_with_the_reason(town: Town) -> None:
    ann = await town.borrower(LATE)
    await town.book.sql("UPDATE addresses SET state = 'unverified' WHERE id = $1", ann.phone)
    spoken = await say(town, ann, "Hello, please bring 250.00 EUR.")
    assert [reason.code for reason in spoken.reasons] == ["amount"]
    spoken = await say(town, ann, "Hello, please call me about your loan.")
    assert [reason.code for reason in spoken.reasons] == ["debt"]
    spoken = await say(town, ann, f"Hello, it is about {ann.loan_id}.")
    assert "reference" in [reason.code for reason in spoken.reasons]
    assert (await say(town, ann, "Hello, please call me back when you can.")).contact is not None


async def test_what_is_unverified_by_the_time_of_the_claim_is_refused_there(town: Town) -> None:
    ann = await town.borrower(LATE, email=False)
    assert (await say(town, ann, "Hello Ann, I noted 250.00 EUR for Friday.")).contact is not None
    await town.book.sql("UPDATE addresses SET state = 'unverified' WHERE id = $1", ann.phone)
    assert (await town.send()).by_channel["sms"]["failed"] == 1
    assert (await town.states())[0] == ("sms", "failed", "lint_amount")


async def test_nothing_is_said_to_a_suspended_address(town: Town) -> None:
    ann = await town.borrower(LATE)
    await town.book.sql("UPDATE addresses SET state = 'suspended' WHERE id = $1", ann.phone)
    assert [reason.code for reason in (await say(town, ann, KIND)).reasons] == ["address_closed"]


async def test_acceptance_05_the_daily_cap_blocks_the_agents_own_message_with_the_reason(town: Town) -> None:
    ann = await town.borrower(LATE)
    await town.look()
    await town.send()
    spoken = await say(town, ann, KIND, "email")
    reason = spoken.reasons[0]
    assert reason.code == "daily"
    assert reason.until is not None
    assert not town.providers["email"].took


async def test_acceptance_05_an_agents_own_message_counts_for_the_cap_of_the_machine(town: Town) -> None:
    ann = await town.borrower(LATE)
    assert (await say(town, ann, KIND)).contact is not None
    await town.send()
    await town.look()
    rows = await town.book.sql("SELECT noes::text FROM occurrences WHERE state = 'waiting'")
    assert ['"daily"' in row[0] for row in rows] == [True]
    assert len(town.providers["sms"].took) == 1


async def test_acceptance_05_what_is_planned_counts_for_the_cap_though_nothing_has_gone(town: Town) -> None:
    ann = await town.borrower(LATE)
    first = await say(town, ann, KIND)
    assert first.contact is not None
    assert (await say(town, ann, KIND)).contact == first.contact, "one tap too many"
    more = await say(town, ann, "Hello Ann, please call me back.", "email")
    assert [reason.code for reason in more.reasons] == ["daily"]
    ben = await town.borrower(LATE)
    at_once = [f"Hello, this is Carl of Acme Credit, {number}." for number in ("one", "two", "three")]
    made = await asyncio.gather(*(say(town, ben, words) for words in at_once))
    assert len([one for one in made if one.contact is not None]) == 1
    await town.send()
    assert [len(town.providers[by].took) for by in ("sms", "email")] == [2, 0]


async def test_acceptance_05_one_claim_keeps_the_cap_over_words_reminders_and_cases(town: Town) -> None:
    ann = await town.borrower(LATE, email=False)
    await town.look()
    assert (await say(town, ann, KIND)).contact is not None
    ben = await town.borrower(LATE, email=False)
    await town.answer(ben, "dunning")
    await town.answer(ben, "dunning")
    other = await town.book.portfolio("other")
    await town.book.feed(other, town.now)
    _, _, case, _ = await town.book.loan(ben.person, other, [(LATE, 100_00)], strategy=town.gentle)
    await town.answer(replace(ben, case=case), "dunning")
    await town.send()
    took = Counter(one.to for one in town.providers["sms"].took)
    assert sorted(took.values()) == [1, 1]
    assert KIND in [one.body.text for one in town.providers["sms"].took], "a person before the machine"
    await holds(town)


async def test_a_stop_between_writing_and_sending_cancels(town: Town) -> None:
    ann = await town.borrower(LATE, email=False)
    await say(town, ann, KIND)
    await town.book.consent(ann.person, "sms", "revoked", MONDAY)
    assert (await town.send()).by_channel == {"sms": {"cancelled": 1}}
    assert (await town.states())[0] == ("sms", "cancelled", "rules")
    assert [reason.code for reason in (await say(town, ann, KIND)).reasons] == ["stop"]


async def test_paid_between_writing_and_sending_cancels(town: Town) -> None:
    ann = await town.borrower(LATE)
    await say(town, ann, KIND)
    await town.book.pay(ann, 250_00, date(2026, 11, 23))
    assert (await town.send()).by_channel == {"sms": {"cancelled": 1}}
    assert (await town.states())[0] == ("sms", "cancelled", "paid")
    await holds(town)


async def test_who_may_write_and_to_whom(town: Town) -> None:
    ann, ben = await town.borrower(LATE), await town.borrower(LATE)
    with pytest.raises(Denied):
        await say(town, ann, KIND, actor=Actor("fin", Role.FINANCE))
    with pytest.raises(Denied):
        await say(town, ann, KIND, actor=Actor("carl", Role.COLLECTOR, frozenset({"other"})))
    assert ben.phone is not None
    for address, loans in ((ben.phone, [ann.loan]), (ann.email, [ann.loan]), (ann.phone, [ben.loan])):
        assert address is not None
        with pytest.raises(CaseworkInputError):
            await say_own_words(town.office, CARL, ann.case, address, "sms", KIND, loans, town.now)
    with pytest.raises(CaseworkInputError):
        await say_own_words(town.office, CARL, 99, ann.phone or 0, "sms", KIND, [], town.now)
