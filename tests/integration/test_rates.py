"""Rates on a real Valkey: shared and obeyed by all, put off and not waited for, kept without it as well."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from casework.delivery.deliver import GROUP, SendReport, deliver
from casework.delivery.rates import Limits, Rates
from casework.delivery.windows import Rate
from kept.clock import FixedClock
from kept.config import SettingsError, load
from kept.rates import rates_of
from notifiers.base import Transient
from notifiers.sms_twilio import Twilio
from storage.contacts import Leased
from tests.builders.book import SYSTEM
from tests.builders.town import Town
from tests.builders.valkey import OwnValkey, own_valkey
from tests.sinks.twilio import ACCOUNT, TOKEN, TwilioSink
from workers import jobs
from workers.jobs import Shift
from workers.wake import open_queue

_ids = count(1)
FROM = "+12025550100"


def now() -> datetime:
    return datetime.now(UTC)


def some(number: int, address: int | None = None) -> list[Leased]:
    ids = [next(_ids) for _ in range(number)]
    return [Leased(id_, id_, id_, "sms", address or id_) for id_ in ids]


@asynccontextmanager
async def rates(url: str, **limits: Limits) -> AsyncIterator[Rates]:
    """As one process has them."""
    made = Rates(limits, Redis.from_url(url, socket_timeout=1.0))
    yield made
    await made.close()


async def eventually(true: Callable[[], bool], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110, a real clock has no event
            await asyncio.sleep(0.01)


# --- how fast -----------------------------------------------------------------------------------------


async def test_all_deliverers_together_keep_to_the_rate(redis_url: str) -> None:
    """Four processes that take whatever they get: over any second no more than the rate and its burst."""
    taken: list[float] = []
    started = time.monotonic()

    async def greedy() -> None:
        async with rates(redis_url, p=Limits(Rate(60))) as mine:
            while time.monotonic() < started + 2.2:
                going = await mine.take("p", some(7), now(), "answer")
                taken.extend([time.monotonic()] * len(going))
                await asyncio.sleep(0.005)

    await asyncio.gather(*(greedy() for _ in range(4)))
    # Windows slide by what the last one held on average, so a second may hold some more than its rate.
    assert 60 + 60 <= len(taken) <= 60 * 3.2
    assert all(sum(1 for other in taken if at <= other < at + 1) <= 60 * 1.5 for at in taken)


async def test_as_many_go_as_there_is_room_for_the_first_ones_first(redis_url: str) -> None:
    async with rates(redis_url, p=Limits(Rate(5))) as mine, rates(redis_url, p=Limits(Rate(5))) as other:
        group = some(8)
        assert await mine.take("p", group, now()) == group[:5]
        assert await other.take("p", some(3), now()) == []
        shut = mine.shut(now())
        assert shut.providers == {"p"}
        assert shut.opens is not None
        assert now() < shut.opens <= now() + timedelta(seconds=2)
        await eventually(lambda: not mine.shut(now()).providers)
        assert await mine.take("p", some(1), now())


@pytest.mark.parametrize("rate", [Rate(4), Rate(20), Rate(6, 2)])
async def test_it_says_rightly_when_there_will_be_room(redis_url: str, rate: Rate) -> None:
    async with rates(redis_url, p=Limits(rate)) as mine:
        for _ in range(2):  # in the first window, and in one that follows another
            while await mine.take("p", some(rate.messages), now(), "answer"):
                pass
            opens = mine.shut(now(), "answer").opens
            assert opens is not None
            assert await mine.take("p", some(1), opens - timedelta(milliseconds=1), "answer") == []
            await eventually(lambda: now() >= opens)  # noqa: B023, awaited within the loop
            assert await mine.take("p", some(1), now(), "answer")


async def test_a_tenth_is_left_to_answers(redis_url: str) -> None:
    async with rates(redis_url, p=Limits(Rate(20, 60))) as mine:
        assert len(await mine.take("p", some(30), now())) == 18
        assert await mine.take("p", some(1), now()) == []
        assert len(await mine.take("p", some(30), now(), "answer")) == 2


async def test_one_chat_hears_one_at_a_time_and_delays_no_other(redis_url: str) -> None:
    limits = Limits(Rate(25, 60), each=Rate(1, 60))
    async with rates(redis_url, p=limits) as mine, rates(redis_url, p=limits) as other:
        twice, another = some(2, address=7), some(1, address=8)
        assert await mine.take("p", [*twice, *another], now()) == [twice[0], *another]
        assert mine.shut(now()).addresses == (7,)
        assert not mine.shut(now()).providers
        assert await other.take("p", [*some(1, address=7), *some(1, address=9)], now()) != []
        assert other.shut(now()).addresses == (7,)


async def test_what_has_no_rate_is_never_asked_about() -> None:
    """The sandbox sends as fast as it can, also where there is no Redis at all."""
    async with rates("redis://127.0.0.1:1/0", p=Limits(Rate(1))) as mine:
        assert len(await mine.take("sandbox", some(500), now())) == 500
        await mine.hold("sandbox", timedelta(hours=1), now())
        assert len(await mine.take("sandbox", some(500), now())) == 500


async def test_a_provider_that_asks_to_wait_is_obeyed_by_all(redis_url: str) -> None:
    async with rates(redis_url, p=Limits(), q=Limits()) as mine, rates(redis_url, p=Limits()) as other:
        assert await mine.take("p", some(1), now())
        await mine.hold("p", timedelta(seconds=0.6), now())
        await mine.hold("p", timedelta(seconds=0.1), now())  # a shorter word does not undo a longer one
        asked = now()
        assert await mine.take("q", some(1), now())
        assert await other.take("p", some(1), now()) == []
        assert await other.take("p", some(1), now(), "answer") == []
        await eventually(lambda: not other.shut(now()).providers and not mine.shut(now()).providers)
        assert now() - asked >= timedelta(seconds=0.5)
        assert await other.take("p", some(1), now())
        assert await mine.take("p", some(1), now())


# --- Redis is never the truth -------------------------------------------------------------------------


async def test_emptied_in_the_middle_it_goes_on(redis_url: str) -> None:
    async with rates(redis_url, p=Limits(Rate(5, 60)), held=Limits()) as mine:
        assert len(await mine.take("p", some(5), now(), "answer")) == 5
        await mine.hold("held", timedelta(seconds=30), now())
        client: Redis = Redis.from_url(redis_url)
        await client.flushall()
        await client.script_flush()
        await client.aclose()
        assert len(await mine.take("p", some(9), now(), "answer")) == 5  # one burst more, and then none
        assert await mine.take("p", some(1), now(), "answer") == []
        assert await mine.take("held", some(1), now()) == []  # who was told remembers


@pytest.fixture
async def valkey() -> AsyncIterator[OwnValkey]:
    async with own_valkey() as made:
        yield made


async def test_gone_in_the_middle_each_process_keeps_to_a_tenth_and_says_so_once(valkey: OwnValkey) -> None:
    async with rates(valkey.url, p=Limits(Rate(50, 60)), q=Limits(Rate(2, 6)), r=Limits()) as mine:
        assert len(await mine.take("p", some(10), now())) == 10
        await valkey.stop()
        with capture_logs() as logs:
            assert len(await mine.take("p", some(10), now(), "answer")) == 5
            assert await mine.take("p", some(10), now(), "answer") == []
            assert len(await mine.take("q", some(10), now())) == 2  # in a minute instead of in six seconds
            assert len(await mine.take("r", some(40), now())) == 40  # no rate, no tenth
            await mine.hold("r", timedelta(seconds=30), now())
            assert await mine.take("r", some(1), now()) == []
        assert [line["event"] for line in logs] == ["without_redis"]
        await valkey.start()
        later = now() + timedelta(minutes=3)
        with capture_logs() as logs:
            assert len(await mine.take("p", some(60), later, "answer")) == 50
        assert [line["event"] for line in logs] == ["with_redis_again"]


@given(st.integers(1, 10_000), st.integers(1, 3_600))
def test_alone_is_a_tenth_and_never_nothing(messages: int, seconds: int) -> None:
    alone = Rate(messages, seconds).alone()
    assert alone.messages >= 1
    assert alone.messages * seconds * 10 <= messages * alone.seconds


# --- the deliverer ------------------------------------------------------------------------------------


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


async def plan(town: Town, number: int) -> None:
    for _ in range(number):
        await town.borrower(date(2026, 11, 20))
    assert (await town.look()).contacts == number


async def turn(town: Town, rates: Rates, by: str = "one", patience: timedelta | None = None) -> SendReport:
    clock = FixedClock(town.now)
    return await deliver(town.office, SYSTEM, town.providers, clock, by, rates=rates, patience=patience)


async def test_what_finds_no_room_stays_planned_untouched_and_nobody_waits(
    town: Town, redis_url: str
) -> None:
    await plan(town, 8)
    async with rates(redis_url, counting=Limits(Rate(5, 60))) as mine:
        report = await turn(town, mine)
        assert report.by_channel == {"sms": {"accepted": 5, "deferred": 3}}
        assert report.opens is not None
        assert report.opens > now()
        # Nothing was decided, rendered or counted as a try for those that had no room.
        left = await town.book.sql(
            "SELECT count(*) FROM contacts WHERE state = 'planned' AND tries = 0 AND body IS NULL "
            "AND sent_at IS NULL AND claim_id IS NULL AND leased_by IS NULL AND not_before = $1",
            town.now,
        )
        assert left[0][0] == 3
        claims = await town.book.sql("SELECT count(*) FROM decisions WHERE made_by = 'claim'")
        assert claims[0][0] == 5
        assert town.providers["sms"].asked == 5
        # What this process knows to be shut is not even leased.
        assert (await turn(town, mine)).by_channel == {}


async def test_a_shut_channel_is_in_nobodys_way(town: Town, redis_url: str) -> None:
    await plan(town, 3)
    for _ in range(3):
        await town.borrower(date(2026, 11, 20), phone=False)
    await town.look()
    town.providers["sms"].provider = "slow"
    async with rates(redis_url, slow=Limits(Rate(1, 60))) as mine:
        report = await turn(town, mine)
    assert report.by_channel == {"sms": {"accepted": 1, "deferred": 2}, "email": {"accepted": 3}}


async def test_kept_send_waits_for_room_by_the_real_clock(town: Town, redis_url: str) -> None:
    """At a virtual moment that stands still, nothing is left all the same."""
    await plan(town, 14)
    async with rates(redis_url, counting=Limits(Rate(6))) as mine:
        started = time.monotonic()
        report = await turn(town, mine, patience=timedelta(seconds=30))
    assert report.by_channel == {"sms": {"accepted": 14}}
    assert report.opens is None
    assert 0.5 <= time.monotonic() - started < 10
    assert len({taken.contact for taken in town.providers["sms"].took}) == 14


async def test_kept_send_gives_up_where_the_provider_asks_for_more_than_its_patience(
    town: Town, redis_url: str
) -> None:
    await plan(town, GROUP + 8)
    town.providers["sms"].says = [Transient("20429", timedelta(minutes=7))]
    async with rates(redis_url, counting=Limits()) as mine:
        report = await turn(town, mine, patience=timedelta(seconds=30))
        # The group that was in the air went; who was told is put off by it, and the others wait as well.
        assert report.by_channel == {"sms": {"accepted": GROUP - 1, "deferred": 9}}
        async with rates(redis_url, counting=Limits()) as other:
            assert (await turn(town, other, "two")).by_channel == {"sms": {"deferred": 8}}
    assert town.providers["sms"].asked == GROUP


async def test_two_deliverers_of_two_processes_share_one_rate(town: Town, redis_url: str) -> None:
    await plan(town, 40)
    limits = Limits(Rate(12, 60))
    async with rates(redis_url, counting=limits) as mine, rates(redis_url, counting=limits) as other:
        reports = await asyncio.gather(turn(town, mine, "one"), turn(town, other, "two"))
    assert sum(report.by_channel.get("sms", {}).get("accepted", 0) for report in reports) == 11
    assert town.providers["sms"].asked == 11


async def test_without_redis_in_the_middle_of_a_delivery_everything_goes_on(
    town: Town, valkey: OwnValkey
) -> None:
    await plan(town, 12)
    async with rates(valkey.url, counting=Limits(Rate(5, 60))) as mine:
        assert (await turn(town, mine)).by_channel["sms"]["accepted"] == 5
    async with rates(valkey.url, counting=Limits(Rate(60))) as mine:
        await valkey.stop()
        report = await turn(town, mine, patience=timedelta(seconds=30))
    assert report.by_channel == {"sms": {"accepted": 7}}
    assert len({taken.contact for taken in town.providers["sms"].took}) == 12


async def test_retry_after_of_one_answer_binds_the_other_worker(town: Town, redis_url: str) -> None:
    """On a Twilio-like sink: after a 429 nobody asks it again until the second is over."""
    await plan(town, 3)
    sink = await TwilioSink().start()
    sink.faults.once.append("429:1")
    twilio = Twilio(ACCOUNT, TOKEN, FROM, api_url=sink.url)
    try:
        async with rates(redis_url, twilio=Limits(Rate(1))) as mine, rates(redis_url, twilio=Limits()) as two:
            town.providers = {**town.providers, "sms": twilio}  # pyright: ignore[reportAttributeAccessIssue]
            assert (await turn(town, mine)).by_channel == {"sms": {"deferred": 3}}
            told = time.monotonic()
            assert (await turn(town, two, "two")).by_channel == {"sms": {"deferred": 2}}
            assert sink.record.taken == []
            report = await turn(town, two, "two", patience=timedelta(seconds=5))
            assert report.by_channel == {"sms": {"accepted": 2}}
            assert time.monotonic() - told >= 0.9
    finally:
        await twilio.close()
        await sink.close()


async def test_a_worker_that_found_no_room_is_woken_when_there_is_some(town: Town, redis_url: str) -> None:
    await plan(town, 4)
    queue = await open_queue(redis_url)

    async with rates(redis_url, counting=Limits(Rate(3, 2))) as mine:
        shift = Shift(town.office, SYSTEM, town.providers, FixedClock(town.now), "w", None, mine)  # pyright: ignore[reportArgumentType]
        await jobs.deliver({"shift": shift, "redis": queue})
        assert town.providers["sms"].asked == 3
        (job,) = await queue.queued_jobs()
        assert job.function == "deliver"
        assert job.job_id is not None
        assert job.score is not None
        assert now().timestamp() < job.score / 1000 <= now().timestamp() + 4
        # The same second is asked for once, by however many.
        await jobs.deliver({"shift": shift, "redis": queue})
        assert len(await queue.queued_jobs()) == 1
        await eventually(lambda: not mine.shut(now()).providers)
        await jobs.deliver({"shift": shift, "redis": queue})
        assert town.providers["sms"].asked == 4
    await queue.aclose()


# --- settings -----------------------------------------------------------------------------------------


PROVIDERS = {
    "KEPT_TWILIO_ACCOUNT_SID": ACCOUNT,
    "KEPT_TWILIO_AUTH_TOKEN": TOKEN,
    "KEPT_TWILIO_FROM": FROM,
    "KEPT_SMTP_URL": "smtp://mail.example.com:25?starttls=0",
    "KEPT_MAIL_FROM": "post@example.com",
    "KEPT_TELEGRAM_TOKEN": "42:sink",
}
HERE = {
    "KEPT_TWILIO_API_URL": "http://127.0.0.1:1",
    "KEPT_SMTP_URL": "smtp://127.0.0.1:1",
    "KEPT_TELEGRAM_API_URL": "http://127.0.0.1:1",
}


@pytest.mark.parametrize(
    ("given", "fast"),
    [
        ({}, {"twilio": 9, "smtp": 18, "telegram": 23, "sandbox": 99}),  # a tenth less: it is for answers
        (
            {"KEPT_TWILIO_RATE": "3/2min", "KEPT_SMTP_RATE": "none", "KEPT_TELEGRAM_RATE": "5/s"},
            {"twilio": 3, "smtp": 99, "telegram": 5},
        ),
        (HERE, {"twilio": 99, "smtp": 99, "telegram": 99}),
        (HERE | {"KEPT_TWILIO_RATE": "3/min"}, {"twilio": 3, "smtp": 99}),
    ],
)
async def test_settings_say_how_fast(
    monkeypatch: pytest.MonkeyPatch, redis_url: str, given: dict[str, str], fast: dict[str, int]
) -> None:
    for name, value in (PROVIDERS | given).items():
        monkeypatch.setenv(name, value)
    made = rates_of(load(None), redis_url)
    assert {name: len(await made.take(name, some(99), now())) for name in fast} == fast
    await made.close()


@pytest.mark.parametrize("wrong", ["10", "0/s", "ten/s", "10/0s", "10/day", "-1/s"])
def test_what_is_no_rate_is_refused(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("KEPT_SMTP_RATE", wrong)
    with pytest.raises(SettingsError, match=r"KEPT_SMTP_RATE is no rate; write it as 10/s, 20/2s, 100/min"):
        load(None)


# --- answers before reminders -------------------------------------------------------------------------


async def test_what_somebody_waits_for_goes_before_reminders_that_were_planned_earlier(
    town: Town, redis_url: str
) -> None:
    await plan(town, 12)
    ann = await town.borrower(date(2027, 6, 1))
    unasked = {await town.answer(ann, "dunning"), await town.answer(ann, "statutory")}
    asked = await town.answer(ann)
    async with rates(redis_url, counting=Limits(Rate(5, 60))) as mine:
        await turn(town, mine)
    took = [taken.contact for taken in town.providers["sms"].took]
    assert len(took) == 5
    assert asked in took
    assert unasked.isdisjoint(took), "nobody waits for those"


async def test_reminders_that_have_used_up_their_rate_leave_room_for_who_waits(
    town: Town, redis_url: str
) -> None:
    await plan(town, 20)
    ann = await town.borrower(date(2027, 6, 1))
    async with rates(redis_url, counting=Limits(Rate(20, 60))) as mine:
        assert (await turn(town, mine)).by_channel == {"sms": {"accepted": 18, "deferred": 2}}
        asked = await town.answer(ann)
        assert (await turn(town, mine)).by_channel == {"sms": {"accepted": 1}}
        assert town.providers["sms"].took[-1].contact == asked
