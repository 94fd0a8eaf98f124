"""Rendering: what it refuses, what a value cannot do, and what it is called afterwards."""

import re
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from messages.errors import (
    InvalidTextError,
    MayNotCarryError,
    MessageError,
    NothingOwedError,
    TextTooLongError,
    UnknownTextError,
)
from messages.render import render, render_with
from messages.templates import CHANNELS, KINDS, LOOP_LIMIT, languages, library, parse, read
from tests.builders.messages import TODAY, late, owed, saying

OF_DEBT = sorted(key for key in library("en") if KINDS[key[0]] != "neutral")
# Those that every channel has; what answers an SMS is for SMS alone, and a notice of the law has its own.
DEBT_TEXTS = sorted({name for name, _ in OF_DEBT if all((name, on) in OF_DEBT for on in CHANNELS)})


class Page(HTMLParser):
    """The tags, links and words of a page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.words = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_data(self, data: str) -> None:
        self.words += data


def test_what_was_rendered_names_its_text_and_its_content() -> None:
    rendered = render("upcoming", "sms", "es-MX", saying(owed()))
    assert (rendered.template, rendered.language) == ("upcoming", "es")
    assert rendered.digest == library("es")["upcoming", "sms"].digest
    assert "USD 250.00" in rendered.body.text  # Mexico writes a point, Spain a comma


def test_an_unknown_language_is_answered_in_english() -> None:
    for language in ("fr-FR", None, "", "not a tag"):
        assert render("help", "sms", language, saying()).language == "en"


def test_digests_differ_with_the_content_and_only_then() -> None:
    texts = [text for language in languages() for text in library(language).values()]
    assert len({text.digest for text in texts}) == len(texts)
    one = parse("help", "chat", "en", "{{ brand }}")
    assert one.digest == parse("help", "chat", "en", "{{ brand }}").digest
    assert one.digest != parse("help", "chat", "en", "{{ brand }}.").digest


@pytest.mark.parametrize(("name", "channel"), OF_DEBT)
def test_an_address_that_may_carry_nothing_is_told_nothing(name: str, channel: str) -> None:
    with pytest.raises(MayNotCarryError, match="only neutral texts"):
        render(name, channel, "en", saying(late(), may_carry_amounts=False))


@pytest.mark.parametrize(("name", "channel"), OF_DEBT)
def test_nothing_owed_is_nothing_to_say(name: str, channel: str) -> None:
    with pytest.raises(NothingOwedError):
        render(name, channel, "en", saying())


@pytest.mark.parametrize("name", ["late-early", "late", "late-firm"])
def test_a_late_text_needs_a_loan_that_is_late(name: str) -> None:
    with pytest.raises(NothingOwedError):
        render(name, "email", "en", saying(owed()))


def test_unknown_texts_and_channels_are_refused() -> None:
    for name, channel in (("nothing", "sms"), ("upcoming", "fax"), ("link-unknown", "sms")):
        with pytest.raises(UnknownTextError):
            render(name, channel, "en", saying(owed()))


def test_today_is_called_today() -> None:
    said = render("due-today", "sms", "en", saying(owed(due=TODAY))).body.text
    assert "is due today, March 2." in said
    assert "today" not in render("due-today", "sms", "en", saying(owed())).body.text


def test_a_late_loan_asks_for_its_arrears_not_its_installment() -> None:
    said = render("late", "sms", "en", saying(late(amount_minor=100, arrears_minor=70_000))).body.text
    assert "$700.00" in said
    assert "$1.00" not in said


def test_the_longest_late_comes_first() -> None:
    said = render("late", "email", "en", saying(late(3, loan="NEW"), late(20, loan="OLD"))).body.text
    assert said.index("OLD") < said.index("NEW")


def test_mail_as_a_page_says_what_the_text_says() -> None:
    loans = (late(), late(9, loan="L-2"))
    body = render(
        "late", "email", "zh", saying(*loans, opt_out_url="https://pay.example.com/stop?a=1&b=2")
    ).body
    assert body.html is not None
    page = Page(body.html)
    assert page.tags.count("li") == 2
    # The page for paying is the beginning of the other link, and neither breaks the other.
    assert page.links == ["https://pay.example.com", "https://pay.example.com/stop?a=1&b=2"]
    assert '<html lang="zh"' in body.html
    # A reader's program asks nobody else for letters or pictures: that would tell them who reads of a debt.
    assert not re.search(r"@import|url\(|//fonts\.|<link|<img", body.html)
    flat = body.text.replace("\n- ", "").replace("\n", "")
    assert flat in page.words.replace("\n", "")


@given(
    name=st.text(max_size=200),
    product=st.none() | st.text(max_size=100),
    loan=st.text(min_size=1, max_size=100),
    language=st.sampled_from(sorted(languages())),
    channel=st.sampled_from(["sms", "email", "chat"]),
    text=st.sampled_from(DEBT_TEXTS),
)
@example("{{ brand }}{% for i in (1..9) %}x{% endfor %}", "{{ owed }}", "<<hello>>", "en", "email", "late")
@example(
    "<script>alert(1)</script>", "<a href='https://example.net'>", '"><img src=x>', "en", "email", "late"
)
@example("A\r\nBcc: b@example.org", "x\n\ny", "\u2028z", "en", "email", "upcoming")
@example("\u202eelif.exe", "a\u200bb", "\x00\x1b[31m", "ru", "chat", "late")
@example("\ud800", "\x00" * 5, "\u200f", "hi", "sms", "late-firm")
@example("https://evil.example.net", "javascript:alert(1)", "- x", "zh", "email", "late")
def test_a_value_is_only_ever_words(
    name: str, product: str | None, loan: str, language: str, channel: str, text: str
) -> None:
    given_ = saying(late(4, loan=loan, product=product), late(5, loan=loan, product=product), name=name)
    plain = saying(late(4, product="P"), late(5, product="P"))
    body = render(text, channel, language, given_).body
    usual = render(text, channel, language, plain).body
    body.text.encode()
    assert body.text.count("\n") <= usual.text.count("\n")
    assert len(body.text) <= len(usual.text) + 60 + 4 * 40
    hidden = [
        c for c in body.text.replace("\n", "") if not c.isprintable() and c not in "\u00a0\u202f\u200c\u200d"
    ]
    assert not hidden
    if body.subject is not None:
        assert body.html is not None
        assert usual.html is not None
        assert not set(body.subject) & {"\r", "\n"}
        page, expected = Page(body.html), Page(usual.html)
        assert page.tags == expected.tags
        assert page.links == expected.links


@given(st.text(st.sampled_from("{}%<>&|\"' \nabé"), max_size=50))
def test_the_name_stands_in_the_text_as_it_is(name: str) -> None:
    body = render("upcoming", "chat", "en", saying(owed(), name=name)).body
    flat = " ".join(name.split())
    assert f"Hello {flat},\n" in body.text if flat else "Hello,\n" in body.text


def test_a_text_that_runs_away_is_stopped() -> None:
    nested = "{% for a in owed %}{% for b in owed %}{% for c in owed %}x{% endfor %}{% endfor %}{% endfor %}"
    loans = [late(loan=str(n)) for n in range(20)]
    assert LOOP_LIMIT < 20**3
    with pytest.raises(TextTooLongError):
        render_with(parse("late", "chat", "en", nested), "en", saying(*loans))
    with pytest.raises(TextTooLongError):
        render_with(parse("late", "sms", "en", "word " * 300), "en", saying(late()))
    with pytest.raises(TextTooLongError):
        render_with(
            parse("help", "email", "en", "{{ brand }}", "{{ brand }}"), "en", saying(brand="x" * 30_000)
        )


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("help", "{{ name }}", "'name' is nothing this text is given"),
        ("get-in-touch", "{{ total }}", "'total' is nothing this text is given"),
        ("upcoming", "{{ nmae }}", "'nmae' is nothing this text is given"),
        ("upcoming", "{{ now }}", "'now' is nothing"),
        ("upcoming", "{{ one.secret }}", "a loan has no 'secret'"),
        ("upcoming", "{{ one['secret'] }}", "a loan has no 'secret'"),
        ("upcoming", "{{ brand | date: '%Y' }}", "there is no filter 'date'"),
        ("upcoming", "{% include 'x' %}", "include"),
        ("upcoming", "{% if brand %}", "if"),
        ("upcoming", "{{ brand", ""),
        ("nothing", "x", "there is no text of this name"),
    ],
)
def test_a_text_that_asks_for_more_than_it_has_is_refused_when_read(
    name: str, text: str, reason: str
) -> None:
    with pytest.raises(InvalidTextError, match=f"en/{name}/chat: .*{reason}"):
        parse(name, "chat", "en", text)


def test_a_mail_has_a_subject_and_nothing_else_has() -> None:
    with pytest.raises(InvalidTextError, match="subject"):
        parse("help", "email", "en", "x")
    with pytest.raises(InvalidTextError, match="subject"):
        parse("help", "sms", "en", "x", "y")
    with pytest.raises(InvalidTextError, match="channel"):
        parse("help", "fax", "en", "x")


def test_a_plural_form_that_is_missing_is_said() -> None:
    text = parse("late", "chat", "ru", "{{ count | plural: one: 'x' }}")
    assert render_with(text, "ru", saying(late())).body.text == "x"
    with pytest.raises(InvalidTextError, match="'few'"):
        render_with(text, "ru", saying(late(), late()))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("parts: {}\ntexts: {help: {chat: {text: '<<gone>>'}}}", "there is no part 'gone'"),
        ("parts: {a: '<<a>>'}\ntexts: {help: {chat: {text: '<<a>>'}}}", "without end"),
        ("parts: {}\ntexts: {help: {chat: {txt: x}}}", "txt"),
        ("parts: {}\ntexts: [", "line 2"),
        ("", "object"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_reason(tmp_path: Path, content: str, reason: str) -> None:
    file = tmp_path / "en.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidTextError, match=reason):
        read(file)


def test_errors_tell_nothing_of_the_person() -> None:
    cases: list[dict[str, Any]] = [{"may_carry_amounts": False}, {"owed": ()}, {"brand": "x" * 30_000}]
    for changes in cases:
        with pytest.raises(MessageError) as raised:
            render("upcoming", "email", "en", saying(**{"owed": (owed(),), **changes}))
        assert "Maria" not in str(raised.value)
        assert "250" not in str(raised.value)


@given(st.integers(-400, 400), st.sampled_from(sorted(languages())))
def test_any_day_can_be_said(days: int, language: str) -> None:
    due = date(2026, 3, 2) + timedelta(days=days)
    said = render("upcoming", "email", language, saying(owed(due=due))).body
    assert str(due.day) in said.text
    assert str(due.year) in said.text
