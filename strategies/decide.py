"""`decide`: what is to be done for a case now. The only decision there is, and it is pure.

The look, the claim and every explanation call it. Facts in, reasons out; the clock is `now`. For each loan
the latest step that has come fires and what it overtook is superseded; what may be said now on one channel
is one message; what may not be is deferred, with every no, and ends when it has lost its sense.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from policy.earliest import earliest
from policy.values import Hold, No, Past, Situation
from strategies.addresses import asks_to_get_in_touch, way_of
from strategies.arms import HOLDOUT
from strategies.asking import ask_about
from strategies.govern import govern
from strategies.language import Step, Strategy
from strategies.portrait import Portrait
from strategies.rulebook import Rulebook
from strategies.timeline import Anchors, anchors_of, state_of, timeline
from strategies.values import (
    Begun,
    Decision,
    Ending,
    Facts,
    Governs,
    Key,
    Loan,
    Occurrence,
    Plan,
    Verdict,
    Waiting,
    Work,
)

# States of a contact in which something may have reached the person.
_LEFT = frozenset({"sending", "accepted", "delivered", "unknown"})


class _Candidate(msgspec.Struct):
    """An occurrence whose message may be said: the latest of its loan."""

    occurrence: Occurrence
    strategy: int
    step: Step
    days_late: int
    begun: Begun | None  # its message, where it was begun


class _Working:
    """One decision while it is being made."""

    def __init__(self, facts: Facts, rulebook: Rulebook, now: datetime) -> None:
        self.facts, self.rulebook, self.now = facts, rulebook, now
        self.rules = rulebook.rules[facts.portfolio]
        self.situation = situation_of(facts, now)
        self.loans = {loan.id: loan for loan in facts.loans}
        self.begun = {key: begun for begun in facts.begun for key in begun.keys}
        self.found: list[Occurrence] = []
        self.plans: list[Plan] = []
        self.tasks: list[Work] = []
        self.endings: list[Ending] = []
        self.waiting: list[Waiting] = []
        self.candidates: list[_Candidate] = []
        self.again: list[datetime] = []
        self.followed: set[int] = set()  # messages that are planned, deferred, or awaited
        self.governs: list[Governs] = []
        self.moving: set[int] = set()  # loans whose new version waits for what is in flight
        self.ended = {key for loan in facts.loans for key in loan.ended} | set(facts.ended)
        self.left = {begun.id for begun in facts.begun if _left(begun)}

    # --- which step of a loan has come -------------------------------------------------------------

    def loan(self, loan: Loan) -> None:
        loan = self._governed(loan)
        strategy = self.rulebook.strategies[loan.strategy]
        zone = self.facts.situation.zones[0]
        anchors = anchors_of(self.facts, loan, strategy, self.now)
        come: list[Occurrence] = []
        for occurrence in timeline(loan, strategy, zone, anchors=anchors):
            if occurrence.at > self.now:
                self.again.append(occurrence.at)
                break
            come.append(occurrence)
        ended = self.ended
        stored = set(loan.waiting)
        self.found.extend(o for o in come if o.key not in ended and o.key not in stored)
        expected = {occurrence.key for occurrence in come}
        for key in loan.waiting:
            if key not in expected and not self._in_the_air(key):
                ahead = timeline(loan, strategy, zone, anchors=anchors)
                moved = next((o for o in ahead if o.key == key), None)
                if moved is None:
                    self._end_unexpected(loan, key, anchors)
                else:
                    self._wait_for_it(moved)
        while come and not self._meant(loan, strategy, come[-1]):
            come.pop()
        for occurrence in come[:-1]:
            if occurrence.key not in ended and not self._in_the_air(occurrence.key):
                no = No("strategy", "later_step", f"{come[-1].key.step} has come")
                self.endings.append(Ending(occurrence.key, "superseded", (no,)))
        if come:
            self._latest(loan, strategy, come[-1], come[-1].key in ended)

    def _governed(self, loan: Loan) -> Loan:
        """The loan under the strategy that governs it now."""
        governed = govern(self.facts, loan, self.rulebook, self.now)
        self.again.extend(edge for edge in governed.edges if edge > self.now)
        if governed.coming is not None:  # a new version waits for what is in flight: it may be due before it
            strategy = self.rulebook.strategies[governed.coming]
            anchors = anchors_of(self.facts, loan, strategy, self.now)
            ahead = timeline(loan, strategy, self.facts.situation.zones[0], anchors=anchors)
            self.again.extend([o.at for o in ahead if o.at > self.now][:1])
            self.moving.add(loan.id)
        if not governed.changed:
            return loan
        self.governs.append(Governs(loan.id, governed.strategy, governed.since))
        return msgspec.structs.replace(
            loan, strategy=governed.strategy, since=governed.since, chosen=governed.since
        )

    def _meant(self, loan: Loan, strategy: Strategy, occurrence: Occurrence) -> bool:
        """Whether a step that has come is meant for this loan: its condition is asked once, at its moment.

        What was found to be meant and waits since is not asked again. What is not meant supersedes nothing.
        """
        key = occurrence.key
        if key in loan.passed:
            return False
        step = strategy.step(key.step)
        if (step.when is None and not step.arm) or key in self.ended or key in loan.waiting:
            return True
        if step.arm:
            arm = strategy.arms.of(self.facts.person) if strategy.arms is not None else ""
            if arm not in step.arm:
                self._suppress(
                    key, No("strategy", "other_arm", f"for {', '.join(step.arm)}; the person is in {arm}")
                )
                return False
        if step.when is not None:
            verdict = step.when.of(Portrait(self.facts, loan, self.rulebook, self.now))
            if not verdict.holds:
                self._suppress(key, No("strategy", "condition", f"{step.when.text}, where {verdict.why}"))
                return False
        return True

    def _wait_for_it(self, moved: Occurrence) -> None:
        """Its due date is later now, and it was not said: it waits for its new moment."""
        no = No("strategy", "moved_later", "the due date is later now")
        self._defer(moved.key, moved.at, moved.expires, (no,))
        begun = self.begun.get(moved.key)
        if begun is not None:
            self.followed.add(begun.id)

    def _in_the_air(self, key: Key) -> bool:
        """Whether a contact for it is being handed over, or may have left: its own record ends it."""
        begun = self.begun.get(key)
        return begun is not None and begun.id in self.left

    def _end_unexpected(self, loan: Loan, key: Key, anchors: Anchors) -> None:
        if loan.status != "active":
            self._suppress(key, No("strategy", loan.status, f"the loan is {loan.status}"))
        elif key.anchor != "installment":
            self._end_of_other(key, anchors)
        elif all(unpaid.installment != key.anchor_id for unpaid in loan.unpaid):
            self._suppress(key, No("strategy", "paid", "the installment is paid"))
        elif loan.unpaid[0].installment != key.anchor_id:
            no = No("strategy", "not_oldest", "an older installment is unpaid again")
            self.endings.append(Ending(key, "superseded", (no,)))
        else:
            no = No("strategy", "moved_on", "the strategy or the due date has changed")
            self.endings.append(Ending(key, "superseded", (no,)))

    def _end_of_other(self, key: Key, anchors: Anchors) -> None:
        """A waiting occurrence of a promise, or of the case, that is not expected any more."""
        promise = next((one for one in self.facts.promises if one.id == key.anchor_id), None)
        if key.anchor in ("promise", "broken") and (
            key.anchor_id not in {id_ for id_, _ in getattr(anchors, key.anchor)}
        ):
            state = state_of(promise, self.facts, self.now).replace("_", " ") if promise else "cancelled"
            self._suppress(key, No("strategy", "promise", f"the promise is {state}"))
        else:
            no = No("strategy", "moved_on", "the strategy or the due date has changed")
            self.endings.append(Ending(key, "superseded", (no,)))

    def _latest(self, loan: Loan, strategy: Strategy, occurrence: Occurrence, ended: bool) -> None:
        """The step that has come for a loan: does it fire, wait, or has it lost its sense?"""
        begun = self.begun.get(occurrence.key)
        if begun is not None and begun.id in self.left:
            if not self._unconfirmed(begun):
                return
        elif ended and not _failed(begun):
            return
        if occurrence.expires <= self.now:
            if not ended and not self._in_the_air(occurrence.key):
                self._suppress(occurrence.key, No("strategy", "expired", "its time had passed"))
            return
        step = strategy.step(occurrence.key.step)
        no = self._unsure(loan, strategy, step)
        if no is not None:
            self._defer(occurrence.key, occurrence.expires, occurrence.expires, (no,))
            if begun is not None:
                self.followed.add(begun.id)
            return
        arms = strategy.arms
        if step.task is None and arms and not ended and arms.of(self.facts.person) == HOLDOUT:
            self._suppress(occurrence.key, No("strategy", "holdout", arms.experiment))
            return
        late = (self.now.date() - loan.unpaid[0].due).days
        candidate = _Candidate(occurrence, loan.strategy, step, late, begun)
        if step.task is None:
            self.candidates.append(candidate)
        elif not ended:  # what was said under an older version is no call now
            self._task(candidate, step.task)

    def _unsure(self, loan: Loan, strategy: Strategy, step: Step) -> No | None:
        """Why what the loan owes is not certain; the step waits until somebody or the next feed has told."""
        known = f"payments are known up to {loan.fed_at:%Y-%m-%d %H:%M} UTC"
        if step.post_due and loan.fed_at + strategy.stale_after <= self.now:
            return No("strategy", "stale_feed", known)
        if "held_tape" in loan.unsure:
            return No("strategy", "held_tape", "the last tape of this loan waits for approval")
        if "core_differs" in loan.unsure and step.post_due:
            return No("strategy", "core_differs", "the core system states another balance")
        for promise in self.facts.promises if step.post_due else ():
            over = promise.pauses and loan.id in promise.loans and promise.until <= self.now
            if over and state_of(promise, self.facts, self.now) == "open":
                return No("strategy", "promise_undecided", known)
        return None

    def _unconfirmed(self, begun: Begun) -> bool:
        """Whether all that left should have been confirmed by now; from `unknown` nothing falls back."""
        if any(tried.state in ("sending", "delivered", "unknown") for tried in begun.tried):
            return False
        accepted = [tried.confirm_by for tried in begun.tried if tried.state == "accepted"]
        for confirm_by in accepted:
            if confirm_by is None:
                return False
            if confirm_by > self.now:
                self.followed.add(begun.id)
                self.again.append(confirm_by)
                return False
        return True

    # --- may it be, and how ------------------------------------------------------------------------

    def _task(self, candidate: _Candidate, kind: str) -> None:
        occurrence = candidate.occurrence
        if kind in ("call", "visit"):
            ask = ask_about(self.loans[occurrence.loan], self.facts, self.rulebook, kind, self.now)
            answer = earliest(self.rules, ask, self._of(candidate), self.now)
            if answer.at is None or answer.at >= occurrence.expires:
                self._suppress(occurrence.key, *answer.noes)
                return
            if answer.at > self.now:
                self._defer(occurrence.key, answer.at, occurrence.expires, answer.noes)
                return
        step = candidate.step
        finish_by = occurrence.expires if step.deadline is None else self.now + step.deadline
        self.tasks.append(Work(occurrence.key, occurrence.loan, kind, finish_by, step.queue, step.priority))

    def _of(self, candidate: _Candidate) -> Situation:
        """What the rules read for it: a promise pauses all but what reminds of it."""
        return self.facts.situation if candidate.step.at.anchor == "promise" else self.situation

    def messages(self) -> None:
        """Latest loan first: its text leads, and what can be said on its channel joins it."""
        self.candidates.sort(key=lambda c: (-c.days_late, c.occurrence.loan))
        for candidate in self.candidates:
            if not self._join(candidate):
                self._choose(candidate)

    def _join(self, candidate: _Candidate) -> bool:
        """Into a message that is planned anyway, on a channel that the step knows and the rules allow.

        What was said once is only repeated as itself: it joins nothing else, and nothing joins what left.
        """
        begun = candidate.begun
        alone = candidate.occurrence.key in self.ended
        over = _gone_over(begun)
        apart = candidate.occurrence.key.anchor == "promise"  # it thanks rather than asks
        for index, plan in enumerate(self.plans):
            if plan.channel not in candidate.step.by or apart or plan.keys[0].anchor == "promise":
                continue
            if plan.neutral != asks_to_get_in_touch(self.facts.addresses, candidate.step):
                continue
            own = begun is not None and plan.message == begun.id
            if not own and (alone or plan.message in self.left or plan.channel in over):
                continue
            loan = self.loans[candidate.occurrence.loan]
            ask = ask_about(
                loan,
                self.facts,
                self.rulebook,
                plan.channel,
                self.now,
                message=plan.message,
                address=plan.address,
            )
            answer = earliest(self.rules, ask, self.situation, self.now)
            if answer.at == self.now:
                message = plan.message or self._free(begun)
                self.plans[index] = msgspec.structs.replace(
                    plan,
                    message=message,
                    keys=(*plan.keys, candidate.occurrence.key),
                    loans=(*plan.loans, candidate.occurrence.loan),
                    expires=min(plan.expires, candidate.occurrence.expires),
                )
                if message:
                    self.followed.add(message)
                return True
        return False

    def _free(self, begun: Begun | None) -> int:
        """The message that was begun, where nothing else is planned in it; 0: a new one."""
        if begun is None or any(plan.message == begun.id for plan in self.plans):
            return 0
        return begun.id

    def _choose(self, candidate: _Candidate) -> None:
        """The first channel, in the order of the step, on which it may be said; now, or when."""
        occurrence, begun = candidate.occurrence, candidate.begun
        message = self._free(begun)
        said = occurrence.key in self.ended
        if said and not message:
            return  # it goes again with the rest of its message, on a channel that is not of its step
        over = _gone_over(begun)
        situation = self._with_plans(self._of(candidate))
        noes: list[No] = []
        for channel in candidate.step.by:
            if channel in over:
                continue
            way = way_of(self.facts.addresses, candidate.step, channel)
            if way is None:
                noes.append(No("addresses", "no_address", f"none on file that may carry it by {channel}"))
                continue
            ask = ask_about(
                self.loans[occurrence.loan],
                self.facts,
                self.rulebook,
                channel,
                self.now,
                message=message,
                address=way.address.id,
            )
            answer = earliest(self.rules, ask, situation, self.now)
            noes.extend(answer.noes)
            if answer.at is None:
                continue
            if answer.at >= occurrence.expires:
                continue
            if answer.at > self.now:
                self._defer(occurrence.key, answer.at, occurrence.expires, tuple(noes))
            else:
                self.plans.append(
                    Plan(
                        message,
                        (occurrence.key,),
                        (occurrence.loan,),
                        channel,
                        way.address.id,
                        candidate.strategy,
                        candidate.step.id,
                        occurrence.expires,
                        way.neutral,
                    )
                )
            if message:
                self.followed.add(message)
            return
        if said:
            return  # there is only no further channel to confirm it on
        if begun is not None and _failed(begun):
            noes.append(No("channels", "none_left", "failed on " + ", ".join(t.channel for t in begun.tried)))
        self._suppress(occurrence.key, *noes)

    def _with_plans(self, situation: Situation) -> Situation:
        """The situation as it will be when what is planned so far has been said."""
        if not self.plans:
            return situation
        # Ids below zero: messages that have no row yet, each counted as one.
        planned = tuple(
            Past(self.now, plan.channel, "planned", plan.loans, plan.message or -index, address=plan.address)
            for index, plan in enumerate(self.plans, 1)
        )
        return msgspec.structs.replace(situation, past=situation.past + planned)

    # --- what is written down ----------------------------------------------------------------------

    def _suppress(self, key: Key, *noes: No) -> None:
        if self.situation is not self.facts.situation:
            # What a promise put off is suppressed by it, not by the night that its end falls into.
            noes = tuple(sorted(noes, key=lambda no: no.rule == "hold"))
        self.endings.append(Ending(key, "suppressed", noes))

    def _defer(self, key: Key, until: datetime, expires: datetime, noes: tuple[No, ...]) -> None:
        self.waiting.append(Waiting(key, until, noes))
        self.again.append(min(until, expires))

    def move(self) -> None:
        """A loan of which nothing is in flight any more moves to its new version: the next look is now."""
        ended = {ending.key for ending in self.endings} | {work.key for work in self.tasks}
        for loan in self.facts.loans:
            if loan.id in self.moving and set(loan.waiting) and set(loan.waiting) <= ended:
                self.again.append(self.now)

    def verdicts(self) -> Iterator[Verdict]:
        """What has become of the case's promises; an open one is looked at again when its grace is over."""
        for promise in self.facts.promises:
            state = state_of(promise, self.facts, self.now)
            if promise.until > self.now:
                self.again.append(promise.until)
            if promise.own and state != promise.state:
                yield Verdict(promise.id, state)

    def close(self) -> tuple[tuple[int, str], ...]:
        """Messages that nothing follows any more."""
        closed: list[tuple[int, str]] = []
        for begun in self.facts.begun:
            states = {tried.state for tried in begun.tried}
            if begun.id in self.followed or "sending" in states:
                continue
            if states & _LEFT:
                closed.append((begun.id, "done"))
            else:
                closed.append((begun.id, "failed" if "failed" in states else "cancelled"))
        return tuple(closed)


