"""The rulebook: every strategy and pack that a decision may read, under one digest.

A decision stores the digest; the book is stored once, so that any decision can be replayed.
"""

from collections.abc import Mapping
from hashlib import sha256

import msgspec

from policy.earliest import Rules, in_force
from policy.pack import Pack, read_pack
from strategies.language import Strategy, read_strategy

# Raised when the same facts and rulebook may decide otherwise than before.
ENGINE = 3


class Written(msgspec.Struct, frozen=True):
    """A rulebook as stored: the sources it was made of."""

    strategies: Mapping[int, str]  # version id -> YAML
    packs: Mapping[str, str]  # name -> YAML
    portfolios: Mapping[int, tuple[str, ...]]  # portfolio id -> packs


class Rulebook(msgspec.Struct, frozen=True, eq=False):
    """What decides: strategies by version id, the rules in force by portfolio id."""

    strategies: Mapping[int, Strategy]
    packs: Mapping[str, Pack]
    rules: Mapping[int, Rules]
    digest: str


def read_rulebook(written: Written) -> Rulebook:
    """The rulebook made of its sources. Raises StrategyInputError or PolicyInputError, naming the part."""
    packs = {name: read_pack(text, name) for name, text in written.packs.items()}
    strategies = {
        key: read_strategy(text, f"strategy version {key}") for key, text in written.strategies.items()
    }
    rules_by_pack = {name: pack.rules for name, pack in packs.items()}
    rules = {portfolio: in_force(rules_by_pack, names) for portfolio, names in written.portfolios.items()}
    return Rulebook(strategies, packs, rules, digest(written))


def encode(written: Written) -> bytes:
    """The bytes that are stored; the same book gives the same bytes."""
    return msgspec.json.encode(msgspec.to_builtins(written, str_keys=True), order="deterministic")


def decode(content: bytes) -> Written:
    return msgspec.json.decode(content, type=Written)


def digest(written: Written) -> str:
    return sha256(encode(written)).hexdigest()
