"""A town whose SMS go to a Twilio-like sink: for contacts of which nobody knows what became."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from casework.delivery.unknown import ask
from casework.insight.check import check
from notifiers.sms_twilio import Twilio
from tests.builders.book import AUDITOR, SYSTEM
from tests.builders.town import Town
from tests.sinks.twilio import ACCOUNT, TOKEN, TwilioSink

MINUTE = timedelta(minutes=1)
DUE = date(2026, 11, 20)
FROM = "+12025550100"


class Line(Town):
    """A town whose SMS go to a sink that keeps the town's time."""

    def __init__(self, engine: AsyncEngine, sink: TwilioSink, twilio: Twilio) -> None:
        super().__init__(engine)
        self.sink, self.twilio = sink, twilio
        self.providers["sms"] = twilio  # pyright: ignore[reportArgumentType]
        sink.clock = lambda: self.now

    async def lost(self, fault: str = "take-drop", **more: Any) -> int:
        """Somebody whose SMS was taken (or not: `drop`) while its answer was lost; the contact."""
        await self.borrower(DUE, **more)
        await self.look()
        self.sink.faults.once.append(fault)
        assert (await self.send()).by_channel == {"sms": {"unknown": 1}}
        return (await self.book.sql("SELECT max(id) FROM contacts"))[0][0]

    async def ask_after(self, wait: timedelta) -> dict[str, int]:
        self.now += wait
        return dict(await ask(self.office, SYSTEM, {"sms": self.twilio}, self.now))

    async def state(self, contact: int) -> tuple[Any, ...]:
        rows = await self.book.sql("SELECT state, code, provider_id FROM contacts WHERE id = $1", contact)
        return tuple(rows[0])

    async def text(self, contact: int) -> str:
        body = (await self.book.sql("SELECT body FROM contacts WHERE id = $1", contact))[0][0]
        return json.loads(self.office.keyring.open("contacts", "body", contact, body))["text"]

    async def there_is(
        self,
        contact: int,
        *,
        text: str | None = None,
        sent: timedelta = timedelta(),
        sid: str = "SM1",
        status: str = "queued",
    ) -> None:
        """The provider has a message to the contact's number, made `sent` from now."""
        rows = await self.book.sql(
            "SELECT a.id, a.value FROM contacts c JOIN addresses a ON a.id = c.address_id WHERE c.id = $1",
            contact,
        )
        self.sink.record.take(
            sid=sid,
            to=self.office.keyring.open("addresses", "value", *rows[0]),
            body=text or await self.text(contact),
            made=format_datetime(self.now + sent),
            status=status,
            callback="",
            **{"from": FROM},
        )

    async def same_number(self, one: int, two: int) -> None:
        """Have the person of `two` live at the number of `one`."""
        address = "(SELECT address_id FROM contacts WHERE id = $1)"
        await self.book.sql(
            f"UPDATE addresses SET token = (SELECT token FROM addresses WHERE id = {address}) "
            f"WHERE id = {address.replace('$1', '$2')}",
            one,
            two,
        )

    async def goes_on(self) -> dict[str, dict[str, int]]:
        await self.look()
        return {channel: dict(counted) for channel, counted in (await self.send()).by_channel.items()}

    async def events(self, contact: int) -> list[tuple[str, str, str | None]]:
        rows = await self.book.sql(
            "SELECT actor, action, data::text FROM events WHERE subject_id = $1 AND subject_kind = 'contact' "
            "AND action <> 'contact.sending' ORDER BY id",
            contact,
        )
        return [tuple(row) for row in rows]

    async def holds(self) -> bool:
        """Whether the book keeps its invariants."""
        found = await check(self.office, AUDITOR, datetime.now(UTC), [])
        return all(invariant.holds for invariant in found)


@asynccontextmanager
async def on_the_line(engine: AsyncEngine) -> AsyncGenerator[Line]:
    """A town with its sink, opened."""
    sink = await TwilioSink().start()
    twilio = Twilio(ACCOUNT, TOKEN, FROM, api_url=sink.url, timeout=2)
    made = Line(engine, sink, twilio)
    await made.open()
    yield made
    await twilio.close()
    await sink.close()
