"""`earliest` against a search, a quarter of an hour at a time, that knows no leaps and no periods."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from policy.earliest import HORIZON, Rules, earliest, in_force
from policy.pack import read_pack
from policy.rules import Cap, Window
from policy.values import Ask, Hold, Past, Situation
from tests.builders.facts import pack_text

QUARTER = timedelta(minutes=15)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ZONES = (
    "UTC",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Havana",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
)
# About clock changes in the north and the south, and a quiet month.
MONTHS = (
    datetime(2027, 3, 10, tzinfo=UTC),
    datetime(2027, 10, 1, tzinfo=UTC),
    datetime(2027, 7, 1, tzinfo=UTC),
)


def quarters(most: int) -> st.SearchStrategy[timedelta]:
    return st.integers(0, most).map(lambda n: n * QUARTER)


def clock(quarter: int) -> str:
    return f"{quarter // 4:02}:{quarter % 4 * 15:02}"


@st.composite
def window_rules(draw: st.DrawFn) -> str:
    days = draw(st.lists(st.sampled_from(DAYS), min_size=1, unique=True))
    hours: list[str] = []
    for day in days:
        opens = draw(st.integers(0, 94))
        closes = draw(st.integers(opens + 1, 95))
        hours.append(f"{day}: ['{clock(opens)}', '{clock(closes)}']")
    return f"hours: {{kind: window, hours: {{{', '.join(hours)}}}}}"


@st.composite
def cap_rules(draw: st.DrawFn, name: str) -> str:
    period = draw(st.sampled_from(["day", "week", "month"]))
    per = draw(st.sampled_from(["person", "debt"]))
    channels = draw(st.lists(st.sampled_from(["sms", "email", "call"]), min_size=1, unique=True))
    most = draw(st.integers(1, 3))
    bound = ", ".join(channels)
    return f"{name}: {{kind: cap, most: {most}, period: {period}, per: {per}, channels: [{bound}]}}"


@st.composite
def rules(draw: st.DrawFn) -> Rules:
    written = draw(
        st.lists(
            st.one_of(window_rules(), cap_rules("one"), cap_rules("two")),
            max_size=3,
            unique_by=lambda rule: rule.split(":")[0],
        )
    )
    if not written:
        return in_force({}, [])
    return in_force({"test": read_pack(pack_text("\n".join(written)), "test").rules}, ["test"])


@st.composite
def situations(draw: st.DrawFn, start: datetime) -> Situation:
    moments = quarters(96 * 20).map(lambda after: start - timedelta(days=8) + after)
    held: list[Hold] = []
    for _ in range(draw(st.integers(0, 3))):
        begins = draw(moments)
        end = None if draw(st.integers(0, 9)) == 0 else begins + QUARTER + draw(quarters(96 * 4))
        held.append(Hold(draw(st.sampled_from(["dispute", "promise"])), draw(st.integers(0, 2)), begins, end))
    loans = st.sampled_from([(1,), (2,), (1, 2)])
    past = st.builds(
        Past,
        moments,
        st.sampled_from(["sms", "email", "call"]),
        st.just("accepted"),
        loans,
        st.sampled_from([0, 0, 7, 8, 9]),
    )
    return Situation(
        tuple(draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=2, unique=True))),
        consents=draw(st.dictionaries(st.sampled_from(["sms", "email"]), st.just("revoked"), max_size=1))
        if draw(st.integers(0, 4)) == 0
        else {},
        holds=tuple(held),
        past=tuple(draw(st.lists(past, max_size=8))),
    )


@st.composite
def questions(draw: st.DrawFn) -> tuple[Rules, Ask, Situation, datetime]:
    start = draw(st.sampled_from(MONTHS)) + draw(quarters(96 * 10))
    ask = Ask(
        draw(st.sampled_from(["sms", "email", "call", "chat"])),
        draw(st.sampled_from([(1,), (2,), (1, 2)])),
        draw(st.sampled_from(["dunning", "dunning", "dunning", "answer"])),
        draw(st.sampled_from([0, 0, 7])),
    )
    return draw(rules()), ask, draw(situations(start)), start


def accepts(rules: Rules, ask: Ask, situation: Situation, at: datetime) -> bool:
    """The rules read from their numbers alone, at one moment."""
    if ask.purpose != "dunning":
        return True
    if situation.consents.get(ask.channel) == "revoked":
        return False
    for hold in situation.holds:
        if hold.loan in (0, *ask.loans) and hold.start <= at and (hold.end is None or at < hold.end):
            return False
    return all(_rule_accepts(rule, ask, situation, at) for _, rule in rules.each)


def _rule_accepts(rule: Any, ask: Ask, situation: Situation, at: datetime) -> bool:
    match rule:
        case Window():
            for zone in situation.zones:
                there = at.astimezone(ZoneInfo(zone))
                hours = rule.hours[there.weekday()]
                if hours is None or not (hours[0] <= there.time() < hours[1]):
                    return False
            return True
        case Cap():
            if ask.channel not in rule.channels:
                return True
            return all(
                _most(rule, ask, situation, at, ZoneInfo(zone)) < rule.most for zone in situation.zones
            )
        case _:
            return True


def _most(rule: Cap, ask: Ask, situation: Situation, at: datetime, zone: ZoneInfo) -> int:
    """How many messages count in the period of `at`: of the person, or of the debt that has most."""
    label: Callable[[datetime], object] = {
        "day": lambda when: when.date(),
        "week": lambda when: when.isocalendar()[:2],
        "month": lambda when: (when.year, when.month),
    }[rule.period]
    here = label(at.astimezone(zone))
    groups = [None] if rule.per == "person" else list(ask.loans)
    counts: list[int] = []
    for loan in groups:
        messages: set[int] = set()
        elsewhere = 0
        for past in situation.past:
            if past.channel not in rule.channels or label(past.at.astimezone(zone)) != here:
                continue
            if loan is not None and loan not in past.loans:
                continue
            if past.message == 0:
                elsewhere += 1
            elif past.message != ask.message:
                messages.add(past.message)
        counts.append(elsewhere + len(messages))
    return max(counts)


def searched(rules: Rules, ask: Ask, situation: Situation, at: datetime) -> datetime | None:
    moment = at
    while moment - at <= HORIZON:
        if accepts(rules, ask, situation, moment):
            return moment
        moment += QUARTER
    return None


@settings(max_examples=250, deadline=None)
@given(questions())
def test_earliest_is_what_a_search_finds(question: tuple[Rules, Ask, Situation, datetime]) -> None:
    rules, ask, situation, at = question
    answer = earliest(rules, ask, situation, at)
    assert answer.at == searched(rules, ask, situation, at)
    assert (answer.at == at) == (answer.noes == ())
    assert answer.at is None or at <= answer.at <= at + HORIZON
    assert all(no.detail and no.rule for no in answer.noes)


@settings(max_examples=300, deadline=None)
@given(questions(), quarters(96 * 12))
def test_a_later_question_has_no_earlier_answer(
    question: tuple[Rules, Ask, Situation, datetime], after: timedelta
) -> None:
    rules, ask, situation, at = question
    later = at + after
    first, second = earliest(rules, ask, situation, at).at, earliest(rules, ask, situation, later).at
    if first is not None and second is not None:
        assert first <= second
    if first is not None and first >= later:
        assert second == first
    if first is not None:
        assert earliest(rules, ask, situation, first).at == first
