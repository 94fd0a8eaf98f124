"""What a decision reads and what it says: frozen, small, without personal data.

`array_like` structs are stored as compact bytes beside each decision, so that it can be replayed. Fields are
only ever added at the end, with a default under which older facts decide as before.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

import msgspec

from ledger.standing import Unpaid
from policy.values import No, Situation

# Reasons of a suppression that say that a step is not meant for a loan: such a one supersedes no other.
NOT_MEANT: Final = frozenset({"condition", "other_arm"})


class Key(msgspec.Struct, frozen=True, array_like=True, order=True):
    """What an occurrence is. Ids, not dates: a corrected due date does not remind again."""

    anchor: str  # installment | promise | broken | case
    anchor_id: int
    strategy: str  # its name; the key outlives the version
    step: str


class Occurrence(msgspec.Struct, frozen=True, array_like=True):
    """One moment that a strategy expects of a loan."""

    key: Key
    loan: int
    at: datetime
    expires: datetime


class Traits(msgspec.Struct, frozen=True, array_like=True):
    """What is known of a loan beside what it owes now."""

    currency: str
    product: str | None = None
    made_on: date | None = None
    outstanding: int | None = None  # minor units; None: not read
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, str] = {}
    risk: str | None = None


class Promise(msgspec.Struct, frozen=True, array_like=True):
    """A promise to pay, unless it was cancelled, with what came in towards it."""

    id: int
    loans: tuple[int, ...]
    amount: int  # minor units of the currency of its loans
    paid: int  # received on its loans by value date, from its day through its grace, less reversals
    made_at: datetime
    due: date
    until: datetime  # when the last day of grace is over
    state: str  # as stored: open | kept | partly_kept | broken
    own: bool = True  # of this case; of another party's it only pauses
    pauses: bool = True  # one below the limits is kept in mind, and silences nothing
    plan: int = 0  # the agreed plan that it is a payment of; `paid` is what came in beyond those before it


class Loan(msgspec.Struct, frozen=True, array_like=True):
    """A loan as the decision sees it."""

    id: int
    status: str  # active | closed | recalled | sold | written_off
    zone: str
    strategy: int  # the version that governs it
    since: datetime  # nothing is expected at or before
    fed_at: datetime  # payments are known up to here
    unpaid: tuple[Unpaid, ...]  # by due date; what is within the tolerance is not here
    ended: tuple[Key, ...] = ()  # of the unpaid installments
    waiting: tuple[Key, ...] = ()  # stored and not ended, of any anchor
    # why its figures cannot be relied on: its tape waits for approval (nothing is said), the core system
    # states other balances (nothing past due is said)
    unsure: tuple[str, ...] = ()
    passed: tuple[Key, ...] = ()  # of those that ended: not meant for this loan, so they supersede nothing
    traits: Traits | None = None  # what conditions and segments read; None: nothing does
    chosen: datetime | None = None  # when its segment last chose the strategy; None: it has not yet
    leads: bool = True  # the case decides which strategy governs the loan: it is its borrower's
    party: str = "borrower"  # what the person is to it: see policy.values.Party


class Address(msgspec.Struct, frozen=True, array_like=True):
    """An address, best first among its kind. Its value is not here."""

    id: int
    kind: str  # phone | email | chat
    state: str
    shared: bool = False


class Tried(msgspec.Struct, frozen=True, array_like=True):
    """One contact of a message that was begun, unless it was cancelled."""

    contact: int
    channel: str
    address: int
    state: str
    at: datetime  # when it went; of a planned one, until when it is put off
    confirm_by: datetime | None = None  # not delivered by then: the next channel


class Begun(msgspec.Struct, frozen=True, array_like=True):
    """A message that is still open: planned, in the air, awaited, or failed on its last channel."""

    id: int
    step: str
    strategy: int
    expires: datetime
    keys: tuple[Key, ...]
    attempts: int  # contacts so far, cancelled ones too
    tried: tuple[Tried, ...]


class Drawn(msgspec.Struct, frozen=True, array_like=True):
    """The arm of an experiment that the person was drawn into, once and for all."""

    experiment: str
    arm: str


class Facts(msgspec.Struct, frozen=True, array_like=True):
    """Everything that the decision of one case reads, but for the rulebook and the moment."""

    case: int
    person: int
    portfolio: int
    situation: Situation
    loans: tuple[Loan, ...]
    addresses: tuple[Address, ...]
    begun: tuple[Begun, ...] = ()
    promises: tuple[Promise, ...] = ()  # that name a loan of the case
    opened_at: datetime | None = None  # None: not read
    ended: tuple[Key, ...] = ()  # of promises and the case itself, of loans that are not here
    language: str = ""
    last_outcome: str = ""
    drawn: tuple[Drawn, ...] = ()
    # The lowest of the records that are this person, as somebody said; 0: this one alone.
    one: int = 0

    @property
    def whose(self) -> int:
        """What all cases of the person have in common, whichever of their records they are of."""
        return self.one or self.person


class Plan(msgspec.Struct, frozen=True):
    """A contact to be made now: of a message already begun, or (0) of a new one."""

    message: int
    keys: tuple[Key, ...]
    loans: tuple[int, ...]
    channel: str
    address: int
    strategy: int
    step: str  # the leading one: of the latest loan; its text is used
    expires: datetime
    neutral: bool = False  # the address may carry nothing about a loan: a request to get in touch instead


class Work(msgspec.Struct, frozen=True):
    """A task for a person."""

    key: Key
    loan: int
    kind: str
    finish_by: datetime
    queue: str = ""
    priority: int = 5


class Governs(msgspec.Struct, frozen=True):
    """A strategy version that governs a loan from now on, which expects nothing at or before `since`."""

    loan: int
    strategy: int
    since: datetime


class Verdict(msgspec.Struct, frozen=True):
    """What has become of a promise of the case: its new state."""

    promise: int
    state: str


class Enrolled(msgspec.Struct, frozen=True):
    """The person is drawn into an arm, as a step comes for an installment of a loan."""

    experiment: str
    arm: str
    loan: int
    installment: int


class Ending(msgspec.Struct, frozen=True):
    """How an occurrence ends without a message: suppressed or superseded, and why."""

    key: Key
    how: str
    noes: tuple[No, ...]


class Waiting(msgspec.Struct, frozen=True):
    """An occurrence that may not be now: why, and until when nothing can change by itself."""

    key: Key
    until: datetime
    noes: tuple[No, ...]


class Decision(msgspec.Struct, frozen=True):
    """What is to be done for a case now."""

    found: tuple[Occurrence, ...]  # expected and not stored yet
    plans: tuple[Plan, ...]
    tasks: tuple[Work, ...]
    endings: tuple[Ending, ...]
    waiting: tuple[Waiting, ...]
    closed: tuple[tuple[int, str], ...]  # messages that nothing follows: (id, done | failed | cancelled)
    again: datetime | None  # nothing changes before, unless there is news
    governs: tuple[Governs, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    enrolled: tuple[Enrolled, ...] = ()
    after: datetime | None = None  # as `again`, once all that is planned was said
