"""SMTP as servers really behave: refusals at each stage, hanging, idle connections dropped, TLS and AUTH."""

import asyncio
from collections.abc import AsyncIterator
from email import message_from_string, policy
from pathlib import Path
from typing import Any

import pytest

from notifiers.base import OutcomeUnknown, Permanent, SendError, Transient
from notifiers.email_smtp import Smtp
from notifiers.mail_server import Server
from tests.builders.outgoing import outgoing
from tests.sinks import certificate
from tests.sinks.smtp import SmtpSink

ANN = "ann@example.org"


@pytest.fixture(scope="module")
async def listening() -> AsyncIterator[SmtpSink]:
    sink = await SmtpSink().start()
    yield sink
    await sink.close()


@pytest.fixture
async def sink(listening: SmtpSink) -> SmtpSink:
    listening.record.taken.clear()
    listening.faults.clear()
    await listening.drop_connections()
    listening.connections = 0
    return listening


@pytest.fixture
async def smtp(sink: SmtpSink, patience: float) -> AsyncIterator[Smtp]:
    notifier = Smtp(Server.read(sink.url), "Kept <kept@example.com>", timeout=patience)
    yield notifier
    await notifier.close()


async def fails(smtp: Smtp, kind: type[SendError]) -> Any:
    with pytest.raises(SendError) as caught:
        await smtp.send(outgoing(ANN))
    assert type(caught.value) is kind
    return caught.value


CASES = [
    # fault, what it is for the caller, its code, is the address dead, was the mail taken
    ("rcpt:450 4.2.0 Greylisted, come back in 300 seconds", Transient, "smtp-450-4.2.0", None, 0),
    ("rcpt:451 Try later", Transient, "smtp-451", None, 0),
    ("rcpt:452 4.2.2 Mailbox full", Transient, "smtp-452-4.2.2", None, 0),
    ("rcpt:550 5.1.1 No such person", Permanent, "smtp-550-5.1.1", True, 0),
    ("rcpt:550 No such user here", Permanent, "smtp-550", True, 0),
    ("rcpt:550 Blocked: your address is on a list", Permanent, "smtp-550", False, 0),
    ("rcpt:550 5.7.1 Unknown sender, user unknown to policy", Permanent, "smtp-550-5.7.1", False, 0),
    ("rcpt:552 5.2.2 Over quota", Permanent, "smtp-552-5.2.2", False, 0),
    ("rcpt:553 Invalid mailbox", Permanent, "smtp-553", True, 0),
    ("rcpt:bye-550 5.1.1 No such person", Permanent, "smtp-550-5.1.1", True, 0),
    ("rcpt:530 5.7.0 Authenticate first", Transient, "smtp-530-5.7.0", None, 0),
    ("mail:451 4.3.0 Try later", Transient, "smtp-451-4.3.0", None, 0),
    ("mail:550 5.1.1 Sender unknown", Permanent, "smtp-550-5.1.1", False, 0),
    ("start:451 Try later", Transient, "smtp-451", None, 0),
    ("start:554 No", Permanent, "smtp-554", False, 0),
    ("start:hang", Transient, "smtp-timeout", None, 0),
    ("rcpt:hang", Transient, "smtp-timeout", None, 0),
    ("data:451 4.3.2 Try later", Transient, "smtp-451-4.3.2", None, 0),
    ("data:554 5.7.1 Looks like spam", Permanent, "smtp-554-5.7.1", False, 0),
    ("data:552 5.3.4 Too big", Permanent, "smtp-552-5.3.4", False, 0),
    ("data:hang", OutcomeUnknown, "smtp-timeout", None, 0),
    ("data:drop", OutcomeUnknown, "smtp-dropped-after-data", None, 0),
    ("data:take-hang", OutcomeUnknown, "smtp-timeout", None, 1),
    ("data:take-drop", OutcomeUnknown, "smtp-dropped-after-data", None, 1),
]


@pytest.mark.parametrize(("fault", "kind", "code", "dead", "taken"), CASES, ids=[c[0][:24] for c in CASES])
async def test_each_answer_means_one_thing(
    smtp: Smtp, sink: SmtpSink, fault: str, kind: type[SendError], code: str, dead: bool | None, taken: int
):
    sink.faults.once.append(fault)
    error = await fails(smtp, kind)
    assert error.code == code
    assert getattr(error, "address_dead", None) == dead
    assert len(sink.record.taken) == taken
    await smtp.send(outgoing(ANN, contact=8))
    assert len(sink.record.taken) == taken + 1


