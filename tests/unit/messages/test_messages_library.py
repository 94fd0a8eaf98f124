"""Every text of the library, in every language and channel."""

import re
from datetime import date
from typing import Any

import pytest

from messages.body import Body
from messages.locales import plural_form
from messages.render import render
from messages.segments import encoding_of
from messages.templates import CHANNELS, KINDS, NOTICES, Template, languages, library
from messages.values import Owed
from tests.builders.messages import late, owed, saying

ALL = [text for language in sorted(languages()) for text in library(language).values()]
OF_THE_LAW = frozenset(NOTICES.values())
SPEAKING = [text for text in ALL if text.kind != "neutral" and text.name not in OF_THE_LAW]
NEUTRAL = [text for text in ALL if text.kind == "neutral"]

LOANS: dict[str, tuple[Owed, ...]] = {
    "one": (late(5),),
    "several": (late(5), late(2, loan="L-1002", due=date(2026, 2, 28)), late(21, loan="L-1003")),
    "currencies": (
        late(5, currency="JPY", arrears_minor=66_700, amount_minor=66_700),
        late(4, currency="KWD", arrears_minor=12_345, amount_minor=12_345),
    ),
    "coming": (late(5), owed(loan="L-1004", due=date(2026, 3, 2))),
    "many": tuple(late(2 + n % 9, loan=f"L-{n}", product=None) for n in range(45)),
}

# Words that speak of a loan or of money, as stems: a neutral text may hold none of them.
DEBT_WORDS = {
    "en": "loan debt lend credit borrow owe due pay amount balance account collect arrear late money bill",
    "es": "préstamo deuda debe crédito pago pagar pague vence saldo cuenta cobr importe atras dinero cuota",
    "id": "pinjam utang hutang kredit bayar tagih tunggak tempo saldo rekening jumlah cicil uang angsur",
    "ru": "кредит долг заём займ платёж платеж плат оплат задолж просроч сумм срок счёт счет деньг взнос",
    "hi": "ऋण कर्ज क़र्ज़ लोन उधार भुगतान देय बकाया राशि किस्त किश्त खाता पैसे रुपय शेष",
    "zh": "贷 款 债 欠 借 还款 到期 逾期 金额 账 帐 钱 分期 催 余额",
}

SHAME_AND_THREAT = {
    "en": "court legal lawyer police seize penalty immediate must fail shame consequence default final warn",
    "es": "juicio legal abogado embarg policía multa inmediat consecuenc último vergüenza advert",
    "id": "pengadilan hukum polisi sita denda segera lunasi akibat terakhir malu peringat",
    "ru": "суд юрист полици арест штраф немедлен последств последн стыд предупрежд обязаны",
    "hi": "अदालत कानून पुलिस ज़ब्त जुर्माना तुरंत परिणाम अंतिम शर्म चेतावनी",
    "zh": "法院 律师 起诉 警 罚 立即 后果 最后 警告 失信",
}


def name_of(text: Template) -> str:
    return f"{text.language}-{text.name}-{text.channel}"


def body_of(text: Template, *loans: Owed, **changes: Any) -> Body:
    return render(text.name, text.channel, text.language, saying(*loans, **changes)).body


def words_of(body: Body) -> str:
    return f"{body.subject or ''}\n{body.text}"


def test_every_language_is_complete_against_english() -> None:
    english = set(library("en"))
    assert {name for name, _ in english} == set(KINDS)
    assert languages() == {"en", "zh", "es", "hi", "ru", "id"}
    for language in languages():
        assert set(library(language)) == english, language


def test_every_reminder_has_every_channel() -> None:
    elsewhere = {"link-unknown", "chat-code", "chat-link", "how-was-it"} | {
        name for name in KINDS if name[:4] == "sms-"
    }
    for name in set(KINDS) - elsewhere - OF_THE_LAW:
        assert {channel for text, channel in library("en") if text == name} == CHANNELS


