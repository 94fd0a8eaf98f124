"""The decision and what stands in its way: addresses, stops, caps, hours, stale feeds, holds."""

from datetime import date

import pytest

from strategies.decide import decide
from strategies.play import Consented, Fed, Paused
from strategies.values import Address
from tests.builders.facts import (
    DAY,
    HOUR,
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
from tests.builders.telling import BOOK, DUE, NOW, reasons, told

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
