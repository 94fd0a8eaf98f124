"""Texts of one's own: linted, approved by somebody else, sent from the next claim on; frozen by registers."""

from datetime import date

import pytest
from asyncpg.exceptions import RaiseError
from sqlalchemy.ext.asyncio import AsyncEngine

from casework import texts
from casework.disclosed import lacking
from casework.errors import CaseworkInputError
from casework.say import say_own_words
from casework.staff.rights import Actor, Denied, Role
from casework.texts import Wanted, read_wanted
from messages.templates import languages, library
from tests.builders.town import Town

LATE = date(2026, 11, 20)
OLGA = Actor("olga", Role.OPERATIONS)
CARLA = Actor("carla", Role.COMPLIANCE)

OURS = Wanted(
    "late-early",
    "sms",
    "en",
    "{{ brand }}: {{ one.pay }} was due on {{ one.due }}. If paid, thank you. "
    "{% if opt_out_url %}To stop: {{ opt_out_url }}{% else %}Reply STOP to stop texts.{% endif %}",
)


@pytest.fixture
async def town(engine: AsyncEngine) -> Town:
    made = Town(engine)
    await made.open()
    return made


def other(text: str) -> Wanted:
    return Wanted(OURS.name, OURS.channel, OURS.language, text)


async def said(town: Town) -> str:
    await town.borrower(LATE, email=False)
    await town.look()
    await town.send()
    return town.providers["sms"].took[-1].body.text


async def approved(town: Town, wanted: Wanted = OURS, external_id: str | None = None) -> int:
    key = await texts.write_text(town.office, OLGA, wanted, town.now)
    await texts.submit(town.office, OLGA, key, town.now, outside=external_id is not None)
    await texts.approve(town.office, CARLA, key, town.now, external_id)
    return key


async def test_what_was_approved_last_is_sent_from_the_next_claim_on(town: Town) -> None:
    assert "was due on" not in await said(town)
    key = await texts.write_text(town.office, OLGA, OURS, town.now)
    assert "was due on" not in await said(town)
    await texts.submit(town.office, OLGA, key, town.now)
    assert "was due on" not in await said(town)
    await texts.approve(town.office, CARLA, key, town.now)
    assert "250,00 € was due on" in (await said(town)).replace("\xa0", " ")
    (row,) = await town.book.sql("SELECT template_digest FROM contacts ORDER BY id DESC LIMIT 1")
    (kept,) = await texts.list_versions(town.office, OLGA)
    assert kept.version.digest == row[0]
    again = await texts.write_text(
        town.office, OLGA, other(OURS.text.replace("was due", "fell due")), town.now
    )
    assert again != key
    assert "was due on" in await said(town)
    actions = await town.book.sql("SELECT action FROM events WHERE action ~ '^text' ORDER BY id")
    assert [row[0] for row in actions] == ["text.written", "text.submitted", "text.approved", "text.written"]


async def test_a_draft_is_written_over_and_a_bad_one_is_refused_with_every_reason(town: Town) -> None:
    key = await texts.write_text(town.office, OLGA, OURS, town.now)
    assert await texts.write_text(town.office, OLGA, other(OURS.text + " Thanks."), town.now) == key
    for text, why in (
        ("Pay or the police will come. Reply STOP to stop texts.", "threatens with police"),
        ("{{ brand }}: please pay.", "how to stop"),
        ("{{ brand }} {{ secret }} Reply STOP", "'secret' is nothing this text is given"),
        ("{{ brand", "en/late-early/sms"),
    ):
        with pytest.raises(CaseworkInputError, match=why):
            await texts.write_text(town.office, OLGA, other(text), town.now)


async def test_a_text_that_lacks_what_a_pack_in_force_wants_said_is_refused_when_it_is_written(
    town: Town,
) -> None:
    await texts.write_text(town.office, OLGA, OURS, town.now)
    await town.book.portfolio(packs=["us-reg-f", "house"], actor="third_party")
    wanted = 'us-reg-f mini_miranda: the text must say "attempt… to collect"; <<collector>> says it'
    with pytest.raises(CaseworkInputError, match=wanted):
        await texts.write_text(town.office, OLGA, other(OURS.text + " Thanks."), town.now)
    await texts.write_text(town.office, OLGA, other("<<collector>> " + OURS.text), town.now)
    await texts.write_text(
        town.office, OLGA, Wanted("get-in-touch", "sms", "en", "{{ brand }}: please call. <<stop>>"), town.now
    )


async def test_no_shipped_text_lacks_what_a_pack_wants_said(town: Town) -> None:
    packs = ["us-reg-f", "us-tcpa", "ke-ln46"]
    await town.book.portfolio(packs=packs, actor="third_party")
    async with town.office.transaction() as raw:
        book = await town.office.book(raw)
    for language in sorted(languages()):
        for text in library(language).values():
            assert lacking(book, text, town.now) == [], (language, text.name, text.channel)


