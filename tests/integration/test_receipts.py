"""Receipts over a real database: forward only, once, in any order."""

import asyncio
from itertools import permutations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.delivery import receipts as working
from casework.delivery.receipts import work_receipts
from casework.staff.rights import Actor, Denied, Role
from notifiers.base import OutcomeUnknown, ReceiptState
from tests.builders.street import HOUR, TODAY, Street
from tests.builders.town import DAY

KNOWN: tuple[ReceiptState, ...] = ("accepted", "delivered", "failed")


@pytest.fixture
async def street(engine: AsyncEngine) -> Street:
    made = Street(engine)
    await made.open()
    return made


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


async def test_only_the_machine_takes_receipts(street: Street) -> None:
    with pytest.raises(Denied):
        await work_receipts(street.office, Actor("carl", Role.COLLECTOR), street.now)