@pytest.mark.parametrize("bare", [False, True], ids=["full", "bare"])
@pytest.mark.parametrize("text", ALL, ids=name_of)
def test_every_text_renders(text: Template, bare: bool) -> None:
    changes: dict[str, Any] = (
        {"name": None, "payment_line": None}
        if bare
        else {"reply_to": "+1 212 555 0100", "opt_out_url": "https://pay.example.com/stop/abc"}
    )
    for loans in LOANS.values():
        body = body_of(text, *loans, **changes)
        said = words_of(body)
        assert not re.search(r"\{\{|\}\}|\{%|%\}|<<|>>|None|nil|undefined", said), said
        assert not re.search(r" ,| \.(?!\d)|,,|\.\.|。。|，，|  |,\.|:\.|：。|\( | \)", said), said
        assert "Acme Credit" in said
        assert body.text == body.text.strip()
        assert (body.subject is None, body.html is None) == (text.channel != "email", text.channel != "email")
        assert (body.segments > 0) == (text.channel == "sms")
        assert body.subject is None or "\n" not in body.subject
        if text.channel == "sms":
            assert "\n" not in body.text
            assert body.segments <= 5
        if (
            not bare
            and "stop" not in text.name
            and text.name not in ("link-unknown", "chat-code", "chat-link")
        ):
            assert "https://pay.example.com/stop/abc" in body.text


@pytest.mark.parametrize("text", SPEAKING, ids=name_of)
def test_a_reminder_names_person_amount_day_and_how_to_pay(text: Template) -> None:
    body = body_of(text, late(5))
    assert "Maria" in body.text
    assert re.search(r"250[.,]00", body.text)
    assert re.search(r"\b25\b|25", body.text.replace("250", ""))  # 25 February
    assert "https://pay.example.com" in body.text
    assert "STOP" in body.text


@pytest.mark.parametrize("text", [t for t in ALL if t.kind == "promise"], ids=name_of)
def test_a_promise_is_reminded_of_with_what_is_left_of_it_before_it_is_late_and_after(text: Template) -> None:
    for loan in (owed(), late(5)):
        body = body_of(text, loan, promise_minor=80_00)
        assert re.search(r"80[.,]00", body.text)
        assert "Abc" not in words_of(body), "not with words that were said back elsewhere"
        assert re.search(r"250[.,]00", body_of(text, loan).text)
    if (text.channel, text.language) == ("sms", "en"):
        assert body_of(text, late(5), promise_minor=80_00).segments == 1


@pytest.mark.parametrize("text", SPEAKING, ids=name_of)
def test_currencies_are_never_added_up(text: Template) -> None:
    said = words_of(body_of(text, *LOANS["currencies"])).replace("\u00a0", " ")
    assert re.search(r"66[., ]700(?![.,]\d)", said)  # yen have no decimals
    assert re.search(r"12[.,]345", said)  # dinars have three
    assert "79" not in said


@pytest.mark.parametrize("text", [t for t in SPEAKING if t.channel != "sms"], ids=name_of)
def test_several_loans_are_listed_and_too_many_counted(text: Template) -> None:
    assert body_of(text, *LOANS["several"]).text.count("\n- ") == 3
    many = body_of(text, *LOANS["many"]).text
    assert many.count("\n- ") == 21
    assert "25" in many.split("\n- ")[21].splitlines()[0]


@pytest.mark.parametrize("text", [t for t in ALL if t.kind == "late"], ids=name_of)
def test_a_late_text_never_calls_late_what_is_not(text: Template) -> None:
    body = body_of(text, *LOANS["coming"])
    if text.channel == "sms":
        assert "L-1004" not in body.text
        assert re.search(r"250[.,]00", body.text)
    else:
        late_part, coming = body.text.split("\n- ")[0], body.text.split("\n- ")[1]
        assert "L-1001" in late_part
        assert "L-1004" in coming
        assert "500" not in body.text


