"""What callers may rely on, whatever the provider: the same tests on the fake and on each real adapter."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
import structlog

from notifiers.base import Notifier, OutcomeUnknown, Permanent, RecipientBlocked, SendError, Transient
from notifiers.chat_telegram import Telegram
from notifiers.email_smtp import Smtp
from notifiers.mail_server import Server
from notifiers.only_to import OnlyTo
from notifiers.sms_twilio import Twilio
from tests.builders.outgoing import outgoing
from tests.sinks import telegram, twilio
from tests.sinks.fake import FakeNotifier
from tests.sinks.record import Faults, Record
from tests.sinks.smtp import SmtpSink

TEXT = "Hello Ann, 250.00 USD is due on 5 March."


@dataclass
class Rig:
    """An adapter, what stands behind it, and how that provider words each fault."""

    notifier: Notifier
    record: Record
    faults: Faults
    people: tuple[str, ...]
    later: str
    never: str
    dead: str
    silent: str
    slow: str
    blocked: str | None
    unreachable: Callable[[], Notifier] | None
    close: Callable[[], Awaitable[None]] | None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


SOON = 1.2  # seconds until a sink that hangs is given up; a busy machine answers within them
PHONES = tuple(f"+1202555{n:04}" for n in range(100, 140))
MAILS = tuple(f"ann{n}@example.org" for n in range(40))
CHATS = tuple(str(n) for n in range(900, 940))


async def smtp() -> Rig:
    sink = await SmtpSink().start()
    return Rig(
        Smtp(Server.read(sink.url), "Kept <kept@example.com>", timeout=SOON),
        sink.record,
        sink.faults,
        MAILS,
        later="rcpt:450 4.2.0 Greylisted",
        never="rcpt:554 5.7.1 Refused by policy",
        dead="rcpt:550 5.1.1 No such person",
        silent="data:take-hang",
        slow="rcpt:hang",
        blocked=None,
        unreachable=lambda: Smtp(Server.read(f"smtp://127.0.0.1:{free_port()}"), "kept@example.com"),
        close=sink.close,
    )


async def sms() -> Rig:
    sink = await twilio.TwilioSink().start()

    def at(url: str) -> Twilio:
        return Twilio(twilio.ACCOUNT, twilio.TOKEN, "+12025550100", api_url=url, timeout=SOON)

    return Rig(
        at(sink.url),
        sink.record,
        sink.faults,
        PHONES,
        later="429:7",
        never="21612",
        dead="21211",
        silent="take-hang",
        slow="hang",
        blocked="21610",
        unreachable=lambda: at(f"http://127.0.0.1:{free_port()}"),
        close=sink.close,
    )


async def pilot() -> Rig:
    rig = await sms()
    rig.notifier = OnlyTo(rig.notifier, PHONES)
    return rig


async def chat() -> Rig:
    sink = await telegram.TelegramSink().start()

    def at(url: str) -> Telegram:
        return Telegram(telegram.TOKEN, api_url=url, timeout=SOON)

    return Rig(
        at(sink.url),
        sink.record,
        sink.faults,
        CHATS,
        later="429:7",
        never="400:Bad Request: message is too long",
        dead="400:Bad Request: chat not found",
        silent="take-hang",
        slow="hang",
        blocked="403:Forbidden: bot was blocked by the user",
        unreachable=lambda: at(f"http://127.0.0.1:{free_port()}"),
        close=sink.close,
    )


async def fake() -> Rig:
    notifier = FakeNotifier()
    return Rig(
        notifier,
        notifier.record,
        notifier.faults,
        PHONES,
        later="later",
        never="never",
        dead="dead",
        silent="take-silent",
        slow="hang",
        blocked="blocked",
        unreachable=None,
        close=None,
    )


@pytest.fixture(scope="module", params=[fake, smtp, sms, chat, pilot], ids=lambda make: make.__name__)
async def shared(request: Any) -> AsyncIterator[Rig]:
    rig = await request.param()
    yield rig
    await rig.notifier.close()
    if rig.close:
        await rig.close()


@pytest.fixture
async def rig(shared: Rig) -> Rig:
    shared.record.taken.clear()
    shared.faults.clear()
    return shared


async def refused(rig: Rig, fault: str, kind: type[SendError]) -> Any:
    rig.faults.once.append(fault)
    with pytest.raises(SendError) as caught:
        await rig.notifier.send(outgoing(rig.people[0]))
    assert type(caught.value) is kind
    assert caught.value.code
    return caught.value


async def test_one_send_is_one_message_taken(rig: Rig):
    sent = await rig.notifier.send(outgoing(rig.people[0], TEXT))
    assert sent.provider == rig.notifier.provider
    assert sent.state == "accepted"
    (taken,) = rig.record.taken
    assert taken["to"] == rig.people[0]
    assert TEXT in str(taken)
    assert sent.provider_id in (taken.get("id"), taken.get("sid"))


async def test_each_message_has_an_id_of_its_own(rig: Rig):
    sent = [await rig.notifier.send(outgoing(rig.people[0], contact=n)) for n in (1, 2, 3)]
    assert len({s.provider_id for s in sent}) == 3


async def test_later_is_transient_and_nothing_was_taken(rig: Rig):
    await refused(rig, rig.later, Transient)
    assert rig.record.taken == []


async def test_never_is_permanent_and_the_address_lives(rig: Rig):
    error = await refused(rig, rig.never, Permanent)
    assert not error.address_dead
    assert rig.record.taken == []


async def test_a_dead_address_is_said_to_be_dead(rig: Rig):
    error = await refused(rig, rig.dead, Permanent)
    assert error.address_dead
    assert rig.record.taken == []


@pytest.mark.parametrize("shared", [fake, sms, chat, pilot], indirect=True)  # no opt-out of a mail server
async def test_an_opt_out_at_the_provider_is_blocked(rig: Rig):
    assert rig.blocked is not None
    await refused(rig, rig.blocked, RecipientBlocked)
    assert rig.record.taken == []


async def test_taken_and_then_silent_is_unknown_and_not_repeated(rig: Rig):
    await refused(rig, rig.silent, OutcomeUnknown)
    assert len(rig.record.taken) == 1


@pytest.mark.parametrize("shared", [smtp, sms, chat], indirect=True)  # the fake is always there
async def test_nobody_there_is_transient(rig: Rig):
    assert rig.unreachable is not None
    notifier = rig.unreachable()
    with pytest.raises(Transient):
        await notifier.send(outgoing(rig.people[0]))
    await notifier.close()


async def test_after_any_refusal_the_next_message_goes(rig: Rig):
    for fault in (rig.later, rig.never, rig.dead, rig.silent):
        rig.faults.once.append(fault)
        with pytest.raises(SendError):
            await rig.notifier.send(outgoing(rig.people[1]))
        assert (await rig.notifier.send(outgoing(rig.people[2]))).state == "accepted"


async def test_one_bad_recipient_delays_nobody(rig: Rig):
    """FAILURES 5: thirty go while one hangs and one is refused."""
    bad, worse, *good = rig.people[:32]
    rig.faults.always = {bad: rig.slow, worse: rig.dead}
    waiting = [asyncio.create_task(rig.notifier.send(outgoing(to))) for to in (bad, worse)]
    sent = await asyncio.gather(
        *(rig.notifier.send(outgoing(to, contact=n)) for n, to in enumerate(good)), return_exceptions=True
    )
    assert not waiting[0].done()
    assert [s for s in sent if isinstance(s, BaseException)] == []
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(end, SendError) for end in ends)
    assert sorted(m["to"] for m in rig.record.taken) == sorted(good)


async def test_no_personal_data_in_logs_or_errors(rig: Rig):
    with structlog.testing.capture_logs() as lines:
        await rig.notifier.send(outgoing(rig.people[0], TEXT))
        errors = [await refused(rig, f, k) for f, k in ((rig.dead, Permanent), (rig.silent, OutcomeUnknown))]
    said = str(lines) + "".join(f"{e!r}{e.args}{e.__cause__}" for e in errors)
    assert rig.people[0] not in said
    assert "Ann" not in said
    assert len([line for line in lines if line["log_level"] == "warning"]) == 2


async def test_a_cancelled_send_stays_cancelled_and_harms_no_other(rig: Rig):
    rig.faults.always = {rig.people[0]: rig.slow}
    task = asyncio.create_task(rig.notifier.send(outgoing(rig.people[0])))
    await rig.notifier.send(outgoing(rig.people[1]))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await rig.notifier.send(outgoing(rig.people[2]))).state == "accepted"
