"""Cells by their declared formats: what they mean, and what is refused with what would be right."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.intake.formats import (
    amount_reader,
    date_reader,
    days_reader,
    read_email,
    read_phone,
    read_whole,
)
from ledger.money import minor_digits


@pytest.mark.parametrize(
    ("pattern", "century", "text", "day"),
    [
        ("%Y-%m-%d", None, "2026-03-01", date(2026, 3, 1)),
        ("%d/%m/%Y", None, "5/7/2020", date(2020, 7, 5)),
        ("%m/%d/%Y", None, "5/7/2020", date(2020, 5, 7)),
        ("%y%m%d", 1900, "930705", date(1993, 7, 5)),
        ("%d.%m.%y", 2000, "01.02.03", date(2003, 2, 1)),
        ("%Y-%m-%d %H:%M:%S.%f", None, "2016-08-15 23:59:59.000000", date(2016, 8, 15)),
        ("%Y-%m-%dT%H:%M:%S%z", None, "2016-08-15T23:59:59+01:00", date(2016, 8, 15)),
        ("%b-%Y", None, "Mar-2018", date(2018, 3, 1)),
        ("%Y%m%d", None, "20200229", date(2020, 2, 29)),
    ],
)
def test_dates(pattern: str, century: int | None, text: str, day: date) -> None:
    assert date_reader(pattern, century)(text) == day


@pytest.mark.parametrize(
    ("pattern", "century", "text", "said"),
    [
        ("%Y-%m-%d", None, "01.03.2026", "is not written like"),
        ("%Y-%m-%d", None, "2026-3-1", "is not written like"),
        ("%Y-%m-%d", None, "2026-02-30", "no day of the calendar"),
        ("%Y-%m-%d", None, "2026-W09-1", "is not written like"),
        ("%d/%m/%Y", None, "12/13/2020", "no day of the calendar"),
        ("%y%m%d", 1900, "93075", "is not written like"),
        ("%y%m%d", 1900, "19930705", "is not written like"),
        ("%b-%Y", None, "Mrz-2018", "names no month"),
        ("%d.%m.%Y", None, "٠١.٠٢.٢٠٢٠", "is not written like"),
    ],
)
def test_what_is_no_date(pattern: str, century: int | None, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        date_reader(pattern, century)(text)


def test_days_count_from_their_anchor() -> None:
    read = days_reader(date(2018, 1, 1))
    assert read("-1.0") == date(2017, 12, 31)
    assert read("0") == date(2018, 1, 1)
    for text in ("1.5", "", "x", "99999999999"):
        with pytest.raises(ValueError):
            read(text)


@pytest.mark.parametrize(
    ("decimal", "thousands", "currency", "text", "minor"),
    [
        (".", None, "EUR", "250", 25000),
        (".", None, "EUR", "250.5", 25050),
        (".", None, "EUR", "13000.0000", 1300000),
        (".", ",", "GBP", "43,774.58", 4377458),
        (",", ".", "EUR", "1.234,56", 123456),
        (",", ".", "EUR", "-1.234.567,8", -123456780),
        (".", " ", "EUR", "1 234.56", 123456),
        (".", None, "JPY", "667", 667),
        (".", None, "KWD", "33952.005", 33952005),
        (".", None, None, "1.5", 15000),
    ],
)
def test_amounts(decimal: str, thousands: str | None, currency: str | None, text: str, minor: int) -> None:
    assert amount_reader(decimal, thousands, currency, None)(text) == minor


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1.005", "has 3 decimals, EUR has 2"),
        ("1e3", "is no amount"),
        ("1,000.00", "is no amount"),
        (".50", "is no amount"),
        ("", "is no amount"),
        ("--1", "is no amount"),
        ("12 EUR", "is no amount"),
        ("NaN", "is no amount"),
        ("٣", "is no amount"),
        ("123456789012345", "is too large"),
    ],
)
def test_what_is_no_amount(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        amount_reader(".", None, "EUR", None)(text)


@pytest.mark.parametrize("text", ["1,00.00", "10,0000.00", ",100.00", "1000,000.00", "1,000.0,0"])
def test_thousands_stand_where_thousands_are(text: str) -> None:
    with pytest.raises(ValueError, match="where no thousands are"):
        amount_reader(".", ",", "EUR", None)(text)


@pytest.mark.parametrize(
    ("rounding", "text", "minor"),
    [
        ("half_up", "0.005", 1),
        ("half_even", "0.005", 0),
        ("half_even", "0.015", 2),
        ("down", "0.019", 1),
        ("half_up", "-0.005", -1),
    ],
)
def test_roundings_are_those_declared(rounding: str, text: str, minor: int) -> None:
    assert amount_reader(".", None, "EUR", rounding)(text) == minor


@given(
    minor=st.integers(-(10**13), 10**13),
    currency=st.sampled_from(["EUR", "JPY", "KWD", "NGN"]),
    marks=st.sampled_from([(".", None), (",", None), (".", ","), (",", "."), (".", "'")]),
)
def test_what_is_written_is_read(minor: int, currency: str, marks: tuple[str, str | None]) -> None:
    decimal, thousands = marks
    digits = minor_digits(currency)
    text = f"{Decimal(minor).scaleb(-digits):,.{digits}f}"
    text = text.replace(",", "~").replace(".", decimal).replace("~", thousands or "")
    assert amount_reader(decimal, thousands, currency, None)(text) == minor


def test_whole_numbers() -> None:
    assert [read_whole(text) for text in ("3", "3.0", "-2", "007")] == [3, 3, -2, 7]
    for text in ("3.5", "three", "", "3,0", "1" * 19):
        with pytest.raises(ValueError, match="no whole number"):
            read_whole(text)


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("+44 7700 900123", None, "+447700900123"),
        ("07700 900123", "GB", "+447700900123"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("+1 212 555 0123", "NG", "+12125550123"),
    ],
)
def test_phones(text: str, region: str | None, number: str) -> None:
    assert read_phone(text, region) == number


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda: read_phone("07700 900123", None), "with \\+ and the country's code"),
        (lambda: read_phone("12", "GB"), "no phone number of GB"),
        (lambda: read_phone("call me", "GB"), "no phone number of GB"),
        (lambda: read_email("ann"), "name@domain"),
        (lambda: read_email("ann@ example.org"), "name@domain"),
        (lambda: read_email("a@b@example.org"), "name@domain"),
    ],
)
def test_what_is_no_address(read: Callable[[], str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read()