async def test_a_neutral_text_that_speaks_of_a_loan_is_refused(town: Town) -> None:
    wanted = Wanted(
        "get-in-touch", "sms", "en", "{{ brand }}: call us about your loan. Reply STOP to stop texts."
    )
    with pytest.raises(CaseworkInputError, match="speaks of a debt"):
        await texts.write_text(town.office, OLGA, wanted, town.now)


async def test_who_wrote_it_does_not_approve_it(town: Town) -> None:
    key = await texts.write_text(town.office, CARLA, OURS, town.now)
    await texts.submit(town.office, CARLA, key, town.now)
    with pytest.raises(CaseworkInputError, match="somebody else approves it"):
        await texts.approve(town.office, CARLA, key, town.now)
    with pytest.raises(Denied):
        await texts.approve(town.office, OLGA, key, town.now)
    with pytest.raises(CaseworkInputError, match="no text version 99"):
        await texts.reject(town.office, Actor("cy", Role.COMPLIANCE), 99, town.now)
    await texts.reject(town.office, Actor("cy", Role.COMPLIANCE), key, town.now)


async def test_a_frozen_text_is_never_edited_only_succeeded(town: Town) -> None:
    key = await texts.write_text(town.office, OLGA, OURS, town.now)
    await texts.submit(town.office, OLGA, key, town.now, outside=True)
    with pytest.raises(CaseworkInputError, match="give the id"):
        await texts.approve(town.office, CARLA, key, town.now)
    await texts.approve(town.office, CARLA, key, town.now, "1107160000000000001")
    new = await texts.write_text(town.office, OLGA, other(OURS.text + " Thanks."), town.now)
    assert new != key
    with pytest.raises(RaiseError, match="outside register"):
        await town.book.sql("UPDATE text_versions SET source = '{}' WHERE id = $1", key)
    await texts.submit(town.office, OLGA, new, town.now, outside=True)
    with pytest.raises(CaseworkInputError, match="says exactly this already"):
        await texts.write_text(town.office, OLGA, other(OURS.text + " Thanks."), town.now)


async def test_a_registered_channel_sends_nothing_that_its_register_did_not_approve(town: Town) -> None:
    await town.book.portfolio(registered=["sms"])
    ann = await town.borrower(LATE, email=False)
    await town.look()
    assert (await town.send()).by_channel == {"sms": {"failed": 1}}
    assert await town.states() == [("sms", "failed", "not_registered")]
    await approved(town)
    await town.borrower(LATE, email=False)
    await town.look()
    assert (await town.send()).by_channel == {"sms": {"failed": 1}}
    await approved(town, other(OURS.text + " Thanks."), "1107160000000000001")
    assert "Thanks." in await said(town)
    carl = Actor("carl", Role.COLLECTOR)
    assert ann.phone is not None
    spoken = await say_own_words(
        town.office, carl, ann.case, ann.phone, "sms", "Hello Ann, please call me.", [ann.loan], town.now
    )
    assert "not_registered" in [reason.code for reason in spoken.reasons]


async def test_a_language_of_ones_own(town: Town) -> None:
    """Nobody ships Tamil; who wrote one text in it sends that, and the others in English."""
    tamil = Wanted("late-early", "sms", "ta", OURS.text.replace("If paid, thank you.", "நன்றி."))
    await approved(town, tamil)
    ann = await town.borrower(LATE, email=False)
    await town.book.sql("UPDATE persons SET language = 'ta' WHERE id = $1", ann.person)
    await town.look()
    await town.send()
    assert "நன்றி" in town.providers["sms"].took[-1].body.text
    assert town.providers["sms"].took[-1].language == "ta"
    ben = await town.borrower(date(2026, 11, 23), email=False)
    await town.book.sql("UPDATE persons SET language = 'ta' WHERE id = $1", ben.person)
    await town.look()
    await town.send()
    assert town.providers["sms"].took[-1].language == "en"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name: late\nchannel: sms\n", "missing required field `language`"),
        ("name: late\nchannel: sms\nlanguage: en\ntext: x\ntone: kind\n", "unknown field `tone`"),
        ("name: [", "while parsing"),
        ("- a\n", "Expected `object`"),
    ],
)
def test_a_file_that_is_no_text_is_one_line(text: str, why: str) -> None:
    with pytest.raises(CaseworkInputError, match=why) as caught:
        read_wanted(text, "mine.yaml")
    assert str(caught.value).startswith("mine.yaml: ")
    assert "\n" not in str(caught.value)


def test_a_file_is_read() -> None:
    wanted = read_wanted(
        'name: late\nchannel: chat\nlanguage: en\ntext: "{{ brand }}"\nbuttons: {pay: Pay, human: "Talk"}\n',
        "a.yaml",
    )
    assert wanted.source.buttons == (("Pay", "pay"), ("Talk", "human"))
