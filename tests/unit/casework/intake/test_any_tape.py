"""Each way a tape may be written is a file in `traps/`, and reads as what it says."""

from datetime import date
from pathlib import Path

import pytest

from casework.intake.mapping_file import parse_mapping
from casework.intake.parse import FileParser, nothing_read
from casework.intake.people import Home
from casework.intake.records import Read
from casework.intake.rows import rows_of
from casework.intake.setting import Setting
from casework.intake.tape import TapeError, open_tape
from casework.intake.tape_file import TapeFile

TRAPS = Path(__file__).parent / "traps"
MAPPING = """\
name: mine
constants: {{source: core, portfolio: main, currency: EUR, zone: UTC, country: GB}}
formats: {formats}
files:
  loans:
    known_by: [id, customer]
    may_lack: [who, lent, first, count, phone, country]
    ignore: [where.city]
    loan: {{loan_id: id, borrower_id: customer, name: who, principal: lent, phone: phone, country: country}}
    schedule: {{kind: given, each: lent, count: count, first_due: first}}
"""
PAYMENTS = """\
name: mine
constants: {source: core, portfolio: main, currency: EUR, zone: UTC}
files:
  loans: {known_by: [id, customer], may_be_absent: true, loan: {loan_id: id, borrower_id: customer}}
  payments:
    known_by: [loan, day, paid]
    payments: [{loan_id: loan, received_on: day, amount: paid, reverses: loan}]
"""

PEOPLE = """\
name: mine
constants: {source: core, portfolio: main, currency: EUR, zone: UTC, country: GB}
files:
  loans: {known_by: [id, phone], loan: {loan_id: id, borrower_id: customer, phone: phone, country: country}}
"""


def opened(name: str, formats: str = "{}", mapping: str = MAPPING) -> TapeFile:
    text = mapping.format(formats=formats) if mapping is MAPPING else mapping
    return open_tape(TRAPS / name, parse_mapping(text, "m"), "loans").files[0]


def read(name: str, formats: str = "{}", mapping: str = MAPPING) -> Read:
    file = opened(name, formats, mapping)
    known = parse_mapping(mapping.format(formats=formats) if mapping is MAPPING else mapping, "m")
    setting = Setting(
        constants=known.constants,
        formats=known.formats,
        look_ups={},
        source="core",
        portfolio=None,
        homes=dict[str, Home](),
        as_of=lambda zone: date(2030, 1, 1),
        currency="EUR",
        keyed_by_number=True,
    )
    parser, into = FileParser(file, 0, setting), nothing_read()
    for number, row in rows_of(file):
        parser.read(number, row, into)
    return into


def said(name: str, formats: str = "{}") -> list[tuple[str, str | None, int | None, date | None, int]]:
    """Of each loan: id, name, principal, first due date, how many installments."""
    found = read(name, formats)
    dues = {one.loan_id: [] for one in found.loans} | {}
    for one in found.installments:
        dues[one.loan_id].append(one.due_on)
    return [
        (
            one.loan_id,
            one.borrower.name,
            one.principal,
            min(dues[one.loan_id], default=None),
            len(dues[one.loan_id]),
        )
        for one in found.loans
    ]


TWO = [
    ("A1", "José Muñoz", 125000, date(2026, 3, 13), 36),
    ("A2", "Zoë d'Été", 8050, date(2026, 4, 1), 6),
]


@pytest.mark.parametrize(
    ("name", "encoding", "by", "delimiter", "ends"),
    [
        ("utf8.csv", "utf-8", "sniffed", ",", "LF"),
        ("utf8_marked.csv", "utf-8-sig", "mark", ",", "LF"),
        ("utf16_le_marked.csv", "utf-16", "mark", ",", "LF"),
        ("utf16_be_marked.csv", "utf-16", "mark", ",", "LF"),
        ("utf16_le.csv", "utf-16-le", "sniffed", ",", "LF"),
        ("utf16_be.csv", "utf-16-be", "sniffed", ",", "LF"),
        ("latin1.csv", "latin-1", "sniffed", ",", "LF"),
        ("semicolon.csv", "utf-8", "sniffed", ";", "LF"),
        ("tab.csv", "utf-8", "sniffed", "\t", "LF"),
        ("pipe.csv", "utf-8", "sniffed", "|", "LF"),
        ("cr.csv", "utf-8", "sniffed", ",", "CR"),
        ("crlf.csv", "utf-8", "sniffed", ",", "CRLF"),
        ("blank_lines.csv", "utf-8", "sniffed", ",", "LF"),
    ],
)
def test_however_it_is_written_it_says_the_same(
    name: str, encoding: str, by: str, delimiter: str, ends: str
) -> None:
    written = opened(name).written
    assert (written.encoding, written.encoding_by, written.delimiter, written.line_ends) == (
        encoding,
        by,
        delimiter,
        ends,
    )
    assert said(name) == TWO


def test_windows_knows_signs_that_latin_1_does_not() -> None:
    assert opened("windows.csv").encoding == "cp1252"
    assert said("windows.csv")[2][1] == "Šárka “B”"


