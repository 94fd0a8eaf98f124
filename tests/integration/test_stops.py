"""Stop, start, help and wrong person: obeyed at once, answered once, with their evidence."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.addresses import report_reassigned, settle_address, suspend_for_all
from casework.consent import record_consent
from casework.errors import CaseworkInputError
from casework.insight.check import check
from casework.staff.rights import Actor, Denied, Role
from notifiers.base import RecipientBlocked
from tests.builders.book import AUDITOR, SYSTEM, Borrower
from tests.builders.street import HOUR, TODAY, Street
from tests.builders.town import DAY, MONDAY

CARE = Actor("cara", Role.CUSTOMER_SERVICE)

STOPS = {
    "en": "please stop sending me these messages",
    "zh": "请不要再给我发短信了",
    "es": "ya no me manden más mensajes",
    "hi": "कृपया मुझे संदेश भेजना बंद करें",
    "ru": "больше не пишите мне",
    "id": "tolong jangan kirim pesan lagi",
}
WRONG = {
    "en": "sorry, you have the wrong number",
    "zh": "发错人了，我不是本人",
    "es": "número equivocado",
    "hi": "गलत नंबर है",
    "ru": "вы ошиблись номером",
    "id": "maaf salah sambung",
}


@pytest.fixture
async def street(engine: AsyncEngine) -> Street:
    made = Street(engine)
    await made.open()
    return made


async def said(street: Street) -> list[str]:
    """What went out by SMS, but for reminders."""
    return [one.body.text for one in street.providers["sms"].took if "250" not in one.body.text]


async def holds(street: Street) -> None:
    """The live invariants, which do not know how any of this is done."""
    broken = [found for found in await check(street.office, AUDITOR, street.now, ()) if not found.holds]
    assert not broken


@pytest.mark.parametrize("language", sorted(STOPS))
async def test_acceptance_08_stop_in_any_language(street: Street, language: str) -> None:
    ann = await street.borrower(TODAY, email=False)
    await street.book.sql("UPDATE persons SET language = $1", language)
    await street.look()
    assert await street.written(STOPS[language], await street.number(ann.person)) == "stop"
    sent = await street.send()
    assert sent.by_channel == {"sms": {"cancelled": 1, "accepted": 1}}
    (confirmed,) = street.providers["sms"].took
    assert confirmed.language == language
    assert "START" in confirmed.body.text
    assert "250" not in confirmed.body.text
    street.now += 4 * DAY
    await street.book.feed(street.portfolio, street.now)
    await street.look()
    assert (await street.send()).by_channel == {}
    rows = await street.book.sql("SELECT noes::text FROM occurrences WHERE state = 'suppressed'")
    assert rows
    assert all('"stop"' in row[0] for row in rows)
    await holds(street)


async def test_failure_10_the_confirmation_is_not_blocked_by_the_stop_that_it_confirms_and_goes_once(
    street: Street,
) -> None:
    ann = await street.borrower(TODAY, email=False)
    number = await street.number(ann.person)
    for turn in range(3):
        await street.written("stop", number, f"SM{turn}")
        await street.send()
    assert len(await said(street)) == 1
    assert await street.states() == [("sms", "accepted", None)]
    await holds(street)


async def test_a_confirmation_that_comes_too_late_is_not_sent(street: Street) -> None:
    ann = await street.borrower(TODAY, email=False)
    await street.written("stop", await street.number(ann.person))
    street.now += timedelta(minutes=6)
    assert (await street.send()).by_channel == {"sms": {"cancelled": 1}}
    assert await street.states() == [("sms", "cancelled", "expired")]


async def test_a_confirmation_goes_at_night_and_beside_the_caps(street: Street) -> None:
    ann = await street.borrower(TODAY, email=False)
    await street.look()
    await street.send()
    street.now = MONDAY + 14 * HOUR  # 23:00 in Berlin
    await street.written("stop", await street.number(ann.person))
    assert (await street.send()).by_channel == {"sms": {"accepted": 1}}
    await holds(street)


async def test_a_confirmation_uses_up_no_room_of_the_reminder_that_goes_another_way(street: Street) -> None:
    """One message a day, and the stop of SMS was confirmed today: by mail they hear today."""
    ann = await street.borrower(TODAY)
    await street.look()
    await street.written("stop", await street.number(ann.person))
    await street.send()
    await street.look()
    await street.send()
    assert len(await said(street)) == 1
    assert [one.body.text for one in street.providers["email"].took if "250" in one.body.text]
    await holds(street)


async def test_what_the_provider_confirms_itself_is_not_said_twice(street: Street) -> None:
    ann = await street.borrower(TODAY, email=False)
    assert await street.written("STOP", await street.number(ann.person), keyword="stop") == "stop"
    assert (await street.send()).by_channel == {}


async def test_a_number_of_two_persons_is_told_once_that_it_is_stopped(street: Street) -> None:
    ann, ben = (
        await street.borrower(TODAY, email=False),
        await street.borrower(TODAY, phone=False, email=False),
    )
    number = await street.number(ann.person)
    await street.book.address(ben.person, "phone", number)
    await street.written("stop", number)
    await street.send()
    assert len(await said(street)) == 1
    rows = await street.book.sql("SELECT person_id FROM consents WHERE state = 'revoked' ORDER BY 1")
    assert [row[0] for row in rows] == [ann.person, ben.person]


async def test_start_again_is_said_to_who_had_stopped(street: Street) -> None:
    ann = await street.borrower(TODAY, email=False)
    number = await street.number(ann.person)
    await street.written("stop", number)
    await street.send()
    street.now += HOUR
    assert await street.written("START", number, "SM2") == "start"
    await street.send()
    assert len(await said(street)) == 2
    street.now = MONDAY + 3 * DAY
    await street.book.feed(street.portfolio, street.now)
    await street.look()
    assert (await street.send()).by_channel == {"sms": {"accepted": 1}}
    await street.written("START", number, "SM3")
    assert (await street.send()).by_channel == {}
    await holds(street)


async def test_help_is_answered_once_a_day_and_never_to_strangers(street: Street) -> None:
    ann = await street.borrower(TODAY, email=False)
    number = await street.number(ann.person)
    for turn in range(3):
        await street.written("HELP", number, f"SM{turn}")
    await street.written("HELP", "+447700900123", "SM9")
    await street.send()
    assert len(await said(street)) == 1


@pytest.mark.parametrize("language", sorted(WRONG))
async def test_acceptance_09_wrong_person_by_sms(street: Street, language: str) -> None:
    ann, ben = await street.borrower(TODAY), await street.borrower(TODAY, phone=False)
    number = await street.number(ann.person)
    await street.book.address(ben.person, "phone", number, state="confirmed")
    await street.look()
    assert await street.written(WRONG[language], number) == "wrong_person"
    await street.send()
    assert not street.providers["sms"].took
    rows = await street.book.sql("SELECT state FROM addresses WHERE kind = 'phone'")
    assert {row[0] for row in rows} == {"suspended"}
    tasks = await street.book.sql("SELECT case_id, kind, state, reply_id FROM tasks ORDER BY case_id")
    assert [tuple(row) for row in tasks] == [(case, "trace", "open", 1) for case in (ann.case, ben.case)]
    assert await street.written(WRONG[language], number, "SM2") == "wrong_person"
    assert len(await street.book.sql("SELECT 1 FROM tasks")) == 2
    await street.look()
    await street.send()
    assert len(street.providers["email"].took) == 2
    await holds(street)


async def phone_state(street: Street, who: Borrower) -> tuple[str, bool]:
    (row,) = await street.book.sql(
        "SELECT state, shared FROM addresses WHERE person_id = $1 AND kind = 'phone'", who.person
    )
    return row[0], row[1]


async def test_a_trace_decides_whose_a_number_is(street: Street) -> None:
    ann, ben = await street.borrower(TODAY), await street.borrower(TODAY, phone=False)
    number = await street.number(ann.person)
    bens = await street.book.address(ben.person, "phone", number, shared=True)
    await street.book.sql("UPDATE addresses SET shared = true WHERE id = $1", ann.phone)
    await suspend_for_all(street.office, SYSTEM, bens, street.now)
    assert ann.phone is not None
    await settle_address(street.office, CARE, ann.phone, "detached", street.now)
    await settle_address(street.office, CARE, bens, "confirmed", street.now)
    assert await phone_state(street, ann) == ("detached", True)
    assert await phone_state(street, ben) == ("confirmed", False)
    rows = await street.book.sql("SELECT DISTINCT kind, state FROM tasks")
    assert [tuple(row) for row in rows] == [("trace", "done")]
    with pytest.raises(CaseworkInputError, match="no address 99"):
        await settle_address(street.office, CARE, 99, "confirmed", street.now)
    with pytest.raises(Denied):
        await settle_address(street.office, Actor("fin", Role.FINANCE), bens, "confirmed", street.now)


async def test_a_reassigned_number_is_unverified_and_told_nothing_of_a_debt(street: Street) -> None:
    ann = await street.borrower(TODAY - 3 * DAY, email=False)
    number = await street.number(ann.person)
    await street.look()
    assert await report_reassigned(street.office, SYSTEM, number, street.now) == 1
    assert await phone_state(street, ann) == ("unverified", False)
    await street.look()
    await street.send()
    (took,) = street.providers["sms"].took
    assert "please get in touch" in took.body.text
    assert "250" not in took.body.text
    with pytest.raises(CaseworkInputError):
        await report_reassigned(street.office, SYSTEM, "twelve", street.now)


async def test_what_the_staff_were_told_is_recorded_with_its_note_for_one_entity_or_all(
    street: Street,
) -> None:
    ann = await street.borrower(TODAY, email=False)
    other = await street.book.portfolio("other")
    await street.book.feed(other, MONDAY)
    await street.book.loan(
        ann.person, other, [(TODAY, 90_00)], strategy=street.gentle, since=MONDAY - 9 * DAY
    )
    await record_consent(
        street.office, CARE, ann.external_id, "sms", "revoked", "by phone", street.now, portfolio="acme"
    )
    await street.look()
    await street.send()
    assert ["90,00" in one.body.text for one in street.providers["sms"].took] == [True]
    await record_consent(street.office, CARE, ann.external_id, "sms", "revoked", "in person", street.now)
    (first, second) = await street.book.sql("SELECT id, source, note, portfolio_id FROM consents ORDER BY id")
    assert street.office.keyring.open("consents", "note", first[0], first[2]) == "by phone"
    assert (first[1], first[3], second[3]) == ("staff", street.portfolio, None)
    await holds(street)


async def test_a_stop_told_to_the_staff_is_confirmed_once_and_in_time(street: Street) -> None:
    ann, ben = await street.borrower(TODAY), await street.borrower(TODAY)
    told = "by phone, to Cara"
    contact = await record_consent(
        street.office, CARE, ann.external_id, "all", "revoked", told, street.now, confirm=True
    )
    assert contact is not None
    again = await record_consent(
        street.office, CARE, ann.external_id, "sms", "revoked", told, street.now, confirm=True
    )
    assert again is None  # it was stopped, and said so
    letter = street.now - HOUR
    late = await record_consent(
        street.office, CARE, ben.external_id, "sms", "revoked", told, street.now, at=letter, confirm=True
    )
    assert late is None
    rows = await street.book.sql(
        "SELECT channel, at = $2 FROM consents WHERE person_id = $1 ORDER BY id", ben.person, letter
    )
    assert [tuple(row) for row in rows] == [("sms", True)]
    await street.look()
    await street.send()
    (confirmed,) = [one for one in street.providers["sms"].took if one.contact == contact]
    assert "no more texts" in confirmed.body.text
    assert await said(street) == [confirmed.body.text]
    kept = await street.book.sql(
        "SELECT id, channel, note FROM consents WHERE person_id = $1 ORDER BY id LIMIT 5", ann.person
    )
    assert [row[1] for row in kept] == ["sms", "email", "chat", "call", "visit"]
    assert {street.office.keyring.open("consents", "note", row[0], row[2]) for row in kept} == {told}
    await holds(street)


@pytest.mark.parametrize(("minutes", "state"), [(4, "accepted"), (6, "cancelled")])
async def test_the_five_minutes_of_a_confirmation_begin_when_it_was_said_however_long_ago_they_last_wrote(
    street: Street, minutes: int, state: str
) -> None:
    street.portfolio = await street.book.portfolio(packs=["us-tcpa"])
    ann = await street.borrower(TODAY, email=False)
    await street.written("when is it due?", await street.number(ann.person))  # and is answered
    await street.send()
    street.now += 2 * DAY
    said_at = street.now - timedelta(minutes=4)
    contact = await record_consent(
        street.office,
        CARE,
        ann.external_id,
        "sms",
        "revoked",
        "by phone",
        street.now,
        at=said_at,
        confirm=True,
    )
    assert contact is not None
    street.now = said_at + timedelta(minutes=minutes)
    await street.send()
    assert await street.state(contact) == state


async def test_a_stop_of_advertising_leaves_reminders_and_confirms_nothing(street: Street) -> None:
    ann = await street.borrower(TODAY, email=False)
    assert not await record_consent(
        street.office,
        CARE,
        ann.external_id,
        "sms",
        "revoked",
        "by phone",
        street.now,
        purpose="marketing",
        confirm=True,
    )
    await street.look()
    assert (await street.send()).by_channel == {"sms": {"accepted": 1}}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"channel": "fax"}, "no channel"),
        ({"at": MONDAY + DAY}, "still to come"),
        ({"state": "perhaps"}, "granted or revoked"),
        ({"note": " "}, "evidence"),
        ({"portfolio": "nowhere"}, "no portfolio"),
        ({"purpose": "fun"}, "no purpose"),
        ({"external_id": "nobody"}, "no borrower"),
    ],
)
async def test_a_consent_that_cannot_be_recorded(street: Street, changes: dict[str, Any], wrong: str) -> None:
    ann = await street.borrower(TODAY)
    given = {
        "external_id": ann.external_id,
        "channel": "sms",
        "state": "revoked",
        "note": "by phone",
    } | changes
    of = {name: given.pop(name) for name in ("portfolio", "purpose") if name in given}
    with pytest.raises(CaseworkInputError, match=wrong):
        await record_consent(street.office, SYSTEM, **given, now=street.now, **of)


async def test_who_opted_out_at_the_provider_has_stopped_that_channel(street: Street) -> None:
    """Twilio's 21610: the contact is its evidence, and the message goes on by the next channel."""
    ann = await street.borrower(TODAY)
    street.providers["sms"].says = [RecipientBlocked("21610")]
    await street.look()
    await street.send()
    await street.look()
    assert (await street.send()).by_channel == {"email": {"accepted": 1}}
    rows = await street.book.sql("SELECT person_id, channel, state, source, contact_id FROM consents")
    assert [tuple(row) for row in rows] == [(ann.person, "sms", "revoked", "provider", 1)]
    await holds(street)
