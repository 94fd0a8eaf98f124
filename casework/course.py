"""From a decision to what has to be written: the decision compared with what stands already.

The look and the claim both come through here, so whatever changed the facts (a payment, a stop, a new
strategy version) changes the course of a case in one way.
"""

from datetime import datetime

import msgspec

from policy.values import reason_of
from storage.course import CaseChange, NewContact, NewMessage, NewTask, OccurrenceChange, Settled
from strategies.outcomes import EFFECTS
from strategies.timeline import state_of
from strategies.values import Begun, Decision, Facts, Key, Occurrence, Plan, Tried, Verdict, Work


class Course(msgspec.Struct, frozen=True):
    """What a decision means for a case: the rows to write, and which planned contacts may go now."""

    change: CaseChange
    going: tuple[int, ...]  # contacts that stand as planned


def course(facts: Facts, decision: Decision, encoded: bytes, now: datetime) -> Course:
    """The difference between `decision` and the messages of `facts`. `encoded`: the facts as stored."""
    working = _Working(facts, decision, now)
    for plan in decision.plans:
        working.plan(plan)
    working.occurrences()
    working.messages()
    change = CaseChange(
        case=facts.case,
        person=facts.person,
        facts=encoded,
        new_occurrences=tuple(working.new_occurrences),
        occurrences=tuple(working.changed_occurrences),
        messages=tuple(working.new_messages),
        contacts=tuple(working.new_contacts),
        tasks=tuple(_task(work) for work in decision.tasks),
        cancelled=tuple(working.cancelled),
        put_off=tuple(working.put_off),
        closed=decision.closed,
        again=decision.again,
        governs=decision.governs,
        enrolled=decision.enrolled,
        settled=tuple(_settled(verdict, facts, now) for verdict in decision.verdicts),
    )
    return Course(change, tuple(working.going))


def _task(work: Work) -> NewTask:
    return NewTask(work.key, work.loan, work.kind, work.finish_by, work.queue, work.priority)


def _settled(verdict: Verdict, facts: Facts, now: datetime) -> Settled:
    """What the outcome's effect opens: work about the remainder, or at the second break a supervisor's."""
    code = f"promise_{verdict.state}"
    if verdict.state == "broken":
        broken = sum(state_of(one, facts, now) == "broken" for one in facts.promises if one.own)
        code = "promise_broken_again" if broken > 1 else code
    effect = EFFECTS.get(code)
    job = effect.job if effect is not None else None
    work = None if job is None else (job.kind, job.queue, job.priority, now + job.within)
    return Settled(verdict.promise, verdict.state, work)


class _Working:
    def __init__(self, facts: Facts, decision: Decision, now: datetime) -> None:
        self.decision, self.now = decision, now
        self.begun = {begun.id: begun for begun in facts.begun}
        self.found = {occurrence.key: occurrence for occurrence in decision.found}
        self.message_of = {key: begun.id for begun in facts.begun for key in begun.keys}
        self.ended = {key for loan in facts.loans for key in loan.ended}
        self.closed = dict(decision.closed)
        self.planned: dict[Key, int] = {}  # the message of each planned key; below 0: made here
        self.new_occurrences: list[tuple[Occurrence, OccurrenceChange]] = []
        self.changed_occurrences: list[OccurrenceChange] = []
        self.new_messages: list[NewMessage] = []
        self.new_contacts: list[NewContact] = []
        self.cancelled: list[tuple[int, str]] = []
        self.put_off: list[tuple[int, datetime]] = []
        self.going: list[int] = []

    def plan(self, plan: Plan) -> None:
        """Keep the contact that stands for it, or make one, with its message where there is none."""
        begun = self.begun.get(plan.message)
        if begun is None:
            message = -(len(self.new_messages) + 1)
            self.new_messages.append(NewMessage(message, plan.strategy, plan.step, plan.expires))
            self.new_contacts.append(NewContact(message, plan.channel, plan.address, 1))
        else:
            message = begun.id
            standing = _standing(begun)
            if standing and (standing.channel, standing.address) == (plan.channel, plan.address):
                self.going.append(standing.contact)
                if standing.at > self.now:
                    self.put_off.append((standing.contact, self.now))  # what it was put off for is over
            else:
                if standing:
                    self.cancelled.append((standing.contact, "replanned"))
                self.new_contacts.append(NewContact(message, plan.channel, plan.address, begun.attempts + 1))
        self.planned.update(dict.fromkeys(plan.keys, message))

    def occurrences(self) -> None:
        """What becomes of each occurrence: planned, tasked, waiting, or ended with its reasons."""
        changes = [OccurrenceChange(key, "waiting", message, ()) for key, message in self.planned.items()]
        changes += [OccurrenceChange(work.key, "tasked", None, ()) for work in self.decision.tasks]
        changes += [
            OccurrenceChange(waiting.key, "waiting", self._kept(waiting.key), waiting.noes)
            for waiting in self.decision.waiting
            if waiting.key not in self.ended  # a fallback that waits: what it repeats was messaged
        ]
        changes += [
            OccurrenceChange(ending.key, ending.how, self._last(ending.key), ending.noes)
            for ending in self.decision.endings
        ]
        for change in changes:
            occurrence = self.found.get(change.key)
            if occurrence is not None:
                self.new_occurrences.append((occurrence, change))
            elif change.message is None or change.noes or self.message_of.get(change.key) != change.message:
                self.changed_occurrences.append(change)

    def _kept(self, key: Key) -> int | None:
        """A deferred occurrence stays with its message, unless that goes out without it now."""
        message = self.message_of.get(key)
        return None if message in self.planned.values() else message

    def _last(self, key: Key) -> int | None:
        """An ended one stays with its message only where that ends too: nobody may think it was said."""
        message = self.message_of.get(key)
        return message if message in self.closed else None

    def messages(self) -> None:
        """Contacts that stand, but whose message is not planned now: put off or cancelled."""
        planned = {message for message in self.planned.values() if message > 0}
        until = {waiting.key: waiting.until for waiting in self.decision.waiting}
        for begun in self.begun.values():
            standing = _standing(begun)
            if standing is None or begun.id in planned:
                continue
            if begun.id in self.closed:
                self.cancelled.append((standing.contact, self._reason(begun)))
            else:
                later = min((until[key] for key in begun.keys if key in until), default=self.now)
                if standing.state == "claimed" or standing.at != later:
                    self.put_off.append((standing.contact, later))

    def _reason(self, begun: Begun) -> str:
        """The code of the first no among the endings of a message's occurrences, or that they moved on."""
        if any(key in self.planned for key in begun.keys):
            return "replanned"
        noes = [ending.noes for ending in self.decision.endings if ending.key in begun.keys]
        return (reason_of(noes[0]) if noes else None) or "not_expected"


def _standing(begun: Begun) -> Tried | None:
    """The contact of a message that is planned and not handed over."""
    last = begun.tried[-1] if begun.tried else None
    return last if last is not None and last.state in ("planned", "claimed") else None
