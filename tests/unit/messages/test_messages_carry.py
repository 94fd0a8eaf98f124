"""Nothing that an address may not carry is rendered: every text, every state of an address, any figures."""

from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from messages.carry import carries, said_to
from messages.context import Context
from messages.errors import AddressClosedError, MayNotCarryError
from messages.lint import lint
from messages.render import render
from messages.templates import KINDS, languages, library
from messages.values import Owed
from tests.builders.messages import saying

STATES = ["attested", "confirmed", "unverified", "suspended", "detached", "anything else"]
TEXTS = sorted(library("en"))

# Written from PRODUCT.md, apart from the code: what may carry reminders with amounts.
WITH_AMOUNTS = {
    ("attested", "sms"),
    ("attested", "email"),
    ("confirmed", "sms"),
    ("confirmed", "email"),
    ("confirmed", "chat"),  # a linked chat
}
CLOSED = {"suspended", "detached", "anything else"}

loans = st.builds(
    Owed,
    loan=st.from_regex(r"\A[A-Z]{2}-[0-9]{6}\Z"),
    due=st.dates(date(2025, 1, 1), date(2027, 1, 1)),
    currency=st.sampled_from(["USD", "JPY", "KWD", "INR", "RUB", "IDR", "CNY", "NGN"]),
    amount_minor=st.integers(1_000, 10**9),
    arrears_minor=st.integers(1_000, 10**9),
    outstanding_minor=st.integers(10**9, 10**10),
    days_late=st.integers(0, 400),
    product=st.sampled_from(["Qarz Plus", "Zaimka", "Ssuda 24"]),
)


@settings(deadline=None)  # the first reads the word lists
@given(
    text=st.sampled_from(TEXTS),
    language=st.sampled_from(sorted(languages())),
    state=st.sampled_from(STATES),
    shared=st.booleans(),
    owed=st.lists(loans, max_size=4),
    reply_to=st.sampled_from([None, "care@acme.example.com"]),
    opt_out_url=st.sampled_from([None, "https://stop.example.com/s"]),
)
@example(("get-in-touch", "chat"), "zh", "unverified", False, [], None, None)
@example(("sms-promise-noted", "sms"), "zh", "unverified", False, [], None, None)
@example(("late", "sms"), "en", "suspended", False, [], None, None)
def test_nothing_that_may_not_be_carried_is_rendered(
    text: tuple[str, str],
    language: str,
    state: str,
    shared: bool,
    owed: list[Owed],
    reply_to: str | None,
    opt_out_url: str | None,
) -> None:
    name, channel = text
    told = saying(
        *owed,
        name="Zuleikha",
        payment_line="https://qpay.example.com/77",
        reply_to=reply_to,
        opt_out_url=opt_out_url,
    )
    may = carries(state, channel, shared=shared)
    if state in CLOSED:
        with pytest.raises(AddressClosedError):
            said_to(told, may)
        return
    allowed = (state, channel) in WITH_AMOUNTS and (state == "confirmed" or not shared)
    left = said_to(told, may)
    assert left.may_carry_amounts == allowed
    if allowed:
        return
    if KINDS[name] != "neutral":
        with pytest.raises(MayNotCarryError):
            render(name, channel, language, left)
        return
    body = render(name, channel, language, left).body
    everything = "\n".join([body.text, body.subject or "", body.html or "", *(b[0] for b in body.buttons)])
    for loan in owed:
        assert loan.loan not in everything
        assert loan.product not in everything
    for value in ("Zuleikha", "qpay", "77"):
        assert value not in everything
    held_to = Context(
        channel=channel,
        language=language,
        brand="Acme Credit",
        given=tuple(filter(None, (reply_to, opt_out_url))),
        references=tuple(loan.loan for loan in owed),
        hosts=frozenset({"chat.example.com"}),  # of the link that a text brings
    )
    assert not held_to.may_carry_amounts
    assert not lint(body, held_to)


@pytest.mark.parametrize("language", sorted(languages()))
@pytest.mark.parametrize("channel", ["sms", "email", "chat"])
@pytest.mark.parametrize("opt_out_url", [None, "https://stop.example.com/s"])
def test_the_request_to_get_in_touch_goes_to_every_address_that_may_carry_anything(
    language: str, channel: str, opt_out_url: str | None
) -> None:
    left = said_to(saying(opt_out_url=opt_out_url), carries("unverified", channel))
    body = render("get-in-touch", channel, language, left).body
    held_to = Context(
        channel=channel,
        language=language,
        wanted=language,
        opt_out="link" if opt_out_url else "reply",
        opt_out_at=tuple(filter(None, (opt_out_url,))),
        brand="Acme Credit",
        hosts=frozenset({"stop.example.com"}),
    )
    assert not lint(body, held_to)


def test_the_values_are_left_out_even_where_a_text_would_ask_for_none() -> None:
    told = saying(name="Zuleikha")
    left = said_to(told, "neutral")
    assert (left.owed, left.name, left.payment_line, left.may_carry_amounts) == ((), None, None, False)
    assert said_to(left, "all").may_carry_amounts
