"""What is said at the claim: what the address may carry, linted as it will be read, or nothing."""

from datetime import date

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.delivery.compose import meaning_of
from casework.insight.explain import explain_contact
from casework.links import contact_of_link
from casework.office import Doors
from kept.cli.explain import lines
from tests.builders.book import AUDITOR, Borrower
from tests.builders.street import HOUR
from tests.builders.town import DAY, Town

LATE = date(2026, 11, 20)
LINKED = Doors("https://kept.example.com", {})


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


async def stands(town: Town, who: Borrower, state: str, *, shared: bool = False) -> None:
    await town.book.sql(
        "UPDATE addresses SET state = $2, shared = $3 WHERE person_id = $1", who.person, state, shared
    )


@pytest.mark.parametrize(("state", "shared"), [("unverified", False), ("attested", True)])
async def test_an_unverified_address_is_asked_to_get_in_touch(town: Town, state: str, shared: bool) -> None:
    ann = await town.borrower(LATE)
    await stands(town, ann, state, shared=shared)
    await town.look()
    assert (await town.send()).by_channel == {"sms": {"accepted": 1}}
    (took,) = town.providers["sms"].took
    assert took.body.text.startswith("Acme Credit: please get in touch with us when you can.")
    for told in ("Ann", ann.loan_id, "250", "pay", "due", "loan"):
        assert told not in took.body.text
    said = list(lines(await explain_contact(town.office, AUDITOR, 1, town.now)))
    assert "all it says" in said[1]
    assert said[-1].startswith("Replay identical")


async def test_a_number_of_two_that_one_confirmed_is_theirs(town: Town) -> None:
    ann = await town.borrower(LATE)
    await stands(town, ann, "confirmed", shared=True)
    await town.look()
    await town.send()
    assert "250,00" in town.providers["sms"].took[0].body.text


async def test_what_became_unverified_meanwhile_carries_no_amount(town: Town) -> None:
    ann = await town.borrower(LATE, email=False)
    await town.look()
    await stands(town, ann, "unverified")
    await town.send()
    (took,) = town.providers["sms"].took
    assert "250" not in took.body.text


async def test_a_reminder_before_due_is_not_said_to_an_unverified_address(town: Town) -> None:
    ann = await town.borrower(date(2026, 11, 26))
    await stands(town, ann, "unverified")
    assert (await town.look()).by_reason["no_address"] == 1


async def test_a_finding_refuses_the_contact_with_its_reason_and_the_next_channel_is_tried(
    town: Town,
) -> None:
    """The sender's own name speaks of collection, which an unverified address may not be told."""
    await town.book.portfolio(brand="Swift Debt Collection")
    ann = await town.borrower(LATE)
    await stands(town, ann, "unverified")
    await town.look()
    assert (await town.send()).by_channel == {"sms": {"failed": 1}}
    await town.look()
    assert (await town.send()).by_channel == {"email": {"failed": 1}}
    await town.look()
    assert await town.states() == [
        ("sms", "failed", "lint_sender_name"),
        ("email", "failed", "lint_sender_name"),
    ]
    assert (await town.occurrences())[-1] == ("late-3", "suppressed", "none_left")
    assert not [*town.providers["sms"].took, *town.providers["email"].took]
    said = " ".join(lines(await explain_contact(town.office, AUDITOR, 1, town.now)))
    assert "The text was refused: the sender's name itself speaks of collection" in said


async def test_a_name_of_letters_as_sender_carries_a_link_to_stop(town: Town) -> None:
    town.office.doors = LINKED
    await town.book.portfolio(senders={"sms": "AcmeCredit"})
    await town.borrower(LATE)
    await town.look()
    await town.send()
    (took,) = town.providers["sms"].took
    assert "STOP" not in took.body.text
    link = next(word for word in took.body.text.split() if word.startswith("https://kept.example.com/stop/"))
    assert contact_of_link(town.office, link.rpartition("/")[2]) == took.contact
    assert took.body.segments <= 2


async def test_a_name_of_letters_without_any_way_to_stop_sends_nothing(town: Town) -> None:
    town.office.doors = Doors(None, {"sms": "AcmeCredit"})
    await town.borrower(LATE, email=False)
    await town.look()
    assert (await town.send()).by_channel == {"sms": {"failed": 1}}
    assert await town.states() == [("sms", "failed", "lint_stop_not_received")]


