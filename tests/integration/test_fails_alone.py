"""One that cannot be worked holds up nobody: not those of its group, not those behind it (FAILURES.md 5)."""

from datetime import date, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from casework import inbound, look
from casework.inbound import take_reply
from kept.clock import FixedClock
from notifiers.base import Reply
from strategies.rulebook import Rulebook
from strategies.values import Decision, Facts
from tests.builders.book import SYSTEM
from tests.builders.street import Street
from tests.builders.town import DAY, Town
from workers import jobs
from workers.jobs import Shift

LATE, FAR = date(2026, 11, 20), date(2027, 6, 1)


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


async def test_failure_5_a_case_that_cannot_be_decided_at_the_claim_waits_alone(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, *_ = [await town.borrower(LATE) for _ in range(4)]
    await town.look()
    decide = look.decide

    def fails(facts: Facts, rulebook: Rulebook, now: datetime) -> Decision:
        if facts.case == bad.case:
            raise ZeroDivisionError
        return decide(facts, rulebook, now)

    monkeypatch.setattr(look, "decide", fails)
    with capture_logs() as said:
        report = await town.send()
    assert report.by_channel == {"sms": {"accepted": 3, "deferred": 1}}
    assert [line["log_level"] for line in said if line["event"] == "unclaimable"] == ["error"]
    assert (await town.send()).by_channel == {}
    monkeypatch.undo()
    town.now += DAY / 12
    assert (await town.send()).by_channel == {"sms": {"accepted": 1}}, "mended, it goes"


async def test_failure_5_a_case_that_cannot_be_decided_keeps_no_other_from_its_look(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, *_ = [await town.borrower(LATE) for _ in range(4)]
    decide = look.decide

    def fails(facts: Facts, rulebook: Rulebook, now: datetime) -> Decision:
        if facts.case == bad.case:
            raise ZeroDivisionError
        return decide(facts, rulebook, now)

    monkeypatch.setattr(look, "decide", fails)
    with capture_logs() as said:
        report = await town.look()
    assert (report.cases, report.contacts, report.undecided) == (3, 3, 1)
    (line,) = [line for line in said if line["event"] == "undecidable"]
    assert (line["log_level"], line["case"], line["error"]) == ("error", bad.case, "ZeroDivisionError")
    assert (await town.look()).cases == 0, "it waits"
    monkeypatch.undo()
    town.now += DAY / 12
    assert (await town.look()).contacts == 1, "mended, it is decided"


async def test_where_no_case_can_be_decided_nothing_is_put_off(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await town.borrower(LATE)

    def fails(facts: Facts, rulebook: Rulebook, now: datetime) -> Decision:
        raise ZeroDivisionError

    monkeypatch.setattr(look, "decide", fails)
    with pytest.raises(ZeroDivisionError):
        await town.look()
    monkeypatch.undo()
    assert (await town.look()).contacts == 3


async def test_failure_5_an_answer_that_cannot_be_opened_fails_alone(town: Town) -> None:
    await town.answer(await town.borrower(FAR))
    for _ in range(3):
        await town.borrower(LATE)
    await town.look()
    await town.book.sql("UPDATE messages SET given = 'x' WHERE given IS NOT NULL")
    assert (await town.send()).by_channel == {"sms": {"accepted": 3, "failed": 1}}
    assert ("sms", "failed", "unreadable") in await town.states()


async def test_failure_5_a_reply_that_cannot_be_worked_keeps_no_receipt_waiting(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    street = Street(engine)
    await street.open()
    contact = await street.reminded()
    number = await street.number((await street.book.sql("SELECT person_id FROM contacts"))[0][0])
    for name, text in (("SM1", "odd"), ("SM2", "stop")):
        reply = Reply(
            provider="counting", provider_id=name, channel="sms", sender=number, recipient="", text=text
        )
        await take_reply(street.office, SYSTEM, reply, street.now)
    await street.told(contact, "delivered")
    meaning_of = inbound.meaning_of

    def fails(text: str) -> object:
        if text == "odd":
            raise ZeroDivisionError
        return meaning_of(text)

    monkeypatch.setattr(inbound, "meaning_of", fails)
    shift = Shift(street.office, SYSTEM, street.providers, FixedClock(street.now), "w", None)  # pyright: ignore[reportArgumentType]
    with capture_logs() as said:
        await jobs.hear({"shift": shift, "redis": None})
    assert await street.state(contact) == "delivered"
    assert len(await street.book.sql("SELECT 1 FROM consents WHERE state = 'revoked'")) == 1
    assert [line["error"] for line in said if line["log_level"] == "error"] == ["ZeroDivisionError"]
