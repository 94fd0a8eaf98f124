"""A decision while it is being made: what it reads, what it has found so far, and what every part asks."""

from datetime import datetime

import msgspec

from policy.values import Hold, No, Situation
from strategies.language import Step
from strategies.rulebook import Rulebook
from strategies.timeline import state_of
from strategies.values import Begun, Ending, Enrolled, Facts, Governs, Key, Occurrence, Plan, Waiting, Work

# States of a contact in which something may have reached the person.
LEFT = frozenset({"sending", "accepted", "delivered", "unknown"})


class Candidate(msgspec.Struct):
    """An occurrence whose message may be said: the latest of its loan."""

    occurrence: Occurrence
    strategy: int
    step: Step
    days_late: int
    begun: Begun | None  # its message, where it was begun


class Deciding:
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
        self.candidates: list[Candidate] = []
        self.again: list[datetime] = []
        self.followed: set[int] = set()  # messages that are planned, deferred, or awaited
        self.governs: list[Governs] = []
        self.enrolled: list[Enrolled] = []
        self.moving: set[int] = set()  # loans whose new version waits for what is in flight
        self.ended = {key for loan in facts.loans for key in loan.ended} | set(facts.ended)
        self.left = {begun.id for begun in facts.begun if _left(begun)}

    def suppress(self, key: Key, *noes: No) -> None:
        """End it without a message, for these reasons."""
        if self.situation is not self.facts.situation:
            # What a promise put off is suppressed by it, not by the night that its end falls into.
            noes = tuple(sorted(noes, key=lambda no: no.rule == "hold"))
        self.endings.append(Ending(key, "suppressed", noes))

    def defer(self, key: Key, until: datetime, expires: datetime, noes: tuple[No, ...]) -> None:
        """It may not be now: it waits, unless it expires before."""
        self.waiting.append(Waiting(key, until, noes))
        self.again.append(min(until, expires))

    def in_the_air(self, key: Key) -> bool:
        """Whether a contact for it is being handed over, or may have left: its own record ends it."""
        begun = self.begun.get(key)
        return begun is not None and begun.id in self.left


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


def failed(begun: Begun | None) -> bool:
    """Whether a channel failed, be it that the provider said so only after it had taken the message."""
    return begun is not None and any(tried.state == "failed" for tried in begun.tried)


def gone_over(begun: Begun | None) -> set[str]:
    """Channels that were tried for a message and did not carry it."""
    if begun is None:
        return set()
    return {tried.channel for tried in begun.tried if tried.state in LEFT or tried.state == "failed"}


def _left(begun: Begun) -> bool:
    """Whether a contact of it is with a provider, arrived, or may have."""
    return any(tried.state in LEFT for tried in begun.tried)
