"""The sandbox stores what was sent at once in one write; the pilot list lets nobody else through."""

import asyncio
from collections.abc import Sequence

import pytest

from notifiers.base import OutcomeUnknown, Outgoing, Permanent
from notifiers.only_to import OnlyTo
from notifiers.sandbox import Sandbox
from tests.builders.outgoing import outgoing
from tests.sinks.fake import FakeNotifier


class Outbox:
    def __init__(self) -> None:
        self.writes: list[list[Outgoing]] = []
        self.broken = False
        self.begun = asyncio.Event()

    async def store(self, batch: Sequence[Outgoing]) -> None:
        if self.broken:
            raise ConnectionError("no database")
        self.begun.set()
        await asyncio.sleep(0)
        self.writes.append(list(batch))


async def test_what_is_stored_is_delivered():
    outbox = Outbox()
    sandbox = Sandbox("email", outbox.store)
    contact = outgoing("ann@example.org")
    sent = await sandbox.send(contact)
    assert (sent.provider, sent.provider_id, sent.state) == ("sandbox", contact.key, "delivered")
    assert outbox.writes == [[contact]]


async def test_a_batch_is_one_write_in_its_order():
    outbox = Outbox()
    sandbox = Sandbox("sms", outbox.store)
    contacts = [outgoing(contact=n) for n in range(100)]
    sent = await asyncio.gather(*(sandbox.send(contact) for contact in contacts))
    assert outbox.writes == [contacts]
    assert [s.provider_id for s in sent] == [c.key for c in contacts]
    await sandbox.send(contacts[0])
    assert len(outbox.writes) == 2


async def test_who_comes_during_a_write_is_in_the_next():
    outbox = Outbox()
    sandbox = Sandbox("sms", outbox.store)
    first = asyncio.create_task(sandbox.send(outgoing(contact=1)))
    await outbox.begun.wait()
    await asyncio.gather(first, sandbox.send(outgoing(contact=2)))
    assert [[o.contact for o in write] for write in outbox.writes] == [[1], [2]]


async def test_an_outbox_that_fails_is_unknown_for_all_in_the_batch_and_no_other():
    outbox = Outbox()
    sandbox = Sandbox("sms", outbox.store)
    outbox.broken = True
    ends = await asyncio.gather(
        *(sandbox.send(outgoing(contact=n)) for n in range(3)), return_exceptions=True
    )
    assert [type(end) for end in ends] == [OutcomeUnknown] * 3
    outbox.broken = False
    assert (await sandbox.send(outgoing(contact=9))).state == "delivered"


async def test_who_gives_up_waiting_takes_nobody_along():
    outbox = Outbox()
    sandbox = Sandbox("sms", outbox.store)
    tasks = [asyncio.create_task(sandbox.send(outgoing(contact=n))) for n in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(ends[0], asyncio.CancelledError)
    assert [s.state for s in ends[1:] if not isinstance(s, BaseException)] == ["delivered"] * 2


@pytest.mark.parametrize(
    ("listed", "to", "goes"),
    [
        (["+1 (202) 555-0123"], "+12025550123", True),
        (["+12025550123"], "+12025550124", False),
        ([" Ann@Example.org "], "ann@example.org", True),
        (["ann@example.org"], "ann.b@example.org", False),
        (["100"], "100", True),
        (["100"], "-100", False),
        ([], "+12025550123", False),
        ([""], "", False),
    ],
)
async def test_only_the_list_is_written_to(listed: list[str], to: str, goes: bool):
    inner = FakeNotifier()
    pilot = OnlyTo(inner, listed)
    assert (pilot.channel, pilot.provider, pilot.can_report_delivery) == ("sms", "fake", True)
    if goes:
        assert (await pilot.send(outgoing(to))).provider == "fake"
    else:
        with pytest.raises(Permanent) as caught:
            await pilot.send(outgoing(to))
        assert (caught.value.code, caught.value.address_dead) == ("not_on_pilot_list", False)
    assert len(inner.record.taken) == goes
