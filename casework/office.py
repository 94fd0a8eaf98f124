"""What every use case is handed: the database, the keys, and the rulebook in force.

Wired in kept/bootstrap.py alone. The rulebook is read again when a strategy was published or a portfolio
changed; within a transaction it stays the same.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.in_use import Texts
from casework.portfolios import PortfolioSpec, spec_of, tolerances
from casework.releases import in_force, ruling_of
from casework.together import Together
from policy.needs import Part, needs
from policy.pack import shipped_texts
from storage.crypt import Keyring
from storage.experiments import experiments
from storage.pauses import PAUSED
from storage.portfolios import ALL_PORTFOLIOS, PortfolioRow, portfolios_of
from storage.raw import Raw, begun
from storage.rulebooks import keep_rulebook, published, releases
from storage.texts import all_versions
from strategies.rulebook import Counting, Rulebook, Stance, Trial, Written, digest, encode, read_rulebook

_GLANCES = 4  # of the connections of a process

Key = TypeVar("Key")
Found = TypeVar("Found")

# What changes when a strategy is published, released or tried, or a text approved.
_KNOWN: Final = """
SELECT (SELECT coalesce(max(id), 0) FROM strategy_versions), (SELECT coalesce(max(id), 0) FROM releases),
    (SELECT count(*) + count(ended_at) FROM experiments),
    (SELECT coalesce(sum(id), 0)::bigint FROM text_versions WHERE approval = 'approved')
"""


class Clock(Protocol):
    """The moment that decisions are made for, and the one it really is (leases)."""

    def now(self) -> datetime: ...
    def wall(self) -> datetime: ...


class Book(msgspec.Struct, frozen=True, eq=False):
    """What is in force at a moment: the rulebook, the portfolios, tolerances, what rules need, texts."""

    rulebook: Rulebook
    portfolios: Mapping[int, PortfolioSpec]
    tolerance: Callable[[int, str], int]
    needs: Mapping[int, frozenset[Part]]  # what the rules of a portfolio (id) read of a situation
    texts: Texts


class Doors(msgspec.Struct, frozen=True):
    """How people reach us. `public_url`: None where nobody outside can.

    `senders`: by channel, the sender of what a portfolio sends without one of its own. `console`: where the
    staff open it, without a slash at its end.
    """

    public_url: str | None = None
    senders: Mapping[str, str] = {}
    console: str = ""


class Office:
    """The database and the keys, with what is remembered of the rulebook."""

    def __init__(self, engine: AsyncEngine, keyring: Keyring, doors: Doors | None = None) -> None:
        self.engine = engine
        # Begins nothing by itself: our transactions are the driver's own, a round trip and a half each.
        self._connections = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._glances = asyncio.Semaphore(_GLANCES)
        self._together: dict[Any, Together[Any, Any]] = {}
        self.keyring = keyring
        self.doors = doors or Doors()
        # Names this book among all that use the same providers; it follows from the keys.
        self._installation = keyring.digest("installation", b"").hex()[:12]
        self._known: tuple[tuple[Any, ...], tuple[PortfolioRow, ...]] | None = None
        self._book: Book | None = None

    def key_of(self, contact: int) -> str:
        """What names a contact to providers, stable: a mail's Message-ID."""
        return f"kept-{self._installation}-{contact}"

    def contact_of(self, key: str | None) -> int | None:
        """The contact that `key_of` named so; None for what is no key of this book."""
        before, _, number = (key or "").rpartition("-")
        ours = before == f"kept-{self._installation}" and number.isascii() and number.isdecimal()
        return int(number) if ours and len(number) < 19 else None

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Raw]:
        """One unit of work: committed at the end, rolled back on an error."""
        async with self._connections.connect() as connection, begun(connection) as raw:
            yield raw

    @asynccontextmanager
    async def glance(self) -> AsyncGenerator[Raw]:
        """To read a little: each statement sees what is committed by then, and nothing is begun.

        A few at a time, however many ask: more would only open connections for a moment, at ten times the
        cost of the question.
        """
        async with self._glances, self._connections.connect() as connection:
            yield await Raw.alone(connection)

    async def together(
        self, question: "Callable[[Office, Raw, Sequence[Key]], Awaitable[Sequence[Found]]]", key: Key
    ) -> Found:
        """What `question` finds for `key`: all who ask it at this moment share one glance.

        `question` is a function of a module. It finds an answer for each key, in their order.
        """
        asked = self._together.get(question)
        if asked is None:

            async def ask(keys: Sequence[Key]) -> Sequence[Found]:
                async with self.glance() as raw:
                    return await question(self, raw, keys)

            asked = self._together[question] = Together(ask)
        return await asked.of(key)

    async def book(self, raw: Raw) -> Book:
        """The book in force, as this transaction sees it; its rulebook is stored for replay."""
        portfolios, known = await raw.many((ALL_PORTFOLIOS,), (_KNOWN,))
        return await self._in_force(raw, portfolios, known)

    async def at_claim(self, raw: Raw) -> tuple[Book, list[int | None]]:
        """The book in force, and what is paused (None among them: everything)."""
        portfolios, known, paused = await raw.many((ALL_PORTFOLIOS,), (_KNOWN,), (PAUSED,))
        return await self._in_force(raw, portfolios, known), [row[0] for row in paused]

    async def _in_force(self, raw: Raw, found: Sequence[Any], known: Sequence[Any]) -> Book:
        portfolios = tuple(portfolios_of(found))
        state = (tuple(known[0]), portfolios)
        if self._book is None or self._known != state:
            specs = {row.id: spec_of(row) for row in portfolios}
            written = await self.written(raw, specs)
            await keep_rulebook(raw, digest(written), encode(written))
            rulebook = read_rulebook(written)
            needed = {key: needs(rule for _, rule in rules.each) for key, rules in rulebook.rules.items()}
            approved = [one.version for one in await all_versions(raw) if one.version.approval == "approved"]
            self._book = Book(rulebook, specs, tolerances(specs), needed, Texts(approved))
            self._known = state
        return self._book

    async def written(self, raw: Raw, specs: Mapping[int, PortfolioSpec]) -> Written:
        """The sources of the rulebook in force."""
        named = {pack for spec in specs.values() for pack in spec.packs}
        texts = {name: text for name, text in shipped_texts().items() if name in named}
        sources = await published(raw)
        current = in_force(await releases(raw))
        tried = await experiments(raw)
        counting = {
            key: Counting(spec.terms.dpd_starts, spec.terms.grace_days, spec.terms.buckets)
            for key, spec in specs.items()
        }
        stances = {key: Stance(spec.actor, spec.reminders) for key, spec in specs.items()}
        return Written(
            sources,
            texts,
            {key: spec.packs for key, spec in specs.items()},
            ruling={key: ruling_of(spec, current, sources) for key, spec in specs.items() if spec.strategies},
            current=current,
            counting={key: one for key, one in counting.items() if one != Counting()},
            stances={key: stance for key, stance in stances.items() if stance != Stance()},
            experiments={
                one.name: Trial(one.started_at, one.ends_at, one.state != "running") for one in tried
            },
            rolling={one.version: one.name for one in tried if one.version is not None},
        )
