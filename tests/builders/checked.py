"""A small book that was worked, for `kept check`, and what is done to it by hand."""

import asyncio
from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.insight.check import Invariant, check
from casework.insight.replay import facts_of
from casework.seal import open_record, seal
from storage.chain import Head
from strategies.values import Facts
from tests.builders.book import AUDITOR, SYSTEM, Borrower
from tests.builders.command import SECONDS
from tests.builders.town import MONDAY, Town

NAMES = [
    "expected_once",
    "handed_over_once",
    "nothing_lost",
    "allowed_at_claim",
    "right_address",
    "replay_identical",
    "money_adds_up",
    "audit_verifies",
]


UNSEALED = """
SELECT 1 FROM events
WHERE (xid, id) > (SELECT through_xid, through_id FROM seals ORDER BY number DESC LIMIT 1)
"""


class Checked:
    """A town where reminders went out, one by each channel, and one was suppressed."""

    def __init__(self, town: Town, ann: Borrower, ben: Borrower, paid: Borrower) -> None:
        self.town, self.ann, self.ben, self.paid = town, ann, ben, paid
        self.heads: list[Head] = []

    async def anchor(self, head: Head) -> None:
        self.heads.append(head)

    async def check(self, wall: datetime | None = None, everything: bool = True) -> dict[str, Invariant]:
        found = await check(
            self.town.office, AUDITOR, wall or self.town.now, self.heads, everything=everything
        )
        assert [invariant.name for invariant in found] == NAMES
        return {invariant.name: invariant for invariant in found}

    async def broken(self, wall: datetime | None = None) -> dict[str, list[str]]:
        found = await self.check(wall)
        return {name: invariant.examples for name, invariant in found.items() if not invariant.holds}

    async def plant(self, *statements: str) -> None:
        """As somebody who owns the database."""
        async with self.town.office.engine.begin() as connection:
            for statement in statements:
                await connection.execute(text(statement))

    async def fall_back(self, channel: str, state: str, confirmed_in: timedelta | None) -> None:
        """Another contact of the first one's message, claimed five hours later, when that stood so."""
        rows = await self.town.book.sql(
            "SELECT d.facts, c.id, c.sent_at FROM contacts c JOIN decisions d ON d.id = c.claim_id "
            "WHERE c.case_id = $1",
            self.ann.case,
        )
        facts, first, sent_at = facts_of(rows[0][0]), rows[0][1], rows[0][2]
        confirm_by = None if confirmed_in is None else sent_at + confirmed_in
        begun = tuple(
            msgspec.structs.replace(
                one,
                tried=tuple(
                    msgspec.structs.replace(tried, state=state, confirm_by=confirm_by) for tried in one.tried
                ),
            )
            for one in facts.begun
        )
        await self.town.book.sql(
            "WITH claim AS (INSERT INTO decisions (case_id, at, made_by, rulebook, engine, facts) "
            "SELECT case_id, at + interval '5 hours', made_by, rulebook, engine, $2 FROM decisions d "
            "JOIN (SELECT claim_id FROM contacts WHERE id = $1) c ON c.claim_id = d.id RETURNING id) "
            "INSERT INTO contacts (message_id, case_id, person_id, address_id, channel, attempt, state, "
            "planned_at, not_before, sent_at, body, claim_id) SELECT message_id, case_id, person_id, "
            "address_id, $3, 2, 'accepted', planned_at, not_before, sent_at + interval '5 hours', body, "
            "claim.id FROM contacts, claim WHERE contacts.id = $1",
            first,
            msgspec.msgpack.encode(msgspec.structs.replace(facts, begun=begun)),
            channel,
        )

    async def change_claim(self, contact_of: Borrower, change: str, value: object) -> None:
        """Rewrite the facts of the decision by which a contact of the borrower was claimed."""
        rows = await self.town.book.sql(
            "SELECT d.id, d.facts FROM contacts c JOIN decisions d ON d.id = c.claim_id WHERE c.case_id = $1",
            contact_of.case,
        )
        facts = facts_of(rows[0][1])
        if change == "holds":
            situation = msgspec.structs.replace(facts.situation, holds=value)
            facts = msgspec.structs.replace(facts, situation=situation)
        elif change == "consents":
            situation = msgspec.structs.replace(facts.situation, consents=value)
            facts = msgspec.structs.replace(facts, situation=situation)
        elif change == "unpaid":
            loans = tuple(msgspec.structs.replace(loan, unpaid=value) for loan in facts.loans)
            facts = msgspec.structs.replace(facts, loans=loans)
        else:
            facts = msgspec.structs.replace(facts, addresses=_changed(facts, change, value))
        await self.town.book.sql(
            "UPDATE decisions SET facts = $2 WHERE id = $1", rows[0][0], msgspec.msgpack.encode(facts)
        )


def _changed(facts: Facts, field: str, value: object) -> tuple[object, ...]:
    return tuple(msgspec.structs.replace(address, **{field: value}) for address in facts.addresses)


async def made_checked(engine: AsyncEngine) -> Checked:
    """Two that were reminded, and one who paid before it went out; the record of it is sealed."""
    town = Town(engine)
    await town.open()
    ann = await town.borrower(date(2026, 11, 20))
    ben = await town.borrower(date(2026, 11, 20), phone=False)
    paid = await town.borrower(date(2026, 11, 20), 300_00)
    made = Checked(town, ann, ben, paid)
    await open_record(town.office, MONDAY, made.anchor)
    await town.look()
    await town.book.pay(paid, 310_00, date(2026, 11, 22), at=MONDAY)
    town.now += timedelta(minutes=5)
    await town.send()
    await town.look()
    async with asyncio.timeout(SECONDS):
        while await town.book.sql(UNSEALED):  # transactions of other tests hold the sealer back
            await seal(town.office, SYSTEM, MONDAY, made.anchor)
    assert await town.states() == [
        ("sms", "accepted", None),
        ("email", "accepted", None),
        ("sms", "cancelled", "paid"),
    ]
    return made
