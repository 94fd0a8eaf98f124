"""The whole language: a file that uses all of it, twenty wrong edits, and what each part means."""

from datetime import date, datetime, timedelta

import pytest

from strategies.arms import HOLDOUT, Arms, part
from strategies.conditions import FACTS, condition, names_in
from strategies.errors import StrategyInputError
from strategies.language import read_strategy, shipped_strategies
from strategies.moments import Moment, read_moment
from strategies.portrait import Portrait
from strategies.segment import Range, Segment, next_edge, read_bucket
from strategies.spec import schema
from strategies.timeline import timeline
from tests.builders.facts import ZONE, at, facts, loan, rulebook, strategy, unpaid

TEXT = """\
strategy: early-arrears
segment: {bucket: [current, 1-30], product: installment}
priority: 3
stale_after: 36h
guard: 5000
migrate: next_step
arms:
  experiment: officer-names
  split: {plain: 45, officer: 45}
  holdout: 10
  horizon: 60d
steps:
  upcoming:
    at: due - 3d 10:00
    send: friendly-upcoming
    by: [chat, sms, email]
    fallback_after: 4h
    spread: 2h
    expires: due
  from-officer:
    at: due + 3d 10:00
    arm: officer
    send: from-officer
    by: [sms]
    expires: 3d
  call:
    at: due + 10d 09:00
    when: promises_broken < 2
    task: call
    queue: desk
    priority: 2
    deadline: 1d
    expires: 2d
  promised:
    at: promise - 1d 10:00
    send: promise-tomorrow
    by: [sms]
    expires: promise
"""

# (what stands there, what somebody wrote, the line that is named, what would be right)
WRONG = [
    ("1-30]", "1-3O]", 2, "write current, or days late like 1-30 or 91+"),
    ("[current, 1-30]", "[30-1]", 2, "write 1-30"),
    ("[current, 1-30]", "0-30", 2, "write current, or 1-30"),
    ("product:", "produkt:", 2, "did you mean `product`?"),
    ("priority: 3", "priority: high", 3, "write it like `priority: 5`"),
    ("36h", "36", 4, "write one like 4d, 36h or 30m"),
    ("guard: 5000", "guard: 0", 5, "write it like `guard: 5000`"),
    ("next_step", "next-step", 6, "write it like `migrate: next_step, at_cure or now`"),
    ("officer: 45", "officer: 40", 7, "95 percent together; make them 100"),
    ("holdout: 10", "hold_out: 10", 10, "did you mean `holdout`?"),
    ("  horizon: 60d\n", "", 7, "is missing; write it like `horizon: 60d`"),
    ("due - 3d 10:00", "due - 3d 10.00", 14, "write one like 'due - 3d 08:00'"),
    ("friendly-upcoming", "Friendly Upcoming", 15, "write small letters, digits and hyphens"),
    ("[chat, sms, email]", "[chat, whatsapp]", 16, "'chat', 'sms' or 'email'"),
    ("arm: officer", "arm: officers", 22, "'officers' is no arm: the arms are officer, plain"),
    ("promises_broken < 2", "promise_broken < 2", 28, "did you mean promises_broken?"),
    ("promises_broken < 2", "promises_broken < '2'", 28, "compare whole numbers with whole numbers"),
    ("promises_broken < 2", "days_past_due", 28, "compare it, like `days_past_due > 10`"),
    ("promises_broken < 2", "promises_broken <", 28, "write it like `promises_broken < 2`"),
    ("task: call", "task: telephone", 29, "write it like `task: call, visit, review, "),
    ("deadline: 1d", "deadline: tomorrow", 32, "write one like 4d, 36h or 30m"),
    ("expires: 2d", "expires: due", 26, "write a length of time like 4d"),
    ("promise - 1d 10:00", "promise - 1h", 35, "like 'promise + 1d 10:00'"),
    ("expires: promise", "expires: due", 34, "`expires: due` is for steps up to the due date"),
]
# The same in the files that ship: their name comes first.
SHIPPED = [
    ("gentle", "strategy: gentle", "strategi: gentle", 7, "did you mean `strategy`?"),
    ("gentle", "stale_after: 4d", "stale_after: 4 days", 8, "write one like 4d, 36h or 30m"),
    ("gentle", "by: [chat, email, sms]", "by: [chat, mail, sms]", 13, "'chat', 'sms' or 'email'"),
    ("gentle", "due 08:00", "due 8:00", 17, "write one like 'due - 3d 08:00'"),
    ("gentle", "    expires: 4d\n", "", 22, "is missing; write it like `expires: 4d`"),
    ("gentle", "task: call", "task: letter", 42, "write it like `task: call, visit, review, "),
    ("early-arrears", "[current, 1-30]", "[current, 30-1]", 12, "write 1-30"),
    ("early-arrears", "guard: 5000", "guard: all", 15, "write it like `guard: 5000`"),
    ("early-arrears", "migrate: next_step", "migrate: later", 16, "at_cure or now"),
    ("early-arrears", "fallback_after", "fall_back_after", 22, "did you mean `fallback_after`?"),
    ("early-arrears", "spread: 2h", "spread: two hours", 23, "write one like 4d, 36h or 30m"),
    ("early-arrears", "promises_broken < 2", "promises_broken = 2", 45, "write it like"),
    ("mid-arrears", "bucket: 31-60", "buckets: 31-60", 11, "did you mean `bucket`?"),
    ("mid-arrears", "days_since_conversation", "days_since_talk", 31, "days_since_conversation"),
    ("late-arrears", "arrears >= 50", "arrears >= '50'", 19, "compare whole numbers with whole numbers"),
    ("late-arrears", "priority: 3\n", "priority: 30\n", 22, "write it like `priority: 5`"),
    ("weekly-group", "send: upcoming", "send: Upcoming!", 17, "write small letters, digits and hyphens"),
    (
        "weekly-group",
        "expires: promise",
        "expires: due",
        52,
        "`expires: due` is for steps up to the due date",
    ),
    ("business-invoices", "    send: upcoming\n", "", 15, "either `send`"),
    ("business-invoices", "deadline: 3d", "deadline: soon", 37, "write one like 4d, 36h or 30m"),
]


