"""Rows that state a loan and its borrower."""

import json
import re
from collections.abc import Callable
from typing import Final, get_args
from zoneinfo import available_timezones

from babel.numbers import list_currencies

from casework.intake.cells import Cell, CellError, Cells, Row, named_column
from casework.intake.expressions import Text
from casework.intake.mapping import LoanPart, LoanStatus, columns_of
from casework.intake.people import person_reader, read_zone
from casework.intake.records import LoanRecord
from casework.intake.setting import Setting
from casework.intake.tape_file import TapeFile
from casework.portfolios import CODE

ReadLoan = Callable[[int, Row], LoanRecord]

_TAG_MARKS: Final = str.maketrans(";|", ",,")


def loan_reader(
    part: LoanPart, file: TapeFile, index: int, cells: Cells, setting: Setting, aside: list[CellError]
) -> ReadLoan:
    """A function of row number and row to a loan. It raises CellError; addresses go `aside` that cannot be
    read."""
    constants = setting.constants
    zones, currencies = available_timezones(), list_currencies()
    loan_id, borrower_id = (
        cells.key(part.loan_id, "the loan's id"),
        cells.key(part.borrower_id, "the borrower's id"),
    )
    source = cells.text(part.source, constants.source)
    portfolio = _portfolio_reader(part, cells, setting)
    product = cells.text(part.product, constants.product)
    currency = cells.needed(
        part.currency,
        _or(cells.read(part.currency, lambda text: _currency(text, currencies)), constants.currency),
        "the currency",
    )
    principal, outstanding = cells.amount(part.principal), cells.amount(part.core_outstanding)
    principal_column = part.principal.column if part.principal is not None else None
    made_on = cells.day(part.made_on)
    dpd = cells.whole(part.core_dpd, "days")
    dpd_column = named_column(part.core_dpd) if part.core_dpd is not None else "core_dpd"
    status = cells.one_of(part.status, get_args(LoanStatus), constants.status)
    zone = cells.read(part.zone, lambda text: read_zone(text, zones))
    zone_column = part.zone.column if part.zone is not None else None
    tags, attributes = cells.text(part.tags), _attributes_reader(part, file, cells)
    borrower = person_reader(part, cells, constants, aside)

    def read(number: int, row: Row) -> LoanRecord:
        code, feed, paid_in = portfolio(row), source(row) or constants.source, currency(row)
        home = setting.homes.get(code)
        person = borrower(row, borrower_id(row), home)
        stated = zone(row) or constants.zone or (home.zone if home is not None else None)
        if stated is None and len(person.zones) == 1:
            stated = person.zones[0]
        if stated is None:
            raise CellError(
                zone_column or "zone", "", "is empty: a time zone is needed, in the row or for its portfolio"
            )
        lent = principal(row, paid_in)
        if lent is not None and lent < 0:
            raise CellError(principal_column or "principal", "", "is below zero")
        late = dpd(row)
        if late is not None and not 0 <= late < 100_000:
            raise CellError(dpd_column, str(late), "is no number of days past due")
        named_tags = tags(row)
        return LoanRecord(
            index,
            number,
            feed,
            loan_id(row),
            code,
            product(row),
            paid_in,
            lent,
            made_on(row),
            status(row),
            stated,
            outstanding(row, paid_in),
            late,
            attributes(row),
            _tags(named_tags) if named_tags is not None else (),
            person,
        )

    return read


def check_code(code: str) -> None:
    """ValueError if it cannot be the code of a portfolio."""
    if not re.fullmatch(CODE, code):
        raise ValueError("is no code of a portfolio: letters, digits, dot, hyphen, underscore")


def _portfolio_reader(part: LoanPart, cells: Cells, setting: Setting) -> Callable[[Row], str]:
    asked = setting.portfolio
    if part.portfolio is None:
        code = asked or setting.constants.portfolio
        return cells.needed(None, lambda row: code, "portfolio")
    named = cells.text(part.portfolio)
    column = part.portfolio.column or "portfolio"
    fallback = asked or setting.constants.portfolio

    def read(row: Row) -> str:
        code = named(row) or fallback
        if code is None:
            raise CellError(column, "", "is empty: name it in the row or with --portfolio")
        try:
            check_code(code)
        except ValueError as error:
            raise CellError(column, code, str(error)) from None
        if asked is not None and code != asked:
            raise CellError(column, code, f"is another portfolio than {asked}, which is being imported")
        return code

    return read


def _attributes_reader(part: LoanPart, file: TapeFile, cells: Cells) -> Callable[[Row], str]:
    """The loan's attributes as a JSON object; empty cells are absent."""
    if part.attributes == "rest":
        used = columns_of(file.part) | set(file.part.ignore)
        named = {column: Text(column=column) for column in file.header if column and column not in used}
    else:
        named = part.attributes
    if not named:
        return lambda row: "{}"
    parts: list[tuple[str, Cell]] = [(name, cells.text(named[name])) for name in sorted(named)]

    def read(row: Row) -> str:
        held = {name: value for name, cell in parts if (value := cell(row)) is not None}
        return json.dumps(held, ensure_ascii=False, separators=(",", ":"))

    return read


def _or(get: Callable[[Row], str | None], fallback: str | None) -> Callable[[Row], str | None]:
    return lambda row: get(row) or fallback


def _currency(text: str, known: set[str]) -> str:
    if text not in known:
        raise ValueError("is no currency: an ISO 4217 code in capitals, such as NGN")
    return text


def _tags(text: str) -> tuple[str, ...]:
    found = {tag.strip() for tag in text.translate(_TAG_MARKS).split(",")}
    return tuple(sorted(tag for tag in found if tag))
