"""The lint: what it refuses and why, what it lets through, and that every shipped text is let through."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messages.body import LENGTH, Body
from messages.context import SEGMENTS, Disclosure, context_of
from messages.lint import BUTTONS, LABEL, SENTENCES, SUBJECT, lint
from messages.proof import NO_OPT_OUT
from messages.render import render
from messages.templates import Template, languages, library
from messages.values import Owed
from tests.builders.messages import codes, held_to, late, owed, saying

ALL = [text for language in sorted(languages()) for text in library(language).values()]

LOANS: dict[str, tuple[Owed, ...]] = {
    "one": (late(5),),
    "coming": (late(5), owed(loan="L-1004")),
    "several": tuple(late(2 + n, loan=f"L-{n}", currency="INR") for n in range(5)),
}


def name_of(text: Template) -> str:
    return f"{text.language}-{text.name}-{text.channel}"


@pytest.mark.parametrize("text", ALL, ids=name_of)
@pytest.mark.parametrize("loans", LOANS)
def test_every_shipped_text_passes(text: Template, loans: str) -> None:
    neutral = text.kind == "neutral"
    for reply_to, opt_out_url in (
        ("+1 212 555 0100", "https://pay.example.com/stop/abc"),
        ("care@acme.example.com", None),
        (None, None),
    ):
        given_ = saying(
            *LOANS[loans],
            name="Sue",
            reply_to=reply_to,
            opt_out_url=opt_out_url,
            payment_line="UPI ID ACME@UPI, BANK ACME TRUST CREDIT: https://pay.example.com/L-1001",
            may_carry_amounts=not neutral,
        )
        rendered = render(text.name, text.channel, text.language, given_)
        needs = "none" if text.name in NO_OPT_OUT else "link" if opt_out_url else "reply"
        so = context_of(given_, text.channel, rendered.language, opt_out=needs, wanted=text.language)
        assert not lint(rendered.body, so), rendered.body


def test_the_word_to_stop_and_the_link() -> None:
    said = "Acme: hello. Reply STOP to stop texts"
    linked = "Acme: hello. To stop texts: https://pay.example.com/s/1"
    at = ("https://pay.example.com/s/1",)
    assert not lint(said, held_to(opt_out="reply"))
    assert not lint(linked, held_to(opt_out="reply", opt_out_at=at))
    assert not lint(linked, held_to(opt_out="link", opt_out_at=at))
    assert codes(lint("Acme: hello. We do not stop here.", held_to(opt_out="reply"))) == {"no_opt_out"}
    assert codes(lint("STOP waiting, call us", held_to(opt_out="reply"))) == {"no_opt_out"}
    assert codes(lint(linked, held_to(opt_out="link"))) == {"no_opt_out"}
    assert codes(lint(said, held_to(opt_out="link", opt_out_at=at))) == {"no_opt_out", "stop_not_received"}
    assert not lint("Hello", held_to(opt_out="none"))


MIRANDA = Disclosure(
    "mini_miranda_first",
    {
        "en": ("attempt* to collect a debt", "from a debt collector"),
        "es": ("intento de cobrar una deuda",),
    },
)


def test_a_disclosure_is_there_in_the_language_of_the_text() -> None:
    said = "Acme: this is an ATTEMPT, by us, to collect a debt."
    assert codes(lint(said, held_to(language="en", disclosures=(MIRANDA,)))) == {"no_disclosure"}
    said = "Acme is attempting to collect a debt: any information is used for that."
    assert not lint(said, held_to(language="en", disclosures=(MIRANDA,)))
    assert not lint("This is from a debt collector.", held_to(language="en-US", disclosures=(MIRANDA,)))
    spanish = "Esto es un intento de cobrar\nuna deuda."
    assert not lint(spanish, held_to(language="es", disclosures=(MIRANDA,)))
    assert not lint(spanish, held_to(language=None, disclosures=(MIRANDA,)))
    (finding,) = lint(spanish, held_to(language="en", disclosures=(MIRANDA,)))
    assert finding.code == "no_disclosure"
    assert "mini_miranda_first" in finding.detail
    (finding,) = lint("您好", held_to(language="zh", disclosures=(MIRANDA,)))
    assert "no wording in 'zh'" in finding.detail
    link = Disclosure("notice", {"en": ("<link>",)})
    assert not lint("See https://pay.example.com/n", held_to(language="en", disclosures=(link,)))
    assert codes(lint("See us", held_to(language="en", disclosures=(link,)))) == {"no_disclosure"}


def test_another_language_than_the_person_reads() -> None:
    assert codes(lint("Hello", held_to(language="en", wanted="hi-IN"))) == {"missing_language"}
    assert not lint("Hello", held_to(language="en", wanted="en_IN"))


def test_length() -> None:
    assert codes(lint(" \n", held_to())) == {"empty"}
    for channel, most in LENGTH.items():
        long = "word " * (most // 5 + 1)
        assert "too_long" in codes(lint(long, held_to(channel=channel)))
    assert not lint("word " * 180, held_to(channel="sms", most_segments=6))
    assert codes(lint("слово " * (67 * SEGMENTS // 6 + 1), held_to(channel="sms"))) == {"too_many_segments"}
    assert not lint("слово " * (67 * SEGMENTS // 6 + 1), held_to(channel="chat"))


@pytest.mark.parametrize(
    ("body", "channel", "reason"),
    [
        (Body("Hello", subject="x" * (SUBJECT + 1)), "email", "subject"),
        (Body("Hello", subject="a\nb"), "email", "subject"),
        (Body("Hello", subject=" "), "email", "subject"),
        (Body("Hello"), "email", "subject"),
        (Body("Hello", subject="a"), "chat", "subject"),
        (Body("Hello", buttons=(("x" * (LABEL + 1), "pay"),)), "chat", "buttons"),
        (Body("Hello", buttons=(("Pay", "pay"),) * (BUTTONS + 1)), "chat", "buttons"),
    ],
)
def test_subjects_and_buttons_have_their_measure(body: Body, channel: str, reason: str) -> None:
    assert codes(lint(body, held_to(channel=channel))) == {reason}


def test_every_part_is_read_and_named() -> None:
    body = Body("Hello", subject="The police", buttons=(("Pay", "pay"), ("Special offer", "human")))
    found = {(f.code, f.where) for f in lint(body, held_to(channel="email"))}
    assert found == {("threat_arrest", "subject"), ("promotion", "button 2")}


def test_the_lenders_own_links_and_no_others() -> None:
    own = (
        "https://pay.example.com/a?b=1",
        "see PAY.example.com/x.",
        "https://m.pay.example.com",
        "Pay 9.30 p.m.",
    )
    others = (
        "https://example.com",
        "https://notpay.example.com",
        "http://pay.example.com@example.net/",
        "https://pay.example.com.example.net",
        "HTTPS:\\\\example.net",
        "www.example.net/x",
        "evil.top",
        "请访问evil.com谢谢",
        "https://раy.example.com",
        "t.me/acme",
        "https://[",
        "ftp://example.net",
        "ｅｖｉｌ．ｃｏｍ",
    )
    for text in own:
        assert not lint(text, held_to()), text
    for text in others:
        assert "foreign_link" in codes(lint(text, held_to())), text
    assert not lint("Write to care@acme.example.com or t.p.smith@example.org", held_to())


def test_values_of_the_lender_and_the_person_are_not_read_as_words() -> None:
    given_ = saying(
        late(), name="Grace Police", payment_line="BANK OF COURT DATE, https://bank.example.org/x"
    )
    body = render("late", "email", "en", given_).body
    assert not lint(body, context_of(given_, "email", "en"))
    assert codes(lint(body, held_to(channel="email"))) >= {"threat_arrest", "threat_court", "foreign_link"}
    # A name is no disguise for a longer word that holds it.
    assert codes(lint("Hi Pol, the police is here", held_to(given=("Pol", "lice")))) == {"threat_arrest"}


def test_a_senders_name_that_speaks_of_collection_is_flagged() -> None:
    hello = "Swift Debt Collection asks you to get in touch."
    (finding,) = {
        f.where: f for f in lint(hello, held_to(brand="Swift Debt Collection", may_carry_amounts=False))
    }.values()
    assert (finding.code, finding.where) == ("sender_name", "sender")
    assert not lint(hello, held_to(brand="Swift Debt Collection"))
    assert not lint("Acme Credit: please call", held_to(may_carry_amounts=False))


def test_no_finding_repeats_a_value() -> None:
    said = "Maria owes $250.00 for L-1001, ask +1 212 555 0100"
    found = lint(said, held_to(may_carry_amounts=False))
    assert codes(found) == {"debt", "amount", "reference"}
    for finding in found:
        assert not any(value in finding.detail for value in ("Maria", "250", "1001", "555"))


DISGUISES = [
    (
        "police",
        [
            "POLICE",
            "Ｐolice",
            "p0lice",
            "po1ice",
            "p-o-l-i-c-e",
            "p o l i c e",
            "pol\u00adice",
            "po\u200blice",
            "рolice",
            "poliiiice",
            "pólicé",
            "𝐩𝐨𝐥𝐢𝐜𝐞",
            "ⓟⓞⓛⓘⓒⓔ",
        ],
    ),
    ("报警", ["報警", "报 警", "报*警", "报\u200b警", "报-警"]),
    ("полиция", ["ПОЛИЦИЯ", "пoлиция", "п.о.л.и.ц.и.я", "полицией"]),
    ("शर्म", ["श\u200dर्म", "शर्मनाक"]),
]


@pytest.mark.parametrize("disguise", [d for _, ds in DISGUISES for d in ds])
def test_a_word_in_disguise_is_found(disguise: str) -> None:
    found = codes(lint(f"{disguise} ", held_to(may_carry_amounts=True)))
    assert found & {"threat_arrest", "threat_shame"}, disguise


@settings(deadline=None)
@given(st.text(max_size=300), st.booleans(), st.sampled_from(["sms", "email", "chat"]))
def test_any_text_is_read_without_fail(text: str, may_carry: bool, channel: str) -> None:
    so = held_to(channel=channel, may_carry_amounts=may_carry, given=(text[:5],), brand=text[3:9])
    once = lint(text, so)
    assert once == lint(text, so)
    assert codes(once) <= set(SENTENCES)


@settings(deadline=None)
@given(
    st.sampled_from(["The police will come.", "我们会报警。", "Вас посадят.", "We will tell your boss."]),
    st.text(st.sampled_from("abcde xyz.,我们你好привет\n"), max_size=60),
    st.text(st.sampled_from("abcde xyz.,我们你好привет\n"), max_size=60),
)
def test_a_threat_is_found_wherever_it_stands(threat: str, before: str, after: str) -> None:
    found = codes(lint(f"{before}. {threat} {after}", held_to(channel="email")))
    assert any(code.startswith("threat") for code in found)
