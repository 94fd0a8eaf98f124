"""The decision, case by case: gentle day by day, payments, several loans, what is overtaken."""

from datetime import date

import pytest

from strategies.decide import decide
from strategies.play import Looked, Owed, play
from strategies.values import Decision
from tests.builders.facts import (
    CHAT,
    EMAIL,
    GENTLE_TEXT,
    PHONE,
    at,
    facts,
    key,
    loan,
    local,
    rulebook,
    situation,
    strategy,
    unpaid,
)
from tests.builders.telling import BOOK, DUE, NOW, START, reasons, told

# --- day by day ------------------------------------------------------------------------------------------


def test_gentle_day_by_day() -> None:
    """Unpaid for 40 days: five messages and a call, each at its hour, and nothing else."""
    assert told(facts(loan(unpaid(DUE))), at("2026-12-30 00:00")) == [
        "2026-11-17 08:00 email upcoming",
        "2026-11-20 08:00 sms due-today",
        "2026-11-23 08:00 sms late-3",
        "2026-11-27 08:00 sms late-7",
        "2026-12-05 08:00 sms late-15",
        "2026-12-20 09:00 task call",
    ]


def test_gentle_by_chat_first() -> None:
    said = told(facts(loan(unpaid(DUE)), addresses=(PHONE, EMAIL, CHAT)), at("2026-12-30 00:00"))
    assert [line.split()[2] for line in said] == ["chat"] * 5 + ["task"]


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/New_York", "Pacific/Kiritimati"])
def test_gentle_in_the_borrowers_zone(zone: str) -> None:
    found = facts(loan(unpaid(DUE)), situation=situation(zone))
    looks = [e for e in play(found, BOOK, START, at("2026-12-30 00:00")) if isinstance(e, Looked)]
    hours = {local(look.at, zone)[11:] for look in looks if look.decision.plans}
    assert hours == {"08:00"}


def test_paid_midway_ends_it() -> None:
    paid = [Owed(at("2026-11-25 12:00"), 1, ())]
    assert told(facts(loan(unpaid(DUE))), at("2026-12-30 00:00"), paid) == [
        "2026-11-17 08:00 email upcoming",
        "2026-11-20 08:00 sms due-today",
        "2026-11-23 08:00 sms late-3",
    ]


def test_a_partial_payment_changes_nothing_of_the_course() -> None:
    part = [Owed(at("2026-11-25 12:00"), 1, (unpaid(DUE, left=1),))]
    whole = facts(loan(unpaid(DUE)))
    assert told(whole, at("2026-12-30 00:00"), part) == told(whole, at("2026-12-30 00:00"))


def test_what_is_within_the_tolerance_is_not_in_the_facts_and_not_said() -> None:
    """Facts leave it out; the next installment is then the oldest."""
    rest = [Owed(at("2026-11-21 12:00"), 1, (unpaid(date(2026, 12, 20), 2),))]
    owed = (unpaid(DUE), unpaid(date(2026, 12, 20), 2))
    assert told(facts(loan(*owed)), at("2026-12-21 00:00"), rest) == [
        "2026-11-17 08:00 email upcoming",
        "2026-11-20 08:00 sms due-today",
        "2026-12-17 08:00 email upcoming",
        "2026-12-20 08:00 sms due-today",
    ]


def test_the_next_installment_is_not_spoken_of_while_one_is_late() -> None:
    owed = (unpaid(DUE), unpaid(date(2026, 11, 24), 2))
    assert told(facts(loan(*owed)), at("2026-11-28 00:00"))[2:] == [
        "2026-11-23 08:00 sms late-3",
        "2026-11-27 08:00 sms late-7",
    ]


def test_a_reversed_payment_goes_on_where_it_stood_and_repeats_nothing() -> None:
    back = [Owed(at("2026-11-25 12:00"), 1, ()), Owed(at("2026-11-26 12:00"), 1, (unpaid(DUE),))]
    whole = facts(loan(unpaid(DUE)))
    assert told(whole, at("2026-12-30 00:00"), back) == told(whole, at("2026-12-30 00:00"))


# --- several loans ---------------------------------------------------------------------------------------


def test_several_loans_are_one_message_led_by_the_latest() -> None:
    owed = (loan(unpaid(DUE)), loan(unpaid(date(2026, 11, 8), 2), id=2), loan(unpaid(DUE, 3), id=3))
    (plan,) = decide(facts(*owed), BOOK, NOW).plans
    assert (plan.step, plan.loans) == ("late-15", (2, 1, 3))
    assert plan.expires == at("2026-11-27 08:00")  # the first to lose its sense


def test_three_loans_day_by_day_never_more_than_the_caps() -> None:
    owed = (
        loan(unpaid(DUE)),
        loan(unpaid(date(2026, 11, 22), 2), id=2),
        loan(unpaid(date(2026, 11, 24), 3), id=3),
    )
    said = told(facts(*owed), at("2026-11-30 00:00"))
    assert said == [
        "2026-11-17 08:00 email upcoming 1",
        "2026-11-19 08:00 email upcoming 2",
        "2026-11-20 08:00 sms due-today 1",
        "2026-11-21 08:00 email upcoming 3",
        "2026-11-23 08:00 sms late-3 1",
        "2026-11-24 08:00 sms due-today 3",
        "2026-11-25 08:00 sms late-3 2",
        "2026-11-27 08:00 sms late-7 1+3",
    ]