async def test_a_refusal_costs_no_connection(smtp: Smtp, sink: SmtpSink):
    for fault in ("rcpt:450 4.2.0 Greylisted", "rcpt:550 5.1.1 No", "data:554 5.7.1 Spam"):
        sink.faults.once.append(fault)
        with pytest.raises(SendError):
            await smtp.send(outgoing(ANN))
    await smtp.send(outgoing(ANN))
    assert sink.connections == 1


async def test_one_connection_for_many_mails_and_no_more_than_allowed(sink: SmtpSink):
    smtp = Smtp(Server.read(sink.url), "kept@example.com", connections=3)
    for n in range(5):
        await smtp.send(outgoing(ANN, contact=n))
    assert sink.connections == 1
    await asyncio.gather(*(smtp.send(outgoing(ANN, contact=n)) for n in range(20)))
    assert sink.connections == 3
    assert len(sink.record.taken) == 25
    await smtp.close()


async def test_idle_connections_that_were_dropped_are_replaced(sink: SmtpSink):
    smtp = Smtp(Server.read(sink.url), "kept@example.com", connections=3)
    await asyncio.gather(*(smtp.send(outgoing(ANN, contact=n)) for n in range(3)))
    await sink.drop_connections()
    await smtp.send(outgoing(ANN, contact=9))
    assert len(sink.record.taken) == 4
    await smtp.close()


async def test_a_connection_idle_for_too_long_is_not_used(sink: SmtpSink):
    smtp = Smtp(Server.read(sink.url), "kept@example.com", keep=0.0)
    for n in range(3):
        await smtp.send(outgoing(ANN, contact=n))
    assert (len(sink.record.taken), sink.connections) == (3, 3)
    await smtp.close()


@pytest.mark.parametrize("fault", ["mail:421 4.4.2 Idle too long", "mail:drop", "rcpt:drop", "start:drop"])
async def test_a_kept_connection_that_turns_out_dead_is_tried_anew(smtp: Smtp, sink: SmtpSink, fault: str):
    """Nothing of the mail had been handed over, so a fresh connection is no second send."""
    await smtp.send(outgoing(ANN, contact=1))
    sink.faults.once.append(fault)
    await smtp.send(outgoing(ANN, contact=2))
    assert [m["id"] for m in sink.record.taken] == ["kept-test-1@example.com", "kept-test-2@example.com"]
    assert sink.connections == 2


@pytest.mark.parametrize("stage", ["mail", "rcpt", "start"])
async def test_a_server_that_always_goes_away_is_transient(smtp: Smtp, sink: SmtpSink, stage: str):
    sink.faults.once.extend([f"{stage}:421 4.3.2 Shutting down"] * 2)
    error = await fails(smtp, Transient)
    assert error.code == "smtp-421"
    assert sink.record.taken == []


async def test_what_is_sent_is_what_is_taken(smtp: Smtp, sink: SmtpSink):
    text = ".\n..dots\n.\nÁnge, 250,00 € vence.\n"
    sent = await smtp.send(outgoing(ANN, text, subject="Préstamo", sender="Préstamos <p@example.net>"))
    (taken,) = sink.record.taken
    assert taken["sender"] == "p@example.net"
    assert sent.provider_id == taken["id"] == "kept-test-7@example.net"
    message = message_from_string(taken["content"], policy=policy.default)
    assert message["Subject"] == "Préstamo"
    assert message.get_content().splitlines() == text.splitlines()
    plain = await smtp.send(outgoing(ANN, ".\n..\n.x"))
    assert plain.state == "accepted"
    assert sink.record.taken[1]["content"].endswith("\r\n\r\n.\r\n..\r\n.x\r\n")


