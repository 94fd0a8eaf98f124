"""Cases played together: as each would be alone, but for what they have in common."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from policy.values import Hold
from strategies.language import shipped_strategies
from strategies.play import Looked, Received, play
from strategies.rulebook import Release, Rulebook
from strategies.together import Came, Start, Turn, together
from strategies.values import Facts, Loan, Promise
from tests.builders.facts import (
    GENTLE_TEXT,
    HOUR,
    at,
    begun,
    facts,
    key,
    loan,
    local,
    rulebook,
    situation,
    tried,
    unpaid,
)

DUE = date(2026, 11, 24)
DAY = timedelta(days=1)
BOOK = rulebook(dict(enumerate(shipped_strategies().values(), 1)))
FROM, UNTIL = at("2026-11-20 06:00"), at("2027-02-20 00:00")


def said(events: list[Turn | Came], case: int | None = None) -> list[str]:
    return [
        f"{local(turn.at)} {plan.channel} {plan.step}"
        for turn in events
        if isinstance(turn, Turn) and case in (None, turn.facts.case)
        for plan in turn.decision.plans
    ]


def alone(case: Facts, book: Rulebook, news: list[Received] | None = None) -> list[str]:
    return said(list(together([Start(case, FROM)], book, FROM, UNTIL, news or [])))


@st.composite
def cases(draw: st.DrawFn) -> Facts:
    """A case of one to three loans, under any shipped strategy, perhaps with a promise or a hold."""
    loans: list[Loan] = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        due = DUE + draw(st.integers(-40, 20)) * DAY
        count = draw(st.integers(1, 3))
        owed = [unpaid(due + 14 * n * DAY, 10 * number + n) for n in range(count)]
        since = at("2026-11-19 00:00") if draw(st.booleans()) else at("2020-01-01 00:00")
        loans.append(loan(*owed, id=number, strategy=draw(st.integers(1, len(BOOK.strategies))), since=since))
    promises: list[Promise] = []
    if draw(st.booleans()):
        day = DUE + draw(st.integers(-2, 12)) * DAY
        until = at(f"{day + 3 * DAY} 00:00")
        promises.append(Promise(7, (1,), 100_00, 0, at("2026-11-19 10:00"), day, until, "open"))
    holds = (Hold("dispute", 1, FROM, FROM + draw(st.integers(1, 30)) * DAY),) if draw(st.booleans()) else ()
    return facts(*loans, promises=tuple(promises), situation=situation(holds=holds))


@given(cases(), st.lists(st.tuples(st.integers(1, 60), st.integers(0, 4)), max_size=4))
def test_a_case_by_itself_is_played_as_play_plays_it(case: Facts, paid: list[tuple[int, int]]) -> None:
    """Though it is not woken at the end of what was said: nothing is to be done then."""
    owed = [(one.id, row.installment) for one in case.loans for row in one.unpaid]
    news = [
        Received(FROM + after * DAY, (FROM + after * DAY).date(), *owed[which % len(owed)])
        for after, which in paid
    ]
    looks = [event for event in play(case, BOOK, FROM, UNTIL, news) if isinstance(event, Looked)]
    expected = [
        (look.at, look.decision.plans, look.decision.tasks, look.decision.endings)
        for look in looks
        if look.decision.plans or look.decision.tasks or look.decision.endings
    ]
    turns = [
        turn for turn in together([Start(case, FROM)], BOOK, FROM, UNTIL, news) if isinstance(turn, Turn)
    ]
    assert [
        (turn.at, turn.decision.plans, turn.decision.tasks, turn.decision.endings)
        for turn in turns
        if turn.decision.plans or turn.decision.tasks or turn.decision.endings
    ] == expected
    assert len(turns) <= len(looks)


def test_what_one_case_says_counts_for_the_persons_other() -> None:
    gentle = rulebook()
    one = facts(loan(unpaid(DUE)))
    other = replace(one, case=2, loans=(loan(unpaid(DUE, 2), id=2),))
    stranger = replace(other, case=3, person=2)
    starts = [Start(case, FROM) for case in (one, other, stranger)]
    events = list(together(starts, gentle, FROM, at("2026-11-25 00:00")))
    assert said(events, 1) == ["2026-11-21 08:00 email upcoming", "2026-11-24 08:00 sms due-today"]
    assert said(events, 2) == ["2026-11-22 08:00 email upcoming"], "one message a day, over all cases"
    assert said(events, 3) == said(events, 1)


def test_another_party_is_governed_with_the_borrower_and_looked_at() -> None:
    """In the batch of the look its facts were read before; a later batch reads what the borrower's found."""
    book = rulebook({1: GENTLE_TEXT, 2: GENTLE_TEXT.replace("3d 08:00", "2d 09:00")})
    new = {"gentle": Release(2, at("2026-11-01 00:00"))}
    book = Rulebook(book.strategies, book.packs, book.rules, book.digest, {}, new)
    lead = facts(loan(unpaid(DUE)))
    spouse = facts(loan(unpaid(DUE), leads=False, party="co-borrower"), case=2, person=2)
    for batch, versions in ((0, [1]), (1, [2])):
        starts = [Start(lead, FROM), Start(spouse, FROM, batch)]
        turns = [turn for turn in together(starts, book, FROM, FROM) if isinstance(turn, Turn)]
        assert [turn.facts.loans[0].strategy for turn in turns if turn.facts.case == 2] == versions
        ahead = list(together(starts, book, FROM, at("2026-11-23 00:00")))
        assert said(ahead, 1) == ["2026-11-22 09:00 email upcoming"]


