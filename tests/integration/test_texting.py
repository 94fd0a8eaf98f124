"""SMS that people on file write: answered once, low in what they say, and nothing for a stranger."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.borrower.pins import set_pin
from casework.errors import CaseworkInputError
from casework.staff.rights import Actor, Denied, Role
from messages.amounts import amount_in
from messages.intents.phrases import variants, written
from messages.signs import words_of
from messages.words import find
from tests.builders.book import Borrower
from tests.builders.command import Kept
from tests.builders.street import HOUR, TODAY, Street
from tests.builders.town import Town

SERVICE = Actor("sue", Role.CUSTOMER_SERVICE)


@pytest.fixture
async def street(engine: AsyncEngine) -> Street:
    made = Street(engine)
    await made.open()
    made.numbers = 0  # type: ignore[attr-defined]
    return made


async def ask(street: Street, text: str, sender: str) -> str | None:
    street.numbers += 1  # type: ignore[attr-defined]
    return await street.written(text, sender, f"SM{street.numbers}")  # type: ignore[attr-defined]


async def answers(street: Street, to: str | None = None) -> list[str]:
    """What was answered since the last time, to a number or to all."""
    return [outgoing.body.text for outgoing in await street.answered() if to in (None, outgoing.to)]


async def borrower(street: Street, **more: Any) -> tuple[Borrower, str]:
    ann = await street.borrower(TODAY - timedelta(days=10), email=False, look_at=None, **more)
    return ann, await street.number(ann.person)


async def tasks(street: Street) -> list[tuple[str, str]]:
    return [tuple(row) for row in await street.book.sql("SELECT kind, state FROM tasks ORDER BY id")]


async def test_a_balance_needs_the_pin_and_is_said_once(street: Street) -> None:
    ann, number = await borrower(street)
    await set_pin(street.office, SERVICE, ann.person, "4829", street.now)
    assert await ask(street, "BAL", number) == "figures"
    (low,) = await answers(street)
    assert "PIN" in low
    assert "250" not in low
    assert await ask(street, "bal 4829", number) == "figures"
    assert await street.written("bal 4829", number, f"SM{street.numbers}") is None  # type: ignore[attr-defined]
    (told,) = await answers(street)
    assert "250,00" in told
    assert "https://pay.example.com/" in told
    assert await answers(street) == []


async def test_who_was_just_answered_is_reminded_an_hour_later_and_not_in_the_same_breath(
    street: Street,
) -> None:
    ann = await street.borrower(TODAY, email=False)
    number = await street.number(ann.person)
    await set_pin(street.office, SERVICE, ann.person, "4829", street.now)
    planned_before = (await street.borrower(TODAY, email=False)).case
    await street.look()
    await ask(street, "BAL 4829", number)
    await street.send()
    sent = "SELECT case_id, template FROM contacts WHERE state = 'accepted' ORDER BY id"
    found = [tuple(row) for row in await street.book.sql(sent)]
    assert found == [(planned_before, "due-today"), (ann.case, "sms-figures")]
    street.now += HOUR - timedelta(minutes=1)
    await street.look()
    await street.send()
    assert len(await street.book.sql(sent)) == 2
    street.now += timedelta(minutes=1)
    await street.send()
    assert tuple((await street.book.sql(sent))[0]) == (ann.case, "due-today")


async def test_plain_wording_is_understood_in_both_languages(street: Street) -> None:
    ann, number = await borrower(street)
    await set_pin(street.office, SERVICE, ann.person, "4829", street.now)
    for text, wish in {
        "how much do i still owe you": "figures",
        "我还欠多少钱": "figures",
        "where can i pay 4829": "pay",
        "is this a scam": "real",
        "i lost my job, cant pay": "human",
        "i promise to pay on friday": "promise",
        "PROMISE 28/11": "promise",
        "asdf": "unclear",
        "thanks": "thanks",
    }.items():
        assert await ask(street, text, number) == wish, text


async def test_acceptance_07_five_wrong_pins_and_the_sixth_is_locked_out_and_alerted(street: Street) -> None:
    ann, number = await borrower(street)
    await set_pin(street.office, SERVICE, ann.person, "4829", street.now)
    for wrong in ("1111", "2222", "3333", "4444", "5555"):
        await ask(street, f"BAL {wrong}", number)
    assert all("not the right one" in text for text in await answers(street))
    await ask(street, "BAL 4829", number)  # the right one, and too late
    (locked,) = await answers(street)
    assert "locked" in locked
    assert "250" not in locked
    assert await tasks(street) == [("review", "open")]
    words = await street.book.sql("SELECT action FROM events WHERE action ~ '^pin' ORDER BY id")
    assert [row[0] for row in words] == ["pin.set", *["pin.refused"] * 4, "pin.locked"]
    street.now += 25 * HOUR
    await ask(street, "BAL 4829", number)
    assert "250" in (await answers(street))[0]


async def test_acceptance_10_i_paid_pauses_and_opens_a_reconciliation_task(street: Street) -> None:
    ann = await street.borrower(TODAY, email=False)
    number = await street.number(ann.person)
    await street.look()
    assert await ask(street, "I already paid this yesterday", number) == "paid"
    assert await tasks(street) == [], "a sentence is asked back"
    (asked,) = await answers(street)
    assert "Is that right? Reply YES or NO" in asked
    assert await ask(street, "yes", number) == "paid"
    assert await ask(street, "YES", number) == "thanks", "said twice"
    assert await tasks(street) == [("reconcile", "open")]
    holds = await street.book.sql("SELECT loan_id, kind, ends_at - starts_at FROM holds")
    assert [tuple(row) for row in holds] == [(ann.loan, "claims_paid", timedelta(days=3))]
    said = await answers(street)
    assert len(said) == 1  # the answer; the reminder that was planned is not sent
    assert amount_in(said[0]) is None
    await ask(street, "PAID", number)
    assert len(await street.book.sql("SELECT id FROM holds")) == 1
    assert await tasks(street) == [("reconcile", "open"), ("review", "open")]


async def test_what_may_be_a_stop_or_a_wrong_person_is_asked_and_rests_until_they_answer(
    street: Street,
) -> None:
    ann = await street.borrower(TODAY, email=False)
    number = await street.number(ann.person)
    holds = "SELECT kind, ends_at > $1 FROM holds ORDER BY id"
    await street.look()
    assert await ask(street, "please stop the autopay", number) == "may_stop"
    assert await ask(street, "stopped", number) == "may_stop"
    said = await answers(street)
    assert all("do you want no more messages from us? Reply YES or NO" in one for one in said)
    assert [one for one in street.providers["sms"].took if "250" in one.body.text] == []
    assert await tasks(street) == []
    assert [tuple(row) for row in await street.book.sql(holds, street.now)] == [("asked", True)]
    assert await ask(street, "no", number) == "may_stop"
    assert "nothing was noted" in (await answers(street))[0]
    assert [tuple(row) for row in await street.book.sql(holds, street.now)] == [("asked", False)]
    assert await street.book.sql("SELECT 1 FROM consents") == []
    assert await ask(street, "you have the wrong number for John", number) == "may_be_wrong"
    assert "wrong person? Reply YES or NO" in (await answers(street))[0]
    assert await street.book.sql("SELECT 1 FROM addresses WHERE state = 'suspended'") == []
    assert await tasks(street) == [("review", "open")]
    assert await ask(street, "don't stop", number) == "may_stop"
    assert await ask(street, "Yes", number) == "stop"
    assert [row[0] for row in await street.book.sql("SELECT state FROM consents")] == ["revoked"]
    assert await ask(street, "START", number) == "start"
    assert await ask(street, "you have the wrong number for John", number) == "may_be_wrong"
    assert await ask(street, "YES", number) == "wrong_person"
    assert len(await street.book.sql("SELECT 1 FROM addresses WHERE state = 'suspended'")) == 1
    assert ("call", "open") not in await tasks(street)


async def test_who_did_not_mean_that_they_paid_changes_nothing_and_the_word_is_not_asked_back(
    street: Street,
) -> None:
    _, number = await borrower(street)
    assert await ask(street, "I have already paid", number) == "paid"
    assert await ask(street, "no", number) == "paid"
    assert "nothing was noted" in (await answers(street))[-1]
    assert await tasks(street) == []
    assert await ask(street, "PAID", number) == "paid"
    assert await tasks(street) == [("reconcile", "open")]
    assert await ask(street, "STOP i already paid", number) == "stop", "and a person reads the rest"
    assert [row[0] for row in await street.book.sql("SELECT state FROM consents")] == ["revoked"]
    assert await tasks(street) == [("reconcile", "open"), ("review", "open")]


async def test_a_person_is_asked_for_and_told_so_once_an_hour(street: Street) -> None:
    _, number = await borrower(street)
    assert await ask(street, "HUMAN", number) == "human"
    assert await ask(street, "human!!", number) == "human"
    assert len(await answers(street)) == 1
    assert await tasks(street) == [("call", "open")]


async def test_a_machine_that_answers_is_not_answered_for_ever(street: Street) -> None:
    _, number = await borrower(street)
    for _ in range(30):
        await ask(street, "BAL", number)
    assert len(await answers(street)) == 20


async def test_a_number_of_two_persons_is_for_a_person_to_answer(street: Street) -> None:
    ann, number = await borrower(street)
    bob, _ = await borrower(street, phone=True)
    await street.book.address(bob.person, "phone", number)
    await set_pin(street.office, SERVICE, ann.person, "4829", street.now)
    assert await ask(street, "BAL 4829", number) == "human"
    assert all("250" not in text for text in await answers(street))


async def test_a_pin_is_stored_as_a_digest_and_must_not_be_easy(street: Street) -> None:
    ann, _ = await borrower(street)
    for easy in ("1111", "1234", "9876", "12", "123456789", "12a4", ""):
        with pytest.raises(CaseworkInputError):
            await set_pin(street.office, SERVICE, ann.person, easy, street.now)
    with pytest.raises(Denied):
        await set_pin(street.office, Actor("borrower 0", Role.BORROWER), ann.person, "4829", street.now)
    await set_pin(
        street.office, Actor(f"borrower {ann.person}", Role.BORROWER), ann.person, "4829", street.now
    )
    digest = (await street.book.sql("SELECT digest FROM pins"))[0][0]
    assert b"4829" not in digest
    assert len(digest) >= 16


PHRASES = [
    text
    for spoken in written().values()
    for phrases in spoken.phrases.values()
    for phrase in phrases[:8]
    for text in variants(phrase)[:1]
]
TELLING = re.compile(r"Ann|Example|250|L\d")


async def test_whoever_is_not_on_file_learns_nothing_whatever_they_write(street: Street) -> None:
    """Unknown numbers are never answered; of one that nobody vouched for a person reads what it wrote."""
    ann, _ = await borrower(street)
    await set_pin(street.office, SERVICE, ann.person, "4829", street.now)
    unvouched = "+12125550177"
    other = await street.book.address(ann.person, "phone", unvouched, state="unverified")
    drawn: list[str] = []

    @settings(max_examples=400, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.one_of(st.text(max_size=60), st.sampled_from(PHRASES)), st.sampled_from(["", " 4829", " 1111"]))
    def draw(text: str, pin: str) -> None:
        drawn.append(text + pin)

    draw()
    texts = [*PHRASES, *(f"{phrase} 4829" for phrase in PHRASES), *drawn]
    assert len(texts) > 1000
    for text in texts:
        await ask(street, text, "+12125550188")
    assert await answers(street) == []
    assert await tasks(street) == []
    heard = 0
    for text in [*PHRASES[::12], "BAL 4829", *drawn[:20]]:
        await street.book.sql("UPDATE addresses SET state = 'unverified' WHERE id = $1 RETURNING id", other)
        street.now += 25 * HOUR
        await ask(street, text, unvouched)
        for said in await answers(street, unvouched):
            heard += 1
            assert not TELLING.search(said), said
            assert amount_in(said) is None, said
            own = said.replace("Acme Credit", "")  # what the lender calls itself is not ours to judge
            assert not find(words_of(own), frozenset({"debt"})), said
    assert heard > 10


async def test_kept_pin_gives_a_pin_that_works_and_shows_it_once(
    engine: AsyncEngine, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    kept = Kept(tmp_path, database_url, redis_url)
    assert (await kept.run("check")).code == 0
    town = Town(engine)
    await town.open()
    await town.borrower(TODAY, external_id="b-ann")
    made = await kept.json("pin", "b-ann")
    assert re.fullmatch(r"[0-9]{6}", made["pin"])
    assert len(await town.book.sql("SELECT 1 FROM pins WHERE failures = 0")) == 1
    assert (await kept.run("pin", "b-x")).complaint == "kept: there is no borrower 'b-x'"


async def test_who_does_not_want_to_live_is_called_at_once_and_not_reminded(street: Street) -> None:
    ann, number = await borrower(street)
    assert await ask(street, "I want to die", number) == "distress"
    (said,) = await answers(street)
    assert "local emergency number" in said
    assert "A person will read this" in said
    assert not amount_in(said)
    assert await ask(street, "活不下去了", number) == "distress"
    assert await answers(street) == [], "once an hour"
    assert await tasks(street) == [("review", "open"), ("call", "open")]
    held = await street.book.sql("SELECT kind, person_id FROM holds")
    assert [tuple(row) for row in held] == [("vulnerable", ann.person)]
    await street.look()
    assert not (await street.send()).by_channel
    assert await ask(street, "I want to die", "+447700900555") == "distress"
    assert await answers(street) == [], "an unknown number learns nothing"
