"""In which arm of an experiment a person is, and when they are drawn into it.

A person is drawn when a step of the strategy comes for a loan of theirs while the experiment runs; the arm is
recorded with that decision and never changes, whatever becomes of the split. Who was not drawn hears the
champion, as everybody does once the experiment is over. One experiment a person: who is in another one that
runs is not drawn. The holdout is for good: who hears nothing in one experiment hears nothing in the next.
"""

from datetime import datetime

from strategies.arms import BEFORE, HOLDOUT, NEW, Arms
from strategies.language import Strategy
from strategies.rulebook import Rulebook
from strategies.values import Drawn, Facts


def arm_of(facts: Facts, arms: Arms | None, rulebook: Rulebook) -> str:
    """The arm whose steps the person hears; empty: the strategy has no arms."""
    if arms is None:
        return ""
    if rulebook.experiments is None:
        return arms.of(facts.person)
    trial = rulebook.experiments.get(arms.experiment)
    if trial is None:
        return arms.champion
    if arms.holdout and any(one.arm == HOLDOUT for one in facts.drawn):
        return HOLDOUT
    own = next((one.arm for one in facts.drawn if one.experiment == arms.experiment), None)
    if own is None or trial.over or all(own != name for name, _ in arms.split):
        return arms.champion
    return own


def draw(facts: Facts, strategy: Strategy, rulebook: Rulebook, at: datetime, now: datetime) -> Drawn | None:
    """What the person is drawn into as a step of `at` comes at `now`; None: nothing new.

    Of a strategy with arms, or of one that is rolled out as an experiment: the version is the arm then.
    """
    release = rulebook.current.get(strategy.name)
    if release is not None and release.before is not None and release.version in rulebook.rolling:
        name = rulebook.rolling[release.version]
        if not _draws(facts, name, rulebook, at, now) or any(_runs(one, rulebook) for one in facts.drawn):
            return None
        new = release.version_for(facts.person) == release.version
        return Drawn(name, NEW if new else BEFORE)
    arms = strategy.arms
    if arms is None or not _draws(facts, arms.experiment, rulebook, at, now):
        return None
    if arms.holdout and any(one.arm == HOLDOUT for one in facts.drawn):
        return Drawn(arms.experiment, HOLDOUT)
    arm = arms.draws(facts.person)
    if arm != HOLDOUT and any(_runs(one, rulebook) for one in facts.drawn):
        return None
    return Drawn(arms.experiment, arm)


def _draws(facts: Facts, name: str, rulebook: Rulebook, at: datetime, now: datetime) -> bool:
    """Whether the experiment draws people for a step of `at`, and has not drawn this person."""
    trial = (rulebook.experiments or {}).get(name)
    if trial is None or trial.over or at <= trial.started or now >= trial.ends:
        return False
    return all(one.experiment != name for one in facts.drawn)


def _runs(drawn: Drawn, rulebook: Rulebook) -> bool:
    trial = (rulebook.experiments or {}).get(drawn.experiment)
    return trial is not None and not trial.over and drawn.arm != HOLDOUT