@pytest.mark.parametrize(("name", "edit", "to", "line", "says"), SHIPPED)
def test_twenty_wrong_edits_of_what_ships_name_the_line_and_the_remedy(
    name: str, edit: str, to: str, line: int, says: str
) -> None:
    text = shipped_strategies()[name]
    assert edit in text
    with pytest.raises(StrategyInputError) as error:
        read_strategy(text.replace(edit, to, 1), f"{name}.yaml")
    message = str(error.value)
    assert message.startswith(f"{name}.yaml, line {line}: "), message
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize(("edit", "to", "line", "says"), WRONG)
def test_wrong_edits_name_the_line_and_the_remedy(edit: str, to: str, line: int, says: str) -> None:
    assert edit in TEXT
    with pytest.raises(StrategyInputError) as error:
        read_strategy(TEXT.replace(edit, to, 1), "early.yaml")
    message = str(error.value)
    assert message.startswith(f"early.yaml, line {line}: "), message
    assert says in message
    assert "\n" not in message


def test_a_file_that_uses_all_of_it() -> None:
    read = read_strategy(TEXT, "early.yaml")
    assert read.segment == Segment(buckets=(Range(0, 0), Range(1, 30)), product=("installment",))
    assert (read.priority, read.guard, read.migrate) == (3, 5000, "next_step")
    assert read.arms == Arms("officer-names", (("plain", 45), ("officer", 45)), 10, timedelta(days=60))
    call = read.step("call")
    assert (call.task, call.queue, call.priority, call.deadline) == ("call", "desk", 2, timedelta(days=1))
    assert call.when is not None
    assert call.when.text == "promises_broken < 2"
    assert read.names == {"promises_broken", "product", "arm"}
    assert read.anchors == {"due", "promise"}
    assert not read.plain
    assert read.step("promised").at == Moment("promise", -1, datetime(2026, 1, 1, 10).time())


def test_moments_are_written_as_they_are_read() -> None:
    for text in ("due - 3d 10:00", "due 08:00", "due + 15d 00:00", "promise - 1d 10:00", "case + 2h"):
        assert read_moment(text).text == text
    assert read_moment("case + 90m").text == "case + 90m"
    opened = at("2026-11-24 10:15")
    assert read_moment("case + 2h").from_(opened, ZONE) == at("2026-11-24 12:15")
    assert read_moment("case + 1d 09:00").from_(opened, ZONE) == at("2026-11-25 09:00")


def test_the_schema_knows_every_key_and_every_fact() -> None:
    written = schema()
    step = written["$defs"]["StepSpec"]
    assert set(written["properties"]) == {
        "strategy", "segment", "priority", "stale_after", "guard", "migrate", "arms", "steps",
    }  # fmt: skip
    assert all(name in step["properties"]["when"]["anyOf"][0]["description"] for name in FACTS)
    assert step["additionalProperties"] is False
    assert set(step["required"]) == {"at", "expires"}


# --- conditions -----------------------------------------------------------------------------------


def test_every_declared_fact_can_be_read_and_named() -> None:
    case = facts(loan(unpaid(date(2026, 11, 1))))
    portrait = Portrait(case, case.loans[0], rulebook(), at("2026-11-24 10:00"))
    assert set(portrait) == set(FACTS)
    samples = {"whole number": "{} >= 0", "text": "{} != 'x'"}
    for name, (kind, _) in FACTS.items():
        text = samples.get(kind, "size({}) >= 0").format(name)
        assert condition(text).of(portrait).holds, name
        assert names_in(text) == (name,)


def test_a_condition_says_what_it_read() -> None:
    case = facts(loan(unpaid(date(2026, 11, 1))))
    portrait = Portrait(case, case.loans[0], rulebook(), at("2026-11-24 10:00"))
    verdict = condition('days_past_due > 30 && bucket == "1-30"').of(portrait)
    assert not verdict.holds
    assert verdict.why == "bucket is 1-30, days_past_due is 23"


