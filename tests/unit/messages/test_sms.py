"""What an SMS asks for: words in every shipped language, sentences in two, and the PIN at the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.locales import HOME
from messages.typed.sms import read_sms, sms_languages


@pytest.mark.parametrize(
    ("text", "wish", "pin"),
    [
        ("BAL", "figures", None),
        ("Bal. 4829", "figures", "4829"),
        ("balance pin 4829", "figures", "4829"),
        ("余额 4829", "figures", "4829"),
        ("PAY", "pay", None),
        ("PAY 4829", "pay", "4829"),
        ("PAID", "paid", None),
        ("Paid!", "paid", None),
        ("已还", "paid", None),
        ("оплачено", "paid", None),
        ("PROMISE 28/11", "promise", None),
        ("promise 28/11 2000", "promise", None),
        ("承诺", "promise", None),
        ("human", "human", None),
        ("人工", "human", None),
        ("how much do i owe 4829", "figures", "4829"),
        ("paid 2500", "paid", None),
        ("the amount is wrong", "human", None),
        ("is this a scam?", "real", None),
        ("谢谢", "thanks", None),
        ("please stop the autopay", "may_stop", None),
        ("stopped", "may_stop", None),
        ("don't stop", "may_stop", None),
        ("停了吗", "may_stop", None),
        ("delete my data", "review", None),
        ("he died", "review", None),
        ("i keep getting these, kindly make them end", "stop", None),
        ("4829", "unclear", None),
        ("", "unclear", None),
        ("zxcv", "unclear", None),
    ],
)
def test_words_and_sentences(text: str, wish: str, pin: str | None):
    texted = read_sms(text)
    assert (texted.wish, texted.pin) == (wish, pin)


def test_every_shipped_language_has_its_words():
    assert sms_languages() == frozenset(HOME)


@given(st.text(max_size=60), st.integers(1000, 99999999))
def test_a_pin_goes_only_with_what_needs_one(text: str, pin: int):
    texted = read_sms(f"{text} {pin}")
    assert texted.pin is None or texted.wish in ("figures", "pay")