LADDERS = {
    1: GENTLE_TEXT,
    2: strategy(
        """
        first: {at: due + 3d 08:00, send: late, by: [email], expires: 4d}
        """,
        name="mail",
    ),
    3: strategy(
        """
        first: {at: due + 3d 08:00, send: late, by: [email, sms], expires: 4d}
        """,
        name="either",
    ),
}


def test_mixed_orders_of_channels_join_where_both_allow() -> None:
    """Loan 3 would go by mail, but an SMS goes anyway; loan 2 knows mail alone and waits for its day."""
    owed = (
        loan(unpaid(date(2026, 11, 19), 1)),
        loan(unpaid(DUE, 2), id=2, strategy=2),
        loan(unpaid(DUE, 3), id=3, strategy=3),
    )
    decision = decide(facts(*owed), rulebook(LADDERS), NOW)
    (plan,) = decision.plans
    assert (plan.channel, plan.loans) == ("sms", (1, 3))
    (waiting,) = decision.waiting
    assert waiting.key.strategy == "mail"
    assert waiting.until == at("2026-11-24 08:00")


# --- what is overtaken, old, or gone ---------------------------------------------------------------------


def test_only_the_latest_step_fires_and_the_older_are_superseded() -> None:
    """FAILURES.md, 11: all matching past-due steps together."""
    decision = decide(facts(loan(unpaid(date(2026, 11, 8)))), BOOK, NOW)
    assert [plan.step for plan in decision.plans] == ["late-15"]
    assert reasons(decision) == dict.fromkeys(
        ("upcoming", "due-today", "late-3", "late-7"), "superseded later_step"
    )
    assert len(decision.found) == 5


def test_an_outage_sends_the_latest_that_has_not_expired() -> None:
    """FAILURES.md, 12: nothing or a flood after an outage."""
    back = at("2026-12-02 12:00")
    assert told(facts(loan(unpaid(DUE))), at("2026-12-03 00:00"), now=back) == ["2026-12-02 12:00 sms late-7"]
    later = decide(facts(loan(unpaid(DUE))), BOOK, at("2026-12-16 12:00"))
    assert later.plans == ()
    assert reasons(later)["late-15"] == "suppressed expired"


def test_nothing_before_the_import_of_an_old_loan() -> None:
    """FAILURES.md, 12: enabling mails everyone."""
    old = loan(unpaid(date(2026, 9, 1)), since=NOW)
    decision = decide(facts(old), BOOK, NOW)
    assert (decision.found, decision.plans, decision.again) == ((), (), None)
    young = facts(loan(unpaid(DUE), since=NOW))
    assert told(young, at("2026-12-06 00:00"), now=NOW) == [
        "2026-11-27 08:00 sms late-7",
        "2026-12-05 08:00 sms late-15",
    ]


@pytest.mark.parametrize("status", ["recalled", "sold", "closed", "written_off"])
def test_what_waits_ends_with_its_loan(status: str) -> None:
    gone = loan(unpaid(DUE), status=status, waiting=(key("late-3"),))
    decision = decide(facts(gone), BOOK, NOW)
    assert reasons(decision) == {"late-3": f"suppressed {status}"}
    assert (decision.plans, decision.again) == ((), None)


def test_an_older_installment_unpaid_again_takes_over() -> None:
    reopened = loan(unpaid(date(2026, 11, 16), 1), unpaid(DUE, 2), waiting=(key("late-3", 2),))
    decision = decide(facts(reopened), BOOK, NOW)
    assert [plan.step for plan in decision.plans] == ["late-7"]
    assert any(e.key == key("late-3", 2) and e.noes[0].rule == "not_oldest" for e in decision.endings)


def test_a_corrected_due_date_does_not_remind_again() -> None:
    moved = [Owed(at("2026-11-24 12:00"), 1, (unpaid(date(2026, 11, 23)),))]
    assert told(facts(loan(unpaid(DUE))), at("2026-12-09 00:00"), moved) == [
        "2026-11-17 08:00 email upcoming",
        "2026-11-20 08:00 sms due-today",
        "2026-11-23 08:00 sms late-3",
        "2026-11-30 08:00 sms late-7",
        "2026-12-08 08:00 sms late-15",
    ]


def test_what_waits_for_a_due_date_that_moved_on_waits_for_its_new_moment() -> None:
    moved = loan(unpaid(date(2026, 11, 25)), waiting=(key("late-3"),))
    decision = decide(facts(moved), BOOK, NOW)
    (waits,) = decision.waiting
    assert (waits.key, waits.until, waits.noes[0].rule) == (
        key("late-3"),
        at("2026-11-28 08:00"),
        "moved_later",
    )
    then = decide(facts(moved), BOOK, at("2026-11-28 08:00"))
    assert [plan.keys for plan in then.plans] == [(key("late-3"),)]


def test_what_ended_is_never_answered_again() -> None:
    ended = tuple(key(step) for step in ("upcoming", "due-today", "late-3"))
    decision = decide(facts(loan(unpaid(DUE), ended=ended)), BOOK, NOW)
    then = at("2026-11-27 08:00")
    assert decision == Decision((), (), (), (), (), (), then, after=then)
