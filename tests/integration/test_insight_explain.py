"""Explanations of what was really looked at and sent, made from the record alone."""

from datetime import date, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.errors import CaseworkInputError
from casework.insight.explain import Explained, explain_borrower, explain_contact
from casework.say import say_own_words
from casework.staff.rights import Actor, Denied, Role
from kept.cli.explain import lines
from strategies.explanation import Explanation, RuleAnswer, Told
from tests.builders.book import AUDITOR, Book
from tests.builders.street import Street
from tests.builders.town import DAY, MONDAY, Town

HOUR = timedelta(hours=1)


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


async def contact(town: Town, number: int = 1) -> list[str]:
    return list(lines(await explain_contact(town.office, AUDITOR, number, town.now)))


async def borrower(town: Town, external_id: str, **options: object) -> list[str]:
    (found,) = await explain_borrower(town.office, AUDITOR, external_id, town.now, **options)  # pyright: ignore
    return list(lines(found))


async def test_a_sent_contact(town: Town) -> None:
    ann = await town.borrower(date(2026, 11, 20), external_id="b-ann", loan_id="L-ann")
    await town.look()
    town.now += HOUR
    await town.send()
    said = [
        "An SMS was sent to b-ann on Mon 23 Nov 2026 at 10:00 (Berlin); the provider has accepted it.",
        "Why    EUR 250.00 of loan L-ann was 3 days late (due Fri 20 Nov 2026); every rule allowed it.",
        "Owed   EUR 250.00 of loan L-ann was 3 days late (due Fri 20 Nov 2026)",
        "Step   late-3 (gentle v1) of loan L-ann, Mon 23 Nov at 08:00 (Berlin): accepted",
        "Rules  sms   always    stop       yes    (SMS is not stopped)",
        "       sms   always    hold       yes    (no hold)",
        "       sms   house     hours      yes    (hours 08:00-21:00; it is 10:00 (Berlin))",
        "       sms   house     daily      yes    (0 of 1 this day)",
        "       sms   house     weekly     yes    (0 of 4 this week)",
        "Next   Fri 27 Nov 2026 at 08:00 (Berlin)  SMS late-7, if unpaid",
        "       Sat 5 Dec 2026 at 08:00 (Berlin)   SMS late-15, if unpaid",
        "       Sun 20 Dec 2026 at 09:00 (Berlin)  call (call by a person), if unpaid",
        "Replay identical (engine 5, decision 2)",
    ]
    assert await contact(town) == said
    assert await borrower(town, ann.external_id) == said
    before = await borrower(town, ann.external_id, at=MONDAY)
    assert before[0] == "An SMS to b-ann was planned on Mon 23 Nov 2026 at 09:00 (Berlin)."
    assert "Also   due-today, upcoming: superseded. A later step, late-3, had come by then." in before or (
        "Also   upcoming, due-today: superseded. A later step, late-3, had come by then." in before
    )


async def test_a_planned_contact_and_one_that_was_put_off(town: Town) -> None:
    ann = await town.borrower(date(2026, 11, 20))
    await town.look()
    assert (await contact(town))[0].startswith("An SMS is planned for ")
    town.now = MONDAY + 14 * HOUR
    await town.send()
    told = await contact(town)
    assert told[0] == (
        f"An SMS is planned for {ann.external_id}, not before Tue 24 Nov 2026 at 08:00 (Berlin)."
    )
    assert told[1] == (
        "Why    The permitted hours are 08:00-21:00, and it was 23:00 (Berlin). The next permitted moment is "
        "Tue 24 Nov at 08:00 (Berlin)."
    )
    assert told[-1].startswith("Replay identical")


async def test_a_contact_that_a_payment_cancelled(town: Town) -> None:
    ann = await town.borrower(date(2026, 11, 20), loan_id="L-ann")
    await town.look()
    await town.book.pay(ann, 250_00, date(2026, 11, 23), at=MONDAY)
    await town.send()
    assert await contact(town) == [
        f"An SMS that was planned for {ann.external_id} was not sent: it was cancelled on Mon 23 Nov 2026 at "
        "09:00 (Berlin).",
        "Why    The installment had been paid.",
        "Owed   nothing",
        "Step   late-3 (gentle v1) of loan L-ann: cancelled",
        "Next   nothing, unless there is news",
        "Replay identical (engine 5, decision 2)",
    ]