@pytest.mark.parametrize("text", NEUTRAL, ids=name_of)
def test_a_neutral_text_says_nothing_of_a_loan(text: Template) -> None:
    """What may reach a stranger names neither debt nor person."""
    changes: dict[str, Any] = {"brand": "Zzz", "may_carry_amounts": False}
    for loans in LOANS.values():
        body = body_of(text, *loans, **changes)
        markup = re.sub(
            r"<style.*?</style>|<!--.*?-->|<noscript>.*?</noscript>", " ", body.html or "", flags=re.DOTALL
        )
        page = re.sub(r"<[^>]*>", " ", f"{words_of(body)}\n{markup}".lower())
        assert not re.search(r"\d", page), page
        assert "maria" not in page
        assert "business" not in page
        assert "pay.example.com" not in page
        stems = DEBT_WORDS[text.language].split()
        found = [stem for stem in stems if _holds(page, stem, text.language)]
        assert not found, (found, page)


def _holds(said: str, stem: str, language: str) -> bool:
    """Whether a word begins with the stem; where words are not set apart, whether it is there."""
    if language in {"zh", "hi"}:
        return stem in said
    return re.search(rf"\b{stem}", said) is not None


@pytest.mark.parametrize("text", ALL, ids=name_of)
def test_no_text_threatens_or_shames(text: Template) -> None:
    said = words_of(body_of(text, late(15))).lower()
    # 'segera' (soon) is kind in 'akan segera membayar' and a demand in 'segera lunasi'.
    said = said.replace("akan segera membayar", "").replace("segera jatuh tempo", "")
    found = [stem for stem in SHAME_AND_THREAT[text.language].split() if _holds(said, stem, text.language)]
    assert not found, (found, said)


@pytest.mark.parametrize("text", ALL, ids=name_of)
def test_nothing_is_said_by_pictures(text: Template) -> None:
    assert not re.search("[\u2190-\u2bff\U0001f000-\U0001faff]", words_of(body_of(text, *LOANS["several"])))


@pytest.mark.parametrize("language", ["en", "es", "id"])
def test_sms_of_latin_languages_stay_in_the_gsm_alphabet(language: str) -> None:
    for text in library(language).values():
        if text.channel == "sms":
            for loans in LOANS.values():
                for currency in ("USD", "INR", "RUB", "EUR"):
                    several = [late(o.days_late, currency=currency) if o.days_late else o for o in loans]
                    body = body_of(text, *several, name="Jose")
                    assert encoding_of(body.text) == "gsm7", body.text


@pytest.mark.parametrize("text", [t for t in library("en").values() if t.channel == "sms"], ids=name_of)
def test_an_english_sms_for_one_loan_is_one_segment(text: Template) -> None:
    for days in (3, 7, 15):
        assert body_of(text, late(days)).segments == 1


@pytest.mark.parametrize(
    ("days", "said"),
    [(1, "1 день"), (2, "2 дня"), (5, "5 дней"), (11, "11 дней"), (21, "21 день"), (22, "22 дня")],
)
def test_russian_days(days: int, said: str) -> None:
    text = library("ru")["late", "email"]
    assert f"просрочка {said})" in body_of(text, late(days), late(days, loan="L-2")).text


@pytest.mark.parametrize(("count", "said"), [(2, "2 платежа"), (5, "5 платежей"), (21, "21 платёж")])
def test_russian_payments(count: int, said: str) -> None:
    text = library("ru")["upcoming", "sms"]
    assert f"у вас {said}, " in body_of(text, *[owed(loan=str(n)) for n in range(count)]).text
    assert plural_form(count, "ru_RU") in {"one", "few", "many"}


def test_the_opt_out_confirmation_promotes_nothing_and_links_nowhere() -> None:
    for language in languages():
        body = body_of(library(language)["stop-confirmed", "sms"])
        assert "http" not in body.text
        assert "START" in body.text
        assert len(body.text) <= 120


def test_a_sender_that_cannot_receive_carries_a_link_and_asks_for_no_reply() -> None:
    for text in SPEAKING:
        if text.channel == "sms" and text.name in {"upcoming", "due-today", "late-early", "late"}:
            body = body_of(text, late(), opt_out_url="https://pay.example.com/s/1")
            assert "https://pay.example.com/s/1" in body.text
            assert "STOP" not in body.text
