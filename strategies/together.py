"""Cases played together that are of one person, or share a loan: what is said in one counts in the others.

Time goes forward from one look to the next, as the clock of the machine would: looks of the first moment in
the batches of a real look, each later one by itself. What is planned counts as delivered at once; what a
provider has not confirmed yet is taken for delivered when the first moment is over; payments are known up to
every moment from the next day on, as a daily feed has it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Final

import msgspec
from msgspec.structs import replace

from policy.values import Past
from strategies.decide import decide
from strategies.play import Looked, Received, apply, as_past
from strategies.rulebook import Rulebook
from strategies.values import Begun, Decision, Drawn, Facts, Governs

_DAY: Final = timedelta(days=1)
_MEMORY: Final = timedelta(days=33)  # as long as facts remember contacts
_KEEP: Final = 24  # so many contacts are remembered before old ones are looked for
_PAYMENTS: Final = -1  # payments come before the looks of their moment
_LATER: Final = 1 << 40  # after every batch: looks that a look calls for
_CLAIMS: Final = 1 << 41  # and then what was planned before
_WAIT_FOR_FEED: Final = frozenset({"stale_feed", "promise_undecided"})
_STANDING: Final = frozenset({"planned", "claimed"})


class Start(msgspec.Struct, frozen=True):
    """A case as it stands: when it is looked at next (None: nothing but news changes it), in which batch."""

    facts: Facts
    at: datetime | None
    batch: int = 0


class Turn(msgspec.Struct, frozen=True):
    """A case was decided, and what was decided was done. `facts` are those that it was decided by."""

    at: datetime
    facts: Facts
    decision: Decision


class Came(msgspec.Struct, frozen=True):
    """A payment came in, for every case that has the loan. `cases` as they were before."""

    received: Received
    cases: tuple[Facts, ...]


def together(
    starts: Sequence[Start], rulebook: Rulebook, now: datetime, until: datetime, news: Iterable[Received] = ()
) -> Iterator[Turn | Came]:
    """Everything that happens from `now` through `until`, in order."""
    return _Play(starts, rulebook, now, until, news).events()


class _Play:
    def __init__(
        self,
        starts: Sequence[Start],
        rulebook: Rulebook,
        now: datetime,
        until: datetime,
        news: Iterable[Received],
    ) -> None:
        self.rulebook, self.now, self.until = rulebook, now, until
        self.tomorrow = now + _DAY
        self.facts = {start.facts.case: start.facts for start in starts}
        self.batch = {
            start.facts.case: start.batch for start in starts if start.at is not None and start.at <= now
        }
        self.next: dict[int, tuple[datetime, int]] = {}
        self.settled: set[int] = set()  # cases whose contacts in the air have arrived
        self.fed: set[int] = set()  # whose payments are known from here on
        self.queue: list[tuple[datetime, int, int]] = []
        self.news = sorted(news, key=lambda received: received.at)
        self.over: set[int] = set()  # messages that nothing follows any more
        self.held_back: list[tuple[int, Governs | Drawn]] = []  # a batch has read its facts before
        self.reading: tuple[datetime, int] = (now, 0)
        for start in starts:
            for moment, batch in self._begins(start):
                self._call(start.facts.case, moment, batch)
        self.queue.extend((received.at, _PAYMENTS, number) for number, received in enumerate(self.news))
        heapify(self.queue)

    def _begins(self, start: Start) -> Iterator[tuple[datetime, int]]:
        if start.at is not None:
            yield max(start.at, self.now), start.batch if start.at <= self.now else 0
        for begun in start.facts.begun:
            standing = _standing(begun)
            if standing is not None:
                yield max(standing, self.now), _CLAIMS
        if self._waits_for_feed(start.facts):
            yield self.tomorrow, 0

    def _waits_for_feed(self, facts: Facts) -> bool:
        """Whether something stands that the next feed may free."""
        if any(one.state == "open" and one.until <= self.tomorrow for one in facts.promises):
            return True
        for loan in facts.loans:
            if loan.waiting:
                stale = self.rulebook.strategies[loan.strategy].stale_after
                if loan.fed_at + stale <= self.tomorrow:
                    return True
        return False

    def events(self) -> Iterator[Turn | Came]:
        while self.queue:
            at, batch, number = heappop(self.queue)
            if at > self.until:
                return
            if batch == _PAYMENTS:
                yield self._receive(self.news[number])
                continue
            if self.next.get(number) != (at, batch):
                continue  # something called for it sooner
            if self.held_back and (at, batch) != self.reading:
                self._hand_on()
            self.reading = (at, batch)
            del self.next[number]
            yield self._look(number, at, batch)

    def _call(self, case: int, at: datetime, batch: int) -> None:
        """Have a case looked at, unless it is sooner anyway."""
        known = self.next.get(case)
        if known is None or (at, batch) < known:
            self.next[case] = (at, batch)
            heappush(self.queue, (at, batch, case))

    def _look(self, case: int, at: datetime, batch: int) -> Turn:
        facts = self._as_of(case, at, batch)
        looked = Looked(at, decide(facts, self.rulebook, at))
        decision = looked.decision
        self.facts[case] = after = apply(facts, looked)
        again = decision.after
        if again is not None:
            self._call(case, max(again, at), 0 if again > at else _LATER)
        if case not in self.fed and (
            any(one.noes and one.noes[-1].rule in _WAIT_FOR_FEED for one in decision.waiting)
            or any(one.state == "open" and one.until <= at for one in after.promises)
        ):
            self._call(case, self.tomorrow, 0)
        if len(self.facts) > 1:
            self._tell_others(facts, decision, at, batch)
        if len(after.situation.past) > _KEEP:
            self._forget(case, at)
        return Turn(at, facts, decision)

    def _as_of(self, case: int, at: datetime, batch: int) -> Facts:
        """The facts of a case at a moment: what was in the air has arrived, and payments are known."""
        facts = self.facts[case]
        if batch == _CLAIMS and len(self.facts) > 1:
            # At the claim what other cases have only planned does not count: two would wait for each other.
            past = tuple(one for one in facts.situation.past if one.result not in _STANDING)
            facts = replace(facts, situation=replace(facts.situation, past=past))
        if at > self.now and case not in self.settled:
            self.settled.add(case)
            if self.over:
                facts = _heard(facts, (), self.over)
            if facts.begun:
                facts = replace(facts, begun=tuple(_arrived(begun) for begun in facts.begun))
        if at >= self.tomorrow and case not in self.fed:
            self.fed.add(case)
            known = self.until + _DAY
            facts = replace(facts, loans=tuple(replace(loan, fed_at=known) for loan in facts.loans))
        return facts

    def _tell_others(self, facts: Facts, decision: Decision, at: datetime, batch: int) -> None:
        """What was said counts for the person's other cases; what governs a loan, for its other parties."""
        said = as_past(decision, at)
        over = {plan.message for plan in decision.plans if plan.message}
        closed = {message for message, _ in decision.closed}
        self.over |= closed
        if said or over or closed:
            for case, other in self.facts.items():
                if case != facts.case and other.person == facts.person:
                    gone = over if self._read_already(case, at, batch) else over | closed
                    self.facts[case] = _heard(other, said, gone)
        for governs in decision.governs:
            for case, other in self.facts.items():
                if case != facts.case and any(loan.id == governs.loan for loan in other.loans):
                    if self._read_already(case, at, batch):
                        self.held_back.append((case, governs))
                    else:
                        self.facts[case] = _knowing(other, governs)
                        self._call(case, at, _LATER)
        for enrolled in decision.enrolled:
            drawn = Drawn(enrolled.experiment, enrolled.arm)
            for case, other in self.facts.items():
                if case != facts.case and other.person == facts.person:
                    if self._read_already(case, at, batch):
                        self.held_back.append((case, drawn))
                    else:
                        self.facts[case] = _knowing(other, drawn)

    def _read_already(self, case: int, at: datetime, batch: int) -> bool:
        """Whether a case is of the batch at which we are: its facts were read before any was decided."""
        return at == self.now and self.batch.get(case) == batch

    def _hand_on(self) -> None:
        for case, found in self.held_back:
            self.facts[case] = _knowing(self.facts[case], found)
        self.held_back.clear()

    def _receive(self, received: Received) -> Came:
        found: list[Facts] = []
        for case, facts in self.facts.items():
            if any(loan.id == received.loan for loan in facts.loans):
                found.append(facts)
                self.facts[case] = apply(facts, received)
                self._call(case, received.at, 0)
        return Came(received, tuple(found))

    def _forget(self, case: int, at: datetime) -> None:
        """Contacts are remembered as long as facts are read back."""
        facts = self.facts[case]
        past = tuple(one for one in facts.situation.past if one.at > at - _MEMORY)
        self.facts[case] = replace(facts, situation=replace(facts.situation, past=past))


