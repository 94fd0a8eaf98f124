"""`earliest` against a search, minute by minute, under every shipped pack: the auditor knows no leaps."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy.earliest import HORIZON, earliest, in_force
from policy.pack import shipped_packs
from policy.values import Ask, Hold, Past, Situation
from tests.unit.policy.auditor import BINDS, Auditor

MINUTE = timedelta(minutes=1)
ZONES = (
    "UTC",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Havana",
    "America/Bogota",
    "America/Santiago",
    "Europe/Berlin",
    "Europe/Athens",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Beirut",
    "Asia/Vladivostok",
    "Asia/Jakarta",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
)
# About clock changes in the north and the south, dates on which rules take effect, holidays, a quiet month.
MONTHS = tuple(
    datetime(year, month, day, tzinfo=UTC)
    for year, month, day in (
        (2027, 3, 10),
        (2027, 10, 1),
        (2027, 7, 1),
        (2026, 8, 25),
        (2026, 11, 27),
        (2026, 12, 20),
        (2027, 1, 25),
    )
)
RESULTS = (
    "no_answer",
    "voicemail",
    "busy",
    "not_in_service",
    "conversation",
    "conversation",
    "delivered",
    "",
)
CHANNELS = ("sms", "email", "chat", "call", "visit")
FLAGS = ("represented", "cease", "deceased", "vulnerable", "hardship", "unreachable", "incapable")
RULES = {name: pack.rules for name, pack in shipped_packs().items()}

Question = tuple[tuple[str, ...], Ask, Situation, datetime]


def rarely(strategy: st.SearchStrategy[Any], otherwise: Any) -> st.SearchStrategy[Any]:
    return st.integers(0, 5).flatmap(lambda n: strategy if n == 5 else st.just(otherwise))


def minutes(days: int) -> st.SearchStrategy[timedelta]:
    return st.integers(0, days * 24 * 60).map(lambda n: n * MINUTE)


@st.composite
def pasts(draw: st.DrawFn, start: datetime, favourites: Sequence[str]) -> tuple[Past, ...]:
    """Bursts: so many on one channel within a few days that caps are met."""
    found: list[Past] = []
    for _ in range(draw(st.integers(0, 4))):
        began = start - timedelta(days=draw(st.integers(-1, 16))) + draw(minutes(1))
        channel = draw(st.sampled_from(favourites))
        step = draw(st.sampled_from((timedelta(hours=1), timedelta(hours=7), timedelta(days=1, minutes=1))))
        result = draw(st.sampled_from(RESULTS))
        loans = draw(st.sampled_from([(1,), (2,), (1, 2), ()]))
        message = draw(st.sampled_from([0, 0, 0, 7, 8]))
        inbound = draw(st.integers(0, 5)) == 0
        found += [
            Past(began + n * step, channel, result, loans, message, inbound)
            for n in range(draw(st.integers(1, 8)))
        ]
    return tuple(found)


@st.composite
def windows(draw: st.DrawFn) -> tuple[tuple[time, time], ...]:
    edges = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))
    pairs = draw(st.lists(st.tuples(edges, edges), min_size=1, max_size=2))
    return tuple((opens, closes) for opens, closes in pairs if opens != closes)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    start = draw(st.sampled_from(MONTHS)) + draw(minutes(10))
    packs = tuple(draw(st.lists(st.sampled_from(sorted(BINDS)), min_size=1, max_size=4, unique=True)))
    channel = draw(st.sampled_from((*CHANNELS, "call", "call", "sms")))
    ask = Ask(
        channel,
        draw(st.sampled_from([(1,), (2,), (1, 2)])),
        draw(rarely(st.sampled_from(["answer", "opt_out_confirmation", "statutory"]), "dunning")),
        draw(st.sampled_from([0, 0, 7])),
        draw(st.sampled_from(["third_party", "third_party", "third_party", "first_party"])),
        draw(st.sampled_from(["collection"] * 5 + ["reminder"])),
        draw(rarely(st.sampled_from(["spouse", "guarantor", "contact_person", "referee"]), "borrower")),
    )
    held: list[Hold] = []
    for _ in range(draw(rarely(st.integers(1, 3), 0))):
        begins = start - timedelta(days=8) + draw(minutes(20))
        end = None if draw(st.integers(0, 9)) == 0 else begins + MINUTE + draw(minutes(5))
        held.append(
            Hold(draw(st.sampled_from(["dispute", "moratorium"])), draw(st.integers(0, 2)), begins, end)
        )
    consent = st.dictionaries(st.sampled_from(CHANNELS), st.sampled_from(["granted", "revoked"]))
    situation = Situation(
        tuple(draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=2, unique=True))),
        consents=draw(st.one_of(st.just(dict.fromkeys(CHANNELS, "granted")), rarely(consent, {}))),
        holds=tuple(held),
        past=draw(pasts(start, (channel, channel, *CHANNELS))),
        hours_agreed=draw(st.sampled_from([False, False, True])),
        windows=draw(rarely(windows(), ())),
        flags=tuple(draw(rarely(st.lists(st.sampled_from(FLAGS), max_size=2, unique=True), []))),
        due={
            loan: (start - timedelta(days=draw(st.integers(8, 18)))).date()
            for loan in draw(st.sampled_from([(1, 2), (1, 2), (1,), ()]))
        },
    )
    return packs, ask, situation, start


def searched(question: Question) -> datetime | None:
    packs, ask, situation, at = question
    auditor = Auditor(packs, ask, situation)
    moment = at
    while moment - at <= HORIZON:
        if not auditor.breaches(moment):
            return moment
        if auditor.always:
            return None  # nothing of that changes with time
        moment += MINUTE
    return None


def asked(question: Question) -> datetime | None:
    packs, ask, situation, at = question
    return earliest(in_force(RULES, packs), ask, situation, at).at


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(questions())
def test_earliest_is_what_a_search_finds(question: Question) -> None:
    packs, ask, situation, at = question
    answer = earliest(in_force(RULES, packs), ask, situation, at)
    assert answer.at == searched(question)
    assert (answer.at == at) == (answer.noes == ())
    assert answer.at is None or at <= answer.at <= at + HORIZON
    assert all(no.detail and no.rule for no in answer.noes)


@settings(max_examples=300, deadline=None)
@given(questions(), minutes(12))
def test_a_later_question_has_no_earlier_answer(question: Question, after: timedelta) -> None:
    packs, ask, situation, at = question
    first, second = asked(question), asked((packs, ask, situation, at + after))
    if first is not None and second is not None and ask.purpose == "dunning":
        assert first <= second
    if first is not None and first >= at + after:
        assert second == first
    if first is not None:
        assert asked((packs, ask, situation, first)) == first


@settings(max_examples=200, deadline=None)
@given(questions())
def test_the_zone_in_which_a_question_is_written_does_not_matter(question: Question) -> None:
    packs, ask, situation, at = question
    assert asked((packs, ask, situation, at.astimezone(ZoneInfo("Asia/Kathmandu")))) == asked(question)


@settings(max_examples=200, deadline=None)
@given(questions())
def test_what_a_person_may_not_be_in_does_not_loosen_anything(question: Question) -> None:
    """One zone more, or one pack more, never allows what was refused."""
    packs, ask, situation, at = question
    if asked(question) == at:
        return
    wider = msgspec.structs.replace(situation, zones=(*situation.zones, "Asia/Tokyo"))
    if "ph-mc18" not in packs:
        assert asked((packs, ask, wider, at)) != at
    assert asked(((*packs, "mx-condusef"), ask, situation, at)) != at


def test_the_auditor_knows_only_packs_that_ship() -> None:
    assert set(BINDS) <= set(shipped_packs())
