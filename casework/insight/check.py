"""`kept check`: ARCHITECTURE.md's eight invariants over the live data.

Set-based SQL where SQL can tell; else the stored facts are streamed in batches and decided again. Everything
is read in one snapshot, so that work going on meanwhile breaks nothing. Examples carry ids, never a person.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from casework.insight.claims import faults, was_fallback
from casework.insight.replay import Rulebooks, differences, remade
from casework.insight.snapshot import snapshot
from casework.insight.touched import lost_touches
from casework.office import Book, Office
from casework.staff.rights import Action, Actor, require
from ledger.standing import Unpaid
from storage.chain import Head
from storage.insight import invariants as sql
from storage.insight.decisions import claimed_after, count_decisions, decisions_after
from storage.raw import Raw
from storage.verify import verify
from strategies.rulebook import ENGINE
from strategies.timeline import timeline
from strategies.values import Loan

BATCH = 2_000
UNDER_WAY = 10_000  # cases under way that are decided again, unless all are asked for
TOUCHES = 1_000  # of them at a time
LIVE = timedelta(days=1)  # a book that was looked at so recently is worked by the clock
SAMPLE = 2_000  # decisions that are replayed unless all are asked for

Progress = Callable[[str, int], None]


class Invariant(msgspec.Struct):
    """One of the things that must always hold, and whether it does."""

    name: str
    violations: int = 0
    examples: list[str] = msgspec.field(default_factory=list[str])

    @property
    def holds(self) -> bool:
        return not self.violations

    def say(self, example: str) -> None:
        self.add(1, (example,))

    def add(self, violations: int, examples: Sequence[str]) -> None:
        self.violations += violations
        self.examples.extend(examples[: sql.EXAMPLES - len(self.examples)])

    def document(self) -> dict[str, Any]:
        """As SURFACE.md gives it."""
        return {
            "name": self.name,
            "holds": self.holds,
            "violations": self.violations,
            "examples": self.examples,
        }


async def check(
    office: Office,
    actor: Actor,
    wall: datetime,
    anchored: Iterable[Head],
    *,
    everything: bool = False,
    progress: Progress | None = None,
) -> list[Invariant]:
    """Every invariant, in ARCHITECTURE.md's order. Raises Denied.

    `wall` is what the clock really shows (leases). `anchored`: the heads of the audit chain kept outside.
    `everything`: replay every decision, not a sample. `progress(name, n)`: n more were checked of that one.
    """
    require(actor, Action.CHECK)
    async with office.transaction() as raw:
        book = await office.book(raw)
    async with snapshot(office) as raw:
        return await _Check(raw, book, wall, anchored, everything, progress).run()


class _Check:
    def __init__(
        self,
        raw: Raw,
        book: Book,
        wall: datetime,
        anchored: Iterable[Head],
        everything: bool,
        progress: Progress | None,
    ) -> None:
        self.raw, self.book, self.wall, self.anchored = raw, book, wall, anchored
        self.everything = everything
        self.progress = progress or _in_silence
        self.rulebooks = Rulebooks(raw)

    async def run(self) -> list[Invariant]:
        await self.raw.run("SET LOCAL work_mem = '64MB'")
        allowed, address = Invariant("allowed_at_claim"), Invariant("right_address")
        steps: tuple[tuple[Invariant, Callable[[Invariant], Awaitable[None]]], ...] = (
            (Invariant("expected_once"), self._expected_once),
            (Invariant("handed_over_once"), self._handed_over_once),
            (Invariant("nothing_lost"), self._nothing_lost),
            (allowed, lambda found: self._claims(found, address)),
            (address, _with_the_claims),
            (Invariant("replay_identical"), self._replay),
            (Invariant("money_adds_up"), self._money),
            (Invariant("audit_verifies"), self._audit),
        )
        for invariant, run in steps:
            self.progress(invariant.name, 0)
            await run(invariant)
        return [invariant for invariant, _ in steps]

    async def _ask(self, found: Invariant, query: str, *parameters: object) -> None:
        broken = await sql.broken(self.raw, query, *parameters)
        found.add(broken.violations, broken.examples)

    async def _expected_once(self, found: Invariant) -> None:
        for query in sql.EXPECTED_ONCE:
            await self._ask(found, query)

    async def _handed_over_once(self, found: Invariant) -> None:
        await self._ask(found, sql.HANDED_OVER_ONCE)
        await self._ask(found, sql.SENDING_PAST_LEASE, self.wall)
        async for row in sql.left_again(self.raw, BATCH):
            if not was_fallback(row):
                first = f"{row['first']} ({row['first_channel']}, {row['first_state']})"
                second = f"{row['second']} ({row['second_channel']}, {row['second_state']})"
                found.say(f"contacts {first} and {second} of message {row['message_id']} both went out")

    async def _nothing_lost(self, found: Invariant) -> None:
        """What `timeline` expects of each case that no news has touched is stored; no other."""
        versions = self.book.rulebook.strategies.values()
        pairs = [(strategy.name, step.id) for strategy in versions for step in strategy.steps]
        await self._ask(found, sql.UNEXPECTED, [name for name, _ in pairs], [step for _, step in pairs])
        tolerances = [
            (portfolio, currency, self.book.tolerance(portfolio, currency))
            for portfolio, currency in await sql.currencies(self.raw)
        ]
        await self._ask(found, sql.NEVER_LOOKED_AT)
        played = await sql.book_time(self.raw)
        if played is not None:
            if abs(self.wall - played) < LIVE:
                played = max(self.wall, played)
            await self._touches(found, played)
        checked = 0
        async for row in sql.untouched_loans(self.raw, played, tolerances, BATCH):
            self._lost(found, row)
            checked += 1
            if checked % BATCH == 0:
                self.progress(found.name, BATCH)

    async def _touches(self, found: Invariant, played: datetime) -> None:
        """What is under way would go on as it stands: no news of it touched nothing.

        Of many a part, another each day, unless everything is asked for.
        """
        every = 1 if self.everything else max(1, await sql.how_many_wait(self.raw) // UNDER_WAY)
        part, digest = (every, self.wall.toordinal()), self.book.rulebook.digest
        async for rows in sql.under_way(self.raw, played, digest, ENGINE, part, TOUCHES):
            cases = [sql.Untouched(*row) for row in rows]
            for example in await lost_touches(self.raw, self.book, cases, played):
                found.say(example)
            self.progress(found.name, len(rows))

    def _lost(self, found: Invariant, row: Any) -> None:
        """What is expected of a loan and has no row; and what will come before anybody looks at its case."""
        strategy = self.book.rulebook.strategies[row["strategy_version_id"]]
        unpaid = (Unpaid(row["installment_id"], row["due_on"], row["left_minor"]),)
        since = row["governed_since"]
        loan = Loan(row["loan_id"], "active", row["zone"], row["strategy_version_id"], since, since, unpaid)
        stored = set(row["steps"])
        looked, next_look = row["looked_through"], row["next_look_at"]
        for expected in timeline(loan, strategy, row["zone"]):
            step = f"case {row['case_id']}: step {expected.key.step} of installment {row['installment_id']}"
            if expected.at > looked:
                if next_look is None or next_look > expected.at:
                    found.say(f"{step} comes at {expected.at:%Y-%m-%d %H:%M}Z, before the case's next look")
                return
            if expected.key.step not in stored:
                found.say(f"{step} ({expected.at:%Y-%m-%d %H:%M}Z) is expected and not stored")

    async def _claims(self, allowed: Invariant, address: Invariant) -> None:
        """Each contact that went out, by the facts of its claim: unpaid, not stopped, not held, allowed."""
        await self._ask(allowed, sql.UNCLAIMED)
        for query in sql.DESPITE_A_NO:
            await self._ask(allowed, query)
        after = 0
        while contacts := await claimed_after(self.raw, after, BATCH):
            after = contacts[-1]["id"]
            by_id = {row["id"]: row for row in contacts}
            made, failed = await remade([(row["id"], *list(row)[6:]) for row in contacts], self.rulebooks)
            for contact, why in failed:
                allowed.say(f"contact {contact}: {why}")
            for claim in made:
                row = by_id[claim.id]
                found = faults(claim, row["message_id"], row["channel"], row["address_id"], row["template"])
                for why in found.not_allowed:
                    allowed.say(f"contact {claim.id}: {why}")
                for why in found.wrong_address:
                    address.say(f"contact {claim.id}: {why}")
            self.progress(allowed.name, len(contacts))

    async def _replay(self, found: Invariant) -> None:
        """Stored decisions come out the same; a sample, spread evenly, unless all are asked for."""
        every = 1 if self.everything else max(1, await count_decisions(self.raw) // SAMPLE)
        after = 0
        while rows := await decisions_after(self.raw, after, every, BATCH):
            after = rows[-1]["id"]
            made, failed = await remade(rows, self.rulebooks)
            for decision, why in failed:
                found.say(f"decision {decision}: {why}")
            for decision, said in (await differences(self.raw, made)).items():
                found.add(1, (f"decision {decision}: {said[0]}",))
            self.progress(found.name, len(rows))

    async def _money(self, found: Invariant) -> None:
        for query in sql.ALLOCATIONS:
            await self._ask(found, query)

    async def _audit(self, found: Invariant) -> None:
        verdict = await verify(self.raw.connection, self.anchored)
        found.add(verdict.violations, verdict.examples)


def _in_silence(_name: str, _n: int) -> None:
    """Nobody watches."""


async def _with_the_claims(_: Invariant) -> None:
    """Found together with what was allowed: each claim is replayed once."""
