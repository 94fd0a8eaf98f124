"""A mapping proposed for a file: what its columns are, by their names and by all that stands in them.

What is certain is written down, what is not is asked about in a comment: nothing is guessed in silence.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from casework.intake.dates import Unproven, proven_format
from casework.intake.formats import read_email
from casework.intake.headings import WORDS, Doubt, columns_by_name
from casework.intake.rows import rows_of
from casework.intake.tape import open_any
from casework.intake.tape_file import TapeFile, Typed

_SAMPLE: Final = 20_000  # rows from which marks of amounts are told
_PERSON: Final = ("name", "language", "zone", "country", "region", "phone", "email")
_LOAN: Final = (
    *("loan_id", "borrower_id", "product", "currency", "principal", "made_on", "status"),
    *("core_outstanding", "core_dpd", *_PERSON),
)
_SCHEDULE: Final = ("count", "first_due", "each")
_PAID: Final = ("amount", "received_on")
_INSTALLMENT: Final = ("loan_id", "number", "due_date", "principal", "interest", "fees", "penalties")
_PAYMENT: Final = ("loan_id", "payment_id", "received_on", "amount")
_KEYS: Final = {"loan": (*_LOAN, *_SCHEDULE, *_PAID), "installment": _INSTALLMENT, "payment": _PAYMENT}
_DATES: Final = frozenset({"received_on", "due_date", "made_on", "first_due"})
_AMOUNTS: Final = frozenset(
    {"amount", "principal", "interest", "fees", "penalties", "core_outstanding", "each"}
)
_NEEDED: Final = {
    "loan": ("loan_id", "borrower_id"),
    "installment": ("loan_id", "number", "due_date"),
    "payment": ("loan_id", "received_on", "amount"),
}
# A mapping has to know loans; here they come on a file of their own.
_LOANS_ELSEWHERE: Final = (
    "  loans:",
    "    known_by: [loan_id, borrower_id]",
    "    may_be_absent: true",
    "    loan: {loan_id: loan_id, borrower_id: borrower_id}",
)
_YAML_WORDS: Final = frozenset({"yes", "no", "on", "off", "true", "false", "null"})
_DOT: Final = re.compile(r"[+-]?\(?\d{1,3}(,\d{2,3})*\.\d+\)?|[+-]?\d{1,3}(,\d{3}){2,}")
_COMMA: Final = re.compile(r"[+-]?\(?\d{1,3}(\.\d{3})*,\d+\)?|[+-]?\d{1,3}(\.\d{3}){2,}")


class Suggestion(msgspec.Struct, frozen=True):
    """A mapping as YAML, what of it is sure, and what has to be answered before it can be used.

    kind      what the file is of: loan, installment or payment
    columns   key -> column, as far as they are known
    """

    mapping: str
    sure: tuple[str, ...]
    asks: tuple[str, ...]
    kind: str = "loan"
    columns: Mapping[str, str] = {}


class Given(msgspec.Struct, frozen=True):
    """What somebody answered: in place of what is guessed.

    columns     key -> column, all of them: what is not here is not read
    constants   key of the constants -> value, for every row
    dates       column -> how its dates are written
    formats     key of the formats -> value
    """

    kind: str
    columns: Mapping[str, str]
    constants: Mapping[str, str] = {}
    dates: Mapping[str, str] = {}
    formats: Mapping[str, str] = {}


def keys_for(kind: str) -> tuple[str, ...]:
    """What the columns of a file of loans, installments or payments can be."""
    return _KEYS[kind]


def suggest(path: Path, given: Given | None = None) -> Suggestion:
    """Propose a mapping for the one file at `path`; `given`: with these answers.

    Raises TapeError where it cannot be read at all.
    """
    return _Working(open_any(path), given).done()


class _Working:
    def __init__(self, file: TapeFile, given: Given | None) -> None:
        self.file = file
        self.given = given
        self.sure: list[str] = [_written(file)]
        self.asks: list[str] = []
        self.kind, self.columns, self.doubts = self._columns()

    def done(self) -> Suggestion:
        kind = self.kind
        found = self.columns
        for key in _NEEDED[kind]:
            if key not in found:
                self.asks.append(f"which column is {WORDS[key]}?")
        for doubt in self.doubts:
            self.asks.append(f"is {doubt.column} {WORDS[doubt.key]}? it may be {doubt.otherwise}")
        own = {"loan": _LOAN, "installment": _INSTALLMENT, "payment": _PAYMENT}[kind]
        body = [f"    {key}: {self._value(key, found[key])}" for key in own if key in found]
        more, taken = self._of_a_loan(found) if kind == "loan" else ([], set[str]())
        used = {found[key] for key in found if key in own or key in taken}
        unused = [column for column in self.file.header if column and column not in used]
        marks = self._marks({key: column for key, column in found.items() if column in used})
        constants = self._constants(found)
        known = [found[key] for key in _NEEDED[kind] if key in found] or list(self.file.header[:1])
        block = {"loan": "    loan:", "installment": "    installment:", "payment": "    payments:"}[kind]
        lines = [
            *("# " + one for one in self.sure),
            *("# ? " + one for one in self.asks),
            "name: suggested",
            f"constants: {{{', '.join(constants)}}}",
            f"formats: {{{', '.join(marks)}}}",
            "files:",
            *(() if kind == "loan" else _LOANS_ELSEWHERE),
            f"  {kind}s:",
            f"    known_by: [{', '.join(_quoted(one) for one in known)}]",
            *([f"    ignore: [{', '.join(_quoted(one) for one in unused)}]"] if unused else []),
            block,
            *_indented(body, kind),
            *more,
        ]
        text = "\n".join(lines) + "\n"
        return Suggestion(text, tuple(self.sure), tuple(self.asks), kind, dict(found))

    def _columns(self) -> tuple[str, dict[str, str], list[Doubt]]:
        """The kind of file, key -> column of its kind, and what is not sure of that."""
        if self.given is not None:
            known = self.given.columns.items()
            return self.given.kind, {key: column for key, column in known if column in self.file.header}, []
        every = {key for keys in _KEYS.values() for key in keys}
        kind = _kind(columns_by_name(self.file.header, sorted(every))[0])
        found, doubts = columns_by_name(self.file.header, _KEYS[kind])
        for column in self.file.header if kind == "loan" else ():
            if "email" not in found and column not in found.values() and self._all(column, _is_email):
                found["email"] = column
                self.sure.append(f"{column} holds addresses of mail and nothing else")
        return kind, found, doubts

    def _of_a_loan(self, found: Mapping[str, str]) -> tuple[list[str], set[str]]:
        """The schedule and the payments that stand in the loan's own row; the keys that they take."""
        lines: list[str] = []
        taken: set[str] = set()
        if {"count", "first_due"} <= found.keys():
            kind = "given" if "each" in found else "annuity"
            parts = [f"kind: {kind}", f"count: {_quoted(found['count'])}"]
            parts.append(f"first_due: {self._value('first_due', found['first_due'])}")
            if kind == "given":
                parts.append(f"each: {_quoted(found['each'])}")
                self.asks.append("is an installment due every month? else say every and unit in the schedule")
            else:
                parts.append("rate: null")
                self.asks.append(
                    "which column is the rate a year (kind annuity or flat), or the total (equal)?"
                )
            lines.append(f"    schedule: {{{', '.join(parts)}}}")
            taken |= {"count", "first_due", *(["each"] if kind == "given" else [])}
        else:
            kinds = "equal, annuity, flat or given"
            self.asks.append(f"where are the installments: in another file, or a schedule of kind {kinds}?")
        if {"amount", "received_on"} <= found.keys():
            day = self._value("received_on", found["received_on"])
            lines += [
                "    payments:",
                f"      - {{amount: {_quoted(found['amount'])}, received_on: {day}, total: so_far}}",
            ]
            taken |= {"amount", "received_on"}
            self.asks.append(
                f"is {found['amount']} all that was paid, up to {found['received_on']}? "
                "payments one by one, on a file of their own, tell more"
            )
        return lines, taken

    def _value(self, key: str, column: str) -> str:
        if key not in _DATES:
            return _quoted(column)
        said = None if self.given is None else self.given.dates.get(column)
        if said:
            return f"{{column: {_quoted(column)}, date: {_said(said)}}}"
        try:
            pattern = proven_format(self._cells(column))
        except Unproven as error:
            if not self._answered("date"):
                self.asks.append(f"how are the dates of {column} written? {error}")
            return _quoted(column)
        self.sure.append(f"{column}: dates are {pattern}, as all its cells prove")
        return f'{{column: {_quoted(column)}, date: "{pattern}"}}'

    def _marks(self, found: Mapping[str, str]) -> list[str]:
        """Decimal and thousands, where the amounts prove them; and what was answered."""
        return [*self._proven_marks(found), *self._told("formats")]

    def _told(self, of: str) -> list[str]:
        """What was answered of the constants or formats."""
        answers: Mapping[str, str] = {} if self.given is None else getattr(self.given, of)
        return [f"{key}: {_said(value)}" for key, value in answers.items() if value]

    def _proven_marks(self, found: Mapping[str, str]) -> list[str]:
        dots = commas = 0
        for key in found.keys() & _AMOUNTS:
            for place, cell in enumerate(self._cells(found[key])):
                dots += _DOT.fullmatch(cell) is not None
                commas += _COMMA.fullmatch(cell) is not None
                if place > _SAMPLE:
                    break
        if dots and commas:
            self.asks.append("some amounts have a decimal comma, others a decimal point: which is right?")
        if commas and not dots:
            self.sure.append("amounts have a decimal comma")
            return ['decimal: ","', 'thousands: "."']
        if dots and any("," in cell for key in found.keys() & _AMOUNTS for cell in self._cells(found[key])):
            self.sure.append("amounts have a decimal point and commas between thousands")
            return ['thousands: ","']
        return []

    def _constants(self, found: Mapping[str, str]) -> list[str]:
        told: Mapping[str, str] = {} if self.given is None else self.given.constants
        made = self._told("constants")
        if not told.get("source"):
            stem = re.sub("[^a-z0-9]+", "-", self.file.path.stem.lower()).strip("-")
            made.insert(0, f"source: {stem or 'tape'}")
        for key, ask in (
            ("portfolio", "which portfolio are these loans of?"),
            ("currency", "which currency are the amounts in?"),
            ("zone", "in which time zone are the dates (such as Africa/Lagos)?"),
        ):
            if key not in found and not told.get(key):
                self.asks.append(ask)
                made.append(f"{key}: null")
        if "phone" in found and "country" not in found and not self._answered("phone_region"):
            self.asks.append(
                "of which country are the phone numbers written in national form (phone_region)?"
            )
        if found.keys() & {"phone", "email"} and not (told.get("phone_state") or told.get("email_state")):
            self.asks.append(
                "are the addresses on the lender's own file of the person (email_state: attested)?"
            )
        return made

    def _answered(self, key: str) -> bool:
        return self.given is not None and bool(self.given.formats.get(key))

    def _cells(self, column: str) -> Iterator[str]:
        place = self.file.header.index(column)
        for _, row in rows_of(self.file):
            if place < len(row) and row[place].strip() and type(row[place]) is not Typed:
                yield row[place].strip()

    def _all(self, column: str, fits: Callable[[str], bool]) -> bool:
        count = 0
        for count, cell in enumerate(self._cells(column), 1):
            if not fits(cell):
                return False
            if count > _SAMPLE:
                break
        return count > 0


