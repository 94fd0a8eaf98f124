"""What happens between the look and the send is obeyed: the claim decides again."""

import asyncio
import socket
from collections import Counter
from pathlib import Path

from aiohttp import ClientConnectionError, ClientSession
from twilio.request_validator import RequestValidator

from tests.builders.command import SECONDS, SOON, Kept
from tests.builders.eve import MONDAY, NINE, Due, by_address, counted, due_on_monday, texts
from tests.builders.readings import Lent
from tests.sinks.smtp import SmtpSink
from tests.sinks.twilio import ACCOUNT, TOKEN, TwilioSink


async def test_who_paid_meanwhile_hears_nothing(
    kept: Kept, tape: Path, lent: list[Lent], sms: TwilioSink, mail: SmtpSink
) -> None:
    planned, still = due_on_monday(lent), due_on_monday(lent, known_to=MONDAY)
    paid = [one for borrower, one in planned.items() if borrower not in still]
    assert (len(planned), len(paid)) == (293, 112)
    # The same day's tape tells of nobody who would be due that he is, and changes no figure of who still is.
    assert {borrower: planned[borrower] for borrower in still} == still

    await kept.json("look", "--now", NINE)
    report = await kept.json("import", "loans", tape, "--mapping", "superlender", "--as-of", str(MONDAY))
    assert report["updated"] >= len(paid)
    sent = await kept.json("send", "--now", NINE)

    gone, cancelled = Counter(o.channel for o in still.values()), Counter(o.channel for o in paid)
    assert counted(sent) == {
        channel: {"accepted": gone[channel], "cancelled": cancelled[channel]} for channel in ("sms", "email")
    }
    said = texts(sms, mail)
    assert set(said) == set(by_address(still.values()))
    assert {len(each) for each in said.values()} == {1}
    rows = await kept.rows(
        "SELECT p.external_id, c.code FROM contacts c JOIN persons p ON p.id = c.person_id "
        "WHERE c.state = 'cancelled' ORDER BY 1"
    )
    assert rows == sorted((one.borrower, "paid") for one in paid)

    assert all(row["holds"] for row in await kept.json("check"))


async def test_who_stopped_meanwhile_gets_mail_instead(
    kept: Kept, lent: list[Lent], sms: TwilioSink, mail: SmtpSink
) -> None:
    words = "Stop. Thank you"
    by_sms = [one for one in due_on_monday(lent).values() if one.channel == "sms"]
    stopped, pretended = by_sms[0], by_sms[1]
    await kept.json("look", "--now", NINE)

    port = _free_port()
    async with kept.with_settings(KEPT_HTTP=f"127.0.0.1:{port}").running("serve"):
        url = f"http://127.0.0.1:{port}"
        await _ready(url)
        assert await _says(url, pretended, words, signed_with="no-token") == 403
        assert await _says(url, stopped, words) == 200
        assert await _says(url, stopped, words) == 200, "Twilio repeats itself"
    consents = await kept.rows(
        "SELECT p.external_id, c.channel, c.state FROM consents c JOIN persons p ON p.id = c.person_id"
    )
    assert consents == [(stopped.borrower, "sms", "revoked")]

    sent = counted(await kept.json("send", "--now", NINE))
    assert sent["sms"] == {"accepted": len(by_sms) - 1, "cancelled": 1}
    said = texts(sms, mail)
    assert stopped.phone not in said
    assert pretended.phone in said
    (text,) = said[stopped.mailbox]
    for part in stopped.wording("email"):
        assert part in text
    assert len(said) == 293
    assert {len(each) for each in said.values()} == {1}
    assert all(row["holds"] for row in await kept.json("check"))


async def _says(url: str, who: Due, words: str, signed_with: str = TOKEN) -> int:
    """An SMS of theirs arrives, as Twilio brings it; the answer's status."""
    url = f"{url}/webhooks/twilio/inbound"
    assert who.phone is not None
    form = {
        "AccountSid": ACCOUNT,
        "MessageSid": "SM" + who.borrower[:32].zfill(32),
        "From": who.phone,
        "To": "+15005550006",
        "Body": words,
        "NumMedia": "0",
    }
    signature = RequestValidator(signed_with).compute_signature(url, form)
    async with (
        ClientSession() as session,
        session.post(url, data=form, headers={"X-Twilio-Signature": signature}) as answer,
    ):
        return answer.status


async def _ready(url: str) -> None:
    async with asyncio.timeout(SECONDS), ClientSession() as session:
        while True:
            try:
                async with session.get(f"{url}/readyz") as answer:
                    if answer.status == 200:
                        return
            except ClientConnectionError:
                await asyncio.sleep(SOON)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
