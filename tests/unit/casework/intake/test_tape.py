"""Which file is which, how it is written, and where it ceases to be readable."""

from pathlib import Path

import pytest

from casework.intake.mapping_file import find_mapping, parse_mapping
from casework.intake.tape import TapeError, look_up_tables, open_tape, rows_of

MAPPING = """\
name: mine
constants: {source: core, portfolio: main, currency: EUR, zone: UTC}
files:
  loans:
    known_by: [id, customer]
    may_lack: [tags]
    loan:
      {loan_id: id, borrower_id: customer, principal: lent, tags: tags,
       name: {look_up: people, by: customer, take: name}}
  people:
    known_by: [person, name]
    look_up: {key: person, where: {kind: owner}}
"""
LOANS = "id,customer,lent\n1,7,5.00\n"
PEOPLE = "person,kind,name\n7,owner,Ann\n7,spouse,Bo\n8,owner,Cy\n8,owner,Di\n"


def folder(tmp_path: Path, **files: str | bytes) -> Path:
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / f"{name}.csv").write_bytes(data)
    return tmp_path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_however_it_is_written(tmp_path: Path, delimiter: str, newline: str, bom: bytes) -> None:
    text = 'id,customer,lent\n1,"a ""b"" ü",5.00\n\n2,c,6.00\n'.replace(",", delimiter).replace("\n", newline)
    tape = open_tape(
        folder(tmp_path, loans=bom + text.encode(), people=PEOPLE), parse_mapping(MAPPING, "m"), "loans"
    )
    file = tape.files[0]
    assert (file.delimiter, file.encoding) == (delimiter, "utf-8-sig" if bom else "utf-8")
    assert list(rows_of(file)) == [(2, ["1", 'a "b" ü', "5.00"]), (4, ["2", "c", "6.00"])]


def test_newlines_within_quotes_are_one_row(tmp_path: Path) -> None:
    tape = open_tape(
        folder(tmp_path, loans='id,customer,lent\n1,"a\r\nb",5\n2,c,6\n', people=PEOPLE),
        parse_mapping(MAPPING, "m"),
        "loans",
    )
    assert [(number, row[1]) for number, row in rows_of(tape.files[0])] == [(2, "a\r\nb"), (3, "c")]


def test_latin_1_found_out_and_declared(tmp_path: Path) -> None:
    content = "id,customer,lent\n1,Müller,5\n".encode("latin-1")
    there = folder(tmp_path, loans=content, people=PEOPLE)
    found = open_tape(there, parse_mapping(MAPPING, "m"), "loans").files[0]
    assert (found.encoding, found.written.encoding_by) == ("latin-1", "sniffed")
    assert next(rows_of(found)) == (2, ["1", "Müller", "5"])
    declared = parse_mapping(MAPPING.replace("may_lack", "encoding: latin-1\n    may_lack"), "m")
    assert next(rows_of(open_tape(there, declared, "loans").files[0])) == (2, ["1", "Müller", "5"])


def test_a_file_that_ceases_to_be_utf_8_names_the_row(tmp_path: Path) -> None:
    content = b"id,customer,lent\n" + "1,Jürgen,5\n".encode() * 20000 + b"2,M\xfcller,5\n"
    tape = open_tape(folder(tmp_path, loans=content, people=PEOPLE), parse_mapping(MAPPING, "m"), "loans")
    with pytest.raises(TapeError, match=r"loans.csv after row \d+: byte 0xfc is not utf-8"):
        list(rows_of(tape.files[0]))


def test_a_quote_left_open_names_the_row(tmp_path: Path) -> None:
    tape = open_tape(
        folder(tmp_path, loans=LOANS + '2,"b,6\n3,c,7\n', people=PEOPLE), parse_mapping(MAPPING, "m"), "loans"
    )
    with pytest.raises(TapeError, match=r"loans.csv after row 2: .*quote"):
        list(rows_of(tape.files[0]))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"loans": LOANS}, "no file has the columns person, name, by which mapping mine knows people"),
        ({"loans": LOANS, "copy": LOANS, "people": PEOPLE}, "copy.csv and loans.csv both look like loans"),
        ({"loans": "id,customer\n1,7\n", "people": PEOPLE}, "loans.csv: lacks the column lent"),
        ({"loans": "id,customer,lent,lent\n1,7,5,6\n", "people": PEOPLE}, "the column lent stands twice"),
        ({}, "no file has the columns id, customer"),
    ],
)
def test_what_a_folder_lacks(tmp_path: Path, files: dict[str, str], said: str) -> None:
    with pytest.raises(TapeError, match=said):
        open_tape(folder(tmp_path, **files), parse_mapping(MAPPING, "m"), "loans")


def test_a_single_file_of_another_kind_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a;b;c\n1;2;3\n")
    with pytest.raises(
        TapeError, match=r"x.csv: has the columns a, b, c; wanted: loans has loan_id, borrower_id"
    ):
        open_tape(path, find_mapping("kept"), "loans")
    path.write_text("")
    with pytest.raises(TapeError, match="is empty"):
        open_tape(path, find_mapping("kept"), "loans")
    with pytest.raises(TapeError, match="no such file or folder"):
        open_tape(tmp_path / "none.csv", find_mapping("kept"), "loans")


def test_other_files_and_unused_columns_are_reported(tmp_path: Path) -> None:
    there = folder(tmp_path, loans="id,customer,lent,why\n1,7,5,x\n", people=PEOPLE, notes="hello\n")
    tape = open_tape(there, parse_mapping(MAPPING, "m"), "loans")
    assert tape.not_read == ("notes.csv",)
    assert tape.files[0].not_used == ("why",)
    assert [file.name for file in tape.look_ups] == ["people"]


def test_look_ups_keep_what_is_certain(tmp_path: Path) -> None:
    mapping = parse_mapping(MAPPING, "m")
    tape = open_tape(folder(tmp_path, loans=LOANS, people=PEOPLE), mapping, "loans")
    assert look_up_tables(mapping, tape.look_ups) == {("people", "name"): {"7": "Ann", "8": None}}


def test_payments_alone_need_a_file_of_payments(tmp_path: Path) -> None:
    with pytest.raises(TapeError, match="come with the rows of its loans"):
        open_tape(folder(tmp_path, loans=LOANS), find_mapping("superlender"), "payments")
    there = folder(tmp_path, payments="loan_id,received_on,amount\nL,2026-01-01,5\n")
    assert [file.name for file in open_tape(there, find_mapping("kept"), "payments").files] == ["payments"]
