"""When a tape that lacks loans is held: by what is said of it, by what came before it, by how much it has."""

from collections.abc import Sequence

import pytest

from casework.intake.guard import judge
from storage.intake.guard import Covered, Measured


@pytest.mark.parametrize(
    ("there", "said", "habit", "held"),
    [
        (10, "", (), False),  # of 24 on day two, with no habit known: changes, as far as anybody can tell
        (12, "", (), True),
        (10, "delta", (), False),
        (20, "delta", (1.0, 1.0), False),
        (10, "full", (0.1, 0.1), True),
        (10, "", (1.0, 1.0), True),
        (10, "", (0.4,), False),  # one like it was taken
        (12, "", (0.4, 0.4), True),  # half of them and more is meant as all
        (20, "", (), False),
    ],
)
def test_a_tape_that_lacks_loans_is_held_unless_it_is_one_of_changes(
    there: int, said: str, habit: Sequence[float], held: bool
) -> None:
    measured = Measured((Covered(1, "core", 24, there),), there, 0, None, 0, 0, (), ())
    found = judge(measured, 100, 0, full=said == "full", delta=said == "delta", habit=habit, repeats=None)
    assert [one.code for one in found] == (["lacks_loans"] if held else [])
