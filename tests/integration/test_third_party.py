"""A collector of other people's debts in the United States, with the shipped texts and none of their own."""

from datetime import date, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.borrower.pins import set_pin
from casework.errors import CaseworkInputError
from casework.insight.check import check
from casework.insight.explain import explain_contact
from casework.notices import notify_all, notify_borrower, notify_portfolio
from casework.staff.rights import Actor, Role
from casework.told import mark_person, report_notice
from kept.cli.explain import lines
from notifiers.errors import Permanent
from tests.builders.book import AUDITOR, SYSTEM, Borrower
from tests.builders.street import Street
from tests.builders.town import DAY, MONDAY

CARE = Actor("cara", Role.SUPERVISOR)
SERVICE = Actor("serena", Role.CUSTOMER_SERVICE)
LATE = date(2026, 11, 20)  # three days past due by MONDAY
HOURS = timedelta(hours=8)  # 11:00 in New York
FIRST = {
    "en": "This is an attempt to collect a debt by a debt collector.",
    "es": "intento de cobro",
    "zh": "催收",
}
LATER = {
    "en": "This is from a debt collector.",
    "es": "Este mensaje es de un cobrador de deudas.",
    "zh": "本消息来自债务催收人。",
}


@pytest.fixture
async def street(engine: AsyncEngine) -> Street:
    made = Street(engine)
    made.now = MONDAY + HOURS
    await made.open()
    made.portfolio = await made.book.portfolio(
        packs=["us-reg-f", "us-tcpa", "house"],
        actor="third_party",
        country="US",
        zone="America/New_York",
        currency="USD",
    )
    await made.book.feed(made.portfolio, made.now)
    return made


async def debtor(street: Street, language: str) -> Borrower:
    ann = await street.borrower(LATE, zones=("America/New_York",), email=False)
    await street.book.sql(
        "UPDATE persons SET language = $1, country = 'US', region = 'US-NY' WHERE id = $2",
        language,
        ann.person,
    )
    await street.book.sql("UPDATE addresses SET seen_at = $1", street.now)
    return ann


async def days_later(street: Street, days: int) -> list[str]:
    """What went out by SMS on a later day."""
    street.now += days * DAY
    await street.book.feed(street.portfolio, street.now)
    before = len(street.providers["sms"].took)
    await street.look()
    await street.send()
    return [one.body.text for one in street.providers["sms"].took[before:]]


@pytest.mark.parametrize("language", sorted(FIRST))
async def test_a_third_party_book_is_reminded_out_of_the_box(street: Street, language: str) -> None:
    """The first message says that it is an attempt to collect, later ones who they come from."""
    ann = await debtor(street, language)
    (first,) = await days_later(street, 0)
    assert FIRST[language] in first
    assert "STOP" in first
    (second,) = await days_later(street, 4)
    assert LATER[language] in second
    assert FIRST[language] not in second or language == "zh"
    await report_notice(street.office, CARE, ann.external_id, "validation", street.now, street.now)
    (third,) = await days_later(street, 8)
    assert LATER[language] in third
    broken = [one for one in await check(street.office, AUDITOR, street.now, ()) if not one.holds]
    assert not broken


async def test_five_days_after_the_first_message_nothing_is_said_without_the_notice(street: Street) -> None:
    await debtor(street, "en")
    assert len(await days_later(street, 0)) == 1
    assert await days_later(street, 12) == []
    (row,) = await street.book.sql(
        "SELECT noes::text FROM occurrences WHERE state = 'suppressed' AND step = 'late-15'"
    )
    assert '"validation"' in row[0]


async def test_an_answer_about_the_debt_says_it_too_and_a_neutral_one_does_not(street: Street) -> None:
    ann = await debtor(street, "en")
    number = await street.number(ann.person)
    assert await street.written("help", number) == "help"
    await street.send()
    answers = [one.body.text for one in street.providers["sms"].took if "250" not in one.body.text]
    assert len(answers) == 1
    assert "debt" not in answers[0]
    street.now += HOURS / 8
    await set_pin(street.office, SERVICE, ann.person, "4829", street.now)
    await street.written("bal 4829", number, "SM2")
    await street.send()
    assert LATER["en"] in street.providers["sms"].took[-1].body.text


