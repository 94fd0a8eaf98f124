"""One row at a time: what it states, or the column and the reason why it cannot be taken."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casework.intake.cells import example_phone
from casework.intake.formats import read_phone
from casework.intake.mapping import Mapping
from casework.intake.mapping_file import find_mapping, parse_mapping
from casework.intake.parse import read_file
from casework.intake.people import Home
from casework.intake.records import Read, Reject
from casework.intake.setting import Setting
from casework.intake.tape import TapeFile, look_up_tables, open_tape
from tests.builders.tapes import due, loan, paid, party, three, write

AS_OF = date(2026, 6, 30)


def read(
    path: Path, mapping: Mapping, *, portfolio: str | None = None, homes: dict[str, Home] | None = None
) -> Read:
    """All that the first file of a tape states."""
    kind = "payments" if path.name == "payments.csv" else "loans"
    tape = open_tape(path, mapping, kind)
    setting = Setting(
        constants=mapping.constants,
        formats=mapping.formats,
        look_ups=look_up_tables(mapping, tape.look_ups),
        source=None,
        portfolio=portfolio,
        homes=homes or {},
        as_of=lambda zone: AS_OF,
        currency=mapping.constants.currency,
        keyed_by_number=True,
    )
    return next(read_file(tape.files[0], 0, setting, 1000))


def kept(tmp_path: Path, name: str, row: dict[str, object]) -> Read:
    """One row of a file of the kept format."""
    mapping = find_mapping("kept")
    part = mapping.files[name].model_copy(update={"may_be_absent": False})
    alone = mapping.model_copy(update={"files": {name: part}})
    path = write(tmp_path / f"{name}.csv", [row])
    tape = open_tape(path, alone, "loans")
    setting = Setting(
        mapping.constants, mapping.formats, {}, None, None, {}, lambda zone: AS_OF, None, keyed_by_number=True
    )
    return next(read_file(tape.files[0], 0, setting, 1000))


BAD_LOANS = [
    ("loan_id", "", "the loan's id is needed"),
    ("loan_id", "x" * 401, "longer than 400 signs"),
    ("borrower_id", "", "the borrower's id is needed"),
    ("portfolio", "", "name it in the row or with --portfolio"),
    ("portfolio", "a/b", "no code of a portfolio"),
    ("currency", "", "the currency is needed"),
    ("currency", "eur", "no currency"),
    ("principal", "1.005", "has 3 decimals, EUR has 2"),
    ("principal", "1,000.00", "no amount"),
    ("principal", "-5.00", "below zero"),
    ("made_on", "05.01.2026", "not written like"),
    ("status", "open", "is unknown: one of active, closed, recalled, sold, written_off"),
    ("core_outstanding", "x", "no amount"),
    ("core_dpd", "2.5", "no whole number"),
    ("core_dpd", "-3", "no number of days past due"),
    ("language", "English!", "no language"),
    ("zone", "Berlin", "no time zone"),
    ("zone", "", "a time zone is needed"),
    ("country", "Germany", "no country"),
    ("phone_state", "good", "is unknown: one of attested, confirmed, unverified"),
    ("email_state", "suspended", "is unknown"),
    ("name", "n" * 401, "longer than 400 signs"),
    ("name", "a\0b", "code 0"),
]
BAD_INSTALLMENTS = [
    ("loan_id", "", "the loan's id is needed"),
    ("number", "", "the installment's number is needed"),
    ("number", "first", "no whole number"),
    ("number", "-1", "no number of an installment"),
    ("due_date", "", "the due date is needed"),
    ("due_date", "2026-13-01", "no day of the calendar"),
    ("principal", "ten", "no amount"),
    ("fees", "-1.00", "below zero"),
    ("interest", "0.00001", "has 5 decimals, any currency has 4"),
]
BAD_PAYMENTS = [
    ("loan_id", "", "the loan's id is needed"),
    ("received_on", "", "the day on which it was received is needed"),
    ("received_on", "2026-02-29", "no day of the calendar"),
    ("amount", "", "a payment has an amount"),
    ("payment_id", "x" * 401, "longer than 400 signs"),
    ("amount", "0.00", "not above zero"),
    ("amount", "-5.00", "not above zero"),
    ("installment", "second", "no whole number"),
]
BAD_PARTIES = [
    ("loan_id", "", "the loan's id is needed"),
    ("person_id", "", "the person's id is needed"),
    ("role", "", "the role is needed"),
    ("role", "friend", "is unknown: one of borrower, co-borrower, guarantor"),
]
GOOD = {
    "loans": loan("L1"),
    "installments": due("L1", 1, "2026-03-01"),
    "payments": paid("L1", "p", "2026-03-01", "5.00"),
    "parties": party("L1", "P1", "guarantor"),
}
BAD = [
    (file, *case)
    for file, cases in (
        ("loans", BAD_LOANS),
        ("installments", BAD_INSTALLMENTS),
        ("payments", BAD_PAYMENTS),
        ("parties", BAD_PARTIES),
    )
    for case in cases
]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("phone", "call me", "is no phone number of DE"),
        ("phone", "4.4770090E+11", "has lost its digits"),
        ("email", "ann", "no email address"),
    ],
)
def test_an_address_that_cannot_be_read_is_put_aside(
    tmp_path: Path, column: str, value: str, said: str
) -> None:
    result = kept(tmp_path, "loans", {**GOOD["loans"], column: value})
    assert (len(result.loans), result.rejects) == (1, [])
    assert getattr(result.loans[0].borrower, column) is None
    ((file, row, where, text, reason),) = result.asides
    assert (file, row, where, text) == (0, 2, column, value)
    assert said in reason


@pytest.mark.parametrize(("file", "column", "value", "said"), BAD)
def test_each_reason_names_its_column(tmp_path: Path, file: str, column: str, value: str, said: str) -> None:
    result = kept(tmp_path, file, {**GOOD[file], column: value})
    assert (result.loans, result.installments, result.payments, result.parties) == ([], [], [], [])
    (reject,) = result.rejects
    assert said in reject.reason
    assert reject.column == ("" if "\0" in value else column)
    assert reject.row == 2
    assert reject.breaks_loan is (file in ("loans", "installments"))
    assert reject.loan_id == (
        None if column == "loan_id" and not value else value if column == "loan_id" else "L1"
    )


anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@pytest.mark.parametrize("file", list(GOOD))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_whatever_stands_in_the_cells_a_row_is_taken_or_told(
    tmp_path: Path, file: str, data: st.DataObject
) -> None:
    columns = data.draw(st.lists(st.sampled_from(list(GOOD[file])), unique=True, max_size=4))
    said = anything | st.sampled_from(
        ["9" * 30, "-1", "1e9", "0", "+", "=1+1", "1.0", "NaN", "٣", "99999-01-01"]
    )
    row = {**GOOD[file], **{column: data.draw(said) for column in columns}}
    result = kept(tmp_path, file, row)
    told = len(result.rejects) + len(result.skipped)
    taken = len(result.loans) + len(result.installments) + len(result.payments) + len(result.parties)
    assert (told, taken) in ((1, 0), (0, 1))
    for one in result.installments:
        assert all(0 <= amount < 2**61 for amount in (one.principal, one.interest, one.fees, one.penalties))


@pytest.mark.parametrize("file", list(GOOD))
def test_the_good_ones_are_good(tmp_path: Path, file: str) -> None:
    assert kept(tmp_path, file, dict(GOOD[file])).rejects == []


def test_a_row_of_another_width(tmp_path: Path) -> None:
    path = tmp_path / "loans.csv"
    path.write_text("loan_id,borrower_id,currency\nL1,B1\n")
    (reject,) = read(path, find_mapping("kept")).rejects
    assert reject == Reject(0, 2, "", "", "has 2 cells, the header has 3", None, None, breaks_loan=True)


def test_further_columns_of_loans_are_attributes_and_empty_cells_absent(tmp_path: Path) -> None:
    (one,) = kept(tmp_path, "loans", loan("L1", branch="Süd", score="", tags="vip; new|vip")).loans
    assert one.attributes == '{"branch":"Süd"}'
    assert one.tags == ("new", "vip")
    assert (one.principal, one.made_on, one.product) == (30000, date(2026, 1, 5), "term")
    assert (one.borrower.name, one.borrower.zones, one.borrower.phone) == (
        "Name of B1",
        ("Europe/Berlin",),
        None,
    )


def test_later_rows_are_skipped(tmp_path: Path) -> None:
    assert kept(tmp_path, "loans", loan("L1", made_on="2026-07-01")).skipped == [(0, 2, "core", "L1")]
    assert kept(tmp_path, "payments", paid("L1", "p", "2026-07-01", "5")).skipped == [(0, 2, None, "L1")]


def test_a_number_without_a_zone_may_be_in_several(tmp_path: Path) -> None:
    mapping = find_mapping("kept")
    path = write(tmp_path / "loans.csv", [loan("L1", zone="", phone="+12125550123")])
    home = Home("America/New_York", "US", "en")
    (one,) = read(path, mapping, homes={"main": home}).loans
    assert one.zone == "America/New_York"
    assert "America/New_York" in one.borrower.zones


def test_another_portfolio_than_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "loans.csv", [loan("L1"), loan("L2", portfolio="")])
    result = read(path, find_mapping("kept"), portfolio="other")
    assert [one.portfolio for one in result.loans] == ["other"]
    assert "another portfolio than other" in result.rejects[0].reason


def test_amounts_wait_for_their_currency(tmp_path: Path) -> None:
    (one,) = kept(tmp_path, "installments", three("L1")[0]).installments
    assert one.principal == 1000000


MAPPING = """\
name: mine
constants: {{source: core, portfolio: main, currency: EUR, zone: UTC}}
files:
  loans:
    known_by: [id]
    loan:
      {{loan_id: id, borrower_id: id, principal: lent,
        status: {{column: state, words: {{A: active, Z: closed}}}}}}
    schedule: {schedule}
    payments: [{{pays: all, received_on: paid}}]
