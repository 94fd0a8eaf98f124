"""A person with two loans whose life goes on: payments, promises, stops, disputes, versions, in any order.

What is checked here is worked out anew from what was done, and not by the code that decides.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from msgspec.structs import replace

from ledger.standing import Unpaid
from policy.calendar import day_start, local_day
from policy.values import Hold
from strategies.play import Looked, apply
from strategies.rulebook import Release, Rulebook
from strategies.timeline import anchors_of, timeline
from strategies.values import Decision, Facts, Key, Promise, Traits
from tests.builders.facts import DAY, HOUR, ZONE, at, facts, loan, rulebook, strategy

START = at("2026-11-20 06:30")
LADDER = """
    soon: {at: due - 2d 09:00, send: upcoming, by: [sms, email], expires: due}
    first: {at: due + 1d 09:00, send: late-early, by: [sms, email], expires: 3d}
    second: {at: due + 3d 09:00, send: late, by: [sms, email], expires: 4d}
    talk: {at: due + 4d 10:00, when: promises_broken < 2, task: call, expires: 2d}
    third: {at: due + 6d 09:00, send: late-firm, by: [sms], expires: 3d}
    promised: {at: promise - 1d 10:00, send: promise-tomorrow, by: [sms], expires: promise}
    broken: {at: broken 09:00, task: review, expires: 4d}
"""
OLDER = LADDER.replace("due + 3d 09:00", "due + 2d 09:00").replace("third:", "other:")
NEWER = LADDER.replace("due + 1d 09:00", "due + 2d 09:00").replace("due - 2d", "due - 1d")
LATER = """
    letter: {at: due + 9d 09:00, send: late-firm, by: [email, sms], expires: 5d}
    visit: {at: due + 12d 09:00, task: visit, expires: 5d}
    promised: {at: promise - 1d 10:00, send: promise-tomorrow, by: [sms], expires: promise}
    broken: {at: broken 09:00, task: review, expires: 4d}
