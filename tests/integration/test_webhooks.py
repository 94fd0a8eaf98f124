"""Webhooks over real HTTP: nothing unsigned is stored, what is signed is once, a stop is obeyed at once."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from prometheus_client import REGISTRY
from sqlalchemy.ext.asyncio import AsyncEngine
from twilio.request_validator import RequestValidator

import console.webhooks
from casework.delivery.receipts import work_receipts
from casework.inbound import work_replies
from console.app import Desk, create_app
from kept.clock import FixedClock
from notifiers.sms_twilio import Twilio
from tests.builders.book import SYSTEM
from tests.builders.served import served
from tests.builders.town import Town
from tests.sinks.twilio import ACCOUNT, TOKEN, TwilioSink

TODAY = date(2026, 11, 23)
US = "+12025550100"


class Exchange(Town):
    """A town whose SMS goes by Twilio's protocol, with its webhooks served."""

    def __init__(self, engine: AsyncEngine, sink: TwilioSink) -> None:
        super().__init__(engine)
        self.sink = sink
        self.woken: list[str] = []
        self.queue_fails = False

    def app(self, url: str) -> Any:
        self.url = url
        self.twilio = Twilio(ACCOUNT, TOKEN, US, api_url=self.sink.url, public_url=url)
        self.providers["sms"] = self.twilio  # type: ignore[assignment]
        return create_app(
            Desk(
                office=self.office,
                clock=FixedClock(self.now),
                public_url=url + "/",
                listens_on="127.0.0.1",
                twilio=self.twilio,
                wake=self.wake,
                queue_answers=self.queue_answers,
            )
        )

    async def wake(self, job: str) -> None:
        if self.queue_fails:
            raise ConnectionError("redis is away")
        self.woken.append(job)

    async def queue_answers(self) -> bool:
        return not self.queue_fails

    async def post(
        self, door: str, form: dict[str, str], signature: str | None = None, **more: Any
    ) -> httpx2.Response:
        url = f"{self.url}/webhooks/twilio/{door}"
        signature = signature or RequestValidator(TOKEN).compute_signature(more.pop("signed_as", url), form)
        async with httpx2.AsyncClient() as client:
            return await client.post(url, data=form, headers={"X-Twilio-Signature": signature}, **more)

    async def sms(self, sender: str, text: str, sid: str = "SM1", **more: Any) -> httpx2.Response:
        form = {"MessageSid": sid, "From": sender, "To": US, "Body": text, "NumMedia": "0"}
        return await self.post("inbound", form, **more)

    async def stored(self) -> tuple[int, int]:
        rows = await self.book.sql("SELECT (SELECT count(*) FROM receipts), (SELECT count(*) FROM replies)")
        return tuple(rows[0])

    async def number(self, person: int) -> str:
        rows = await self.book.sql(
            "SELECT id, value FROM addresses WHERE person_id = $1 AND kind = 'phone'", person
        )
        return self.office.keyring.open("addresses", "value", *rows[0])


@pytest.fixture
async def exchange(engine: AsyncEngine) -> AsyncIterator[Exchange]:
    sink = await TwilioSink().start()
    town = Exchange(engine, sink)
    await town.open()
    async with served(town.app):
        yield town
    await town.twilio.close()
    await sink.close()


async def test_a_message_is_followed_to_its_delivery(exchange: Exchange) -> None:
    await exchange.borrower(TODAY)
    await exchange.look()
    await exchange.send()
    (taken,) = exchange.sink.record.taken
    answers = await exchange.sink.report(taken["sid"], "queued", "delivered", "sent", "delivered")
    assert answers == [200] * 4
    assert exchange.woken == ["hear"] * 3  # the last one was known
    await work_receipts(exchange.office, SYSTEM, exchange.now)
    assert await exchange.states() == [("sms", "delivered", None)]


