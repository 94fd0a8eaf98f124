"""What happened in a simulation, counted as it goes: nothing is kept of a person but what is compared."""

from collections import Counter
from datetime import date, datetime
from typing import Final

import msgspec

from casework.simulation.voice import Spoken, Voice
from ledger.standing import CURRENT, standing
from policy.calendar import local_day
from strategies.portrait import terms_of
from strategies.rulebook import Counting, Rulebook
from strategies.together import Came, Turn
from strategies.values import Facts, Key, Loan, Plan, Work

_STANDING: Final = ("planned", "claimed")
_USUAL: Final = Counting()


class Cell(msgspec.Struct, frozen=True):
    """Where a message or a task is counted. `by`: its channel, or the kind of work."""

    day: date
    portfolio: int
    strategy: str
    step: str
    bucket: str
    by: str
    queue: str = ""


class Contact(msgspec.Struct, frozen=True):
    """A contact. `standing`: it was planned before; None: it is new."""

    person: int
    case: int
    strategy: str
    step: str
    channel: str
    address: int
    at: datetime
    loans: tuple[int, ...]
    spoken: Spoken
    standing: int | None


class Heard(msgspec.Struct):
    """What one person heard and had done for them."""

    contacts: int = 0
    tasks: int = 0
    first: datetime | None = None


class Tally:
    """One scenario, counted."""

    def __init__(self, rulebook: Rulebook, voice: Voice, now: datetime, keep: datetime | None = None) -> None:
        """`keep`: contacts up to then are kept one by one, to be held against real looks."""
        self.rulebook, self.voice, self.now, self.keep = rulebook, voice, now, keep
        self.names = {key: one.name for key, one in rulebook.strategies.items()}
        self.decisions = 0
        self.messages: Counter[Cell] = Counter()
        self.segments: Counter[Cell] = Counter()
        self.tasks: Counter[Cell] = Counter()
        self.refused: Counter[str] = Counter()
        # (pack, rule) of every no: once for each occurrence that it put off, or that ended with it
        self.suppressed: Counter[tuple[str, str]] = Counter()
        self.superseded = 0
        self.deferred: Counter[tuple[str, str]] = Counter()
        self.reached = 0  # persons to whom anything was said
        self.people: dict[int, Heard] = {}  # of the group that is played now
        self.contacts: list[Contact] = []
        self.first_tasks = 0  # of the first moment
        self._put_off: set[tuple[Key, str, str]] = set()

    def begin(self) -> None:
        """Another group of persons."""
        self.reached += sum(1 for heard in self.people.values() if heard.contacts)
        self.people = {}
        self._put_off = set()

    def turn(self, turn: Turn) -> None:
        """A case was decided."""
        self.decisions += 1
        decision = turn.decision
        for plan in decision.plans:
            self._say(plan, turn)
        for work in decision.tasks:
            self._work(work, turn)
        for ending in decision.endings:
            if ending.how == "suppressed":
                self.suppressed.update({(no.pack, no.rule) for no in ending.noes})
            else:
                self.superseded += 1
        for waiting in decision.waiting:
            for no in waiting.noes:
                told = (waiting.key, no.pack, no.rule)
                if told not in self._put_off:
                    self._put_off.add(told)
                    self.deferred[no.pack, no.rule] += 1

    def _say(self, plan: Plan, turn: Turn) -> None:
        facts, at = turn.facts, turn.at
        spoken = self.voice.says(plan, facts, at)
        if self.keep is not None and at <= self.keep:
            self.contacts.append(
                Contact(
                    facts.person,
                    facts.case,
                    self.names[plan.strategy],
                    plan.step,
                    plan.channel,
                    plan.address,
                    at,
                    plan.loans,
                    spoken,
                    _stands(plan, facts),
                )
            )
        if spoken.refused is not None:
            self.refused[spoken.refused] += 1
            return
        cell = self._cell(facts, plan.loans[0], plan.strategy, plan.step, plan.channel, at)
        self.messages[cell] += 1
        self.segments[cell] += spoken.segments
        heard = self.people.setdefault(facts.person, Heard())
        heard.contacts += 1
        heard.first = heard.first or at

    def _work(self, work: Work, turn: Turn) -> None:
        loan = next(one for one in turn.facts.loans if one.id == work.loan)
        version = next((one.strategy for one in turn.decision.governs if one.loan == loan.id), loan.strategy)
        self.first_tasks += turn.at == self.now
        cell = self._cell(turn.facts, loan.id, version, work.key.step, work.kind, turn.at, work.queue)
        self.tasks[cell] += 1
        self.people.setdefault(turn.facts.person, Heard()).tasks += 1

    def _cell(
        self, facts: Facts, loan: int, version: int, step: str, by: str, at: datetime, queue: str = ""
    ) -> Cell:
        of = next(one for one in facts.loans if one.id == loan)
        day = local_day(at, facts.situation.zones[0])
        bucket = bucket_of(facts, of, self.rulebook, at)
        return Cell(day, facts.portfolio, self.names[version], step, bucket, by, queue)


