"""A case driven through looks, sends, receipts, payments, stops, holds and time in any order."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ledger.standing import Unpaid
from strategies.values import Address
from tests.builders.desk import ContactRow, Desk, LoanRow
from tests.builders.facts import (
    CHAT,
    DAY,
    EMAIL,
    GENTLE_TEXT,
    HOUR,
    PHONE,
    ZONE,
    at,
    hold,
    rulebook,
    strategy,
)

START = at("2026-11-20 06:30")
LADDER = strategy(
    """
    before: {at: due - 1d 09:00, send: upcoming, by: [email, chat], fallback_after: 1h, expires: due}
    first: {at: due + 1d 10:00, send: late-early, by: [email, sms], fallback_after: 2h, expires: 30h}
    second: {at: due + 4d, send: late, by: [sms], expires: 3d}
    visit: {at: due + 6d 09:00, task: visit, expires: 2d}
    third: {at: due + 9d 08:00, send: late-firm, by: [chat, email, sms], fallback_after: 4h, expires: 5d}
    """,
    name="ladder",
)
BOOK = rulebook({1: GENTLE_TEXT, 2: LADDER})
STATES = st.sampled_from(["accepted", "accepted", "delivered", "failed", "unknown", "planned"])
CONFIRM = st.none() | st.integers(1, 30)
LEFT = ("sending", "accepted", "delivered", "unknown")


class Case(RuleBasedStateMachine):
    """Loans 1 and 2 under gentle, loan 3 under another ladder; one message a day and four a week."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.desk = Desk(BOOK, {}, addresses=[PHONE, EMAIL, CHAT])
        self.audited = 0
        self.installments = 0

    def news(self) -> None:
        self.desk.next_look_at = self.now

    @initialize(days=st.tuples(*[st.integers(-12, 5)] * 3), more=st.integers(0, 1))
    def open(self, days: tuple[int, ...], more: int) -> None:
        for number, late in enumerate(days, 1):
            if late > -10:
                self.lend(number, late, more)

    @rule(number=st.integers(1, 3), days=st.integers(-12, 5), more=st.integers(0, 1))
    def lend(self, number: int, days: int, more: int) -> None:
        if number in self.desk.loans:
            return
        due = self.now.date() + days * DAY
        owed: list[Unpaid] = []
        for later in range(more + 1):
            self.installments += 1
            owed.append(Unpaid(self.installments, due + timedelta(days=20 * later), 100_00))
        strategy = 2 if number == 3 else 1
        self.desk.loans[number] = LoanRow(
            number, owed, strategy=strategy, since=self.now - 6 * DAY, fed_at=self.now
        )
        self.news()

    @rule(number=st.integers(1, 3), part=st.booleans())
    def pay(self, number: int, part: bool) -> None:
        loan = self.desk.loans.get(number)
        if loan and loan.unpaid:
            first = loan.unpaid[0]
            rest = [Unpaid(first.installment, first.due, first.left // 2)] if part and first.left > 1 else []
            loan.unpaid = rest + loan.unpaid[1:]
            loan.fed_at = self.now
            self.news()

    @rule(number=st.integers(1, 3), back=st.integers(1, 4))
    def reverse(self, number: int, back: int) -> None:
        """An older installment is unpaid again."""
        loan = self.desk.loans.get(number)
        if loan and back not in {row.installment for row in loan.unpaid} and loan.unpaid:
            older = Unpaid(100 * number + back, loan.unpaid[0].due - back * 5 * DAY, 50_00)
            if older.installment not in {row.installment for row in loan.unpaid}:
                loan.unpaid = [older, *loan.unpaid]
                self.news()

    @rule(number=st.integers(1, 3), days=st.integers(-4, 4))
    def correct_due_date(self, number: int, days: int) -> None:
        loan = self.desk.loans.get(number)
        if loan and loan.unpaid:
            first = loan.unpaid[0]
            moved = Unpaid(first.installment, first.due + days * DAY, first.left)
            loan.unpaid = sorted([moved, *loan.unpaid[1:]], key=lambda row: (row.due, row.installment))
            self.news()

    @rule(number=st.integers(1, 3), status=st.sampled_from(["active", "recalled", "closed"]))
    def set_status(self, number: int, status: str) -> None:
        if number in self.desk.loans:
            self.desk.loans[number].status = status
            self.news()

    @rule(number=st.integers(1, 3), to=st.sampled_from([1, 2]))
    def change_strategy(self, number: int, to: int) -> None:
        loan = self.desk.loans.get(number)
        if loan and loan.strategy != to:
            loan.strategy, loan.since = to, self.now
            self.news()

    @rule(number=st.integers(1, 3))
    def feed(self, number: int) -> None:
        if number in self.desk.loans:
            self.desk.loans[number].fed_at = self.now
            self.news()

    @rule(channel=st.sampled_from(["sms", "email", "chat"]), state=st.sampled_from(["granted", "revoked"]))
    def consent(self, channel: str, state: str) -> None:
        self.desk.consents[channel] = state
        self.news()

    @rule(of=st.integers(0, 3), starts=st.integers(-1, 30), hours=st.integers(1, 90) | st.none())
    def hold(self, of: int, starts: int, hours: int | None) -> None:
        start = self.now + starts * HOUR
        self.desk.holds.append(hold(start, None if hours is None else start + hours * HOUR, of_loan=of))
        self.news()

    @rule()
    def lift_holds(self) -> None:
        self.desk.holds.clear()
        self.news()

    @rule(which=st.sampled_from([PHONE, EMAIL, CHAT]), there=st.booleans(), shared=st.booleans())
    def address(self, which: Address, there: bool, shared: bool) -> None:
        self.desk.addresses = [a for a in self.desk.addresses if a.id != which.id]
        if there:
            self.desk.addresses.append(Address(which.id, which.kind, which.state, shared))
        self.news()

    @rule()
    def look(self) -> None:
        self.desk.look_if_due(self.now)

    @rule()
    def look_undue(self) -> None:
        self.desk.look(self.now)

    @rule()
    def claim(self) -> None:
        self.desk.claim(self.now)

    @precondition(lambda self: any(row.state == "sending" for row in self.desk.contacts.values()))
    @rule(
        state=STATES,
        confirm=CONFIRM,
    )
    def record(self, state: str, confirm: int | None) -> None:
        number = next(n for n, row in self.desk.contacts.items() if row.state == "sending")
        self.desk.record(number, state, self.now, None if confirm is None else self.now + confirm * HOUR)

    @rule(state=st.sampled_from(["delivered", "failed"]))
    def receipt(self, state: str) -> None:
        for number, row in self.desk.contacts.items():
            if row.state == "accepted" and row.confirm_by is not None:
                self.desk.receipt(number, state, self.now)
                return

    @rule(hours=st.integers(1, 60), states=st.lists(STATES, max_size=4), confirm=CONFIRM)
    def wait(self, hours: int, states: list[str], confirm: int | None) -> None:
        """Time passes; whenever a look or a contact is due, it is taken."""
        self._until(self.now + hours * HOUR, states, confirm)

    @rule(days=st.integers(3, 9), state=STATES, confirm=CONFIRM)
    def live(self, days: int, state: str, confirm: int | None) -> None:
        """Days of nothing but looks and sends, the feed as fresh as it can be."""
        for _ in range(days):
            for loan in self.desk.loans.values():
                loan.fed_at = self.now
            self.news()
            self._until(self.now + DAY, [state], confirm)

    @rule()
    def outage(self) -> None:
        """Time passes and nobody looks."""
        self.now += 30 * HOUR

    def _until(self, end: datetime, states: list[str], confirm: int | None) -> None:
        states = [*states]
        for _ in range(400):
            due = [moment for moment in (self.desk.next_look_at,) if moment is not None]
            due += [row.not_before for row in self.desk.contacts.values() if row.state == "planned"]
            coming = min((max(moment, self.now) for moment in due), default=None)
            if coming is None or coming > end:
                break
            self.now = coming
            self.desk.look_if_due(self.now)
            for number in self.desk.claim(self.now):
                state = states.pop() if states else "accepted"
                self.desk.record(
                    number, state, self.now, None if confirm is None else self.now + confirm * HOUR
                )
        else:
            raise AssertionError("looks and claims go round without end")
        self.now = max(self.now, end)

    # --- what must always hold -------------------------------------------------------------------------

    @invariant()
    def what_went_out_was_allowed(self) -> None:
        """By the facts at the moment of the claim, read here without any rule of the product."""
        for sent in self.desk.sent[self.audited :]:
            clock = sent.at.astimezone(ZoneInfo(ZONE))
            assert 8 <= clock.hour < 21
            plan, facts = sent.plan, sent.facts
            assert facts.situation.consents.get(plan.channel) != "revoked"
            loans = {loan.id: loan for loan in facts.loans}
            assert len(set(plan.loans)) == len(plan.loans)
            for key, number in zip(plan.keys, plan.loans, strict=True):
                loan = loans[number]
                assert loan.status == "active"
                assert loan.unpaid[0].installment == key.anchor_id
                assert plan.channel in BOOK.strategies[loan.strategy].step(key.step).by
                if BOOK.strategies[loan.strategy].step(key.step).days > 0:
                    assert sent.at < loan.fed_at + BOOK.strategies[loan.strategy].stale_after
            for held in facts.situation.holds:
                if held.start <= sent.at and (held.end is None or sent.at < held.end):
                    assert held.loan not in (0, *plan.loans)
            others = [past for past in facts.situation.past if past.message != self._message(sent.contact)]
            days = [past.at.astimezone(ZoneInfo(ZONE)).date() for past in others]
            assert clock.date() not in days, "one message a day"
            week = clock.date().isocalendar()[:2]
            messages = {
                past.message for past, day in zip(others, days, strict=True) if day.isocalendar()[:2] == week
            }
            assert len(messages) < 4
        self.audited = len(self.desk.sent)

    def _message(self, contact: int) -> int:
        return self.desk.contacts[contact].message

    @invariant()
    def nothing_is_said_twice(self) -> None:
        said: dict[object, set[int]] = {}
        for sent in self.desk.sent:
            row = self.desk.contacts[sent.contact]
            if row.state in LEFT or row.confirm_by is not None:
                for key in sent.plan.keys:
                    said.setdefault(key, set()).add(row.message)
        for key, messages in said.items():
            assert len(messages) <= 1, f"{key} was said by two messages"
        for message in self.desk.messages:
            rows = [row for row in self.desk.contacts.values() if row.message == message]
            channels = [row.channel for row in rows if row.state in LEFT]
            assert len(channels) == len(set(channels))
            held = [row for row in rows if row.state in ("planned", "claimed", "sending")]
            assert len(held) <= 1
            for row in rows:
                if row.state in ("delivered", "unknown"):
                    last = max(r.attempt for r in rows if r.state in LEFT)
                    assert row.attempt == last or self._receipt_was_late(rows, row)

    @staticmethod
    def _receipt_was_late(rows: list[ContactRow], row: ContactRow) -> bool:
        """Its receipt came when the next channel had gone already."""
        later = [r for r in rows if r.attempt > row.attempt and r.sent_at is not None]
        return row.confirm_by is not None and all(r.sent_at and r.sent_at >= row.confirm_by for r in later)

    @invariant()
    def what_is_messaged_was_said(self) -> None:
        said = {(key, self._message(sent.contact)) for sent in self.desk.sent for key in sent.plan.keys}
        for key, row in self.desk.occurrences.items():
            if row.state == "messaged":
                assert (key, row.message) in said

    @invariant()
    def nothing_is_forgotten(self) -> None:
        """What waits has a contact on its way or a look to come; a contact on its way has an open message."""
        for number, row in self.desk.contacts.items():
            if row.state in ("planned", "claimed"):
                assert self.desk.messages[row.message].state == "open", number
        if self.desk.next_look_at is None:
            # One that its provider put off is planned again, and decided again at its claim.
            on_its_way = ("planned", "claimed", "sending")
            moving = {row.message for row in self.desk.contacts.values() if row.state in on_its_way}
            for row in self.desk.occurrences.values():
                assert row.state != "waiting" or row.message in moving

    @invariant()
    def deciding_again_changes_nothing(self) -> None:
        """Until the next look, where no contact is planned: that is decided again at its claim."""
        if self.desk.next_look_at is not None and self.desk.next_look_at <= self.now:
            return
        if any(row.state == "planned" for row in self.desk.contacts.values()):
            return
        found = self.desk.facts()
        first = self.desk.decided(self.now)
        again = first[0].again
        assert again is None or again > self.now
        assert not first[1].change.contacts
        assert not first[1].change.new_occurrences
        assert not first[0].endings
        assert found == self.desk.facts()


Case.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestCase = Case.TestCase