def decide(facts: Facts, rulebook: Rulebook, now: datetime) -> Decision:
    """What is to be done for the case at `now`. Total: every occurrence that has come gets an answer."""
    working = _Working(facts, rulebook, now)
    for loan in facts.loans:
        working.loan(loan)
    working.messages()
    for plan in working.plans:
        working.again.append(plan.expires)
    working.move()
    verdicts = tuple(working.verdicts())
    closed = working.close()
    return Decision(
        tuple(working.found),
        tuple(working.plans),
        tuple(working.tasks),
        tuple(working.endings),
        tuple(working.waiting),
        closed,
        min(working.again, default=None),
        tuple(working.governs),
        verdicts,
    )


def situation_of(facts: Facts, now: datetime) -> Situation:
    """What the rules read at `now`: an open promise pauses its loans until its grace is over."""
    paused = tuple(
        Hold("promise", loan, promise.made_at, promise.until)
        for promise in facts.promises
        if promise.pauses and now < promise.until and state_of(promise, facts, now) == "open"
        for loan in promise.loans
    )
    if not paused:
        return facts.situation
    return msgspec.structs.replace(facts.situation, holds=facts.situation.holds + paused)


def _failed(begun: Begun | None) -> bool:
    """Whether a channel failed, be it that the provider said so only after it had taken the message."""
    return begun is not None and any(tried.state == "failed" for tried in begun.tried)


def _left(begun: Begun) -> bool:
    """Whether a contact of it is with a provider, arrived, or may have."""
    return any(tried.state in _LEFT for tried in begun.tried)


def _gone_over(begun: Begun | None) -> set[str]:
    """Channels that were tried for a message and did not carry it."""
    if begun is None:
        return set()
    return {tried.channel for tried in begun.tried if tried.state in _LEFT or tried.state == "failed"}
