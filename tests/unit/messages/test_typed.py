"""Typed answers: what can be meant is given, all of it and nothing else; what was written is read back."""

from datetime import date, timedelta

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import Money, format_major, minor_digits
from messages.locales import HOME, long_date, money, short_date
from messages.typed.amounts import named_currency, read_amount, read_months, read_number
from messages.typed.dates import Order, order_in, read_date, take_date
from messages.typed.numerals import han_number
from messages.typed.plain import languages, yes_or_no

SUNDAY = date(2026, 11, 22)
WEDNESDAY = date(2026, 11, 25)

DAYS = st.dates(date(2024, 1, 1), date(2035, 12, 31))
LOCALES = st.sampled_from(sorted(HOME.values()))
CURRENCIES = st.sampled_from(["EUR", "USD", "CNY", "JPY", "KWD", "INR", "RUB", "IDR", "MXN", "KZT"])


@pytest.mark.parametrize(
    "text", ["36", "36个月", "三十六", "36 months", "thirty-six", "３６", "３６ 期", " 36. "]
)
def test_36_is_36_however_it_is_written(text: str):
    assert read_number(text) == (36,)
    assert read_months(text) == (36,)


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("3 years", 36),
        ("半年", 6),
        ("一年半", 18),
        ("一年", 12),
        ("十二期", 12),
        ("6 cuotas", 6),
        ("两年", 24),
    ],
)
def test_years_are_months(text: str, months: int):
    assert read_months(text) == (months,)


@pytest.mark.parametrize(
    ("text", "meant"), [("a few", ()), ("", ()), ("-3", ()), ("6 or 12", (6, 12)), ("1.5", ())]
)
def test_what_is_no_single_number_is_asked(text: str, meant: tuple[int, ...]):
    assert read_number(text) == meant


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("250", 25000),
        ("250.", 25000),
        ("1.234,56", 123456),
        ("1,234.56", 123456),
        ("1 234,5", 123450),
        ("1'234.50", 123450),
        ("1,00,000", 10000000),
        ("1.234", 123400),
        ("1.500", 150000),
        ("1,500", 150000),
        ("10,000", 1000000),
        ("250.000", 25000000),
        ("12,5", 1250),
        ("二百五十", 25000),
        ("两千三", 230000),
        ("一百零五", 10500),
        ("三百五十点五", 35050),
        ("1.2万", 1200000),
        ("2k", 200000),
        ("250 EUR", 25000),
        ("€250", 25000),
        ("EUR 250,00", 25000),
        ("250 euros please", 25000),
        ("two hundred and fifty", 25000),
        ("one thousand two hundred", 120000),
        ("i can pay 99", 9900),
    ],
)
def test_amounts_in_many_writings(text: str, minor: int):
    assert read_amount(text, "EUR") == (Money(minor, "EUR"),)


@pytest.mark.parametrize(
    ("text", "currency", "meant"),
    [
        ("250 or 300", "EUR", ["250.00 EUR", "300.00 EUR"]),
        ("200-300", "EUR", ["200.00 EUR", "300.00 EUR"]),
        ("1.234", "KWD", ["1234.000 KWD", "1.234 KWD"]),
        ("250 usd", "EUR", ["250.00 USD"]),
        ("$250", "MXN", ["250.00 MXN"]),
        ("¥500", "JPY", ["500 JPY"]),
        ("¥5,000", "JPY", ["5000 JPY"]),
        ("250.00 JPY", "JPY", ["250 JPY"]),
        ("1,500 JPY", "EUR", ["1500 JPY"]),
        ("1.500", "KWD", ["1500.000 KWD", "1.500 KWD"]),
        ("500元", "CNY", ["500.00 CNY"]),
        ("500块", "EUR", ["500.00 CNY"]),
        ("12.50", "JPY", []),
        ("0.005", "EUR", []),
        ("-250", "EUR", []),
        ("1.2.3", "EUR", []),
        ("9" * 30, "EUR", []),
        ("十百", "EUR", []),
        ("everything", "EUR", []),
    ],
)
def test_what_has_two_meanings_or_none_is_asked(text: str, currency: str, meant: list[str]):
    assert [str(amount) for amount in read_amount(text, currency)] == meant


@given(st.integers(0, 10**11), CURRENCIES, LOCALES)
def test_an_amount_as_we_write_it_is_read_back(minor: int, currency: str, locale: str):
    meant = read_amount(money(minor, currency, locale), currency)
    assert Money(minor, currency) in meant
    assert len(meant) == 1 or minor_digits(currency) == 3


