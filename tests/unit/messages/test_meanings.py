"""Sentences that stop us, or say that we reached a wrong person, in every language; and those that do not."""

import pytest

from bot.understanding import understand
from messages.emergency import emergency_numbers
from messages.intents.reading import beside_a_stop, read_intent
from messages.meanings import (
    denies_stop,
    hints_wrong_person,
    meaning_languages,
    meaning_of,
    says_stop,
    tells_of_death,
)
from messages.templates import languages
from messages.typed.sms import read_sms

STOP = {
    "en": [
        "pls leave me alone, no more msgs",
        "Stop. Thank you",
        "Please stop sending me these messages, I don't want them",
        "I do not want any more texts from you.",
        "Don't contact me again!",
        "I'd like to opt out please, this is too much",
        "take me off your list",
        "I withdraw my consent",
        "Stop texting my phone at night",
        *("I want it to stop", "pls make it stop", "stop or I sue", "cease and desist"),
        *("switch off the reminders", "please make them stop now", "stop or else"),
        *("stop it already", "go away!"),
        *("STOP i already paid", "STOP, I paid yesterday", "Stop. I have already paid this"),
        *("I already paid so stop calling me", "stop calling me i already paid", "please stop, I paid"),
        *("stop please i paid already", "STOP I paid!", "I paid. STOP", "stop it, i paid", "i said stop"),
        *("knock it off", "i paid stop", "paid already, STOP", "Cancel. I already paid", "STOP - i paid"),
    ],
    "zh": [
        "退订",
        "请不要再给我发短信了，谢谢",
        "别再骚扰我了",
        "我不想再收到你们的消息",
        "請停止給我發短信",
        *("别再打电话了我已经还了", "别再发了我已经还了", "不要再打了，我还了", "我已经还了，别发了"),
        *("别理我了", "让我安静", "别来烦我", "烦死了，让我安静一下吧"),
    ],
    "es": [
        "Por favor dejen de enviarme mensajes",
        "no quiero recibir más mensajes de ustedes",
        "Ya no me manden más mensajes",
        "Denme de baja, gracias",
        *("Ya pagué, no me escriban", "basta ya pagué"),
    ],
    "hi": [
        "मुझे और मैसेज मत भेजिए",
        "कृपया मुझे संदेश भेजना बंद करें",
        "mujhe message mat bhejo bhai",
        "बंद करो, मैंने भुगतान कर दिया",
    ],
    "ru": [
        "Больше не пишите мне, пожалуйста!",
        "прекратите присылать мне сообщения",
        "Я не хочу получать от вас смс",
        "отпишите меня",
        *("стоп я уже оплатил", "Я уже оплатил. Стоп"),
    ],
    "id": [
        "Tolong jangan kirim pesan lagi ke saya",
        "saya tidak mau menerima sms dari anda",
        "berhenti kirim pesan ke nomor ini",
        "hentikan, saya sudah bayar",
    ],
}

WRONG = {
    "en": [
        "You have the wrong number",
        "wrong person, sorry",
        "This isn't Maria's number",
        "I don't know this person",
        "Sorry you got the wrong guy, stop texting me",
        "I'm not her",
        *("wrong number. stop", "sorry mate, you've got the wrong number"),
    ],
    "zh": ["发错人了", "你们打错了", "我不是本人", "我不认识这个人", "查無此人", "你好，找错了"],
    "es": ["Número equivocado", "Se equivocaron de número", "no conozco a esa persona"],
    "hi": ["गलत नंबर है", "मैं वह व्यक्ति नहीं हूँ", "galat number hai"],
    "ru": ["Вы ошиблись номером", "это не её номер", "Я не знаю такого человека"],
    "id": ["Maaf salah nomor", "salah sambung", "Saya tidak kenal orang ini"],
}

