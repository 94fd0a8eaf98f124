"""`kept look` and `kept send`: one pass over the due cases; delivering what is planned."""

import asyncio
import signal
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import typer

from kept.cli.arguments import Now, clock_for
from kept.cli.errors import BadInput
from kept.cli.output import AsJson, console, print_json, progress

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from casework.feeds import Silent
    from casework.look import LookReport
    from kept.clock import Clock

# A provider that asks to wait for longer is not waited for: what is left then is counted as deferred.
PATIENCE: Final = timedelta(minutes=1)


def register(app: typer.Typer) -> None:
    app.command("look", help="One pass over the due cases: decide each, and plan what may be said.")(look)
    app.command("send", help="Deliver what is planned until none is left.")(send)


def look(now: Now = None, as_json: AsJson = False) -> None:
    """Decide the cases whose time has come."""
    from kept.config import load

    settings = load()
    report, silent = asyncio.run(_look(clock_for(now, settings)))
    for one in silent:
        line = (
            f"kept: payments of {one.portfolio} ({one.source}) are known up to "
            f"{one.fed_at:%Y-%m-%d %H:%M} UTC only: {one.loans:,} loans past due wait for a newer feed"
        )
        print(line, file=sys.stderr)
    if as_json:
        print_json(_look_document(report))
        return
    _table("Looked", {name: value for name, value in _look_document(report).items() if name != "by_reason"})
    if report.by_reason:
        _table("Reasons of what was not said", dict(report.by_reason.most_common()))


async def _look(clock: "Clock") -> "tuple[LookReport, list[Silent]]":
    """What the look did; and the feeds that are too old to speak of arrears."""
    from casework.feeds import silent_feeds
    from casework.look import look
    from casework.played import note_look
    from kept.bootstrap import SYSTEM, assembled
    from kept.config import load

    async with assembled(load()) as running:
        with progress() as bar:
            task = bar.add_task("cases decided", total=None)
            await note_look(running.office, clock.now())
            report = await look(running.office, SYSTEM, clock.now(), lambda n: bar.advance(task, n))
        return report, await silent_feeds(running.office, clock.now())


def _look_document(report: "LookReport") -> dict[str, Any]:
    return {
        "cases": report.cases,
        "occurrences": report.occurrences,
        "messages": report.messages,
        "contacts": report.contacts,
        "tasks": report.tasks,
        "tasks_over": report.tasks_over,
        "suppressed": report.suppressed,
        "superseded": report.superseded,
        "waiting": report.waiting,
        "cancelled": report.cancelled,
        "undecided": report.undecided,
        "by_reason": dict(report.by_reason.most_common()),
    }


def send(now: Now = None, as_json: AsJson = False) -> None:
    """Hand over what is planned for now."""
    from casework.delivery.deliver import STATES
    from kept.config import load

    by_channel, paused = asyncio.run(_send(clock_for(now, load()), now))
    document = {
        channel: {state: counted.get(state, 0) for state in STATES} for channel, counted in by_channel.items()
    }
    if as_json:
        print_json(document)
        return
    from rich.table import Table

    table = Table(title="Sent")
    for column in ("channel", *STATES):
        table.add_column(column, justify="left" if column == "channel" else "right")
    for channel, counted in document.items():
        table.add_row(channel, *(f"{counted[state]:,}" for state in STATES))
    console().print(table)
    if paused:
        console().print("Some of the book is paused: kept resume goes on with it.")


async def _send(clock: "Clock", asked: "datetime | None") -> "tuple[Mapping[str, Mapping[str, int]], bool]":
    """By channel, what became of the contacts; and whether anything is paused."""
    from casework.delivery.deliver import deliver
    from casework.delivery.receipts import work_receipts
    from casework.inbound import work_replies
    from casework.outbox import store
    from casework.played import last_look
    from kept.bootstrap import SYSTEM, assembled
    from kept.config import load
    from kept.names import deliverer
    from kept.providers import CHANNELS, notifiers_of
    from kept.rates import rates_of

    settings = load()
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    async with assembled(settings) as running:
        office = running.office
        looked = await last_look(office)
        if looked is not None and clock.now() < looked:
            raise BadInput(
                f"the last look was played at {looked.isoformat()}, and {clock.now().isoformat()} is before; "
                + ("give a --now of then or later" if asked else "give --now with a moment of then or later")
            )
        notifiers, rates = notifiers_of(settings, store(office)), rates_of(settings, running.redis_url)
        try:
            await work_replies(office, SYSTEM, clock.now())
            await work_receipts(office, SYSTEM, clock.now())
            with progress() as bar:
                task = bar.add_task("contacts", total=None)
                report = await deliver(
                    office,
                    SYSTEM,
                    notifiers,
                    clock,
                    deliverer(),
                    rates=rates,
                    patience=PATIENCE,
                    progress=lambda n: bar.advance(task, n),
                    stopping=ending.is_set,
                )
        finally:
            for notifier in notifiers.values():
                await notifier.close()
            await rates.close()
    return {channel: report.by_channel.get(channel, {}) for channel in CHANNELS}, report.paused


def _table(title: str, rows: "Mapping[str, int]") -> None:
    from rich.table import Table

    table = Table(title=title, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in rows.items():
        table.add_row(name.replace("_", " "), f"{value:,}")
    console().print(table)
