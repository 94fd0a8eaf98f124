"""Late entries by SMS: from a number that its code made somebody's, read back, saved on a yes."""

import re
from collections.abc import AsyncIterator
from datetime import time, timedelta
from typing import get_args

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.inbound import take_reply, work_reply
from casework.staff.late import Why
from casework.staff.people import remove
from casework.staff.texting import send_staff_texts
from kept.clock import FixedClock
from messages.typed.read_back import languages
from notifiers.base import OutcomeUnknown, Reply
from policy.calendar import moment_at
from tests.builders.book import SYSTEM, Borrower
from tests.builders.chatroom import TODAY, Guest
from tests.builders.crew import OPS, Crew
from tests.builders.town import DAY

CARLS = "+447700900555"
ROWS = "SELECT code, at, received_at, amount_minor, due_on::text, recorded_by FROM outcomes ORDER BY id"


class Field(Crew):
    """A crew whose members write by SMS, too."""

    sent = 0

    async def texts(self) -> list[str]:
        """What goes to the staff's numbers now."""
        took = self.providers["sms"].took
        took.clear()
        await send_staff_texts(self.office, SYSTEM, self.providers["sms"], FixedClock(self.now))
        return [one.body.text for one in took]

    async def sms(self, text: str, sender: str = CARLS, number: str | None = None) -> str:
        """An SMS comes; what it is answered."""
        self.sent += 1
        reply = Reply(
            provider="counting",
            provider_id=number or f"SM{self.sent}",
            channel="sms",
            sender=sender,
            recipient="+12025550100",
            text=text,
        )
        taken = await take_reply(self.office, SYSTEM, reply, self.now)
        if taken is not None:
            self.meant = await work_reply(self.office, SYSTEM, taken, self.now)
        return "\n".join(await self.texts())

    async def numbered(self, guest: Guest, number: str = CARLS) -> None:
        """The number is theirs."""
        await guest.says(f"/number {number}")
        (told,) = await self.texts()
        code = re.search(r"\d{6}", told)
        assert code
        assert "is yours now" in await guest.says(code[0])


@pytest.fixture
async def field(engine: AsyncEngine) -> AsyncIterator[Field]:
    made = Field(engine)
    await made.open()
    async with made.opened():
        yield made


async def owned(field: Field) -> tuple[Borrower, Guest]:
    ann, carl = await field.borrower(TODAY - 5 * DAY), await field.hired()
    await field.assign(ann.case, "carl")
    await field.numbered(carl)
    return ann, carl


def figures(told: str) -> str:
    found = re.search(r"YES (\d{3})", told)
    assert found, told
    return found[1]


async def test_acceptance_17_by_sms_read_back_confirmed_and_sent_twice_is_one_record(field: Field) -> None:
    ann, _ = await owned(field)
    line = f"PTP 250 28/11 @08:30 {ann.loan_id}"
    told = await field.sms(line)
    assert field.meant == "staff"
    assert f"K{ann.case} PTP €250.00 November 28 @November 23 08:30" in told
    assert not await field.book.sql(ROWS), "nothing before it is confirmed"
    received = field.now
    field.now += timedelta(minutes=5)
    yes = f"YES {figures(told)}"
    assert "Saved: 1." in await field.sms(yes)
    assert "saved already" in await field.sms(yes)
    assert "saved already" in await field.sms(line)
    (row,) = await field.book.sql(ROWS)
    at = moment_at(TODAY, time(8, 30), "Europe/Berlin")
    assert tuple(row) == ("promise", at, received, 250_00, "2026-11-28", "carl")
    assert not await field.book.sql("SELECT 1 FROM contacts"), "no answer to a borrower"


async def test_texts_that_arrive_together_are_answered_one_by_one(field: Field) -> None:
    ann, _ = await owned(field)
    first = figures(await field.sms(f"NA @08:10 {ann.loan_id}"))
    second = figures(await field.sms(f"NA @08:20 {ann.loan_id}"))
    assert "Saved: 1.\nAnother text waits" in await field.sms(f"YES {first}")
    assert "Saved: 1." in await field.sms(f"YES {second}")
    assert "saved already" in await field.sms(f"YES {first}")
    assert len(await field.book.sql(ROWS)) == 2
    assert await field.book.sql("SELECT failures FROM staff_numbers") == [(0,)]


