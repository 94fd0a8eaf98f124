"""A statement's page: every language says everything, nothing of a person is markup, the same is the same."""

import re
from datetime import date, timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from messages.locales import money
from messages.statement.document import statement_pdf, statement_pictures, statement_words, told
from messages.statement.values import Line, LoanStatement, Received, Statement

DAY = date(2026, 11, 22)


def a_loan(**changes: Any) -> LoanStatement:
    loan = LoanStatement(
        loan="L-7",
        product="Consumer",
        currency="EUR",
        outstanding=400_00,
        arrears=150_00,
        late_since=date(2026, 10, 15),
        next_on=date(2026, 12, 15),
        next_amount=250_00,
        credit=0,
        schedule=(Line(1, date(2026, 10, 15), 250_00, 100_00), Line(2, date(2026, 12, 15), 250_00, 0)),
        payments=(
            Received(date(2026, 10, 14), 100_00),
            Received(date(2026, 10, 20), 99_00, date(2026, 10, 25)),
        ),
        pay="https://pay.example.com/L-7",
    )
    return msgspec.structs.replace(loan, **changes)


def a_statement(*loans: LoanStatement, **changes: Any) -> Statement:
    made = Statement(
        brand="Acme Credit",
        lender="Acme Credit Ltd",
        name="Ann Example",
        as_of=DAY,
        made_on=DAY,
        loans=loans or (a_loan(),),
        reach="+44 7700 900123",
    )
    return msgspec.structs.replace(made, **changes)


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for one in value.values() for text in texts(one)]
    return [text for one in value for text in texts(one)] if isinstance(value, list | tuple) else []


def test_a_statement_says_what_is_owed_in_both_languages():
    english, chinese = told(a_statement(), "en-GB"), told(a_statement(), "zh-CN")
    assert english["loans"][0]["summary"][:2] == [
        ("Left to pay in all", "€400.00"),
        ("Of it past due", "€150.00"),
    ]
    assert english["loans"][0]["sentences"] == ["Past due since 15 October 2026"]
    assert english["loans"][0]["payments"][1] == ("20 October 2026", "returned on 25 October 2026", "€99.00")
    assert chinese["loans"][0]["summary"][2] == ("下一期", "€250.00，2026年12月15日到期")
    assert chinese["loans"][0]["sentences"] == ["自2026年10月15日起到期未还"]


def test_what_is_settled_says_so_and_asks_for_nothing():
    loan = a_loan(outstanding=0, arrears=0, late_since=None, next_on=None, pay=None)
    assert told(a_statement(loan), "en")["loans"][0]["sentences"] == ["Everything is paid."]


def test_every_language_says_everything_and_fills_everything():
    assert set(statement_words()) >= {"en", "zh"}
    wanted = {
        key: re.findall(r"\{\w+\}", text)
        for key, text in msgspec.to_builtins(statement_words()["en"]).items()
    }
    for language, words in statement_words().items():
        filled = msgspec.to_builtins(words)
        assert {key: sorted(re.findall(r"\{\w+\}", text)) for key, text in filled.items()} == {
            key: sorted(names) for key, names in wanted.items()
        }, language
        shown = told(a_statement(a_loan(credit=5)), language)
        assert not [text for text in texts(shown | {"words": []}) if "{" in text]


def test_a_pdf_is_the_same_each_time_and_has_pages():
    pdf = statement_pdf(a_statement(), "en")
    assert pdf.startswith(b"%PDF-")
    assert pdf == statement_pdf(a_statement(), "en")
    many = tuple(Line(n, DAY + timedelta(days=30 * n), 10_00, 0) for n in range(1, 120))
    pictures = statement_pictures(a_statement(a_loan(schedule=many)), "zh")
    assert len(pictures) > 2
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)


def test_chinese_has_its_letters_without_the_systems_fonts(monkeypatch: Any):
    import typst

    made = typst.Compiler

    def without_system(**more: Any) -> Any:
        return made(**more, ignore_system_fonts=True)

    monkeypatch.setattr(typst, "Compiler", without_system)
    one = statement_pictures(a_statement(name="王晓明"), "zh")
    other = statement_pictures(a_statement(name="王晓亮"), "zh")
    assert one != other  # boxes in place of characters would be alike


@settings(max_examples=25, deadline=None)
@given(st.text(min_size=1, max_size=60), st.integers(0, 10**9))
def test_nothing_of_a_person_is_markup(name: str, minor: int):
    """Whatever is written there, the page is made: it is text, never code."""
    loan = a_loan(loan=name, product=name, outstanding=minor, pay=name)
    assert statement_pdf(a_statement(loan, name=name, reach=name), "en").startswith(b"%PDF-")
    assert told(a_statement(loan), "en")["loans"][0]["summary"][0][1] == money(minor, "EUR", "en")


def test_a_statement_says_that_a_collector_sends_it_where_one_must_in_both_languages():
    assert all(told(a_statement(), language)["collector"] is None for language in ("en", "zh"))
    for language, first, later in (
        ("en", "attempt to collect a debt by a debt collector", "from a debt collector"),
        ("zh", "旨在催收欠款", "来自债务催收人"),
    ):
        assert first in told(a_statement(collector="first"), language)["collector"]
        assert later in told(a_statement(collector="later"), language)["collector"]
    assert statement_pdf(a_statement(collector="first"), "en") != statement_pdf(a_statement(), "en")
