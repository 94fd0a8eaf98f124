"""A promise by SMS: said back, recorded by YES; off its path: NO, twice, too late, nonsense, two lenders."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.borrower.texting import ANSWERS_A_DAY
from messages.amounts import amount_in
from tests.builders.book import Borrower
from tests.builders.street import HOUR, TODAY, Street

DAY = timedelta(days=1)
MADE = "SELECT amount_minor, due_on::text, channel, role FROM outcomes WHERE code = 'promise' ORDER BY id"
PROMISES = "SELECT amount_minor, due_on::text, state FROM promises ORDER BY id"


class Line:
    """Somebody's own number, and what they are told there."""

    def __init__(self, street: Street, ann: Borrower, number: str) -> None:
        self.street, self.ann, self.number, self.sent = street, ann, number, 0

    async def writes(self, text: str, **more: Any) -> str:
        """What is said to it, joined; the wish is kept."""
        self.sent += 1
        name = f"{self.number}-{self.sent}"
        self.wish = await self.street.written(text, self.number, name, **more)
        return " | ".join(one.body.text for one in await self.street.answered() if one.to == self.number)

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self.street.book.sql(query)]


@pytest.fixture
async def street(engine: AsyncEngine) -> Street:
    made = Street(engine)
    await made.open()
    return made


async def line_of(street: Street, due: date = TODAY + 20 * DAY, **more: Any) -> Line:
    """By default nothing is due that a reminder would speak of meanwhile."""
    ann = await street.borrower(due, email=False, look_at=None, **more)
    return Line(street, ann, await street.number(ann.person))


@pytest.fixture
async def line(street: Street) -> Line:
    return await line_of(street)


@pytest.mark.parametrize(
    "text", ["PROMISE 28/11", "promise: saturday", "i will pay on saturday", "我星期六还款"]
)
async def test_a_promise_is_said_back_and_counts_by_yes(line: Line, text: str) -> None:
    told = await line.writes(text)
    assert line.wish == "promise"
    assert "28 November 2026" in told
    assert "Reply YES or NO" in told
    assert amount_in(told.replace("28 November 2026", "")) is None, "no figure of ours"
    assert await line.rows(MADE) == [], "nothing before it is confirmed"
    assert "we have noted 28 November 2026" in await line.writes("Yes.")
    assert await line.rows(MADE) == [(250_00, "2026-11-28", "sms", "borrower")]
    assert await line.rows(PROMISES) == [(250_00, "2026-11-28", "open")]


async def test_acceptance_11_a_promise_by_sms_suppresses_tomorrows_step_with_that_reason(
    street: Street,
) -> None:
    line = await line_of(street, TODAY - 3 * DAY)
    await line.writes("PROMISE 30/11")
    await line.writes("YES")
    street.now += 4 * DAY
    await street.book.feed(street.portfolio, street.now)
    await street.look()
    assert not (await street.send()).by_channel
    ((state, noes),) = await line.rows("SELECT state, noes::text FROM occurrences WHERE step = 'late-7'")
    assert state == "waiting"
    assert "hold: promise" in noes


async def test_an_amount_that_is_named_is_said_back_and_recorded(street: Street) -> None:
    line = await line_of(street, TODAY - 10 * DAY)
    assert "200,00 € by 28 November 2026" in await line.writes("PROMISE 200 on 28/11")
    assert "we have noted 200,00 € by" in await line.writes("ok")
    assert await line.rows(PROMISES) == [(200_00, "2026-11-28", "open")]
    assert "50,00 € by 30 November" in await line.writes("I can pay 50 euros on the 30th")
    assert "for the rest" in await line.writes("yes"), "less than a quarter of it: reminders go on"
    assert await line.rows(PROMISES) == [(200_00, "2026-11-28", "cancelled"), (50_00, "2026-11-30", "open")]


async def test_yes_twice_is_one_promise_and_no_leaves_it(line: Line) -> None:
    await line.writes("PROMISE 28/11")
    assert "we have noted" in await line.writes("YES")
    assert await line.writes("YES") == ""
    assert len(await line.rows(MADE)) == 1
    await line.writes("PROMISE 29/11")
    assert "nothing was noted" in await line.writes("no")
    assert await line.writes("YES") == "", "what was left stays so"
    assert len(await line.rows(MADE)) == 1


async def test_the_latest_that_was_said_back_is_what_yes_is_to(line: Line) -> None:
    await line.writes("PROMISE 28/11")
    await line.writes("BAL")
    await line.writes("PROMISE 29/11")
    await line.writes("YES")
    assert await line.rows(PROMISES) == [(250_00, "2026-11-29", "open")]


