"""Each shipped strategy day by day: nobody pays, every message arrives, house rules hold."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from ledger.standing import Unpaid
from messages.templates import library
from strategies.language import read_strategy, shipped_strategies
from strategies.play import Event, Looked, Owed, Promised, play
from strategies.rulebook import Release, Rulebook
from strategies.values import Facts, Promise, Traits
from tests.builders.facts import at, facts, loan, local, rulebook, unpaid

DUE = date(2026, 11, 24)  # a Tuesday
LADDERS = {
    "gentle": """
        2026-11-21 08:00 email upcoming
        2026-11-24 08:00 sms due-today
        2026-11-27 08:00 sms late-3
        2026-12-01 08:00 sms late-7
        2026-12-09 08:00 sms late-15
        2026-12-24 09:00 call call (desk)
    """,
    "early-arrears": """
        2026-11-21 10:05 sms upcoming
        2026-11-24 09:00 sms due-today
        2026-11-26 10:00 sms late-2
        2026-11-30 10:00 sms late-6
        2026-12-04 09:00 call call (desk)
        2026-12-14 10:00 sms from-day-20
        2026-12-19 17:00 call second-call (desk)
    """,
    "mid-arrears": """
        2026-12-26 09:00 call call-32 (desk)
        2026-12-30 10:00 sms ask-36
        2027-01-02 17:00 call call-39 (desk)
        2027-01-06 10:00 sms ask-43
        2027-01-09 12:00 call call-46 (desk)
        2027-01-13 10:00 sms ask-50
        2027-01-16 18:00 call call-53 (desk)
        2027-01-21 09:00 review review (supervisor)
    """,
    "late-arrears": """
        2027-01-26 09:00 visit visit-63 (field)
        2027-01-26 10:00 suppressed call-63 (condition)
        2027-02-02 10:00 sms way-70
        2027-02-07 09:00 review review-75 (supervisor)
        2027-02-16 10:00 sms way-84
        2027-02-22 09:00 review review-90 (supervisor)
    """,
    "weekly-group": """
        2026-11-23 17:00 sms eve
        2026-11-25 09:00 sms late-1
        2026-11-27 08:00 visit officer (field)
        2026-11-29 09:00 sms late-5
        2026-12-04 08:00 visit second-visit (field)
        2026-12-15 09:00 review review (supervisor)
    """,
    "business-invoices": """
        2026-11-17 10:00 email run
        2026-11-27 10:00 email late-3
        2026-12-04 10:00 email late-10
        2026-12-08 10:00 call books (desk)
        2026-12-15 10:00 email late-21
        2026-12-24 09:00 review review (supervisor)
    """,
}
# What a promise of 24 November, made on the 19th and not kept, adds; grace ends with the 26th.
PROMISED = {
    "gentle": ["2026-11-23 10:00 sms promised", "2026-11-27 09:00 call broken (desk)"],
    "early-arrears": ["2026-11-23 10:00 sms promised", "2026-11-27 09:00 call broken (desk)"],
    "mid-arrears": ["2026-11-23 10:00 sms promised", "2026-11-27 09:00 call broken (desk)"],
    "late-arrears": ["2026-11-23 10:00 sms promised", "2026-11-27 09:00 visit broken (field)"],
    "weekly-group": ["2026-11-23 17:00 sms promised", "2026-11-27 08:00 visit broken (field)"],
    "business-invoices": ["2026-11-23 10:00 email promised", "2026-11-27 10:00 call broken (desk)"],
}


def told(
    case: Facts, book: Rulebook, start: datetime, end: datetime, news: list[Event] | None = None
) -> list[str]:
    """Each thing said or done, on the clocks of Berlin."""
    found: list[str] = []
    for event in play(case, book, start, end, news or []):
        if not isinstance(event, Looked):
            continue
        decision, when = event.decision, local(event.at)
        found += [f"{when} {plan.channel} {plan.step}" for plan in decision.plans]
        found += [f"{when} {work.kind} {work.key.step} ({work.queue})" for work in decision.tasks]
        found += [f"{when} {one.how} {one.key.step} ({one.noes[-1].rule})" for one in decision.endings]
    return found


def test_every_shipped_strategy_has_its_timeline() -> None:
    assert set(LADDERS) == set(PROMISED) == set(shipped_strategies())


@pytest.mark.parametrize("name", sorted(LADDERS))
def test_day_by_day(name: str) -> None:
    book = rulebook({1: shipped_strategies()[name]})
    case = facts(loan(unpaid(DUE)))
    expected = [line.strip() for line in LADDERS[name].strip().splitlines()]
    assert told(case, book, at("2026-11-10 06:00"), at("2027-03-10 00:00")) == expected


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_a_promise_is_thanked_for_and_a_broken_one_is_a_persons(name: str) -> None:
    """Of a loan that is 70 days late, so that nothing else of the ladder comes between."""
    book = rulebook({1: shipped_strategies()[name]})
    case = facts(loan(unpaid(date(2026, 9, 12)), since=at("2026-11-18 23:00")))
    promise = Promise(1, (1,), 100_00, 0, at("2026-11-19 10:00"), DUE, at("2026-11-27 00:00"), "open")
    news: list[Event] = [Promised(at("2026-11-19 10:00"), promise)]
    said = told(case, book, at("2026-11-19 00:00"), at("2026-11-27 23:00"), news)
    assert [line for line in said if line.split()[-1] == "promised" or " broken " in line] == PROMISED[name]


@pytest.mark.parametrize("name", sorted(LADDERS))
def test_every_text_that_it_says_is_there(name: str) -> None:
    for step in read_strategy(shipped_strategies()[name], name).steps:
        for channel in step.by:
            assert (step.template, channel) in library("en"), step.id


def three(segmented: bool = True) -> Rulebook:
    """A portfolio under the three strategies of arrears, gentle taking what is left."""
    names = ["gentle", "early-arrears", "mid-arrears", "late-arrears"]
    book = rulebook({number: shipped_strategies()[name] for number, name in enumerate(names, 1)})
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    ruling = tuple(Release(number, long_ago) for number in (4, 3, 2, 1))
    current = {name: Release(number, long_ago) for number, name in enumerate(names, 1)}
    return replace(book, ruling={1: ruling} if segmented else {}, current=current)


def test_a_loan_goes_from_strategy_to_strategy_as_its_days_do() -> None:
    """Each begins at its bucket's edge, and what the one before had left is over."""
    case = facts(loan(unpaid(DUE), traits=Traits("EUR", "installment")))
    said = told(case, three(), at("2026-11-10 06:00"), at("2027-03-10 00:00"))
    whole = [
        line.strip()
        for name in ("early-arrears", "mid-arrears", "late-arrears")
        for line in LADDERS[name].strip().splitlines()
    ]
    assert said == whole


