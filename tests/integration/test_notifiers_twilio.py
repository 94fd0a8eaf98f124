"""Twilio: what its answers mean, that its webhooks are its own, and what can be asked about an unknown."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator

from notifiers.base import Media, OutcomeUnknown, Permanent, Receipt, RecipientBlocked, SendError, Transient
from notifiers.sms_twilio import Twilio
from tests.builders.outgoing import outgoing
from tests.sinks.twilio import ACCOUNT, TOKEN, TwilioSink

ANN = "+12025550123"
FROM = "+12025550100"
SERVICE = "MG" + "1" * 32


@pytest.fixture(scope="module")
async def listening() -> AsyncIterator[TwilioSink]:
    sink = await TwilioSink().start()
    yield sink
    await sink.close()


@pytest.fixture
async def sink(listening: TwilioSink) -> TwilioSink:
    listening.record.taken.clear()
    listening.faults.clear()
    return listening


@pytest.fixture
async def twilio(listening: TwilioSink, patience: float) -> AsyncIterator[Twilio]:
    notifier = Twilio(ACCOUNT, TOKEN, FROM, api_url=listening.url, timeout=patience)
    yield notifier
    await notifier.close()


CASES = [
    ("429:7", Transient, "20429", {"retry_after": timedelta(seconds=7)}, 0),
    ("429", Transient, "20429", {"retry_after": None}, 0),
    ("21611", Transient, "21611", {}, 0),
    ("20003", Transient, "20003", {"retry_after": timedelta(minutes=5)}, 0),
    ("20404", Transient, "20404", {"retry_after": timedelta(minutes=5)}, 0),
    ("21610", RecipientBlocked, "21610", {}, 0),
    ("21211", Permanent, "21211", {"address_dead": True}, 0),
    ("21614", Permanent, "21614", {"address_dead": True}, 0),
    ("21612", Permanent, "21612", {"address_dead": False}, 0),
    ("21408", Permanent, "21408", {"address_dead": False}, 0),
    ("500", OutcomeUnknown, "20500", {}, 0),
    ("503", OutcomeUnknown, "20503", {}, 0),
    ("take-500", OutcomeUnknown, "20500", {}, 1),
    ("drop", OutcomeUnknown, "twilio-dropped", {}, 0),
    ("take-drop", OutcomeUnknown, "twilio-dropped", {}, 1),
    ("hang", OutcomeUnknown, "twilio-timeout", {}, 0),
    ("take-hang", OutcomeUnknown, "twilio-timeout", {}, 1),
    ("take-garbage", OutcomeUnknown, "twilio-unreadable", {}, 1),
]


@pytest.mark.parametrize(("fault", "kind", "code", "more", "taken"), CASES, ids=[c[0] for c in CASES])
async def test_each_answer_means_one_thing(
    twilio: Twilio,
    sink: TwilioSink,
    fault: str,
    kind: type[SendError],
    code: str,
    more: dict[str, Any],
    taken: int,
):
    sink.faults.once.append(fault)
    with pytest.raises(SendError) as caught:
        await twilio.send(outgoing(ANN))
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert {name: getattr(caught.value, name) for name in more} == more
    assert len(sink.record.taken) == taken


async def test_what_is_posted(twilio: Twilio, sink: TwilioSink):
    text = "Hola Ánge & co = 250,00 € + 还款"
    sent = await twilio.send(outgoing(ANN, text))
    (taken,) = sink.record.taken
    assert (taken["to"], taken["from"], taken["body"]) == (ANN, FROM, text)
    assert taken["fields"] == ["Body", "From", "To"]
    assert sent.provider_id == taken["sid"]
    assert not twilio.can_report_delivery


async def test_a_messaging_service_and_a_callback(sink: TwilioSink):
    twilio = Twilio(ACCOUNT, TOKEN, SERVICE, api_url=sink.url + "/", public_url="https://kept.example.com/")
    first = outgoing(ANN)
    await twilio.send(first)
    await twilio.send(outgoing(ANN, sender="KEPT"))
    assert [m["fields"] for m in sink.record.taken] == [
        ["Body", "MessagingServiceSid", "StatusCallback", "To"],
        ["Body", "From", "StatusCallback", "To"],
    ]
    assert [m["from"] for m in sink.record.taken] == [SERVICE, "KEPT"]
    assert (
        sink.record.taken[0]["callback"] == f"https://kept.example.com/webhooks/twilio/status?key={first.key}"
    )
    assert twilio.can_report_delivery
    await twilio.close()


async def test_it_sends_again_after_it_was_closed(sink: TwilioSink):
    twilio = Twilio(ACCOUNT, TOKEN, FROM, api_url=sink.url)
    await twilio.send(outgoing(ANN))
    await twilio.close()
    await twilio.send(outgoing(ANN))
    assert len(sink.record.taken) == 2
    await twilio.close()


async def test_the_environment_names_no_other_host(sink: TwilioSink, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    twilio = Twilio(ACCOUNT, TOKEN, FROM, api_url=sink.url)
    await twilio.send(outgoing(ANN))
    assert len(sink.record.taken) == 1
    await twilio.close()


# Webhooks

URL = "https://kept.example.com/webhooks/twilio/status"
plain = Twilio(ACCOUNT, TOKEN, FROM)


def signed(form: dict[str, str], url: str = URL, token: str = TOKEN) -> str:
    return RequestValidator(token).compute_signature(url, form)


@given(
    st.dictionaries(st.text(min_size=1, max_size=9), st.text(max_size=9), min_size=1, max_size=6), st.data()
)
def test_only_an_unaltered_webhook_is_twilios(form: dict[str, str], data: st.DataObject):
    signature = signed(form)
    assert plain.verify(URL, form, signature)
    assert plain.verify(URL, FormData(form), signature)
    name = data.draw(st.sampled_from(sorted(form)))
    assert not plain.verify(URL, {**form, name: form[name] + "x"}, signature)
    assert not plain.verify(URL + "x", form, signature)
    assert not plain.verify(URL, form, signed(form, token="another"))
    assert not plain.verify(URL, form, signature[:-1])
    assert not plain.verify(URL, form, "")
    assert not plain.verify(URL, form, None)


def test_a_name_said_twice_counts_twice():
    form = FormData([("a", "1"), ("a", "2")])
    signature = RequestValidator(TOKEN).compute_signature(URL, form)
    assert plain.verify(URL, form, signature)
    assert not plain.verify(URL, FormData([("a", "1")]), signature)


def status(word: str, code: str | None = None) -> Receipt:
    form = {"MessageSid": "SM1", "MessageStatus": word}
    return plain.read_status({**form, "ErrorCode": code} if code else form)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("queued", "accepted"),
        ("sending", "accepted"),
        ("sent", "accepted"),
        ("delivered", "delivered"),
        ("read", "delivered"),
        ("undelivered", "failed"),
        ("failed", "failed"),
        ("partially_delivered", "failed"),
        ("canceled", "failed"),
        ("teleported", None),
        ("received", None),
    ],
)
def test_each_status_is_one_of_our_states(word: str, state: str | None):
    receipt = status(word)
    assert receipt.state == state
    assert receipt.provider_id == "SM1"
    assert receipt.code == (None if state else word)


@pytest.mark.parametrize(
    ("code", "dead", "blocked"),
    [
        ("30003", False, False),
        ("30004", False, False),
        ("30005", True, False),
        ("30006", True, False),
        ("30007", False, False),
        ("21610", False, True),
        ("99999", False, False),
    ],
)
def test_what_a_failure_says_of_the_address(code: str, dead: bool, blocked: bool):
    receipt = status("undelivered", code)
    assert (receipt.state, receipt.code) == ("failed", code)
    assert (receipt.address_dead, receipt.blocked) == (dead, blocked)
    assert not status("sent", code).address_dead


def test_the_same_report_has_the_same_key_and_another_another():
    assert status("sent").event_key == status("sent").event_key
    assert status("sent").event_key != status("delivered").event_key


@pytest.mark.parametrize("form", [{}, {"MessageSid": "SM1"}, {"MessageStatus": "sent"}])
def test_a_callback_about_nothing(form: dict[str, str]):
    with pytest.raises(KeyError):
        plain.read_status(form)


def test_a_reply():
    reply = plain.read_reply(
        {
            "MessageSid": "SM2",
            "From": ANN,
            "To": FROM,
            "Body": "I paid",
            "NumMedia": "1",
            "MediaUrl0": "https://api.twilio.example/m/1",
            "MediaContentType0": "image/jpeg",
        }
    )
    assert (reply.channel, reply.sender, reply.recipient, reply.text) == ("sms", ANN, FROM, "I paid")
    assert reply.media == (Media("https://api.twilio.example/m/1", "image/jpeg"),)
    assert reply.keyword is None


@pytest.mark.parametrize(
    ("word", "keyword"), [("STOP", "stop"), ("START", "start"), ("HELP", "help"), ("X", None)]
)
def test_what_twilio_itself_took_for_a_keyword(word: str, keyword: str | None):
    form = {"MessageSid": "SM2", "From": ANN, "To": FROM, "Body": "stop", "NumMedia": "x", "OptOutType": word}
    assert plain.read_reply(form).keyword == keyword


async def test_callbacks_of_the_sink_repeat_and_disorder_and_verify(sink: TwilioSink):
    got = list[Receipt]()

    async def webhook(request: web.Request) -> web.Response:
        form = await request.post()
        url = str(request.url)
        assert twilio.verify(url, form, request.headers["X-Twilio-Signature"])
        got.append(twilio.read_status(form, request.query["key"]))
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/webhooks/twilio/status", webhook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    us = f"http://127.0.0.1:{runner.addresses[0][1]}"
    twilio = Twilio(ACCOUNT, TOKEN, FROM, api_url=sink.url, public_url=us)
    sending = outgoing(ANN)
    sent = await twilio.send(sending)
    answers = await sink.report(sent.provider_id, "delivered", "sent", "sent", "undelivered/30005")
    assert answers == [204] * 4
    assert [r.state for r in got] == ["delivered", "accepted", "accepted", "failed"]
    assert len({r.event_key for r in got}) == 3
    assert {r.key for r in got} == {sending.key}
    assert got[3].address_dead
    await twilio.close()
    await runner.cleanup()


# Asking about an unknown


async def test_an_unknown_is_found_by_asking(twilio: Twilio, sink: TwilioSink):
    before = datetime.now(UTC)
    sink.faults.once.append("take-drop")
    with pytest.raises(OutcomeUnknown):
        await twilio.send(outgoing(ANN, "first"))
    sink.faults.once.append("drop")
    with pytest.raises(OutcomeUnknown):
        await twilio.send(outgoing(ANN, "second"))
    await twilio.send(outgoing("+12025550177", "another's"))
    (found,) = await twilio.look_up(ANN, before)
    assert (found.text, found.provider_id, found.state) == ("first", sink.record.taken[0]["sid"], "accepted")
    assert await twilio.look_up(ANN, before + timedelta(hours=1)) == ()


async def test_asking_reads_every_page(twilio: Twilio, sink: TwilioSink, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sink, "page", 3)
    before = datetime.now(UTC)
    for n in range(8):
        await twilio.send(outgoing(ANN, f"text {n}"))
    found = await twilio.look_up(ANN, before)
    assert [f.text for f in found] == [f"text {n}" for n in reversed(range(8))]


@pytest.mark.parametrize("fault", ["drop", "hang", "500", "429:7"])
async def test_asking_in_vain_is_transient(twilio: Twilio, sink: TwilioSink, fault: str):
    sink.faults.always[""] = fault  # asking is repeated where a connection breaks: it changes nothing
    with pytest.raises(Transient):
        await twilio.look_up(ANN, datetime.now(UTC))
