"""Who is drawn into which arm, when, and what it takes to change that: nothing."""

from collections import Counter
from datetime import date, datetime

from msgspec.structs import replace

from strategies.arms import HOLDOUT
from strategies.decide import decide
from strategies.enrol import arm_of
from strategies.experiments import level_of, size
from strategies.rulebook import Release, Rulebook, Trial
from strategies.values import Decision, Drawn, Enrolled, Facts
from tests.builders.facts import (
    DAY,
    HOUR,
    LONG_AGO,
    at,
    begun,
    facts,
    key,
    loan,
    rulebook,
    situation,
    strategy,
    tried,
    unpaid,
)

DUE = date(2026, 11, 20)
NOW = at("2026-11-21 09:30")
STEPS = """
    plain: {at: due + 1d 09:00, arm: plain, send: late-early, by: [sms], expires: 4d}
    kind: {at: due + 1d 09:00, arm: kind, send: late, by: [sms], expires: 4d}
    both: {at: due + 3d 09:00, when: 'arm != "kind"', send: late, by: [sms], expires: 4d}
"""
OLD = "first: {at: due + 1d 09:00, send: late, by: [sms], expires: 4d}"
ARMS = "arms: {experiment: tone, split: {plain: 45, kind: 45}, holdout: 10, horizon: 60d}\nstale_after"
TEXT = strategy(STEPS, "tried").replace("stale_after", ARMS)
TRIAL = Trial(NOW - 2 * DAY, NOW + 30 * DAY)


def book(text: str = TEXT, **trials: Trial) -> Rulebook:
    return replace(rulebook({1: text}), experiments=trials)


def person(id_: int, *drawn: Drawn, **more: object) -> Facts:
    return facts(loan(unpaid(DUE)), person=id_, drawn=drawn, **more)


def said(decision: Decision) -> list[str]:
    return [plan.step for plan in decision.plans]


def of_arm(arm: str) -> int:
    """The first person that is drawn into an arm."""
    arms = book().strategies[1].arms
    assert arms is not None
    return next(id_ for id_ in range(1, 1_000) if arms.draws(id_) == arm)


def test_before_the_start_everybody_hears_the_champion_and_nobody_is_drawn() -> None:
    for id_ in range(1, 50):
        decision = decide(person(id_), book(), NOW)
        assert said(decision) == ["plain"]
        assert decision.enrolled == ()


def test_people_are_drawn_in_their_shares_as_a_step_comes_for_them() -> None:
    running = book(tone=TRIAL)
    heard: Counter[str] = Counter()
    for id_ in range(1, 1_001):
        decision = decide(person(id_), running, NOW)
        (drawn,) = decision.enrolled
        assert drawn == Enrolled("tone", drawn.arm, 1, 1)
        assert said(decision) == ([] if drawn.arm == HOLDOUT else [drawn.arm])
        heard[drawn.arm] += 1
    assert 400 <= heard["plain"] <= 500
    assert 400 <= heard["kind"] <= 500
    assert 70 <= heard[HOLDOUT] <= 130
    early = decide(person(1), running, at("2026-11-20 12:00"))
    assert (early.enrolled, early.again) == ((), at("2026-11-21 09:00"))


def test_what_was_recorded_stays_whatever_becomes_of_the_split() -> None:
    other = TEXT.replace("plain: 45, kind: 45", "plain: 89, kind: 1")
    for arm in ("plain", "kind"):
        for id_ in range(1, 20):
            decision = decide(person(id_, Drawn("tone", arm)), book(other, tone=TRIAL), NOW)
            assert (said(decision), decision.enrolled) == ([arm], ())


def test_nobody_is_drawn_by_a_step_of_before_the_start_or_after_the_horizon() -> None:
    for trial in (replace(TRIAL, started=NOW), replace(TRIAL, ends=NOW)):
        for id_ in range(1, 30):
            decision = decide(person(id_), book(tone=trial), NOW)
            assert (said(decision), decision.enrolled) == (["plain"], ())


def test_who_was_drawn_stays_in_their_arm_after_the_horizon_until_it_is_over() -> None:
    drawn = person(1, Drawn("tone", "kind"))
    late = replace(TRIAL, ends=NOW - DAY)
    assert said(decide(drawn, book(tone=late), NOW)) == ["kind"]
    assert said(decide(drawn, book(tone=replace(late, over=True)), NOW)) == ["plain"]


def test_one_experiment_a_person_while_it_runs() -> None:
    id_ = of_arm("kind")
    elsewhere = person(id_, Drawn("other", "a"))
    decision = decide(elsewhere, book(tone=TRIAL, other=TRIAL), NOW)
    assert (said(decision), decision.enrolled) == (["plain"], ())
    over = decide(elsewhere, book(tone=TRIAL, other=replace(TRIAL, over=True)), NOW)
    assert (said(over), len(over.enrolled)) == (["kind"], 1)


