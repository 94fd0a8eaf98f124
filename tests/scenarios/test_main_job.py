"""The main job on a real tape: on a Monday morning each borrower who is due is reminded, once."""

import asyncio
from collections import Counter

from tests.builders.command import Kept
from tests.builders.eve import NINE, by_address, counted, due_on_monday, texts
from tests.builders.readings import Lent
from tests.sinks.smtp import SmtpSink
from tests.sinks.twilio import TwilioSink


async def test_a_monday_morning(kept: Kept, lent: list[Lent], sms: TwilioSink, mail: SmtpSink) -> None:
    due = due_on_monday(lent)
    channels = Counter(one.channel for one in due.values())
    assert len(due) == 293
    assert min(channels["sms"], channels["email"]) > 100

    looked = await kept.json("look", "--now", NINE)
    assert looked["contacts"] == looked["messages"] == looked["occurrences"] == len(due)
    assert (looked["tasks"], looked["suppressed"], looked["superseded"], looked["waiting"]) == (0, 0, 0, 0)

    sent = await kept.json("send", "--now", NINE)
    assert counted(sent) == {"sms": {"accepted": channels["sms"]}, "email": {"accepted": channels["email"]}}

    said, expected = texts(sms, mail), by_address(due.values())
    assert set(said) == set(expected)
    for address, one in expected.items():
        (text,) = said[address]
        for words in one.wording(one.channel):
            assert words in text

    looked = await kept.json("look", "--now", NINE)
    assert (looked["contacts"], looked["messages"]) == (0, 0)
    assert counted(await kept.json("send", "--now", NINE)) == {}
    assert texts(sms, mail) == said

    invariants = await kept.json("check")
    assert all(row["holds"] for row in invariants), invariants


async def test_two_at_once_share_the_work(
    kept: Kept, lent: list[Lent], sms: TwilioSink, mail: SmtpSink
) -> None:
    """As cron does when the last run is still going: two looks, then two sends."""
    due = due_on_monday(lent)
    looks = await asyncio.gather(*(kept.json("look", "--now", NINE) for _ in range(2)))
    assert sum(looked["contacts"] for looked in looks) == len(due)
    sends = await asyncio.gather(*(kept.json("send", "--now", NINE) for _ in range(2)))
    accepted = [counts.get("accepted", 0) for sent in sends for counts in counted(sent).values()]
    assert sum(accepted) == len(due)
    said = texts(sms, mail)
    assert set(said) == set(by_address(due.values()))
    assert {len(each) for each in said.values()} == {1}


async def test_nothing_goes_to_a_number_of_two(kept: Kept, lent: list[Lent], sms: TwilioSink) -> None:
    """One that two borrowers have on file could tell the one of the other's loan: they get mail."""
    shared = [one for one in due_on_monday(lent).values() if one.phone is None]
    assert shared
    await kept.json("look", "--now", NINE)
    rows = await kept.rows(
        "SELECT p.external_id, c.channel FROM contacts c JOIN persons p ON p.id = c.person_id "
        "WHERE p.external_id = ANY($1) ORDER BY 1",
        [one.borrower for one in shared],
    )
    assert rows == sorted((one.borrower, "email") for one in shared)
    rows = await kept.rows(
        "SELECT count(*) FROM contacts c JOIN addresses a ON a.id = c.address_id WHERE a.shared"
    )
    assert rows == [(0,)]
