"""Plays a book through time: each day its payments arrive, each hour what is due is looked at and sent."""

import csv
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import msgspec

from casework.delivery.deliver import deliver
from casework.insight.activity import next_moment
from casework.intake.import_tape import Order, import_tape
from casework.intake.mapping_file import bundled_mapping
from casework.look import look
from casework.outbox import store
from kept.bootstrap import OPERATOR, SYSTEM, Assembly
from kept.clock import FixedClock
from kept.names import deliverer
from kept.providers import CHANNELS
from notifiers.sandbox import Sandbox

HOUR = timedelta(hours=1)


class Feed(msgspec.Struct, frozen=True):
    """A tape on disk: the book at its start, and a file of payments for each day after it."""

    tape: Path
    days: Mapping[date, Path]


def split_feed(tape: Path, start: date, days: int, folder: Path) -> Feed:
    """Write the payments received on each of the `days` after `start` to a file of its own.

    A day without payments has a file with none: it says that nothing was paid.
    """
    by_day: dict[str, list[dict[str, str]]] = defaultdict(list)
    with (tape / "payments.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        columns = list(reader.fieldnames or ())
        for row in reader:
            by_day[row["received_on"]].append(row)
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[date, Path] = {}
    for number in range(1, days + 1):
        day = start + timedelta(days=number)
        files[day] = folder / f"payments-{day}.csv"
        with files[day].open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(by_day[day.isoformat()])
    return Feed(tape, files)


async def begin(running: Assembly, feed: Feed, start: date, progress: Callable[[str], None]) -> None:
    """Load the book as it stood at the end of `start`."""
    progress("loading the book")
    now = datetime.combine(start + timedelta(days=1), time(0), UTC)
    order = Order("loans", feed.tape, bundled_mapping("kept"), running.settings.data_dir, as_of=start)
    await import_tape(running.office, OPERATOR, order, now)


async def play(running: Assembly, feed: Feed, progress: Callable[[date, int], None]) -> datetime:
    """Play every day of the feed; the moment at which it ends. `progress`: the day, contacts sent on it."""
    office = running.office
    notifiers = {channel: Sandbox(channel, store(office)) for channel in CHANNELS}
    by = deliverer()
    now = datetime.min.replace(tzinfo=UTC)
    for day, payments in feed.days.items():
        sent = 0
        now = datetime.combine(day, time(0), UTC)
        while now < datetime.combine(day + timedelta(days=1), time(0), UTC):
            due = await next_moment(office, SYSTEM)
            if due is not None and due <= now:
                await look(office, SYSTEM, now)
                report = await deliver(office, SYSTEM, notifiers, FixedClock(now), by)
                sent += sum(counted.total() for counted in report.by_channel.values())
            now += HOUR
        order = Order("payments", payments, bundled_mapping("kept"), running.settings.data_dir, as_of=day)
        await import_tape(office, OPERATOR, order, now)
        progress(day, sent)
    return now
