"""The picture of a ladder: every step is on it, inside it, where its file says."""

from collections.abc import Mapping

import pytest

from console.ladder import LEFT, WIDTH, ladder
from strategies.language import read_strategy, shipped_strategies

SHIPPED: Mapping[str, str] = shipped_strategies()


@pytest.mark.parametrize("name", SHIPPED)
def test_every_step_is_on_the_picture_and_inside_it(name: str) -> None:
    strategy = read_strategy(SHIPPED[name], name)
    drawn = ladder(strategy)
    assert sorted(rung.id for rung in drawn.rungs) == sorted(step.id for step in strategy.steps)
    for rung in drawn.rungs:
        assert rung.x >= LEFT
        assert rung.x + rung.width <= WIDTH
        assert 0 < rung.y < drawn.height
    assert len({rung.y for rung in drawn.rungs}) == len(drawn.rungs)
    for lane in drawn.lanes:
        assert all(LEFT <= x <= WIDTH for x, _ in lane.ticks)


def test_a_step_stands_at_its_moment_and_lasts_until_it_lapses() -> None:
    drawn = ladder(read_strategy(SHIPPED["gentle"], "gentle"))
    due = drawn.lanes[0]
    by_id = {rung.id: rung for rung in due.rungs}
    assert [rung.id for rung in due.rungs] == ["upcoming", "due-today", "late-3", "late-7", "late-15", "call"]
    assert by_id["upcoming"].x < due.zero < by_id["due-today"].x
    assert by_id["late-3"].x + by_id["late-3"].width == pytest.approx(by_id["late-7"].x, abs=0.2)
    assert (by_id["call"].by, by_id["call"].ends, by_id["upcoming"].ends) == ("task", "14d", "")
