"""Which step of a loan has come, whether it is meant for the loan, and whether it fires or waits.

The latest that is meant fires, and what it overtook is superseded. What waits and is not expected any more
ends with its reason; where what is owed is not certain, what is past due waits.
"""

from datetime import datetime

import msgspec

from policy.values import No
from strategies.arms import HOLDOUT
from strategies.deciding import Candidate, Deciding, failed
from strategies.enrol import arm_of, draw
from strategies.fire import task
from strategies.govern import govern
from strategies.language import Step, Strategy
from strategies.portrait import Portrait
from strategies.timeline import Anchors, anchors_of, state_of, timeline
from strategies.values import Begun, Ending, Enrolled, Governs, Key, Loan, Occurrence


def answer_steps(made: Deciding, loan: Loan) -> None:
    """Give every step that is expected of the loan by now its answer: the latest fires, the others end."""
    loan = _governed(made, loan)
    strategy = made.rulebook.strategies[loan.strategy]
    zone = made.facts.situation.zones[0]
    anchors = anchors_of(made.facts, loan, strategy, made.now)
    come: list[Occurrence] = []
    for occurrence in timeline(loan, strategy, zone, anchors=anchors):
        if occurrence.at > made.now:
            made.again.append(occurrence.at)
            break
        come.append(occurrence)
    ended = made.ended
    stored = set(loan.waiting)
    new = [o for o in come if o.key not in ended and o.key not in stored]
    made.found.extend(new)
    if new and (strategy.arms is not None or made.rulebook.rolling):
        _draw(made, loan, strategy, new)
    expected = {occurrence.key for occurrence in come} if loan.waiting else frozenset[Key]()
    for key in loan.waiting:
        if key not in expected and not made.in_the_air(key):
            ahead = timeline(loan, strategy, zone, anchors=anchors)
            moved = next((o for o in ahead if o.key == key), None)
            if moved is None:
                _end_unexpected(made, loan, key, anchors)
            else:
                _wait_for_it(made, moved)
    while come and not _meant(made, loan, strategy, come[-1]):
        come.pop()
    for occurrence in come[:-1]:
        if occurrence.key not in ended and not made.in_the_air(occurrence.key):
            no = No("strategy", "later_step", f"{come[-1].key.step} has come")
            made.endings.append(Ending(occurrence.key, "superseded", (no,)))
    if come:
        _latest(made, loan, strategy, come[-1], come[-1].key in ended)


def _governed(made: Deciding, loan: Loan) -> Loan:
    """The loan under the strategy that governs it now."""
    governed = govern(made.facts, loan, made.rulebook, made.now)
    made.again.extend(edge for edge in governed.edges if edge > made.now)
    if governed.coming is not None:  # a new version waits for what is in flight: it may be due before it
        strategy = made.rulebook.strategies[governed.coming]
        anchors = anchors_of(made.facts, loan, strategy, made.now)
        ahead = timeline(loan, strategy, made.facts.situation.zones[0], anchors=anchors)
        made.again.extend([o.at for o in ahead if o.at > made.now][:1])
        made.moving.add(loan.id)
    if not governed.changed:
        return loan
    made.governs.append(Governs(loan.id, governed.strategy, governed.since))
    return msgspec.structs.replace(
        loan, strategy=governed.strategy, since=governed.since, chosen=governed.since
    )


def _draw(made: Deciding, loan: Loan, strategy: Strategy, new: list[Occurrence]) -> None:
    """Draw the person into the experiment of the strategy, if one of the steps that came is within it.

    As who leads the loan: of two parties each would be in an arm, and one loan in two.
    """
    at = max((one.at for one in new if one.expires > made.now), default=None)
    if at is None or not loan.leads:
        return
    drawn = draw(made.facts, strategy, made.rulebook, at, made.now)
    if drawn is not None:
        made.facts = msgspec.structs.replace(made.facts, drawn=(*made.facts.drawn, drawn))
        made.enrolled.append(Enrolled(drawn.experiment, drawn.arm, loan.id, loan.unpaid[0].installment))


def _meant(made: Deciding, loan: Loan, strategy: Strategy, occurrence: Occurrence) -> bool:
    """Whether a step that has come is meant for this loan: its condition is asked once, at its moment.

    What was found to be meant and waits since is not asked its condition again. What is not meant supersedes
    nothing.
    """
    key = occurrence.key
    if key in loan.passed:
        return False
    step = strategy.step(key.step)
    if key in made.ended or made.in_the_air(key):
        return True
    waits = key in loan.waiting
    # An experiment may be stopped while a step of it waits: it is asked again for whom that is.
    if step.arm and (not waits or made.rulebook.experiments is not None):
        arm = arm_of(made.facts, strategy.arms, made.rulebook)
        if arm not in step.arm:
            detail = f"for {', '.join(step.arm)}; the person is in {arm}"
            made.suppress(key, No("strategy", "other_arm", detail))
            return False
    if step.when is not None and not waits:
        verdict = step.when.of(Portrait(made.facts, loan, made.rulebook, made.now))
        if not verdict.holds:
            made.suppress(key, No("strategy", "condition", f"{step.when.text}, where {verdict.why}"))
            return False
    return True


