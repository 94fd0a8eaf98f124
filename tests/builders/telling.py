"""What a strategy tells a borrower over time, a line a contact; and why occurrences ended."""

from collections.abc import Iterable
from datetime import date, datetime

from strategies.play import Event, Looked, play
from strategies.values import Decision, Facts
from tests.builders.facts import at, local, rulebook

DUE = date(2026, 11, 20)  # a Friday
NOW = at("2026-11-23 09:00")
BOOK = rulebook()
START = at("2026-11-10 00:00")


def told(found: Facts, until: datetime, news: Iterable[Event] = (), now: datetime = START) -> list[str]:
    """What was said and tasked, one a line: "2026-11-23 08:00 sms late-3"; loans where there are several."""
    lines: list[str] = []
    for event in play(found, BOOK, now, until, news):
        if isinstance(event, Looked):
            when = local(event.at)
            for plan in event.decision.plans:
                loans = f" {'+'.join(map(str, plan.loans))}" if len(found.loans) > 1 else ""
                lines.append(f"{when} {plan.channel} {plan.step}{loans}")
            lines += [f"{when} task {work.kind}" for work in event.decision.tasks]
    return lines


def reasons(decision: Decision) -> dict[str, str]:
    """How each occurrence ended and why: {"late-3": "superseded later_step"}."""
    return {ending.key.step: f"{ending.how} {ending.noes[-1].rule}" for ending in decision.endings}
