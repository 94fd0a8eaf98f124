"""For whom a strategy becomes another: who comes in and leaves, who moves now, whose steps come otherwise.

Counted case by case, by what is unpaid now: a loan stands on one installment, and its steps are the ones that
are compared. What has been said is not said again; a step whose new moment has passed does not come.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from strategies.govern import govern, release_of
from strategies.language import Step, Strategy
from strategies.portrait import Portrait
from strategies.rulebook import Rulebook
from strategies.timeline import anchors_of, timeline
from strategies.values import Facts, Loan

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)

# What may become of a loan, in the order in which it is told: how many, and from or to which strategy.
MOVES: Final[Mapping[str, str]] = {
    "stays": "{} stay under it{}",
    "comes": "{} come in{}",
    "leaves": "{} leave{}",
    "at_once": "{} move to the new version at the next look{}",
    "in_flight": "{} finish what is in flight first{}",
    "when_current": "{} move when they are current again{}",
}
STEPS: Final[Mapping[str, str]] = {
    "moved": "it is still to come for {}, at another moment",
    "ahead": "it is still to come for {}",
    "new": "it will come for {}",
    "passed": "its moment has passed already for {}",
    "gone": "it will not come any more for {}",
    "lost": "its new moment has passed for {}, who will not hear it",
    "again": "its moment had passed and is ahead again for {}",
    "had": "{} have had it",
    "more": "by the facts of now {} are meant who were not",
    "fewer": "by the facts of now {} are meant no more",
}


class Change(msgspec.Struct, frozen=True, order=True):
    """Something that becomes of a loan: of the strategy (`step` empty) or of a step; `other`: from or to
    which strategy."""

    step: str
    kind: str
    other: str = ""


class Counted(msgspec.Struct):
    """Loans, and of how many people, by bucket."""

    loans: int = 0
    people: int = 0
    by_bucket: Counter[str] = msgspec.field(default_factory=Counter[str])

    @property
    def words(self) -> str:
        """ "1,200 loans of 1,100 people (current 900, 1-30 300)"."""
        loans = f"{self.loans:,} loan{'' if self.loans == 1 else 's'}"
        people = f"{self.people:,} {'person' if self.people == 1 else 'people'}"
        buckets = ", ".join(f"{name} {count:,}" for name, count in sorted(self.by_bucket.items(), key=_late))
        return f"{loans} of {people} ({buckets})"


class Affected:
    """Adds up what becomes of the loans of many cases; each person's cases come together (`people`)."""

    def __init__(
        self, before: Rulebook, after: Rulebook, old: Strategy, new: Strategy, now: datetime
    ) -> None:
        self.before, self.after, self.old, self.new, self.now = before, after, old, new, now
        self.found: defaultdict[Change, Counted] = defaultdict(Counted)

    def people(self, cases: list[Facts]) -> None:
        """Count the loans of some people, all of whose cases these are."""
        known: set[tuple[Change, int]] = set()
        for facts in cases:
            for loan in facts.loans:
                if not loan.leads or loan.status != "active" or not loan.unpaid:
                    continue
                bucket = Portrait(facts, loan, self.before, self.now).stands.bucket
                for change in self._changes(facts, loan):
                    counted = self.found[change]
                    counted.loans += 1
                    counted.by_bucket[bucket] += 1
                    if (change, facts.person) not in known:
                        known.add((change, facts.person))
                        counted.people += 1

    def _changes(self, facts: Facts, loan: Loan) -> Iterator[Change]:
        was, becomes = self._name(facts, loan, self.before), self._name(facts, loan, self.after)
        if self.old.name == was == becomes and self.new.name != was and not self._ruled(facts):
            becomes = self.new.name  # the one strategy of its portfolio is another
        if was != self.old.name:
            if becomes == self.new.name:
                yield Change("", "comes", was)
            return
        if becomes != self.new.name:
            yield Change("", "leaves", becomes)
            return
        yield Change("", "stays")
        if self.old.name == self.new.name and self.after.strategies[loan.strategy].name == was:
            governed = govern(facts, loan, self.after, self.now)
            if governed.coming is not None:
                yield Change("", "when_current" if self.new.migrate == "at_cure" else "in_flight")
            elif governed.strategy != loan.strategy:
                yield Change("", "at_once")
        yield from self._steps(facts, loan)

    def _ruled(self, facts: Facts) -> bool:
        return bool(self.after.ruling.get(facts.portfolio))

    def _name(self, facts: Facts, loan: Loan, rulebook: Rulebook) -> str:
        """The strategy that is for the loan, by the segments in force in `rulebook`."""
        ruling = rulebook.ruling.get(facts.portfolio, ())
        if not ruling:
            return self.before.strategies[loan.strategy].name
        release = release_of(ruling, rulebook, Portrait(facts, loan, rulebook, self.now))
        return rulebook.strategies[release.version].name

    def _steps(self, facts: Facts, loan: Loan) -> Iterator[Change]:
        before, after = self._moments(facts, loan, self.old), self._moments(facts, loan, self.new)
        had = {(key.anchor, key.anchor_id, key.step) for key in loan.ended if key.strategy == self.old.name}
        old_steps = {step.id: step for step in self.old.steps}
        new_steps = {step.id: step for step in self.new.steps}
        for place in sorted({*before, *after}):
            step = place[2]
            old, new = old_steps.get(step), new_steps.get(step)
            if old == new:
                continue
            if place in had and old is not None and new is not None:
                yield Change(step, "had")
                continue
            was, becomes = before.get(place), after.get(place)
            ahead_before = was is not None and was > self.now
            ahead_after = becomes is not None and becomes > self.now and place not in had
            if ahead_after:
                kind = "new" if old is None else "again" if not ahead_before else "ahead"
                yield Change(step, "moved" if kind == "ahead" and was != becomes else kind)
                if old is not None and new is not None:
                    yield from self._meant(facts, loan, old, new)
            elif ahead_before:
                yield Change(step, "gone" if new is None else "lost")
            elif old is None:
                yield Change(step, "passed")

    def _moments(self, facts: Facts, loan: Loan, strategy: Strategy) -> dict[tuple[str, int, str], datetime]:
        """When each step comes for the loan as it stands, said or not."""
        every = replace(loan, since=_LONG_AGO)
        anchors = anchors_of(facts, loan, strategy, self.now)
        zone = facts.situation.zones[0]
        return {
            (one.key.anchor, one.key.anchor_id, one.key.step): one.at
            for one in timeline(every, strategy, zone, anchors=anchors)
        }

    def _meant(self, facts: Facts, loan: Loan, old: Step, new: Step) -> Iterator[Change]:
        """Whether its condition, asked now, would take the loan in or leave it out."""
        if old.when == new.when:
            return
        portrait = Portrait(facts, loan, self.after, self.now)
        was, becomes = (step.when is None or step.when.of(portrait).holds for step in (old, new))
        if was != becomes:
            yield Change(new.id, "more" if becomes else "fewer")


def sentences(found: Mapping[Change, Counted]) -> Iterator[str]:
    """What was counted, in plain words: of the strategy, then of each step."""
    for kind, words in MOVES.items():
        of_kind = [row for row in found.items() if row[0].kind == kind and not row[0].step]
        for change, counted in sorted(of_kind, key=lambda row: (-row[1].loans, row[0])):
            way = "from" if kind == "comes" else "to"
            place = f" {way} {change.other}" if change.other else ""
            yield words.format(counted.words, place) + "."
    for step in sorted({change.step for change in found if change.step}):
        told = [
            words.format(found[Change(step, kind)].words)
            for kind, words in STEPS.items()
            if Change(step, kind) in found
        ]
        yield f"Step {step}: {'; '.join(told)}."


def _late(row: tuple[str, int]) -> int:
    bucket = row[0].partition("-")[0].rstrip("+")
    return int(bucket) if bucket.isdecimal() else 0
