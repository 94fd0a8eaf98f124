"""The rulebook: every strategy and pack that a decision may read, under one digest.

A decision stores the digest; the book is stored once, so that any decision can be replayed.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Final

import msgspec

from ledger.terms import Buckets, DpdStarts
from policy.earliest import Rules, in_force
from policy.pack import Pack, read_pack
from strategies.arms import part
from strategies.language import Strategy, read_strategy

# Raised when the same facts and rulebook may decide otherwise than before.
ENGINE = 5
# Engines whose decisions this one makes again to the same result: what is new reads only what is new.
REPLAYED = frozenset({3, 4, 5})


class Release(msgspec.Struct, frozen=True, array_like=True):
    """The version of a strategy that is in force, and since when.

    `at_once`: it was rolled back to, so nothing waits for its old version. While it is rolled out, `share`
    percent of the people are under it and the rest under `before`: by a salted hash, always the same ones.
    """

    version: int
    at: datetime
    at_once: bool = False
    share: int = 100
    before: int | None = None
    salt: str = ""

    def version_for(self, person: int) -> int:
        if self.before is None or self.share >= 100:
            return self.version
        return self.version if part(self.salt, person) < self.share * 100 else self.before


class Trial(msgspec.Struct, frozen=True, array_like=True):
    """An experiment that was started. Who was drawn into it stays in their arm until it is over."""

    started: datetime
    ends: datetime  # nobody is drawn into it from here on
    over: bool = False  # answered, or stopped: everybody hears the champion


class Counting(msgspec.Struct, frozen=True, array_like=True):
    """How a portfolio counts days, as far as its segments and conditions read them."""

    dpd_starts: DpdStarts = "day_after_due"
    grace_days: int = 0
    buckets: Buckets = ((1, 30), (31, 60), (61, 90), (91, None))


class Stance(msgspec.Struct, frozen=True, omit_defaults=True):
    """As whom a portfolio speaks, and what it holds its reminders before due to."""

    actor: str = "first_party"
    reminders: str = "collection"  # to what binds collection as well; or `reminder`: to nothing else


class Written(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rulebook as stored: the sources it was made of. What was added later has a default, left out."""

    strategies: Mapping[int, str]  # version id -> YAML
    packs: Mapping[str, str]  # name -> YAML
    portfolios: Mapping[int, tuple[str, ...]]  # portfolio id -> packs
    # portfolio id -> the strategies that may govern its loans, by priority; the last takes what is left
    ruling: Mapping[int, tuple[Release, ...]] = {}
    current: Mapping[str, Release] = {}  # strategy -> the version in force
    counting: Mapping[int, Counting] = {}
    stances: Mapping[int, Stance] = {}  # portfolio id -> where it is not the usual one
    # experiments that were started, by name; None: a book of before they were, in which arms need no start
    experiments: Mapping[str, Trial] | None = None
    rolling: Mapping[int, str] = {}  # version id -> the experiment that its roll-out is


_USUAL: Final = Stance()


class Rulebook(msgspec.Struct, frozen=True, eq=False):
    """What decides: strategies by version id, the rules in force by portfolio id."""

    strategies: Mapping[int, Strategy]
    packs: Mapping[str, Pack]
    rules: Mapping[int, Rules]
    digest: str
    ruling: Mapping[int, tuple[Release, ...]] = {}
    current: Mapping[str, Release] = {}
    counting: Mapping[int, Counting] = {}
    names: frozenset[str] = frozenset()  # the facts that any condition or segment reads
    anchors: frozenset[str] = frozenset()  # what any step counts from
    stances: Mapping[int, Stance] = {}
    experiments: Mapping[str, Trial] | None = None
    rolling: Mapping[int, str] = {}

    def actor(self, portfolio: int) -> str:
        """As whom a portfolio (id) speaks: first_party | third_party."""
        return self.stances.get(portfolio, _USUAL).actor


def read_rulebook(written: Written) -> Rulebook:
    """The rulebook made of its sources. Raises StrategyInputError or PolicyInputError, naming the part."""
    packs = {name: read_pack(text, name) for name, text in written.packs.items()}
    strategies = {
        key: read_strategy(text, f"strategy version {key}") for key, text in written.strategies.items()
    }
    rules_by_pack = {name: pack.rules for name, pack in packs.items()}
    rules = {
        portfolio: in_force(
            rules_by_pack,
            names,
            reminders_too=written.stances.get(portfolio, _USUAL).reminders == "collection",
        )
        for portfolio, names in written.portfolios.items()
    }
    return Rulebook(
        strategies,
        packs,
        rules,
        digest(written),
        written.ruling,
        written.current,
        written.counting,
        frozenset[str]({"arm"} if written.rolling else ()).union(*(one.names for one in strategies.values())),
        frozenset[str]().union(*(one.anchors for one in strategies.values())),
        written.stances,
        written.experiments,
        written.rolling,
    )


def encode(written: Written) -> bytes:
    """The bytes that are stored; the same book gives the same bytes."""
    return msgspec.json.encode(msgspec.to_builtins(written, str_keys=True), order="deterministic")


def decode(content: bytes) -> Written:
    return msgspec.json.decode(content, type=Written)


def digest(written: Written) -> str:
    return sha256(encode(written)).hexdigest()