async def test_a_yes_without_the_figures_saves_nothing_and_guessing_ends(field: Field) -> None:
    ann, _ = await owned(field)
    told = await field.sms(f"NA @08:30 {ann.loan_id}\nbusy {ann.loan_id}")
    assert "? busy" in told
    assert "when?" in told
    right = figures(told)
    assert "three figures" in await field.sms("yes")
    for guess in range(5):
        await field.sms(f"yes {(int(right) + 1 + guess) % 1000:03}")
    assert "Too many" in await field.sms(f"yes {right}")
    assert not await field.book.sql(ROWS)
    told = await field.sms(f"NA @08:30 {ann.loan_id}")
    assert "Nothing was saved" in await field.sms("no")
    assert "Nothing waits" not in await field.sms(figures(told)), "figures alone are a yes"
    assert len(await field.book.sql(ROWS)) == 1
    for _ in range(3):  # a new text to be read back gives no new guesses
        right = figures(await field.sms(f"NA @08:31 {ann.loan_id}"))
        told = [await field.sms(f"yes {(int(right) + 1 + guess) % 1000:03}") for guess in range(4)]
    assert any("are read no more" in one for one in told)
    assert await field.sms(f"NA @08:32 {ann.loan_id}") == "", "the number is nobody's of the staff"
    field.now += 2 * DAY


async def test_it_never_goes_to_the_borrowers_intents_and_a_stop_is_obeyed(field: Field) -> None:
    _, _ = await owned(field)
    for text in ("BAL 4829", "I paid", "WRONG PERSON", "help", "what do I owe?"):
        assert "Write what came of it" in await field.sms(text)
        assert field.meant == "staff"
    assert not await field.book.sql("SELECT 1 FROM tasks")
    assert not await field.book.sql("SELECT 1 FROM contacts")
    eve = await field.borrower(TODAY - 5 * DAY)  # a tape that names the number later
    await field.book.sql(
        "UPDATE addresses SET token = $2 WHERE id = $1", eve.phone, field.office.keyring.token("phone", CARLS)
    )
    await field.sms("BAL")
    assert not await field.book.sql("SELECT 1 FROM contacts")
    await field.sms("STOP")
    assert await field.book.sql("SELECT 1 FROM consents WHERE state = 'revoked'")


async def test_an_sms_delivered_twice_is_answered_once_and_one_that_failed_is_not_said_again(
    field: Field,
) -> None:
    ann, _ = await owned(field)
    line = f"NA @08:30 {ann.loan_id}"
    assert await field.sms(line, number="SM-A")
    assert await field.sms(line, number="SM-A") == ""
    field.providers["sms"].says.append(OutcomeUnknown("timeout"))
    assert await field.sms(line, number="SM-B") == ""
    assert await field.texts() == []


async def test_a_number_is_somebodys_alone_and_only_by_its_code(field: Field) -> None:
    ann, carl = await owned(field)
    bea = await field.hired("bea")
    assert "cannot be used" in await bea.says(f"/number {CARLS}")
    assert "cannot be used" in await bea.says(f"/number {await field.number(ann.person)}"), "a customer's"
    assert "with its country" in await bea.says("/number 0170 1234")
    await bea.says("/number")
    assert "ends in 56" in await bea.says("+44 7700 900556")
    for _ in range(4):
        assert "not the code" in await bea.says("123")
    assert "Too many" in await bea.says("123")
    assert len(await field.texts()) == 1, "the code"
    assert await field.sms("NA @8:00", sender="+447700900556") == "", "not confirmed: nobody's"
    assert "any more" in await _dropped(carl)
    assert await field.sms(f"NA @8:30 {ann.loan_id}") == ""
    words = await field.book.sql("SELECT action FROM events WHERE action LIKE 'staff_number%' ORDER BY id")
    assert [row[0] for row in words] == [
        "staff_number.asked",
        "staff_number.confirmed",
        "staff_number.asked",
        "staff_number.locked",
        "staff_number.dropped",
    ]


async def _dropped(guest: Guest) -> str:
    await guest.says("/number")
    return await guest.taps("No SMS any more")


async def test_whoever_leaves_writes_no_more_and_what_is_anothers_is_refused(field: Field) -> None:
    ann, _ = await owned(field)
    ben = await field.borrower(TODAY - 5 * DAY)
    await field.hired("bea")
    await field.assign(ben.case, "bea")
    assert "not yours; it is on record" in await field.sms(f"NA @08:30 {ben.loan_id}")
    (denied,) = await field.book.sql("SELECT actor, subject_id FROM events WHERE action = 'access.denied'")
    assert tuple(denied) == ("carl", ben.case)
    told = await field.sms(f"NA @08:30 {ann.loan_id}")
    await remove(field.office, OPS, "carl", field.now)
    assert await field.sms(f"YES {figures(told)}") == ""
    assert not await field.book.sql(ROWS)


def test_every_doubt_has_a_question_in_every_language() -> None:
    doubts = set(get_args(Why))
    blanks = re.compile(r"\{\w+\}")
    for words in languages().values():
        assert set(words.why) == doubts
        english = languages()["en"]
        for name in ("code", "line", "known", "doubt", "save", "saved"):
            assert set(blanks.findall(getattr(words, name))) == set(blanks.findall(getattr(english, name)))
