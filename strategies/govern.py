"""Which strategy governs a loan, and how what is in flight moves to another.

Of the strategies of the portfolio the first whose segment takes the loan in (they come by priority), else the
last one, which takes in whatever is left. A new version of the same strategy takes over as it says itself
(`migrate`); a rollback, as a person's decision against what runs, at once.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from policy.calendar import day_start
from strategies.language import Strategy
from strategies.portrait import Portrait
from strategies.rulebook import Release, Rulebook
from strategies.segment import next_edge
from strategies.values import Facts, Loan

_DAY = timedelta(days=1)


class Governed(msgspec.Struct, frozen=True):
    """What governs a loan now. `coming`: the version it moves to when what is in flight has ended."""

    strategy: int
    since: datetime
    changed: bool
    edges: tuple[datetime, ...] = ()  # when that may next change by itself
    coming: int | None = None


def govern(facts: Facts, loan: Loan, rulebook: Rulebook, now: datetime) -> Governed:
    """The strategy version that governs `loan` at `now`, and from when on it expects anything."""
    ruling = rulebook.ruling.get(facts.portfolio, ())
    old = rulebook.strategies[loan.strategy]
    own = rulebook.current.get(old.name)
    settled = own is None or own.version_for(facts.person) == loan.strategy
    if (not ruling and settled) or not loan.leads or loan.status != "active" or not loan.unpaid:
        return Governed(loan.strategy, loan.since, changed=False)
    portrait = Portrait(facts, loan, rulebook, now)
    days = portrait.stands.delinquent_days
    edges = tuple(_edges(portrait, ruling, rulebook))
    release = release_of(ruling, rulebook, portrait) if ruling else own
    assert release is not None  # of a portfolio without segments the strategy has one, or it was settled
    version = release.version_for(facts.person)
    # Where time is played, what was published later than now counts as having been there always.
    published = max(loan.since, release.at) if release.at <= now else loan.since
    if version == loan.strategy:
        first = loan.chosen is None and len(ruling) > 1  # from here on it is known what chose it, and when
        return Governed(version, loan.since, changed=first, edges=edges)
    new = rulebook.strategies[version]
    if old.name != new.name:
        since = published if loan.chosen is None else max(loan.since, _entered(portrait, new, days, now))
        return Governed(version, since, changed=True, edges=edges)
    if not release.at_once and not _may_move(facts, loan, new.migrate, portrait):
        return Governed(loan.strategy, loan.since, changed=False, edges=edges, coming=version)
    return Governed(version, published, changed=True, edges=edges)


def release_of(ruling: tuple[Release, ...], rulebook: Rulebook, portrait: Portrait) -> Release:
    """Of a portfolio's strategies the first whose segment takes the loan in, else the last."""
    days = portrait.stands.delinquent_days
    for one in ruling[:-1]:
        if rulebook.strategies[one.version].segment.takes(days, portrait):
            return one
    return ruling[-1]


def _may_move(facts: Facts, loan: Loan, migrate: str, portrait: Portrait) -> bool:
    if migrate == "at_cure":
        return not portrait.stands.arrears
    if migrate == "next_step":
        mine = set(loan.waiting)
        return not mine and not any(
            tried.state in ("planned", "claimed", "sending", "accepted")
            for begun in facts.begun
            if set(begun.keys) & {*loan.waiting, *loan.ended}
            for tried in begun.tried
        )
    return True


def _entered(portrait: Portrait, new: Strategy, days: int, now: datetime) -> datetime:
    """When the loan came into the segment by its days; by anything else it came in now."""
    low = new.segment.entered(days)
    if low is None:
        return now
    return min(day_start(portrait.today - (days - low) * _DAY, portrait.loan.zone), now)


def _edges(portrait: Portrait, ruling: tuple[Release, ...], rulebook: Rulebook) -> Iterator[datetime]:
    """The moments at which another strategy may begin to govern the loan, with nothing else changing."""
    segments = [rulebook.strategies[one.version].segment for one in ruling[:-1]]
    if not segments:
        return
    stands = portrait.stands
    edge = next_edge(segments, stands.delinquent_days, portrait.first_day, portrait.today)
    for day in (edge, stands.until):
        if day is not None and day > portrait.today:
            yield day_start(day, portrait.loan.zone)