def _standing(begun: Begun) -> datetime | None:
    """When the contact of a message goes that is planned; None: none is."""
    last = begun.tried[-1] if begun.tried else None
    return last.at if last is not None and last.state in _STANDING else None


def _arrived(begun: Begun) -> Begun:
    tried = tuple(
        replace(one, state="delivered") if one.state in ("accepted", "sending") else one
        for one in begun.tried
    )
    return replace(begun, tried=tried)


def _heard(facts: Facts, said: tuple[Past, ...], over: set[int]) -> Facts:
    """The facts of another case of the person: what it knew as planned has been said, or will not be."""
    past = tuple(
        one for one in facts.situation.past if one.result not in _STANDING or one.message not in over
    )
    return replace(facts, situation=replace(facts.situation, past=past + said))


def _knowing(facts: Facts, found: Governs | Drawn) -> Facts:
    """The facts of a case with what another one's decision found: what governs a loan, the person's arm."""
    if isinstance(found, Drawn):
        known = any(one.experiment == found.experiment for one in facts.drawn)
        return facts if known else replace(facts, drawn=(*facts.drawn, found))
    loans = tuple(
        replace(loan, strategy=found.strategy, since=found.since, chosen=found.since)
        if loan.id == found.loan
        else loan
        for loan in facts.loans
    )
    return replace(facts, loans=loans)
