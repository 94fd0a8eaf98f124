"""A portfolio's file and the terms that the ledger is given."""

import pytest

from casework.errors import CaseworkInputError
from casework.portfolios import read_portfolio, terms_of
from ledger.terms import Terms

FILE = """
portfolio: bgb
name: BGB Bank
brand: BGB Bank
country: DE
zone: Europe/Berlin
currency: EUR
terms:
  dpd_starts: on_due
  grace_days: 3
  tolerance: "0.50"
  allocation: [fees, principal, interest, penalties]
  spread: by_component
  prepayment: last
  buckets: [[1, 10], [11, null]]
"""


def test_the_grades_of_the_file_grow() -> None:
    assert read_portfolio(FILE, "bgb.yaml").grades["substandard"] == 91
    read = read_portfolio(FILE + "grades: {special_mention: 10, loss: 181}\n", "bgb.yaml")
    assert read.grades == {"special_mention": 10, "loss": 181}
    with pytest.raises(
        CaseworkInputError, match=r"^bgb\.yaml: grades: the days of the grades grow from 1 on"
    ):
        read_portfolio(FILE + "grades: {special_mention: 200, loss: 181}\n", "bgb.yaml")


def test_every_term_of_the_file_reaches_the_ledger() -> None:
    assert terms_of(read_portfolio(FILE, "bgb.yaml"), "EUR") == Terms(
        currency="EUR",
        zone="Europe/Berlin",
        dpd_starts="on_due",
        grace_days=3,
        tolerance=50,
        allocation=("fees", "principal", "interest", "penalties"),
        spread="by_component",
        prepayment="last",
        buckets=((1, 10), (11, None)),
    )