"""


def derived(tmp_path: Path, schedule: str, **cells: str) -> Read:
    row = {"id": "1", "lent": "1200.00", "state": "A", "n": "12", "from": "2026-01-31", "paid": "", **cells}
    return read(write(tmp_path / "loans.csv", [row]), parse_mapping(MAPPING.format(schedule=schedule), "m"))


def test_annuity_flat_and_given(tmp_path: Path) -> None:
    annuity = derived(tmp_path, "{kind: annuity, rate: {value: 12}, count: n, first_due: from}").installments
    assert [one.principal + one.interest for one in annuity[:2]] == [10662, 10662]
    assert sum(one.principal for one in annuity) == 120000
    flat = derived(tmp_path, "{kind: flat, rate: {value: 12}, count: n, first_due: from}").installments
    assert {(one.principal, one.interest) for one in flat} == {(10000, 1200)}
    given = derived(tmp_path, "{kind: given, each: e, count: n, first_due: from}", e="110.00").installments
    assert sum(one.principal for one in given) == 120000
    assert sum(one.interest for one in given) == 12000
    assert given[1].due_on == date(2026, 2, 28)


def test_a_schedule_begun_months_after_a_day_keeps_the_day(tmp_path: Path) -> None:
    schedule = "{kind: equal, total: t, count: n, every: 2, first_due: {column: from, plus_months: 1}}"
    rows = derived(tmp_path, schedule, t="90.00", n="3").installments
    assert [one.due_on for one in rows] == [date(2026, 2, 28), date(2026, 4, 30), date(2026, 6, 30)]
    schedule = "{kind: equal, total: t, count: n, first_due: {column: from, plus_months: 1}}"
    assert derived(tmp_path, schedule, t="90.00", n="2").installments[1].due_on == date(2026, 3, 31)


@pytest.mark.parametrize(
    ("schedule", "cells", "said"),
    [
        ("{kind: equal, total: t, count: n, first_due: from}", {"t": ""}, "total of the schedule is empty"),
        ("{kind: equal, total: t, count: n, first_due: from}", {"t": "5", "n": "0"}, "make no schedule"),
        (
            "{kind: equal, total: t, count: {column: n, divide: 30}, first_due: from}",
            {"t": "5", "n": "45"},
            "divided",
        ),
        (
            "{kind: equal, total: t, count: {column: n, suffix: m}, first_due: from}",
            {"t": "5"},
            "does not end in",
        ),
        ("{kind: annuity, rate: r, count: n, first_due: from}", {"r": "x"}, "no rate"),
        (
            "{kind: annuity, rate: r, count: n, first_due: from}",
            {"r": "5", "lent": ""},
            "needs a principal and a rate",
        ),
        (
            "{kind: equal, total: t, count: n, first_due: from}",
            {"t": "5", "state": "Q"},
            "is unknown: one of A, Z",
        ),
    ],
)
def test_outlines_that_make_no_schedule(
    tmp_path: Path, schedule: str, cells: dict[str, str], said: str
) -> None:
    (reject,) = derived(tmp_path, schedule, **cells).rejects
    assert said in reject.reason


def test_payments_of_derived_installments_are_directed(tmp_path: Path) -> None:
    schedule = "{kind: equal, total: t, count: n, first_due: from}"
    result = derived(tmp_path, schedule, t="10.00", n="3", paid="2026-06-30")
    assert [(one.installment, one.amount) for one in result.payments] == [("1", 333), ("2", 333), ("3", 334)]
    assert derived(tmp_path, schedule, t="10.00", n="3", paid="2026-07-01").payments == []


def test_example_numbers_are_of_the_range_for_examples() -> None:
    numbers = {example_phone(f"customer {n}") for n in range(2000)}
    assert len(numbers) > 1800
    for number in numbers:
        assert number[5:10] == "55501"
        assert read_phone(number, None) == number


def test_files_are_given_to_the_parser_as_they_were_recognised(tmp_path: Path) -> None:
    path = write(tmp_path / "loans.csv", [loan("L1")])
    file = open_tape(path, find_mapping("kept"), "loans").files[0]
    assert isinstance(file, TapeFile)
    assert (file.name, file.not_used) == ("loans", ())
