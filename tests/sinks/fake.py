"""A notifier in memory, for tests of what stands above the adapters. It keeps the contract of the real ones
(tests/integration/test_notifiers_contract.py runs on both)."""

import asyncio

from notifiers.base import (
    Channel,
    Notifier,
    OutcomeUnknown,
    Outgoing,
    Permanent,
    RecipientBlocked,
    SendError,
    Sent,
    Transient,
)
from tests.sinks.record import Faults, Record

_ERRORS: dict[str, SendError] = {
    "later": Transient("fake-later"),
    "never": Permanent("fake-never"),
    "dead": Permanent("fake-dead", address_dead=True),
    "blocked": RecipientBlocked("fake-blocked"),
    "take-silent": OutcomeUnknown("fake-silent"),
}


class FakeNotifier(Notifier):
    """Faults: `later`, `never`, `dead`, `blocked`, `take-silent` (took it, nobody knows), `hang`
    (for 0.4 seconds, then nobody knows), `bug`."""

    provider = "fake"
    can_report_delivery = True

    def __init__(self, channel: Channel = "sms") -> None:
        self.channel = channel
        self.record = Record()
        self.faults = Faults()

    async def _send(self, outgoing: Outgoing) -> Sent:
        fault = self.faults.next(outgoing.to)
        if fault == "hang":
            await asyncio.wait_for(asyncio.Event().wait(), 0.4)
        if fault == "bug":
            raise LookupError(f"no such thing as {outgoing.to}")
        if fault is None or fault.startswith("take-"):
            self.record.take(to=outgoing.to, id=outgoing.key, text=outgoing.body.text)
        if fault is not None:
            raise _ERRORS[fault]
        return Sent("fake", outgoing.key, "accepted")
