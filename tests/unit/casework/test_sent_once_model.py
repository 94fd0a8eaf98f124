"""Why the states of a contact are enough: claim, send, record, crash and recovery, as a model one can read.

Each rule is one transaction, or one thing that happens between two. What a deliverer remembers dies with it,
what the book says does not. Rules name the code that they stand for, most of it in storage/contacts.py.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

NUMBER, WHO = st.integers(0, 7), st.sampled_from("AB")
ANSWER = st.sampled_from(["accepted", "planned", "failed", "unknown"])  # planned: later, it took nothing
FORWARD = {"unknown": 0, "accepted": 1, "delivered": 2, "failed": 2}  # casework/delivery/receipts.py
WAITING = ("planned", "claimed")


class Contact:
    def __init__(self, message: int) -> None:
        self.message, self.state, self.by = message, "planned", ""
        self.over = False  # its lease, by the clock
        self.owed = self.was_owed = True  # as read at the lease; and as it was when it was claimed
        self.taken = 0  # by the provider: what counts, and what the book cannot see
        self.reported = self.was_unknown = False  # the provider said that it failed; nobody knew


class Delivery(RuleBasedStateMachine):
    mistake = ""  # one of test_sent_once_mistakes.py

    @initialize(messages=st.integers(1, 2))
    def begin(self, messages: int) -> None:
        self.contacts = [Contact(message) for message in range(messages)]
        self.owed = dict.fromkeys(range(messages), True)
        self.ready: dict[str, list[Contact]] = {"A": [], "B": []}  # marked, not handed over yet
        self.said: dict[str, list[tuple[Contact, str]]] = {"A": [], "B": []}  # answered, not recorded yet

    def of(self, message: int) -> list[Contact]:
        return [contact for contact in self.contacts if contact.message == message]

    @rule(by=WHO, n=NUMBER)
    def lease(self, by: str, n: int) -> None:
        """lease(): planned -> claimed, FOR UPDATE SKIP LOCKED."""
        contact = self.contacts[n % len(self.contacts)]
        if contact.state == "planned":
            contact.state, contact.by, contact.over = "claimed", by, False
            contact.owed = self.owed[contact.message]

    @rule(by=WHO, n=NUMBER)
    def claim(self, by: str, n: int) -> None:
        """claim(): lock_for_claim() of what is still its own; decided anew; mark_sending() or cancel()."""
        contact = self.contacts[n % len(self.contacts)]
        if (contact.state, contact.by) == ("claimed", by):
            contact.was_owed = self.owed[contact.message]
            if contact.owed if self.mistake == "read before the lock" else contact.was_owed:
                contact.state, contact.over = "sending", False
                self.ready[by].append(contact)
            else:
                contact.state = "cancelled"

    @rule(by=WHO, took=st.booleans(), answer=ANSWER)
    def hand_over(self, by: str, took: bool, answer: str) -> None:
        """_hand_over(): no transaction is open. An answer may be lost, whether it was taken or not."""
        if self.ready[by]:
            contact = self.ready[by].pop()
            if contact.over and self.mistake != "sent past the lease":
                took, answer = False, "planned"
            contact.taken += took if answer == "unknown" else answer == "accepted"
            self.said[by].append((contact, answer))

    @rule(by=WHO)
    def record(self, by: str) -> None:
        """record(): WHERE state = 'sending', or 'unknown' and it says that it was taken."""
        if self.said[by]:
            contact, answer = self.said[by].pop()
            if contact.state == "sending" or (contact.state == "unknown" and answer == "accepted"):
                contact.state = answer

    @rule(by=WHO)
    def crash(self, by: str) -> None:
        """kill -9, at any point between two rules."""
        self.ready[by], self.said[by] = [], []

    @rule(n=NUMBER)
    def time_passes(self, n: int) -> None:
        self.contacts[n % len(self.contacts)].over = True

    @rule()
    def end_leases(self) -> None:
        """end_leases(): claimed is planned again; sending is unknown, for nobody knows."""
        for contact in self.contacts:
            held = contact.over and contact.state in ("claimed", "sending")
            if held and self.mistake != "leases without end":
                again = contact.state == "claimed" or self.mistake == "resent"
                contact.state = "planned" if again else "unknown"

    @rule(n=NUMBER, word=st.sampled_from(["accepted", "delivered", "failed"]))
    def receipt(self, n: int, word: str) -> None:
        """settle() in storage/receipts.py: what was taken, in any order, again and again; forward only."""
        contact = self.contacts[n % len(self.contacts)]
        if contact.taken and FORWARD[word] > FORWARD.get(contact.state, 2):
            contact.state, contact.reported = word, word == "failed"

    @rule(n=NUMBER)
    def ask(self, n: int) -> None:
        """ask() in unknown.py: settled by what the provider has; nothing, past the lease: not taken."""
        contact = self.contacts[n % len(self.contacts)]
        if contact.state == "unknown" and (contact.taken or contact.over):
            contact.state = "accepted" if contact.taken else "failed"

    @rule(n=NUMBER)
    def look(self, n: int) -> None:
        """look(): what need not go is cancelled; what failed goes by the next channel, twice at most."""
        message = self.contacts[n % len(self.contacts)].message
        for contact in [] if self.owed[message] else self.of(message):
            contact.state = "cancelled" if contact.state in WAITING else contact.state
        if self.owed[message] and [one.state for one in self.of(message)] in (["failed"], ["failed"] * 2):
            self.contacts.append(Contact(message))

    @rule(n=NUMBER)
    def pay(self, n: int) -> None:
        self.owed[self.contacts[n % len(self.contacts)].message] = False

    @invariant()
    def sent_once(self) -> None:
        for contact in getattr(self, "contacts", []):
            assert contact.taken <= 1, "handed over twice"
            assert not contact.taken or contact.was_owed, "paid before its claim"
            assert not contact.taken or contact.state not in (*WAITING, "cancelled"), "the book says less"
            contact.was_unknown |= contact.state == "unknown"
            assert not contact.was_unknown or contact.state not in (*WAITING, "sending"), "not left unknown"
            heard = [one for one in self.of(contact.message) if one.taken and not one.reported]
            assert len(heard) <= 1, "heard twice"

    def teardown(self) -> None:
        """Whatever happened, the sweep and a deliverer that lives bring everything to its end."""
        for n in [*range(8)] * 4 if hasattr(self, "contacts") else []:
            self.time_passes(n)
            self.end_leases()
            self.look(n)
            self.lease("A", n)
            self.claim("A", n)
            self.hand_over("A", True, "accepted")
            self.record("A")
            self.sent_once()
        for message, owed in getattr(self, "owed", {}).items():
            states = [contact.state for contact in self.of(message)]
            assert not {*WAITING, "sending"} & set(states), "something never ends"
            assert not owed or {*FORWARD} & set(states) - {"failed"} or states == ["failed"] * 3, "lost"


Delivery.TestCase.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
TestDelivery = Delivery.TestCase
