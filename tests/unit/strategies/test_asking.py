"""What the gate is asked: the stage by the loan's own day, one ask for each stage and party."""

from datetime import date, timedelta

import pytest

from policy.earliest import earliest, earliest_of
from policy.values import Ask
from strategies.asking import asks_of, stage_of
from strategies.rulebook import Stance, Written, decode, digest, encode, read_rulebook
from strategies.values import Plan
from tests.builders.facts import GENTLE_TEXT, HOUSE_TEXT, at, facts, loan, pack, rulebook, situation, unpaid


@pytest.mark.parametrize(
    ("moment", "stage"),
    [("2026-11-19 09:00", "reminder"), ("2026-11-20 23:59", "reminder"), ("2026-11-21 00:00", "collection")],
)
def test_a_reminder_is_one_through_the_due_date(moment: str, stage: str) -> None:
    owed = loan(unpaid(date(2026, 11, 20)))
    assert stage_of(owed, at(moment)) == stage
    # The day is the loan's: in Auckland it is the 21st half a day earlier.
    there = loan(unpaid(date(2026, 11, 20)), zone="Pacific/Auckland")
    assert stage_of(there, at("2026-11-20 12:00")) == "collection"


def test_one_ask_for_each_stage_and_party() -> None:
    late, next_one = unpaid(date(2026, 11, 20)), unpaid(date(2026, 11, 26), 2)
    case = facts(
        loan(late, id=1), loan(next_one, id=2), loan(late, id=3, party="co-borrower"), loan(late, id=4)
    )
    now = at("2026-11-23 09:00")
    plan = Plan(7, (), (1, 2, 3), "sms", 11, 1, "late-3", now)
    asked = asks_of(plan, case, rulebook(), now)
    assert [(ask.loans, ask.stage, ask.party) for ask in asked] == [
        ((1,), "collection", "borrower"),
        ((2,), "reminder", "borrower"),
        ((3,), "collection", "co-borrower"),
    ]
    assert {(ask.message, ask.address, ask.actor) for ask in asked} == {(7, 11, "first_party")}


def test_all_asks_are_met_at_once_or_later_together() -> None:
    rules = rulebook(packs={"house": HOUSE_TEXT}).rules[1]
    now = at("2026-11-23 06:00")
    asked = [Ask("sms", (1,)), Ask("email", (2,), stage="reminder")]
    answer = earliest_of(rules, asked, situation(), now)
    assert answer.at == at("2026-11-23 08:00") == earliest(rules, asked[0], situation(), now).at
    assert [no.rule for no in answer.noes] == ["hours"]
    stopped = situation(consents={"email": "revoked"})
    assert earliest_of(rules, asked, stopped, now + timedelta(hours=5)).at is None


def test_who_speaks_is_in_the_rulebook_and_old_rulebooks_keep_their_digest() -> None:
    written = Written({1: GENTLE_TEXT}, {"house": HOUSE_TEXT}, {1: ("house",)})
    assert b"stances" not in encode(written)
    agency = Written(
        {1: GENTLE_TEXT}, {"house": HOUSE_TEXT}, {1: ("house",)}, stances={1: Stance("third_party")}
    )
    assert digest(agency) != digest(written)
    book = read_rulebook(decode(encode(agency)))
    assert (book.actor(1), book.actor(2)) == ("third_party", "first_party")


def test_before_due_what_binds_collection_binds_too_but_for_the_first_days_after_due() -> None:
    text = """
    hours: {kind: window, hours: {mon-sun: ["10:00", "12:00"]}, binds: {stages: [collection]}}
    days: {kind: overdue, over: 10, binds: {stages: [collection]}}
    """
    from policy.earliest import in_force

    packs = {"test": pack(text).rules}
    reminder = Ask("sms", (1,), stage="reminder")
    known = situation(due={1: date(2026, 11, 26)})
    eight, ten = at("2026-11-23 08:00"), at("2026-11-23 10:00")
    assert earliest(in_force(packs, ["test"]), reminder, known, eight).at == eight
    assert earliest(in_force(packs, ["test"], reminders_too=True), reminder, known, eight).at == ten
