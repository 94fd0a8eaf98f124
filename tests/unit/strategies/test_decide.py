"""The decision, case by case: gentle day by day, payments, caps, hours, holds, feeds, what is overtaken."""

from collections.abc import Iterable
from datetime import date, datetime

import pytest

from strategies.decide import decide
from strategies.play import Consented, Event, Fed, Looked, Owed, Paused, play
from strategies.values import Address, Decision, Facts
from tests.builders.facts import (
    CHAT,
    DAY,
    EMAIL,
    GENTLE_TEXT,
    HOUR,
    PHONE,
    at,
    facts,
    hold,
    key,
    loan,
    local,
    past,
    rulebook,
    situation,
    strategy,
    unpaid,
)

DUE = date(2026, 11, 20)  # a Friday
NOW = at("2026-11-23 09:00")
BOOK = rulebook()
START = at("2026-11-10 00:00")


def told(found: Facts, until: datetime, news: Iterable[Event] = (), now: datetime = START) -> list[str]:
    """What was said and tasked, one a line: "2026-11-23 08:00 sms late-3"; loans where there are several."""
    lines: list[str] = []
    for event in play(found, BOOK, now, until, news):
        if isinstance(event, Looked):
            when = local(event.at)
            for plan in event.decision.plans:
                loans = f" {'+'.join(map(str, plan.loans))}" if len(found.loans) > 1 else ""
                lines.append(f"{when} {plan.channel} {plan.step}{loans}")
            lines += [f"{when} task {work.kind}" for work in event.decision.tasks]
    return lines


def reasons(decision: Decision) -> dict[str, str]:
    """How each occurrence ended and why: {"late-3": "superseded later_step"}."""
    return {ending.key.step: f"{ending.how} {ending.noes[-1].rule}" for ending in decision.endings}


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


# --- channels and addresses ------------------------------------------------------------------------------


def test_no_address_ends_with_every_no() -> None:
    decision = decide(facts(loan(unpaid(DUE)), addresses=()), BOOK, NOW)
    assert decision.plans == ()
    last = decision.endings[-1]
    assert (last.key.step, last.how) == ("late-3", "suppressed")
    assert [no.rule for no in last.noes] == ["no_address"] * 3


@pytest.mark.parametrize(
    ("address", "carries"),
    [
        (Address(1, "phone", "attested"), True),
        (Address(1, "phone", "confirmed"), True),
        (Address(1, "phone", "unverified"), False),
        (Address(1, "phone", "attested", shared=True), False),
        (Address(1, "phone", "confirmed", shared=True), True),
        (Address(1, "chat", "confirmed"), True),
        (Address(1, "chat", "attested"), False),
        (Address(1, "email", "attested"), True),
        (Address(1, "email", "unverified"), False),
    ],
)
def test_what_each_address_may_carry(address: Address, carries: bool) -> None:
    """Where none may carry a reminder, one past due asks to get in touch; one before due is not said."""
    (plan,) = decide(facts(loan(unpaid(DUE)), addresses=(address,)), BOOK, NOW).plans
    assert plan.neutral is not carries
    before = decide(facts(loan(unpaid(DUE)), addresses=(address,)), BOOK, at("2026-11-20 09:00"))
    assert bool(before.plans) is carries


def test_who_can_be_reminded_is_never_asked_to_get_in_touch() -> None:
    """Not even where the channel of the one good address is closed: they stopped us: we try no stranger."""
    rows = (Address(1, "phone", "unverified"), Address(2, "email", "attested"))
    (plan,) = decide(facts(loan(unpaid(DUE)), addresses=rows), BOOK, NOW).plans
    assert (plan.address, plan.neutral) == (2, False)
    stopped = situation(consents={"email": "revoked"})
    decision = decide(facts(loan(unpaid(DUE)), addresses=rows, situation=stopped), BOOK, NOW)
    assert decision.plans == ()


def test_the_first_address_that_may_carry_it_is_taken() -> None:
    rows = (
        Address(1, "phone", "unverified"),
        Address(2, "phone", "attested"),
        Address(3, "phone", "attested"),
    )
    (plan,) = decide(facts(loan(unpaid(DUE)), addresses=rows), BOOK, NOW).plans
    assert plan.address == 2


def test_a_stop_of_sms_has_email_take_over() -> None:
    stop = [Consented(at("2026-11-21 12:00"), "sms", "revoked")]
    assert told(facts(loan(unpaid(DUE))), at("2026-11-28 00:00"), stop) == [
        "2026-11-17 08:00 email upcoming",
        "2026-11-20 08:00 sms due-today",
        "2026-11-23 08:00 email late-3",
        "2026-11-27 08:00 email late-7",
    ]