def test_what_was_planned_before_is_said_and_what_is_in_the_air_arrives() -> None:
    gentle = rulebook()
    waiting = loan(unpaid(DUE), waiting=(key("upcoming"),))
    planned = begun(5, (key("upcoming"),), tried("planned", "email", at=FROM - HOUR))
    now = at("2026-11-21 09:00")
    case = facts(waiting, begun=(planned,))
    events = list(together([Start(case, at("2026-11-24 00:00"))], gentle, now, at("2026-11-22 00:00")))
    assert said(events) == ["2026-11-21 09:00 email upcoming"]
    sent = tried("accepted", "email", at=now - HOUR, confirm_by=now + 3 * HOUR)
    case = facts(loan(unpaid(DUE), ended=(key("upcoming"),)), begun=(begun(5, (key("upcoming"),), sent),))
    events = list(together([Start(case, now + 3 * HOUR)], gentle, now, at("2026-11-24 00:00")))
    assert said(events) == [], "no other channel is tried"
    assert [turn.decision.closed for turn in events if isinstance(turn, Turn)] == [((5, "done"),)]


@pytest.mark.parametrize("paid", [True, False])
def test_a_payment_is_news(paid: bool) -> None:
    gentle = rulebook()
    case = facts(loan(unpaid(DUE)))
    news = [Received(at("2026-11-28 00:00"), date(2026, 11, 27), 1, 1)] if paid else []
    lines = alone(case, gentle, news)
    assert lines[:3] == [
        "2026-11-21 08:00 email upcoming",
        "2026-11-24 08:00 sms due-today",
        "2026-11-27 08:00 sms late-3",
    ]
    assert (len(lines) == 3) == paid


def test_a_stale_feed_is_over_the_next_day() -> None:
    """What it held is said then, though nothing else calls for a look before it lapses."""
    case = facts(loan(unpaid(DUE - 12 * DAY), fed_at=FROM - 10 * DAY, since=at("2026-11-15 00:00")))
    assert alone(case, rulebook())[0] == "2026-11-21 08:00 sms late-7"


@pytest.mark.parametrize(("left", "state"), [(250_00, "kept"), (100_00, "partly_kept"), (0, "broken")])
def test_what_is_paid_counts_towards_what_was_promised(left: int, state: str) -> None:
    owed = (unpaid(DUE, 1, left), unpaid(DUE + 30 * DAY, 2)) if left else (unpaid(DUE, 2),)
    promise = Promise(7, (1,), 250_00, 0, at("2026-11-19 10:00"), DUE, at("2026-11-27 00:00"), "open")
    case = facts(loan(*owed), promises=(promise,))
    news = [Received(at("2026-11-25 00:00"), DUE, 1, 1)] if left else []
    turns = together([Start(case, FROM)], rulebook(), FROM, UNTIL, news)
    settled = [turn.decision.verdicts for turn in turns if isinstance(turn, Turn) and turn.decision.verdicts]
    assert [(one.promise, one.state) for (one,) in settled] == [(7, state)]
