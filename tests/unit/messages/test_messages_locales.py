"""Money, dates and languages, held against Babel itself."""

from datetime import date
from decimal import Decimal

import pytest
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import minor_digits
from messages.locales import (
    best_language,
    listed,
    locale_for,
    long_date,
    money,
    office_hours,
    plural_form,
    short_date,
)
from messages.segments import encoding_of

LOCALES = ("en", "en_IN", "en_NG", "zh_Hans_CN", "es", "es_MX", "hi_IN", "ru_RU", "id_ID")
CURRENCIES = ("USD", "EUR", "NGN", "JPY", "KWD", "INR", "RUB", "IDR", "CNY", "MXN")


@given(st.integers(0, 10**13), st.sampled_from(CURRENCIES), st.sampled_from(LOCALES))
def test_money_is_what_babel_writes(minor: int, currency: str, locale: str) -> None:
    exact = Decimal(minor).scaleb(-minor_digits(currency))
    theirs = format_currency(exact, currency, locale=locale)
    assert money(minor, currency, locale).replace("\u00a0", "") == theirs.replace("\u00a0", "")


@given(st.integers(0, 10**13), st.sampled_from(CURRENCIES), st.sampled_from(LOCALES))
def test_money_can_stay_in_the_gsm_alphabet(minor: int, currency: str, locale: str) -> None:
    assert encoding_of(money(minor, currency, locale, gsm7=True)) == "gsm7"


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "written"),
    [
        (5, "KWD", "en", "KWD\u00a00.005"),  # Babel rounds half a cent away; nothing is rounded here
        (0, "USD", "en", "$0.00"),
        (667, "JPY", "en", "¥667"),
        (123_456_750, "INR", "en_IN", "₹12,34,567.50"),
        (123_456_750, "RUB", "ru_RU", "1\u00a0234\u00a0567,50\u00a0₽"),
        (123_456_750, "USD", "es", "1.234.567,50\u00a0US$"),
        (100_000, "USD", "en", "$1,000.00"),
        (99_999, "USD", "en", "$999.99"),
    ],
)
def test_money_by_hand(minor: int, currency: str, locale: str, written: str) -> None:
    assert money(minor, currency, locale) == written


def test_a_negative_amount_is_refused() -> None:
    with pytest.raises(ValueError, match="never negative"):
        money(-1, "USD", "en")


@pytest.mark.parametrize(
    ("wanted", "language", "locale"),
    [
        ("es-MX", "es", "es_MX"),
        ("es_MX", "es", "es_MX"),
        ("en-IN", "en", "en_IN"),
        ("zh", "zh", "zh_Hans_CN"),
        ("zh-CN", "zh", "zh_Hans_CN"),
        ("zh-TW", "zh", "zh_Hans_CN"),  # the text is simplified, so its dates are
        ("hi", "hi", "hi_IN"),
        ("fr-FR", "en", "en"),
        ("", "en", "en"),
        ("../../etc", "en", "en"),
        ("x" * 500, "en", "en"),
    ],
)
def test_locale_for(wanted: str, language: str, locale: str) -> None:
    assert locale_for(wanted, language) == locale


@pytest.mark.parametrize(
    ("wanted", "best"),
    [
        ("zh", "zh"),
        ("zh-TW", "zh"),
        ("zh_Hans_CN", "zh"),
        ("es-419", "es"),
        ("EN", "en"),
        ("fr", "ru"),
        (None, "ru"),
        ("es-DE", "es"),
        ("zh_DE", "zh"),
    ],
)
def test_best_language(wanted: str | None, best: str) -> None:
    assert best_language(wanted, ("en", "zh", "es"), "ru") == best


@given(st.text(max_size=40))
def test_any_tag_gives_a_language_that_is_there(tag: str) -> None:
    assert best_language(tag, {"en", "zh"}, "en") in {"en", "zh"}
    assert locale_for(tag, "en").startswith("en")


def test_dates_say_their_month_in_words_and_their_year_when_far() -> None:
    today = date(2026, 3, 2)
    assert short_date(date(2026, 3, 5), today, "en") == "March 5"
    assert short_date(date(2026, 3, 5), today, "ru_RU") == "5 марта"
    assert short_date(date(2026, 3, 5), today, "zh_Hans_CN") == "3月5日"
    assert short_date(date(2025, 12, 30), today, "en") == "December 30"
    assert short_date(date(2025, 3, 5), today, "en") == "March 5, 2025"
    assert long_date(date(2026, 3, 5), "id_ID") == "5 Maret 2026"


@pytest.mark.parametrize(
    ("count", "form"),
    [(1, "one"), (2, "few"), (5, "many"), (11, "many"), (21, "one"), (22, "few"), (112, "many")],
)
def test_russian_plural_forms(count: int, form: str) -> None:
    assert plural_form(count, "ru_RU") == form


def test_lists_are_joined_as_the_language_does() -> None:
    assert listed(["a"], "en") == "a"
    assert listed(["a", "b"], "es") == "a y b"
    assert listed(["a", "b", "c"], "ru_RU") == "a, b и c"


@pytest.mark.parametrize(
    ("written", "locale", "said"),
    [
        ("Mon-Fri 09:00-17:30", "zh_Hans_CN", "周一至周五 09:00-17:30"),
        ("Monday to Thursday 9-17, Sat 10:00-12:00", "zh_Hans_CN", "周一至周四 9-17, 周六 10:00-12:00"),
        ("Mon–Fri 09:00-17:30", "es", "lun-vie 09:00-17:30"),
        ("Mon-Fri 09:00-17:30", "en_GB", "Mon-Fri 09:00-17:30"),
        ("every day but the sunset of a month", "zh_Hans_CN", "every day but the sunset of a month"),
    ],
)
def test_hours_of_an_office_in_the_weekdays_of_a_language(written: str, locale: str, said: str) -> None:
    assert office_hours(written, locale) == said
