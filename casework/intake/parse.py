"""The rows of one file of a tape, each to what it states or to the reason why it cannot be taken."""

from collections.abc import Iterator, Sequence

from casework.intake.cells import CellError, Cells, Row
from casework.intake.derive import deriver
from casework.intake.loan_rows import loan_reader
from casework.intake.other_rows import installment_reader, party_reader, payment_reader
from casework.intake.records import InstallmentRecord, LoanRecord, PaymentRecord, Read, Reject
from casework.intake.rows import NO_OBJECT, rows_of
from casework.intake.setting import Later, Setting
from casework.intake.tape_file import TapeFile
from ledger.schedule import Installment


def read_file(file: TapeFile, index: int, setting: Setting, batch: int) -> Iterator[Read]:
    """The file's records, `batch` rows at a time; `index` is its place in the tape. Raises TapeError."""
    parser = FileParser(file, index, setting)
    read = nothing_read()
    for number, row in rows_of(file):
        parser.read(number, row, read)
        if read.rows == batch:
            yield read
            read = nothing_read()
    if read.rows:
        yield read


def nothing_read() -> Read:
    """What no row at all states."""
    return Read(rows=0, loans=[], parties=[], installments=[], payments=[], rejects=[], skipped=[], asides=[])


class FileParser:
    """The mapping's part for one file, compiled for the file's columns."""

    def __init__(self, file: TapeFile, index: int, setting: Setting) -> None:
        part = file.part
        typed = file.written.form != "csv"
        cells = Cells(file.header, setting.formats, setting.look_ups, typed=typed, dates=file.dates)
        self._lines_of_json = file.written.form == "jsonl"
        self._aside: list[CellError] = []  # of the row at hand: addresses that cannot be read
        self._index = index
        self._width = len(file.header)
        self._setting = setting
        self._zone = setting.constants.zone or "UTC"
        self._loan = (
            loan_reader(part.loan, file, index, cells, setting, self._aside)
            if part.loan is not None
            else None
        )
        self._schedule = deriver(part.schedule, cells) if part.schedule is not None else None
        self._installment = (
            installment_reader(part.installment, index, cells) if part.installment is not None else None
        )
        self._payments = [
            payment_reader(one, place, index, cells, setting, alone=part.only_payments)
            for place, one in enumerate(part.payments)
        ]
        self._party = (
            party_reader(part.party, index, cells, setting, self._aside) if part.party is not None else None
        )
        named = part.loan or part.party or part.installment or part.payments[0]
        self._loan_id = cells.text(named.loan_id)
        if part.loan is not None:
            self._source = cells.text(part.loan.source, setting.constants.source)
        else:
            self._source = cells.text(part.party.source if part.party is not None else None, setting.source)
        self._breaks_loan = part.loan is not None or part.installment is not None

    def read(self, number: int, row: Row, into: Read) -> None:
        """Add what a row states to `into`: all of it, or its reject."""
        into.rows += 1
        try:
            self._aside.clear()
            self._check(row)
            self._take(number, row, into)
            into.asides += [(self._index, number, one.column, one.text, one.reason) for one in self._aside]
        except CellError as error:
            into.rejects.append(self._reject(number, row, error.column, error.text, error.reason))
        except Later:
            into.skipped.append((self._index, number, *self._named(row)))
        except ValueError as error:
            into.rejects.append(self._reject(number, row, "", "", str(error)))

    def _check(self, row: Row) -> None:
        if len(row) != self._width:
            if self._lines_of_json:
                raise CellError("", "", NO_OBJECT)
            raise CellError("", "", f"has {len(row)} cells, the header has {self._width}")
        if "\0" in "".join(row):
            raise CellError("", "", "holds a sign of code 0, which no text has")

    def _take(self, number: int, row: Row, into: Read) -> None:
        if self._party is not None:
            into.parties.append(self._party(number, row))
            return
        loan = self._loan(number, row) if self._loan is not None else None
        if loan is not None and loan.made_on is not None and loan.made_on > self._setting.as_of(loan.zone):
            raise Later
        if loan is not None:
            source, loan_id, currency, zone = loan.source, loan.loan_id, loan.currency, loan.zone
        else:
            source, loan_id = self._setting.source, None
            currency, zone = self._setting.currency, self._zone
        derived: Sequence[Installment] = ()
        installments: list[InstallmentRecord] = []
        if self._schedule is not None and loan is not None:
            derived = self._schedule(row, currency, loan.principal)
            installments = [_derived(loan, one) for one in derived]
        elif self._installment is not None:
            installments = [self._installment(number, row, source, loan_id, currency)]
            loan_id = installments[0].loan_id
        payments: list[PaymentRecord] = []
        for reader in self._payments:
            payments += reader(number, row, source, loan_id, currency, zone, derived)
        # Nothing is added before all of the row could be read.
        if loan is not None:
            into.loans.append(loan)
        into.installments += installments
        into.payments += payments

    def _named(self, row: Row) -> tuple[str | None, str | None]:
        """Source and id of the loan that a row speaks of, where it can tell."""
        if len(row) != self._width:
            return None, None
        try:
            return self._source(row), self._loan_id(row)
        except CellError:
            return None, None

    def _reject(self, number: int, row: Row, column: str, text: str, reason: str) -> Reject:
        return Reject(self._index, number, column, text, reason, *self._named(row), self._breaks_loan)


def _derived(loan: LoanRecord, one: Installment) -> InstallmentRecord:
    return InstallmentRecord(
        loan.file,
        loan.row,
        loan.source,
        loan.loan_id,
        str(one.id),
        one.id,
        one.due,
        one.principal,
        one.interest,
        one.fees,
        one.penalties,
    )
