"""Every mistake in a mapping is named with its line, its key, and what would be right."""

from pathlib import Path

import pytest

from casework.intake.mapping_file import MappingError, bundled_names, find_mapping, parse_mapping

GOOD = """\
name: mine
constants:
  source: core
  portfolio: main
  currency: EUR
  zone: Europe/Berlin
formats:
  date: "%d.%m.%Y"
  decimal: ","
  thousands: "."
files:
  loans:
    known_by: [id, customer, due]
    loan:
      loan_id: id
      borrower_id: customer
      principal: lent
      email: {compose: "b-{customer}@example.org"}
    schedule:
      kind: equal
      total: total
      count: {column: days, divide: 30, round: up}
      first_due: due
    payments:
      - {pays: first, received_on: paid}
"""

WRONG = [
    ("name: mine", "name: My Mapping", 1, "name"),
    ("  source: core\n", "", 2, "constants.source: this key is missing"),
    ("portfolio: main", "portfolio: a/b", 4, '"a/b" is no code of a portfolio'),
    ("zone: Europe/Berlin", "zone: Europe/Bonn", 6, '"Europe/Bonn" is no time zone'),
    ("currency: EUR", "currency: Euro", 5, '"Euro" is no currency'),
    ("currency: EUR", "curency: EUR", 5, "unknown key 'curency'; known are source, portfolio, currency"),
    ('date: "%d.%m.%Y"', 'date: "%d.%q.%Y"', 8, '"%q" is not known in a date'),
    ('date: "%d.%m.%Y"', 'date: "%d%m%y"', 8, "say its century"),
    ('date: "%d.%m.%Y"', 'date: "%H:%M"', 8, "tells no date"),
    ('date: "%d.%m.%Y"', 'date: "%d.%m.%Y"\n  century: 1950', 8, "century 1950 is none"),
    ('thousands: "."', 'thousands: ","', 10, "cannot be the mark of decimals and of thousands"),
    ('decimal: ","', 'decimal: "0"', 9, "is no mark of decimal"),
    ("loan_id: id", "loanid: id", 15, "unknown key 'loanid'"),
    ("      loan_id: id\n", "", 14, "files.loans.loan.loan_id: this key is missing"),
    ("principal: lent", "principal: {colum: lent}", 17, "unknown key 'colum'; known are column"),
    ("principal: lent", "principal: [lent]", 17, "a column's name is wanted here"),
    ("principal: lent", "principal: {column: lent, compose: 'a{lent}'}", 17, "compose has no use here"),
    ("loan_id: id", "loan_id: {column: id, value: 7}", 15, "exactly one of column, value"),
    ('compose: "b-{customer}@example.org"', 'compose: "b@example.org"', 18, "names no column"),
    ('compose: "b-{customer}@example.org"', 'compose: "b-{customer@example.org"', 18, "cannot be read"),
    ('compose: "b-{customer}@example.org"', 'compose: "b-{customer!r}@x.org"', 18, "only {column} and"),
    ('{compose: "b-{customer}@example.org"}', "{look_up: people, take: mail}", 18, "belong together"),
    (
        '{compose: "b-{customer}@example.org"}', "{look_up: people, by: customer, take: mail}", 11,
        "loans looks up mail in people, which is no file with look_up here",
    ),
    ("kind: equal", "kind: linear", 20, "files.loans.schedule.kind: input should be 'equal', 'annuity'"),
    ("kind: equal", "kind: annuity", 21, "a schedule of kind annuity has no use for total"),
    ("      total: total\n", "", 19, "a schedule of kind equal needs total"),
    ("divide: 30", "divide: 0", 22, "greater than or equal to 1"),
    ("divide: 30", "divide: thirty", 22, "a whole number is wanted here"),
    ("pays: first", "pays: third", 25, "input should be 'first', 'rest' or 'all'"),
    ("pays: first", "pays: first, amount: paid_amount", 25, "either an amount or pays"),
    ("known_by: [id, customer, due]", "known_by: []", 13, "at least one is wanted here"),
    ("known_by: [id, customer, due]", "known_by: [id]\n    delimiter: ':'", 14, "delimiter"),
    ("known_by: [id, customer, due]", "known_by: [id]\n    encoding: utf-7", 14, "encoding"),
    ("    schedule:", "    look_up: {key: id}\n    schedule:", 19, "a file of look_up states nothing else"),
    ("    schedule:", "    installment: {number: n, due_date: d, fees: f}\n    schedule:", 20, "not both"),
    ("files:", "files: &a\nfiles:", 12, "files"),
    ("files:", "files:\n  other: {known_by: [x]}", 12, "a file states at least one of"),
    ("name: mine", "name: [mine", 2, "expected"),
]  # fmt: skip


def test_the_good_one_is_good() -> None:
    assert parse_mapping(GOOD, "mine.yaml").files["loans"].only_payments is False


@pytest.mark.parametrize(("right", "wrong", "line", "said"), WRONG)
def test_each_mistake_has_its_line(right: str, wrong: str, line: int, said: str) -> None:
    assert right in GOOD
    with pytest.raises(MappingError) as caught:
        parse_mapping(GOOD.replace(right, wrong, 1), "mine.yaml")
    message = str(caught.value)
    assert message.startswith(f"mine.yaml line {line}"), message
    assert said in message
    assert "\n" not in message


def test_an_unknown_name_lists_the_bundled_ones(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="berka, claritypay, home_credit, kept, superlender"):
        find_mapping(str(tmp_path / "none.yaml"))


@pytest.mark.parametrize("name", bundled_names())
def test_bundled_mappings_are_valid_and_named_after_their_file(name: str) -> None:
    assert find_mapping(name).name == name


def test_a_mapping_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("\ufeff" + GOOD, encoding="utf-8")
    assert find_mapping(str(path)).constants.portfolio == "main"


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MappingError, match="cannot be read"):
        find_mapping(str(path))
