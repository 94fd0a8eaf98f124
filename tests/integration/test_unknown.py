"""Unknown contacts on a Twilio-like sink: settled by asking or by a person, never by sending again."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import casework.delivery.deliver as delivering
from casework.delivery.by_hand import unknown_contacts
from casework.delivery.receipts import take_receipt, work_receipts
from casework.delivery.unknown import ask
from casework.staff.rights import Actor, Role
from kept.clock import FixedClock, SystemClock
from notifiers.base import Found, Receipt
from tests.builders.book import SYSTEM
from tests.builders.line import DUE, MINUTE, Line, on_the_line
from workers import jobs
from workers.jobs import Shift
from workers.wake import open_queue
from workers.worker import make_worker

OPERATIONS = Actor("ona", Role.OPERATIONS)


@pytest.fixture
async def line(engine: AsyncEngine) -> AsyncIterator[Line]:
    async with on_the_line(engine) as made:
        yield made


# --- asked, the provider tells ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "state"), [("queued", "accepted"), ("sent", "accepted"), ("delivered", "delivered")]
)
async def test_what_was_taken_is_found_and_nothing_is_sent_again(line: Line, status: str, state: str) -> None:
    contact = await line.lost()
    line.sink.record.taken[0]["status"] = status
    assert await line.ask_after(MINUTE) == {}  # too early: the callback may still come
    assert await line.goes_on() == {}
    assert await line.ask_after(MINUTE) == {state: 1}
    sid = line.sink.record.taken[0]["sid"]
    assert await line.state(contact) == (state, None, sid)
    assert await line.goes_on() == {}
    assert await line.ask_after(60 * MINUTE) == {}
    assert len(line.sink.record.taken) == 1
    assert (await line.events(contact))[-1] == ("test", f"contact.{state}", '{"settled_by":"provider"}')
    # What is known by its id now takes receipts like any other.
    delivered = Receipt(provider="twilio", event_key=f"{sid}:delivered", provider_id=sid, state="delivered")
    await take_receipt(line.office, SYSTEM, delivered, line.now)
    await work_receipts(line.office, SYSTEM, line.now)
    assert (await line.state(contact))[0] == "delivered"
    assert await line.holds()


async def test_what_failed_there_goes_on_by_the_next_channel_and_the_dead_number_is_left(line: Line) -> None:
    contact = await line.lost()
    line.sink.record.taken[0]["status"] = "undelivered/30005"
    assert await line.ask_after(2 * MINUTE) == {"failed": 1}
    assert (await line.state(contact))[:2] == ("failed", "30005")
    assert await line.goes_on() == {"email": {"accepted": 1}}
    states = await line.book.sql("SELECT kind, state FROM addresses ORDER BY kind")
    assert [tuple(row) for row in states] == [("email", "attested"), ("phone", "suspended")]
    assert await line.holds()


async def test_what_a_killed_deliverer_left_is_asked_about_too(line: Line) -> None:
    await line.borrower(DUE)
    await line.look()
    await line.send()
    await line.book.sql(
        "UPDATE contacts SET state = 'sending', leased_by = 'dead', provider = NULL, provider_id = NULL, "
        "leased_until = now() - interval '1 s', settled_at = NULL"
    )
    await line.send()
    assert await line.states() == [("sms", "unknown", "no_answer_recorded")]
    assert await line.ask_after(2 * MINUTE) == {"accepted": 1}
    assert len(line.sink.record.taken) == 1


# --- asked, the provider has nothing ------------------------------------------------------------------


async def test_not_taken_only_after_asking_twice_and_late_enough_and_then_never_there_again(
    line: Line,
) -> None:
    contact = await line.lost("drop")
    assert await line.ask_after(2 * MINUTE) == {"nothing": 1}
    assert await line.ask_after(4 * MINUTE) == {}  # asked a moment ago
    assert await line.ask_after(2 * MINUTE) == {"nothing": 1}
    assert await line.goes_on() == {}
    assert await line.ask_after(7 * MINUTE) == {"nothing": 1}  # the first time that counts
    assert await line.goes_on() == {}
    assert await line.ask_after(5 * MINUTE) == {"not_taken": 1}
    assert await line.state(contact) == ("failed", "not_taken", None)
    assert await line.goes_on() == {"email": {"accepted": 1}}
    assert await line.goes_on() == {}
    assert line.sink.record.taken == []
    assert [state[:2] for state in await line.states()] == [("sms", "failed"), ("email", "accepted")]
    assert (await line.events(contact))[-1][1:] == (
        "contact.failed",
        '{"code":"not_taken","settled_by":"provider"}',
    )
    assert await line.holds()


async def test_what_turns_up_late_is_taken_after_all(line: Line) -> None:
    contact = await line.lost("drop")
    assert await line.ask_after(16 * MINUTE) == {"nothing": 1}
    await line.there_is(contact, sent=-15 * MINUTE)
    assert await line.ask_after(5 * MINUTE) == {"accepted": 1}


# --- asked, and no wiser ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "finding"),
    [
        ([{}, {"sid": "SM2"}], "several"),
        ([{"text": "Sent from your trial account - Hello"}], "another_text"),
        ([{"sent": 40 * MINUTE}], "another_time"),
        ([{"status": "teleported"}], "unreadable"),
    ],
)
async def test_what_could_be_it_leaves_it_to_a_person(
    line: Line, there: Sequence[dict[str, Any]], finding: str
) -> None:
    contact = await line.lost("drop")
    for one in there:
        await line.there_is(contact, **one)
    assert await line.ask_after(50 * MINUTE) == {finding: 1}
    assert await line.ask_after(30 * MINUTE) == {}  # seldom, from now on
    assert await line.ask_after(30 * MINUTE) == {finding: 1}
    assert await line.ask_after(60 * MINUTE) == {finding: 1}
    assert (await line.state(contact))[0] == "unknown"
    assert await line.goes_on() == {}
    (listed,) = await unknown_contacts(line.office, OPERATIONS)
    assert (listed.contact, listed.finding) == (contact, finding)
    assert await line.ask_after(timedelta(days=3)) == {}  # a person's


async def test_what_is_on_record_elsewhere_is_not_it(line: Line) -> None:
    """The same text to the same number, of a contact that is known: ours was not taken."""
    contact = await line.lost("drop")
    await line.there_is(contact, sid="SMknown")
    await line.borrower(DUE)
    await line.goes_on()
    await line.book.sql("UPDATE contacts SET provider_id = 'SMknown' WHERE id <> $1", contact)
    assert await line.ask_after(16 * MINUTE) == {"nothing": 1}


async def test_two_in_doubt_with_one_text_and_one_message_are_both_left(line: Line) -> None:
    one = await line.lost("drop")
    two = await line.lost("drop")
    text = await line.text(one)
    sealed = line.office.keyring.seal("contacts", "body", two, f'{{"text":"{text}","segments":1}}')
    await line.book.sql("UPDATE contacts SET body = $2 WHERE id = $1", two, sealed)
    await line.same_number(one, two)
    await line.there_is(one)
    assert await line.ask_after(16 * MINUTE) == {"several": 2}


async def test_a_silent_provider_changes_nothing_and_is_left_alone_soon(line: Line) -> None:
    for _ in range(5):
        await line.lost("take-drop")
    line.sink.faults.always[""] = "500"
    assert await line.ask_after(16 * MINUTE) == {"no_answer": 3}
    assert {state[1] for state in await line.states()} == {"unknown"}
    line.sink.faults.clear()
    assert await line.ask_after(60 * MINUTE) == {"accepted": 5}
    assert len(line.sink.record.taken) == 5


async def test_what_a_callback_settles_while_we_ask_stays_as_it_says(line: Line) -> None:
    contact = await line.lost("drop")

    class Slow:
        provider = "twilio"

        async def look_up(self, to: str, since: datetime) -> tuple[Found, ...]:
            receipt = Receipt(
                provider="twilio",
                event_key="SM9:delivered",
                provider_id="SM9",
                state="delivered",
                key=line.office.key_of(contact),
            )
            await take_receipt(line.office, SYSTEM, receipt, line.now)
            await work_receipts(line.office, SYSTEM, line.now)
            return ()

    for _ in range(2):
        line.now += 16 * MINUTE
        assert await ask(line.office, SYSTEM, {"sms": Slow()}, line.now) == {}
    assert await line.state(contact) == ("delivered", None, "SM9")


async def test_another_providers_contact_is_not_asked_about_here(line: Line) -> None:
    await line.lost("drop")
    await line.book.sql("UPDATE contacts SET provider = 'formerly'")
    assert await line.ask_after(16 * MINUTE) == {}


class HeldUp(FixedClock):
    """A process that was stopped for an hour, once it is told so."""

    late = timedelta()

    def wall(self) -> datetime:
        return super().wall() + self.late


async def test_who_was_held_up_past_its_lease_sends_nothing(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the claim and the sending the lease ends; what it held is settled, and said by mail."""
    await line.borrower(DUE)
    await line.look()
    clock, claim = HeldUp(line.now), delivering.claim

    async def claim_and_stop(*arguments: Any) -> Any:
        monkeypatch.setattr(delivering, "claim", claim)
        claimed = await claim(*arguments)
        await line.book.sql("UPDATE contacts SET leased_until = now() - interval '1 s'")
        await line.send("two")
        assert await line.ask_after(16 * MINUTE) == {"nothing": 1}
        assert await line.ask_after(5 * MINUTE) == {"not_taken": 1}
        assert await line.goes_on() == {"email": {"accepted": 1}}
        clock.late = timedelta(hours=1)
        return claimed

    monkeypatch.setattr(delivering, "claim", claim_and_stop)
    await delivering.deliver(line.office, SYSTEM, line.providers, clock, "one")
    assert line.sink.record.taken == []
    assert [state[:2] for state in await line.states()] == [("sms", "failed"), ("email", "accepted")]
    assert [tuple(row) for row in await line.book.sql("SELECT state FROM messages")] == [("done",)]
    assert await line.holds()


