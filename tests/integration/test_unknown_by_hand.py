"""Unknown contacts that a person settles, by the use case and by `kept unknown`."""

from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.delivery.by_hand import settle_by_hand, unknown_contacts
from casework.errors import CaseworkInputError
from casework.staff.rights import Actor, Denied, Role
from notifiers.base import OutcomeUnknown
from tests.builders.book import AUDITOR
from tests.builders.command import Kept
from tests.builders.line import DUE, MINUTE, Line, on_the_line

KEYS = f"test:{b64encode(bytes(range(32))).decode()}"
OPERATIONS = Actor("ona", Role.OPERATIONS)


@pytest.fixture
async def line(engine: AsyncEngine) -> AsyncIterator[Line]:
    async with on_the_line(engine) as made:
        yield made


async def test_a_person_settles_mail_by_its_message_id(line: Line) -> None:
    line.providers["email"].says = [OutcomeUnknown("smtp-dropped")]
    await line.borrower(DUE, phone=False)
    await line.look()
    assert (await line.send()).by_channel == {"email": {"unknown": 1}}
    (listed,) = await unknown_contacts(line.office, OPERATIONS, "Acme <post@example.com>")
    assert listed.message_id == f"{line.office.key_of(listed.contact)}@example.com"
    assert "smtp-dropped" in listed.why
    assert "mail server's log" in listed.why
    assert listed.sent_at == line.now
    assert await line.ask_after(60 * MINUTE) == {}  # nobody can be asked
    await settle_by_hand(line.office, OPERATIONS, listed.contact, "delivered", line.now)
    assert (await line.state(listed.contact))[0] == "delivered"
    assert await unknown_contacts(line.office, OPERATIONS) == []
    assert await line.goes_on() == {}
    assert (await line.events(listed.contact))[-1] == (
        "ona",
        "contact.delivered",
        '{"settled_by":"person"}',
    )
    assert await line.holds()


async def test_not_taken_by_a_persons_word_goes_on_by_the_next_channel_alone(line: Line) -> None:
    contact = await line.lost("drop")
    assert await line.goes_on() == {}  # from unknown nothing falls back
    await settle_by_hand(line.office, OPERATIONS, contact, "not_taken", line.now)
    assert await line.goes_on() == {"email": {"accepted": 1}}
    assert line.sink.record.taken == []
    assert await line.holds()


async def test_what_is_settled_stays_and_only_those_who_may_settle(line: Line) -> None:
    contact = await line.lost()
    elsewhere = Actor("sue", Role.SUPERVISOR, frozenset({"elsewhere"}))
    for actor in (AUDITOR, elsewhere, Actor("fin", Role.FINANCE)):
        with pytest.raises(Denied):
            await settle_by_hand(line.office, actor, contact, "delivered", line.now)
        with pytest.raises(Denied):
            await unknown_contacts(line.office, actor)
    sue = Actor("sue", Role.SUPERVISOR, frozenset({"acme"}))
    assert len(await unknown_contacts(line.office, sue)) == 1
    await settle_by_hand(line.office, sue, contact, "not_taken", line.now)
    for how in ("delivered", "not_taken"):
        with pytest.raises(CaseworkInputError, match=f"contact {contact} is failed, not unknown"):
            await settle_by_hand(line.office, sue, contact, how, line.now)
    for nobody in (contact + 1, 1 << 70):
        with pytest.raises(CaseworkInputError, match="there is no contact"):
            await settle_by_hand(line.office, OPERATIONS, nobody, "delivered", line.now)
    assert (await line.state(contact))[:2] == ("failed", "not_taken")


async def test_the_command_lists_and_settles(
    line: Line, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    kept = Kept(tmp_path, database_url, redis_url, KEPT_ENCRYPTION_KEYS=KEYS)
    contact = await line.lost("drop")
    (listed,) = await kept.json("unknown")
    person = (await line.book.sql("SELECT external_id FROM persons"))[0][0]
    assert (listed["contact"], listed["channel"], listed["borrower"]) == (contact, "sms", person)
    assert listed["sent_at"].startswith("2026-11-23T08:00")
    assert listed["code"] == "twilio-dropped"
    assert listed["why"] == "the provider's answer was lost (twilio-dropped); nobody was asked yet"
    assert str(contact) in (await kept.run("unknown")).out
    wrong = await kept.run("unknown", "settle", str(contact), "--as", "perhaps")
    assert "not-taken" in wrong.complaint
    assert (
        "there is no contact 999"
        in (await kept.run("unknown", "settle", "999", "--as", "delivered")).complaint
    )
    settled = await kept.json("unknown", "settle", str(contact), "--as", "not-taken")
    assert settled == {"contact": contact, "state": "failed"}
    again = await kept.run("unknown", "settle", str(contact), "--as", "delivered")
    assert f"contact {contact} is failed, not unknown" in again.complaint
    assert await kept.json("unknown") == []
