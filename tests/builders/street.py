"""A town whose SMS provider reports delivery, and whose people write back."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from casework.delivery.receipts import take_receipt, work_receipts
from casework.inbound import take_reply, work_reply
from notifiers.base import Outgoing, Receipt, ReceiptState, Reply
from tests.builders.book import SYSTEM
from tests.builders.town import Counting, Town

HOUR = timedelta(hours=1)
TODAY = date(2026, 11, 23)


class Street(Town):
    """A town whose SMS provider reports delivery."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self.providers["sms"] = Counting("sms", reports=True)

    async def reminded(self, **more: Any) -> int:
        """Somebody who was sent an SMS that the provider accepted; the contact."""
        await self.borrower(TODAY, **more)
        await self.look()
        await self.send()
        return (await self.book.sql("SELECT max(id) FROM contacts"))[0][0]

    async def told(
        self,
        contact: int,
        state: ReceiptState | None,
        *,
        event: str = "",
        code: str | None = None,
        **more: Any,
    ) -> bool:
        receipt = Receipt(
            provider="counting",
            event_key=f"{contact}:{state}{event}",
            provider_id=more.pop("provider_id", f"sms-{contact}"),
            state=state,
            code=code,
            **more,
        )
        return await take_receipt(self.office, SYSTEM, receipt, self.now)

    async def work(self) -> dict[str, int]:
        return dict(await work_receipts(self.office, SYSTEM, self.now))

    async def state(self, contact: int) -> str:
        return (await self.book.sql("SELECT state FROM contacts WHERE id = $1", contact))[0][0]

    async def message(self, contact: int) -> str:
        return (
            await self.book.sql(
                "SELECT m.state FROM messages m JOIN contacts c ON c.message_id = m.id WHERE c.id = $1",
                contact,
            )
        )[0][0]

    async def written(self, text: str, sender: str, number: str = "SM1", **more: Any) -> str | None:
        """A reply, taken and worked; what it was."""
        reply = Reply(
            provider="counting",
            provider_id=number,
            channel=more.pop("channel", "sms"),
            sender=sender,
            recipient="+12025550100",
            text=text,
            **more,
        )
        taken = await take_reply(self.office, SYSTEM, reply, self.now)
        return None if taken is None else await work_reply(self.office, SYSTEM, taken, self.now)

    async def answered(self) -> list[Outgoing]:
        """What is sent now by SMS in answer to somebody; the day's reminder of a late loan is none."""
        took = self.providers["sms"].took
        took.clear()
        await self.send()
        rows = await self.book.sql(
            "SELECT c.id FROM contacts c JOIN messages m ON m.id = c.message_id WHERE m.purpose = 'dunning'"
        )
        reminders = {row[0] for row in rows}
        return [outgoing for outgoing in took if outgoing.contact not in reminders]

    async def number(self, person: int) -> str:
        address, value = (
            await self.book.sql(
                "SELECT id, value FROM addresses WHERE person_id = $1 AND kind = 'phone'", person
            )
        )[0]
        return self.office.keyring.open("addresses", "value", address, value)