async def test_a_day_is_asked_for_and_a_bare_one_answers(line: Line) -> None:
    assert "on which day?" in await line.writes("PROMISE")
    assert "on which day?" in await line.writes("PROMISE banana")
    assert "on which day?" in await line.writes("promise 200")
    assert "200,00 € by 28 November" in await line.writes("28/11")
    await line.writes("yes")
    assert await line.rows(PROMISES) == [(200_00, "2026-11-28", "open")]
    assert "by 28 November" in await line.writes("PROMISE 28"), "a day of the month"


async def test_a_bare_day_out_of_the_blue_is_no_promise(line: Line) -> None:
    await line.writes("28/11")
    assert line.wish == "unclear"
    await line.writes("yes")
    assert line.wish == "unclear"
    assert await line.rows(MADE) == []


@pytest.mark.parametrize(
    "text", ["PROMISE 28/11 or 29/11", "promise 100 or 200 on 28/11", "promise 100 usd 28/11"]
)
async def test_what_can_be_read_in_two_ways_is_asked_again(line: Line, text: str) -> None:
    assert "on which day?" in await line.writes(text)
    await line.writes("yes")
    assert await line.rows(MADE) == []


async def test_limits_are_said_and_a_later_day_reaches_a_person(line: Line) -> None:
    assert "until 7 December 2026" in await line.writes("PROMISE 1 March 2027")
    assert await line.rows("SELECT kind FROM tasks") == [("call",)]
    assert "until 7 December 2026" in await line.writes("PROMISE 22/11/2026")
    assert "A person will read" in await line.writes("PROMISE 9999 28/11"), "more than is owed"
    await line.writes("yes")
    assert await line.rows(MADE) == []


async def test_a_promise_that_a_payment_overtook_is_not_noted(line: Line) -> None:
    await line.writes("PROMISE 28/11")
    await line.street.book.pay(line.ann, 250_00, TODAY)
    assert "nothing was noted" in await line.writes("YES")
    assert await line.rows(MADE) == []
    assert "nothing for you to do" in await line.writes("PROMISE 28/11")


async def test_yes_a_day_later_is_to_nothing(line: Line) -> None:
    await line.writes("PROMISE 28/11")
    line.street.now += 25 * HOUR
    await line.writes("YES")
    assert line.wish == "unclear"
    assert await line.rows(MADE) == []


async def test_yes_that_the_provider_takes_for_start_is_a_yes(line: Line) -> None:
    await line.writes("PROMISE 28/11")
    await line.writes("YES", keyword="start")
    assert line.wish == "promise"
    assert len(await line.rows(MADE)) == 1
    assert await line.rows("SELECT state FROM consents") == [("granted",)]


async def test_a_stop_is_a_stop_whatever_waits(line: Line) -> None:
    await line.writes("PROMISE 28/11")
    await line.writes("STOP")
    assert line.wish == "stop"
    assert await line.rows(MADE) == []


async def test_with_two_lenders_a_person_hears_it(street: Street) -> None:
    line = await line_of(street)
    other = await street.book.portfolio("other")
    await street.book.feed(other, street.now)
    await street.book.loan(line.ann.person, other, [(TODAY, 90_00)], strategy=street.gentle)
    assert "A person will read" in await line.writes("PROMISE 28/11")
    assert {kind for (kind,) in await line.rows("SELECT kind FROM tasks")} == {"call"}


async def test_a_stranger_and_another_number_promise_nothing(line: Line) -> None:
    await line.writes("PROMISE 28/11")
    stranger = Line(line.street, line.ann, "+12125550188")
    assert await stranger.writes("YES") == ""
    other = await line_of(line.street)
    await other.writes("YES")
    assert await line.rows(MADE) == []


async def test_a_machine_is_not_answered_for_ever_and_yes_is(line: Line) -> None:
    told = [await line.writes("PROMISE 28/11") for _ in range(ANSWERS_A_DAY + 5)]
    assert len(list(filter(None, told))) == ANSWERS_A_DAY
    assert "we have noted" in await line.writes("YES")


async def test_the_same_sms_delivered_twice_is_one(line: Line) -> None:
    await line.writes("PROMISE 28/11")
    for _ in range(2):
        await line.street.written("YES", line.number, "SM-again")
    assert len(await line.rows(MADE)) == 1


@pytest.mark.parametrize(
    ("word", "wish"),
    [
        ("STOP", "stop"),
        ("START", "start"),
        ("HELP", "help"),
        ("BAL", "figures"),
        ("PAY", "pay"),
        ("PAID", "paid"),
        ("PROMISE 28/11", "promise"),
        ("HUMAN", "human"),
    ],
)
async def test_every_word_is_obeyed_and_answered(line: Line, word: str, wish: str) -> None:
    if word == "START":
        await line.writes("STOP")
    assert await line.writes(word)
    assert line.wish == wish
