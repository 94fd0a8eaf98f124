"""The sample as a tape of the `kept` format: four CSV files, the same to the byte for the same seed."""

import csv
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Protocol

import msgspec

from kept.sample.book import Loan, Span, loans
from kept.sample.people import Person
from ledger.money import format_major

COLUMNS: dict[str, tuple[str, ...]] = {
    "loans.csv": (
        *("source", "borrower_id", "loan_id", "portfolio", "product", "currency", "principal", "made_on"),
        *("status", "core_outstanding", "core_dpd", "name", "language", "zone", "country", "region"),
        *("phone", "phone_state", "email", "email_state", "tags"),
    ),
    "installments.csv": ("loan_id", "number", "due_date", "principal", "interest", "fees", "penalties"),
    "payments.csv": ("loan_id", "payment_id", "received_on", "amount", "installment", "reverses"),
    "parties.csv": (
        *("loan_id", "person_id", "role", "name", "language", "zone", "country", "region"),
        *("phone", "phone_state", "email", "email_state"),
    ),
}
SOURCE = "sample"
SEED = 20260901
BORROWERS = 2000
START = date(2026, 9, 1)
DAYS = 90


class Written(msgspec.Struct, frozen=True):
    """How much a tape holds."""

    borrowers: int
    loans: int
    installments: int
    payments: int
    parties: int


class _Rows(Protocol):
    def writerow(self, row: tuple[object, ...], /) -> object: ...


def tape(folder: Path, *, seed: int, borrowers: int, start: date, days: int) -> Written:
    """Write the tape of `borrowers` people into `folder`, made if it is not there; files there are replaced.

    It holds the history up to and with `start` and everything of the `days` after it: import it with
    `--as-of` start and then day by day, and it plays a feed. Raises OSError, and ValueError for
    a count below 1.
    """
    if borrowers < 1 or days < 1:
        raise ValueError("a sample needs at least one borrower and one day")
    folder.mkdir(parents=True, exist_ok=True)
    span = Span(start.toordinal(), (start + timedelta(days=days)).toordinal())
    rng = Random(seed)  # noqa: S311  # a sample must come out the same again, and guards nothing
    lent = installments = payments = parties = 0
    with _files(folder) as (loan_rows, due_rows, paid_rows, party_rows):
        for loan in loans(rng, borrowers, span):
            loan_rows.writerow(_loan_row(loan))
            _write_dues(loan, due_rows)
            _write_payments(loan, paid_rows)
            for role, person in loan.parties:
                party_rows.writerow((loan.id, person.id, role, *_on_file(person)))
            lent += 1
            installments += len(loan.dues)
            payments += len(loan.payments)
            parties += len(loan.parties)
    return Written(borrowers, lent, installments, payments, parties)


@contextmanager
def _files(folder: Path) -> Generator[list[_Rows]]:
    with ExitStack() as open_files:
        rows: list[_Rows] = []
        for name, columns in COLUMNS.items():
            file = open_files.enter_context((folder / name).open("w", encoding="utf-8", newline=""))
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            rows.append(writer)
        yield rows


def _loan_row(loan: Loan) -> tuple[object, ...]:
    lender = loan.lender
    # The core system's own balance and DPD stay empty: they are of one day, and the file plays many.
    return (
        *(SOURCE, loan.borrower.id, loan.id, lender.code, loan.product.kind, lender.currency),
        *(format_major(loan.principal, lender.currency), date.fromordinal(loan.made), loan.status, "", ""),
        *(*_on_file(loan.borrower), loan.tags),
    )


def _on_file(person: Person) -> tuple[str, ...]:
    where = (person.name, person.language, person.zone, person.country, person.region)
    return (*where, person.phone, person.phone_state, person.email, person.email_state)


def _write_dues(loan: Loan, rows: _Rows) -> None:
    currency = loan.lender.currency
    for due in loan.dues:
        parts = (due.principal, due.interest, due.fees, due.penalties)
        amounts = (format_major(part, currency) for part in parts)
        rows.writerow((loan.id, due.number, date.fromordinal(due.day), *amounts))


def _write_payments(loan: Loan, rows: _Rows) -> None:
    currency = loan.lender.currency
    for paid in loan.payments:
        key = f"{loan.id}-{paid.number}"
        amount = "" if paid.reverses else format_major(paid.amount, currency)
        reverses = f"{loan.id}-{paid.reverses}" if paid.reverses else ""
        rows.writerow((loan.id, key, date.fromordinal(paid.day), amount, paid.installment or "", reverses))