def _wait_for_it(made: Deciding, moved: Occurrence) -> None:
    """Its due date is later now, and it was not said: it waits for its new moment."""
    no = No("strategy", "moved_later", "the due date is later now")
    made.defer(moved.key, moved.at, moved.expires, (no,))
    begun = made.begun.get(moved.key)
    if begun is not None:
        made.followed.add(begun.id)


def _end_unexpected(made: Deciding, loan: Loan, key: Key, anchors: Anchors) -> None:
    if loan.status != "active":
        made.suppress(key, No("strategy", loan.status, f"the loan is {loan.status}"))
    elif key.anchor != "installment":
        _end_of_other(made, key, anchors)
    elif all(unpaid.installment != key.anchor_id for unpaid in loan.unpaid):
        made.suppress(key, No("strategy", "paid", "the installment is paid"))
    elif loan.unpaid[0].installment != key.anchor_id:
        no = No("strategy", "not_oldest", "an older installment is unpaid again")
        made.endings.append(Ending(key, "superseded", (no,)))
    else:
        no = No("strategy", "moved_on", "the strategy or the due date has changed")
        made.endings.append(Ending(key, "superseded", (no,)))


def _end_of_other(made: Deciding, key: Key, anchors: Anchors) -> None:
    """A waiting occurrence of a promise, or of the case, that is not expected any more."""
    promise = next((one for one in made.facts.promises if one.id == key.anchor_id), None)
    if key.anchor in ("promise", "broken") and (
        key.anchor_id not in {id_ for id_, _ in getattr(anchors, key.anchor)}
    ):
        state = state_of(promise, made.facts, made.now).replace("_", " ") if promise else "cancelled"
        made.suppress(key, No("strategy", "promise", f"the promise is {state}"))
    else:
        no = No("strategy", "moved_on", "the strategy or the due date has changed")
        made.endings.append(Ending(key, "superseded", (no,)))


def _latest(made: Deciding, loan: Loan, strategy: Strategy, occurrence: Occurrence, ended: bool) -> None:
    """The step that has come for a loan: does it fire, wait, or has it lost its sense?"""
    begun = made.begun.get(occurrence.key)
    if begun is not None and begun.id in made.left:
        if not _unconfirmed(made, begun):
            return
    elif ended and not failed(begun):
        return
    if occurrence.expires <= made.now:
        if not ended and not made.in_the_air(occurrence.key):
            made.suppress(occurrence.key, No("strategy", "expired", "its time had passed"))
        return
    step = strategy.step(occurrence.key.step)
    no = _unsure(made, loan, strategy, step)
    if no is not None:
        made.defer(occurrence.key, occurrence.expires, occurrence.expires, (no,))
        if begun is not None:
            made.followed.add(begun.id)
        return
    arms = strategy.arms
    if step.task is None and arms and not ended and arm_of(made.facts, arms, made.rulebook) == HOLDOUT:
        made.suppress(occurrence.key, No("strategy", "holdout", arms.experiment))
        return
    late = (made.now.date() - loan.unpaid[0].due).days
    candidate = Candidate(occurrence, loan.strategy, step, late, begun)
    if step.task is None:
        made.candidates.append(candidate)
    elif not ended:  # what was said under an older version is no call now
        task(made, candidate, step.task)


def _unsure(made: Deciding, loan: Loan, strategy: Strategy, step: Step) -> No | None:
    """Why what the loan owes is not certain; the step waits until somebody or the next feed has told."""
    if step.post_due and is_stale(loan, strategy, made.now):
        return No("strategy", "stale_feed", _known(loan))
    if "held_tape" in loan.unsure:
        return No("strategy", "held_tape", "the last tape of this loan waits for approval")
    if "core_differs" in loan.unsure and step.post_due:
        return No("strategy", "core_differs", "the core system states another balance")
    for promise in made.facts.promises if step.post_due else ():
        over = promise.pauses and loan.id in promise.loans and promise.until <= made.now
        if over and state_of(promise, made.facts, made.now) == "open":
            return No("strategy", "promise_undecided", _known(loan))
    return None


def is_stale(loan: Loan, strategy: Strategy, now: datetime) -> bool:
    """Whether the payments of the loan are too old at `now` to say who is late."""
    return loan.fed_at + strategy.stale_after <= now


def _known(loan: Loan) -> str:
    return f"payments are known up to {loan.fed_at:%Y-%m-%d %H:%M} UTC"


def _unconfirmed(made: Deciding, begun: Begun) -> bool:
    """Whether all that left should have been confirmed by now; from `unknown` nothing falls back."""
    if any(tried.state in ("sending", "delivered", "unknown") for tried in begun.tried):
        return False
    accepted = [tried.confirm_by for tried in begun.tried if tried.state == "accepted"]
    for confirm_by in accepted:
        if confirm_by is None:
            return False
        if confirm_by > made.now:
            made.followed.add(begun.id)
            made.again.append(confirm_by)
            return False
    return True
