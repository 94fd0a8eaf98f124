"""What a decision reads and what it says: frozen, small, without personal data.

`array_like` structs are stored as compact bytes beside each decision, so that it can be replayed.
"""

from datetime import datetime

import msgspec

from ledger.standing import Unpaid
from policy.values import No, Situation


class Key(msgspec.Struct, frozen=True, array_like=True, order=True):
    """What an occurrence is. Ids, not dates: a corrected due date does not remind again."""

    anchor: str  # installment
    anchor_id: int
    strategy: str  # its name; the key outlives the version
    step: str


class Occurrence(msgspec.Struct, frozen=True, array_like=True):
    """One moment that a strategy expects of a loan."""

    key: Key
    loan: int
    at: datetime
    expires: datetime


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
    waiting: tuple[Key, ...] = ()  # stored and not ended, of any installment
    # why its figures cannot be relied on: its tape waits for approval (nothing is said), the core system
    # states other balances (nothing past due is said)
    unsure: tuple[str, ...] = ()


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


class Facts(msgspec.Struct, frozen=True, array_like=True):
    """Everything that the decision of one case reads, but for the rulebook and the moment."""

    case: int
    person: int
    portfolio: int
    situation: Situation
    loans: tuple[Loan, ...]
    addresses: tuple[Address, ...]
    begun: tuple[Begun, ...] = ()


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
