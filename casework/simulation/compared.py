"""Who hears more and who hears less than by what is in force, by segment, with a few examples of each."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

import msgspec

from casework.simulation.tally import Heard, Tally, bucket_of
from strategies.rulebook import Rulebook
from strategies.values import Facts

EXAMPLES: Final = 5
_DAY: Final = timedelta(days=1)
# In the order in which they are told; each person is one of them.
CHANGES: Final = (
    "heard_at_all",  # something is said to them, and nothing was
    "not_heard",  # the other way round
    "more",
    "less",
    "sooner",  # as much, and the first of it a day or more sooner
    "later",
    "worked",  # as much is said, and more is done by a person
    "not_worked",  # and less is
    "same",
)
GAINS: Final = frozenset({"heard_at_all", "more", "sooner", "worked"})
LOSES: Final = frozenset({"not_heard", "less", "later", "not_worked"})
_NOTHING: Final = Heard()


class Compared(msgspec.Struct):
    """Persons by (strategy that governs them now, bucket now, what changes); some of each change."""

    persons: Counter[tuple[str, str, str]] = msgspec.field(default_factory=Counter[tuple[str, str, str]])
    examples: dict[str, list[int]] = msgspec.field(default_factory=dict[str, list[int]])

    def group(self, facts: list[Facts], live: Tally, result: Tally, now: datetime) -> None:
        """The persons of a group, after it was played twice."""
        for person in {one.person for one in facts}:
            before = live.people.get(person, _NOTHING)
            after = result.people.get(person, _NOTHING)
            change = change_of(before, after)
            self.persons[*_segment(facts, person, live.rulebook, now), change] += 1
            known = self.examples.setdefault(change, [])
            if len(known) < EXAMPLES:
                known.append(person)


def change_of(before: Heard, after: Heard) -> str:
    """What changes for a person: one of CHANGES."""
    if before.contacts != after.contacts:
        if not before.contacts:
            return "heard_at_all"
        if not after.contacts:
            return "not_heard"
        return "more" if after.contacts > before.contacts else "less"
    if before.first is not None and after.first is not None and abs(after.first - before.first) >= _DAY:
        return "sooner" if after.first < before.first else "later"
    if before.tasks != after.tasks:
        return "worked" if after.tasks > before.tasks else "not_worked"
    return "same"


def _segment(facts: list[Facts], person: int, rulebook: Rulebook, now: datetime) -> tuple[str, str]:
    """The strategy and bucket of the person's loan that is unpaid for longest."""
    loans = [
        (loan.unpaid[0].due, loan.id, one, loan)
        for one in facts
        if one.person == person
        for loan in one.loans
        if loan.unpaid and loan.status == "active"
    ]
    if not loans:
        return "", "current"
    _, _, of, loan = min(loans, key=lambda row: row[:2])
    return rulebook.strategies[loan.strategy].name, bucket_of(of, loan, rulebook, now)
