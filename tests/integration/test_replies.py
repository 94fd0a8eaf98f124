"""Replies over a real database: stored once, sealed, and a stop obeyed."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.inbound import take_reply, work_replies, work_reply
from casework.staff.rights import Actor, Denied, Role
from notifiers.base import Reply
from tests.builders.book import SYSTEM
from tests.builders.street import HOUR, TODAY, Street
from tests.builders.town import DAY, MONDAY


@pytest.fixture
async def street(engine: AsyncEngine) -> Street:
    made = Street(engine)
    await made.open()
    return made


def reminders(street: Street) -> list[str]:
    """The SMS that went out, but for what confirms a stop or a start."""
    texts = (took.body.text for took in street.providers["sms"].took)
    return [text for text in texts if "250" in text or "90" in text]


@pytest.mark.parametrize("text", ["Stop. Thank you", "退订", "отпишите меня", "别理我了"])
async def test_failure_10_a_stop_between_look_and_send_cancels(street: Street, text: str) -> None:
    ann = await street.borrower(TODAY, email=False)
    await street.look()
    assert await street.written(text, await street.number(ann.person)) == "stop"
    assert (await street.send()).by_channel == {"sms": {"cancelled": 1, "accepted": 1}}
    assert reminders(street) == []
    consents = await street.book.sql(
        "SELECT person_id, portfolio_id, channel, state, source, reply_id FROM consents"
    )
    assert [tuple(row) for row in consents] == [(ann.person, None, "sms", "revoked", "reply", 1)]
    events = await street.book.sql(
        "SELECT action, subject_id, data::text FROM events WHERE action ~ '^consent'"
    )
    assert [tuple(row) for row in events] == [("consent.revoked", ann.person, '{"channel":"sms","reply":1}')]


async def test_a_stop_goes_over_to_the_channel_that_is_open(street: Street) -> None:
    ann = await street.borrower(TODAY)
    await street.look()
    await street.written("STOP", await street.number(ann.person))
    await street.look()
    await street.send()
    assert (len(reminders(street)), len(street.providers["email"].took)) == (0, 1)


async def test_failure_10_stop_counts_for_everybody_with_that_number_and_all_their_loans(
    street: Street,
) -> None:
    ann, bob = (
        await street.borrower(TODAY, email=False),
        await street.borrower(TODAY, phone=False, email=False),
    )
    number = await street.number(ann.person)
    await street.book.address(bob.person, "phone", number, state="suspended")
    other = await street.book.portfolio("other")
    await street.book.feed(other, MONDAY)
    await street.book.loan(
        ann.person, other, [(TODAY, 90_00)], strategy=street.gentle, since=MONDAY - 10 * DAY
    )
    await street.look()
    await street.written("unsubscribe", number)
    await street.send()
    assert reminders(street) == []
    rows = await street.book.sql("SELECT DISTINCT person_id FROM consents WHERE state = 'revoked' ORDER BY 1")
    assert [row[0] for row in rows] == [ann.person, bob.person]


async def test_start_after_stop_and_a_late_stop_that_was_written_earlier(street: Street) -> None:
    ann = await street.borrower(TODAY, email=False)
    number = await street.number(ann.person)
    late = Reply(
        provider="counting", provider_id="SM0", channel="sms", sender=number, recipient="", text="stop"
    )
    await take_reply(street.office, SYSTEM, late, street.now)
    street.now += HOUR
    assert await street.written("Start please", number) == "start"
    assert await work_replies(street.office, SYSTEM, street.now) == {"stop": 1}
    await street.look()
    await street.send()
    assert len(reminders(street)) == 1


async def test_start_grants_nothing_for_who_lost_the_number(street: Street) -> None:
    ann = await street.borrower(TODAY)
    number = await street.number(ann.person)
    await street.book.sql("UPDATE addresses SET state = 'detached' WHERE id = $1", ann.phone)
    assert await street.written("START", number) == "start"
    assert await street.book.sql("SELECT 1 FROM consents") == []


async def test_a_reply_delivered_twice_is_one(street: Street) -> None:
    ann = await street.borrower(TODAY)
    number = await street.number(ann.person)
    assert await street.written("stop", number) == "stop"
    assert await street.written("stop", number) is None
    assert await work_reply(street.office, SYSTEM, 1, street.now) is None
    assert len(await street.book.sql("SELECT 1 FROM consents")) == 1


async def test_unknown_senders_change_nothing(street: Street) -> None:
    await street.borrower(TODAY)
    assert await street.written("STOP", "+447700900123", "SM1") == "stop"
    assert await street.written("START", "74483", "SM2") == "start"
    assert await street.book.sql("SELECT 1 FROM consents") == []
    rows = await street.book.sql("SELECT meaning FROM replies WHERE worked_at IS NOT NULL ORDER BY id")
    assert [row[0] for row in rows] == ["stop", "start"]


async def test_what_the_provider_took_for_a_stop_is_one(street: Street) -> None:
    ann = await street.borrower(TODAY)
    number = await street.number(ann.person)
    assert await street.written("ARRET", number, keyword="stop") == "stop"
    assert len(await street.book.sql("SELECT 1 FROM consents WHERE state = 'revoked'")) == 1


async def test_other_words_are_kept_sealed_for_a_person(street: Street) -> None:
    ann = await street.borrower(TODAY)
    number = await street.number(ann.person)
    text = "I cannot stop by today, Ann"
    assert await street.written(text, number) in ("human", "unclear")
    (row,) = await street.book.sql("SELECT sender, body FROM replies WHERE worked_at IS NOT NULL")
    (task,) = await street.book.sql("SELECT kind, reply_id FROM tasks")
    assert task[1] == 1
    assert text.encode() not in row[1]
    assert street.office.keyring.open("replies", "sender", 1, row[0]) == number
    assert text in street.office.keyring.open("replies", "body", 1, row[1])


async def test_what_the_webhook_left_is_swept_and_one_that_cannot_be_opened_fails_alone(
    street: Street,
) -> None:
    ann = await street.borrower(TODAY)
    number = await street.number(ann.person)
    for number_of_reply in ("SM1", "SM2"):
        reply = Reply(
            provider="counting",
            provider_id=number_of_reply,
            channel="sms",
            sender=number,
            recipient="",
            text="stop",
        )
        await take_reply(street.office, SYSTEM, reply, street.now)
    await street.book.sql("UPDATE replies SET body = sender WHERE id = 1")
    assert await work_replies(street.office, SYSTEM, street.now) == {"failed": 1, "stop": 1}
    assert await work_replies(street.office, SYSTEM, street.now) == {"failed": 1}


async def test_only_the_machine_takes_replies(street: Street) -> None:
    with pytest.raises(Denied):
        await work_replies(street.office, Actor("carl", Role.COLLECTOR), street.now)
