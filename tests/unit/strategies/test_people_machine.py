"""People driven through everything that happens, in any order; and six mistakes that must show."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from msgspec.structs import replace

from policy.rules.holds import Held
from policy.values import Ask, Hold
from strategies import come, fire
from strategies import timeline as expecting
from strategies.decide import decide
from strategies.language import Strategy
from strategies.rulebook import Rulebook
from strategies.values import Decision, Facts, Key, Occurrence
from tests.builders.facts import DAY
from tests.builders.street_life import People

# A look is a whole decision or two: what hypothesis calls slow is what is tested here.
LONG = settings(
    max_examples=60,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
FIND = settings(
    max_examples=5_000,  # it ends at the first mistake found, within some hundreds
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


class Right(People):
    """As it is."""

    decide = staticmethod(decide)


def test_the_laws_hold_whatever_happens() -> None:
    run_state_machine_as_test(Right, settings=LONG)


def superseded_fires(patch: pytest.MonkeyPatch) -> None:
    """The oldest that has come fires, instead of the latest."""
    true = come.timeline

    def turned(*args: Any, **more: Any) -> Iterator[Occurrence]:
        found = list(true(*args, **more))
        now = NOW[0]
        past = [one for one in found if one.at <= now]
        return iter(past[::-1] + found[len(past) :])

    patch.setattr(come, "timeline", turned)


def version_in_the_key(patch: pytest.MonkeyPatch) -> None:
    """A new version does not know what the one before has said."""
    true = expecting._of  # pyright: ignore[reportPrivateUsage]

    def versioned(anchor: str, anchor_id: int, found: Any, strategy: Strategy) -> Iterator[Any]:
        for at, expires, key in true(anchor, anchor_id, found, strategy):
            yield (
                at,
                expires,
                Key(key.anchor, key.anchor_id, f"{key.strategy}@{strategy.digest[:4]}", key.step),
            )

    patch.setattr(expecting, "_of", versioned)


def part_keeps_a_promise(patch: pytest.MonkeyPatch) -> None:
    """Something came in, so it is kept."""
    true = expecting.verdict
    patch.setattr(
        expecting,
        "verdict",
        lambda amount, paid, **more: true(1 if paid else amount, paid, **more),
    )


def again_too_late(patch: pytest.MonkeyPatch) -> None:
    """The next look is a day later than it should be."""

    def late(facts: Facts, book: Rulebook, now: datetime) -> Decision:
        made = decide(facts, book, now)
        return replace(made, again=made.again + DAY if made.again else None)

    patch.setattr(Right, "decide", staticmethod(late))


def friendly_first(patch: pytest.MonkeyPatch) -> None:
    """The loan that is least late leads: its reminder beats the call to order of a late one."""
    patch.setattr(fire, "_order", lambda candidate: (candidate.days_late, candidate.occurrence.loan))


def hold_of_a_debt_stops_the_person(patch: pytest.MonkeyPatch) -> None:
    """A dispute of one loan silences the other."""

    def binds(self: Held, hold: Hold, ask: Ask) -> bool:
        return True

    patch.setattr(Held, "_binds", binds)


NOW = [datetime.min]
BUGS = [
    superseded_fires,
    version_in_the_key,
    part_keeps_a_promise,
    again_too_late,
    friendly_first,
    hold_of_a_debt_stops_the_person,
]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_each_planted_mistake_turns_it_red(bug: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def noting(facts: Facts, book: Rulebook, now: datetime) -> Decision:
        NOW[0] = now
        return decide(facts, book, now)

    monkeypatch.setattr(Right, "decide", staticmethod(noting))
    bug(monkeypatch)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Right, settings=FIND)
