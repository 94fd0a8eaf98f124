"""The sample portfolio: the same bytes for a seed, sums that come out, a book that looks like one."""

import csv
import re
from collections import defaultdict
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from kept.demo.play import split_feed
from kept.sample import BORROWERS, DAYS, SEED, START, Written, tape
from kept.sample.__main__ import main
from kept.sample.lenders import Product
from kept.sample.market import LENDERS
from kept.sample.phones import Phones
from kept.sample.terms import schedule
from ledger.money import parse_major

SAMPLES = Path(__file__).parents[3] / "samples"
END = START + timedelta(days=DAYS)
HEADS = {
    "loans.csv": "source,borrower_id,loan_id,portfolio,product,currency,principal,made_on,status,"
    "core_outstanding,core_dpd,name,language,zone,country,region,phone,phone_state,email,email_state,tags",
    "installments.csv": "loan_id,number,due_date,principal,interest,fees,penalties",
    "payments.csv": "loan_id,payment_id,received_on,amount,installment,reverses",
    "parties.csv": "loan_id,person_id,role,name,language,zone,country,region,"
    "phone,phone_state,email,email_state",
}
RESERVED = re.compile(
    r"\+1[2-9]\d\d55501\d\d|\+447700900\d{3}|\+3363998\d{4}|\+3532091\d{5}|\+61491570(006|110|15[6-9])"
)
PARTS = ("principal", "interest", "fees", "penalties")
Row = dict[str, str]


class Book:
    """A tape read back, with arithmetic of its own: oldest installment first, in minor units."""

    def __init__(self, folder: Path, written: Written) -> None:
        self.written = written
        self.loans, self.installments, self.payments, self.parties = (
            self._rows(folder / name) for name in HEADS
        )
        self.currency = {row["loan_id"]: row["currency"] for row in self.loans}
        self.dues: dict[str, list[tuple[date, int]]] = defaultdict(list)
        for row in self.installments:
            self.dues[row["loan_id"]].append((date.fromisoformat(row["due_date"]), self.total(row)))
        self.paid: dict[str, list[Row]] = defaultdict(list)
        for row in self.payments:
            self.paid[row["loan_id"]].append(row)

    @staticmethod
    def _rows(path: Path) -> list[Row]:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def minor(self, row: Row, column: str) -> int:
        return parse_major(row[column], self.currency[row["loan_id"]])

    def total(self, row: Row) -> int:
        return sum(self.minor(row, part) for part in PARTS)

    def received(self, loan: str, on: date) -> list[tuple[date, int]]:
        """What had come in by `on` and not gone back."""
        rows = [row for row in self.paid[loan] if date.fromisoformat(row["received_on"]) <= on]
        back = {row["reverses"] for row in rows}
        return [
            (date.fromisoformat(row["received_on"]), self.minor(row, "amount"))
            for row in rows
            if not row["reverses"] and row["payment_id"] not in back
        ]

    def days_late(self, loan: str, on: date) -> int | None:
        """Days past due of the oldest installment not covered by `on`, below 1 if not due; None: all paid."""
        left = sum(amount for _, amount in self.received(loan, on))
        for due, amount in self.dues[loan]:
            if left < amount:
                return (on - due).days
            left -= amount
        return None

    def open(self, on: date) -> list[int]:
        """The days late of each loan of the book that is not paid in full."""
        made = (row for row in self.loans if row["status"] == "active" and row["made_on"] <= on.isoformat())
        return [late for row in made if (late := self.days_late(row["loan_id"], on)) is not None]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    folder = tmp_path_factory.mktemp("sample")
    return Book(folder, tape(folder, seed=SEED, borrowers=BORROWERS, start=START, days=DAYS))


def test_the_columns_are_those_of_the_kept_format(book: Book, tmp_path: Path) -> None:
    tape(tmp_path, seed=1, borrowers=1, start=START, days=1)
    assert {path.name: path.read_text("utf-8").split("\n")[0] for path in tmp_path.iterdir()} == HEADS


