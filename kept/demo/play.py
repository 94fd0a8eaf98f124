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
from casework.intake.mapping_file import find_mapping
from casework.look import look
from casework.outbox import store
from kept.bootstrap import OPERATOR, SYSTEM, Assembly
from kept.clock import FixedClock
from kept.demo.rounds import AT as ROUNDS_AT
from kept.demo.rounds import FIRST as ROUNDS_FROM
from kept.demo.rounds import Rounds
from kept.names import deliverer
from kept.providers import CHANNELS
from notifiers.sandbox import Sandbox

HOUR = timedelta(hours=1)


class Feed(msgspec.Struct, frozen=True):
    """A tape on disk: the whole of it, and a folder for each day with what is new on it."""

    tape: Path
    days: Mapping[date, Path]


def split_feed(tape: Path, start: date, days: int, folder: Path) -> Feed:
    """Write what each of the `days` after `start` brings as a tape of its own: loans made, payments received.

    A day without payments has a file with none: it says that nothing was paid.
    """
    _, loans = _table(tape / "loans.csv")
    made_on = {row["loan_id"]: row["made_on"] for row in loans}
    day_of: dict[str, Callable[[dict[str, str]], str]] = {
        "loans.csv": lambda row: row["made_on"],
        "installments.csv": lambda row: made_on[row["loan_id"]],
        "parties.csv": lambda row: made_on[row["loan_id"]],
        "payments.csv": lambda row: row["received_on"],
    }
    found = {start + timedelta(days=number): folder / f"day-{number:03}" for number in range(1, days + 1)}
    for name, day in day_of.items():
        columns, rows = _table(tape / name)
        by_day: dict[str, list[dict[str, str]]] = defaultdict(list)
        for row in rows:
            by_day[day(row)].append(row)
        for at, place in found.items():
            place.mkdir(parents=True, exist_ok=True)
            with (place / name).open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, columns)
                writer.writeheader()
                writer.writerows(by_day[at.isoformat()])
    return Feed(tape, found)


def _table(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """The columns of a file and its rows: a small sample may have a file without any (no guarantors, say)."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return list(reader.fieldnames or ()), list(reader)


async def begin(running: Assembly, feed: Feed, start: date, progress: Callable[[str], None]) -> None:
    """Load the book as it stood at the end of `start`."""
    progress("loading the book")
    now = datetime.combine(start + timedelta(days=1), time(0), UTC)
    order = Order("loans", feed.tape, find_mapping("kept"), running.settings.data_dir, as_of=start)
    await import_tape(running.office, OPERATOR, order, now)


async def play(
    running: Assembly, feed: Feed, progress: Callable[[date, int], None], rounds: Rounds
) -> datetime:
    """Play every day of the feed; the moment at which it ends. `progress`: the day, contacts sent on it."""
    office = running.office
    notifiers = {channel: Sandbox(channel, store(office)) for channel in CHANNELS}
    by = deliverer()
    now = datetime.min.replace(tzinfo=UTC)
    for number, (day, folder) in enumerate(feed.days.items()):
        sent = 0
        now = datetime.combine(day, time(0), UTC)
        while now < datetime.combine(day + timedelta(days=1), time(0), UTC):
            due = await next_moment(office, SYSTEM)
            if due is not None and due <= now:
                await look(office, SYSTEM, now)
                report = await deliver(office, SYSTEM, notifiers, FixedClock(now), by)
                sent += sum(counted.total() for counted in report.by_channel.values())
            if now.hour == ROUNDS_AT and number >= ROUNDS_FROM:
                await rounds(now, last=number == len(feed.days) - 1)
            now += HOUR
        order = Order("loans", folder, find_mapping("kept"), running.settings.data_dir, as_of=day)
        await import_tape(office, OPERATOR, order, now)
        progress(day, sent)
    return now
