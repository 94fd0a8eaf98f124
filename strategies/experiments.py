"""Experiments: how many people a question needs, what was found, and when to stop for harm.

A question is about a share of people (paid on time, current again, stopped us), compared between two arms
by intention to treat: whoever was drawn into an arm counts in it, whatever they heard. It is answered once,
when the size told before is reached; until then the interval shown is one that holds at all looks together
(normal mixture: Howard, Ramdas, McAuliffe & Sekhon 2021, doi:10.1214/20-AOS1991), so that looking daily
misleads nobody. Harm stops at any time, by the same kind of interval.
"""

from collections.abc import Mapping
from math import ceil, log, sqrt
from statistics import NormalDist
from typing import Final, Literal

import msgspec

LEVEL: Final = 0.95  # of the interval that answers
POWER: Final = 0.8
# Of the intervals that stop for harm: each kind is watched at every look, and a false stop costs a test.
HARM_LEVEL: Final = 0.99
# Below so many people an arm says nothing: shares are not yet near enough to a normal distribution.
FEWEST: Final = 100


class Tally(msgspec.Struct, frozen=True):
    """An arm: how many people were drawn into it, and how many of them did what is asked about."""

    people: int
    did: int

    @property
    def share(self) -> float:
        return self.did / self.people


class Interval(msgspec.Struct, frozen=True):
    """A difference of shares (challenger less champion, as fractions) with its bounds."""

    difference: float
    low: float
    high: float


class Finding(msgspec.Struct, frozen=True):
    """What may be said at a look.

    too_early: fewer than FEWEST in an arm; running: not at its size yet; better, worse, no_difference: the
    answer; harmed: to be stopped now, `harm` names why.
    """

    says: Literal["too_early", "running", "better", "worse", "no_difference", "harmed"]
    interval: Interval | None
    harm: str | None = None


def size(now: float, hoped: float, *, level: float = LEVEL, power: float = POWER) -> int:
    """People each arm needs to tell the share `hoped` from the share `now`, two-sided (Fleiss 1981, 3.2).

    ValueError where a share is not between 0 and 1, or both are the same.
    """
    if not (0 < now < 1 and 0 < hoped < 1) or now == hoped:
        raise ValueError("two different shares between 0 and 1 are needed")
    middle = (now + hoped) / 2
    by_chance = _quantile(level) * sqrt(2 * middle * (1 - middle))
    by_effect = NormalDist().inv_cdf(power) * sqrt(now * (1 - now) + hoped * (1 - hoped))
    return ceil(((by_chance + by_effect) / (hoped - now)) ** 2)


def level_of(challengers: int, level: float = LEVEL) -> float:
    """The level of each comparison with the champion, so that all together err no more (Bonferroni)."""
    return 1 - (1 - level) / challengers


def answered(champion: Tally, challenger: Tally, level: float = LEVEL) -> Interval:
    """The interval for one look, told before (Newcombe 1998, method 10: Wilson's for each arm, combined)."""
    difference = challenger.share - champion.share
    low_a, high_a = _wilson(champion, level)
    low_b, high_b = _wilson(challenger, level)
    return Interval(
        difference,
        max(-1.0, difference - sqrt((challenger.share - low_b) ** 2 + (high_a - champion.share) ** 2)),
        min(1.0, difference + sqrt((high_b - challenger.share) ** 2 + (champion.share - low_a) ** 2)),
    )


def watched(champion: Tally, challenger: Tally, needed: int, level: float = LEVEL) -> Interval:
    """An interval that holds at all looks together, narrowest about when both arms have `needed` people."""
    error = 1 - level
    spread = _variance(champion) + _variance(challenger)  # of the difference, had each arm one person
    information = 1 / (_variance(champion) / champion.people + _variance(challenger) / challenger.people)
    tuned = (needed / spread) / (-2 * log(error) + log(-2 * log(error) + 1))
    half = sqrt((information + tuned) * log((information + tuned) / (tuned * error**2))) / information
    difference = challenger.share - champion.share
    return Interval(difference, difference - half, difference + half)


def finding(
    champion: Tally,
    challenger: Tally,
    needed: int,
    harms: Mapping[str, tuple[Tally, Tally]],
    *,
    over: bool = False,
    level: float = LEVEL,
) -> Finding:
    """What may be said at this look; `harms`: (champion, challenger) by what would be a harm.

    `over`: nobody comes in any more, so it is answered with whom there is. `level`: `level_of` the arms.
    """
    for harm, (before, after) in harms.items():
        if min(before.people, after.people) >= FEWEST and watched(before, after, needed, HARM_LEVEL).low > 0:
            return Finding("harmed", watched(before, after, needed, HARM_LEVEL), harm)
    if min(champion.people, challenger.people) < FEWEST:
        return Finding("too_early", None)
    if min(champion.people, challenger.people) < needed and not over:
        return Finding("running", watched(champion, challenger, needed, level))
    interval = answered(champion, challenger, level)
    if interval.low > 0:
        return Finding("better", interval)
    return Finding("worse" if interval.high < 0 else "no_difference", interval)


def _quantile(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)


def _variance(arm: Tally) -> float:
    """Of one person's yes or no; never none, also where all or nobody did it (Agresti & Coull 1998)."""
    share = (arm.did + 2) / (arm.people + 4)
    return share * (1 - share)


def _wilson(arm: Tally, level: float) -> tuple[float, float]:
    z, n = _quantile(level), arm.people
    middle = (arm.share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(arm.share * (1 - arm.share) / n + z * z / (4 * n * n))
    return middle - half, middle + half