OTHER = [
    "I cannot stop by today, Ann",
    "The amount is wrong, I paid 200",
    "you have the wrong amount",
    "250 is not the right number of euros",
    "I paid yesterday",
    "I'll pay on Friday",
    "I don't know when I can pay",
    "please don't stop my account",
    "Why did you stop sending reminders?",
    *("I want this to end soon, how can I pay it off?", "make it end this month", "让我静静想想怎么还"),
    "I lost my job and cannot pay",
    *("you have the wrong number of payments", "I have the wrong number for paying, which one is it?"),
    *(
        "打错了金额",
        "找错了账户",
        "he died",
        "他去世了",
        "delete my data",
        "please stop the autopay",
        "take me off autopay",
    ),
    "I'm not able to pay now",
    "the number of days is wrong",
    "我已经还款了",
    "今天不能还",
    "金额搞错了",
    "我不知道什么时候能还",
    "Ya pagué ayer",
    "se equivocaron, ya pagué",
    "no sé cuándo puedo pagar",
    "मैं कल भुगतान करूँगा",
    "मैं अभी तैयार नहीं हूँ",
    "मैं वह राशि नहीं दे सकता",
    "Я заплатил вчера",
    "вы ошиблись, я уже заплатил",
    "не знаю когда смогу",
    "Saya sudah bayar kemarin",
    "jumlahnya salah",
    "saya tidak tahu kapan bisa bayar",
]


@pytest.mark.parametrize(
    ("language", "text"), [(code, text) for code, texts in STOP.items() for text in texts]
)
def test_failure_10_normal_language_stops(language: str, text: str) -> None:
    assert meaning_of(text) == "stop", language


@pytest.mark.parametrize(
    ("language", "text"), [(code, text) for code, texts in WRONG.items() for text in texts]
)
def test_a_wrong_person_says_so_in_any_language(language: str, text: str) -> None:
    assert meaning_of(text) == "wrong_person", language


@pytest.mark.parametrize("text", OTHER)
def test_what_says_anything_else_is_for_a_person(text: str) -> None:
    assert meaning_of(text) is None


@pytest.mark.parametrize(
    ("text", "is_asked"),
    [
        *(("hey you have the wrong number, call my brother", True), ("找错了，我昨天还款了", True)),
        *(("you have the wrong number for John", True), ("you have the wrong number of payments", False)),
        *(("I have the wrong number for paying, which one is it?", False), ("打错了金额", False)),
    ],
)
def test_a_wrong_person_who_says_more_is_asked_back(text: str, is_asked: bool) -> None:
    assert meaning_of(text) is None
    assert hints_wrong_person(text) == is_asked
    assert (read_sms(text).wish == "may_be_wrong") == is_asked
    assert (understand(text).intent == "wrong") == is_asked


DISTRESS = {
    "en": [
        *("I want to die", "I can't go on", "kill myself", "I don't want to live anymore", "better off dead"),
        *("kill me", "i want 2 die", "I no longer want to live", "I'm ending it tonight", "hurt myself"),
        *(
            "I don't wanna be here anymore",
            "I hurt myself at work and want to die",
            "I lost my life savings, I want to die",
        ),
        "I lost my life savings and want to end it all",
        *("Because of you I want to end my life. Stop texting me.", "I cannot go on like this"),
    ],
    "zh": [
        *("我要去死", "我去死", "活腻了", "想一了百了", "我死给你看", "每天忙得要死我想死"),
        *("不想活了", "想死", "活不下去", "我真的活不下去了，别再给我发短信", "我想自杀"),
    ],
    "es": ["quiero morirme"],
    "hi": ["मैं मरना चाहता हूँ"],
    "ru": ["не хочу больше жить"],
    "id": ["saya ingin mati"],
}
NO_DISTRESS = [
    *("my phone died", "my father died and I cannot pay", "I can't go on your website", "热死了", "气死我了"),
    *("跳楼价", "I hurt myself at work and cannot pay", "I cut myself off", "想要死磕到底", "忙得要死"),
    *("还清了就一了百了", "我想还清一了百了", "my wife will kill me", "I don't want to live in that flat"),
    *("I want to talk to a live person", "I lost my life insurance", "what do I owe", "想死你们了"),
]


@pytest.mark.parametrize("text", [text for texts in DISTRESS.values() for text in texts])
def test_who_does_not_want_to_live_is_heard_before_anything_else(text: str) -> None:
    assert meaning_of(text) == "distress"
    assert says_stop(text) == ("Stop" in text or "别再" in text)