def test_every_channel_stopped_leaves_the_call() -> None:
    stopped = situation(consents={"sms": "revoked", "email": "revoked"})
    found = facts(loan(unpaid(DUE)), situation=stopped)
    assert told(found, at("2026-12-30 00:00")) == ["2026-12-20 09:00 task call"]
    assert reasons(decide(found, BOOK, NOW))["late-3"] == "suppressed stop"


# --- caps and hours --------------------------------------------------------------------------------------


def test_the_daily_cap_defers_to_the_next_morning() -> None:
    spent = situation(past=(past(at("2026-11-23 00:10"), "email"),))
    decision = decide(facts(loan(unpaid(DUE)), situation=spent), BOOK, NOW)
    (waiting,) = decision.waiting
    assert (waiting.key.step, local(waiting.until)) == ("late-3", "2026-11-24 08:00")
    assert decision.again == waiting.until
    assert (decision.plans, decision.closed) == ((), ())


def test_the_weekly_cap_defers_and_what_expires_first_is_suppressed() -> None:
    week = tuple(past(at(f"2026-11-{day} 10:00"), message=day) for day in (23, 24, 25, 26))
    spent = situation(past=week)
    # late-7 comes on Friday 27th and lives until 4 December: Monday is soon enough.
    late = facts(loan(unpaid(DUE)), situation=spent)
    (waiting,) = decide(late, BOOK, at("2026-11-27 09:00")).waiting
    assert local(waiting.until) == "2026-11-30 08:00"
    # due-today of Friday lives until Saturday.
    today = facts(loan(unpaid(date(2026, 11, 27))), situation=spent)
    (ending,) = [e for e in decide(today, BOOK, at("2026-11-27 09:00")).endings if e.how == "suppressed"]
    assert (ending.key.step, "weekly" in [no.rule for no in ending.noes]) == ("due-today", True)


def test_out_of_hours_is_deferred_not_lost() -> None:
    late = at("2026-11-23 22:05")
    decision = decide(facts(loan(unpaid(DUE))), BOOK, late)
    (waiting,) = decision.waiting
    assert [no.rule for no in waiting.noes] == ["no_address", "hours"]
    assert told(facts(loan(unpaid(DUE))), at("2026-11-24 12:00"), now=late) == ["2026-11-24 08:00 sms late-3"]


def test_what_expires_while_it_is_deferred_is_suppressed_at_once() -> None:
    """The due date ends at midnight, the hours begin at eight."""
    evening = at("2026-11-20 21:30")
    found = facts(loan(unpaid(DUE), ended=(key("due-today"),)))
    assert decide(found, BOOK, evening).waiting == ()
    upcoming = strategy("u: {at: due - 3d 08:00, send: upcoming, by: [sms], expires: due}", name="u")
    decision = decide(facts(loan(unpaid(DUE))), rulebook({1: upcoming}), evening)
    assert reasons(decision) == {"u": "suppressed hours"}
    assert decision.waiting == ()


def test_a_channel_without_hope_before_the_end_is_passed_over() -> None:
    """One SMS a week is spent and the step ends before the next; mail is not capped."""
    rules = """pack: weekly
title: t
jurisdiction: none
owner: tests
review_by: 2030-01-01
note: none
rules:
  sms: {kind: cap, most: 1, period: week, per: person, channels: [sms], source: test, sure: U}
"""
    ladder = strategy("a: {at: due + 3d 08:00, send: late, by: [sms, email], expires: 2d}")
    spent = situation(past=(past(at("2026-11-23 08:30")),))
    decision = decide(
        facts(loan(unpaid(DUE)), situation=spent), rulebook({1: ladder}, {"weekly": rules}), NOW
    )
    assert [plan.channel for plan in decision.plans] == ["email"]
    longer = strategy("a: {at: due + 3d 08:00, send: late, by: [sms, email], expires: 9d}")
    decision = decide(
        facts(loan(unpaid(DUE)), situation=spent), rulebook({1: longer}, {"weekly": rules}), NOW
    )
    assert [waiting.until for waiting in decision.waiting] == [at("2026-11-30 00:00")]


# --- feeds and holds -------------------------------------------------------------------------------------


