"""What Python's own parser reads out of a hand-made mail is what was put in; no header ends early."""

import email
import time
from datetime import UTC, datetime, timedelta, timezone
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notifiers import mail
from tests.builders.outgoing import outgoing

CONTROL = {chr(c) for c in (*range(32), *range(127, 160), 0x2028, 0x2029)}
shown = st.text(st.characters(codec="utf-8", exclude_characters=CONTROL), min_size=1, max_size=200)
pieces = st.sampled_from(["a", "é", "中", " ", "\t", "\n", ".", "=", "=_kept", "\u2028", "From "])
texts = st.text(st.characters(codec="utf-8", exclude_characters=("\r", "\x00")), max_size=400) | st.lists(
    pieces, max_size=300
).map("".join)
SENDER = mail.mailbox("Kept <kept@example.com>")


def parsed(**fields: object) -> tuple[bytes, EmailMessage]:
    data = mail.build(outgoing("ann@example.org", **fields), SENDER, "ann@example.org")  # type: ignore[arg-type]
    return data, cast(EmailMessage, email.message_from_bytes(data, policy=policy.default))


def lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")


def fit(data: bytes) -> None:
    assert data.isascii()
    assert b"\x00" not in data
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")
    assert max(map(len, data.split(b"\r\n"))) <= 998


@given(texts)
@example("no line end ")
@example("x" * 2_000)
@example("中" * 900)
@example("a dot\n.\n..\nand on")
@example("é\n" + "a" * 80 + " \n\t\n")
def test_the_text_arrives_as_written(text: str):
    data, message = parsed(text=text)
    fit(data)
    assert message.get_content_type() == "text/plain"
    assert lines(message.get_content()) == lines(text) or lines(message.get_content()) == [*lines(text), ""]


@given(texts, texts)
@example("before\n--=_kept-test-7\nafter", "<p>\n--=_kept-test-7--\n")  # the boundary itself
def test_both_forms_arrive_as_written(text: str, html: str):
    data, message = parsed(text=text, html=html)
    fit(data)
    assert message.get_content_type() == "multipart/alternative"
    plain, rich = message.iter_parts()
    assert (plain.get_content_type(), rich.get_content_type()) == ("text/plain", "text/html")
    for part, said in ((plain, text), (rich, html)):
        got = lines(cast(EmailMessage, part).get_content())
        assert got == lines(said) or got == [*lines(said), ""] or [*got, ""] == lines(said)


@given(shown)
@example("Payment of 250.00 USD is due on 5 March")
@example("=?utf-8?q?not_encoded?=")
@example("您的还款日是三月五日" * 12)
@example("word " * 40)
def test_the_subject_arrives_as_written(subject: str):
    data, message = parsed(subject=subject)
    fit(data)
    head = data.split(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert message["Subject"].strip() == subject.strip()


@given(st.text(st.characters(codec="utf-8", exclude_characters=CONTROL | {"<", ">", "@"}), max_size=80))
@example("Ángel Núñez")
@example('Kept, "Loans" (US)')
@example("还款提醒")
def test_the_senders_name_arrives_as_written(name: str):
    try:
        sender = mail.mailbox(f'"{name.replace(chr(92), "").replace(chr(34), "")}" <kept@example.com>')
    except mail.UnfitError:
        return
    data = mail.build(outgoing("ann@example.org"), sender, "ann@example.org")
    fit(data)
    message = cast(EmailMessage, email.message_from_bytes(data, policy=policy.default))
    (address,) = message["From"].addresses
    assert address.addr_spec == "kept@example.com"
    wanted = name.replace("\\", "").replace('"', "")
    assert "".join(address.display_name.split()) == "".join(wanted.split())


ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-3.5))])


@given(st.datetimes(timezones=ZONES))
def test_the_date_is_as_the_library_writes_it(at: datetime):
    try:
        wanted = format_datetime(at.astimezone(UTC))
    except OverflowError:
        return
    assert mail.date(at).decode() == wanted