async def test_a_name_of_letters_with_a_number_to_call(town: Town) -> None:
    town.office.doors = Doors(None, {"sms": "AcmeCredit"})
    await town.book.portfolio(reply_to={"phone": "+1 212 555 0100"})
    await town.borrower(LATE, email=False)
    await town.look()
    assert (await town.send()).by_channel == {"sms": {"accepted": 1}}
    assert "To stop texts: +1 212 555 0100" in town.providers["sms"].took[0].body.text


async def test_a_mail_carries_its_link_to_stop(town: Town) -> None:
    town.office.doors = LINKED
    await town.borrower(LATE, phone=False)
    await town.look()
    await town.send()
    (took,) = town.providers["email"].took
    assert took.opt_out_url is not None
    assert took.opt_out_url in took.body.text
    assert took.opt_out_url in (took.body.html or "")


async def test_a_link_that_was_not_made_here_names_nothing(town: Town) -> None:
    town.office.doors = LINKED
    await town.borrower(LATE, phone=False)
    await town.look()
    await town.send()
    token = (town.providers["email"].took[0].opt_out_url or "").rpartition("/")[2]
    assert contact_of_link(town.office, token) == 1
    for forged in (
        token[:-1],
        token + "A",
        "A" + token[1:],
        token[:-2] + "AC",
        "",
        "é",
        "x" * 9000,
        token + "=",
    ):
        assert contact_of_link(town.office, forged) is None


def test_every_refusal_has_a_meaning() -> None:
    assert meaning_of("lint_threat_court") == "The text was refused: it threatens with a court or a lawyer."
    assert meaning_of("unsayable")
    assert meaning_of("21610") is None
    assert meaning_of(None) is None


async def test_an_address_is_unverified_when_nobody_vouched_for_it_lately(town: Town) -> None:
    """Attested on the day itself, a day too long ago, and confirmed long ago: only the second has aged."""
    await town.book.portfolio(addresses={"stale_after_days": 30})
    people = [await town.borrower(LATE, email=False) for _ in range(3)]
    for who, days, state in zip(people, (30, 31, 400), ("attested", "attested", "confirmed"), strict=True):
        await town.book.sql(
            "UPDATE addresses SET seen_at = $2, state = $3 WHERE person_id = $1",
            who.person,
            town.now - days * DAY,
            state,
        )
    await town.look()
    await town.send()
    took = sorted((one.contact, "250" in one.body.text) for one in town.providers["sms"].took)
    assert [told for _, told in took] == [True, False, True]
    states = await town.book.sql("SELECT DISTINCT state FROM addresses ORDER BY 1")
    assert [row[0] for row in states] == ["attested", "confirmed"]


async def test_the_freshest_address_is_used_before_an_older_one(town: Town) -> None:
    await town.book.portfolio(addresses={"stale_after_days": 30})
    ann = await town.borrower(LATE, email=False)
    new = await town.book.address(ann.person, "phone", seen_at=town.now - DAY)
    await town.look()
    (row,) = await town.book.sql("SELECT address_id FROM contacts")
    assert row[0] == new


@pytest.mark.parametrize(("state", "shared"), [("unverified", False), ("attested", True)])
async def test_a_portfolio_that_asks_nobody_to_get_in_touch(town: Town, state: str, shared: bool) -> None:
    await town.book.portfolio(addresses={"unverified": "nothing"})
    ann = await town.borrower(LATE)
    await stands(town, ann, state, shared=shared)
    looked = await town.look()
    assert (looked.contacts, looked.by_reason["no_address"]) == (0, 1)


async def test_what_ages_between_look_and_send_carries_no_amount(town: Town) -> None:
    await town.book.portfolio(addresses={"stale_after_days": 30})
    ann = await town.borrower(LATE, email=False)
    await town.book.sql(
        "UPDATE addresses SET seen_at = $2 WHERE person_id = $1", ann.person, town.now - 30 * DAY
    )
    await town.look()
    town.now += HOUR
    await town.send()
    (took,) = town.providers["sms"].took
    assert "250" not in took.body.text
