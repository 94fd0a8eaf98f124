"""Receipts and replies over a real database: forward only, once, in any order, and obeyed."""

import asyncio
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.delivery import receipts as working
from casework.delivery.receipts import take_receipt, work_receipts
from casework.inbound import take_reply, work_replies, work_reply
from casework.staff.rights import Actor, Denied, Role
from notifiers.base import OutcomeUnknown, Receipt, ReceiptState, Reply
from tests.builders.book import SYSTEM
from tests.builders.town import DAY, MONDAY, Counting, Town

HOUR = timedelta(hours=1)
TODAY = date(2026, 11, 23)
KNOWN: tuple[ReceiptState, ...] = ("accepted", "delivered", "failed")


class Street(Town):
    """A town whose SMS provider reports delivery."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self.providers["sms"] = Counting("sms", reports=True)

    async def reminded(self, **more: Any) -> int:
        """Somebody who was sent an SMS that the provider accepted; the contact."""
        await self.borrower(TODAY, **more)
        await self.look()
        await self.send()
        return (await self.book.sql("SELECT max(id) FROM contacts"))[0][0]

    async def told(
        self,
        contact: int,
        state: ReceiptState | None,
        *,
        event: str = "",
        code: str | None = None,
        **more: Any,
    ) -> bool:
        receipt = Receipt(
            provider="counting",
            event_key=f"{contact}:{state}{event}",
            provider_id=more.pop("provider_id", f"sms-{contact}"),
            state=state,
            code=code,
            **more,
        )
        return await take_receipt(self.office, SYSTEM, receipt, self.now)

    async def work(self) -> dict[str, int]:
        return dict(await work_receipts(self.office, SYSTEM, self.now))

    async def state(self, contact: int) -> str:
        return (await self.book.sql("SELECT state FROM contacts WHERE id = $1", contact))[0][0]

    async def message(self, contact: int) -> str:
        return (
            await self.book.sql(
                "SELECT m.state FROM messages m JOIN contacts c ON c.message_id = m.id WHERE c.id = $1",
                contact,
            )
        )[0][0]

    async def written(self, text: str, sender: str, number: str = "SM1", **more: Any) -> str | None:
        """A reply, taken and worked; what it was."""
        reply = Reply(
            provider="counting",
            provider_id=number,
            channel=more.pop("channel", "sms"),
            sender=sender,
            recipient="+12025550100",
            text=text,
            **more,
        )
        taken = await take_reply(self.office, SYSTEM, reply, self.now)
        return None if taken is None else await work_reply(self.office, SYSTEM, taken, self.now)


@pytest.fixture
async def street(engine: AsyncEngine) -> Street:
    made = Street(engine)
    await made.open()
    return made


# --- receipts -----------------------------------------------------------------------------------------


async def test_failure_9_accepted_is_not_delivered_so_the_fallback_fires(street: Street) -> None:
    contact = await street.reminded()
    await street.told(contact, "accepted")
    assert await street.work() == {"repeated": 1}
    assert (await street.state(contact), await street.message(contact)) == ("accepted", "open")
    street.now += 5 * HOUR
    await street.look()
    await street.send()
    assert [state[:2] for state in await street.states()] == [("sms", "accepted"), ("email", "accepted")]


async def test_failure_9_a_late_sent_never_overwrites_delivered(street: Street) -> None:
    contact = await street.reminded()
    await street.told(contact, "delivered")
    assert await street.work() == {"delivered": 1}
    await street.told(contact, "accepted", event="sent")
    await street.told(contact, "failed")
    assert await street.work() == {"repeated": 2}
    assert (await street.state(contact), await street.message(contact)) == ("delivered", "done")
    street.now += 5 * HOUR
    await street.look()
    assert await street.states() == [("sms", "delivered", None)]


async def test_failure_9_a_code_nobody_knows_is_kept_and_changes_nothing(street: Street) -> None:
    contact = await street.reminded()
    await street.told(contact, None, code="teleported")
    assert await street.work() == {"unknown_code": 1}
    assert await street.state(contact) == "accepted"
    rows = await street.book.sql("SELECT state, code, worked_at IS NOT NULL FROM receipts")
    assert [tuple(row) for row in rows] == [(None, "teleported", True)]


@pytest.mark.parametrize("order", list(permutations(KNOWN)))
@pytest.mark.parametrize("at_once", [True, False])
async def test_failure_9_any_order_ends_where_the_first_final_word_says(
    street: Street, order: tuple[ReceiptState, ...], at_once: bool
) -> None:
    contact = await street.reminded()
    for state in order:
        await street.told(contact, state)
        if not at_once:
            await street.work()
    await street.work()
    assert await street.state(contact) == next(state for state in order if state != "accepted")


async def test_a_report_said_twice_is_one(street: Street) -> None:
    contact = await street.reminded()
    assert await street.told(contact, "delivered")
    assert not await street.told(contact, "delivered")
    await street.work()
    assert not await street.told(contact, "delivered")
    assert await street.work() == {}
    events = await street.book.sql("SELECT data::text FROM events WHERE action = 'contact.delivered'")
    assert [event[0] for event in events] == ['{"receipt":1}']


async def test_a_failure_moves_on_to_the_next_channel_as_the_same_message(street: Street) -> None:
    contact = await street.reminded()
    await street.told(contact, "failed", code="30003")
    assert await street.work() == {"failed": 1}
    looked = await street.look()
    assert (looked.cases, looked.contacts, looked.messages) == (1, 1, 0)
    await street.send()
    assert await street.states() == [("sms", "failed", "30003"), ("email", "accepted", None)]
    assert len(street.providers["email"].took) == 1


async def test_a_failure_after_the_message_was_done_opens_it_again(street: Street) -> None:
    street.providers["sms"].can_report_delivery = False  # nothing was to be awaited, and yet it is told
    contact = await street.reminded()
    assert await street.message(contact) == "done"
    await street.told(contact, "failed")
    await street.work()
    await street.look()
    await street.send()
    assert [state[:2] for state in await street.states()] == [("sms", "failed"), ("email", "accepted")]


async def test_a_failure_on_the_last_channel_ends_the_message(street: Street) -> None:
    contact = await street.reminded(email=False)
    await street.told(contact, "failed")
    await street.work()
    await street.look()
    assert (await street.state(contact), await street.message(contact)) == ("failed", "failed")
    assert (await street.occurrences())[-1] == ("due-today", "messaged", None)


async def test_paid_meanwhile_nothing_falls_back(street: Street) -> None:
    ann = await street.borrower(TODAY)
    await street.look()
    await street.send()
    await street.told(1, "failed")
    await street.work()
    await street.book.pay(ann, 250_00, TODAY)
    await street.look()
    await street.send()
    assert [state[:2] for state in await street.states()] == [("sms", "failed")]
    assert await street.message(1) == "failed"


async def test_delivered_at_last_cancels_the_fallback_that_was_planned(street: Street) -> None:
    contact = await street.reminded()
    street.now += 5 * HOUR
    await street.look()
    await street.told(contact, "delivered")
    await street.work()
    await street.look()
    assert (await street.send()).by_channel == {}
    assert [state[:2] for state in await street.states()] == [("sms", "delivered"), ("email", "cancelled")]
    assert await street.message(contact) == "done"


async def test_a_receipt_faster_than_our_own_record_is_worked_later(street: Street) -> None:
    await street.borrower(TODAY)
    await street.look()
    await street.told(1, "delivered")
    assert await street.work() == {"waiting": 1}
    await street.send()
    assert await street.work() == {"delivered": 1}
    assert await street.state(1) == "delivered"


async def test_a_receipt_of_nobody_is_given_up(street: Street) -> None:
    await street.told(77, "delivered")
    assert await street.work() == {"waiting": 1}
    street.now += working.GIVE_UP
    assert await street.work() == {"strange": 1}
    assert await street.work() == {}


@pytest.mark.parametrize("state", KNOWN)
async def test_an_unknown_outcome_is_settled_by_the_receipt_that_names_the_contact(
    street: Street, state: ReceiptState
) -> None:
    street.providers["sms"].says = [OutcomeUnknown("timeout")]
    contact = await street.reminded()
    assert (await street.state(contact), await street.message(contact)) == ("unknown", "done")
    key = street.office.key_of(contact)
    await street.told(contact, state, provider_id="SM9", key="kept-anothersbook-1")
    assert await street.work() == {"waiting": 1}
    await street.told(contact, state, event="again", provider_id="SM9", key=key)
    await street.work()
    assert await street.state(contact) == state
    assert await street.work() == {"repeated": 1}  # the first, by the id that is known now
    street.now += 5 * HOUR
    await street.look()
    await street.send()
    assert len(street.providers["email"].took) == (state == "failed")


async def test_a_dead_number_is_suspended_for_everybody_who_has_it(street: Street) -> None:
    contact = await street.reminded()
    value = street.providers["sms"].took[0].to
    bob = await street.borrower(TODAY + DAY * 20, phone=False, email=False, look_at=None)
    await street.book.address(bob.person, "phone", value)
    await street.told(contact, "failed", code="30005", address_dead=True)
    await street.work()
    rows = await street.book.sql("SELECT state FROM addresses WHERE kind = 'phone'")
    assert [row[0] for row in rows] == ["suspended", "suspended"]
    (row,) = await street.book.sql("SELECT next_look_at FROM cases WHERE id = $1", bob.case)
    assert row[0] == street.now


async def test_a_number_that_delivered_is_not_dead_whatever_is_said_later(street: Street) -> None:
    contact = await street.reminded()
    await street.told(contact, "delivered")
    await street.told(contact, "failed", code="30005", address_dead=True)
    await street.work()
    rows = await street.book.sql("SELECT state FROM addresses WHERE kind = 'phone'")
    assert [row[0] for row in rows] == ["attested"]


async def test_failure_10_who_opted_out_at_the_provider_is_opted_out_here(street: Street) -> None:
    contact = await street.reminded()
    await street.told(contact, "failed", code="21610", blocked=True)
    await street.work()
    rows = await street.book.sql("SELECT channel, state, source FROM consents")
    assert [tuple(row) for row in rows] == [("sms", "revoked", "provider")]


async def test_several_workers_settle_each_contact_once(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "BATCH", 3)
    for _ in range(12):
        await street.borrower(TODAY)
    await street.look()
    await street.send()
    contacts = [row[0] for row in await street.book.sql("SELECT id FROM contacts ORDER BY id")]
    for contact in contacts:
        await street.told(contact, "delivered" if contact % 2 else "failed", address_dead=not contact % 2)
        await street.told(contact, "accepted")
    await asyncio.gather(*(street.work() for _ in range(4)))
    await street.work()
    assert [await street.state(c) for c in contacts] == ["delivered" if c % 2 else "failed" for c in contacts]
    rows = await street.book.sql(
        "SELECT count(*), count(DISTINCT subject_id) FROM events WHERE action IN "
        "('contact.delivered', 'contact.failed')"
    )
    assert tuple(rows[0]) == (12, 12)


# --- replies ------------------------------------------------------------------------------------------


async def number_of(street: Street, person: int) -> str:
    address, value = (
        await street.book.sql(
            "SELECT id, value FROM addresses WHERE person_id = $1 AND kind = 'phone'", person
        )
    )[0]
    return street.office.keyring.open("addresses", "value", address, value)


@pytest.mark.parametrize("text", ["Stop. Thank you", "退订", "отпишите меня"])
async def test_failure_10_a_stop_between_look_and_send_cancels(street: Street, text: str) -> None:
    ann = await street.borrower(TODAY, email=False)
    await street.look()
    assert await street.written(text, await number_of(street, ann.person)) == "stop"
    assert (await street.send()).by_channel == {"sms": {"cancelled": 1}}
    assert not street.providers["sms"].took
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
    await street.written("STOP", await number_of(street, ann.person))
    await street.look()
    await street.send()
    assert (len(street.providers["sms"].took), len(street.providers["email"].took)) == (0, 1)


async def test_failure_10_stop_counts_for_everybody_with_that_number_and_all_their_loans(
    street: Street,
) -> None:
    ann, bob = (
        await street.borrower(TODAY, email=False),
        await street.borrower(TODAY, phone=False, email=False),
    )
    number = await number_of(street, ann.person)
    await street.book.address(bob.person, "phone", number, state="suspended")
    other = await street.book.portfolio("other")
    await street.book.feed(other, MONDAY)
    await street.book.loan(
        ann.person, other, [(TODAY, 90_00)], strategy=street.gentle, since=MONDAY - 10 * DAY
    )
    await street.look()
    await street.written("unsubscribe", number)
    await street.send()
    assert not street.providers["sms"].took
    rows = await street.book.sql("SELECT DISTINCT person_id FROM consents WHERE state = 'revoked' ORDER BY 1")
    assert [row[0] for row in rows] == [ann.person, bob.person]


async def test_start_after_stop_and_a_late_stop_that_was_written_earlier(street: Street) -> None:
    ann = await street.borrower(TODAY, email=False)
    number = await number_of(street, ann.person)
    late = Reply(
        provider="counting", provider_id="SM0", channel="sms", sender=number, recipient="", text="stop"
    )
    await take_reply(street.office, SYSTEM, late, street.now)
    street.now += HOUR
    assert await street.written("Start please", number) == "start"
    assert await work_replies(street.office, SYSTEM, street.now) == {"stop": 1}
    await street.look()
    await street.send()
    assert len(street.providers["sms"].took) == 1


async def test_start_grants_nothing_for_who_lost_the_number(street: Street) -> None:
    ann = await street.borrower(TODAY)
    number = await number_of(street, ann.person)
    await street.book.sql("UPDATE addresses SET state = 'detached' WHERE id = $1", ann.phone)
    assert await street.written("START", number) == "start"
    assert await street.book.sql("SELECT 1 FROM consents") == []


async def test_a_reply_delivered_twice_is_one(street: Street) -> None:
    ann = await street.borrower(TODAY)
    number = await number_of(street, ann.person)
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
    number = await number_of(street, ann.person)
    assert await street.written("ARRET", number, keyword="stop") == "stop"
    assert len(await street.book.sql("SELECT 1 FROM consents WHERE state = 'revoked'")) == 1


async def test_other_words_are_kept_sealed_for_a_person(street: Street) -> None:
    ann = await street.borrower(TODAY)
    number = await number_of(street, ann.person)
    text = "I cannot stop by today, Ann"
    assert await street.written(text, number) is None
    (row,) = await street.book.sql("SELECT sender, body, meaning FROM replies WHERE worked_at IS NOT NULL")
    assert row[2] is None
    assert text.encode() not in row[1]
    assert street.office.keyring.open("replies", "sender", 1, row[0]) == number
    assert text in street.office.keyring.open("replies", "body", 1, row[1])


async def test_what_the_webhook_left_is_swept_and_one_that_cannot_be_opened_fails_alone(
    street: Street,
) -> None:
    ann = await street.borrower(TODAY)
    number = await number_of(street, ann.person)
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


async def test_only_the_machine_takes_receipts_and_replies(street: Street) -> None:
    collector = Actor("carl", Role.COLLECTOR)
    with pytest.raises(Denied):
        await work_receipts(street.office, collector, street.now)
    with pytest.raises(Denied):
        await work_replies(street.office, collector, street.now)
