"""`decide`: what is to be done for a case now. The only decision there is, and it is pure.

The look, the claim and every explanation call it. Facts in, reasons out; the clock is `now`. For each loan
the latest step that has come fires and what it overtook is superseded (strategies/come.py); what may be said
now on one channel is one message; what may not be is deferred, with every no, and ends when it has lost its
sense (strategies/fire.py).
"""

from collections.abc import Iterator
from datetime import datetime

from strategies.come import answer_steps
from strategies.deciding import LEFT, Deciding
from strategies.fire import messages
from strategies.rulebook import Rulebook
from strategies.timeline import state_of
from strategies.values import Decision, Facts, Verdict


def decide(facts: Facts, rulebook: Rulebook, now: datetime) -> Decision:
    """What is to be done for the case at `now`. Total: every occurrence that has come gets an answer."""
    made = Deciding(facts, rulebook, now)
    for loan in facts.loans:
        answer_steps(made, loan)
    messages(made)
    _move(made)
    verdicts = tuple(_verdicts(made))
    closed = _close(made)
    after = min(made.again, default=None)
    made.again.extend(plan.expires for plan in made.plans)
    return Decision(
        tuple(made.found),
        tuple(made.plans),
        tuple(made.tasks),
        tuple(made.endings),
        tuple(made.waiting),
        closed,
        min(made.again, default=None),
        tuple(made.governs),
        verdicts,
        tuple(made.enrolled),
        after,
    )


def _move(made: Deciding) -> None:
    """A loan of which nothing is in flight any more moves to its new version: the next look is now."""
    ended = {ending.key for ending in made.endings} | {work.key for work in made.tasks}
    for loan in made.facts.loans:
        if loan.id in made.moving and set(loan.waiting) and set(loan.waiting) <= ended:
            made.again.append(made.now)


def _verdicts(made: Deciding) -> Iterator[Verdict]:
    """What has become of the case's promises; an open one is looked at again when its grace is over."""
    for promise in made.facts.promises:
        state = state_of(promise, made.facts, made.now)
        if promise.until > made.now:
            made.again.append(promise.until)
        if promise.own and state != promise.state:
            yield Verdict(promise.id, state)


def _close(made: Deciding) -> tuple[tuple[int, str], ...]:
    """Messages that nothing follows any more."""
    closed: list[tuple[int, str]] = []
    for begun in made.facts.begun:
        states = {tried.state for tried in begun.tried}
        if begun.id in made.followed or "sending" in states:
            continue
        if states & LEFT:
            closed.append((begun.id, "done"))
        else:
            closed.append((begun.id, "failed" if "failed" in states else "cancelled"))
    return tuple(closed)
