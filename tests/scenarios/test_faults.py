"""Providers that fail, from the look to what the sinks took: the real adapters, sinks on loopback.

Each fault meets one recipient in the middle of others. The others hear at once and once; the one hears once
or, where nobody can know, is on record as unknown and is never written to again.
"""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from casework.delivery.receipts import work_receipts
from console.app import Desk, create_app
from kept.clock import FixedClock
from notifiers.chat_telegram import Telegram
from notifiers.email_smtp import Smtp
from notifiers.mail_server import Server
from notifiers.sms_twilio import Twilio
from tests.builders.book import SYSTEM
from tests.builders.served import served
from tests.builders.town import Town
from tests.sinks.smtp import SmtpSink
from tests.sinks.telegram import TOKEN as BOT
from tests.sinks.telegram import TelegramSink
from tests.sinks.twilio import ACCOUNT, TOKEN, TwilioSink

OTHERS = 6
# Seconds that an adapter waits for an answer: of a provider that hangs, and of one that a busy machine runs.
SOON, LONG = 1.5, 20.0
KINDS = {"sms": "phone", "email": "email", "chat": "chat"}


@dataclass
class Sinks:
    sms: TwilioSink
    email: SmtpSink
    chat: TelegramSink

    def of(self, channel: str) -> Any:
        return getattr(self, channel)

    def heard(self) -> Counter[str]:
        """How often each address was written to."""
        return Counter(m["to"] for sink in (self.sms, self.email, self.chat) for m in sink.record.taken)