async def test_failure_9_provider_codes_become_our_states_and_the_fallback_fires(exchange: Exchange) -> None:
    await exchange.borrower(TODAY)
    await exchange.look()
    await exchange.send()
    (taken,) = exchange.sink.record.taken
    await exchange.sink.report(taken["sid"], "sent", "partially_delivered", "beamed")
    await work_receipts(exchange.office, SYSTEM, exchange.now)
    await exchange.look()
    await exchange.send()
    assert await exchange.states() == [("sms", "failed", None), ("email", "accepted", None)]
    rows = await exchange.book.sql("SELECT code FROM receipts WHERE state IS NULL")
    assert [row[0] for row in rows] == ["beamed"]


async def test_a_send_whose_answer_was_lost_is_settled_by_its_callback(exchange: Exchange) -> None:
    await exchange.borrower(TODAY)
    exchange.sink.faults.once.append("take-500")
    await exchange.look()
    await exchange.send()
    assert (await exchange.states())[0][:2] == ("sms", "unknown")
    (taken,) = exchange.sink.record.taken
    assert await exchange.sink.report(taken["sid"], "delivered") == [200]
    await work_receipts(exchange.office, SYSTEM, exchange.now)
    assert await exchange.states() == [("sms", "delivered", None)]


async def test_failure_10_a_stop_is_obeyed_before_the_answer(exchange: Exchange) -> None:
    ann = await exchange.borrower(TODAY, email=False)
    await exchange.look()
    answer = await exchange.sms(await exchange.number(ann.person), "Stop. Thank you")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
    assert answer.text.endswith("<Response></Response>")
    assert exchange.woken == ["look", "deliver"]
    assert (await exchange.send()).by_channel == {"sms": {"cancelled": 1, "accepted": 1}}
    (taken,) = exchange.sink.record.taken
    assert "no more texts" in str(taken)


async def test_the_same_reply_twice_is_one(exchange: Exchange) -> None:
    ann = await exchange.borrower(TODAY)
    for _ in range(2):
        assert (await exchange.sms(await exchange.number(ann.person), "退订")).status_code == 200
    assert await exchange.stored() == (0, 1)
    assert len(await exchange.book.sql("SELECT 1 FROM consents")) == 1


async def test_nobody_learns_whether_a_number_is_known(exchange: Exchange) -> None:
    ann = await exchange.borrower(TODAY)
    known = await exchange.sms(await exchange.number(ann.person), "STOP", "SM1")
    unknown = await exchange.sms("+447700900123", "STOP", "SM2")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)


@pytest.mark.parametrize("door", ["status", "inbound"])
@pytest.mark.parametrize("signature", ["", "bm90IG91cnM=", "ünsigned"])
async def test_nothing_unsigned_is_stored(exchange: Exchange, door: str, signature: str) -> None:
    form = {"MessageSid": "SM1", "MessageStatus": "delivered", "From": US, "To": US, "Body": "stop"}
    async with httpx2.AsyncClient() as client:
        headers = {"X-Twilio-Signature": signature.encode()} if signature else {}
        answer = await client.post(f"{exchange.url}/webhooks/twilio/{door}", data=form, headers=headers)
    assert answer.status_code == 403
    assert await exchange.stored() == (0, 0)
    assert exchange.woken == []


async def test_a_signature_binds_every_field_and_the_public_address(exchange: Exchange) -> None:
    form = {"MessageSid": "SM1", "From": US, "To": US, "Body": "hello"}
    url = f"{exchange.url}/webhooks/twilio/inbound"
    signature = RequestValidator(TOKEN).compute_signature(url, form)
    assert (await exchange.post("inbound", form | {"Body": "stop"}, signature)).status_code == 403
    assert (await exchange.post("inbound", form | {"Extra": "x"}, signature)).status_code == 403
    assert (await exchange.post("inbound", form, signature, params={"key": "x"})).status_code == 403
    for elsewhere in (
        "https://evil.example/webhooks/twilio/inbound",
        f"{exchange.url}/webhooks/twilio/status",
    ):
        assert (await exchange.post("inbound", form, signed_as=elsewhere)).status_code == 403
    assert (await exchange.post("inbound", form, signature)).status_code == 200
    assert await exchange.stored() == (0, 1)


