"""`kept simulate`: what a strategy, or a pack, would do to today's book, beside what is in force.

The book is read at one moment, by the reader of the look, a thousand cases at a time; each is played by the
decision of the look (strategies/together.py), and let go. Nothing is written.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec

from casework.insight.snapshot import snapshot
from casework.office import Office
from casework.portfolios import tolerances
from casework.simulation.candidate import Candidate, read_candidate
from casework.simulation.compared import Compared
from casework.simulation.groups import batches, chunks, look_of
from casework.simulation.tally import Money, Tally
from casework.simulation.voice import Voice
from casework.staff.rights import Action, Actor, require
from storage.facts import load_facts
from storage.raw import Raw
from storage.simulation import Cases, cases_ahead, names_of, shared_loans, watched
from strategies.payers import History, Moved, measured
from strategies.play import Received
from strategies.rulebook import Rulebook
from strategies.together import Came, Start, together
from strategies.values import Facts

CHUNK: Final = 1_000  # cases whose facts are held at once
Payers = Literal["none", "history"]


class Asked(msgspec.Struct, frozen=True):
    """What is to be simulated. `text`: the strategy or pack; `seed`: of the payers.

    `keep`: for so many days contacts are kept one by one (0: those of the first moment), not counted alone.
    """

    text: str
    name: str  # of its file
    days: int = 60
    payers: Payers = "history"
    seed: int = 1
    against_live: bool = False
    share: int = 100
    keep: int | None = None


class Simulated(msgspec.Struct):
    """What came of it. `live`: what is in force, played over the same book with the same payers."""

    candidate: Candidate
    asked: Asked
    now: datetime
    until: datetime
    result: Tally
    live: Tally | None
    compared: Compared | None
    money: Money
    measured: dict[int, tuple[Moved, ...]]  # by portfolio
    cases: int = 0
    loans: int = 0
    persons: int = 0
    examples: dict[int, str] = msgspec.field(default_factory=dict[int, str])  # external ids, of `compared`


async def simulate(
    office: Office,
    actor: Actor,
    asked: Asked,
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> Simulated:
    """Play `asked` from `now` on. `progress(done, of)` counts cases.

    Raises Denied, StrategyInputError, PolicyInputError, CaseworkInputError.
    """
    require(actor, Action.SEE_PORTFOLIO)
    return await play(office, asked, now, progress)


async def play(
    office: Office, asked: Asked, now: datetime, progress: Callable[[int, int], None] | None = None
) -> Simulated:
    """The same, for who had the right to ask for it when they did: see casework/simulation/queued.py."""
    until = now + timedelta(days=asked.days)
    async with snapshot(office) as raw:
        candidate = await read_candidate(office, raw, asked.text, asked.name, now, asked.share)
        history = await _history(raw, candidate, asked, now)
        cases = await cases_ahead(
            raw, until, candidate.touched, candidate.touched_portfolios, payers=history is not None
        )
        run = _Run(office, candidate, asked, now, until, history)
        shared = await shared_loans(raw)
        run.order(cases)
        tolerance = tolerances(candidate.portfolios)
        done = 0
        for chunk in chunks(cases, shared, CHUNK):
            ids = sorted(cases.case[place] for group in chunk for place in group)
            read = await load_facts(
                raw, ids, now, tolerance, candidate.needs, names=candidate.names, through=until
            )
            facts = {one.case: one for one in read}
            for group in chunk:
                run.group(group, [facts[cases.case[place]] for place in group])
            done += len(ids)
            if progress:
                progress(done, len(cases.case))
        found = run.ended()
        if found.compared is not None:
            named = sorted({person for some in found.compared.examples.values() for person in some})
            found.examples = await names_of(raw, named)
        return found


async def _history(raw: Raw, candidate: Candidate, asked: Asked, now: datetime) -> History | None:
    if asked.payers == "none":
        return None
    rows = await watched(raw, now.astimezone(UTC).date())
    habits = {
        key: measured(rows.get(key, ()), spec.terms.buckets) for key, spec in candidate.portfolios.items()
    }
    return History(habits, asked.seed)


class _Run:
    """The scenarios of one simulation, group after group of cases."""

    def __init__(
        self,
        office: Office,
        candidate: Candidate,
        asked: Asked,
        now: datetime,
        until: datetime,
        history: History | None,
    ) -> None:
        self.candidate, self.now, self.until, self.history = candidate, now, until, history

        keep = None if asked.keep is None else now + timedelta(days=asked.keep)

        def tally(rulebook: Rulebook) -> Tally:
            return Tally(rulebook, Voice(office, candidate, rulebook), now, keep)

        against = asked.against_live
        self.found = Simulated(
            candidate,
            asked,
            now,
            until,
            tally(candidate.rulebook),
            tally(candidate.live) if against else None,
            Compared() if against else None,
            Money(),
            {key: of.moved for key, of in history.habits.items()} if history else {},
        )

    def order(self, cases: Cases) -> None:
        """In which batch of the next look each case is: the candidate has some looked at anew."""
        self.cases = cases
        self.found.cases = len(cases.case)
        self.batch = {touched: batches(cases, self.now, touched=touched) for touched in (True, False)}

    def group(self, places: Sequence[int], facts: list[Facts]) -> None:
        """Play the cases of some persons who hang together."""
        found = self.found
        news = (
            []
            if self.history is None
            else [received for one in facts for received in self.history.news(one, self.now, self.until)]
        )
        self._play(found.result, places, facts, news, touched=True, money=found.money)
        if found.live is not None and found.compared is not None:
            self._play(found.live, places, facts, news, touched=False)
            found.compared.group(facts, found.live, found.result, self.now)
        found.persons += len({one.person for one in facts})
        found.loans += sum(loan.leads for one in facts for loan in one.loans)
        paid = {received.installment for received in news}
        found.money.loans(facts, paid, self.candidate.live, self.now, self.until)

    def _play(
        self,
        tally: Tally,
        places: Sequence[int],
        facts: Sequence[Facts],
        news: Sequence[Received],
        *,
        touched: bool,
        money: Money | None = None,
    ) -> None:
        tally.begin()
        batch = self.batch[touched]
        starts = [
            Start(one, look_of(self.cases, place, self.now, touched=touched), batch.get(place, 0))
            for place, one in zip(places, facts, strict=True)
        ]
        for event in together(starts, tally.rulebook, self.now, self.until, news):
            if isinstance(event, Came):
                if money is not None:
                    money.came(event, tally.rulebook)
            else:
                tally.turn(event)

    def ended(self) -> Simulated:
        for tally in (self.found.result, self.found.live):
            if tally is not None:
                tally.begin()
        return self.found
