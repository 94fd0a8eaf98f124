"""The lint: what it refuses and why, what it lets through, and that every shipped text is let through."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.body import LENGTH, Body
from messages.lint import (
    BUTTONS,
    LABEL,
    SEGMENTS,
    SENTENCES,
    SUBJECT,
    Context,
    Disclosure,
    Finding,
    context_of,
    lint,
)
from messages.proof import NO_OPT_OUT
from messages.render import render
from messages.templates import Template, languages, library
from messages.values import Owed
from tests.builders.messages import late, owed, saying

ALL = [text for language in sorted(languages()) for text in library(language).values()]

# What somebody wrote, and the one reason that it is refused for, at least.
BAD = [
    ("en", "Pay today or the police will be at your door.", "threat_arrest"),
    ("en", "Unless you pay by Friday we will take you to court.", "threat_court"),
    ("en", "We will tell your employer about this.", "threat_exposure"),
    ("en", "Everyone will know what kind of person you are.", "threat_exposure"),
    ("en", "Shame on you, you are a thief.", "threat_shame"),
    ("en", "This is your final warning.", "threat_pressure"),
    ("en", "We know where you live.", "threat_violence"),
    ("en", "Pay now and we will repossess nothing else.", "threat_seizure"),
    ("en", "You go to j4il, the p.0.l.i.c.e. said", "threat_arrest"),
    ("en", "We will go to your house with the pоlice", "threat_arrest"),  # a Cyrillic о
    ("en", "Ask about our special offer: apply now!", "promotion"),
    ("en", "YOU HAVE NOT ANSWERED US", "shouting"),
    ("en", "Please pay here: https://pay.example.com.evil.example.net/x", "foreign_link"),
    ("en", "Please pay at paym3nts-now.top/abc", "foreign_link"),
    ("en", "Please ca\u200bll us", "hidden"),
    ("zh", "再不还款我们就报 警，公安会来抓你。", "threat_arrest"),
    ("zh", "不還錢就聯繫您的家人和公司領導", "threat_exposure"),
    ("zh", "后果自负，我们将向法院起诉您。", "threat_court"),
    ("zh", "恭喜，您有资格提升额度，限时优惠", "promotion"),
    ("zh", "你这个老赖", "threat_shame"),
    ("es", "Si no paga hoy, llamaremos a su jefe y a sus vecinos.", "threat_exposure"),
    ("es", "Iniciaremos un EMBARGO de su casa.", "threat_seizure"),
    ("es", "Irá a la cárcel por esta deuda.", "threat_arrest"),
    ("hi", "पैसे नहीं दिए तो पुलिस आपके घर आएगी।", "threat_arrest"),
    ("hi", "हम आपके परिवार और पड़ोसियों को बता देंगे।", "threat_exposure"),
    ("hi", "paise do warna hum sabko bata denge", "threat_exposure"),
    ("hi", "आपको शर्म आनी चाहिए।", "threat_shame"),
    ("ru", "Мы сообщим вашему начальнику и вашим соседям.", "threat_exposure"),
    ("ru", "Завтра к вам приедут судебные приставы.", "threat_seizure"),
    ("ru", "За это вас посадят, обратимся в пoлицию.", "threat_arrest"),  # a Latin o
    ("ru", "Пожалеете, что не заплатили!", "threat_violence"),
    ("id", "Kami akan sebarkan foto KTP Anda ke semua teman.", "threat_exposure"),
    ("id", "Segera lunasi atau kami lapor polisi.", "threat_arrest"),
    ("id", "Dasar penipu, tidak tahu malu!", "threat_shame"),
    ("id", "Promo: pinjaman baru bunga rendah, ajukan sekarang", "promotion"),
]

# The same, to an address that may carry nothing about a loan.
TELLING = [
    ("en", "Please call us about your loan.", "debt"),
    ("en", "Hi Maria, it is 250 dollars.", "amount"),
    ("en", "Hi Maria, it is $250.", "amount"),
    ("en", "Please bring USD 250 with you.", "amount"),
    ("en", "Please bring 1,250.00 with you.", "amount"),
    ("en", "Please bring Rs. 500 with you.", "amount"),
    ("en", "Please bring two hundred rupees with you.", "amount"),
    ("en", "Your acc0unt needs you.", "debt"),
    ("en", "It is about L-1001.", "reference"),
    ("en", "You are 5 days late.", "debt"),
    ("zh", "您的贷款到期了，请联系我们。", "debt"),
    ("zh", "請準備五百元。", "amount"),
    ("zh", "請聯繫我們，您有一筆欠款", "debt"),
    ("es", "Llámenos por su préstamo.", "debt"),
    ("es", "Traiga 500 pesos.", "amount"),
    ("hi", "कृपया ५०० रुपये लेकर आएँ।", "amount"),
    ("hi", "आपका ऋण बकाया है।", "debt"),
    ("ru", "Позвоните нам по поводу кредита.", "debt"),
    ("ru", "Принесите 500руб", "amount"),
    ("ru", "У вас просрочка.", "debt"),
    ("id", "Mohon hubungi kami tentang pinjaman Anda.", "debt"),
    ("id", "Siapkan Rp50.000 besok.", "amount"),
]

INNOCENT = [
    ("en", "Hi Sue, you can reach me until 17:30. Best, Tom"),
    ("en", "Hello Ms Sharma, thank you for calling. I have noted Friday, 27 March."),
    (
        "en",
        "If you lost your job, tell us when your employer pays you last; we will look for a way together.",
    ),
    ("en", "Thank you, we received your payment of $250.00. Your next one is due on 5 April."),
    ("en", "I am sorry to hear about your illness. Take your time and call us from your office or home."),
    ("en", "If somebody asked you for a code, report the fraud to the police and tell us."),
    ("en", "You can split the $300 into three payments of $100. Which days suit you?"),
    ("en", "We have moved: our new desk is opposite the food court, 2nd floor."),
    ("en", "Please do not share your password with anybody, also not with us."),
    ("en", "Your UPI ID is fine. OK, please send the PDF of the receipt."),
    ("en", "Could you ask your bank to send it again? IFSC and IBAN are on the statement."),
    ("en", "Find us on Facebook: our hours are Mon-Fri 9-5. No final notice was sent."),
    ("zh", "您好，已为您登记3月27日还款，谢谢您的配合。"),
    ("zh", "王女士您好，如果目前有困难，我们可以一起商量分期。"),
    ("zh", "您的来电我们已收到，工作时间是早上9点到下午6点。"),
    ("zh", "我们不会要求您提供验证码，请放心。"),
    ("es", "Hola, gracias por su llamada. Anoté el viernes 27 de marzo."),
    ("es", "Si perdió su empleo, avísenos y buscaremos una solución con calma."),
    ("es", "Su pago fue recibido, no tiene que hacer nada más."),
    ("es", "Tenga en cuenta que el lunes es festivo y contestaremos el martes."),
    ("hi", "नमस्ते शर्मा जी, आपका भुगतान मिल गया है। धन्यवाद।"),
    ("hi", "अगर अभी कठिनाई है तो बताएँ, हम किस्तें छोटी कर सकते हैं।"),
    ("hi", "पीटर जी, बिलकुल, आप शुक्रवार को फोन कर सकते हैं।"),
    ("ru", "Здравствуйте! Мы записали пятницу, 27 марта. Спасибо, что сообщили нам."),
    ("ru", "Если вы заболели, напишите нам, и мы вместе подберём удобный день."),
    ("ru", "Пришлите, пожалуйста, QR-код или PDF-файл. Можно и СМСкой."),
    ("ru", "Нажмите решётку и дождитесь ответа. Посадка самолёта прошла, ваш рейс виден."),
    ("id", "Halo, terima kasih sudah menghubungi kami. Kami catat hari Jumat, 27 Maret."),
    ("id", "Ibu Sita, jika sedang sulit, beri tahu kami kapan Anda bisa membayar."),
    ("id", "Kantor kami buka Senin sampai Jumat pukul 08.00-17.00. Hubungi kami di kantor."),
]

NEUTRAL = [
    ("en", "Hello, please call me back when you can: +1 212 555 0100. Until 17.30 on 02.03.2026, room 250."),
    ("en", "Hi Maria, this is Tom of Acme Credit. Could you ring me in due course?"),
    ("zh", "您好，请在方便时与我们联系，电话 010-5550-0100，早上9点到下午6点。"),
    ("es", "Hola, por favor llámeme cuando pueda, de 9.00 a 17.30. Tenga en cuenta que el lunes es festivo."),
    ("hi", "नमस्ते, सुविधा होने पर हमें फोन करें, सुबह 9 बजे से शाम 6 बजे तक। बाकी सब ठीक है।"),
    ("ru", "Здравствуйте! Позвоните нам, пожалуйста, с 9.00 до 17.30, комната 250."),
    ("id", "Halo, mohon hubungi kami bila ada waktu, pukul 08.00-17.00."),
]


def context(**changes: Any) -> Context:
    """A chat that may carry amounts, of a lender at pay.example.com."""
    given_: dict[str, Any] = {
        "channel": "chat",
        "may_carry_amounts": True,
        "brand": "Acme Credit",
        "references": ("L-1001",),
        "hosts": frozenset({"pay.example.com"}),
    }
    return Context(**{**given_, **changes})


def codes(found: tuple[Finding, ...]) -> set[str]:
    return {finding.code for finding in found}


@pytest.mark.parametrize(("language", "text", "reason"), BAD)
def test_a_bad_text_is_refused_with_the_reason(language: str, text: str, reason: str) -> None:
    found = lint(text, context(language=language))
    assert reason in codes(found)
    for finding in found:
        assert finding.detail.startswith(SENTENCES[finding.code])
        assert finding.where == "text"


def test_at_least_twenty_bad_texts_in_every_language() -> None:
    assert len(BAD) >= 20
    assert {language for language, _, _ in BAD} == languages()
    assert {reason for _, _, reason in BAD} >= {code for code in SENTENCES if code.startswith("threat")}


@pytest.mark.parametrize(("language", "text", "reason"), TELLING)
def test_what_tells_of_a_debt_goes_only_where_it_may(language: str, text: str, reason: str) -> None:
    assert codes(lint(text, context(language=language, may_carry_amounts=False))) == {reason}
    assert not lint(text, context(language=language))


@pytest.mark.parametrize(("language", "text"), INNOCENT + NEUTRAL)
def test_an_innocent_text_passes(language: str, text: str) -> None:
    assert not lint(text, context(language=language))


@pytest.mark.parametrize(("language", "text"), NEUTRAL)
def test_an_innocent_text_passes_to_an_address_that_may_carry_nothing(language: str, text: str) -> None:
    assert not lint(text, context(language=language, may_carry_amounts=False))


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
        held_to = context_of(given_, text.channel, rendered.language, opt_out=needs, wanted=text.language)
        assert not lint(rendered.body, held_to), rendered.body


def test_the_word_to_stop_and_the_link() -> None:
    said = "Acme: hello. Reply STOP to stop texts"
    linked = "Acme: hello. To stop texts: https://pay.example.com/s/1"
    at = ("https://pay.example.com/s/1",)
    assert not lint(said, context(opt_out="reply"))
    assert not lint(linked, context(opt_out="reply", opt_out_at=at))
    assert not lint(linked, context(opt_out="link", opt_out_at=at))
    assert codes(lint("Acme: hello. We do not stop here.", context(opt_out="reply"))) == {"no_opt_out"}
    assert codes(lint("STOP waiting, call us", context(opt_out="reply"))) == {"no_opt_out"}
    assert codes(lint(linked, context(opt_out="link"))) == {"no_opt_out"}
    assert codes(lint(said, context(opt_out="link", opt_out_at=at))) == {"no_opt_out", "stop_not_received"}
    assert not lint("Hello", context(opt_out="none"))


MIRANDA = Disclosure(
    "mini_miranda_first",
    {
        "en": ("attempt* to collect a debt", "from a debt collector"),
        "es": ("intento de cobrar una deuda",),
    },
)


def test_a_disclosure_is_there_in_the_language_of_the_text() -> None:
    said = "Acme: this is an ATTEMPT, by us, to collect a debt."
    assert codes(lint(said, context(language="en", disclosures=(MIRANDA,)))) == {"no_disclosure"}
    said = "Acme is attempting to collect a debt: any information is used for that."
    assert not lint(said, context(language="en", disclosures=(MIRANDA,)))
    assert not lint("This is from a debt collector.", context(language="en-US", disclosures=(MIRANDA,)))
    spanish = "Esto es un intento de cobrar\nuna deuda."
    assert not lint(spanish, context(language="es", disclosures=(MIRANDA,)))
    assert not lint(spanish, context(language=None, disclosures=(MIRANDA,)))
    (finding,) = lint(spanish, context(language="en", disclosures=(MIRANDA,)))
    assert finding.code == "no_disclosure"
    assert "mini_miranda_first" in finding.detail
    (finding,) = lint("您好", context(language="zh", disclosures=(MIRANDA,)))
    assert "no wording in 'zh'" in finding.detail
    link = Disclosure("notice", {"en": ("<link>",)})
    assert not lint("See https://pay.example.com/n", context(language="en", disclosures=(link,)))
    assert codes(lint("See us", context(language="en", disclosures=(link,)))) == {"no_disclosure"}


def test_another_language_than_the_person_reads() -> None:
    assert codes(lint("Hello", context(language="en", wanted="hi-IN"))) == {"missing_language"}
    assert not lint("Hello", context(language="en", wanted="en_IN"))


def test_length() -> None:
    assert codes(lint(" \n", context())) == {"empty"}
    for channel, most in LENGTH.items():
        long = "word " * (most // 5 + 1)
        assert "too_long" in codes(lint(long, context(channel=channel)))
    assert not lint("word " * 180, context(channel="sms", most_segments=6))
    assert codes(lint("слово " * (67 * SEGMENTS // 6 + 1), context(channel="sms"))) == {"too_many_segments"}
    assert not lint("слово " * (67 * SEGMENTS // 6 + 1), context(channel="chat"))


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
    assert codes(lint(body, context(channel=channel))) == {reason}


def test_every_part_is_read_and_named() -> None:
    body = Body("Hello", subject="The police", buttons=(("Pay", "pay"), ("Special offer", "human")))
    found = {(f.code, f.where) for f in lint(body, context(channel="email"))}
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
        assert not lint(text, context()), text
    for text in others:
        assert "foreign_link" in codes(lint(text, context())), text
    assert not lint("Write to care@acme.example.com or t.p.smith@example.org", context())


def test_values_of_the_lender_and_the_person_are_not_read_as_words() -> None:
    given_ = saying(
        late(), name="Grace Police", payment_line="BANK OF COURT DATE, https://bank.example.org/x"
    )
    body = render("late", "email", "en", given_).body
    assert not lint(body, context_of(given_, "email", "en"))
    assert codes(lint(body, context(channel="email"))) >= {"threat_arrest", "threat_court", "foreign_link"}
    # A name is no disguise for a longer word that holds it.
    assert codes(lint("Hi Pol, the police is here", context(given=("Pol", "lice")))) == {"threat_arrest"}


def test_a_senders_name_that_speaks_of_collection_is_flagged() -> None:
    hello = "Swift Debt Collection asks you to get in touch."
    (finding,) = {
        f.where: f for f in lint(hello, context(brand="Swift Debt Collection", may_carry_amounts=False))
    }.values()
    assert (finding.code, finding.where) == ("sender_name", "sender")
    assert not lint(hello, context(brand="Swift Debt Collection"))
    assert not lint("Acme Credit: please call", context(may_carry_amounts=False))


def test_no_finding_repeats_a_value() -> None:
    said = "Maria owes $250.00 for L-1001, ask +1 212 555 0100"
    found = lint(said, context(may_carry_amounts=False))
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
    found = codes(lint(f"{disguise} ", context(may_carry_amounts=True)))
    assert found & {"threat_arrest", "threat_shame"}, disguise


@given(st.text(max_size=300), st.booleans(), st.sampled_from(["sms", "email", "chat"]))
def test_any_text_is_read_without_fail(text: str, may_carry: bool, channel: str) -> None:
    held_to = context(channel=channel, may_carry_amounts=may_carry, given=(text[:5],), brand=text[3:9])
    once = lint(text, held_to)
    assert once == lint(text, held_to)
    assert codes(once) <= set(SENTENCES)


@given(
    st.sampled_from(["The police will come.", "我们会报警。", "Вас посадят.", "We will tell your boss."]),
    st.text(st.sampled_from("abcde xyz.,我们你好привет\n"), max_size=60),
    st.text(st.sampled_from("abcde xyz.,我们你好привет\n"), max_size=60),
)
def test_a_threat_is_found_wherever_it_stands(threat: str, before: str, after: str) -> None:
    found = codes(lint(f"{before}. {threat} {after}", context(channel="email")))
    assert any(code.startswith("threat") for code in found)