def test_whom_to_call_is_said_by_country_where_that_is_sure() -> None:
    found = {country: emergency_numbers(country) for country in ("DE", "GB", "US", "CN", "ZZ", None)}
    assert list(found.values()) == [("112",), ("999",), ("988", "911"), ("110", "120"), (), ()]


@pytest.mark.parametrize("text", NO_DISTRESS)
def test_what_only_sounds_like_it_is_none(text: str) -> None:
    assert meaning_of(text) != "distress"


DENIED = {
    "en": [
        *("don't stop", "never stop sending", "please do not stop", "please don't ever stop"),
        *("do not unsubscribe me", "don't opt me out", "I don't want you to stop", "Don't. Stop."),
        "I didn't want the messages stopped",
        *("never stop sending me messages", "why did you stop sending reminders?"),
    ],
    "zh": [
        "不要停止",
        "不要停止发送",
        "别停",
        "别退订",
        "请勿停止发短信",
        "不想退订",
        "不希望你们停止发消息",
    ],
    "es": ["no dejen de enviarme mensajes", "no quiero darme de baja", "no cancelen los mensajes"],
    "hi": ["मैसेज बंद मत करो", "मैसेज मत रोको", "message band mat karo"],
    "ru": ["не прекращайте присылать мне сообщения", "не отключайте рассылку"],
    "id": ["jangan berhenti kirim pesan", "saya tidak mau berhenti"],
}
STILL = [
    *("I want the texts stopped", "I would like these messages to stop"),
    *("don't send me more", "do not contact me", "You never stop texting me, leave me alone!"),
    *(
        "I did not opt in, stop texting me",
        "why don't you stop texting me",
        "你们一直不停地发，别再给我发短信",
    ),
    *("no quiero mensajes, denme de baja", "Don't stop me from saying it. Unsubscribe me."),
]


@pytest.mark.parametrize("text", [text for texts in DENIED.values() for text in texts])
def test_a_stop_that_is_denied_is_asked_back_and_never_obeyed(text: str) -> None:
    assert meaning_of(text) is None
    assert denies_stop(text)
    reading = read_intent(text)
    assert reading.intent not in ("stop", "start")


@pytest.mark.parametrize(
    "text",
    [
        *("you said STOP", 'you said "STOP"', "You said: STOP", "what happens if I reply, STOP?"),
        *(
            "Don't stop, I paid",
            "don't please stop",
            "stop calling me and text me instead",
            "STOP. Don't stop",
        ),
        *("I can pay 50, no more", "我还了，取消", "I will pay at the end", "I cannot pay and cannot stop"),
    ],
)
def test_a_stop_that_is_no_clause_of_its_own_is_none(text: str) -> None:
    assert meaning_of(text) is None


@pytest.mark.parametrize(
    ("text", "beside"),
    [
        *(
            ("STOP i already paid", "paid"),
            ("别再打电话了我已经还了", "paid"),
            ("stop, you told my boss", "complaint"),
        ),
        *(("STOP", None), ("Stop. Thank you", None), ("stop texting me", None)),
    ],
)
def test_what_is_said_beside_a_stop_is_heard_too(text: str, beside: str | None) -> None:
    assert beside_a_stop(text) == beside


@pytest.mark.parametrize("text", ["my husband passed away", "my father died", "我爸去世了", "he died"])
def test_a_death_goes_to_a_person(text: str) -> None:
    assert tells_of_death(text)
    assert understand(text).intent == "human"
    assert read_sms(text).wish == "review"
    assert not tells_of_death("my phone died")


@pytest.mark.parametrize("text", STILL)
def test_a_stop_beside_what_denies_another_is_one(text: str) -> None:
    assert meaning_of(text) == "stop"
    assert not denies_stop(text)


def test_every_language_has_its_phrases_and_its_examples() -> None:
    assert meaning_languages() == languages() == set(STOP) == set(WRONG) == set(DENIED) == set(DISTRESS)


def test_a_long_letter_is_read_at_its_beginning_only() -> None:
    assert meaning_of("I have a question. " * 100 + "stop texting me") is None
