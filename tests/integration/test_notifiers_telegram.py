"""Telegram: what its answers mean, and what a message looks like there."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from notifiers.base import OutcomeUnknown, Permanent, RecipientBlocked, SendError, Transient
from notifiers.chat_telegram import Telegram
from tests.builders.outgoing import outgoing
from tests.sinks.telegram import TOKEN, TelegramSink

CHAT = "900100200"


@pytest.fixture(scope="module")
async def listening() -> AsyncIterator[TelegramSink]:
    sink = await TelegramSink().start()
    yield sink
    await sink.close()


@pytest.fixture
async def sink(listening: TelegramSink) -> TelegramSink:
    listening.record.taken.clear()
    listening.faults.clear()
    return listening


@pytest.fixture
async def telegram(listening: TelegramSink, patience: float) -> AsyncIterator[Telegram]:
    notifier = Telegram(TOKEN, api_url=listening.url, timeout=patience)
    yield notifier
    await notifier.close()


CASES = [
    ("429:7", Transient, "telegram-429", {"retry_after": timedelta(seconds=7)}, 0),
    ("403:Forbidden: bot was blocked by the user", RecipientBlocked, "telegram-403", {}, 0),
    ("403:Forbidden: bot can't initiate conversation", RecipientBlocked, "telegram-403", {}, 0),
    ("403:Forbidden: user is deactivated", Permanent, "telegram-403", {"address_dead": True}, 0),
    ("400:Bad Request: chat not found", Permanent, "telegram-400", {"address_dead": True}, 0),
    ("400:Bad Request: message is too long", Permanent, "telegram-400", {"address_dead": False}, 0),
    ("400:migrate", Permanent, "telegram-migrated", {"address_dead": True}, 0),
    ("404:Not Found", Transient, "telegram-404", {"retry_after": timedelta(minutes=5)}, 0),
    ("413:Request Entity Too Large", Permanent, "telegram-413", {"address_dead": False}, 0),
    ("500", OutcomeUnknown, "telegram-500", {}, 0),
    ("502:Bad Gateway", OutcomeUnknown, "telegram-502", {}, 0),
    ("take-500", OutcomeUnknown, "telegram-500", {}, 1),
    ("drop", OutcomeUnknown, "telegram-dropped", {}, 0),
    ("take-drop", OutcomeUnknown, "telegram-dropped", {}, 1),
    ("hang", OutcomeUnknown, "telegram-timeout", {}, 0),
    ("take-hang", OutcomeUnknown, "telegram-timeout", {}, 1),
    ("take-garbage", OutcomeUnknown, "telegram-unreadable", {}, 1),
]


@pytest.mark.parametrize(("fault", "kind", "code", "more", "taken"), CASES, ids=[c[0] for c in CASES])
async def test_each_answer_means_one_thing(
    telegram: Telegram,
    sink: TelegramSink,
    fault: str,
    kind: type[SendError],
    code: str,
    more: dict[str, Any],
    taken: int,
):
    sink.faults.once.append(fault)
    with pytest.raises(SendError) as caught:
        await telegram.send(outgoing(CHAT))
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert {name: getattr(caught.value, name) for name in more} == more
    assert len(sink.record.taken) == taken


async def test_a_wrong_token_burns_no_message(sink: TelegramSink):
    telegram = Telegram("42:another", api_url=sink.url)
    with pytest.raises(Transient) as caught:
        await telegram.send(outgoing(CHAT))
    assert caught.value.retry_after == timedelta(minutes=5)
    assert sink.record.taken == []
    await telegram.close()


async def test_plain_text_and_buttons(telegram: Telegram, sink: TelegramSink):
    buttons = (("Pay", "https://example.com/pay"), ("I paid", "paid:7"))
    text = "<b>Ann</b> & *you*, 250.00 USD_ due"
    sent = await telegram.send(outgoing(CHAT, text, buttons=buttons))
    (taken,) = sink.record.taken
    assert taken["text"] == text
    assert taken["markup"] == {
        "inline_keyboard": [
            [{"text": "Pay", "url": "https://example.com/pay"}],
            [{"text": "I paid", "callback_data": "paid:7"}],
        ]
    }
    assert sent.provider_id == taken["id"]
    assert sent.provider_id.startswith(f"{CHAT}:")
    await telegram.send(outgoing(CHAT, text))
    assert sink.record.taken[1]["markup"] is None


async def test_a_group_is_a_negative_number(telegram: Telegram, sink: TelegramSink):
    sent = await telegram.send(outgoing("-1001234"))
    assert sent.provider_id.startswith("-1001234:")


async def test_what_is_no_chat_reaches_nobody(telegram: Telegram, sink: TelegramSink):
    with pytest.raises(Permanent) as caught:
        await telegram.send(outgoing("@ann"))
    assert caught.value.code == "unsendable"
    assert sink.record.taken == []