def test_a_stale_feed_holds_what_is_past_due_and_nothing_else() -> None:
    fed = at("2026-11-19 09:00")
    assert decide(facts(loan(unpaid(DUE), fed_at=fed)), BOOK, NOW).plans == ()
    early = loan(unpaid(date(2026, 11, 26)), fed_at=fed)
    assert [plan.step for plan in decide(facts(early), BOOK, NOW).plans] == ["upcoming"]
    today = loan(unpaid(date(2026, 11, 23)), fed_at=fed)
    assert [plan.step for plan in decide(facts(today), BOOK, NOW).plans] == ["due-today"]
    # Four days are not more than four days: one moment earlier it is fresh.
    fresh = loan(unpaid(DUE), fed_at=NOW - 4 * DAY + HOUR)
    assert [plan.step for plan in decide(facts(fresh), BOOK, NOW).plans] == ["late-3"]


def test_a_fed_loan_goes_on_at_once_and_a_stale_one_ends_with_its_reason() -> None:
    found = facts(loan(unpaid(DUE), fed_at=at("2026-11-10 00:00")))
    assert told(found, at("2026-12-01 00:00"), [Fed(at("2026-11-24 11:00"))]) == [
        "2026-11-17 08:00 email upcoming",
        "2026-11-20 08:00 sms due-today",
        "2026-11-24 11:00 sms late-3",
        "2026-11-27 08:00 sms late-7",
    ]
    waits = decide(found, BOOK, NOW)
    assert [no.rule for no in waits.waiting[0].noes] == ["stale_feed"]
    assert waits.again == at("2026-11-27 08:00")
    stale_call = facts(loan(unpaid(date(2026, 10, 24)), fed_at=at("2026-11-10 00:00")))
    assert [w.key.step for w in decide(stale_call, BOOK, NOW).waiting] == ["call"]


def test_a_hold_of_one_loan_lets_the_other_be_said() -> None:
    owed = (loan(unpaid(DUE)), loan(unpaid(DUE, 2), id=2))
    held = situation(holds=(hold(NOW - DAY, NOW + DAY, of_loan=1),))
    decision = decide(facts(*owed, situation=held), BOOK, NOW)
    assert [plan.loans for plan in decision.plans] == [(2,)]
    assert [(w.key.anchor_id, w.until) for w in decision.waiting] == [(1, NOW + DAY)]
    for joined in decide(facts(*reversed(owed), situation=held), BOOK, NOW).plans:
        assert 1 not in joined.loans


def test_a_hold_with_an_end_resumes_there_and_one_without_suppresses() -> None:
    until = at("2026-11-25 12:00")
    pause = [Paused(at("2026-11-21 12:00"), hold(at("2026-11-21 12:00"), until))]
    assert told(facts(loan(unpaid(DUE))), at("2026-11-28 00:00"), pause)[2:] == [
        "2026-11-25 12:00 sms late-3",
        "2026-11-27 08:00 sms late-7",
    ]
    forever = situation(holds=(hold(NOW - DAY, None, kind="deceased"),))
    decision = decide(facts(loan(unpaid(DUE)), situation=forever), BOOK, NOW)
    assert reasons(decision)["late-3"] == "suppressed hold"


def test_a_call_waits_for_a_hold_too_and_ends_with_it() -> None:
    late = loan(unpaid(date(2026, 10, 24)))
    held = situation(holds=(hold(NOW - DAY, NOW + DAY),))
    (waiting,) = decide(facts(late, situation=held), BOOK, NOW).waiting
    assert waiting.key.step == "call"
    forever = situation(holds=(hold(NOW - DAY, None),))
    assert reasons(decide(facts(late, situation=forever), BOOK, NOW))["call"] == "suppressed hold"
    night = decide(facts(late), BOOK, at("2026-11-23 22:00"))
    assert [local(w.until) for w in night.waiting] == ["2026-11-24 08:00"]


def test_a_review_is_nobody_contacted() -> None:
    ladder = strategy("r: {at: due + 3d, task: review, expires: 5d}")
    stopped = situation(holds=(hold(NOW - DAY, None),), consents={"call": "revoked"})
    decision = decide(facts(loan(unpaid(DUE)), situation=stopped), rulebook({1: ladder}), NOW)
    assert [work.kind for work in decision.tasks] == ["review"]
    call = strategy("r: {at: due + 3d, task: call, expires: 5d}")
    stopped = situation(consents={"call": "revoked"})
    decision = decide(facts(loan(unpaid(DUE)), situation=stopped), rulebook({1: call}), NOW)
    assert reasons(decision) == {"r": "suppressed stop"}


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
    assert decision == Decision((), (), (), (), (), (), at("2026-11-27 08:00"))