def _kind(found: Mapping[str, str]) -> str:
    """loan, installment or payment, by what the file has columns for."""
    keys = found.keys()
    if {"due_date", "number"} <= keys and not keys & {"made_on", "count"}:
        return "installment"
    if "borrower_id" in keys and keys & {"principal", "made_on", "count", "first_due", "each"}:
        return "loan"
    return "payment" if {"received_on", "amount"} <= keys else "loan"


def _is_email(text: str) -> bool:
    try:
        read_email(text)
    except ValueError:
        return False
    return True


def _written(file: TapeFile) -> str:
    written = file.written
    if written.form == "sheet":
        return f"{file.label} is a sheet of a workbook"
    return f"{file.label} is {written.encoding} ({written.encoding_by})" + (
        f", its delimiter is {written.delimiter!r}" if written.form == "csv" else ", JSON lines"
    )


def _said(text: str) -> str:
    """A value as YAML has it, whatever stands in it: on one line, in quotes."""
    return "'" + " ".join(text.split()).replace("'", "''") + "'"


def _quoted(text: str) -> str:
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_ ]*[A-Za-z0-9_]", text)
    return text if plain and text.lower() not in _YAML_WORDS else "'" + text.replace("'", "''") + "'"


def _indented(body: Sequence[str], kind: str) -> list[str]:
    if kind != "payment":
        return ["  " + line for line in body]
    return ["      - " + body[0].strip(), *("        " + line.strip() for line in body[1:])] if body else []