def bucket_of(facts: Facts, loan: Loan, rulebook: Rulebook, at: datetime) -> str:
    """The bucket of a loan at a moment."""
    if not loan.unpaid:
        return CURRENT
    counting = rulebook.counting.get(facts.portfolio, _USUAL)
    terms = terms_of(counting, loan.traits.currency if loan.traits else "EUR", loan.zone)
    return standing(loan.unpaid, terms, local_day(at, loan.zone)).bucket


def _stands(plan: Plan, facts: Facts) -> int | None:
    """The contact that was planned before and stands for the plan."""
    for begun in facts.begun:
        if plan.message and begun.id == plan.message and begun.tried:
            last = begun.tried[-1]
            if last.state in _STANDING and (last.channel, last.address) == (plan.channel, plan.address):
                return last.contact
    return None


class Money(msgspec.Struct):
    """What was paid in a simulation, whoever was reminded: the payers do not know what they hear."""

    payments: int = 0
    received: Counter[str] = msgspec.field(default_factory=Counter[str])  # minor units by currency
    cured: Counter[str] = msgspec.field(default_factory=Counter[str])  # loans by the bucket they left
    cured_on: Counter[date] = msgspec.field(default_factory=Counter[date])
    at_start: Counter[str] = msgspec.field(default_factory=Counter[str])  # loans by bucket
    at_end: Counter[str] = msgspec.field(default_factory=Counter[str])

    def came(self, came: Came, rulebook: Rulebook) -> None:
        """A payment."""
        received = came.received
        for facts in came.cases:
            loan = next(one for one in facts.loans if one.id == received.loan)
            if not loan.leads:
                continue
            left = sum(one.left for one in loan.unpaid if one.installment == received.installment)
            self.payments += 1
            self.received[loan.traits.currency if loan.traits else "EUR"] += left
            before = bucket_of(facts, loan, rulebook, received.at)
            rest = tuple(one for one in loan.unpaid if one.installment != received.installment)
            after = bucket_of(facts, msgspec.structs.replace(loan, unpaid=rest), rulebook, received.at)
            if before != CURRENT and after == CURRENT:
                self.cured[before] += 1
                self.cured_on[received.day] += 1
            return

    def loans(
        self, cases: list[Facts], paid: set[int], rulebook: Rulebook, now: datetime, end: datetime
    ) -> None:
        """Where the loans of a group stand at the start and at the end; `paid`: installments by then."""
        for facts in cases:
            for loan in facts.loans:
                if loan.leads and loan.status == "active":
                    self.at_start[bucket_of(facts, loan, rulebook, now)] += 1
                    left = loan
                    if paid:
                        rest = tuple(one for one in loan.unpaid if one.installment not in paid)
                        left = msgspec.structs.replace(loan, unpaid=rest)
                    self.at_end[bucket_of(facts, left, rulebook, end)] += 1
