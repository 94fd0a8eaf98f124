"""`kept demo`: a sample book, ninety days of it, what happened, and the console in a browser."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from kept.cli.output import console

if TYPE_CHECKING:
    from kept.config import Settings


def register(app: typer.Typer) -> None:
    app.command(
        "demo",
        help="Play ninety days of a sample book, to yesterday, into a sandbox, say what happened, serve it.",
    )(demo)


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the summary instead of serving.")] = False,
    borrowers: Annotated[int, typer.Option(help="How many borrowers the sample has.", min=1)] = 2000,
    days: Annotated[int, typer.Option(help="How many days are played.", min=1, max=400)] = 90,
) -> None:
    """In a data folder of its own (demo/ within KEPT_DATA_DIR); no provider is ever reached from here."""
    from kept.demo.settings import demo_settings

    settings = demo_settings()
    asyncio.run(_demo(settings, borrowers, days))
    if not once:
        asyncio.run(_serve(settings))


async def _serve(settings: "Settings") -> None:
    """The console and the chat in a browser, until Ctrl-C."""
    from casework.staff.rights import Role
    from kept.demo.crew import hired
    from kept.demo.people import personas
    from kept.run import run_all
    from kept.sandbox import sandbox, talking_to

    async with sandbox(settings.http.port + 1, personas(settings.data_dir / "tape")) as chat:
        crew, begins = await hired(settings), f"{chat.url}/?start="
        console().print(f"\nThe console, as any role:       http://{settings.http.listen}/demo")
        console().print(f"The chat, as a borrower:         {chat.url}/  (Ctrl-C ends)")
        for role in (Role.COLLECTOR, Role.SUPERVISOR):
            who = f"The chat, as a {role}:"
            console().print(f"{who:<33}{begins}{crew.carries[role]}", soft_wrap=True)
        console().print("A code that the chat asks for comes to the console's outbox, which compliance sees.")
        await run_all(talking_to(settings, chat), portfolios=None, begins=begins, demo=crew.ids)


async def _demo(settings: "Settings", borrowers: int, days: int) -> None:
    from datetime import datetime, time, timedelta
    from zoneinfo import ZoneInfo

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from casework.insight.activity import activity_of
    from casework.insight.check import check
    from casework.insight.portfolio import portfolio
    from casework.staff.rights import Role
    from kept.bootstrap import OPERATOR, SYSTEM, assembled
    from kept.clock import SystemClock
    from kept.demo.crew import NAMES, hire
    from kept.demo.play import begin, play, split_feed
    from kept.demo.rounds import Rounds
    from kept.demo.settings import PORTFOLIOS, fresh
    from kept.demo.summary import show_activity, show_book
    from kept.sample import SEED, tape

    out = console()
    folder = settings.data_dir
    # It ends with yesterday, so that what is served afterwards is a book as of today.
    start = SystemClock().now().date() - timedelta(days=days + 1)
    with Progress(
        TextColumn("{task.description:<28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=out,
    ) as bar:
        task = bar.add_task("making the sample", total=days)
        written = tape(folder / "tape", seed=SEED, borrowers=borrowers, start=start, days=days)
        feed = split_feed(folder / "tape", start, days, folder / "feed")
        bar.update(task, description="starting the engines")
        await fresh(settings)
        async with assembled(settings, portfolios=PORTFOLIOS) as running:
            await begin(running, feed, start, lambda what: bar.update(task, description=what))
            since = datetime.combine(start, time(0), ZoneInfo("UTC")) + timedelta(days=1)
            before = await portfolio(running.office, OPERATOR, since, start)

            def played(day: object, sent: int) -> None:
                bar.update(task, description=f"{day}: {sent:>4} messages", advance=1)

            crew = await hire(running.office, since)
            rounds = Rounds(running.office, crew.ids, NAMES[Role.CREDIT_MANAGER])
            now = await play(running, feed, played, rounds)
            bar.update(task, description="counting")
            after = await portfolio(running.office, OPERATOR, now, start + timedelta(days=days))
            activity = await activity_of(running.office, OPERATOR, since, now)
            found = await check(running.office, SYSTEM, now, running.anchors.read())
    out.print(
        f"{written.borrowers:,} borrowers, {written.loans:,} loans, "
        f"{days} days from {start + timedelta(days=1)}."
    )
    show_book(out, "The book", before, after)
    show_activity(out, activity)
    broken = [row for row in found if not row.holds]
    for row in broken:
        out.print(f"BROKEN: {row.name}: {row.violations} violations")
    if not broken:
        out.print(f"All {len(found)} invariants hold (kept check).")
    else:
        raise typer.Exit(1)
