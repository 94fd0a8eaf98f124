"""`kept strategy diff`: for how many loans, of how many people and where, what changes between two versions.

The whole book is passed once, a thousand cases at a time, by the reader of the look; nothing is written.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from casework.insight.snapshot import snapshot
from casework.office import Office
from casework.portfolios import spec_of, tolerances
from casework.simulation.candidate import with_strategy
from casework.simulation.groups import chunks
from casework.simulation.simulate import CHUNK
from casework.staff.rights import Action, Actor, require
from policy.needs import Part
from storage.facts import load_facts
from storage.portfolios import all_portfolios
from storage.simulation import cases_ahead
from strategies.affected import Affected, Change, Counted
from strategies.language import read_strategy
from strategies.rulebook import read_rulebook


async def affected(
    office: Office,
    actor: Actor,
    old: tuple[str, str],
    new: tuple[str, str],
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> Mapping[Change, Counted]:
    """What becomes of loans where the strategy of `old` (text, file) is in force and that of `new` comes.

    `progress(done, of)` counts cases. Raises Denied, StrategyInputError.
    """
    require(actor, Action.SEE_PORTFOLIO)
    before_name = read_strategy(*old).name
    async with snapshot(office) as raw:
        specs = {row.id: spec_of(row) for row in await all_portfolios(raw)}
        written = with_strategy(await office.written(raw, specs), specs, *old, now)
        before = read_rulebook(written)
        after = read_rulebook(with_strategy(written, specs, *new, now, before_name))
        counting = Affected(before, after, read_strategy(*old), read_strategy(*new), now)
        nothing: dict[int, frozenset[Part]] = {key: frozenset() for key in specs}  # no rule is asked
        tolerance = tolerances(specs)
        cases = await cases_ahead(raw, now, None, (), payers=True)
        done = 0
        # Who shares a loan does not matter here: each loan counts with its borrower.
        for chunk in chunks(cases, (), CHUNK):
            ids = sorted(cases.case[place] for group in chunk for place in group)
            names = before.names | after.names
            read = await load_facts(raw, ids, now, tolerance, nothing, names=names)
            facts = {one.case: one for one in read}
            for group in chunk:
                counting.people([facts[cases.case[place]] for place in group])
            done += len(ids)
            if progress:
                progress(done, len(cases.case))
    return counting.found
