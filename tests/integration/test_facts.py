"""The facts as the database gives them to the decision."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.look import look
from storage.facts import load_facts
from strategies.values import Facts
from tests.builders.book import SYSTEM, Book, office_of

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)  # a Monday, 09:00 in Berlin
DUE = [date(2026, 11, 20), date(2026, 11, 26), date(2026, 12, 26)]


class Desk:
    def __init__(self, engine: AsyncEngine) -> None:
        self.office = office_of(engine)
        self.book = Book(self.office)

    async def open(self) -> None:
        self.portfolio = await self.book.portfolio(terms={"tolerance": "0.05"})
        self.gentle = await self.book.strategy()
        await self.book.feed(self.portfolio, NOW)

    async def facts(self, case: int) -> Facts:
        async with self.office.transaction() as raw:
            book = await self.office.book(raw)
            return (await load_facts(raw, [case], NOW, book.tolerance))[0]


@pytest.fixture
async def desk(engine: AsyncEngine) -> Desk:
    made = Desk(engine)
    await made.open()
    return made


@pytest.mark.parametrize(
    ("paid", "spoken_of"),
    [
        (0, [0, 1]),  # what is due by tomorrow, and the next date
        (99_94, [0, 1]),
        (99_95, [1]),  # five cents are within the tolerance
        (100_00, [1]),
        (199_95, [2]),  # of the next date five cents are left: it hides nothing
        (299_95, []),
    ],
)
async def test_what_is_within_the_tolerance_is_paid_and_hides_nothing(
    desk: Desk, paid: int, spoken_of: list[int]
) -> None:
    ann = await desk.book.borrower(desk.portfolio, [(due, 100_00) for due in DUE], strategy=desk.gentle)
    if paid:
        await desk.book.pay(ann, paid, date(2026, 11, 20))
    found = await desk.facts(ann.case)
    owed = [unpaid.installment for loan in found.loans for unpaid in loan.unpaid]
    assert owed == [ann.installments[n] for n in spoken_of]


async def test_a_contact_that_was_put_off_tells_until_when(desk: Desk) -> None:
    """A hold puts a planned contact off; lifted early, the next look brings it forward."""
    ann = await desk.book.borrower(desk.portfolio, [(DUE[0], 100_00)], strategy=desk.gentle)
    await look(desk.office, SYSTEM, NOW)
    ends = NOW + timedelta(days=2)
    await desk.book.hold(ann.person, start=NOW, end=ends, at=NOW)
    await look(desk.office, SYSTEM, NOW)
    (begun,) = (await desk.facts(ann.case)).begun
    assert [tried.at for tried in begun.tried] == [ends]
    await desk.book.sql("DELETE FROM holds")
    await desk.book.sql(f"UPDATE cases SET next_look_at = '{NOW.isoformat()}'")
    await look(desk.office, SYSTEM, NOW)
    (begun,) = (await desk.facts(ann.case)).begun
    assert [(tried.state, tried.at) for tried in begun.tried] == [("planned", NOW)]
