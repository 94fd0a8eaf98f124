"""Kept's part of ratio 2: sending what a look planned, to the sandbox, whose outbox is a table."""

from time import perf_counter

from casework.delivery.deliver import deliver
from casework.office import Office
from casework.outbox import store
from kept.clock import FixedClock
from notifiers.sandbox import Sandbox
from tests.bench.book import NOW
from tests.builders.book import SYSTEM


async def time_send(office: Office) -> tuple[float, int]:
    """Seconds of sending all that is planned, and how many were delivered."""
    sandboxes = {channel: Sandbox(channel, store(office)) for channel in ("sms", "email", "chat")}
    began = perf_counter()
    report = await deliver(office, SYSTEM, sandboxes, FixedClock(NOW), "bench")
    seconds = perf_counter() - began
    return seconds, sum(counted["delivered"] for counted in report.by_channel.values())
