"""Prices of a simulation: read exactly, refused by key, rounded once at the end."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.errors import CaseworkInputError
from casework.simulation.compared import change_of
from casework.simulation.prices import read_prices
from casework.simulation.tally import Heard
from tests.builders.facts import at

NOW = at("2026-11-23 09:00")
HOUR = timedelta(hours=1)
FILE = """
currency: EUR
messages: {sms: "0.075", email: "0.0004"}
countries:
  NG: {sms: "0.0035"}
tasks: {call: 7}
collectors: {hour: "26.50", queues: {desk: 8}}
"""


def test_what_things_cost() -> None:
    prices = read_prices(FILE, "prices.yaml")
    assert prices.of_message("sms", "DE", 2) == 150_000
    assert prices.of_message("sms", "NG", 2) == 7_000
    assert prices.of_message("email", "NG", 5) == 400, "a mail has no segments"
    assert prices.of_message("chat", None, 1) == 0
    assert (prices.minutes("call"), prices.minutes("visit")) == (7, 0)
    assert prices.text(prices.of_minutes(60)) == "26.50"


@given(st.integers(0, 10**12))
def test_amounts_are_rounded_to_the_currency_half_up(millionths: int) -> None:
    euro, yen = read_prices("currency: EUR", "a"), read_prices("currency: JPY", "b")
    whole, _, cents = euro.text(millionths).partition(".")
    assert len(cents) == 2
    assert -5_000 < int(whole + cents) * 10_000 - millionths <= 5_000
    assert -500_000 < int(yen.text(millionths)) * 1_000_000 - millionths <= 500_000


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"0.075"', '"0,075"', "prices.yaml: messages.sms: '0,075' is no price; write it like \"0.07\""),
        ('"0.075"', '"-1"', "messages.sms: '-1' is no price"),
        ('"0.075"', '"0.0000001"', "with six decimals at most"),
        ("sms:", "fax:", "messages.fax.[key]: Input should be 'sms', 'email' or 'chat'"),
        ("currency: EUR", "currency: EURO", 'currency "EURO" is unknown'),
        ("desk: 8", "desk: many", "collectors.queues.desk: Input should be a valid integer"),
        ("tasks", "task", "prices.yaml: task: Extra inputs are not permitted"),
        ("{call: 7}", "{call: 7", "prices.yaml: "),
    ],
)
def test_what_is_wrong_is_said_with_its_key(old: str, new: str, says: str) -> None:
    with pytest.raises(CaseworkInputError) as refused:
        read_prices(FILE.replace(old, new, 1), "prices.yaml")
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (Heard(), Heard(1, 0, NOW), "heard_at_all"),
        (Heard(1, 0, NOW), Heard(), "not_heard"),
        (Heard(1, 0, NOW), Heard(2, 0, NOW), "more"),
        (Heard(2, 5, NOW), Heard(1, 9, NOW), "less"),
        (Heard(1, 0, NOW), Heard(1, 0, NOW - 24 * HOUR), "sooner"),
        (Heard(1, 0, NOW), Heard(1, 0, NOW + 24 * HOUR), "later"),
        (Heard(1, 0, NOW), Heard(1, 0, NOW + 23 * HOUR), "same"),
        (Heard(1, 0, NOW), Heard(1, 1, NOW), "worked"),
        (Heard(0, 1), Heard(), "not_worked"),
        (Heard(), Heard(), "same"),
    ],
)
def test_what_changes_for_a_person_is_one_thing(before: Heard, after: Heard, change: str) -> None:
    assert change_of(before, after) == change