async def test_a_field_given_twice_and_empty_ones_are_as_signed(exchange: Exchange) -> None:
    pairs = [("MessageSid", "SM1"), ("From", US), ("To", US), ("Body", ""), ("X", "1"), ("X", "2")]
    url = f"{exchange.url}/webhooks/twilio/inbound"
    signed = RequestValidator(TOKEN).compute_signature(
        url, {name: value for name, value in pairs if name != "X"}
    )
    whole = _signature_of(url, pairs)
    assert signed != whole
    async with httpx2.AsyncClient() as client:
        kind = {"content-type": "application/x-www-form-urlencoded"}
        for signature, status in ((signed, 403), (whole, 200)):
            answer = await client.post(
                url, content=urlencode(pairs), headers={"X-Twilio-Signature": signature, **kind}
            )
            assert answer.status_code == status


def _signature_of(url: str, pairs: list[tuple[str, str]]) -> str:
    """As Twilio documents it: the address, then every name with each of its values, sorted."""
    import base64
    import hmac

    text = url + "".join(f"{name}{value}" for name, value in sorted(set(pairs)))
    return base64.b64encode(hmac.digest(TOKEN.encode(), text.encode(), "sha1")).decode()


async def test_signed_and_yet_unreadable(exchange: Exchange) -> None:
    assert (await exchange.post("inbound", {"Body": "stop"})).status_code == 400
    assert (await exchange.post("status", {"MessageSid": "SM1"})).status_code == 400
    assert await exchange.stored() == (0, 0)


async def test_what_is_longer_than_any_message_is_refused(exchange: Exchange) -> None:
    assert (await exchange.sms(US, "x" * 70_000)).status_code == 413
    many = {f"f{n}": "" for n in range(300)}
    assert (await exchange.post("inbound", many)).status_code == 400
    assert await exchange.stored() == (0, 0)


async def test_redis_away_loses_nothing(exchange: Exchange) -> None:
    ann = await exchange.borrower(TODAY)
    exchange.queue_fails = True
    assert (await exchange.sms(await exchange.number(ann.person), "STOP")).status_code == 200
    assert len(await exchange.book.sql("SELECT 1 FROM consents WHERE state = 'revoked'")) == 1
    assert (await exchange.post("status", {"MessageSid": "SM7", "MessageStatus": "sent"})).status_code == 200
    assert await exchange.stored() == (1, 1)


async def test_what_cannot_be_worked_now_is_stored_and_swept(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await exchange.borrower(TODAY)

    async def broken(*_: object) -> None:
        raise RuntimeError("deadlock")

    with monkeypatch.context() as patch:
        patch.setattr(console.webhooks, "work_reply", broken)
        answer = await exchange.sms(await exchange.number(ann.person), "STOP")
    assert answer.status_code == 200
    assert exchange.woken == ["hear"]
    assert await exchange.book.sql("SELECT 1 FROM consents") == []
    assert await work_replies(exchange.office, SYSTEM, exchange.now) == {"stop": 1}
    assert len(await exchange.book.sql("SELECT 1 FROM consents")) == 1


async def test_what_comes_in_is_counted(exchange: Exchange) -> None:
    before = REGISTRY.get_sample_value("kept_webhooks_total", {"door": "inbound", "result": "unsigned"}) or 0
    await exchange.sms(US, "stop", signature="bm90IG91cnM=")
    async with httpx2.AsyncClient() as client:
        text = (await client.get(f"{exchange.url}/metrics")).text
    assert f'kept_webhooks_total{{door="inbound",result="unsigned"}} {before + 1}' in text


async def test_no_door_where_sms_is_not_by_twilio(engine: AsyncEngine) -> None:
    town = Town(engine)

    async def quiet(_: str) -> None: ...
    async def answers() -> bool:
        return True

    def app(url: str) -> Any:
        return create_app(
            Desk(
                office=town.office,
                clock=FixedClock(town.now),
                public_url=url,
                listens_on="127.0.0.1",
                twilio=None,
                wake=quiet,
                queue_answers=answers,
            )
        )

    async with served(app) as url, httpx2.AsyncClient() as client:
        answer = await client.post(f"{url}/webhooks/twilio/inbound", data={"Body": "stop"})
        assert (answer.status_code, answer.json()) == (404, {"detail": "SMS is not sent by Twilio here"})
