"""A small town: a book, providers that count, and a clock to set."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from casework.delivery.deliver import SendReport, deliver
from casework.look import LookReport, look
from kept.clock import FixedClock
from notifiers.base import Channel, Notifier, Outgoing, Sent
from storage.answers import plan_answer
from tests.builders.book import SYSTEM, Book, Borrower, office_of

# A Monday, 09:00 in Berlin.
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
DAY = timedelta(days=1)


class Counting(Notifier):
    """Takes everything, or does what it was told for an address or once."""

    provider = "counting"

    def __init__(self, channel: Channel, says: Sequence[Exception] = (), reports: bool = False) -> None:
        self.channel = channel
        self.says = list(says)
        self.can_report_delivery = reports
        self.took: list[Outgoing] = []
        self.asked = 0

    async def _send(self, outgoing: Outgoing) -> Sent:
        self.asked += 1
        if self.says:
            raise self.says.pop(0)
        self.took.append(outgoing)
        return Sent(self.provider, f"{self.channel}-{outgoing.contact}", "accepted")


class Town:
    """A book, its providers, and a clock to set."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.office = office_of(engine)
        self.book = Book(self.office)
        channels: tuple[Channel, ...] = ("sms", "email", "chat")
        self.providers = {channel: Counting(channel) for channel in channels}
        self.now = MONDAY

    async def open(self, fed_at: datetime = MONDAY) -> None:
        self.portfolio = await self.book.portfolio()
        self.gentle = await self.book.strategy()
        await self.book.feed(self.portfolio, fed_at)

    async def borrower(self, due: date, amount: int = 250_00, **more: Any) -> Borrower:
        since = datetime.combine(due, datetime.min.time(), UTC) - 10 * DAY
        return await self.book.borrower(
            self.portfolio, [(due, amount)], strategy=self.gentle, **{"since": since, **more}
        )

    async def owing_in_two(self, yen: int = 15_000) -> Borrower:
        """Somebody who owes 200 euros, twenty days late, and so many yen, five days."""
        today = MONDAY.date()
        made = await self.borrower(today - 20 * DAY, 200_00)
        dues = [(today - 5 * DAY, yen)]
        await self.book.loan(made.person, self.portfolio, dues, strategy=self.gentle, currency="JPY")
        return made

    async def answer(self, borrower: Borrower, purpose: str = "answer") -> int:
        """Something that no strategy planned, to the borrower's phone: its contact."""
        assert borrower.phone is not None
        to = (borrower.case, borrower.person, borrower.phone, "sms")
        until = self.now + timedelta(hours=1)
        async with self.office.transaction() as raw:
            return await plan_answer(
                raw, self.office.keyring, *to, "help", {}, self.now, until, purpose=purpose
            )

    async def look(self) -> LookReport:
        return await look(self.office, SYSTEM, self.now)

    async def send(self, by: str = "one") -> SendReport:
        return await deliver(self.office, SYSTEM, self.providers, FixedClock(self.now), by)

    async def states(self) -> list[tuple[str, str, str | None]]:
        rows = await self.book.sql("SELECT channel, state, code FROM contacts ORDER BY id")
        return [tuple(row) for row in rows]

    async def occurrences(self) -> list[tuple[str, str, str | None]]:
        rows = await self.book.sql("SELECT step, state, reason FROM occurrences ORDER BY due_at, id")
        return [tuple(row) for row in rows]


class TownClock:
    """The town's moment for everything, as it is set."""

    def __init__(self, town: Town) -> None:
        self._town = town

    def now(self) -> datetime:
        return self._town.now

    def wall(self) -> datetime:
        return self._town.now
