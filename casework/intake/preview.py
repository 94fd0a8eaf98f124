"""The first rows of a tape as they would be read, and those that would be refused; nothing is kept."""

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from datetime import date
from itertools import islice
from pathlib import Path

import msgspec

from casework.intake.formats import FINEST_DIGITS
from casework.intake.mapping import Mapping
from casework.intake.parse import FileParser, nothing_read
from casework.intake.records import LoanRecord, Read
from casework.intake.rows import rows_of
from casework.intake.setting import Setting
from casework.intake.shape import own_currency
from casework.intake.tape import Kind, look_up_tables, open_any, open_tape
from ledger.money import format_major


class Line(msgspec.Struct, frozen=True):
    """A row: what it states, by key, or why it would be refused."""

    file: str
    row: int
    states: MappingOf[str, str]
    column: str = ""
    reason: str = ""


class Sample(msgspec.Struct, frozen=True):
    """The columns of a file, and the first cells of each."""

    label: str
    columns: Sequence[tuple[str, tuple[str, ...]]]


def sample(path: Path, most: int) -> Sample:
    """The columns of the one file at `path`. Raises TapeError."""
    file = open_any(path)
    rows = [row for _, row in islice(rows_of(file), most)]
    cells = [tuple(row[at] for row in rows if at < len(row)) for at in range(len(file.header))]
    return Sample(file.label, list(zip(file.header, cells, strict=True)))


def preview(
    path: Path, mapping: Mapping, kind: Kind, portfolio: str | None, today: date, most: int
) -> list[Line]:
    """The first rows of each file of the tape. Raises TapeError."""
    tape = open_tape(path, mapping, kind)
    parts = mapping.files.values()
    own_source = any(part.loan is not None and part.loan.source is not None for part in parts)
    setting = Setting(
        constants=mapping.constants,
        formats=mapping.formats,
        look_ups=look_up_tables(mapping, tape.look_ups),
        source=None if own_source else mapping.constants.source,
        portfolio=portfolio,
        homes={},
        as_of=lambda _: today,
        currency=None if own_currency(mapping) else mapping.constants.currency,
        keyed_by_number=all(part.installment is None or part.installment.key is None for part in parts),
    )
    made: list[Line] = []
    for index, file in enumerate(tape.files):
        parser = FileParser(file, index, setting)
        for number, row in islice(rows_of(file), most):
            read = nothing_read()
            parser.read(number, row, read)
            if read.rejects:
                one = read.rejects[0]
                made.append(Line(file.label, number, {}, one.column, one.reason))
            else:
                made.append(Line(file.label, number, _states(read, setting.currency)))
    return made


def _states(read: Read, currency: str | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for loan in read.loans:
        currency = loan.currency
        found |= _loan(loan)
    if read.skipped:
        found["later"] = ""
    for party in read.parties:
        found |= {"loan_id": party.loan_id, "person": party.person.person_id, "role": party.role}
    for one in read.installments[:1]:
        due = _amount(one.principal + one.interest + one.fees + one.penalties, currency)
        found |= {"loan_id": one.loan_id, "number": str(one.number), "due_date": str(one.due_on), "due": due}
    if len(read.installments) > 1:
        found["installments"] = str(len(read.installments))
    for paid in read.payments[:1]:
        found |= {"loan_id": paid.loan_id, "received_on": str(paid.received_on)}
        if paid.amount is not None:
            found["amount"] = _amount(paid.amount, currency)
    return {key: value for key, value in found.items() if value or key == "later"}


def _loan(loan: LoanRecord) -> dict[str, str]:
    person = loan.borrower
    return {
        "loan_id": loan.loan_id,
        "borrower_id": person.person_id,
        "name": person.name or "",
        "portfolio": loan.portfolio,
        "currency": loan.currency,
        "principal": "" if loan.principal is None else _amount(loan.principal, loan.currency),
        "made_on": "" if loan.made_on is None else str(loan.made_on),
        "status": loan.status,
        "phone": person.phone or "",
        "email": person.email or "",
    }


def _amount(minor: int, currency: str | None) -> str:
    """In major units; where only the loan knows the currency, in ten-thousandths as they are staged."""
    if currency is not None:
        return f"{format_major(minor, currency)} {currency}"
    whole, rest = divmod(minor, 10**FINEST_DIGITS)
    return f"{whole}.{rest:0{FINEST_DIGITS}}".rstrip("0").rstrip(".")
