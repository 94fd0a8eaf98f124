"""What is simulated: a strategy or a pack as it would be in force, beside what is."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from casework.errors import CaseworkInputError
from casework.in_use import Texts
from casework.office import Office
from casework.portfolios import PortfolioSpec, spec_of
from casework.publish import check_texts
from casework.releases import ruling_of
from policy.needs import Part, needs
from policy.pack import read_pack
from storage.portfolios import all_portfolios
from storage.raw import Raw
from storage.texts import all_versions
from strategies.language import read_strategy
from strategies.rulebook import Release, Rulebook, Written, read_rulebook

_PACK: Final = re.compile(r"^pack:", re.MULTILINE)


class Candidate(msgspec.Struct, frozen=True, eq=False):
    """What is played, and what is in force.

    `touched`: the strategy whose loans are looked at anew as it is put in force; `touched_portfolios`: those
    that would name it for the first time.
    """

    name: str
    kind: str  # strategy | pack
    rulebook: Rulebook
    live: Rulebook
    portfolios: Mapping[int, PortfolioSpec]
    texts: Texts
    touched: str | None
    touched_portfolios: tuple[int, ...]
    changes: bool  # it is not in force as it is

    @property
    def names(self) -> frozenset[str]:
        """The facts that either rulebook reads; and the currency, which the figures need."""
        return self.rulebook.names | self.live.names | {"currency"}

    @property
    def needs(self) -> dict[int, frozenset[Part]]:
        """What the rules of either read of a situation, by portfolio."""
        return {
            key: needs(rule for book in (self.rulebook, self.live) for _, rule in book.rules[key].each)
            for key in self.portfolios
        }


async def read_candidate(
    office: Office, raw: Raw, text: str, file_name: str, now: datetime, share: int = 100
) -> Candidate:
    """The strategy or pack written in `text` as it would be in force from `now` on, for `share` percent.

    A strategy or pack that no portfolio names is played as if each did. Raises StrategyInputError,
    PolicyInputError, CaseworkInputError.
    """
    specs = {row.id: spec_of(row) for row in await all_portfolios(raw)}
    if not specs:
        raise CaseworkInputError("there is no portfolio yet: import a book first, then simulate")
    written = await office.written(raw, specs)
    approved = [one.version for one in await all_versions(raw) if one.version.approval == "approved"]
    made = _pack if _PACK.search(text) else _strategy
    name, candidate, touched, new = made(written, specs, text, file_name, now, share)
    return Candidate(
        name,
        "pack" if made is _pack else "strategy",
        read_rulebook(candidate),
        read_rulebook(written),
        specs,
        Texts(approved),
        touched,
        new,
        candidate != written,
    )


_Made = tuple[str, Written, str | None, tuple[int, ...]]


def with_strategy(
    written: Written,
    specs: Mapping[int, PortfolioSpec],
    text: str,
    file_name: str,
    now: datetime,
    instead_of: str | None = None,
) -> Written:
    """The book with the strategy of `text` in force; `instead_of`: where portfolios name that one."""
    name = read_strategy(text, file_name).name
    if instead_of not in (None, name):
        specs = {
            key: spec.model_copy(
                update={
                    "strategy": name if spec.strategy == instead_of else spec.strategy,
                    "strategies": tuple(name if one == instead_of else one for one in spec.strategies),
                }
            )
            for key, spec in specs.items()
        }
    return _strategy(written, specs, text, file_name, now, 100)[1]


def _strategy(
    written: Written,
    specs: Mapping[int, PortfolioSpec],
    text: str,
    file_name: str,
    now: datetime,
    share: int,
) -> _Made:
    strategy = read_strategy(text, file_name)
    check_texts(strategy, file_name)
    name = strategy.name
    known = {
        key: read_strategy(source, f"strategy version {key}") for key, source in written.strategies.items()
    }
    version = next(
        (key for key, one in known.items() if (one.name, one.digest) == (name, strategy.digest)),
        max(known, default=0) + 1,
    )
    before = written.current.get(name)
    named = {key for key, spec in specs.items() if name in (spec.strategy, *spec.strategies)}
    in_force = before is not None and (before.version, before.share) == (version, share)
    if in_force and named:
        return name, written, None, ()
    sources = {**written.strategies, version: text}
    whole = before.version if before is not None and share < 100 else None
    release = before if before is not None and in_force else Release(version, now, False, share, whole, name)
    current = {**written.current, name: release}
    new = () if named else tuple(sorted(specs))
    ruling = dict(written.ruling)
    for key, spec in specs.items():
        if key in new:
            spec = spec.model_copy(update={"strategies": (*spec.strategies, name)})
        if spec.strategies:
            ruling[key] = ruling_of(spec, current, sources)
    return name, replace(written, strategies=sources, current=current, ruling=ruling), name, new


def _pack(
    written: Written,
    specs: Mapping[int, PortfolioSpec],
    text: str,
    file_name: str,
    now: datetime,
    share: int,
) -> _Made:
    if share != 100:
        raise CaseworkInputError(f"{file_name}: a pack binds everybody: leave --share out")
    name = read_pack(text, file_name).name
    named = any(name in packs for packs in written.portfolios.values())
    portfolios = {
        key: packs if named or name in packs else (*packs, name) for key, packs in written.portfolios.items()
    }
    return name, replace(written, packs={**written.packs, name: text}, portfolios=portfolios), None, ()