@given(st.integers(0, 10**11), CURRENCIES)
def test_an_amount_as_machines_write_it_is_read_back(minor: int, currency: str):
    assert Money(minor, currency) in read_amount(format_major(minor, currency), currency)


@pytest.mark.parametrize(
    ("text", "owed", "named"),
    [
        ("200", "EUR JPY", "EUR"),
        ("200 EUR", "JPY EUR", "EUR"),
        ("€200", "JPY EUR", "EUR"),
        ("¥200", "EUR JPY", "JPY"),
        ("$200", "EUR CAD", "CAD"),
        ("$200", "EUR CAD AUD", None),
        ("200 USD", "EUR CAD", None),
        ("3 x 100 EUR from 28/11", "JPY EUR", "EUR"),
        ("100 EUR and 200 JPY", "JPY EUR", None),
        ("some", "EUR JPY", "EUR"),
    ],
)
def test_which_of_the_currencies_owed_is_named(text: str, owed: str, named: str | None) -> None:
    assert named_currency(text, owed.split()) == named


def in_han(number: int) -> str:
    """The usual writing of 0..99,999,999 in Chinese."""
    if number >= 10000:
        high, low = divmod(number, 10000)
        return in_han(high) + "万" + (("零" if low < 1000 else "") + in_han(low) if low else "")
    written, zero = "", False
    for power, unit in ((3, "千"), (2, "百"), (1, "十"), (0, "")):
        digit = number // 10**power % 10
        if digit:
            written += ("零" if zero and written else "") + "零一二三四五六七八九"[digit] + unit
        zero = not digit
    return written or "零"


@given(st.integers(0, 99_999_999))
def test_chinese_numerals_are_read_back(number: int):
    assert han_number(in_han(number)) == number
    assert read_number(f"{in_han(number)}个月") == (number,)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("28/11", "2026-11-28"),
        ("28.11.", "2026-11-28"),
        ("28-11-2026", "2026-11-28"),
        ("2026-11-28", "2026-11-28"),
        ("28 Nov", "2026-11-28"),
        ("November 28th", "2026-11-28"),
        ("28. November", "2026-11-28"),
        ("on the 28th", "2026-11-28"),
        ("28", "2026-11-28"),
        ("15", "2026-12-15"),
        ("1/3", "2027-03-01"),
        ("29/2", "2028-02-29"),
        ("tomorrow", "2026-11-26"),
        ("tmrw", "2026-11-26"),
        ("the day after tomorrow", "2026-11-27"),
        ("today", "2026-11-25"),
        ("Friday", "2026-11-27"),
        ("this friday", "2026-11-27"),
        ("fri 27/11", "2026-11-27"),
        ("in 3 days", "2026-11-28"),
        ("in two weeks", "2026-12-09"),
        ("end of the month", "2026-11-30"),
        ("end of next month", "2026-12-31"),
        ("明天", "2026-11-26"),
        ("后天", "2026-11-27"),
        ("大后天", "2026-11-28"),
        ("周五", "2026-11-27"),
        ("下周五", "2026-12-04"),
        ("下下周一", "2026-12-07"),
        ("星期二", "2026-12-01"),
        ("11月28日", "2026-11-28"),
        ("十一月二十八号", "2026-11-28"),
        ("2026年11月28日", "2026-11-28"),
        ("28号", "2026-11-28"),
        ("下个月5号", "2026-12-05"),
        ("三天后", "2026-11-28"),
        ("月底", "2026-11-30"),
        ("mañana", "2026-11-26"),
        ("28 de noviembre", "2026-11-28"),
        ("послезавтра", "2026-11-27"),
        ("через 3 дня", "2026-11-28"),
        ("в пятницу", "2026-11-27"),
        ("besok", "2026-11-26"),
        ("28 नवंबर", "2026-11-28"),
    ],
)
def test_dates_in_many_writings(text: str, day: str):
    assert [str(found) for found in read_date(text, WEDNESDAY, "dmy")] == [day]


