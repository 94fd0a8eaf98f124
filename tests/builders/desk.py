"""A case's rows in memory, written and read as storage/{course,contacts,facts}.py write and read them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from casework.course import Course, course
from ledger.standing import Unpaid
from policy.values import Hold, Past, Situation, reason_of
from storage.course import CaseChange
from strategies.decide import decide
from strategies.rulebook import Rulebook
from strategies.values import Address, Begun, Decision, Facts, Key, Loan, Plan, Tried
from tests.builders.facts import EMAIL, FAR_AHEAD, HOUR, LONG_AGO, PHONE, ZONE


@dataclass
class LoanRow:
    id: int
    unpaid: list[Unpaid]
    status: str = "active"
    strategy: int = 1
    since: datetime = LONG_AGO
    fed_at: datetime = FAR_AHEAD


@dataclass
class OccurrenceRow:
    loan: int
    state: str
    reason: str | None
    message: int | None


@dataclass
class MessageRow:
    step: str
    strategy: int
    expires: datetime
    state: str = "open"


@dataclass
class ContactRow:
    message: int
    channel: str
    address: int
    attempt: int
    planned_at: datetime
    not_before: datetime
    state: str = "planned"
    code: str | None = None
    sent_at: datetime | None = None
    confirm_by: datetime | None = None


@dataclass
class Sent:
    """What was handed to a provider, and by which facts."""

    contact: int
    plan: Plan
    at: datetime
    facts: Facts


@dataclass
class Desk:
    """One case."""

    rulebook: Rulebook
    loans: dict[int, LoanRow]
    addresses: list[Address] = field(default_factory=lambda: [PHONE, EMAIL])
    zones: tuple[str, ...] = (ZONE,)
    consents: dict[str, str] = field(default_factory=dict)
    holds: list[Hold] = field(default_factory=list)
    occurrences: dict[Key, OccurrenceRow] = field(default_factory=dict)
    messages: dict[int, MessageRow] = field(default_factory=dict)
    contacts: dict[int, ContactRow] = field(default_factory=dict)
    tasks: list[Key] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    next_look_at: datetime | None = LONG_AGO
    looks: int = 0

    # --- read ----------------------------------------------------------------------------------------

    def facts(self) -> Facts:
        anchors = {row.installment for loan in self.loans.values() for row in loan.unpaid}
        loans: list[Loan] = []
        for loan in self.loans.values():
            mine = {key: row for key, row in self.occurrences.items() if row.loan == loan.id}
            ended = tuple(k for k, row in mine.items() if row.state != "waiting" and k.anchor_id in anchors)
            waiting = tuple(k for k, row in mine.items() if row.state == "waiting")
            if loan.unpaid or waiting:
                loans.append(
                    Loan(
                        loan.id,
                        loan.status,
                        ZONE,
                        loan.strategy,
                        loan.since,
                        loan.fed_at,
                        tuple(loan.unpaid),
                        ended,
                        waiting,
                    )
                )
        left = ("sending", "accepted", "delivered", "unknown")
        past = tuple(
            Past(row.sent_at, row.channel, row.state, self._loans_of(row.message), row.message)
            for row in self.contacts.values()
            if row.state in left and row.sent_at is not None
        )
        situation = Situation(self.zones, None, None, dict(self.consents), tuple(self.holds), past)
        return Facts(1, 1, 1, situation, tuple(loans), tuple(self.addresses), tuple(self._begun()))

    def _loans_of(self, message: int) -> tuple[int, ...]:
        return tuple(row.loan for row in self.occurrences.values() if row.message == message)

    def _begun(self) -> list[Begun]:
        found: list[Begun] = []
        for number, message in self.messages.items():
            if message.state != "open":
                continue
            rows = [(id_, row) for id_, row in self.contacts.items() if row.message == number]
            tried = tuple(
                Tried(id_, row.channel, row.address, row.state, self._at(row), row.confirm_by)
                for id_, row in rows
                if row.state != "cancelled"
            )
            keys = tuple(key for key, row in self.occurrences.items() if row.message == number)
            found.append(
                Begun(number, message.step, message.strategy, message.expires, keys, len(rows), tried)
            )
        return found

    @staticmethod
    def _at(row: ContactRow) -> datetime:
        return row.sent_at or (row.planned_at if row.code else row.not_before)

    # --- write ---------------------------------------------------------------------------------------

    def write(self, change: CaseChange, now: datetime) -> None:
        ids = {new.id: len(self.messages) + number for number, new in enumerate(change.messages, 1)}
        for new in change.messages:
            self.messages[ids[new.id]] = MessageRow(new.step, new.strategy, new.expires)
        for number, state in change.closed:
            self.messages[number].state = state
        for occurrence, new in change.new_occurrences:
            assert new.key not in self.occurrences, "an occurrence has one row"
            message = None if new.message is None else ids.get(new.message, new.message)
            row = OccurrenceRow(occurrence.loan, new.state, reason_of(new.noes), message)
            self.occurrences[new.key] = row
        for new in change.occurrences:
            row = self.occurrences[new.key]
            if row.state == "waiting":
                row.state, row.reason = new.state, reason_of(new.noes)
                row.message = None if new.message is None else ids.get(new.message, new.message)
        for row in self.occurrences.values():
            assert row.state not in ("suppressed", "superseded") or row.reason, "every no has a reason"
        for new in change.contacts:
            message = ids.get(new.message, new.message)
            taken = [row.attempt for row in self.contacts.values() if row.message == message]
            assert new.attempt not in taken, "an attempt of a message is one contact"
            row = ContactRow(message, new.channel, new.address, new.attempt, now, now)
            self.contacts[len(self.contacts) + 1] = row
        for new in change.tasks:
            assert new.key not in self.tasks, "an occurrence is one task"
            self.tasks.append(new.key)
        for number, code in change.cancelled:
            row = self.contacts[number]
            assert row.state in ("planned", "claimed")
            row.state, row.code = "cancelled", code
        for number, later in change.put_off:
            row = self.contacts[number]
            assert row.state in ("planned", "claimed")
            row.state, row.not_before, row.code = "planned", later, None
        self.next_look_at = change.again

    # --- look and send -------------------------------------------------------------------------------

    def decided(self, now: datetime) -> tuple[Decision, Course]:
        found = self.facts()
        decision = decide(found, self.rulebook, now)
        return decision, course(found, decision, b"", now)

    def look(self, now: datetime) -> Course:
        """Whether it is due or not."""
        made = self.decided(now)[1]
        self.write(made.change, now)
        self.looks += 1
        return made

    def look_if_due(self, now: datetime) -> None:
        if self.next_look_at is not None and self.next_look_at <= now:
            self.look(now)

    def claim(self, now: datetime) -> list[int]:
        """Take what is planned for now and decide again: the contacts that are `sending` then."""
        mine = [n for n, row in self.contacts.items() if row.state == "planned" and row.not_before <= now]
        if not mine:
            return []
        for number in mine:
            self.contacts[number].state = "claimed"
        found = self.facts()
        decision, made = self.decided(now)
        self.write(made.change, now)
        plans = {plan.message: plan for plan in decision.plans}
        for number in made.going:
            row = self.contacts[number]
            if number in mine:
                row.state, row.sent_at = "sending", now
                self.sent.append(Sent(number, plans[row.message], now, found))
        for number in mine:
            if self.contacts[number].state == "claimed":
                self.contacts[number].state, self.contacts[number].code = "cancelled", "message_over"
        return [number for number in mine if self.contacts[number].state == "sending"]

    def record(self, number: int, state: str, now: datetime, confirm_by: datetime | None = None) -> None:
        """What the provider said of a contact that was `sending`; `planned`: nothing was taken."""
        row = self.contacts[number]
        assert row.state == "sending"
        row.state, row.code = state, None if state in ("accepted", "delivered") else "said_so"
        row.confirm_by = confirm_by if state == "accepted" else None
        if state in ("planned", "failed"):
            row.sent_at = None
        if state == "planned":
            row.not_before = now + HOUR
        if state in ("accepted", "delivered", "unknown"):
            for occurrence in self.occurrences.values():
                if occurrence.message == row.message and occurrence.state == "waiting":
                    occurrence.state, occurrence.reason = "messaged", None
            if row.confirm_by is None:
                self.messages[row.message].state = "done"
            else:
                self._touch(row.confirm_by)
        if state == "failed":
            self._touch(now)

    def receipt(self, number: int, state: str, now: datetime) -> None:
        """A provider's later word on what it accepted: `delivered` or `failed`."""
        assert self.contacts[number].state == "accepted"
        self.contacts[number].state = state
        self._touch(now)

    def news(self, now: datetime, change: Callable[[], None]) -> None:
        """Something happened: the case is touched."""
        change()
        self._touch(now)

    def _touch(self, moment: datetime) -> None:
        self.next_look_at = moment if self.next_look_at is None else min(self.next_look_at, moment)
