"""A mapping proposed for a file: what is sure is written, what is not is asked."""

from pathlib import Path

import pytest

from casework.intake.mapping_file import parse_mapping
from casework.intake.suggest import suggest
from casework.intake.tape import TapeError, open_tape

LOANS = """\
Loan No;Customer ID;Customer Name;Loan Amount;Start Date;Kontakt;Mobile
A1;7;Ann;1.250,00;13.03.2026;ann@example.org;07700 900123
A2;8;Bo;80,50;01.04.2026;bo@example.org;07700 900124
"""
PAYMENTS = "loan_id,payment_date,amount,reference\nA1,03/04/2026,10.00,r1\nA2,05/06/2026,20.00,r2\n"


def test_loans_of_somebody_elses_making(tmp_path: Path) -> None:
    path = tmp_path / "Book March.csv"
    path.write_text(LOANS, "utf-8")
    found = suggest(path)
    mapping = parse_mapping(found.mapping, "suggested")
    loan = mapping.files["loans"].loan
    assert loan is not None
    assert (loan.loan_id.column, loan.borrower_id.column) == ("Loan No", "Customer ID")
    assert loan.email is not None
    assert loan.email.column == "Kontakt"
    assert loan.made_on is not None
    assert loan.made_on.date == "%d.%m.%Y"
    assert (mapping.formats.decimal, mapping.formats.thousands) == (",", ".")
    assert mapping.constants.source == "book-march"
    assert "which currency are the amounts in?" in found.asks
    assert open_tape(path, mapping, "loans").files[0].not_used == ()


def test_what_a_column_does_not_prove_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "paid.csv"
    path.write_text(PAYMENTS, "utf-8")
    found = suggest(path)
    (ask,) = [one for one in found.asks if "payment_date" in one]
    assert ask == "how are the dates of payment_date written? all its cells may be %d/%m/%Y or %m/%d/%Y"
    mapping = parse_mapping(found.mapping, "suggested")
    assert [file.name for file in open_tape(path, mapping, "payments").files] == ["payments"]
    assert all(f"# ? {one}" in found.mapping for one in found.asks)


def test_what_cannot_be_read_at_all(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("")
    with pytest.raises(TapeError, match="is empty"):
        suggest(path)