@pytest.mark.parametrize(
    ("fields", "code", "dead"),
    [
        ({"to": "ann@example.org>\r\nRCPT TO:<eve@example.net"}, "invalid_address", True),
        ({"to": "nobody"}, "invalid_address", True),
        ({"subject": "Due\r\nBcc: eve@example.net"}, "unsendable", False),
        ({"sender": "Kept\n <kept@example.com>"}, "unsendable", False),
        ({"opt_out_url": "https://example.com/\r\nX: y"}, "unsendable", False),
        ({"key": "a\r\nX: y"}, "unsendable", False),
    ],
)
async def test_injection_is_refused_before_anybody_is_asked(
    smtp: Smtp, sink: SmtpSink, fields: dict[str, Any], code: str, dead: bool
):
    with pytest.raises(Permanent) as caught:
        await smtp.send(outgoing(**{"to": ANN, **fields}))
    assert (caught.value.code, caught.value.address_dead) == (code, dead)
    assert sink.connections == 0


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")  # it is under TLS
@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "smtps"])
async def test_tls_and_login(tmp_path: Path, implicit: bool):
    pem = certificate.make(tmp_path)
    served, trusted = certificate.for_server(pem), certificate.for_client(pem)
    sink = await SmtpSink().start(tls=served, implicit=implicit, login=("kept", "s@cret"))
    url = sink.url.replace("s@cret", "s%40cret")
    smtp = Smtp(Server.read(url), "kept@example.com", tls_context=trusted)
    await smtp.send(outgoing(ANN))
    await smtp.send(outgoing(ANN, contact=8))
    assert [m["secret"] for m in sink.record.taken] == [not implicit] * 2  # aiosmtpd sees its own TLS only
    assert sink.connections == 1
    wrong = Smtp(Server.read(url.replace("s%40cret", "wrong")), "k@example.com", tls_context=trusted)
    error = await fails(wrong, Transient)
    assert error.code.startswith("smtp-535")
    assert error.retry_after is not None
    stranger = Smtp(Server.read(url), "kept@example.com")
    assert (await fails(stranger, Transient)).code == "smtp-tls"
    assert len(sink.record.taken) == 2
    await smtp.close()
    await sink.close()


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
@pytest.mark.parametrize("starttls", [0, 1])
async def test_a_server_is_greeted_whatever_was_agreed_on(tmp_path: Path, starttls: int):
    pem = certificate.make(tmp_path)
    sink = await SmtpSink().start(tls=certificate.for_server(pem) if starttls else None)
    url = f"smtp://127.0.0.1:{sink.port}?starttls={starttls}"
    smtp = Smtp(Server.read(url), "kept@example.com", tls_context=certificate.for_client(pem))
    await smtp.send(outgoing(ANN))
    assert [m["secret"] for m in sink.record.taken] == [bool(starttls)]
    await smtp.close()
    await sink.close()


async def test_starttls_that_is_demanded_and_not_offered(sink: SmtpSink):
    smtp = Smtp(Server.read(sink.url + "?starttls=1"), "kept@example.com")
    assert (await fails(smtp, Transient)).code == "smtp-not-offered"
    assert sink.record.taken == []


async def test_behind_a_server_that_hangs_nobody_waits_past_their_time(sink: SmtpSink):
    """Else a mail could go out when its lease is over, and a whole outage be unknown instead of put off."""
    sink.faults.every.append((1, "rcpt:hang"))
    smtp = Smtp(Server.read(sink.url), "kept@example.com", connections=1, timeout=0.3)
    started = asyncio.get_running_loop().time()
    sent = await asyncio.gather(*(smtp.send(outgoing(ANN)) for _ in range(8)), return_exceptions=True)
    assert asyncio.get_running_loop().time() - started < 8 * 0.3
    assert {type(error) for error in sent} == {Transient}
    assert "smtp-busy" in {error.code for error in sent if isinstance(error, Transient)}
    assert sink.record.taken == []
    await smtp.close()


async def test_a_server_that_never_greets_is_transient():
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    listener = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    smtp = Smtp(Server.read(f"smtp://127.0.0.1:{port}"), "kept@example.com", timeout=0.2)
    assert (await fails(smtp, Transient)).code == "smtp-timeout"
    listener.close()


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", Server("mail.example.com", 25, False, None, None, None)),
        ("smtp://mail.example.com?starttls=1", Server("mail.example.com", 587, False, True, None, None)),
        ("smtp://u:p%40@mail.example.com:2525", Server("mail.example.com", 2525, False, True, "u", "p@")),
        ("smtp://u:p@127.0.0.1:2525", Server("127.0.0.1", 2525, False, None, "u", "p")),
        ("smtps://u:p@mail.example.com", Server("mail.example.com", 465, True, False, "u", "p")),
        ("smtp://mail.example.com:25?starttls=0", Server("mail.example.com", 25, False, False, None, None)),
    ],
)
def test_a_server_is_read_from_its_url(url: str, server: Server):
    assert Server.read(url) == server


@pytest.mark.parametrize(
    "url",
    ["", "mail.example.com", "http://u:topsecret@x", "smtp://u:topsecret@h?tls=1", "smtps://h?starttls=1"],
)
def test_a_url_that_is_none_says_so_without_its_secret(url: str):
    with pytest.raises(ValueError) as caught:
        Server.read(url)
    assert "topsecret" not in str(caught.value)
