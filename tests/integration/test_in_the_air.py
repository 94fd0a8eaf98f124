"""In the air: answers are recorded as they come, whoever is slow, and also where the database is away."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from aiosmtplib import SMTP
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.delivery.deliver import GROUP, deliver
from casework.office import Office
from kept.clock import FixedClock
from notifiers.base import NeverBegan, Outgoing, Sent
from notifiers.email_smtp import Smtp
from notifiers.mail_server import Server
from storage.raw import Raw
from tests.builders.book import SYSTEM
from tests.builders.town import MONDAY, Counting, Town
from tests.sinks.smtp import SmtpSink

SECONDS = 20


class Slow(Counting):
    """Answers nobody at a held address until it is told to."""

    def __init__(self) -> None:
        super().__init__("sms")
        self.held: set[int] = set()  # by their place in the order of asking
        self.answer = asyncio.Event()

    async def _send(self, outgoing: Outgoing) -> Sent:
        sent = await super()._send(outgoing)
        if self.asked in self.held:
            await self.answer.wait()
        return sent


class Away(Office):
    """Its database goes away when told, for a number of transactions."""

    failing = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Raw]:
        if self.failing:
            self.failing -= 1
            raise ConnectionRefusedError("the database system is starting up")
        async with super().transaction() as raw:
            yield raw


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


async def count(town: Town, state: str) -> int:
    return (await town.book.sql("SELECT count(*) FROM contacts WHERE state = $1", state))[0][0]


async def eventually(town: Town, what: Callable[[int], bool], state: str) -> None:
    async with asyncio.timeout(SECONDS):
        while not what(await count(town, state)):  # noqa: ASYNC110, a deliverer works
            await asyncio.sleep(0.02)


async def test_failure_5_who_is_slow_delays_nobody(town: Town) -> None:
    slow = Slow()
    slow.held = {3, GROUP + 5}
    town.providers["sms"] = slow
    for _ in range(2 * GROUP + 6):
        await town.borrower(date(2026, 11, 20))
    await town.look()
    sending = asyncio.create_task(town.send())
    # Two groups and a half go by, on record, while two of them hang in the air.
    await eventually(town, lambda accepted: accepted == 2 * GROUP + 4, "accepted")
    assert await count(town, "sending") == 2
    assert not sending.done()
    slow.answer.set()
    assert (await sending).by_channel["sms"] == {"accepted": 2 * GROUP + 6}
    assert await count(town, "accepted") == 2 * GROUP + 6 == len(slow.took)


async def test_no_more_than_a_group_is_in_the_air(town: Town) -> None:
    slow = Slow()
    slow.held = set(range(1, 3 * GROUP))
    town.providers["sms"] = slow
    for _ in range(2 * GROUP):
        await town.borrower(date(2026, 11, 20))
    await town.look()
    sending = asyncio.create_task(town.send())
    await eventually(town, lambda sending: sending == GROUP, "sending")
    await asyncio.wait([sending], timeout=0.6)  # two glances more
    assert slow.asked == GROUP == await count(town, "sending")
    slow.answer.set()
    await sending
    assert await count(town, "accepted") == 2 * GROUP


async def test_who_is_told_to_end_at_once_leaves_unanswered_ones_alone(town: Town) -> None:
    slow = Slow()
    slow.held = {2}
    town.providers["sms"] = slow
    for _ in range(4):
        await town.borrower(date(2026, 11, 20))
    await town.look()
    sending = asyncio.create_task(town.send())
    await eventually(town, lambda accepted: accepted == 3, "accepted")
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert await count(town, "sending") == 1


async def test_at_the_deadline_what_was_only_leased_is_handed_back(town: Town) -> None:
    slow = Slow()
    slow.held = set(range(1, GROUP + 1))
    town.providers["sms"] = slow
    for _ in range(GROUP + 8):
        await town.borrower(date(2026, 11, 20))
    await town.look()
    sending = asyncio.create_task(town.send())
    async with asyncio.timeout(SECONDS):
        while slow.asked < GROUP:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert (await count(town, "sending"), await count(town, "claimed")) == (GROUP, 8)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert (await count(town, "sending"), await count(town, "planned")) == (GROUP, 8)


async def test_an_answer_waits_for_the_database(town: Town) -> None:
    office = Away(town.office.engine, town.office.keyring)

    class Cutting(Counting):
        async def _send(self, outgoing: Outgoing) -> Sent:
            office.failing = 2
            return await super()._send(outgoing)

    town.providers["sms"] = Cutting("sms")
    for _ in range(3):
        await town.borrower(date(2026, 11, 20))
    await town.look()
    sent = await deliver(office, SYSTEM, town.providers, FixedClock(town.now), "one")
    assert sent.by_channel["sms"] == {"accepted": 3}
    assert await count(town, "accepted") == 3


async def test_who_misses_being_told_to_let_go_is_told_again(town: Town) -> None:
    """As `asyncio.wait_for` of Python 3.11 does when what it waits for comes at that moment."""

    class Deaf(Counting):
        async def _send(self, outgoing: Outgoing) -> Sent:
            forever = asyncio.Event()
            with suppress(asyncio.CancelledError):
                await forever.wait()
            try:
                await forever.wait()
            except asyncio.CancelledError:
                raise NeverBegan from None
            return await super()._send(outgoing)

    town.providers["sms"] = Deaf("sms")
    for _ in range(3):
        await town.borrower(date(2026, 11, 20))
    await town.look()
    sending = asyncio.create_task(town.send())
    await eventually(town, lambda sending: sending == 3, "sending")
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert await count(town, "planned") == 3


async def test_mails_that_a_silent_server_has_nothing_of_are_planned_again_at_the_deadline(
    town: Town,
) -> None:
    """Four wait for an answer to their recipient, the rest for a connection: nobody has to settle those."""
    sink = await SmtpSink().start()
    smtp = Smtp(Server.read(sink.url), "post@example.com", timeout=SECONDS)
    town.providers["email"] = smtp  # pyright: ignore[reportArgumentType]
    sink.faults.every.append((1, "rcpt:hang"))
    for _ in range(8):
        await town.borrower(date(2026, 11, 20), phone=False)
    await town.look()
    sending = asyncio.create_task(town.send())
    await eventually(town, lambda sending: sending == 8, "sending")
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert await count(town, "planned") == 8
    sink.faults.clear()
    assert (await town.send()).by_channel["email"] == {"accepted": 8}
    await smtp.close()
    await sink.close()


class LateDoor(Smtp):
    """The server is slow to take sender and recipient: by then it is two minutes later."""

    later = timedelta()

    async def _connection(self, sender: str, to: str) -> SMTP:
        made = await super()._connection(sender, to)
        LATE.now_ += self.later
        return made


class Moving:
    """A clock that others move."""

    now_ = MONDAY

    def now(self) -> datetime:
        return self.now_

    wall = now


LATE = Moving()


async def test_the_window_holds_before_the_body_of_a_mail_and_not_when_its_server_was_called(
    town: Town,
) -> None:
    sink = await SmtpSink().start()
    slow = LateDoor(Server.read(sink.url), "Acme Credit <mail@example.com>")
    slow.later = timedelta(minutes=2)
    town.providers["email"] = slow  # pyright: ignore[reportArgumentType]
    await town.borrower(date(2026, 11, 20), phone=False)
    town.now = LATE.now_ = datetime(2026, 11, 23, 19, 59, tzinfo=UTC)  # a minute before 21:00 in Berlin
    await town.look()
    report = await deliver(town.office, SYSTEM, town.providers, LATE, "one")
    assert report.by_channel == {"email": {"deferred": 1}}
    assert sink.record.taken == []
    rows = await town.book.sql("SELECT state, code, not_before::text FROM contacts")
    assert [tuple(row) for row in rows] == [("planned", "door_closed", "2026-11-24 07:00:00+00")]
    slow.later = timedelta()
    LATE.now_ = datetime(2026, 11, 24, 8, tzinfo=UTC)
    report = await deliver(town.office, SYSTEM, town.providers, LATE, "two")
    assert report.by_channel == {"email": {"accepted": 1}}
    assert len(sink.record.taken) == 1
    await slow.close()
    await sink.close()