"""
SEGMENT = "segment: {bucket: 8+}\npriority: 5\nstale_after"
TEXTS = {
    1: strategy(LADDER, "ladder"),
    2: strategy(OLDER, "ladder"),
    3: strategy(NEWER, "ladder").replace("stale_after", "migrate: now\nstale_after"),
    4: strategy(LATER, "later").replace("stale_after", SEGMENT),
}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
Decide = Callable[[Facts, Rulebook, datetime], Decision]


def book_of(version: int, since: datetime, *, back: bool = False) -> Rulebook:
    """`ladder` in this version; loans that are late by more than a week are under `later`."""
    release, later = Release(version, since, back), Release(4, LONG_AGO)
    return replace(rulebook(TEXTS), ruling={1: (later, release)}, current={"ladder": release, "later": later})


class Money(msgspec.Struct):
    """What came in for a loan: (value date, amount), and what was taken back again is not here."""

    owed: list[tuple[int, date, int]]
    received: list[tuple[date, int]] = []

    def unpaid(self) -> tuple[Unpaid, ...]:
        left = sum(amount for _, amount in self.received)
        found: list[Unpaid] = []
        for installment, due, amount in self.owed:
            paid = min(left, amount)
            left -= paid
            if amount > paid:
                found.append(Unpaid(installment, due, amount - paid))
        return tuple(found)


class People(RuleBasedStateMachine):
    """One person, two loans, one message a day; looked at when it is time or when there is news."""

    decide: Decide

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        today = START.date()
        self.money = {
            1: Money([(11, today - DAY, 300), (12, today + 25 * DAY, 300)]),
            2: Money([(21, today + 2 * DAY, 500), (22, today + 32 * DAY, 500)]),
        }
        self.book = book_of(1, LONG_AGO)
        self.version, self.promises = 1, 0
        loans = [
            loan(*money.unpaid(), id=number, since=START - 5 * DAY, fed_at=START, traits=Traits("EUR"))
            for number, money in self.money.items()
        ]
        self.facts = facts(*loans)
        self.again: datetime | None = START
        self.said: dict[tuple[str, int, str], datetime] = {}
        self.over: set[Key] = set()
        self.made: dict[int, tuple[tuple[int, ...], int, date]] = {}

    # --- what happens ------------------------------------------------------------------------------

    def news(self) -> None:
        loans = tuple(replace(one, unpaid=self.money[one.id].unpaid()) for one in self.facts.loans)
        promises = tuple(replace(one, paid=self.towards(one)) for one in self.facts.promises)
        self.facts = replace(self.facts, loans=loans, promises=promises)
        self.again = self.now

    def towards(self, promise: Promise) -> int:
        first, last = local_day(promise.made_at, ZONE), local_day(promise.until, ZONE) - DAY
        return sum(
            amount
            for number in promise.loans
            for on, amount in self.money[number].received
            if first <= on <= last
        )

    @rule(number=st.sampled_from([1, 2]), part=st.sampled_from([1, 2, 4]))
    def pay(self, number: int, part: int) -> None:
        left = self.money[number].unpaid()
        if left:
            self.money[number].received.append((self.now.date(), max(left[0].left // part, 1)))
            self.news()

    @rule(number=st.sampled_from([1, 2]))
    def reverse(self, number: int) -> None:
        if self.money[number].received:
            self.money[number].received.pop()
            self.news()

    @rule()
    def feed(self) -> None:
        """An import: all payments up to this morning are known."""
        known = day_start(local_day(self.now, ZONE), ZONE)
        loans = tuple(replace(one, fed_at=max(one.fed_at, known)) for one in self.facts.loans)
        self.facts = replace(self.facts, loans=loans)
        self.news()

    @rule(loans=st.sampled_from([(1,), (2,), (1, 2)]), amount=st.integers(100, 400), days=st.integers(0, 5))
    def promise(self, loans: tuple[int, ...], amount: int, days: int) -> None:
        self.promises += 1
        due = local_day(self.now, ZONE) + days * DAY
        until = day_start(due + 2 * DAY, ZONE)
        kept = tuple(
            one for one in self.facts.promises if one.state != "open" or not set(one.loans) & set(loans)
        )
        new = Promise(self.promises, loans, amount, 0, self.now, due, until, "open")
        self.facts = replace(self.facts, promises=(*kept, new))
        self.made[self.promises] = (loans, amount, due)
        self.news()

    @rule(of_loan=st.sampled_from([0, 1, 2]), hours=st.sampled_from([None, 20, 60]))
    def hold(self, of_loan: int, hours: int | None) -> None:
        end = None if hours is None else self.now + hours * HOUR
        holds = (*self.facts.situation.holds, Hold("dispute", of_loan, self.now, end))
        self.facts = replace(self.facts, situation=replace(self.facts.situation, holds=holds))
        self.news()

    @rule()
    def lift(self) -> None:
        self.facts = replace(self.facts, situation=replace(self.facts.situation, holds=()))
        self.news()

    @rule(channel=st.sampled_from(["sms", "email"]), state=st.sampled_from(["revoked", "granted"]))
    def stop(self, channel: str, state: str) -> None:
        consents = {**self.facts.situation.consents, channel: state}
        self.facts = replace(self.facts, situation=replace(self.facts.situation, consents=consents))
        self.news()

    @rule(version=st.sampled_from([1, 2, 3]), back=st.booleans())
    def publish(self, version: int, back: bool) -> None:
        """A version, or a rollback, comes into force: every case is touched."""
        if version != self.version:
            self.version, self.book = version, book_of(version, self.now, back=back)
            self.news()

    @rule(hours=st.sampled_from([1, 3, 7, 16, 24, 24, 24, 60]))
    def live(self, hours: int) -> None:
        """Time goes by; whoever looks does so when it is time."""
        until = self.now + hours * HOUR
        while self.again is not None and self.again <= until:
            self.now = max(self.again, self.now)
            self.look()
        self.now = until

    @rule(hours=st.integers(1, 100))
    def outage(self, hours: int) -> None:
        """Nobody looks for a while; then somebody does."""
        self.now += hours * HOUR
        self.look()

    # --- what must hold ----------------------------------------------------------------------------

    def look(self) -> None:
        before, now = self.facts, self.now
        decision = type(self).decide(before, self.book, now)
        self.facts = apply(before, Looked(now, decision))
        self.check(before, decision)
        self.again = decision.again
        if self.again is None or self.again > now:
            again = type(self).decide(self.facts, self.book, now)
            more = (*again.plans, *again.tasks, *again.endings)
            assert not more, "what was decided stands"
        else:  # what was in flight has ended, and a new version takes over: at the very next look
            assert decision.endings or decision.tasks, "a look that changes nothing would go on for ever"

    def check(self, before: Facts, decision: Decision) -> None:
        fired = [key for plan in decision.plans for key in plan.keys]
        fired += [work.key for work in decision.tasks]
        for key in fired:
            named = (key.anchor, key.anchor_id, key.step)
            assert named not in self.said, f"{named} was said at {self.said[named]} already"
            assert key not in self.over, f"{key} was over"
            self.said[named] = self.now
        self.over.update(ending.key for ending in decision.endings)
        self._latest(fired)
        self._leads(decision)
        self._holds(before, decision)
        self._promises(before, decision, fired)
        self._again(decision)

    def _latest(self, fired: Sequence[Key]) -> None:
        """What fires of a loan is the latest that has come and is meant for it."""
        for one in self.facts.loans:
            ladder = self.book.strategies[one.strategy]
            anchors = anchors_of(self.facts, one, ladder, self.now)
            come = [o for o in timeline(one, ladder, ZONE, self.now, anchors) if o.key not in one.passed]
            for number, occurrence in enumerate(come):
                if occurrence.key in fired:
                    later = [o.key.step for o in come[number + 1 :] if o.at > occurrence.at]
                    assert not later, f"{occurrence.key.step} fires, and {later} has come"

    def _leads(self, decision: Decision) -> None:
        """A message speaks in the words of its latest loan."""
        oldest = {one.id: one.unpaid[0].due for one in self.facts.loans if one.unpaid}
        for plan in decision.plans:
            lead = plan.keys[0]
            mine = next(number for number, key in zip(plan.loans, plan.keys, strict=True) if key == lead)
            assert plan.step == lead.step
            assert oldest[mine] == min(oldest[number] for number in plan.loans), "the friendlier text leads"

    def _holds(self, before: Facts, decision: Decision) -> None:
        """Nothing is said under a hold, and nobody is silenced by the hold of another loan."""
        holds = [h for h in before.situation.holds if h.start <= self.now and (not h.end or self.now < h.end)]
        for plan in decision.plans:
            assert not [h for h in holds if h.loan in (0, *plan.loans)], "said under a hold"
            assert before.situation.consents.get(plan.channel) != "revoked", "said after a stop"
        loan_of = {o.key: o.loan for o in decision.found}
        loan_of.update({key: one.id for one in before.loans for key in one.waiting})
        paused = {number for one in before.promises for number in one.loans}
        for one in (*decision.endings, *decision.waiting):
            if any(no.rule == "hold" for no in one.noes):
                of = loan_of.get(one.key)
                own = [h for h in before.situation.holds if h.loan in (0, of)]
                assert own or of in paused, f"{one.key.step} of loan {of} is held by what holds another"

    def _promises(self, before: Facts, decision: Decision, fired: Sequence[Key]) -> None:
        """Kept is paid in full, by value date; broken is over and known; open is waited for."""
        verdicts = {one.promise: one.state for one in decision.verdicts}
        for promise in before.promises:
            state = verdicts.get(promise.id, promise.state)
            loans, amount, due = self.made[promise.id]
            paid = self.towards(promise)
            known = all(one.fed_at >= promise.until for one in before.loans if one.id in loans)
            over = self.now >= day_start(due + 2 * DAY, ZONE)
            assert (state == "kept") == (paid >= amount), f"{state}, and {paid} of {amount} came"
            assert (state in ("broken", "partly_kept")) == (paid < amount and over and known)
            if state == "open":
                spoken = [plan for plan in decision.plans if set(plan.loans) & set(loans)]
                said = [key for plan in spoken for key in plan.keys if key.anchor != "promise"]
                # Its time is over, and whether it was kept is not known yet: what falls due next may be said.
                if self.now >= promise.until:
                    about = [pair for plan in spoken for pair in zip(plan.loans, plan.keys, strict=True)]
                    said = [key for loan, key in about if loan in loans and key.step != "soon"]
                assert not said, "not waited for"
        assert all(key.anchor != "broken" or self._broken(key, verdicts) for key in fired)

    def _broken(self, key: Key, verdicts: dict[int, str]) -> bool:
        promise = next(one for one in self.facts.promises if one.id == key.anchor_id)
        return verdicts.get(promise.id, promise.state) == "broken"

    def _again(self, decision: Decision) -> None:
        """The next look is no later than the next moment that the loans expect, and than a promise's end."""
        coming = [promise.until for promise in self.facts.promises if promise.until > self.now]
        for one in self.facts.loans:
            ladder = self.book.strategies[one.strategy]
            anchors = anchors_of(self.facts, one, ladder, self.now)
            ahead = (o.at for o in timeline(one, ladder, ZONE, anchors=anchors) if o.at > self.now)
            coming.extend(at_ for at_ in ahead)
        if coming:
            assert decision.again is not None, "nobody would look again"
            assert decision.again <= min(coming), "the next look is too late"
