"""What comes next is what the next looks bring: by the version in force, once, for the person's arm."""

from datetime import date

from msgspec.structs import replace

from ledger.terms import Terms
from strategies.ahead import coming
from strategies.explanation import Labels, LoanLabel
from strategies.rulebook import Release, Rulebook, Trial
from strategies.values import Drawn, Facts
from tests.builders.facts import DAY, GENTLE_TEXT, at, facts, key, loan, local, rulebook, unpaid

NOW = at("2026-11-22 14:00")
LATER = GENTLE_TEXT.replace("due - 3d 08:00", "due - 2d 09:00")
ARMS = "arms: {experiment: tone, split: {plain: 45, kind: 45}, holdout: 10, horizon: 60d}\nsteps:"
TONE = GENTLE_TEXT.replace("steps:", ARMS, 1).replace("due-today:\n", "due-today:\n    arm: kind\n", 1)
LABELS = Labels("b-ann", {1: LoanLabel("L-ann", Terms("EUR", "Europe/Berlin"))}, {})


def ann(*drawn: Drawn, **fields: object) -> Facts:
    """Due on 7 December."""
    return facts(loan(unpaid(date(2026, 12, 7)), **fields), drawn=drawn)


def told(case: Facts, book: Rulebook) -> list[tuple[str, str]]:
    return [(local(one.at), one.what) for one in coming(case, book, NOW, LABELS)]


def published(text: str, **more: object) -> Rulebook:
    """`text` is in force since a minute ago; loans are still under what was."""
    release = Release(2, NOW - DAY // 1440)
    return replace(rulebook({1: GENTLE_TEXT, 2: text}), current={"gentle": release}, **more)


def test_what_was_published_is_told_before_the_next_look() -> None:
    first, *_ = told(ann(), published(LATER))
    assert first == ("2026-12-05 09:00", "email upcoming, if unpaid")


def test_what_was_said_already_is_not_told_as_coming() -> None:
    """Its moment in the new version is later; its key outlives the version."""
    first, *_ = told(ann(ended=(key("upcoming"),)), published(LATER))
    assert first == ("2026-12-07 08:00", "SMS due-today, if unpaid")


def test_a_condition_is_told_with_the_step() -> None:
    asked = GENTLE_TEXT.replace("send: due-today", "when: promises_broken < 2\n    send: due-today")
    assert told(ann(), rulebook({1: asked}))[1][1] == "SMS due-today, if unpaid, where promises_broken < 2"


def test_of_an_experiment_only_what_is_for_the_persons_arm() -> None:
    def steps(book: Rulebook, *arms: str) -> list[str]:
        case = ann(*(Drawn("tone", arm) for arm in arms))
        return [one.step for one in coming(case, book, NOW, LABELS)]

    running = published(TONE, experiments={"tone": Trial(NOW - DAY, NOW + 60 * DAY)})
    assert steps(running, "kind") == ["upcoming", "due-today", "late-3", "late-7"]
    assert steps(running, "plain") == ["upcoming", "late-3", "late-7", "late-15"]
    assert steps(running, "holdout") == ["call"], "no message, and a person calls"
    # Who is not drawn yet is drawn as the first step comes.
    arms = running.strategies[2].arms
    assert arms is not None
    assert ("due-today" in steps(running)) == (arms.draws(1) == "kind")
    over = published(TONE, experiments={"tone": Trial(NOW - DAY, NOW + 60 * DAY, over=True)})
    assert steps(over, "kind") == ["upcoming", "late-3", "late-7", "late-15"], "everybody hears the champion"