def test_the_same_seed_gives_the_same_bytes_and_another_others(tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        tape(tmp_path / name, seed=seed, borrowers=60, start=START, days=30)
    for file in HEADS:
        a, b, c = ((tmp_path / name / file).read_bytes() for name in "abc")
        assert a == b
        assert a != c


def test_the_committed_sample_is_what_the_generator_writes(tmp_path: Path) -> None:
    tape(tmp_path, seed=11, borrowers=40, start=START, days=DAYS)
    for file in HEADS:
        assert (tmp_path / file).read_bytes() == (SAMPLES / "small" / file).read_bytes(), file


def test_what_is_reported_is_what_was_written(book: Book) -> None:
    rows = (book.loans, book.installments, book.payments, book.parties)
    people = {row["borrower_id"] for row in book.loans}
    assert book.written == Written(len(people), *(len(part) for part in rows))
    assert len(people) == BORROWERS


def test_ids_are_unique_and_name_one_person(book: Book) -> None:
    assert len({(row["source"], row["loan_id"]) for row in book.loans}) == len(book.loans)
    assert len({row["payment_id"] for row in book.payments}) == len(book.payments)
    assert len({(row["loan_id"], row["number"]) for row in book.installments}) == len(book.installments)
    persons: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    fields = ("name", "language", "zone", "country", "region", "phone", "phone_state", "email", "email_state")
    for row in book.loans:
        persons[row["borrower_id"]].add(tuple(row[field] for field in fields))
    borrower = {row["loan_id"]: row["borrower_id"] for row in book.loans}
    for row in book.parties:
        persons[row["person_id"]].add(tuple(row[field] for field in fields))
        assert row["person_id"] != borrower[row["loan_id"]]
        assert row["role"] in {"co-borrower", "guarantor"}
    assert all(len(said) == 1 for said in persons.values())
    known = [next(iter(said)) for said in persons.values()]
    for address in (5, 7):  # no number and no mailbox of two persons
        given = [person[address] for person in known if person[address]]
        assert len(set(given)) == len(given)


def test_schedules_sum_to_the_principal_to_the_minor_unit(book: Book) -> None:
    sums: dict[str, int] = defaultdict(int)
    for row in book.installments:
        sums[row["loan_id"]] += book.minor(row, "principal")
        assert book.total(row) > 0
    assert all(sums[row["loan_id"]] == book.minor(row, "principal") for row in book.loans)


@given(
    st.sampled_from([(product, lender) for lender in LENDERS for product in lender.products]),
    st.integers(1, 400),
    st.sampled_from([1, 100, 1000]),
)
def test_any_principal_is_split_exactly(sold: tuple[Product, object], steps: int, unit: int) -> None:
    product, _ = sold
    amount = steps * product.step * unit
    for installments, _ in product.counts:
        for rate in product.rates:
            dues = schedule(product, amount, installments, rate, START.toordinal(), unit)
            assert sum(due.principal for due in dues) == amount
            assert [due.number for due in dues] == list(range(1, installments + 1))
            assert all(due.interest >= 0 and due.principal >= 0 for due in dues)
            days = [due.day for due in dues]
            assert days == sorted(set(days))


def test_dates_are_sane(book: Book) -> None:
    made = {row["loan_id"]: date.fromisoformat(row["made_on"]) for row in book.loans}
    for loan, dues in book.dues.items():
        days = [due for due, _ in dues]
        assert days == sorted(set(days))
        assert days[0] >= made[loan]
    assert START - timedelta(days=3 * 366) < min(made.values()) < START < max(made.values()) <= END
    for loan, rows in book.paid.items():
        days = [row["received_on"] for row in rows]
        assert days == sorted(days)
        assert made[loan].isoformat() <= days[0]
        assert days[-1] <= END.isoformat()


def test_payments_are_positive_and_a_reversal_follows_what_it_reverses(book: Book) -> None:
    received = {row["payment_id"]: row for row in book.payments}
    reversals = [row for row in book.payments if row["reverses"]]
    assert 0.0005 < len(reversals) / len(book.payments) < 0.005
    assert len({row["reverses"] for row in reversals}) == len(reversals)
    for row in book.payments:
        if row["reverses"]:
            bounced = received[row["reverses"]]
            assert (row["amount"], row["loan_id"], bounced["reverses"]) == ("", bounced["loan_id"], "")
            assert bounced["received_on"] < row["received_on"]
        else:
            assert book.minor(row, "amount") > 0
    numbers = {(row["loan_id"], row["number"]) for row in book.installments}
    named = [row for row in book.payments if row["installment"]]
    assert named
    assert all((row["loan_id"], row["installment"]) in numbers for row in named)


def test_a_returned_debit_is_collected_again(book: Book) -> None:
    received = {row["payment_id"]: row for row in book.payments}
    settled = tried = 0
    for row in book.payments:
        back = date.fromisoformat(row["received_on"])
        if row["reverses"] and back <= END - timedelta(days=10):
            bounced = received[row["reverses"]]
            tried += 1
            settled += any(
                back < date.fromisoformat(again["received_on"]) <= back + timedelta(days=10)
                and book.minor(again, "amount") >= book.minor(bounced, "amount")
                for again in book.paid[row["loan_id"]]
                if again["amount"]
            )
    assert tried > 10
    assert settled / tried > 0.9


def test_a_status_says_nothing_that_happened_after_the_start(book: Book) -> None:
    for row in book.loans:
        late = book.days_late(row["loan_id"], START)
        if row["status"] == "closed":
            assert late is None
        elif row["status"] in {"written_off", "sold"}:
            assert late is not None
            assert late > 120
        else:
            assert row["status"] == "active"
        if row["status"] != "active":
            assert all(paid["received_on"] <= START.isoformat() for paid in book.paid[row["loan_id"]])


def test_people_pay_as_people_do(book: Book) -> None:
    due = on_time = parts = over = 0
    for loan, dues in book.dues.items():
        received = book.received(loan, END)
        covered = list(
            zip((day for day, _ in received), accumulate(amount for _, amount in received), strict=True)
        )
        owed = 0
        for day, amount in dues:
            before, owed = owed, owed + amount
            parts += any(before < sum_ < owed for _, sum_ in covered)
            if day <= END:
                due += 1
                on_time += any(sum_ >= owed and paid <= day for paid, sum_ in covered)
        over += bool(covered) and covered[-1][1] > owed
    assert 0.79 < on_time / due < 0.86
    assert 0.01 < parts / due < 0.10
    assert 5 < over < 0.03 * len(book.dues)


def test_between_4_and_8_percent_of_open_loans_end_over_30_days_late(book: Book) -> None:
    late = book.open(END)
    assert 0.04 < sum(days > 30 for days in late) / len(late) < 0.08
    assert 0.08 < sum(days > 0 for days in late) / len(late) < 0.20
    at_start = book.open(START)
    assert 0.01 < sum(days > 30 for days in at_start) / len(at_start) < 0.08
    active = {row["loan_id"] for row in book.loans if row["status"] == "active"}
    assert len(at_start) == sum(
        row["made_on"] <= START.isoformat() for row in book.loans if row["loan_id"] in active
    )


def test_phones_are_of_reserved_ranges_and_mail_of_example_domains(book: Book) -> None:
    people = [*book.loans, *book.parties]
    for row in people:
        if row["phone"]:
            assert RESERVED.fullmatch(row["phone"]), row["phone"]
            assert phonenumbers.is_possible_number(phonenumbers.parse(row["phone"]))
        if row["email"]:
            assert re.fullmatch(r"[a-z.]+\.[a-z]{2}-b\d{5}(-c)?@example\.(org|com|net)", row["email"]), row[
                "email"
            ]
        assert bool(row["phone"]) == bool(row["phone_state"])
        assert bool(row["email"]) == bool(row["email_state"])
    states = {row["phone_state"] for row in people} | {row["email_state"] for row in people}
    assert states == {"", "attested", "confirmed", "unverified"}
    kinds = {(bool(row["phone"]), bool(row["email"])) for row in people}
    assert kinds == {(True, True), (True, False), (False, True), (False, False)}


def test_a_small_sample_is_split_into_days_even_where_a_file_has_no_row(tmp_path: Path) -> None:
    tape(tmp_path, seed=SEED, borrowers=60, start=START, days=25)
    parties = (tmp_path / "parties.csv").read_text("utf-8").splitlines()
    (tmp_path / "parties.csv").write_text(parties[0] + "\n", "utf-8")
    feed = split_feed(tmp_path, START, 25, tmp_path / "feed")
    assert len(feed.days) == 25
    for folder in feed.days.values():
        assert (folder / "parties.csv").read_text("utf-8").splitlines() == parties[:1]


def test_a_spent_range_gives_no_phone_and_never_one_twice() -> None:
    phones, rng = Phones(), Random(1)
    given_out = [phones.take(rng, "GB", "GB-ENG") for _ in range(120_000)]
    numbers = [phone for phone in given_out if phone]
    assert len(set(numbers)) == len(numbers) < 120_000
    assert all(RESERVED.fullmatch(phone) for phone in numbers)
    assert not any(given_out[len(numbers) :])


def test_places_are_real_and_as_many_as_asked_for(book: Book) -> None:
    zones = {row["zone"] for row in book.loans}
    assert "" in zones
    for zone in zones - {""}:
        ZoneInfo(zone)
    assert len(zones) > 15
    assert {row["currency"] for row in book.loans} == {
        "NGN",
        "INR",
        "MXN",
        "IDR",
        "KZT",
        "GBP",
        "USD",
        "CNY",
        "JPY",
        "KWD",
    }
    assert {row["language"] for row in book.loans} == {"en", "hi", "es", "id", "ru", "zh"}
    loans_each = defaultdict(int)
    for row in book.loans:
        loans_each[row["borrower_id"]] += 1
    assert set(loans_each.values()) == {1, 2, 3}


def test_every_lender_has_its_settings() -> None:
    yaml = YAML(typ="safe")
    files = {path.stem: yaml.load(path) for path in (SAMPLES / "portfolios").glob("*.yaml")}
    assert set(files) == {lender.code for lender in LENDERS}
    for lender in LENDERS:
        settings = files[lender.code]
        said = (settings["portfolio"], settings["country"], settings["currency"])
        assert said == (lender.code, lender.country, lender.currency)
        assert parse_major(settings["terms"]["tolerance"], lender.currency) == 0
        assert settings["zone"] in {zone for _, zone, _ in lender.places}
        languages = {language for _, language, _ in lender.peoples}
        assert settings["language"] in languages
        assert languages <= set(settings["pay"])
        assert settings["packs"] == ["house"]
        assert RESERVED.fullmatch(settings["reply_to"]["phone"]) or lender.country == "GB"


def test_the_command_writes_a_tape_and_says_what_is_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "tape"
    assert main(["--out", str(out), "--borrowers", "5", "--start", "2025-01-31", "--days", "10"]) == 0
    assert "5 borrowers" in capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == set(HEADS)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--start", "31/01/2025"], '"31/01/2025" is no date'),
        (["--borrowers", "0"], '"0" is no number of 1 or more'),
        (["--days", "many"], '"many" is no number'),
    ],
)
def test_bad_usage_is_one_line_and_exit_2(
    arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--out", str(tmp_path), *arguments])
    assert left.value.code == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert says in told.err


def test_a_folder_that_is_a_file_is_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tape").write_text("")
    assert main(["--out", str(tmp_path / "tape")]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