async def test_a_contact_that_another_channel_took_the_place_of(town: Town) -> None:
    ann = await town.borrower(date(2026, 11, 20))
    await town.look()
    await town.book.consent(ann.person, "sms", "revoked", MONDAY)
    await town.send()
    told = await contact(town)
    assert "was not sent: it was cancelled" in told[0]
    assert told[1] == "Why    Another channel or address had become the right one."
    assert (await contact(town, 2))[0].startswith(
        f"An email was sent to {ann.external_id} on Mon 23 Nov 2026"
    )


async def test_a_suppressed_and_a_held_borrower(town: Town) -> None:
    nobody = await town.borrower(date(2026, 11, 20), phone=False, email=False, loan_id="L-none")
    held = await town.borrower(date(2026, 11, 20), loan_id="L-held")
    await town.book.hold(held.person, "dispute", end=MONDAY + 2 * DAY)
    await town.look()
    assert (await borrower(town, nobody.external_id))[:2] == [
        "Step late-3 of loan L-none was not said on Mon 23 Nov 2026 at 09:00 (Berlin).",
        "Why    There is no address on file that may carry a chat message, an SMS or an email.",
    ]
    assert (await borrower(town, held.external_id))[:2] == [
        "Step late-3 of loan L-held waits until Wed 25 Nov 2026 at 09:00 (Berlin).",
        "Why    There is a hold (dispute) until Wed 25 Nov at 09:00 (Berlin).",
    ]


async def test_a_borrower_of_whom_nothing_was_decided(town: Town) -> None:
    new = await town.borrower(date(2026, 12, 20), loan_id="L-new")
    await town.look()
    told = await borrower(town, new.external_id)
    assert told[:3] == [
        f"Nothing has been decided for {new.external_id}.",
        "Why    No step had come.",
        "Owed   EUR 250.00 of loan L-new falls due on Sun 20 Dec 2026, and nothing was late",
    ]
    assert told[3] == "Next   Thu 17 Dec 2026 at 08:00 (Berlin)  email upcoming, if unpaid"


async def test_the_document_has_amounts_as_text_and_the_replay(town: Town) -> None:
    await town.borrower(date(2026, 11, 20), loan_id="L-ann")
    await town.look()
    await town.book.sql("UPDATE occurrences SET reason = 'paid' WHERE step = 'upcoming'")
    document = (await explain_contact(town.office, AUDITOR, 1, town.now)).document()
    assert document["owed"][0]["arrears"] == {"EUR": "250.00"}
    assert (document["contact"], document["decision"], document["how"]) == (1, 1, "planned")
    assert not document["replay"]["identical"]
    (said,) = document["replay"]["differences"]
    assert said.endswith("has the reason paid, and replay says later_step")


async def test_what_cannot_be_explained_is_said_plainly(town: Town) -> None:
    ann = await town.borrower(date(2026, 11, 20), external_id="b-ann")
    other, _ = await Book(town.office, source="other").person("b-ann")
    await town.book.party(ann.loan, other)
    await town.look()
    with pytest.raises(CaseworkInputError, match="there is no contact 99"):
        await explain_contact(town.office, AUDITOR, 99, town.now)
    with pytest.raises(CaseworkInputError, match="there is no borrower 'b-x'"):
        await explain_borrower(town.office, AUDITOR, "b-x", town.now)
    with pytest.raises(CaseworkInputError, match="core, other; say which with --source"):
        await explain_borrower(town.office, AUDITOR, "b-ann", town.now)
    (found,) = await explain_borrower(town.office, AUDITOR, "b-ann", town.now, source="core")
    assert found.case == ann.case
    with pytest.raises(Denied):
        await explain_contact(town.office, Actor("fin", Role.FINANCE), 1, town.now)
    await town.book.sql("UPDATE decisions SET engine = 0")
    with pytest.raises(CaseworkInputError, match="engine 0 made it"):
        await explain_contact(town.office, AUDITOR, 1, town.now)


