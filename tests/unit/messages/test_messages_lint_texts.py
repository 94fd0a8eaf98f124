"""What the lint refuses, with its reason, and what it lets through: texts as people write them."""

import pytest

from messages.lint import SENTENCES, lint
from messages.templates import languages
from tests.builders.messages import codes, held_to

# What somebody wrote, and the one reason that it is refused for, at least.
BAD = [
    ("en", "Pay today or the police will be at your door.", "threat_arrest"),
    ("en", "Unless you pay by Friday we will take you to court.", "threat_court"),
    ("en", "We will tell your employer about this.", "threat_exposure"),
    ("en", "Your husband will hear of this.", "threat_exposure"),
    ("en", "We would have to let your wife know.", "threat_exposure"),
    ("en", "Your boss will soon find out.", "threat_exposure"),
    ("es", "Su marido se enterará de esto.", "threat_exposure"),
    ("id", "Suami Anda akan tahu.", "threat_exposure"),
    ("ru", "Ваш муж скоро узнает.", "threat_exposure"),
    ("zh", "您的老公很快会知道。", "threat_exposure"),
    ("en", "Your neighbours are going to hear about this.", "threat_exposure"),
    ("en", "Your manager will hear of this.", "threat_exposure"),
    ("en", "Your wife is about to find out.", "threat_exposure"),
    ("en", "This may be reported to your employer.", "threat_exposure"),
    ("en", "Your family will be contacted next.", "threat_exposure"),
    ("en", "We plan visits to your parents.", "threat_exposure"),
    ("en", "Your accounts will then be frozen.", "threat_seizure"),
    ("en", "Ihr Chef wird davon erfahren.", "threat_exposure"),
    ("en", "Dann rufen wir die Polizei.", "threat_arrest"),
    ("en", "Sonst kommt der Gerichtsvollzieher.", "threat_seizure"),
    ("en", "Wir sehen uns vor Gericht.", "threat_court"),
    ("es", "Su jefe se va a enterar.", "threat_exposure"),
    ("es", "Se lo diremos a su marido.", "threat_exposure"),
    ("es", "Su familia será informada.", "threat_exposure"),
    ("id", "Suami Anda akan diberitahu.", "threat_exposure"),
    ("zh", "您的家人会收到通知。", "threat_exposure"),
    ("ru", "Вашему мужу будет сообщено.", "threat_exposure"),
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
    ("zh", "再不还钱就收走你的房子", "threat_seizure"),
    ("zh", "不还就把你的车拉走", "threat_seizure"),
    ("ru", "Мы заберём ваш дом, если не заплатите", "threat_seizure"),
    ("es", "Nos llevaremos su coche", "threat_seizure"),
    ("hi", "हम आपका मकान छीन लेंगे", "threat_seizure"),
    ("id", "Motor Anda akan kami ambil", "threat_seizure"),
    ("en", "We will take the car", "threat_seizure"),
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
    ("hi", "कृपया १,२५०.०० साथ लाएँ।", "amount"),
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
    ("en", "If your husband pays for you, please let us know; we will hear from the bank and tell you."),
    ("es", "Si su familia necesita más tiempo, díganos: sabrá el nuevo plan el mismo día."),
    ("id", "Jika keluarga Anda membantu, kami akan mendengar dari bank dan memberi kabar."),
    ("ru", "Если ваша семья поможет, мы узнаем из банка и напишем вам."),
    ("zh", "如果家人代为付款，我们收到后会通知您。"),
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
    ("zh", "请打开WECHAT，扫一扫ALIPAY上的码。"),
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


@pytest.mark.parametrize(("language", "text", "reason"), BAD)
def test_a_bad_text_is_refused_with_the_reason(language: str, text: str, reason: str) -> None:
    found = lint(text, held_to(language=language))
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
    assert codes(lint(text, held_to(language=language, may_carry_amounts=False))) == {reason}
    assert not lint(text, held_to(language=language))


@pytest.mark.parametrize(("language", "text"), INNOCENT + NEUTRAL)
def test_an_innocent_text_passes(language: str, text: str) -> None:
    assert not lint(text, held_to(language=language))


@pytest.mark.parametrize(("language", "text"), NEUTRAL)
def test_an_innocent_text_passes_to_an_address_that_may_carry_nothing(language: str, text: str) -> None:
    assert not lint(text, held_to(language=language, may_carry_amounts=False))
