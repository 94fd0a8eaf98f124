"""Ratio 9: the most memory that a process takes to look at very many due cases and send what follows, beside
what it takes for few.

    python -m tests.bench.memory DATABASE_URL

does both in a process of its own and says its peak. The peak is what grows if anything does: no batch ends
before its rows are let go.
"""

import asyncio
import resource
import sys
from pathlib import Path

from casework.delivery.deliver import deliver
from casework.look import look
from kept import logs
from kept.clock import FixedClock
from notifiers.base import Notifier, Outgoing, Sent
from storage.engine import make_engine
from tests.bench.book import NOW, make_due
from tests.bench.place import Place
from tests.builders.book import SYSTEM, office_of


class _Takes(Notifier):
    """Takes everything and keeps nothing: what a provider has is not ours."""

    channel = "sms"
    provider = "takes"

    async def _send(self, outgoing: Outgoing) -> Sent:
        return Sent("takes", outgoing.key, "accepted")


async def measure(place: Place, book: str, due: int) -> int:
    """The peak, in bytes, with so many cases due."""
    place.say(f"memory with {due:,} due")
    async with place.copy(book) as office:
        await make_due(office, due)
        url = office.engine.url.render_as_string(hide_password=False)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.memory", url, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
    looked, sent, peak = map(int, said.split())
    assert (looked, sent) == (due, due)
    return peak


async def main(database_url: str) -> None:
    logs.configure()
    engine = make_engine(database_url, application_name="bench")
    office = office_of(engine)
    looked = await look(office, SYSTEM, NOW)
    report = await deliver(office, SYSTEM, {"sms": _Takes()}, FixedClock(NOW), "bench")
    await engine.dispose()
    sys.stdout.write(f"{looked.cases} {report.by_channel['sms']['accepted']} {_peak()}\n")


def _peak() -> int:
    """The most memory of this process so far, in bytes.

    Linux counts in getrusage what the parent had when it started us; /proc does not.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
