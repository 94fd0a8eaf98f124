"""Money is read and written exactly, or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import LedgerInputError
from ledger.money import Money, format_major, minor_digits, parse_major


@pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("NGN", 2), ("CLF", 4)])
def test_decimals_are_those_of_the_currency(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "ZZZ", "€"])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    with pytest.raises(LedgerInputError, match="unknown"):
        minor_digits(currency)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("250.00", "EUR", 25000),
        ("250", "EUR", 25000),
        ("0.1", "EUR", 10),
        ("007.50", "EUR", 750),
        ("-1.5", "EUR", -150),
        ("-0", "EUR", 0),
        ("667", "JPY", 667),
        ("0.00", "JPY", 0),
        ("1.234", "KWD", 1234),
        ("999999999999999.99", "EUR", 99999999999999999),
    ],
)
def test_amounts_are_read_exactly(text: str, currency: str, minor: int) -> None:
    assert parse_major(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("250.005", "EUR"),
        ("1.000", "EUR"),  # perhaps a thousand
        ("667.0", "JPY"),
        ("1.2345", "KWD"),
        ("1e3", "EUR"),
        ("NaN", "EUR"),
        ("Infinity", "EUR"),
        ("+1", "EUR"),
        (" 1", "EUR"),
        ("1 ", "EUR"),
        ("1\n", "EUR"),
        ("", "EUR"),
        ("-", "EUR"),
        (".5", "EUR"),
        ("5.", "EUR"),
        ("1,000.00", "EUR"),
        ("1_000", "EUR"),
        ("0x10", "EUR"),
        ("٣", "EUR"),
        ("1" * 16, "EUR"),
    ],
)
def test_other_texts_are_refused(text: str, currency: str) -> None:
    with pytest.raises(LedgerInputError):
        parse_major(text, currency)


@given(st.integers(-(10**16), 10**16), st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
def test_what_is_written_is_read_again(minor: int, currency: str) -> None:
    text = format_major(minor, currency)
    assert Decimal(text).scaleb(minor_digits(currency)) == minor
    assert parse_major(text, currency) == minor if len(text.split(".")[0].lstrip("-")) <= 15 else True


def test_money_is_shown_with_its_currency() -> None:
    assert str(Money(25000, "EUR")) == "250.00 EUR"
    assert str(Money(-5, "KWD")) == "-0.005 KWD"
