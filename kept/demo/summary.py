"""What happened in the demo, as tables that a manager would want to see."""

from collections import Counter, defaultdict
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from casework.insight.activity import WITHIN, Activity
from casework.insight.portfolio import BookFigures
from ledger.money import format_major

WORDS: Mapping[str, str] = {
    "paid": "paid before it was said",
    "later_step": "a later step had come",
    "not_oldest": "an older installment came first",
    "moved_on": "the strategy or the date had changed",
    "expired": "its time had passed",
    "stale_feed": "payments were not known up to date",
    "held_tape": "the tape waits for approval",
    "core_differs": "the core system states another balance",
    "hours": "outside the hours",
    "daily": "one message a day is enough",
    "weekly": "four messages a week are enough",
    "stop": "the person stopped the channel",
    "hold": "on hold",
    "no_address": "no address that may carry it",
    "none_left": "no channel was left",
    "planned": "planned, not sent yet",
    "closed": "the loan is closed",
    "recalled": "the loan was recalled",
    "sold": "the loan was sold",
    "written_off": "the loan is written off",
}


_STATES: Mapping[str, str] = {
    "suppressed": "not said",
    "superseded": "overtaken",
    "waiting": "waiting",
}


def show_book(out: Console, title: str, start: BookFigures, end: BookFigures) -> None:
    """Loans by bucket, at the start and at the end, and the arrears of each currency."""
    table = Table(title=title, title_justify="left")
    table.add_column("days past due")
    for column in ("loans at the start", "share", "loans at the end", "share"):
        table.add_column(column, justify="right")
    before = {row["bucket"]: row["loans"] for row in start.document()["by_bucket"]}
    after = {row["bucket"]: row["loans"] for row in end.document()["by_bucket"]}
    for bucket in sorted(before.keys() | after.keys(), key=_first_day):
        cells: list[str] = []
        for loans, figures in ((before, start), (after, end)):
            count = loans.get(bucket, 0)
            cells += [f"{count:,}", f"{count / (figures.loans or 1):.1%}"]
        table.add_row(bucket, *cells)
    table.add_section()
    table.add_row("all", f"{start.loans:,}", "", f"{end.loans:,}", "")
    out.print(table)
    money = Table(title="Owed at the end", title_justify="left")
    money.add_column("currency")
    money.add_column("outstanding", justify="right")
    money.add_column("in arrears", justify="right")
    money.add_column("of it", justify="right")
    for currency, outstanding in sorted(end.outstanding.items()):
        arrears = end.arrears.get(currency, 0)
        money.add_row(
            currency,
            format_major(outstanding, currency),
            format_major(arrears, currency),
            f"{arrears / (outstanding or 1):.1%}",
        )
    out.print(money)


def show_activity(out: Console, activity: Activity) -> None:
    """Messages by step and channel; what followed; what was not said, and why; work that waits."""
    _said(out, activity)
    table = Table(
        title=f"Paid in full within {WITHIN.days} days of the message (no proof that the message did it)",
        title_justify="left",
    )
    for column in ("step", "spoken of", "paid", "share"):
        table.add_column(column, justify="left" if column == "step" else "right")
    for row in activity.followed:
        table.add_row(
            row.step, f"{row.spoken_of:,}", f"{row.paid:,}", f"{row.paid / (row.spoken_of or 1):.0%}"
        )
    out.print(table)
    table = Table(title="Not said, and why", title_justify="left")
    table.add_column("")
    table.add_column("why")
    table.add_column("times", justify="right")
    for row in activity.unsaid:
        table.add_row(_STATES[row.state], WORDS.get(row.reason, row.reason), f"{row.count:,}")
    out.print(table)
    for kind, count in activity.tasks.items():
        out.print(f"Waiting for a person: {count:,} {kind} tasks.")


def _said(out: Console, activity: Activity) -> None:
    cells: dict[str, Counter[str]] = defaultdict(Counter)
    channels = sorted({row.channel for row in activity.said})
    for row in activity.said:
        key = "not sent" if row.state in ("cancelled", "planned", "claimed") else row.channel
        cells[row.step][key] += row.count
    table = Table(title="Messages handed over, by step and channel", title_justify="left")
    for column in ("step", *channels, "cancelled before sending"):
        table.add_column(column, justify="left" if column == "step" else "right")
    order = [row.step for row in activity.followed]
    for step in sorted(cells, key=lambda step: order.index(step) if step in order else len(order)):
        counted = cells[step]
        table.add_row(step, *(f"{counted[name]:,}" for name in (*channels, "not sent")))
    table.add_section()
    totals = [sum(counted[name] for counted in cells.values()) for name in (*channels, "not sent")]
    table.add_row("all", *(f"{total:,}" for total in totals))
    out.print(table)


def _first_day(bucket: str) -> int:
    return 0 if bucket == "current" else int(bucket.rstrip("+").partition("-")[0])