@pytest.mark.parametrize(
    ("text", "order", "days"),
    [
        ("3/4", None, ["2027-03-04", "2027-04-03"]),
        ("3/4", "dmy", ["2027-04-03"]),
        ("3/4", "mdy", ["2027-03-04"]),
        ("28/11", "mdy", ["2026-11-28"]),
        ("11.28", None, ["2026-11-28"]),
        ("next friday", None, ["2026-11-27", "2026-12-04"]),
        ("wednesday", None, ["2026-11-25", "2026-12-02"]),
        ("friday or monday", None, ["2026-11-27", "2026-11-30"]),
        ("monday 27/11", "dmy", ["2026-11-27", "2026-11-30"]),
        ("31/2", None, []),
        ("yesterday or so", None, []),
        ("soon", None, []),
        ("", None, []),
        ("99", None, []),
    ],
)
def test_what_can_be_two_dates_or_none_is_asked(text: str, order: Order | None, days: list[str]):
    assert [str(found) for found in read_date(text, WEDNESDAY, order)] == days


@given(DAYS, st.integers(0, 170), st.sampled_from(sorted(HOME)))
def test_a_date_as_we_write_it_is_read_back(today: date, ahead: int, language: str):
    day = today + timedelta(days=ahead)
    for written in (long_date(day, HOME[language]), short_date(day, today, HOME[language])):
        assert read_date(written, today, None) == (day,), written


@given(DAYS, st.integers(0, 170))
def test_a_date_in_figures_is_read_back(today: date, ahead: int):
    day = today + timedelta(days=ahead)
    for written, order in (
        ("d/M", "dmy"),
        ("d.M.", "dmy"),
        ("M/d", "mdy"),
        ("M月d日", None),
        ("yyyy-MM-dd", None),
    ):
        assert read_date(format_date(day, written, locale="en"), today, order) == (day,)  # pyright: ignore
    assert day in read_date(f"{day.day}/{day.month}", today, None)


@given(DAYS, st.integers(1, 400))
def test_days_from_now_are_counted(today: date, ahead: int):
    assert read_date(f"in {ahead} days", today, None) == (today + timedelta(days=ahead),)
    assert read_date(f"{ahead}天后", today, None) == (today + timedelta(days=ahead),)


@given(DAYS, st.integers(0, 6))
def test_a_day_of_the_week_is_within_a_week(today: date, place: int):
    for text in (("mon", "tue", "wed", "thu", "fri", "sat", "sun")[place], f"周{'一二三四五六日'[place]}"):
        found = read_date(text, today, None)
        assert all(day.weekday() == place and timedelta(0) <= day - today <= timedelta(7) for day in found)
        assert len(found) == (2 if today.weekday() == place else 1)


@given(st.text(max_size=40), DAYS, st.sampled_from([None, "dmy", "mdy"]))
def test_no_text_breaks_a_reader(text: str, today: date, order: Order | None):
    read_date(text, today, order)
    assert take_date(text, today, order).dates is not None
    assert all(amount.minor >= 0 for amount in read_amount(text, "EUR"))
    assert all(number >= 0 for number in read_number(text))
    read_months(text)
    assert yes_or_no(text) in (True, False, None)


@given(st.integers(1, 99999), st.integers(0, 170), st.booleans())
def test_a_promise_in_one_line_is_taken_apart(amount: int, ahead: int, first: bool):
    day = SUNDAY + timedelta(days=ahead)
    told = f"{day.day}/{day.month}"
    said = take_date(f"promise {amount} on {told}" if first else f"{told} {amount}", SUNDAY, "dmy")
    assert said.dates == (day,)
    assert read_amount(said.rest, "EUR") == (Money(amount * 100, "EUR"),)


@pytest.mark.parametrize("text", ["Yes", "YES!", "y", "ok", "是的", "好的。", "Sí", "да", "ya", "हाँ"])
def test_yes(text: str):
    assert yes_or_no(text) is True


@pytest.mark.parametrize("text", ["No", "nope.", "不是", "不", "нет", "tidak", "नहीं"])
def test_no(text: str):
    assert yes_or_no(text) is False


@pytest.mark.parametrize("text", ["", "maybe", "yes but not now", "28/11", "不知道"])
def test_neither_yes_nor_no(text: str):
    assert yes_or_no(text) is None


def test_every_language_has_its_words_and_none_says_yes_for_no():
    assert set(languages()) == set(HOME)
    for said in (word for words in languages().values() for word in words.yes):
        assert yes_or_no(said) is True, said
    for said in (word for words in languages().values() for word in words.no):
        assert yes_or_no(said) is False, said


def test_the_order_of_figures_follows_the_country():
    assert (order_in("US"), order_in("CN"), order_in("DE"), order_in(None)) == ("mdy", "mdy", "dmy", None)