def test_the_date_needs_a_zone():
    with pytest.raises(mail.UnfitError):
        mail.date(datetime(2026, 3, 2))


def test_what_every_mail_says_of_itself():
    fields = {"subject": "Due", "opt_out_url": "https://example.com/stop?t=a1", "language": "zh-Hans"}
    data, message = parsed(**fields)
    assert message["Message-ID"] == "<kept-test-7@example.com>"
    assert message["Date"] == "Mon, 02 Mar 2026 09:30:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["MIME-Version"] == "1.0"
    assert message["Content-Language"] == "zh-Hans"
    assert message["To"] == "ann@example.org"
    assert message["List-Unsubscribe"] == "<https://example.com/stop?t=a1>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert data == parsed(**fields)[0]


def test_one_click_is_for_https_alone():
    _, message = parsed(opt_out_url="http://127.0.0.1:8080/stop")
    assert message["List-Unsubscribe"] == "<http://127.0.0.1:8080/stop>"
    assert message["List-Unsubscribe-Post"] is None


WAYS = {"7bit": "plain", "quoted-printable": "café and much more ASCII", "base64": "还款提醒"}


@pytest.mark.parametrize("way", WAYS)
def test_the_encoding_suits_the_text(way: str):
    assert f"Content-Transfer-Encoding: {way}\r\n".encode() in parsed(text=WAYS[way])[0]


@given(st.sampled_from(sorted(CONTROL)), st.sampled_from(["subject", "opt_out_url", "language"]))
def test_a_header_cannot_be_ended_early(control: str, field: str):
    with pytest.raises(mail.UnfitError):
        parsed(**{field: f"https://example.com/{control}Bcc:eve@example.net"})


@pytest.mark.parametrize("key", ["", "a b", "a>", "a\r\nb", "ключ"])
def test_a_key_that_is_no_id(key: str):
    with pytest.raises(mail.UnfitError):
        parsed(key=key)


@pytest.mark.parametrize(
    "to",
    [
        "",
        "ann",
        "@example.org",
        "ann@",
        "ann@example.org,eve@example.net",
        "ann@example.org\r\nRCPT TO:<eve@example.net>",
        "<ann@example.org>",
        "ann @example.org",
        "añn@example.org",
        "ann@" + "a" * 300,
        "ann@exa\x00mple.org",
    ],
)
def test_what_is_no_address(to: str):
    with pytest.raises(mail.UnfitError):
        mail.envelope_address(to)


def test_a_domain_in_another_script_goes_as_ascii():
    assert mail.envelope_address("ann@bücher.example") == "ann@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "sender", ["Kept\r\nBcc: eve@example.net <kept@example.com>", "Kept", "Kept <kept>", ""]
)
def test_what_is_no_sender(sender: str):
    with pytest.raises(mail.UnfitError):
        mail.mailbox(sender)


def test_it_is_much_cheaper_than_the_library():
    """PERFORMANCE.md: EmailMessage takes 1,240 us. Ours stays a small part of it."""
    contact = outgoing(
        "ann@example.org", "Hola Ana, 250,00 € vence el 5 de marzo.\n" * 8, subject="Pago: 5 de marzo"
    )

    def ours() -> bytes:
        return mail.build(contact, SENDER, "ann@example.org")

    def library() -> bytes:
        message = EmailMessage(policy=policy.SMTP)
        message["From"], message["To"] = "Kept <kept@example.com>", contact.to
        message["Subject"] = contact.body.subject
        message.set_content(contact.body.text)
        return message.as_bytes()

    def best(make: object, times: int) -> float:
        took = list[float]()
        for _ in range(times):
            start = time.perf_counter()
            make()  # type: ignore[operator]
            took.append(time.perf_counter() - start)
        return min(took)

    assert best(ours, 200) * 10 < best(library, 30)
