"""The language of strategies: each slip is named with its line and what would be right."""

from datetime import time, timedelta

import pytest

from strategies.errors import StrategyInputError
from strategies.language import read_strategy, shipped_strategies
from tests.builders.facts import GENTLE_TEXT, read

MOMENTS = "write one like 'due - 3d 08:00', 'promise - 1d 10:00', 'broken 09:00' or 'case + 2h'"
SPANS = "write one like 4d, 36h or 30m"


def test_gentle_is_what_it_says() -> None:
    gentle = read(GENTLE_TEXT)
    assert (gentle.name, gentle.stale_after) == ("gentle", timedelta(days=4))
    assert [(step.id, step.days, step.hour, step.template or step.task) for step in gentle.steps] == [
        ("upcoming", -3, time(8), "upcoming"),
        ("promised", -1, time(10), "promise-tomorrow"),
        ("due-today", 0, time(8), "due-today"),
        ("broken", 0, time(9), "call"),
        ("late-3", 3, time(8), "late-early"),
        ("late-7", 7, time(8), "late"),
        ("late-15", 15, time(8), "late-firm"),
        ("call", 30, time(9), "call"),
    ]
    assert [step.post_due for step in gentle.steps] == [False, True, False, True, True, True, True, True]
    assert gentle.steps[0].by == ("chat", "email", "sms")
    assert gentle.steps[0].expires is None
    after = [step for step in gentle.steps if step.template and step.at.days >= 0]
    assert {step.by for step in after} == {("chat", "sms", "email")}
    assert {step.fallback_after for step in after} == {timedelta(hours=4)}


@pytest.mark.parametrize(
    ("edit", "to", "line", "says"),
    [
        (
            "at: due - 3d 08:00",
            "at: due -3 days",
            11,
            f"steps.upcoming.at: 'due -3 days' is no moment; {MOMENTS}",
        ),
        ("at: due - 3d 08:00", "at: due - 3d 24:00", 11, MOMENTS),
        ("at: due - 3d 08:00", "at: due - 3d 8:00", 11, MOMENTS),
        ("at: due - 3d 08:00", "at: 3", 11, MOMENTS),
        ("at: due + 30d 09:00", "at: paid + 1d", 41, "'paid' is no anchor; a moment counts from due, "),
        ("at: due + 30d 09:00", "at: broken - 1d", 41, "write broken + 1d"),
        ("at: due + 30d 09:00", "at: due + 30h", 41, "like 'due + 1d 10:00'"),
        (
            "    at: due - 3d 08:00\n",
            "",
            10,
            "steps.upcoming.at: is missing; write it like `at: due - 3d 08:00`",
        ),
        ("    expires: due\n", "", 10, "steps.upcoming.expires: is missing; write it like `expires: 4d`"),
        ("expires: 4d", "expires: due", 22, "write a length of time like 4d"),
        ("expires: 4d", "expires: 0d", 27, SPANS),
        ("expires: 4d", "expires: soon", 27, f"'soon' is no length of time; {SPANS}"),
        ("expires: 4d", "expires: 4 d", 27, SPANS),
        ("fallback_after: 4h", "fallback_after: 4", 14, SPANS),
        (
            "fallback_after: 4h",
            "fall_back: 4h",
            14,
            "steps.upcoming.fall_back: is no key here; did you mean `fallback_after`? The keys are at, ",
        ),
        ("by: [chat, email, sms]", "by: [chat, fax]", 13, "'chat', 'sms' or 'email'"),
        ("by: [chat, email, sms]", "by: []", 13, "write it like `by: [chat, sms, email]`"),
        ("by: [chat, email, sms]", "by: chat", 13, "write it like `by: [chat, sms, email]`"),
        ("by: [chat, email, sms]", "by: [sms, sms]", 10, "`by` names a channel twice"),
        ("    by: [chat, email, sms]\n", "", 10, "`send` goes with `by`"),
        ("    send: upcoming\n", "", 10, "either `send` (a message's text) or `task`"),
        ("send: upcoming", "send: Upcoming!", 12, "like late-3"),
        ("task: call", "task: telephone", 42, "write it like `task: call, visit, review, "),
        ("task: call", "task: call\n    send: late\n    by: [sms]", 40, "either `send`"),
        ("task: call", "task: call\n    fallback_after: 4h", 40, "a task has no next channel"),
        ("stale_after: 4d\n", "", 1, "stale_after: is missing; write it like `stale_after: 4d`"),
        ("stale_after: 4d", "stale_after: 4 days", 8, SPANS),
        (
            "stale_after: 4d",
            "stale_after: 4d\nguards: 5000",
            9,
            "did you mean `guard`? The keys are strategy, segment, ",
        ),
        ("strategy: gentle", "strategy: Gentle Reminders", 7, "small letters, digits and hyphens"),
        ("strategy: gentle\n", "", 1, "strategy: is missing; write it like `strategy: gentle`"),
        ("  late-3:\n", "  Late 3:\n", 22, "steps.Late 3: is no name"),
        ("  due-today:\n", "  upcoming:\n", 16, 'found duplicate key "upcoming"'),
        (
            "  upcoming:\n",
            "  early: soon\n  upcoming:\n",
            10,
            "steps.early: is no step; give it `at`, `expires`",
        ),
        ("    at: due 08:00\n", "   at: due 08:00\n", 18, "mapping values are not allowed here"),
    ],
)
def test_a_slip_is_named_with_its_line_and_the_remedy(edit: str, to: str, line: int, says: str) -> None:
    assert edit in GENTLE_TEXT
    with pytest.raises(StrategyInputError) as error:
        read_strategy(GENTLE_TEXT.replace(edit, to, 1), "gentle.yaml")
    message = str(error.value)
    assert message.startswith(f"gentle.yaml, line {line}: ")
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "text", ["", "gentle", "- strategy: gentle", "steps: [", "\t", "a: *b", "a: !!python/x y"]
)
def test_what_is_no_strategy_at_all_is_one_line(text: str) -> None:
    with pytest.raises(StrategyInputError, match=r"^x\.yaml, line \d+: [^\n]+$"):
        read_strategy(text, "x.yaml")


def test_the_digest_is_of_the_meaning() -> None:
    """Comments, blank lines and quotes may change; a number may not."""
    text = GENTLE_TEXT
    dressed = "# ours\n" + text.replace("\n  late-3:", "\n\n  'late-3': # three days").replace(
        "at: due + 3d 08:00", 'at: "due  +  3d   08:00"'
    )
    assert read(dressed).digest == read(text).digest
    for edit, to in (
        ("due + 3d", "due + 4d"),
        ("expires: 4d", "expires: 5d"),
        ("[chat, sms, email]", "[sms, chat, email]"),
        ("send: late-early", "send: late"),
        ("stale_after: 4d", "stale_after: 3d"),
        ("strategy: gentle", "strategy: gentler"),
        ("fallback_after: 4h", "fallback_after: 5h"),
        ("  late-3:", "  late-4:"),
    ):
        assert read(text.replace(edit, to, 1)).digest != read(text).digest


def test_every_shipped_strategy_reads_under_its_own_name() -> None:
    for name, text in shipped_strategies().items():
        assert read_strategy(text, name).name == name


def test_the_same_text_is_read_once_and_a_slip_names_whoever_asks() -> None:
    """A book reads every version it ever had whenever one thing changes."""
    assert read_strategy(GENTLE_TEXT, "version 1") is read_strategy(GENTLE_TEXT, "version 2")
    for name in ("mine.yaml", "yours.yaml"):
        with pytest.raises(StrategyInputError, match=f"^{name}, line 1: "):
            read_strategy("no mapping", name)
