"""A deliverer in a process of its own, as a second machine would have one.

    python -m tests.bench.deliverer DATABASE_URL PROVIDER_URL NAME

It says `ready` on stdout once it has connected and read its rulebook, begins at each line of its stdin (a
moment of the book: what is planned until then), and says what it carried.
"""

import asyncio
import sys
from datetime import datetime
from pathlib import Path

from casework.delivery.deliver import deliver
from kept import logs
from kept.clock import FixedClock
from kept.memory import keep_what_is_loaded
from storage.engine import make_engine
from tests.bench.providers import Provider
from tests.builders.book import SYSTEM, office_of


async def main(database_url: str, provider_url: str, name: str) -> None:
    logs.configure()
    engine = make_engine(database_url, application_name=name)
    office = office_of(engine)
    notifier = Provider("sms", provider_url, Path()).notifier()
    async with office.transaction() as raw:
        await office.book(raw)
    keep_what_is_loaded()
    _say("ready")
    while line := await asyncio.to_thread(sys.stdin.readline):
        clock = FixedClock(datetime.fromisoformat(line.strip()))
        report = await deliver(office, SYSTEM, {"sms": notifier}, clock, name)
        _say(str(report.by_channel.get("sms", {}).get("accepted", 0)))
    await notifier.close()
    await engine.dispose()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