async def test_who_was_held_up_and_counted_by_nobody_plans_it_again(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It knows that nothing was handed over; no look of anybody else came in between."""
    await line.borrower(DUE)
    await line.look()
    clock, claim = HeldUp(line.now), delivering.claim

    async def claim_and_stop(*arguments: Any) -> Any:
        monkeypatch.setattr(delivering, "claim", claim)
        claimed = await claim(*arguments)
        clock.late = timedelta(hours=1)
        return claimed

    monkeypatch.setattr(delivering, "claim", claim_and_stop)
    report = await delivering.deliver(line.office, SYSTEM, line.providers, clock, "one")
    assert report.by_channel == {"sms": {"deferred": 1, "accepted": 1}}
    assert len(line.sink.record.taken) == 1
    assert [state[:2] for state in await line.states()] == [("sms", "accepted")]
    assert await line.holds()


async def test_a_worker_asks_and_has_the_next_channel_taken(line: Line, redis_url: str) -> None:
    contact = await line.lost("drop")
    await line.book.sql("UPDATE contacts SET sent_at = now() - interval '1 h', planned_at = sent_at")
    queue = await open_queue(redis_url)
    shift = Shift(
        line.office,
        SYSTEM,
        line.providers,
        SystemClock(),
        "w",
        None,  # pyright: ignore[reportArgumentType]
        askable={"sms": line.twilio},
    )
    await jobs.ask({"shift": shift, "redis": queue})
    assert await queue.queued_jobs() == []
    await line.book.sql("UPDATE enquiries SET asked_at = asked_at - interval '5 min'")
    await jobs.ask({"shift": shift, "redis": queue})
    assert (await line.state(contact))[:2] == ("failed", "not_taken")
    assert [job.function for job in await queue.queued_jobs()] == ["look"]
    await queue.aclose()


def test_a_worker_asks_every_few_minutes(redis_url: str) -> None:
    made = make_worker(redis_url, Shift(None, SYSTEM, {}, SystemClock(), "w", None))  # pyright: ignore[reportArgumentType]
    asks = [cron for cron in made.cron_jobs or [] if cron.name == "ask"]
    assert [len(cron.minute) for cron in asks if isinstance(cron.minute, set)] == [12]
