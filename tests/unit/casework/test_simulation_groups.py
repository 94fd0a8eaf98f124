"""Which cases are played together, and when each is looked at next."""

from array import array
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.simulation import groups
from casework.simulation.groups import batches, chunks, look_of, rooted
from storage.simulation import Cases

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEVER = -(1 << 62)


def cases(*rows: tuple[int, datetime | None, bool]) -> Cases:
    """A case for each (person, next look, touched), ids from 1."""
    made = Cases(array("q"), array("q"), array("q"), bytearray())
    for number, (person, at, touched) in enumerate(rows, 1):
        made.case.append(number)
        made.person.append(person)
        made.looked.append(NEVER if at is None else (at - EPOCH) // timedelta(microseconds=1))
        made.touched.append(touched)
    return made


def test_what_is_put_in_force_has_its_cases_looked_at_now() -> None:
    odd = NOW + HOUR + timedelta(microseconds=1)
    made = cases((1, odd, True), (2, None, True), (3, NOW - HOUR, True), (4, odd, False), (5, None, False))
    assert [look_of(made, place, NOW, touched=True) for place in range(5)] == [
        NOW,
        NOW,
        NOW - HOUR,
        odd,
        None,
    ]
    assert [look_of(made, place, NOW, touched=False) for place in range(5)] == [
        odd,
        None,
        NOW - HOUR,
        odd,
        None,
    ]


def test_batches_are_those_of_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the time of the look, then the case; what is not due is in none."""
    monkeypatch.setattr(groups, "BATCH", 2)
    made = cases((1, NOW, False), (2, NOW - HOUR, False), (3, NOW, True), (4, NOW + HOUR, True))
    assert batches(made, NOW, touched=False) == {1: 0, 0: 0, 2: 1}
    assert batches(made, NOW, touched=True) == {1: 0, 0: 0, 2: 1, 3: 1}


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=30),
    st.lists(st.tuples(st.integers(1, 6), st.integers(1, 12)), max_size=12),
    st.integers(1, 8),
)
def test_who_hangs_together_is_never_torn(
    persons: list[int], shared: list[tuple[int, int]], size: int
) -> None:
    made = cases(*((person, NOW, False) for person in persons))
    root = rooted(shared)
    seen: list[int] = []
    home: dict[int, int] = {}
    for number, group in enumerate(group for chunk in chunks(made, shared, size) for group in chunk):
        assert len({root.get(made.person[place], made.person[place]) for place in group}) == 1
        for place in group:
            assert home.setdefault(made.person[place], number) == number
        seen.extend(group)
    assert sorted(seen) == list(range(len(persons)))
    by_loan: dict[int, set[int]] = {}
    for loan, person in shared:
        by_loan.setdefault(loan, set()).add(person)
    for parties in by_loan.values():
        assert len({home[person] for person in parties if person in home}) <= 1
