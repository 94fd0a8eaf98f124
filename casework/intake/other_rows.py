"""Rows, or parts of rows, that state an installment, a payment, or a party of a loan."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from casework.intake.cells import CellError, Cells, Row, named_column, short
from casework.intake.expressions import Text
from casework.intake.formats import read_whole
from casework.intake.mapping import InstallmentPart, PartyPart, PaymentPart
from casework.intake.people import person_reader
from casework.intake.records import InstallmentRecord, PartyRecord, PaymentRecord
from casework.intake.setting import Later, Setting
from ledger.schedule import Installment

MOVED: Final = "moved:"
"""Begins the id of what takes a payment back where it was moved from."""
ROLES: Final = ("borrower", "co-borrower", "guarantor", "representative", "estate")
_COMPONENTS: Final = ("principal", "interest", "fees", "penalties")

# Row number and row; then what the row's loan says: source, id, currency, and for payments zone and schedule.
ReadInstallment = Callable[[int, Row, str | None, str | None, str | None], InstallmentRecord]
ReadPayments = Callable[
    [int, Row, str | None, str | None, str | None, str, Sequence[Installment]], list[PaymentRecord]
]
ReadParty = Callable[[int, Row], PartyRecord]


def installment_reader(part: InstallmentPart, index: int, cells: Cells) -> ReadInstallment:
    """A function that reads an installment. It raises CellError."""
    loan_id = cells.key(part.loan_id, "the loan's id") if part.loan_id is not None else None
    number = cells.needed(part.number, cells.whole(part.number), "the installment's number")
    number_column = named_column(part.number)
    key = cells.key(part.key, "the installment's key") if part.key is not None else None
    due_on = cells.needed(part.due_date, cells.day(part.due_date), "the due date")
    parts = [(getattr(part, name), cells.amount(getattr(part, name))) for name in _COMPONENTS]

    def read(
        row_number: int, row: Row, source: str | None, loan: str | None, currency: str | None
    ) -> InstallmentRecord:
        place = number(row)
        if not 0 <= place < 2**31:
            raise CellError(number_column, str(place), "is no number of an installment")
        amounts = [amount(row, currency) or 0 for _, amount in parts]
        for (expression, _), amount in zip(parts, amounts, strict=True):
            if amount < 0:
                raise CellError(
                    named_column(expression), "", "is below zero: an installment is owed, not given"
                )
        return InstallmentRecord(
            index,
            row_number,
            source,
            loan_id(row) if loan_id is not None else loan or "",
            key(row) if key is not None else str(place),
            place,
            due_on(row),
            *amounts,
        )

    return read


def payment_reader(
    part: PaymentPart, place: int, index: int, cells: Cells, setting: Setting, *, alone: bool
) -> ReadPayments:
    """A function that reads the payments of a row; `alone`: the row is nothing else.

    It raises CellError and Later. In a row of something else empty cells mean that nothing was paid, and what
    came after the as-of day is left for its own day.
    """
    if part.pays is not None:
        return _derived_payments(part, part.pays, place, index, cells, setting)
    loan_id = cells.key(part.loan_id, "the loan's id") if part.loan_id is not None else None
    given_id = cells.read(part.payment_id, short)
    reverses, moved_from = cells.text(part.reverses), cells.text(part.moved_from)
    received_on, amount = cells.day(part.received_on), cells.amount(part.amount)
    day_column = named_column(part.received_on)
    amount_column = named_column(part.amount) if part.amount is not None else "amount"
    directed = _directed_reader(part.installment, cells, setting)

    def read(
        row_number: int,
        row: Row,
        source: str | None,
        loan: str | None,
        currency: str | None,
        zone: str,
        derived: Sequence[Installment],
    ) -> list[PaymentRecord]:
        day, paid, back = received_on(row), amount(row, currency), reverses(row)
        if not alone and back is None and (paid is None or (paid == 0 and part.zero == "none")):
            if paid is None and day is not None:
                raise CellError(amount_column, "", "is empty, yet a day of payment is given")
            if paid is None or part.total is None:
                return []
        if part.total is not None and paid == 0 and day is None:
            day = setting.as_of(zone)
        if day is None:
            unpaid = "" if alone or paid else " (where zero means that nothing was paid, say `zero: none`)"
            why = f"is empty: the day on which it was received is needed{unpaid}"
            raise CellError(day_column, "", why)
        if back is None and paid is None:
            raise CellError(amount_column, "", "is empty: a payment has an amount")
        if back is None and paid is not None and paid <= (0 if part.total is None else -1):
            raise CellError(amount_column, "", "is not above zero: money taken back is a reversal")
        payment = PaymentRecord(
            index,
            row_number,
            source,
            loan_id(row) if loan_id is not None else loan or "",
            given_id(row),
            day,
            paid,
            directed(row),
            back,
            part.total is not None,
        )
        if day <= setting.as_of(zone):
            before = moved_from(row)
            return [payment] if before is None else [payment, _moved_away(payment, before)]
        if alone:
            raise Later
        return []

    return read


def _moved_away(payment: PaymentRecord, before: str) -> PaymentRecord:
    """What a payment that was moved does to the loan it was booked on: taken back there, as of its own day.

    The same row says both, so both are taken or neither is.
    """
    if payment.payment_id is None:
        raise CellError(
            "moved_from", before, "names a loan, but the row has no payment_id to find it by there"
        )
    if payment.reverses is not None:
        raise CellError("moved_from", before, "is said of a payment taken back: move the payment itself")
    if payment.loan_id == before:
        raise CellError("moved_from", before, "is the loan of the row itself")
    return msgspec.structs.replace(
        payment,
        loan_id=before,
        payment_id=MOVED + payment.payment_id,
        amount=None,
        installment=None,
        reverses=payment.payment_id,
    )


def _derived_payments(
    part: PaymentPart, pays: str, place: int, index: int, cells: Cells, setting: Setting
) -> ReadPayments:
    """Payments of derived installments, each directed to its own. Their ids say which they are, so that a day
    corrected later corrects the payment."""
    received_on = cells.day(part.received_on)
    taken = {"first": slice(0, 1), "rest": slice(1, None), "all": slice(None)}[pays]

    def read(
        row_number: int,
        row: Row,
        source: str | None,
        loan: str | None,
        currency: str | None,
        zone: str,
        derived: Sequence[Installment],
    ) -> list[PaymentRecord]:
        day = received_on(row)
        if day is None or day > setting.as_of(zone):
            return []
        return [
            PaymentRecord(
                index,
                row_number,
                source,
                loan or "",
                f"{place + 1}-{one.id}",
                day,
                one.total,
                str(one.id),
                None,
            )
            for one in derived[taken]
            if one.total
        ]

    return read


def party_reader(
    part: PartyPart, index: int, cells: Cells, setting: Setting, aside: list[CellError]
) -> ReadParty:
    """A function that reads a person's role on a loan. It raises CellError."""
    person = person_reader(part, cells, setting.constants, aside)
    loan_id, person_id = (
        cells.key(part.loan_id, "the loan's id"),
        cells.key(part.person_id, "the person's id"),
    )
    role = cells.needed(part.role, cells.read(part.role, _read_role), "the role")
    source = cells.text(part.source, setting.source)

    def read(row_number: int, row: Row) -> PartyRecord:
        who = person(row, person_id(row), None)
        return PartyRecord(index, row_number, source(row), loan_id(row), role(row), who)

    return read


def _directed_reader(expression: Text | None, cells: Cells, setting: Setting) -> Callable[[Row], str | None]:
    """The key of the installment meant: its number as a schedule writes it ("3.0" is 3), or its own key."""
    if not setting.keyed_by_number:
        return cells.text(expression)
    return cells.read(expression, lambda text: str(read_whole(text)))


def _read_role(text: str) -> str:
    if text not in ROLES:
        raise ValueError(f"is unknown: one of {', '.join(ROLES)}")
    return text
