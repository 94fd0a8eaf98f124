"""Everyday words reach the right intent, and never the one that does harm."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.texts import languages, speech
from bot.understanding import understand
from messages.intents.features import words
from messages.intents.phrases import INTENTS, combinations, variants, written
from messages.intents.reading import rank, read_intent
from messages.keywords import keyword_of
from messages.meanings import meaning_of
from messages.typed.sms import read_sms
from tests.builders.labelled import PAGE, Labelled, labelled, page


@pytest.fixture(scope="module")
def rows() -> list[Labelled]:
    return labelled()


def share(rows: list[Labelled]) -> float:
    return sum(row.right for row in rows) / len(rows)


def test_a_quarter_of_at_least_400_phrases_is_held_out(rows: list[Labelled]):
    held_out = [row for row in rows if row.held_out]
    assert len(rows) >= 400
    assert len(held_out) * 4 >= len(rows)
    for spoken in written().values():
        for phrases in spoken.phrases.values():
            for phrase in phrases:
                learned = pattern(phrase)
                assert not [row.text for row in held_out if learned.fullmatch(bare(row.text))], phrase


def bare(text: str) -> str:
    return "".join(words(text))


def pattern(phrase: str) -> re.Pattern[str]:
    """All combinations of a phrase, blanks aside."""
    parts = re.split(r"([()|])", phrase)
    return re.compile("".join(part if part and part in "()|" else re.escape(bare(part)) for part in parts))


def test_95_of_100_phrases_reach_the_right_intent(rows: list[Labelled]):
    assert share(rows) >= 0.95
    assert share([row for row in rows if row.held_out]) >= 0.95


def test_of_what_is_read_surely_98_of_100_are_right(rows: list[Labelled]):
    assert share([row for row in rows if row.held_out and row.how == "sure"]) >= 0.98


def test_stop_like_wording_is_always_heard(rows: list[Labelled]):
    assert all(row.right for row in rows if row.intent == "stop")
    for spoken in written().values():
        for phrase in spoken.phrases["stop"]:
            for text in variants(phrase):
                assert read_intent(text).guesses[0].intent == "stop", text
                assert meaning_of(text) == "stop", text  # by SMS as in the chat


def test_wrong_person_and_dispute_are_never_taken_for_paid(rows: list[Labelled]):
    assert not [row.text for row in rows if row.intent in ("wrong_person", "dispute") and row.read == "paid"]
    for spoken in written().values():
        for intent in ("wrong_person", "dispute"):
            for phrase in spoken.phrases[intent]:
                for text in variants(phrase):
                    assert all(guess.intent != "paid" for guess in read_intent(text).guesses[:1]), text


PAID = ["i already paid it yesterday", "paid", "here is the receipt", "我已经还了", "钱转过去了"]
RULED_OUT = [
    text for spoken in written().values() for phrase in spoken.never["paid"] for text in combinations(phrase)
]


@pytest.mark.parametrize("paid", PAID)
def test_what_rules_paid_out_does_whatever_stands_around_it(paid: str):
    assert rank(paid)[0].intent == "paid"
    for text in RULED_OUT:
        for whole in (f"{text}, {paid}", f"{paid}. {text}"):
            assert all(guess.intent != "paid" for guess in rank(whole)), whole


def test_the_page_is_up_to_date(rows: list[Labelled]):
    assert PAGE.read_text("utf-8") == page(rows), "python -m tests.builders.labelled"


def test_every_language_has_phrases_for_every_intent():
    assert len(written()) >= 2
    for language, spoken in written().items():
        assert set(spoken.phrases) == set(INTENTS), language
        assert all(len(phrases) >= 12 for phrases in spoken.phrases.values()), language


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("HELP", "help"),
        ("Stop. Thank you", "stop"),
        ("Больше не присылайте!", "stop"),
        ("wat is my balnce??", "balance"),
        ("我想 pay 怎么弄", "how_to_pay"),
        ("pls can u giv me 5 more days", "extension"),
        ("Already PAID this mornin!!!", "paid"),
    ],
)
def test_slips_slang_and_mixed_texts_are_read(text: str, intent: str):
    assert read_intent(text).intent == intent


@pytest.mark.parametrize(
    "text",
    [
        *("I did not pay", "i didnt pay this month", "I haven't paid", "I have not paid yet", "not paid yet"),
        *("我没有还款", "还没还", "我还没付", "这个月我没还"),
    ],
)
def test_who_did_not_pay_is_asked_why_and_never_taken_to_have_paid(text: str):
    assert read_intent(text).intent == "cannot_pay"
    assert all(guess.intent != "paid" for guess in rank(text))


@pytest.mark.parametrize(
    "text", ["please stop the autopay", "stop the fees", "take me off autopay", "I don't want this loan"]
)
def test_a_wish_to_end_something_else_is_asked_back(text: str):
    assert understand(text).intent is None
    assert "stop" in understand(text).maybe
    assert read_sms(text).wish == "may_stop"


@pytest.mark.parametrize("text", ["打错了金额", "you have the wrong number of payments", "我打错账户了"])
def test_a_wrong_amount_or_account_is_no_wrong_person(text: str):
    assert "wrong_person" not in {guess.intent for guess in read_intent(text).guesses}


@pytest.mark.parametrize("text", ["he died", "she passed away", "他去世了", "delete my data", "删除我的资料"])
def test_who_tells_of_a_death_or_wants_data_erased_reaches_a_person(text: str):
    assert understand(text).intent == "human"
    assert read_sms(text).wish == "review"  # and nobody calls at once


@pytest.mark.parametrize("text", ["don't stop", "please do not stop", "不要停止"])
def test_what_may_be_a_stop_or_its_contrary_is_asked_back(text: str):
    reading = read_intent(text)
    assert reading.how == "did_you_mean"
    assert [guess.intent for guess in reading.guesses] == ["stop", "start"]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "stopped",
            "Stopped.",
            "STOPPED",
            "I stopped",
            "have you stopped?",
            "you stopped sending me reminders",
        ),
        *("started", "it has started", "停下来了", "停了吗", "开始了", "恢复了吗", "已经恢复了"),
    ],
)
def test_what_tells_of_an_end_or_a_beginning_is_neither_a_stop_nor_a_start(text: str):
    assert keyword_of(text) is None
    reading = read_intent(text)
    assert reading.intent != "stop"
    assert understand(text).intent is None
    if "stop" in text.casefold() or text == "停了吗":
        assert read_sms(text).wish == "may_stop"
        assert set(understand(text).maybe) == {"start", "stop"}


LABELS = {speech(code).button("start") for code in languages()}


def test_a_start_that_is_guessed_is_asked_back_and_the_word_is_not():
    for spoken in written().values():
        for phrase in spoken.phrases["start"]:
            for text in variants(phrase):
                meaning = understand(text)
                assert meaning.intent != "start" or keyword_of(text) == "start" or text in LABELS, text
    assert "start" in understand("restart").maybe
    assert (
        understand("START").intent
        == understand("开始").intent
        == understand("Get messages again").intent
        == "start"
    )


@pytest.mark.parametrize("text", ["停了", "停了吧", "退订了", "I stopped paying so stop texting me"])
def test_a_stop_that_may_be_told_is_one(text: str):
    assert understand(text).intent == "stop"


@pytest.mark.parametrize(
    "text", ["", "   ", "?!", "...", "😀", "zxcvbn", "\u200b", "0000", "the sky is blue"]
)
def test_what_asks_for_nothing_is_unclear(text: str):
    assert read_intent(text).how == "unclear"


def test_two_wishes_at_once_are_asked_back():
    reading = read_intent("balance or schedule")
    assert reading.how == "did_you_mean"
    assert {guess.intent for guess in reading.guesses} >= {"balance", "schedule"}
    assert reading.intent is None


@given(st.text(max_size=60))
def test_any_text_is_read_and_the_same_each_time(text: str):
    reading = read_intent(text)
    assert reading == read_intent(text)
    assert len(reading.guesses) == {"sure": 1, "unclear": 0}.get(reading.how, len(reading.guesses))
    assert len(reading.guesses) <= 3
    assert all(0 <= guess.share <= 1 for guess in reading.guesses)
    if keyword_of(text):
        assert reading.intent == keyword_of(text)


def test_a_long_text_is_read_in_a_moment():
    assert read_intent("how much do i owe " * 2000).intent == "balance"


def test_variants_meet_every_alternative_and_combinations_all():
    phrase = "(a|b|) c (d|e) f"
    assert {word for text in variants(phrase) for word in text.split()} == set("abcdef")
    assert len(set(combinations(phrase))) == 6
    assert variants("plain") == combinations("plain") == ["plain"]
