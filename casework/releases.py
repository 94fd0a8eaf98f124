"""Which version of a strategy is in force: read from the record of releases, which is only ever added to."""

from collections.abc import Mapping, Sequence

from casework.portfolios import PortfolioSpec
from storage.rulebooks import Released
from strategies.language import read_strategy
from strategies.rulebook import Release


def in_force(record: Sequence[Released]) -> dict[str, Release]:
    """The release of each strategy that is in force. While a version is rolled out to a share, the rest stay
    under the one that was whole before it.
    """
    found: dict[str, Release] = {}
    whole: dict[str, int] = {}
    for one in record:
        back = one.action == "rollback"
        before = whole.get(one.name) if one.share < 100 else None
        found[one.name] = Release(one.version, one.at, back, one.share if before else 100, before, one.name)
        if one.share == 100:
            whole[one.name] = one.version
    return found


def ruling_of(
    spec: PortfolioSpec, current: Mapping[str, Release], sources: Mapping[int, str]
) -> tuple[Release, ...]:
    """The published strategies that may govern a portfolio's loans: by priority, then as its file has them;
    last the one that takes what is left.
    """
    names = [name for name in spec.strategies if name in current and name != spec.strategy]
    priorities = {name: read_strategy(sources[current[name].version], name).priority for name in names}
    names.sort(key=lambda name: -priorities[name])
    last = [spec.strategy] if spec.strategy in current else []
    return tuple(current[name] for name in (*names, *last))
