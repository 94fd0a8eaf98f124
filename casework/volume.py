"""How many messages the first day of a strategy's new version would bring: what a guard is held against."""

from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from casework.office import Office
from casework.portfolios import spec_of
from storage.facts import load_facts
from storage.portfolios import all_portfolios
from storage.raw import Raw
from storage.rulebooks import governed_by
from strategies.language import Strategy
from strategies.play import Looked, play
from strategies.rulebook import Release, read_rulebook

_BATCH: Final = 500
_DAY: Final = timedelta(days=1)


async def sends_in_a_day(office: Office, raw: Raw, strategy: Strategy, version: int, now: datetime) -> int:
    """Messages within a day from `now` to whom the strategy governs, were the version (id) in force.

    Played over today's book, each case by itself; nothing is written.
    """
    specs = {row.id: spec_of(row) for row in await all_portfolios(raw)}
    written = await office.written(raw, specs)
    release = Release(version, now)
    ruling = {
        key: tuple(release if written.current.get(strategy.name) == one else one for one in of)
        for key, of in written.ruling.items()
    }
    current = {**written.current, strategy.name: release}
    rulebook = read_rulebook(replace(written, ruling=ruling, current=current))
    book = await office.book(raw)
    cases = await governed_by(raw, strategy.name)
    found = 0
    for first in range(0, len(cases), _BATCH):
        batch = cases[first : first + _BATCH]
        for facts in await load_facts(raw, batch, now, book.tolerance, book.needs, names=rulebook.names):
            for event in play(facts, rulebook, now, now + _DAY):
                if isinstance(event, Looked):
                    found += sum(
                        rulebook.strategies[plan.strategy].name == strategy.name
                        for plan in event.decision.plans
                    )
    return found
