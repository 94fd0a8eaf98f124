"""Experiments err as often as they say, also when looked at daily, and find what they were sized for."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies.experiments import FEWEST, Finding, Tally, answered, finding, size, watched

TIMES = 1_000
DAYS = 60


@pytest.mark.parametrize(
    ("now", "hoped", "people"),
    [(0.40, 0.42, 9_493), (0.40, 0.43, 4_234), (0.40, 0.45, 1_534), (0.70, 0.72, 8_080)],
)
def test_the_sizes_told_before(now: float, hoped: float, people: int) -> None:
    assert size(now, hoped) == people
    assert size(1 - now, 1 - hoped) == people  # the same question, asked of those who did not


@pytest.mark.parametrize(("now", "hoped"), [(0.4, 0.4), (0, 0.4), (0.4, 1), (-0.1, 0.4)])
def test_a_question_without_an_answer_is_refused(now: float, hoped: float) -> None:
    with pytest.raises(ValueError, match="two different shares"):
        size(now, hoped)


def looks(
    random: np.random.Generator, shares: tuple[float, float], needed: int
) -> Iterator[tuple[Tally, Tally]]:
    """An experiment as it is seen each day, people coming in evenly, until both arms have their size."""
    a_day = -(-needed // DAYS)
    did = np.cumsum(random.binomial(a_day, shares, size=(DAYS, 2)), axis=0)
    for day, (one, other) in enumerate(did.tolist(), 1):
        yield Tally(day * a_day, one), Tally(day * a_day, other)


def ended(random: np.random.Generator, shares: tuple[float, float], needed: int) -> str:
    """What an experiment says, asked daily until it says something for good."""
    found = Finding("too_early", None)
    for champion, challenger in looks(random, shares, needed):
        found = finding(champion, challenger, needed, {})
        if found.says not in ("too_early", "running"):
            return found.says
    return found.says


def test_two_equal_arms_are_called_different_as_rarely_as_stated_also_when_looked_at_daily() -> None:
    random = np.random.default_rng(1)
    needed = size(0.40, 0.43)
    wrong = sum(ended(random, (0.40, 0.40), needed) != "no_difference" for _ in range(TIMES))
    assert 30 <= wrong <= 71  # 50 are stated; three standard deviations of a binomial, 6.9 each


def test_the_interval_shown_meanwhile_holds_at_all_looks_together() -> None:
    random = np.random.default_rng(2)
    needed = size(0.40, 0.43)

    def missed() -> bool:
        seen = (watched(a, b, needed) for a, b in looks(random, (0.40, 0.40), needed) if a.people >= FEWEST)
        return any(not one.low <= 0 <= one.high for one in seen)

    assert sum(missed() for _ in range(TIMES)) <= 50
    # What is watched for is real: the interval for one look, looked at daily, misses far more often.
    fooled = sum(
        any(
            not answered(a, b).low <= 0 <= answered(a, b).high for a, b in looks(random, (0.40, 0.40), needed)
        )
        for _ in range(200)
    )
    assert fooled > 40


def test_a_planted_effect_of_three_points_is_found_at_the_stated_size() -> None:
    random = np.random.default_rng(3)
    found = [ended(random, (0.40, 0.43), size(0.40, 0.43)) for _ in range(TIMES)]
    assert found.count("better") >= 762  # 800 are stated, less three standard deviations
    assert found.count("worse") == 0


def test_harm_stops_at_any_time_and_rarely_without_cause() -> None:
    random = np.random.default_rng(4)
    needed = size(0.40, 0.43)

    def stops(shares: tuple[float, float]) -> int | None:
        for day, (a, b) in enumerate(looks(random, shares, needed), 1):
            if finding(a, b, needed, {"opt-outs": (a, b)}).says == "harmed":
                return day
        return None

    assert sum(stops((0.02, 0.02)) is not None for _ in range(TIMES)) <= 10
    days = [stops((0.02, 0.08)) for _ in range(100)]
    assert all(day is not None and day < DAYS // 2 for day in days)


@given(st.integers(1, 5_000), st.integers(1, 5_000), st.data())
def test_intervals_hold_their_difference(one: int, other: int, data: st.DataObject) -> None:
    champion = Tally(one, data.draw(st.integers(0, one)))
    challenger = Tally(other, data.draw(st.integers(0, other)))
    for interval in (answered(champion, challenger), watched(champion, challenger, 1_000)):
        assert interval.low <= interval.difference <= interval.high
        assert -1 <= interval.difference <= 1
    assert answered(champion, challenger).low >= -1
    assert answered(champion, challenger).high <= 1


def test_too_few_say_nothing() -> None:
    assert finding(Tally(FEWEST - 1, 0), Tally(5_000, 5_000), 1_000, {}) == Finding("too_early", None)
