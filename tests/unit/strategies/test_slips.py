"""All that is wrong with a file at once, line by line; and what may be written where."""

import pytest

from strategies.completion import completions
from strategies.conditions import FACTS
from strategies.errors import StrategyInputError
from strategies.language import read_strategy, slips
from tests.builders.facts import GENTLE_TEXT

TEXTS = {(name, by) for name in ("upcoming", "late", "late-early") for by in ("chat", "sms", "email")}
TEXTS |= {(name, by) for name in ("due-today", "late-firm", "promise-tomorrow") for by in ("chat", "sms")}
ALL = TEXTS | {(name, "email") for name, _ in TEXTS}


def test_each_slip_is_told_at_its_line_and_once() -> None:
    text = GENTLE_TEXT
    for edit, to in (
        ("stale_after: 4d", "stale_aftr: 4d"),
        ("at: due - 3d 08:00", "at: due -3 days"),
        ("expires: 7d", "expires: soon"),
        ("  call:\n    at: due + 30d 09:00\n", "  call:\n"),
    ):
        assert edit in text
        text = text.replace(edit, to, 1)
    found = slips(text, "gentle", ALL)
    assert [one.line for one in found] == [8, 11, 33, 40]
    assert found[0].says.startswith("stale_aftr: is no key here; did you mean `stale_after`?")
    assert found[1].says.startswith("steps.upcoming.at: 'due -3 days' is no moment")
    assert found[3].says.startswith("steps.call.at: is missing")
    with pytest.raises(StrategyInputError, match=r"^x, line 11: "):
        read_strategy(text, "x")


def test_a_right_file_has_none() -> None:
    assert slips(GENTLE_TEXT, "gentle", ALL) == ()


def test_another_name_missing_texts_and_arms_stand_at_their_lines() -> None:
    found = slips(GENTLE_TEXT, "gentler", TEXTS)
    assert (found[0].line, found[0].says) == (
        7,
        "strategy: it is gentler that is written here; write `strategy: gentler`",
    )
    assert [one.says.partition(": there is no text")[0] for one in found[1:]] == [
        "steps.due-today.send",
        "steps.late-15.send",
        "steps.promised.send",
    ]
    assert "there is no text 'late-firm' for email; there are: late, late-early, upcoming" in found[2].says
    armed = GENTLE_TEXT.replace("    send: late\n", "    arm: [one, two]\n    send: late\n")
    assert [(one.line, one.says[:40]) for one in slips(armed, "gentle", ALL)] == [
        (30, "steps.late-7.arm: 'one' is no arm: add `"),
        (30, "steps.late-7.arm: 'two' is no arm: add `"),
    ]


@pytest.mark.parametrize("text", ["", "a: [", "a: 1\na: 2", "- x", "a: \x07"])
def test_what_cannot_be_read_is_one_slip(text: str) -> None:
    (one,) = slips(text, "gentle", ALL)
    assert one.line >= 1
    assert "\n" not in one.says


def test_completion_knows_every_key_and_closed_list() -> None:
    known = completions(TEXTS)
    assert set(known) == {"", "segment", "arms", "steps"}
    assert known[""]["migrate"]["values"] == ["next_step", "at_cure", "now"]
    assert known["segment"]["contactable"]["values"] == ["chat", "sms", "email"]
    steps = known["steps"]
    assert steps["send"]["values"] == sorted({name for name, _ in TEXTS})
    assert (steps["by"]["values"], steps["task"]["values"][:2]) == (
        ["chat", "sms", "email"],
        ["call", "visit"],
    )
    assert steps["when"]["values"] == sorted(FACTS)
    assert steps["expires"] == {"like": "expires: 4d", "values": []}
