"""The look: take the cases whose time has come, decide each, write what follows, in one transaction a batch.

Cost follows what is due, not the size of the book: an index gives the due cases, a fixed number of reads
gives their facts, COPY and array updates write what changed.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog
from msgspec.structs import replace

from casework.course import Course, course
from casework.office import Book, Office
from casework.staff.rights import Action, Actor, require
from policy.values import Past, reason_of
from storage.audit import Event, write
from storage.course import due_cases, put_off_look, write_changes
from storage.engine import AWAY
from storage.facts import load_facts
from storage.raw import Raw
from storage.tasks import end_work, open_work, reopen_work
from strategies.decide import decide
from strategies.over import turned
from strategies.rulebook import ENGINE
from strategies.values import Decision, Facts

BATCH = 1_000
UNDECIDED_WAITS = timedelta(hours=1)

log: structlog.stdlib.BoundLogger = structlog.get_logger("casework")

_ENCODER = msgspec.msgpack.Encoder()


class LookReport(msgspec.Struct):
    """What a look did: cases decided, rows made, occurrences by how they stand, and reasons of every no."""

    cases: int = 0
    occurrences: int = 0
    messages: int = 0
    contacts: int = 0
    tasks: int = 0
    tasks_over: int = 0  # calls and visits whose reason is gone
    suppressed: int = 0
    superseded: int = 0
    waiting: int = 0
    cancelled: int = 0
    undecided: int = 0  # cases that could not be decided; each waits an hour, and is an error in the log
    by_reason: Counter[str] = msgspec.field(default_factory=Counter[str])

    def add(self, other: "LookReport") -> None:
        """Count what another part of the look did."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


async def look(
    office: Office, actor: Actor, now: datetime, progress: Callable[[int], None] | None = None
) -> LookReport:
    """One pass over the cases due at `now`, in batches, until none is left. Raises Denied."""
    require(actor, Action.LOOK)
    report = LookReport()
    while True:
        cases, part = await _batch(office, actor, now)
        report.add(part)
        if progress:
            progress(len(cases))
        if not cases:
            return report


async def _batch(office: Office, actor: Actor, now: datetime) -> tuple[list[int], LookReport]:
    """The next cases, decided in one transaction; where that fails, each in one of its own."""
    cases: list[int] = []
    part = LookReport()
    try:
        async with office.transaction() as raw:
            cases = await due_cases(raw, now, BATCH)
            if cases:
                await _look_at(office, actor, raw, cases, now, part)
    except AWAY:
        raise
    except Exception:
        if not cases:
            raise
        part = await _each_alone(office, actor, cases, now)
    return cases, part


async def _each_alone(office: Office, actor: Actor, cases: Sequence[int], now: datetime) -> LookReport:
    """One case that cannot be decided holds up no other. Raises where none of several can: that is ours."""
    report = LookReport()
    failed: dict[int, Exception] = {}
    for case in cases:
        part = LookReport()
        try:
            async with office.transaction() as raw:
                if await due_cases(raw, now, 1, among=case):
                    await _look_at(office, actor, raw, [case], now, part)
        except AWAY:
            raise
        except Exception as error:
            failed[case] = error
        else:
            report.add(part)
    if len(failed) == len(cases) > 1:
        raise failed[cases[0]]
    for case, error in failed.items():
        # Foreign exceptions carry texts and addresses: no more of it than its kind.
        log.error("undecidable", case=case, error=type(error).__name__)
    async with office.transaction() as raw:
        await put_off_look(raw, list(failed), now + UNDECIDED_WAITS)
    report.undecided = len(failed)
    return report


async def _look_at(
    office: Office, actor: Actor, raw: Raw, cases: list[int], now: datetime, report: LookReport
) -> None:
    book = await office.book(raw)
    courses: list[Course] = []
    fresh = await load_facts(raw, cases, now, book.tolerance, book.needs, names=book.rulebook.names)
    for _, decision, made in decided(fresh, book, now):
        _count(report, decision, made)
        courses.append(made)
    changes = [made.change for made in courses]
    decision_of = await write_changes(
        raw, changes, now, made_by="look", rulebook=book.rulebook.digest, engine=ENGINE
    )
    work = turned(await open_work(raw, cases), fresh, now)
    await end_work(raw, work.over, now)
    await reopen_work(raw, work.again)
    report.tasks_over += len(work.over)
    events = [
        Event(now, actor.name, actor.role, "case.decided", "case", case, {"decision": decision})
        for case, decision in decision_of.items()
    ]
    events += [Event(now, actor.name, actor.role, "task.over", "task", task) for task in work.over]
    events += [Event(now, actor.name, actor.role, "task.reopened", "task", task) for task in work.again]
    await write(raw.connection, events)


def decided(
    cases: Sequence[Facts], book: Book, now: datetime, said: Mapping[int, Sequence[Past]] = {}
) -> Iterator[tuple[Facts, Decision, Course]]:
    """Decide cases one after the other; what is planned for one counts for the person's next.

    `said`: by person (`Facts.whose`), what is said to them at this very moment and no decision plans.
    """
    planned = {whose: list(past) for whose, past in said.items()}
    for facts in cases:
        before = planned.setdefault(facts.whose, [])
        if before:
            past = facts.situation.past + tuple(before)
            facts = replace(facts, situation=replace(facts.situation, past=past))
        decision = decide(facts, book.rulebook, now)
        # Ids below zero: new messages of another case, each counted as one.
        before.extend(
            Past(
                now,
                plan.channel,
                "planned",
                plan.loans,
                plan.message or -(facts.case * 100 + number),
                address=plan.address,
            )
            for number, plan in enumerate(decision.plans)
        )
        yield facts, decision, course(facts, decision, _ENCODER.encode(facts), now)


def _count(report: LookReport, decision: Decision, made: Course) -> None:
    change = made.change
    report.cases += 1
    report.occurrences += len(decision.found)
    report.messages += len(change.messages)
    report.contacts += len(change.contacts)
    report.tasks += len(change.tasks)
    report.waiting += len(decision.waiting)
    report.cancelled += len(change.cancelled)
    for ending in decision.endings:
        if ending.how == "suppressed":
            report.suppressed += 1
        else:
            report.superseded += 1
        report.by_reason[reason_of(ending.noes) or "none"] += 1
    for waiting in decision.waiting:
        report.by_reason[reason_of(waiting.noes) or "none"] += 1