def test_the_holdout_is_for_good() -> None:
    """The same people in the next experiment, also when the one they were drawn in is over."""
    next_one = TEXT.replace("tone", "tune")
    first, second = book().strategies[1].arms, book(next_one).strategies[1].arms
    assert first is not None
    assert second is not None
    held = [id_ for id_ in range(1, 2_000) if first.draws(id_) == HOLDOUT]
    assert held == [id_ for id_ in range(1, 2_000) if second.draws(id_) == HOLDOUT]
    assert sum(first.draws(id_) != second.draws(id_) for id_ in range(1, 2_000)) > 700
    over = replace(TRIAL, over=True)
    decision = decide(person(1, Drawn("tone", HOLDOUT)), book(tone=over), NOW)
    assert (said(decision), decision.enrolled) == ([], ())
    later = decide(person(1, Drawn("tone", HOLDOUT)), book(tone=over), at("2026-11-23 09:30"))
    assert [one.noes[-1].rule for one in later.endings if one.key.step == "both"] == ["holdout"]
    into_next = decide(person(1, Drawn("tone", HOLDOUT)), book(next_one, tone=over, tune=TRIAL), NOW)
    assert into_next.enrolled == (Enrolled("tune", HOLDOUT, 1, 1),)
    without = TEXT.replace("holdout: 10", "holdout: 0").replace("plain: 45", "plain: 55")
    assert said(decide(person(1, Drawn("tone", HOLDOUT)), book(without, tone=over), NOW)) == ["plain"]


def test_a_stop_ends_what_waits_in_an_arm_but_not_what_is_in_the_air() -> None:
    waits = key("kind", strategy="tried")
    over = book(tone=replace(TRIAL, over=True))

    def found(state: str) -> Decision:
        there = loan(unpaid(DUE), waiting=(waits,), ended=(key("plain", strategy="tried"),))
        message = begun(7, (waits,), tried(state))
        return decide(facts(there, drawn=(Drawn("tone", "kind"),), begun=(message,)), over, NOW)

    (ending,) = found("planned").endings
    assert (ending.key, ending.how, ending.noes[-1].rule) == (waits, "suppressed", "other_arm")
    assert found("planned").closed == ((7, "cancelled"),)
    assert found("sending").endings == ()


def test_conditions_name_the_arm_that_is_drawn_this_moment() -> None:
    id_ = of_arm("kind")
    third = at("2026-11-23 09:30")
    decision = decide(person(id_), book(tone=TRIAL), third)
    assert decision.enrolled[0].arm == "kind"
    ended = {ending.key.step: ending.noes[-1].rule for ending in decision.endings}
    assert ended == {"both": "condition", "plain": "later_step"}
    assert said(decision) == ["kind"]


def test_who_follows_another_party_is_not_drawn() -> None:
    follows = facts(loan(unpaid(DUE), leads=False, party="co-borrower"), person=of_arm("kind"))
    decision = decide(follows, book(tone=TRIAL), NOW)
    assert (said(decision), decision.enrolled) == (["plain"], ())


def test_a_book_of_before_experiments_splits_by_the_hash_alone() -> None:
    old = rulebook({1: TEXT})
    arms = old.strategies[1].arms
    assert arms is not None
    for id_ in range(1, 100):
        found = person(id_, Drawn("tone", "kind"), situation=situation())
        assert arm_of(found, arms, old) == arms.of(id_)
        assert decide(found, old, NOW).enrolled == ()


def test_nothing_is_drawn_twice() -> None:
    drawn: datetime = NOW + HOUR
    first = decide(person(of_arm("kind")), book(tone=TRIAL), NOW).enrolled[0]
    again = decide(person(of_arm("kind"), Drawn("tone", first.arm)), book(tone=TRIAL), drawn)
    assert again.enrolled == ()


def rolled_out(share: int, **trials: Trial) -> Rulebook:
    """Version 2 for a share of the people; version 1 for the rest."""
    texts = {1: strategy(OLD, "rolled"), 2: strategy(OLD.replace("late,", "late-firm,"), "rolled")}
    release = Release(2, LONG_AGO, share=share, before=1, salt="rolled")
    made = rulebook(texts)
    return replace(made, current={"rolled": release}, experiments=trials, rolling={2: "rolled@2"})


def test_a_roll_out_is_an_experiment_whose_arm_is_the_new_version() -> None:
    book = rolled_out(25, **{"rolled@2": TRIAL})
    new = 0
    for id_ in range(1, 401):
        found = facts(loan(unpaid(DUE), chosen=LONG_AGO), person=id_)
        decision = decide(found, book, NOW)
        (drawn,) = decision.enrolled
        governs = [one.strategy for one in decision.governs] or [1]
        assert (drawn.experiment, drawn.arm) == ("rolled@2", "new" if governs == [2] else "before")
        assert [plan.strategy for plan in decision.plans] == governs
        new += drawn.arm == "new"
        assert decide(replace(found, drawn=(Drawn("rolled@2", drawn.arm),)), book, NOW).enrolled == ()
    assert 70 <= new <= 130
    elsewhere = facts(loan(unpaid(DUE)), drawn=(Drawn("other", "a"),))
    assert decide(elsewhere, rolled_out(25, other=TRIAL, **{"rolled@2": TRIAL}), NOW).enrolled == ()
    assert decide(facts(loan(unpaid(DUE))), rolled_out(25), NOW).enrolled == ()


def test_several_challengers_need_more_people_each() -> None:
    assert level_of(1) == 0.95
    assert size(0.40, 0.43, level=level_of(3)) > size(0.40, 0.43, level=level_of(2)) > size(0.40, 0.43)