def test_an_attribute_that_is_missing_makes_it_not_hold() -> None:
    case = facts(loan(unpaid(date(2026, 11, 1))))
    portrait = Portrait(case, case.loans[0], rulebook(), at("2026-11-24 10:00"))
    for text in ("attributes.branch == 'north'", "attributes.branch != 'north'"):
        verdict = condition(text).of(portrait)
        assert not verdict.holds
        assert "branch" in verdict.why
    assert condition("!has(attributes.branch)").of(portrait).holds


def test_what_runs_away_is_stopped() -> None:
    deep = "tags.all(a, tags.all(b, tags.all(c, tags.all(d, tags.all(e, a + b + c + d + e != 'x')))))"
    many = tuple(str(number) for number in range(40))
    verdict = condition(deep).of({"tags": many})
    assert not verdict.holds
    assert "budget" in verdict.why


def test_equal_values_are_evaluated_once() -> None:
    asked = condition("days_past_due > 10 && promises_kept < 3")
    for _ in range(3):
        assert asked.of({"days_past_due": 11, "promises_kept": 0, "arrears": 5}).holds
    assert asked._verdict.cache_info().misses == 1  # pyright: ignore[reportPrivateUsage]


# --- segments -------------------------------------------------------------------------------------


def test_segments_take_in_what_they_say() -> None:
    of = Segment(
        buckets=(read_bucket("current"), read_bucket("1-30")), tags=("vip",), arrears=(Range(100, None),)
    )
    assert of.takes(0, {"tags": ("vip", "x"), "arrears": 100})
    assert of.takes(30, {"tags": ("vip",), "arrears": 10_000})
    assert not of.takes(31, {"tags": ("vip",), "arrears": 100})
    assert not of.takes(30, {"tags": (), "arrears": 100})
    assert not of.takes(30, {"tags": ("vip",), "arrears": 99})
    assert Segment().takes(5, {})
    by_branch = Segment(attributes=(("branch", ("north",)),))
    assert by_branch.takes(0, {"attributes": {"branch": "north"}})
    assert not by_branch.takes(0, {"attributes": {}})


def test_when_a_segment_may_next_change_is_known() -> None:
    of = Segment(buckets=(Range(1, 30), Range(61, None)))
    today = date(2026, 11, 24)
    assert next_edge([of], 10, None, today) == date(2026, 12, 15)
    assert next_edge([of], 31, None, today) == date(2026, 12, 24)
    assert next_edge([of], 61, None, today) is None
    assert next_edge([of], 0, date(2026, 12, 2), today) == date(2026, 12, 2)
    assert Segment(buckets=(Range(1, 30), Range(31, 60))).entered(45) == 1
    assert of.entered(70) == 61
    assert Segment(buckets=(Range(0, 0), Range(1, 30))).entered(20) is None


# --- arms -----------------------------------------------------------------------------------------


def test_arms_are_sticky_and_as_large_as_they_say() -> None:
    arms = Arms("officer-names", (("plain", 45), ("officer", 45)), 10, timedelta(days=60))
    found = [arms.of(person) for person in range(20_000)]
    assert found == [arms.of(person) for person in range(20_000)]
    for arm, share in (("plain", 0.45), ("officer", 0.45), (HOLDOUT, 0.10)):
        assert abs(found.count(arm) / 20_000 - share) < 0.012
    other = Arms("other", arms.split, 10, arms.horizon)
    agree = sum(other.of(person) == found[person] for person in range(20_000))
    assert abs(agree / 20_000 - 0.415) < 0.02, "another salt splits people anew"
    assert part("officer-names", 7) == part("officer-names", 7)


def test_a_larger_arm_keeps_the_holdout() -> None:
    """Whoever hears nothing hears nothing, however the arms are shared out."""
    before = Arms("a", (("x", 95),), 5, timedelta(days=60))
    after = Arms("a", (("x", 40), ("y", 55)), 5, timedelta(days=60))
    held = {person for person in range(5_000) if before.of(person) == HOLDOUT}
    assert held == {person for person in range(5_000) if after.of(person) == HOLDOUT}


def test_spread_smooths_a_peak_and_stays_the_same() -> None:
    text = strategy("late: {at: due + 3d 10:00, send: late, by: [sms], spread: 2h, expires: 1d}")
    book = rulebook({1: text})
    moments = [
        next(timeline(loan(unpaid(date(2026, 11, 1), number)), book.strategies[1], ZONE)).at
        for number in range(500)
    ]
    first, last = at("2026-11-04 10:00"), at("2026-11-04 12:00")
    assert all(first <= moment < last for moment in moments)
    assert len(set(moments)) > 100
    again = next(timeline(loan(unpaid(date(2026, 11, 1), 7)), book.strategies[1], ZONE)).at
    assert again == moments[7]
