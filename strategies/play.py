"""Time played forward: decide, take what was decided for done, jump to the next moment that matters.

What is planned counts as delivered at once, and a task as handed out. So this says what a strategy does
when nothing fails; payments, feeds, stops and holds come in as news.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

import msgspec
from msgspec.structs import replace

from ledger.standing import Unpaid
from policy.calendar import local_day
from policy.values import Hold, Past
from strategies.decide import decide
from strategies.rulebook import Rulebook
from strategies.values import NOT_MEANT, Decision, Drawn, Facts, Governs, Key, Loan, Promise

_MOMENT = timedelta(microseconds=1)


class Looked(msgspec.Struct, frozen=True):
    """The case was decided, and what was decided was done."""

    at: datetime
    decision: Decision


class Owed(msgspec.Struct, frozen=True):
    """What a loan owes now, as its ledger has it: after a payment, a reversal, a corrected schedule."""

    at: datetime
    loan: int
    unpaid: tuple[Unpaid, ...]
    status: str = "active"


class Received(msgspec.Struct, frozen=True):
    """An installment was paid on a day; known from `at` on."""

    at: datetime
    day: date
    loan: int
    installment: int


class Fed(msgspec.Struct, frozen=True):
    """The payments of every loan are known up to here."""

    at: datetime


class Consented(msgspec.Struct, frozen=True):
    """The person granted or revoked a channel."""

    at: datetime
    channel: str
    state: str


class Paused(msgspec.Struct, frozen=True):
    """A hold was put on the person or a loan."""

    at: datetime
    hold: Hold


class Promised(msgspec.Struct, frozen=True):
    """A promise as it stands now: made, paid towards, or (state `cancelled`) taken back."""

    at: datetime
    promise: Promise


Event = Looked | Owed | Received | Fed | Consented | Paused | Promised


def apply(facts: Facts, event: Event) -> Facts:
    """The facts after `event`. Keys of paid installments are kept: a reversal finds them again."""
    situation = facts.situation
    match event:
        case Looked(at, decision):
            return _done(facts, decision, at)
        case Owed(at, loan, unpaid, status):
            loans = tuple(
                replace(one, unpaid=unpaid, status=status, fed_at=max(one.fed_at, at))
                if one.id == loan
                else one
                for one in facts.loans
            )
            return replace(facts, loans=loans)
        case Received():
            return _received(facts, event)
        case Fed(at):
            return replace(
                facts, loans=tuple(replace(loan, fed_at=max(loan.fed_at, at)) for loan in facts.loans)
            )
        case Consented(_, channel, state):
            consents = {**situation.consents, channel: state}
            return replace(facts, situation=replace(situation, consents=consents))
        case Paused(_, hold):
            return replace(facts, situation=replace(situation, holds=(*situation.holds, hold)))
        case Promised(_, promise):
            others = tuple(one for one in facts.promises if one.id != promise.id)
            return replace(facts, promises=others if promise.state == "cancelled" else (*others, promise))


def play(
    facts: Facts, rulebook: Rulebook, now: datetime, until: datetime, news: Iterable[Event] = ()
) -> Iterator[Event]:
    """What happens from `now` up to `until`, in order: each look, and each of `news` (by moment) at its time.

    News comes before the look of its moment, as what was committed is seen by the next decision.
    """
    coming = sorted((event for event in news if now <= event.at <= until), key=lambda event: event.at)
    moment: datetime | None = now
    while True:
        if coming and (moment is None or coming[0].at <= moment):
            event = coming.pop(0)
            moment = event.at
        elif moment is not None and moment <= until:
            event = Looked(moment, decide(facts, rulebook, moment))
            moment = event.decision.again
        else:
            return
        facts = apply(facts, event)
        yield event


def as_past(decision: Decision, at: datetime) -> tuple[Past, ...]:
    """What was planned as the caps read it, once it was said."""
    return tuple(
        Past(at, plan.channel, "delivered", plan.loans, plan.message, address=plan.address)
        for plan in decision.plans
    )


def governed(facts: Facts, decision: Decision) -> Facts:
    """The facts with each loan under the strategy that the decision found to govern it."""
    if not decision.governs:
        return facts
    governs = {one.loan: one for one in decision.governs}
    return replace(facts, loans=tuple(_governed(loan, governs.get(loan.id)) for loan in facts.loans))


def _governed(loan: Loan, governs: Governs | None) -> Loan:
    if governs is None:
        return loan
    return replace(loan, strategy=governs.strategy, since=governs.since, chosen=governs.since)


def _received(facts: Facts, event: Received) -> Facts:
    """One installment less; and so much more towards the promises of its loan, where it came in time."""
    left = 0
    loans: list[Loan] = []
    due = facts.situation.due
    for loan in facts.loans:
        if loan.id == event.loan:
            left = sum(unpaid.left for unpaid in loan.unpaid if unpaid.installment == event.installment)
            unpaid = tuple(one for one in loan.unpaid if one.installment != event.installment)
            traits = loan.traits
            if traits is not None and traits.outstanding is not None:
                traits = replace(traits, outstanding=max(traits.outstanding - left, 0))
            loan = replace(loan, unpaid=unpaid, traits=traits, fed_at=max(loan.fed_at, event.at))
            if loan.id in due:
                due = {key: day for key, day in due.items() if key != loan.id}
                if unpaid:
                    due[loan.id] = unpaid[0].due
        loans.append(loan)
    situation = facts.situation if due is facts.situation.due else replace(facts.situation, due=due)
    zone = facts.situation.zones[0]
    promises = tuple(
        replace(one, paid=one.paid + left)
        if event.loan in one.loans
        and local_day(one.made_at, zone) <= event.day <= local_day(one.until - _MOMENT, zone)
        else one
        for one in facts.promises
    )
    return replace(facts, loans=tuple(loans), situation=situation, promises=promises)


def _done(facts: Facts, decision: Decision, at: datetime) -> Facts:
    if not (
        decision.found
        or decision.plans
        or decision.tasks
        or decision.endings
        or decision.closed
        or decision.governs
        or decision.verdicts
        or decision.enrolled
    ):
        return facts
    ended = {ending.key for ending in decision.endings} | {work.key for work in decision.tasks}
    ended.update(key for plan in decision.plans for key in plan.keys)
    passed = {one.key for one in decision.endings if one.noes and one.noes[-1].rule in NOT_MEANT}
    states = {one.promise: one.state for one in decision.verdicts}
    said = as_past(decision, at)
    closed = {message for message, _ in decision.closed} | {plan.message for plan in decision.plans}
    situation = replace(facts.situation, past=facts.situation.past + said)
    drawn = tuple(Drawn(one.experiment, one.arm) for one in decision.enrolled)
    return replace(
        facts,
        situation=situation,
        drawn=facts.drawn + drawn,
        loans=tuple(
            _loan(
                loan,
                [occurrence.key for occurrence in decision.found if occurrence.loan == loan.id],
                ended,
                passed,
            )
            for loan in governed(facts, decision).loans
        ),
        begun=tuple(begun for begun in facts.begun if begun.id not in closed),
        promises=tuple(replace(one, state=states.get(one.id, one.state)) for one in facts.promises)
        if states
        else facts.promises,
    )


def _loan(loan: Loan, found: list[Key], ended: set[Key], passed: set[Key]) -> Loan:
    """The loan with its new occurrences, and those that ended, where they belong."""
    open_before = (*loan.waiting, *found)
    if not open_before:
        return loan
    done = tuple(key for key in open_before if key in ended)
    return replace(
        loan,
        ended=loan.ended + done,
        waiting=tuple(key for key in open_before if key not in ended),
        passed=loan.passed + tuple(key for key in done if key in passed) if passed else loan.passed,
    )
