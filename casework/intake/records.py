"""What a row of a tape states, once read: plain values, keyed as the feed keys them.

Amounts are minor units of the loan's currency, dates are local dates as written. Every record knows the file
(its place in the tape's list of files) and the row (the header is row 1) that it came from.
"""

from datetime import date

import msgspec


class PersonRecord(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A person as a row names them. `phone` is E.164; a state is `attested`, `confirmed` or `unverified`."""

    person_id: str
    name: str | None
    language: str | None
    zones: tuple[str, ...]  # every one the person may be in
    country: str | None
    region: str | None
    phone: str | None
    phone_state: str
    email: str | None
    email_state: str
    basis: str


class LoanRecord(msgspec.Struct, frozen=True, gc=False):
    """A loan and its borrower. `made_on` None: not stated, the first due date stands for it."""

    file: int
    row: int
    source: str
    loan_id: str
    portfolio: str
    product: str | None
    currency: str
    principal: int | None
    made_on: date | None
    status: str
    zone: str
    core_outstanding: int | None
    core_dpd: int | None
    attributes: str  # a JSON object
    tags: tuple[str, ...]
    borrower: PersonRecord


class PartyRecord(msgspec.Struct, frozen=True, gc=False):
    """A person's role on a loan of the tape, or of the book."""

    file: int
    row: int
    source: str | None
    loan_id: str
    role: str
    person: PersonRecord


class InstallmentRecord(msgspec.Struct, frozen=True, gc=False):
    """One scheduled amount. `source` None: the row names its loan by id alone, and its amounts are in
    ten-thousandths where the mapping does not know the currency without the loan."""

    file: int
    row: int
    source: str | None
    loan_id: str
    key: str
    number: int
    due_on: date
    principal: int
    interest: int
    fees: int
    penalties: int


class PaymentRecord(msgspec.Struct, frozen=True, gc=False):
    """Money received, or a payment taken back (`reverses`, the feed's id of it; its amount may be absent).

    `payment_id` None: the feed gives none, one is derived when all equals in the tape are known.
    `installment` is the key of the one it is directed to. `so_far`: no payment, but the sum of
    all that was paid of the loan until then (0: nothing was).
    """

    file: int
    row: int
    source: str | None
    loan_id: str
    payment_id: str | None
    received_on: date
    amount: int | None
    installment: str | None
    reverses: str | None
    so_far: bool = False


class Reject(msgspec.Struct, frozen=True, gc=False):
    """A row that is not taken: where, which column and value, why.

    `loan_id` where the row could still tell it; `breaks_loan` when the loan cannot be right without the row:
    its own data, its schedule.
    """

    file: int
    row: int
    column: str
    value: str
    reason: str
    source: str | None = None
    loan_id: str | None = None
    breaks_loan: bool = False


class Read(msgspec.Struct):
    """A part of a tape: the records of some thousand rows, ready to be staged."""

    rows: int
    loans: list[LoanRecord]
    parties: list[PartyRecord]
    installments: list[InstallmentRecord]
    payments: list[PaymentRecord]
    rejects: list[Reject]
    skipped: list[
        tuple[int, int, str | None, str | None]
    ]  # file, row, source, loan: later than the as-of day
    asides: list[tuple[int, int, str, str, str]]  # file, row, column, text, reason: an address not readable
