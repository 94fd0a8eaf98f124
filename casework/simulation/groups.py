"""Which cases are played together: those of one person, and of persons who share a loan."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

from casework.look import BATCH
from storage.simulation import Cases


def groups(cases: Cases, shared: Iterable[tuple[int, int]]) -> list[int]:
    """The places of `cases`, in order; those with the same root (`rooted`) stand together."""
    root = rooted(shared)
    person = cases.person
    return sorted(range(len(person)), key=lambda place: (root.get(person[place], person[place]), place))


def rooted(shared: Iterable[tuple[int, int]]) -> dict[int, int]:
    """The least person of those that hang together by their loans, for each who shares one."""
    above: dict[int, int] = {}

    def top(person: int) -> int:
        while above.setdefault(person, person) != person:
            above[person] = above[above[person]]
            person = above[person]
        return person

    first: dict[int, int] = {}
    for loan, person in shared:
        one, other = top(first.setdefault(loan, person)), top(person)
        above[max(one, other)] = min(one, other)
    return {person: top(person) for person in above}


def chunks(cases: Cases, shared: Sequence[tuple[int, int]], size: int) -> Iterator[list[list[int]]]:
    """Groups of places, about `size` cases at a time; a group is never torn."""
    root = rooted(shared)
    found: list[list[int]] = []
    count = 0
    person = cases.person
    ordered = groups(cases, shared)
    for _, group in groupby(ordered, key=lambda place: root.get(person[place], person[place])):
        places = list(group)
        found.append(places)
        count += len(places)
        if count >= size:
            yield found
            found, count = [], 0
    if found:
        yield found


def batches(cases: Cases, now: datetime, *, touched: bool) -> dict[int, int]:
    """By place, the batch in which the next look takes a case, where it does. `touched`: as it would be."""
    due: list[tuple[datetime, int, int]] = []
    for place, case in enumerate(cases.case):
        at = look_of(cases, place, now, touched=touched)
        if at is not None and at <= now:
            due.append((at, case, place))
    due.sort()
    return {place: number // BATCH for number, (_, _, place) in enumerate(due)}


def look_of(cases: Cases, place: int, now: datetime, *, touched: bool) -> datetime | None:
    """When a case is looked at next; by publishing, now at the latest."""
    at = cases.next_look(place)
    if touched and cases.touched[place]:
        return now if at is None else min(at, now)
    return at