class Street(Town):
    """A town whose people have addresses that the test knows, and whose providers are real ones."""

    sinks: Sinks

    async def person(self, name: str, *channels: str) -> dict[str, str]:
        """Somebody due, with an address for each channel."""
        ann = await self.borrower(date(2026, 11, 20), phone=False, email=False)
        number = f"{ann.person:04}"
        own = {"sms": f"+1201555{number}", "email": f"{name}{number}@example.org", "chat": f"70{number}"}
        for channel in channels:
            state = "confirmed" if channel == "chat" else "attested"
            await self.book.address(ann.person, KINDS[channel], own[channel], state=state)
        return {channel: own[channel] for channel in channels}

    async def crowd(self, channel: str, *more: str) -> dict[str, str]:
        """Some on a channel, and in their middle the one that a fault will meet."""
        for _ in range(OTHERS // 2):
            await self.person("other", channel)
        one = await self.person("one", channel, *more)
        for _ in range(OTHERS // 2):
            await self.person("other", channel)
        await self.look()
        return one

    async def later(self, wait: timedelta) -> dict[str, Counter[str]]:
        """The fault is over; what goes out after so long."""
        for channel in KINDS:
            self.sinks.of(channel).faults.clear()
        self.now += wait
        await self.look()
        return (await self.send()).by_channel

    async def state(self, channel: str) -> tuple[str, str | None]:
        """Of the one that is not like the others."""
        rows = await self.states()
        (found,) = [row[1:] for row in rows if row[0] == channel and row[1:] != ("accepted", None)]
        return found


@pytest.fixture
def patience(request: pytest.FixtureRequest) -> float:
    """How long the adapters wait: hardly, where the test is about one that hangs."""
    fault: str = request.node.callspec.params["fault"] if hasattr(request.node, "callspec") else ""
    return SOON if "hang" in fault else LONG


@pytest.fixture
async def street(engine: AsyncEngine, patience: float) -> AsyncIterator[Street]:
    made = Street(engine)
    await made.open()
    sms = await TwilioSink().start()
    email, chat = await SmtpSink().start(), await TelegramSink().start()
    made.sinks = Sinks(sms, email, chat)
    woken: list[str] = []

    def app(url: str) -> Any:
        twilio = Twilio(ACCOUNT, TOKEN, "+15005550006", api_url=sms.url, public_url=url, timeout=patience)
        made.providers = {  # pyright: ignore[reportAttributeAccessIssue]
            "sms": twilio,
            "email": Smtp(Server.read(email.url), "post@example.com", timeout=patience),
            "chat": Telegram(BOT, api_url=chat.url, timeout=patience),
        }

        async def wake(job: str) -> None:
            woken.append(job)

        async def answers() -> bool:
            return True

        return create_app(
            Desk(
                office=made.office,
                clock=FixedClock(made.now),
                public_url=url,
                listens_on="127.0.0.1",
                twilio=twilio,
                wake=wake,
                queue_answers=answers,
            )
        )

    async with AsyncExitStack() as stack:
        for sink in (sms, email, chat):
            stack.push_async_callback(sink.close)
        await stack.enter_async_context(served(app))
        for notifier in made.providers.values():
            stack.push_async_callback(notifier.close)
        yield made


MINUTE = timedelta(minutes=1)
# channel, fault, seconds until it is tried again
PUT_OFF = [
    ("email", "rcpt:421 4.3.2 Closing", 60),
    ("email", "rcpt:450 4.2.0 Greylisted", 60),
    ("email", "start:450 4.3.0 Try later", 60),
    ("email", "data:451 4.3.0 Try later", 60),
    ("email", "rcpt:hang", 60),
    ("email", "rcpt:drop", 60),
    ("sms", "429:7", 7),
    ("chat", "429:3", 3),
]
# channel, fault, whether the sink took it
UNKNOWN = [
    ("email", "data:hang", False),
    ("email", "data:drop", False),
    ("email", "data:take-drop", True),
    ("email", "data:take-hang", True),
    ("sms", "500", False),
    ("sms", "take-500", True),
    ("sms", "take-hang", True),
    ("sms", "take-drop", True),
    ("sms", "take-garbage", True),
    ("chat", "500", False),
    ("chat", "take-hang", True),
    ("chat", "take-drop", True),
]


@pytest.mark.parametrize(("channel", "fault", "seconds"), PUT_OFF)
async def test_what_took_nothing_is_tried_again(
    street: Street, channel: str, fault: str, seconds: int
) -> None:
    one = await street.crowd(channel)
    street.sinks.of(channel).faults.always[one[channel]] = fault
    assert (await street.send()).by_channel[channel] == {"accepted": OTHERS, "deferred": 1}
    assert one[channel] not in street.sinks.heard()
    assert await street.later(timedelta(seconds=seconds - 1)) == {}
    assert await street.later(timedelta(seconds=1)) == {channel: {"accepted": 1}}
    assert set(street.sinks.heard().values()) == {1}
    assert len(street.sinks.heard()) == OTHERS + 1


@pytest.mark.parametrize(("channel", "fault", "took"), UNKNOWN)
async def test_what_nobody_knows_is_unknown_and_never_sent_again(
    street: Street, channel: str, fault: str, took: bool
) -> None:
    ways = [way for way in KINDS if way != channel]
    one = await street.crowd(channel, *(ways if channel == "chat" else ["email"] if channel == "sms" else []))
    street.sinks.of(channel).faults.always[one[channel]] = fault
    assert (await street.send()).by_channel[channel] == {"accepted": OTHERS, "unknown": 1}
    assert (await street.state(channel))[0] == "unknown"
    # Neither again, nor on another way: not in an hour, not tomorrow.
    assert await street.later(timedelta(hours=1)) == {}
    assert await street.later(timedelta(days=1)) == {}
    assert street.sinks.heard()[one[channel]] == took
    assert street.sinks.heard().total() == OTHERS + took


async def test_550_suspends_that_mailbox_alone(street: Street) -> None:
    one = await street.crowd("email")
    street.sinks.email.faults.always[one["email"]] = "rcpt:550 5.1.1 No such user"
    assert (await street.send()).by_channel["email"] == {"accepted": OTHERS, "failed": 1}
    assert await street.state("email") == ("failed", "smtp-550-5.1.1")
    rows = await street.book.sql("SELECT state, count(*) FROM addresses GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in rows] == [("attested", OTHERS), ("suspended", 1)]
    assert await street.later(MINUTE) == {}


async def test_who_blocked_the_bot_is_written_to_by_sms_once(street: Street) -> None:
    one = await street.crowd("chat", "sms", "email")
    street.sinks.chat.faults.always[one["chat"]] = "403:Forbidden: bot was blocked by the user"
    assert (await street.send()).by_channel["chat"] == {"accepted": OTHERS, "failed": 1}
    assert await street.later(timedelta()) == {"sms": {"accepted": 1}}
    assert await street.later(timedelta(hours=1)) == {}
    heard = street.sinks.heard()
    assert (heard[one["chat"]], heard[one["sms"]], heard[one["email"]]) == (0, 1, 0)
    rows = await street.book.sql("SELECT channel, state, source FROM consents")
    assert [tuple(row) for row in rows] == [("chat", "revoked", "provider")]


async def test_callbacks_that_repeat_and_disorder(street: Street) -> None:
    one = await street.crowd("sms", "email")
    await street.send()
    (sid,) = [m["sid"] for m in street.sinks.sms.record.taken if m["to"] == one["sms"]]
    words = ("delivered", "sent", "delivered", "queued", "undelivered/30008", "sent")
    assert await street.sinks.sms.report(sid, *words) == [200] * 6
    counts = await work_receipts(street.office, SYSTEM, street.now)
    assert counts["delivered"] == 1
    assert await street.state("sms") == ("delivered", None)
    street.now += timedelta(hours=5)  # what was delivered needs no other way; who reported nothing has none
    await street.look()
    assert (await street.send()).by_channel == {}
    assert set(street.sinks.heard().values()) == {1}


async def test_not_delivered_goes_by_mail_once_whatever_is_said_after(street: Street) -> None:
    one = await street.crowd("sms", "email")
    await street.send()
    (sid,) = [m["sid"] for m in street.sinks.sms.record.taken if m["to"] == one["sms"]]
    await street.sinks.sms.report(sid, "sent", "undelivered/30005")
    await work_receipts(street.office, SYSTEM, street.now)
    assert await street.later(timedelta()) == {"email": {"accepted": 1}}
    await street.sinks.sms.report(sid, "undelivered/30005", "sent", "delivered")
    await work_receipts(street.office, SYSTEM, street.now)
    assert await street.later(timedelta(hours=5)) == {}
    assert street.sinks.heard()[one["email"]] == 1
    rows = await street.book.sql("SELECT count(*) FROM addresses WHERE state = 'suspended'")
    assert rows[0][0] == 1, "30005: there is no such number"


async def test_a_part_that_is_missing_is_a_message_that_failed(street: Street) -> None:
    """Of a long SMS one part arrived, and was reported so before and after: it is said by mail, once."""
    one = await street.crowd("sms", "email")
    await street.send()
    (sid,) = [m["sid"] for m in street.sinks.sms.record.taken if m["to"] == one["sms"]]
    await street.sinks.sms.report(sid, "sent", "partially_delivered/30008", "delivered")
    await work_receipts(street.office, SYSTEM, street.now)
    assert await street.state("sms") == ("failed", "30008")
    assert await street.later(timedelta()) == {"email": {"accepted": 1}}
    assert await street.later(timedelta(hours=5)) == {}
    assert street.sinks.heard()[one["email"]] == 1


async def test_a_word_that_nobody_knows_is_kept_and_alerted_and_changes_nothing(street: Street) -> None:
    one = await street.crowd("sms", "email")
    await street.send()
    (sid,) = [m["sid"] for m in street.sinks.sms.record.taken if m["to"] == one["sms"]]
    before = _counted("unknown_code")
    with capture_logs() as said:
        assert await street.sinks.sms.report(sid, "teleported") == [200]
    assert [(line["event"], line["log_level"], line["code"]) for line in said if "code" in line] == [
        ("unknown receipt", "error", "teleported")
    ]
    counts = await work_receipts(street.office, SYSTEM, street.now)
    assert (counts["unknown_code"], _counted("unknown_code") - before) == (1, 1)
    rows = await street.book.sql("SELECT state, code FROM receipts WHERE provider_id = $1", sid)
    assert [tuple(row) for row in rows] == [(None, "teleported")]
    await street.sinks.sms.report(sid, "delivered")
    await work_receipts(street.office, SYSTEM, street.now)
    assert await street.state("sms") == ("delivered", None)
    assert await street.later(timedelta(hours=5)) == {}


def _counted(result: str) -> float:
    return REGISTRY.get_sample_value("kept_receipts_total", {"provider": "twilio", "result": result}) or 0


@pytest.mark.parametrize("patience", [SOON])
async def test_a_callback_settles_what_timed_out_after_it_was_taken(street: Street) -> None:
    one = await street.crowd("sms", "email")
    street.sinks.sms.faults.always[one["sms"]] = "take-hang"
    await street.send()
    assert (await street.state("sms"))[0] == "unknown"
    (sid,) = [m["sid"] for m in street.sinks.sms.record.taken if m["to"] == one["sms"]]
    await street.sinks.sms.report(sid, "sent", "delivered")
    await work_receipts(street.office, SYSTEM, street.now)
    assert await street.state("sms") == ("delivered", None)
    assert await street.later(timedelta(hours=5)) == {}
    assert set(street.sinks.heard().values()) == {1}


@pytest.mark.parametrize("patience", [SOON])
async def test_failure_5_every_fault_at_once_delays_nobody_else(street: Street) -> None:
    faults = [(channel, fault) for channel, fault, _ in (*PUT_OFF, *UNKNOWN)]
    met = Counter[str]()
    for channel, fault in faults:
        one = await street.person("one", channel)
        street.sinks.of(channel).faults.always[one[channel]] = fault
        await street.person("other", channel)
        met[channel] += 1
    await street.look()
    sent = await street.send()
    for channel, count in met.items():
        # A provider that asks everybody to wait is obeyed, but by what was in the air already.
        assert sent.by_channel[channel]["accepted"] == count
    assert not sent.by_channel["sms"]["failed"]
    assert await street.later(MINUTE) == {
        channel: {"accepted": n} for channel, n in Counter(c for c, *_ in PUT_OFF).items()
    }
    assert set(street.sinks.heard().values()) == {1}
