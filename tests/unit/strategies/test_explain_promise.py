"""The explanation that an issue of ours drew: a call that a promise stopped, and what comes next."""

from datetime import date

from ledger.terms import Terms
from strategies.decide import decide
from strategies.explain import explain
from strategies.explanation import Labels, LoanLabel
from strategies.play import Looked, apply
from strategies.values import Facts, Promise
from tests.builders.facts import at, facts, hold, loan, rulebook, situation, strategy, unpaid

EARLY = strategy(
    """
    late-6: {at: due + 6d 10:00, send: late, by: [sms, email], expires: 3d}
    call: {at: due + 10d 09:00, when: promises_broken < 2, task: call, expires: 2d}
    promise-tomorrow: {at: promise - 1d 10:00, send: promise-tomorrow, by: [sms], expires: promise}
    supervisor: {at: broken 09:00, task: review, expires: 4d}
    """,
    "early-arrears",
)
NOW = at("2026-11-25 09:00")
LABELS = Labels("b-ann", {1: LoanLabel("L-ann", Terms("EUR", "Europe/Berlin"))}, {1: "early-arrears v7"})


def promised() -> Facts:
    """EUR 120 of EUR 250 promised on Tuesday for Friday, with two days of grace."""
    promise = Promise(
        1, (1,), 120_00, 0, at("2026-11-24 15:00"), date(2026, 11, 27), at("2026-11-30 00:00"), "open"
    )
    case = facts(loan(unpaid(date(2026, 11, 15))), promises=(promise,))
    book = rulebook({1: EARLY})
    before = at("2026-11-24 15:30")
    return apply(case, Looked(before, decide(case, book, before)))


def test_a_call_that_a_promise_stopped() -> None:
    told = explain(promised(), rulebook({1: EARLY}), NOW, LABELS)
    first = told.told[0]
    assert first.headline == "No call about loan L-ann was made on Wed 25 Nov 2026 at 09:00 (Berlin)."
    assert first.why == "EUR 120.00 is promised by Fri 27 Nov; we wait until Sun 29 Nov."
    assert first.step == "call (early-arrears v7) of loan L-ann, Wed 25 Nov at 09:00 (Berlin): suppressed"
    assert told.owed[0].words == "EUR 250.00 of loan L-ann was 10 days late (due Sun 15 Nov 2026)"
    held = next(rule for rule in told.rules if rule.rule == "hold")
    assert (held.answer, held.words, held.until) == ("later", "hold: promise", at("2026-11-30 00:00"))
    assert [(one.at, one.what) for one in told.next] == [
        (at("2026-11-26 10:00"), "SMS promise-tomorrow, if unpaid"),
        (at("2026-11-30 09:00"), "supervisor (review by a person), if unpaid"),
    ]


def test_a_call_that_a_plan_stopped() -> None:
    """Two payments of it are still to come; the strategy waits for the last."""
    days = (date(2026, 11, 27), date(2026, 12, 27))
    parts = tuple(
        Promise(number, (1,), 120_00, 0, at("2026-11-24 15:00"), day, at(f"{day} 00:00"), "open", plan=3)
        for number, day in enumerate(days, 1)
    )
    case, book = facts(loan(unpaid(date(2026, 11, 15))), promises=parts), rulebook({1: EARLY})
    before = at("2026-11-24 15:30")
    told = explain(apply(case, Looked(before, decide(case, book, before))), book, NOW, LABELS)
    assert told.told[0].why == (
        "EUR 240.00 is agreed in 2 more payments, the last by Sun 27 Dec; we wait while they are kept."
    )


def test_a_step_that_a_hold_stopped_and_one_that_was_not_meant() -> None:
    case = facts(loan(unpaid(date(2026, 11, 15)), ended=()))
    disputed = facts(*case.loans, situation=situation(holds=(hold(at("2026-11-20 09:00")),)))
    told = explain(disputed, rulebook({1: EARLY}), NOW, LABELS)
    assert "There is a hold (dispute), without an end." in told.told[0].why
    never = strategy("late: {at: due + 9d 09:00, when: missed > 3, send: late, by: [sms], expires: 3d}", "x")
    told = explain(case, rulebook({1: never}), NOW, LABELS)
    assert told.told[0].why == "It is only said where missed > 3, and missed is 1."
