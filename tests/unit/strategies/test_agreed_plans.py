"""A plan while it is kept, when it is broken, and after: as the decision sees its payments."""

from datetime import date, datetime

from policy.calendar import day_start
from strategies.decide import decide
from strategies.deciding import situation_of
from strategies.play import Fed, Looked, Promised, play
from strategies.timeline import state_of
from strategies.values import Facts, Promise
from tests.builders.facts import DAY, ZONE, at, facts, loan, local, rulebook, unpaid

DUE = date(2026, 11, 20)
AGREED = at("2026-11-24 10:00")
DAYS = (date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1))
BOOK = rulebook()


def payments(*paid: int, days: tuple[date, ...] = DAYS) -> tuple[Promise, ...]:
    """Of 100.00 each with two days of grace; `paid` towards each."""
    paid = (*paid, *(0 for _ in days[len(paid) :]))
    return tuple(
        Promise(number, (1,), 100_00, came, AGREED, day, day_start(day + 3 * DAY, ZONE), "open", plan=7)
        for number, (day, came) in enumerate(zip(days, paid, strict=True), 1)
    )


def owing(*promises: Promise, fed_at: datetime = AGREED) -> Facts:
    return facts(loan(unpaid(DUE, left=300_00), fed_at=fed_at), promises=promises)


def lived(until: datetime, *news: Promised, first: tuple[Promise, ...]) -> list[str]:
    """What is said and tasked until then, fed every day."""
    feeds = [Fed(AGREED + n * DAY) for n in range(150)]
    lines: list[str] = []
    for event in play(owing(*first), BOOK, AGREED, until, [*feeds, *news]):
        if isinstance(event, Looked):
            lines += [f"{local(event.at)} {plan.step}" for plan in event.decision.plans]
            lines += [f"{local(event.at)} task {work.kind}" for work in event.decision.tasks]
            verdicts = sorted(event.decision.verdicts, key=lambda one: one.promise)
            lines += [f"{local(event.at)} {one.promise} {one.state}" for one in verdicts]
    return lines


def test_while_it_is_kept_it_is_reminded_of_and_nothing_else_is_said() -> None:
    kept = [Promised(at(f"{day} 08:00"), payments(*(100_00,) * n)[n - 1]) for n, day in enumerate(DAYS, 1)]
    assert lived(at("2027-02-10 00:00"), *kept, first=payments()) == [
        "2026-11-30 10:00 promised",
        "2026-12-01 08:00 1 kept",
        "2026-12-31 10:00 promised",
        "2027-01-01 08:00 2 kept",
        "2027-01-31 10:00 promised",
        "2027-02-01 08:00 3 kept",
    ]


def test_the_first_payment_that_is_not_kept_ends_it_and_the_strategy_goes_on() -> None:
    first = Promised(at("2026-12-01 08:00"), payments(100_00)[0])
    part = Promised(at("2027-01-02 08:00"), payments(100_00, 40_00)[1])
    assert lived(at("2027-01-12 00:00"), first, part, first=payments()) == [
        "2026-11-30 10:00 promised",
        "2026-12-01 08:00 1 kept",
        "2026-12-31 10:00 promised",
        "2027-01-04 10:00 2 partly_kept",
        "2027-01-04 10:00 3 cancelled",
    ]
    assert lived(at("2026-12-20 00:00"), first=payments()) == [
        "2026-11-30 10:00 promised",
        "2026-12-04 10:00 task call",
        "2026-12-04 10:00 1 broken",
        "2026-12-04 10:00 2 cancelled",
        "2026-12-04 10:00 3 cancelled",
        "2026-12-05 08:00 late-15",
    ]


def test_all_its_loans_wait_until_its_last_day_and_no_longer_than_it_is_kept() -> None:
    running = owing(*payments())
    holds = situation_of(running, AGREED + DAY).holds
    assert max(hold.end for hold in holds if hold.end) == day_start(DAYS[-1] + 3 * DAY, ZONE)
    later = at("2026-12-05 09:00")
    broken = owing(*payments(), fed_at=later)
    assert situation_of(broken, later).holds == ()
    assert [state_of(one, broken, later) for one in broken.promises] == ["broken", "cancelled", "cancelled"]
    stale = owing(*payments(), fed_at=later - 2 * DAY)
    assert state_of(stale.promises[0], stale, later) == "open", "a stale feed breaks nothing"
    assert decide(stale, BOOK, later).verdicts == ()


def test_what_came_in_ahead_stays_kept_also_when_the_plan_is_over() -> None:
    later = at("2027-01-05 09:00")
    found = owing(*payments(100_00, 0, 100_00), fed_at=later)
    assert [state_of(one, found, later) for one in found.promises] == ["kept", "broken", "kept"]