def test_a_cure_brings_it_back_and_says_nothing_late() -> None:
    first, second = unpaid(DUE, 1), unpaid(date(2027, 1, 5), 2)
    case = facts(loan(first, second, traits=Traits("EUR")))
    news: list[Event] = [Owed(at("2026-12-28 12:00"), 1, (second,))]
    said = told(case, three(), at("2026-12-25 06:00"), at("2027-01-06 00:00"), news)
    assert [line.split(maxsplit=2)[2] for line in said] == [
        "call call-32 (desk)",
        "sms upcoming",
        "sms due-today",
    ]


def test_what_another_segment_says_is_read_when_it_is_looked_at() -> None:
    """A gap in feeds, nobody looked for a week: the moments since the edge are expected all the same."""
    chosen = at("2026-11-10 06:00")
    case = facts(loan(Unpaid(1, DUE, 250_00), traits=Traits("EUR"), chosen=chosen, strategy=2))
    (event,) = [
        event
        for event in play(case, three(), at("2026-12-27 09:00"), at("2026-12-27 10:00"))
        if isinstance(event, Looked) and event.decision.governs
    ]
    (governs,) = event.decision.governs
    assert (governs.strategy, local(governs.since)) == (3, "2026-12-25 00:00")
    assert [work.key.step for work in event.decision.tasks] == ["call-32"]