@pytest.mark.parametrize(("name", "encoding"), [("gb18030.csv", "gb18030"), ("chinese_utf8.csv", "utf-8")])
def test_chinese_in_both_its_encodings(name: str, encoding: str) -> None:
    assert opened(name).encoding == encoding
    assert [one[1] for one in said(name)] == ["王小明", "欧阳建国", "李娜（上海）"]


def test_a_newline_and_quotes_within_quotes_are_one_cell() -> None:
    assert said("quoted_newline.csv") == [("A1", 'José\r\nMuñoz, "Pepe"', 125000, date(2026, 3, 13), 36)]


def test_a_backslash_before_a_comma_where_every_row_needs_it() -> None:
    assert opened("escaped_comma.csv").written.escape == "\\"
    assert said("escaped_comma.csv")[0] == ("A1", "Muñoz, José", 125000, date(2026, 3, 13), 36)


def test_amounts_in_the_marks_that_are_declared() -> None:
    found = said("comma_decimals.csv", '{decimal: ",", thousands: "."}')
    assert [one[2] for one in found] == [123456, 8050]
    assert read("comma_decimals.csv").loans == []
    found = said("thousands.csv", '{thousands: ","}')
    assert [one[2] for one in found] == [4377458, 123456700]


def test_brackets_and_a_minus_behind_are_below_zero() -> None:
    assert [one.amount for one in read("brackets.csv", mapping=PAYMENTS).payments] == [-1200, -1200, -1200]


def test_days_and_months_as_declared_or_as_the_column_proves() -> None:
    assert [one[3] for one in said("day_first.csv", '{date: "%d/%m/%Y"}')] == [
        date(2026, 4, 3),
        date(2026, 4, 13),
    ]
    assert opened("day_first.csv", "{date: auto}").dates == {"first": "%d/%m/%Y"}
    assert said("day_first.csv", "{date: auto}")[0][3] == date(2026, 4, 3)
    assert opened("month_first.csv", "{date: auto}").dates == {"first": "%m/%d/%Y"}
    assert said("month_first.csv", "{date: auto}")[0][3] == date(2026, 3, 4)
    assert opened("utf8.csv", "{date: auto}").dates == {"first": "%Y-%m-%d"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("either_first.csv", "all its cells may be %d/%m/%Y or %m/%d/%Y"),
        ("both_first.csv", "may be %d/%m/%Y or %m/%d/%Y"),
        ("counts.csv", ""),
    ],
)
def test_a_column_that_proves_nothing_is_asked_about(name: str, why: str) -> None:
    if not why:
        assert opened(name, "{date: auto}").dates == {"first": "%Y-%m-%d"}
        return
    with pytest.raises(TapeError, match="the column first does not prove how its dates are written") as error:
        opened(name, "{date: auto}")
    assert why in str(error.value)


def test_counts_as_people_type_them() -> None:
    found = read("counts.csv")
    assert [one[4] for one in said("counts.csv")] == [36] * 6
    assert [(one.row, one.column, one.reason) for one in found.rejects] == [
        (8, "count", "says weeks, and months are wanted"),
        (9, "count", "is no whole number"),
    ]


def test_phones_in_the_form_of_their_country() -> None:
    found = read("phones.csv", mapping=PEOPLE)
    assert found.rejects == []
    assert [one.borrower.phone for one in found.loans] == [
        "+447700900123",
        "+12125550142",
        None,
        "+447700900123",
        "+447700900123",
        None,
        None,
        "+447700900123",
    ]
    assert [(row, text) for _, row, _, text, _ in found.asides] == [(7, "4.4770090E+11"), (8, "07700")]


def test_days_as_spreadsheets_count_them() -> None:
    assert [one[3] for one in said("serial_days.csv", "{date: excel}")] == [
        date(2026, 3, 13),
        date(2026, 4, 1),
    ]


def test_a_workbook_is_as_many_files_as_it_has_sheets() -> None:
    file = opened("book.xlsx")
    assert (file.label, file.written.form) == ("book.xlsx[Loans]", "sheet")
    assert said("book.xlsx")[:2] == TWO
    assert said("book.xlsx")[2:] == [("A3", "Ann", 30, date(2026, 4, 1), 6)]  # 0.1 + 0.2, and day 46113
    assert [one.row for one in read("book.xlsx").loans] == [3, 4, 5]


def test_what_a_workbook_holds_as_text_keeps_its_marks_and_what_it_knows_needs_none() -> None:
    found = said("text_numbers.xlsx", '{date: "%d.%m.%Y", decimal: ",", thousands: "."}')
    assert found == [
        ("A1", "José Muñoz", 125000, date(2026, 3, 13), 36),
        ("A2", "Zoë", 8050, date(2026, 4, 1), 6),
    ]


def test_lines_of_json() -> None:
    file = opened("lines.jsonl")
    assert (file.written.form, file.header) == (
        "jsonl",
        ("id", "customer", "who", "lent", "first", "count", "where.city"),
    )
    assert said("lines.jsonl") == TWO
    assert [(one.row, one.reason[:17]) for one in read("lines.jsonl").rejects] == [(3, "is no JSON object")]