async def test_a_lender_of_its_own_loans_says_nothing_of_it(street: Street) -> None:
    street.portfolio = await street.book.portfolio(packs=["us-reg-f", "us-tcpa", "house"], country="US")
    await street.book.feed(street.portfolio, street.now)
    await debtor(street, "en")
    (said,) = await days_later(street, 0)
    assert "debt" not in said


async def test_the_validation_notice_is_sent_once_despite_a_stop_and_opens_what_comes_after(
    street: Street,
) -> None:
    """12 CFR 1006.34: by mail, with what is owed, to whom, and until when it may be disputed."""
    street.portfolio = await street.book.portfolio(
        packs=["us-reg-f"], actor="third_party", country="US", creditor="First Example Bank"
    )
    await street.book.feed(street.portfolio, street.now)
    ann = await street.borrower(LATE, zones=("America/New_York",), loan_id="L-ann")
    await street.book.consent(ann.person, "email", "revoked", street.now - DAY)
    nowhere = await street.borrower(LATE, zones=("America/New_York",), email=False)
    await street.book.sql("UPDATE persons SET country = 'US', region = 'US-NY'")
    await street.book.sql("UPDATE addresses SET seen_at = $1", street.now)
    assert len(await days_later(street, 0)) == 2
    street.now += timedelta(hours=10)  # 21:00: no reminder would go
    made = await notify_portfolio(street.office, CARE, "validation", "acme", street.now)
    assert (made.planned, made.had, made.nowhere) == ({"email": 1}, 0, [nowhere.external_id])
    again = await notify_portfolio(street.office, CARE, "validation", "acme", street.now)
    assert (again.planned, again.had) == ({}, 1)
    await street.send()
    (notice,) = street.providers["email"].took
    words = notice.body.text
    assert "attempt to collect a debt that you owe to First Example Bank" in words
    assert "L-ann: €250.00" in words
    # Five days on the way without Thanksgiving and the weekend, then thirty.
    assert "by December 31, 2026 to dispute" in words
    assert (await notify_portfolio(street.office, CARE, "validation", "acme", street.now)).had == 1
    street.now -= timedelta(hours=10)
    said = await days_later(street, 12)
    assert len(said) == 1  # to Ann alone: the other one has had no notice
    told = "\n".join(lines(await explain_contact(street.office, AUDITOR, notice.contact, street.now)))
    assert "a notice that the law wants sent; a stop does not hold it up. Every rule allowed it." in told
    broken = [one for one in await check(street.office, AUDITOR, street.now, ()) if not one.holds]
    assert not broken


async def test_a_notice_that_bounced_is_not_on_record_and_may_be_sent_again(street: Street) -> None:
    ann = await street.borrower(LATE, zones=("America/New_York",))
    await street.book.sql("UPDATE addresses SET seen_at = $1", street.now)
    made = await notify_borrower(street.office, CARE, "validation", ann.external_id, street.now)
    assert made.planned == {"email": 1}
    street.providers["email"].says = [Permanent("550")]
    await street.send()
    again = await notify_borrower(street.office, CARE, "validation", ann.external_id, street.now)
    assert again.planned == {"email": 1}
    with pytest.raises(CaseworkInputError, match="no pack of portfolio acme asks for a"):
        await notify_borrower(street.office, CARE, "agent_identity", ann.external_id, street.now)
    with pytest.raises(CaseworkInputError, match="there are: agent_identity, validation"):
        await notify_borrower(street.office, CARE, "letter", ann.external_id, street.now)


async def test_a_portfolio_has_its_notices_sent_by_a_worker_to_who_is_past_due(street: Street) -> None:
    street.portfolio = await street.book.portfolio(
        packs=["us-reg-f"], actor="third_party", country="US", notices=["validation", "agent_identity"]
    )
    await street.borrower(LATE)
    await street.borrower(date(2026, 12, 20))  # not yet: the notice is of what is past due
    eve = await street.borrower(LATE)
    await mark_person(street.office, CARE, eve.external_id, street.now, add=["represented"])
    made = await notify_all(street.office, SYSTEM, street.now)
    assert {of: one.planned for of, one in made.items()} == {("acme", "validation"): {"email": 1}}
    assert made["acme", "validation"].nowhere == [eve.external_id]  # who represents her gets a letter
    assert (await notify_all(street.office, SYSTEM, street.now))["acme", "validation"].planned == {}
