"""`decide`: what is to be done for a case now. The only decision there is, and it is pure.

The look, the claim and every explanation call it. Facts in, reasons out; the clock is `now`. For each loan
the latest step that has come fires and what it overtook is superseded; what may be said now on one channel
is one message; what may not be is deferred, with every no, and ends when it has lost its sense.
"""

from datetime import datetime

import msgspec

from policy.earliest import earliest
from policy.values import Ask, No, Past, Situation
from strategies.addresses import asks_to_get_in_touch, way_of
from strategies.language import Step, Strategy
from strategies.rulebook import Rulebook
from strategies.timeline import timeline
from strategies.values import (
    Begun,
    Decision,
    Ending,
    Facts,
    Key,
    Loan,
    Occurrence,
    Plan,
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
        self.begun = {key: begun for begun in facts.begun for key in begun.keys}
        self.found: list[Occurrence] = []
        self.plans: list[Plan] = []
        self.tasks: list[Work] = []
        self.endings: list[Ending] = []
        self.waiting: list[Waiting] = []
        self.candidates: list[_Candidate] = []
        self.again: list[datetime] = []
        self.followed: set[int] = set()  # messages that are planned, deferred, or awaited
        self.ended = {key for loan in facts.loans for key in loan.ended}
        self.left = {begun.id for begun in facts.begun if _left(begun)}

    # --- which step of a loan has come -------------------------------------------------------------

    def loan(self, loan: Loan) -> None:
        strategy = self.rulebook.strategies[loan.strategy]
        zone = self.facts.situation.zones[0]
        come: list[Occurrence] = []
        for occurrence in timeline(loan, strategy, zone):
            if occurrence.at > self.now:
                self.again.append(occurrence.at)
                break
            come.append(occurrence)
        ended = set(loan.ended)
        stored = set(loan.waiting)
        self.found.extend(o for o in come if o.key not in ended and o.key not in stored)
        expected = {occurrence.key for occurrence in come}
        for key in loan.waiting:
            if key not in expected and not self._in_the_air(key):
                moved = next((o for o in timeline(loan, strategy, zone) if o.key == key), None)
                if moved is None:
                    self._end_unexpected(loan, key)
                else:
                    self._wait_for_it(moved)
        for occurrence in come[:-1]:
            if occurrence.key not in ended and not self._in_the_air(occurrence.key):
                no = No("strategy", "later_step", f"{come[-1].key.step} has come")
                self.endings.append(Ending(occurrence.key, "superseded", (no,)))
        if come:
            self._latest(loan, strategy, come[-1], come[-1].key in ended)

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

    def _end_unexpected(self, loan: Loan, key: Key) -> None:
        if loan.status != "active":
            self._suppress(key, No("strategy", loan.status, f"the loan is {loan.status}"))
        elif all(unpaid.installment != key.anchor_id for unpaid in loan.unpaid):
            self._suppress(key, No("strategy", "paid", "the installment is paid"))
        elif loan.unpaid[0].installment != key.anchor_id:
            no = No("strategy", "not_oldest", "an older installment is unpaid again")
            self.endings.append(Ending(key, "superseded", (no,)))
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
        stale = loan.fed_at + strategy.stale_after
        if step.post_due and stale <= self.now:
            detail = f"payments are known up to {loan.fed_at:%Y-%m-%d %H:%M} UTC"
            self._defer(
                occurrence.key,
                occurrence.expires,
                occurrence.expires,
                (No("strategy", "stale_feed", detail),),
            )
            if begun is not None:
                self.followed.add(begun.id)
            return
        no = _doubt(loan, step)
        if no is not None:
            self._defer(occurrence.key, occurrence.expires, occurrence.expires, (no,))
            if begun is not None:
                self.followed.add(begun.id)
            return
        due = next(u.due for u in loan.unpaid if u.installment == occurrence.key.anchor_id)
        late = (self.now.date() - due).days
        candidate = _Candidate(occurrence, loan.strategy, step, late, begun)
        if step.task is None:
            self.candidates.append(candidate)
        elif not ended:  # what was said under an older version is no call now
            self._task(candidate, step.task)

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
            ask = Ask(kind, (occurrence.loan,))
            answer = earliest(self.rules, ask, self.facts.situation, self.now)
            if answer.at is None or answer.at >= occurrence.expires:
                self._suppress(occurrence.key, *answer.noes)
                return
            if answer.at > self.now:
                self._defer(occurrence.key, answer.at, occurrence.expires, answer.noes)
                return
        self.tasks.append(Work(occurrence.key, occurrence.loan, kind, occurrence.expires))

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
        for index, plan in enumerate(self.plans):
            if plan.channel not in candidate.step.by:
                continue
            if plan.neutral != asks_to_get_in_touch(self.facts.addresses, candidate.step):
                continue
            own = begun is not None and plan.message == begun.id
            if not own and (alone or plan.message in self.left or plan.channel in over):
                continue
            ask = Ask(plan.channel, (candidate.occurrence.loan,), message=plan.message)
            answer = earliest(self.rules, ask, self.facts.situation, self.now)
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
        situation = self._with_plans()
        noes: list[No] = []
        for channel in candidate.step.by:
            if channel in over:
                continue
            way = way_of(self.facts.addresses, candidate.step, channel)
            if way is None:
                noes.append(No("addresses", "no_address", f"none on file that may carry it by {channel}"))
                continue
            answer = earliest(
                self.rules, Ask(channel, (occurrence.loan,), message=message), situation, self.now
            )
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

    def _with_plans(self) -> Situation:
        """The situation as it will be when what is planned so far has been said."""
        situation = self.facts.situation
        if not self.plans:
            return situation
        # Ids below zero: messages that have no row yet, each counted as one.
        planned = tuple(
            Past(self.now, plan.channel, "planned", plan.loans, plan.message or -index)
            for index, plan in enumerate(self.plans, 1)
        )
        return msgspec.structs.replace(situation, past=situation.past + planned)

    # --- what is written down ----------------------------------------------------------------------

    def _suppress(self, key: Key, *noes: No) -> None:
        self.endings.append(Ending(key, "suppressed", noes))

    def _defer(self, key: Key, until: datetime, expires: datetime, noes: tuple[No, ...]) -> None:
        self.waiting.append(Waiting(key, until, noes))
        self.again.append(min(until, expires))

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
    closed = working.close()
    return Decision(
        tuple(working.found),
        tuple(working.plans),
        tuple(working.tasks),
        tuple(working.endings),
        tuple(working.waiting),
        closed,
        min(working.again, default=None),
    )


def _doubt(loan: Loan, step: Step) -> No | None:
    """Why the loan's figures cannot be relied on; until somebody has looked the step waits."""
    if "held_tape" in loan.unsure:
        return No("strategy", "held_tape", "the last tape of this loan waits for approval")
    if "core_differs" in loan.unsure and step.post_due:
        return No("strategy", "core_differs", "the core system states another balance")
    return None


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
