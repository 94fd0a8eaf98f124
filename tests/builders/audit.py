"""An audit record to write to, seal and attack, and the heads that were anchored outside."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage import audit
from storage.audit import Event
from storage.chain import Head
from storage.seal import BATCH, open_record, seal
from storage.verify import Verdict, verify

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


class Record:
    """The record of one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.heads: list[Head] = []

    async def anchor(self, head: Head) -> None:
        self.heads.append(head)

    async def add(self, many: int, action: str = "import_book") -> None:
        async with self.engine.begin() as connection:
            await audit.write(connection, made(many, action))

    async def seal(self, batch: int = BATCH) -> None:
        """Until nothing is left: transactions of other tests in this cluster may hold it up for a moment."""
        async with asyncio.timeout(60):
            while True:
                await seal(self.engine, NOW, self.anchor, batch)
                if not (await self.verdict()).unsealed:
                    return
                await asyncio.sleep(0.005)

    async def verdict(self, heads: Sequence[Head] | None = None) -> Verdict:
        async with self.engine.begin() as connection:
            return await verify(connection, self.heads if heads is None else heads)

    async def attack(self, *statements: str) -> None:
        """As somebody who owns the database."""
        async with self.engine.begin() as connection:
            for table in ("events", "seals"):
                await connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
            for statement in statements:
                await connection.execute(text(statement.replace(":", r"\:")))


def made(many: int, action: str = "import_book") -> list[Event]:
    return [
        Event(NOW, "oda", "operations", action, "loan", n, {"rows": n, "mapping": "kept"})
        for n in range(many)
    ]


async def sealed_record(engine: AsyncEngine) -> Record:
    """An opening seal, then three of five events each: ids 1 to 15."""
    record = Record(engine)
    await open_record(engine, NOW, record.anchor)
    for _ in range(3):
        await record.add(5)
        await record.seal()
    return record
