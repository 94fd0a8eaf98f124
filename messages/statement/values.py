"""What a statement says: plain frozen values. Amounts in minor units of the loan's currency."""

from datetime import date

import msgspec

from messages.values import Collector


class Line(msgspec.Struct, frozen=True):
    """One installment: what is due of it on `due_on`, and what of that is paid."""

    number: int
    due_on: date
    due: int
    paid: int


class Received(msgspec.Struct, frozen=True):
    """One payment; `returned_on`: it was taken back and counts for nothing."""

    on: date
    amount: int
    returned_on: date | None = None


class LoanStatement(msgspec.Struct, frozen=True, kw_only=True):
    """One loan as of the statement's day.

    outstanding  all that is unpaid; arrears: what of it is past due, since `late_since`
    next_on      when the next installment falls due, and what is unpaid of it
    credit       received and not owed yet
    pay          how to pay, as the lender writes it
    """

    loan: str
    product: str | None
    currency: str
    outstanding: int
    arrears: int
    late_since: date | None
    next_on: date | None
    next_amount: int
    credit: int
    schedule: tuple[Line, ...]
    payments: tuple[Received, ...]
    pay: str | None = None


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A person's loans with one lender as of a day. `reach`: where an answer reaches a person.

    `collector`: what a pack has whoever collects for others say, as in the first or as in a
    later communication.
    """

    brand: str
    lender: str
    name: str | None
    as_of: date
    made_on: date
    loans: tuple[LoanStatement, ...]
    reach: str | None = None
    collector: Collector | None = None
