"""The look and the send over a real database: once each, cancelled by news, falling back, failing alone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.delivery.deliver import deliver
from kept.clock import FixedClock
from notifiers.base import OutcomeUnknown, Permanent, RecipientBlocked, Transient
from tests.builders.book import SYSTEM
from tests.builders.town import DAY, MONDAY, Town


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


async def test_one_reminder_goes_once(town: Town) -> None:
    await town.borrower(date(2026, 11, 23))
    looked = await town.look()
    assert (looked.occurrences, looked.contacts, looked.superseded) == (2, 1, 1)
    sent = await town.send()
    assert sent.by_channel["sms"] == {"accepted": 1}
    (took,) = town.providers["sms"].took
    assert took.to.startswith("+1")
    assert "250,00 €" in took.body.text
    assert await town.occurrences() == [
        ("upcoming", "superseded", "later_step"),
        ("due-today", "messaged", None),
    ]
    again = await town.look()
    assert (again.cases, again.contacts) == (0, 0)
    assert (await town.send()).by_channel == {}
    assert len(town.providers["sms"].took) == 1


async def test_failure_3_paid_between_look_and_send_is_not_reminded(town: Town) -> None:
    ann = await town.borrower(date(2026, 11, 20))
    await town.look()
    await town.book.pay(ann, 250_00, date(2026, 11, 23))
    sent = await town.send()
    assert sent.by_channel == {"sms": {"cancelled": 1}}
    assert await town.states() == [("sms", "cancelled", "paid")]
    assert (await town.occurrences())[-1] == ("late-3", "suppressed", "paid")
    assert not town.providers["sms"].took


async def test_a_part_payment_changes_the_figure_not_the_reminder(town: Town) -> None:
    ann = await town.borrower(date(2026, 11, 20))
    await town.look()
    await town.book.pay(ann, 100_00, date(2026, 11, 23))
    await town.send()
    (took,) = town.providers["sms"].took
    assert "150,00 €" in took.body.text


async def test_stopped_between_look_and_send_takes_the_next_channel(town: Town) -> None:
    ann = await town.borrower(date(2026, 11, 20))
    await town.look()
    await town.book.consent(ann.person, "sms", "revoked", MONDAY)
    sent = await town.send()
    assert sent.by_channel == {"sms": {"cancelled": 1}, "email": {"accepted": 1}}
    assert not town.providers["sms"].took


async def test_two_loans_are_one_message_and_two_parties_are_two(town: Town) -> None:
    ann = await town.borrower(date(2026, 11, 20), 100_00)
    second, *_ = await town.book.loan(
        ann.person,
        town.portfolio,
        [(date(2026, 11, 16), 70_00)],
        strategy=town.gentle,
        since=MONDAY - 14 * DAY,
    )
    ben, _ = await town.book.person(name="Ben Example")
    await town.book.address(ben, "email")
    await town.book.party(second, ben)
    looked = await town.look()
    assert looked.messages == 2
    await town.send()
    (sms,) = town.providers["sms"].took
    assert "170,00 €" in sms.body.text
    (mail,) = town.providers["email"].took
    assert "70,00\xa0€" in mail.body.text
    assert "100" not in mail.body.text


async def test_failure_5_one_bad_recipient_delays_nobody(town: Town) -> None:
    for _ in range(5):
        await town.borrower(date(2026, 11, 20))
    town.providers["sms"].says = [
        Permanent("21211", address_dead=True),
        Transient("20429", timedelta(minutes=7)),
        OutcomeUnknown("timeout"),
        RecipientBlocked("21610"),
    ]
    await town.look()
    sent = await town.send()
    assert sent.by_channel["sms"] == {"accepted": 1, "failed": 2, "deferred": 1, "unknown": 1}
    # The dead number and the blocked one fall back to mail; the unknown one never does.
    await town.look()
    sent = await town.send()
    assert sent.by_channel == {"email": {"accepted": 2}}
    town.now += timedelta(minutes=6)
    assert (await town.send()).by_channel == {}
    town.now += timedelta(minutes=1)
    assert (await town.send()).by_channel == {"sms": {"accepted": 1}}
    state = await town.book.sql("SELECT state, count(*) FROM addresses GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in state] == [("attested", 9), ("suspended", 1)]


async def test_what_a_dead_deliverer_held_is_given_back_or_unknown(town: Town) -> None:
    for _ in range(3):
        await town.borrower(date(2026, 11, 20))
    await town.look()
    await town.book.sql(
        "UPDATE contacts SET state = 'claimed', leased_by = 'dead', leased_until = now() - interval '1 s' "
        "WHERE id IN (SELECT min(id) FROM contacts)"
    )
    sent = await town.send()
    assert sent.by_channel == {"sms": {"accepted": 3}}
    await town.book.sql(
        "UPDATE contacts SET state = 'sending', leased_by = 'dead', leased_until = now() - interval '1 s' "
        "WHERE id IN (SELECT min(id) FROM contacts)"
    )
    assert (await town.send()).by_channel == {}
    assert ("sms", "unknown", "no_answer_recorded") in await town.states()
    assert len(town.providers["sms"].took) == 3


async def test_not_delivered_in_time_takes_the_next_channel_as_the_same_message(town: Town) -> None:
    town.providers["sms"].can_report_delivery = True
    await town.borrower(date(2026, 11, 20))
    await town.look()
    await town.send()
    town.now += timedelta(hours=3, minutes=59)
    assert (await town.look()).cases == 0
    town.now += timedelta(minutes=1)
    await town.look()
    assert (await town.send()).by_channel == {"email": {"accepted": 1}}
    assert len(await town.book.sql("SELECT DISTINCT message_id FROM contacts")) == 1
    assert [tuple(r) for r in await town.book.sql("SELECT state FROM messages")] == [("done",)]


async def test_outside_the_hours_waits_for_the_morning(town: Town) -> None:
    town.now = datetime(2026, 11, 23, 22, tzinfo=UTC)
    await town.borrower(date(2026, 11, 20))
    looked = await town.look()
    assert (looked.contacts, looked.waiting, looked.by_reason["hours"]) == (0, 1, 1)
    town.now = datetime(2026, 11, 24, 7, tzinfo=UTC)
    assert (await town.look()).contacts == 1
    assert (await town.send()).by_channel == {"sms": {"accepted": 1}}


async def test_a_stale_feed_holds_what_is_past_due(town: Town) -> None:
    await town.book.feed(town.portfolio, MONDAY - 5 * DAY)
    await town.borrower(date(2026, 11, 20))
    await town.borrower(date(2026, 11, 26))
    looked = await town.look()
    assert looked.by_reason["stale_feed"] == 1
    assert looked.contacts == 1


async def test_the_daily_cap_counts_over_all_cases_of_a_person(town: Town) -> None:
    ann = await town.borrower(date(2026, 11, 20))
    other = await town.book.portfolio("other")
    await town.book.feed(other, MONDAY)
    await town.book.loan(
        ann.person, other, [(date(2026, 11, 20), 90_00)], strategy=town.gentle, since=MONDAY - 9 * DAY
    )
    await town.look()
    await town.send()
    assert len(town.providers["sms"].took) == 1
    town.now += DAY
    await town.look()
    await town.send()
    assert len(town.providers["sms"].took) == 2


async def test_a_call_is_a_task(town: Town) -> None:
    await town.borrower(date(2026, 10, 20), since=MONDAY - 5 * DAY)
    looked = await town.look()
    assert (looked.tasks, looked.contacts) == (1, 0)
    assert [tuple(r) for r in await town.book.sql("SELECT kind, state FROM tasks")] == [("call", "open")]


async def test_the_hours_hold_at_the_providers_door(town: Town) -> None:
    """POLICY.md, case 1: approved 20:58, released by the queue 21:03, denied at dispatch."""
    await town.borrower(date(2026, 11, 20))
    town.now = datetime(2026, 11, 23, 19, 58, tzinfo=UTC)
    await town.look()

    class Late(FixedClock):
        """The claim is made at 20:58; whatever asks after it is told 21:03."""

        asked = 0

        def now(self) -> datetime:
            self.asked += 1
            return town.now if self.asked <= 3 else town.now + timedelta(minutes=5)

    sent = await deliver(town.office, SYSTEM, town.providers, Late(town.now), "one")
    assert sent.by_channel == {"sms": {"deferred": 1}}
    assert town.providers["sms"].asked == 0
    assert await town.states() == [("sms", "planned", "door_closed")]
    town.now = datetime(2026, 11, 24, 7, tzinfo=UTC)
    assert (await town.send()).by_channel == {"sms": {"accepted": 1}}


async def test_what_takes_nothing_is_tried_again_ever_later(town: Town) -> None:
    await town.borrower(date(2026, 11, 20))
    town.providers["sms"].says = [Transient("busy") for _ in range(3)]
    await town.look()
    for minutes in (1, 5, 20):
        assert (await town.send()).by_channel == {"sms": {"deferred": 1}}
        town.now += timedelta(minutes=minutes, seconds=-1)
        assert (await town.send()).by_channel == {}
        town.now += timedelta(seconds=1)
    assert (await town.send()).by_channel == {"sms": {"accepted": 1}}