async def test_a_contact_without_a_step_is_explained_too(engine: AsyncEngine) -> None:
    """The confirmation of a stop: why there was one, what each rule said of it, and what became of it."""
    street = Street(engine)
    await street.open()
    ann = await street.borrower(date(2026, 11, 20), external_id="b-ann", loan_id="L-ann")
    await street.written("please stop texting me", await street.number(ann.person))
    assert (await contact(street))[:3] == [
        "An SMS is planned for b-ann, not before Mon 23 Nov 2026 at 09:00 (Berlin).",
        "Why    The borrower wrote on Mon 23 Nov at 09:00 (Berlin), taken for stop. It confirms, once, that "
        "there will be no more by SMS. It goes out next.",
        "Owed   EUR 250.00 of loan L-ann was 3 days late (due Fri 20 Nov 2026)",
    ]
    await street.send()
    said = [
        "An SMS was sent to b-ann on Mon 23 Nov 2026 at 09:00 (Berlin); the provider has accepted it.",
        "Why    The borrower wrote on Mon 23 Nov at 09:00 (Berlin), taken for stop. It confirms, once, that "
        "there will be no more by SMS. Every rule allowed it.",
        "Owed   EUR 250.00 of loan L-ann was 3 days late (due Fri 20 Nov 2026)",
        "Step   none: text stop-confirmed, purpose opt out confirmation",
        "Rules  sms   always    confirmation  yes    (the stop is 0 minutes old)",
        "Next   Fri 27 Nov 2026 at 08:00 (Berlin)  email late-7, if unpaid",
        "       Sat 5 Dec 2026 at 08:00 (Berlin)   email late-15, if unpaid",
        "       Sun 20 Dec 2026 at 09:00 (Berlin)  call (call by a person), if unpaid",
        "Replay identical (engine 5, decision 2)",
    ]
    assert await contact(street) == said


async def test_the_last_decision_of_a_borrower_may_be_that_of_an_answer(engine: AsyncEngine) -> None:
    street = Street(engine)
    await street.open()
    ann = await street.borrower(date(2026, 12, 20), external_id="b-ann")
    await street.written("help", await street.number(ann.person))
    await street.send()
    told = await borrower(street, "b-ann")
    assert told == await contact(street)
    assert told[1].endswith("taken for help. It answers what the borrower asked for. Every rule allowed it.")
    assert told[-1] == "Replay identical (engine 5, decision 1)"


async def test_what_was_cancelled_or_written_by_the_staff_is_explained(engine: AsyncEngine) -> None:
    street = Street(engine)
    await street.open()
    ann = await street.borrower(date(2026, 11, 20), external_id="b-ann", loan_id="L-ann")
    await street.written("stop", await street.number(ann.person))
    street.now += timedelta(minutes=6)
    await street.send()
    late = await contact(street)
    assert late[0].startswith("An SMS that was planned for b-ann was not sent: it was cancelled on ")
    assert late[1].endswith("no more by SMS. Its time had passed before it could be said.")
    street.now += DAY
    carl = Actor("carl", Role.COLLECTOR)
    words = "Hello Ann, this is Carl. Please write back when it suits you. Or reply STOP."
    assert ann.email is not None
    spoken = await say_own_words(
        street.office, carl, ann.case, ann.email, "email", words, [ann.loan], street.now
    )
    assert spoken.contact is not None
    await street.send()
    told = await contact(street, spoken.contact)
    assert told[0].startswith("An email was sent to b-ann on ")
    assert (
        told[1] == "Why    carl wrote it in their own words; no strategy planned it. Every rule allowed it."
    )
    assert told[3] == "Step   none: own words, purpose dunning"
    found = await explain_contact(street.office, AUDITOR, spoken.contact, street.now)
    assert {rule["rule"] for rule in found.document()["rules"]} >= {"stop", "hold", "hours", "daily"}


def test_the_columns_of_the_rules_never_run_together() -> None:
    rules = tuple(
        RuleAnswer("email", pack, rule, "yes", "fine", "source", None)
        for pack, rule in (("gb-breathing-space", "moratorium"), ("us-nyc", "electronic_consent"))
    )
    told = Explanation(MONDAY, "UTC", (Told("It was said.", "So.", "", "planned"),), (), rules, ())
    found = Explained("b-1", "core", "main", 1, None, None, told, (), (), "UTC")
    assert [line for line in lines(found) if "(fine)" in line] == [
        "Rules  email  gb-breathing-space  moratorium          yes    (fine)",
        "       email  us-nyc              electronic_consent  yes    (fine)",
    ]
