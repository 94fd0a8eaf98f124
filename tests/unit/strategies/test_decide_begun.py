"""What becomes of messages that were begun: planned, in the air, awaited, failed, unknown."""

from datetime import date, datetime

import pytest

from strategies.decide import decide
from strategies.values import Begun, Decision, Facts, Tried
from tests.builders.facts import (
    CHAT,
    DAY,
    EMAIL,
    GENTLE_TEXT,
    HOUR,
    PHONE,
    at,
    begun,
    facts,
    hold,
    key,
    loan,
    past,
    rulebook,
    situation,
    strategy,
    tried,
    unpaid,
)

NOW = at("2026-11-23 09:00")
DUE = date(2026, 11, 20)
LATE = key("late-3")
OLDER = (key("upcoming"), key("due-today"))


def case(*messages: Begun, said: bool = False, **fields: object) -> Facts:
    """A loan three days late whose `late-3` waits, or (`said`) was messaged."""
    ended = (*OLDER, LATE) if said else OLDER
    owing = loan(unpaid(DUE), ended=ended, waiting=() if said else (LATE,))
    return facts(owing, begun=messages, **fields)


def decided(*messages: Begun, said: bool = False, now: datetime = NOW, **fields: object) -> Decision:
    return decide(case(*messages, said=said, **fields), rulebook(), now)


def planned(decision: Decision) -> list[tuple[int, str]]:
    return [(plan.message, plan.channel) for plan in decision.plans]


def test_what_is_planned_is_planned_again() -> None:
    for state in ("planned", "claimed"):
        decision = decided(begun(5, (LATE,), tried(state)))
        assert planned(decision) == [(5, "sms")]
        assert decision.closed == ()


def test_what_is_being_sent_is_never_touched() -> None:
    for facts_now in (
        case(begun(5, (LATE,), tried("sending"))),
        # paid meanwhile
        facts(loan(waiting=(LATE,)), begun=(begun(5, (LATE,), tried("sending")),)),
        # overtaken by a later step meanwhile
        facts(
            loan(unpaid(date(2026, 11, 16)), ended=OLDER, waiting=(LATE,)),
            begun=(begun(5, (LATE,), tried("sending")),),
        ),
        # recalled meanwhile
        facts(
            loan(unpaid(DUE), status="recalled", waiting=(LATE,)),
            begun=(begun(5, (LATE,), tried("sending")),),
        ),
    ):
        decision = decide(facts_now, rulebook(), NOW)
        assert decision.closed == ()
        assert all(LATE not in plan.keys for plan in decision.plans)
        assert all(ending.key != LATE for ending in decision.endings)


def test_a_failed_contact_is_followed_by_the_next_channel_of_the_same_message() -> None:
    decision = decided(begun(5, (LATE,), tried("failed")))
    assert planned(decision) == [(5, "email")]


def test_failed_on_every_channel_ends_with_its_reason() -> None:
    decision = decided(begun(5, (LATE,), tried("failed"), tried("failed", "email")))
    (ending,) = decision.endings
    assert (ending.key, ending.how, ending.noes[-1].rule) == (LATE, "suppressed", "none_left")
    assert decision.closed == ((5, "failed"),)


def test_not_confirmed_in_time_is_followed_by_the_next_channel() -> None:
    message = begun(5, (LATE,), tried("accepted", confirm_by=NOW + HOUR))
    waiting = decided(message, said=True)
    assert planned(waiting) == []
    assert waiting.again == NOW + HOUR
    assert waiting.closed == ()
    assert planned(decided(message, said=True, now=NOW + HOUR)) == [(5, "email")]


def test_a_planned_fallback_is_planned_again_at_the_claim() -> None:
    unconfirmed = tried("accepted", confirm_by=NOW - HOUR)
    for state in ("planned", "claimed"):
        message = begun(5, (LATE,), unconfirmed, tried(state, "email", 2))
        decision = decided(message, said=True)
        assert planned(decision) == [(5, "email")]
        assert decision.closed == ()


@pytest.mark.parametrize("state", ["delivered", "unknown"])
def test_a_fallback_is_dropped_when_the_first_contact_may_have_arrived(state: str) -> None:
    message = begun(5, (LATE,), tried(state, confirm_by=NOW - HOUR), tried("planned", "email", 2))
    decision = decided(message, said=True)
    assert planned(decision) == []
    assert decision.closed == ((5, "done"),)


@pytest.mark.parametrize("state", ["accepted", "delivered", "unknown"])
def test_nothing_follows_what_needs_no_confirmation(state: str) -> None:
    decision = decided(begun(5, (LATE,), tried(state)), said=True)
    assert planned(decision) == []
    assert decision.closed == ((5, "done"),)


def test_from_unknown_nothing_falls_back_however_late() -> None:
    message = begun(5, (LATE,), tried("unknown", confirm_by=NOW - HOUR))
    for later in (NOW, NOW + HOUR, NOW + 3 * DAY):
        assert planned(decided(message, said=True, now=later)) == []


def test_accepted_and_then_failed_is_followed_by_the_next_channel() -> None:
    """A provider's late 'undelivered': the occurrence was messaged, its message goes on."""
    message = begun(5, (LATE,), tried("failed", confirm_by=NOW + HOUR))
    assert planned(decided(message, said=True)) == [(5, "email")]
    over = begun(
        5, (LATE,), tried("failed", confirm_by=NOW + HOUR), tried("failed", "email", 2, confirm_by=None)
    )
    decision = decided(over, said=True)
    assert (decision.plans, decision.endings, decision.waiting) == ((), (), ())
    assert decision.closed == ((5, "failed"),)


def test_what_was_suppressed_is_not_said_with_the_rest_of_its_message() -> None:
    """Loan 1 ended while loan 2, of the same message, was put off: only loan 2 is said in the end."""
    other = key("late-3", 2)
    first = loan(unpaid(DUE), ended=(*OLDER, LATE))
    second = loan(unpaid(DUE, 2), id=2, ended=(key("upcoming", 2), key("due-today", 2)), waiting=(other,))
    message = begun(5, (LATE, other), tried("planned"))
    (plan,) = decide(facts(first, second, begun=(message,)), rulebook(), NOW).plans
    assert plan.keys == (other,)


def test_the_fallback_of_a_message_carries_all_it_said_in_one_contact() -> None:
    """Two loans in one message: after a failure or no confirmation one contact goes, not one a loan."""
    other = key("late-3", 2)
    for first, waits in (
        (tried("failed"), True),
        (tried("accepted", confirm_by=NOW), False),
    ):
        ended = ((*OLDER, LATE), (key("upcoming", 2), key("due-today", 2), other))
        loans = [
            loan(
                unpaid(DUE, number),
                id=number,
                ended=keys[:2] if waits else keys,
                waiting=keys[2:] if waits else (),
            )
            for number, keys in enumerate(ended, 1)
        ]
        for more in ((), (tried("planned", "email", 2),)):
            message = begun(5, (LATE, other), first, *more)
            (plan,) = decide(facts(*loans, begun=(message,)), rulebook(), NOW).plans
            assert (plan.message, plan.channel, plan.keys) == (5, "email", (LATE, other))


def test_nothing_new_joins_a_message_that_was_said() -> None:
    """What is new would count as said although only the first contact may have arrived."""
    message = begun(5, (LATE,), tried("accepted", confirm_by=NOW), attempts=1)
    said = loan(unpaid(DUE), ended=(*OLDER, LATE))
    new = loan(unpaid(DUE, 2), id=2, ended=(key("upcoming", 2), key("due-today", 2)))
    decision = decide(facts(said, new, begun=(message,)), rulebook(), NOW)
    assert [(plan.message, plan.keys) for plan in decision.plans] == [(5, (LATE,))]
    (waiting,) = decision.waiting
    assert waiting.key == key("late-3", 2)
    assert [no.rule for no in waiting.noes] == ["no_address", "daily", "hours"]


def test_what_was_said_is_no_task_when_its_step_became_one() -> None:
    """A new version makes a call of `late-3` while its message is awaited."""
    text = GENTLE_TEXT.replace(
        """    send: late-early
    by: [chat, sms, email]
    fallback_after: 4h
""",
        "    task: call\n",
    )
    for contact in (tried("accepted", confirm_by=NOW - HOUR), tried("failed")):
        decision = decide(case(begun(5, (LATE,), contact), said=True), rulebook({1: text}), NOW)
        assert (decision.plans, decision.tasks, decision.waiting) == ((), (), ())
        assert len(decision.closed) == 1
    unsaid = decide(case(begun(5, (LATE,), tried("planned"))), rulebook({1: text}), NOW)
    assert [work.kind for work in unsaid.tasks] == ["call"]
    assert unsaid.closed == ((5, "cancelled"),)


LADDERS = strategy(
    """
    a: {at: due + 3d 08:00, send: late, by: [sms, email], expires: 4d}
    """,
    name="left",
)
OTHER = strategy(
    """
    b: {at: due + 3d 08:00, send: late, by: [sms, chat], expires: 4d}
    """,
    name="right",
)
TWO_A_DAY = """pack: two
title: Two a day
jurisdiction: none
owner: tests
review_by: 2030-01-01
note: none
rules:
  daily: {kind: cap, most: 2, period: day, per: person, channels: [sms, email, chat], source: test, sure: U}
"""


def two_ladders(most: int, first: Tried, *, said: bool) -> Decision:
    """Two loans in one message by sms, whose next channels differ."""
    keys = (key("a", 1, "left"), key("b", 2, "right"))
    loans = [
        loan(
            unpaid(DUE, number),
            id=number,
            strategy=number,
            ended=(k,) if said else (),
            waiting=() if said else (k,),
        )
        for number, k in enumerate(keys, 1)
    ]
    book = rulebook({1: LADDERS, 2: OTHER}, {"two": TWO_A_DAY.replace("most: 2", f"most: {most}")})
    found = facts(*loans, addresses=(PHONE, EMAIL, CHAT), begun=(begun(5, keys, first),))
    return decide(found, book, NOW)


def test_one_message_never_has_two_plans() -> None:
    failed = two_ladders(2, tried("failed"), said=False)
    assert planned(failed) == [(5, "email"), (0, "chat")]
    capped = two_ladders(1, tried("failed"), said=False)
    assert planned(capped) == [(5, "email")]
    assert [waiting.key.step for waiting in capped.waiting] == ["b"]
    # What was said already goes again with its message, or not at all: no second message for it.
    unconfirmed = two_ladders(2, tried("accepted", confirm_by=NOW), said=True)
    assert planned(unconfirmed) == [(5, "email")]
    assert unconfirmed.waiting == ()


def test_what_was_said_joins_nothing_new() -> None:
    """Loan 2 is new, more late, and goes by mail; the fallback of loan 1 would be a mail too."""
    mail = strategy("m: {at: due + 3d 08:00, send: late, by: [email], expires: 9d}", name="mail")
    message = begun(5, (LATE,), tried("accepted", confirm_by=NOW))
    said = loan(unpaid(DUE), ended=(*OLDER, LATE))
    new = loan(unpaid(date(2026, 11, 18), 2), id=2, strategy=2)
    for pack, plans in (
        (TWO_A_DAY, [(0, (2,)), (5, (1,))]),
        (TWO_A_DAY.replace("most: 2", "most: 1"), [(0, (2,))]),
    ):
        book = rulebook({1: GENTLE_TEXT, 2: mail}, {"two": pack})
        decision = decide(facts(said, new, begun=(message,)), book, NOW)
        assert [(plan.message, plan.loans) for plan in decision.plans] == plans


def test_a_channel_that_failed_is_not_taken_again_by_joining() -> None:
    """Loan 2 is more late and new by sms; loan 1 failed on sms and goes on by mail."""
    message = begun(5, (LATE,), tried("failed"))
    failed = loan(unpaid(DUE), ended=OLDER, waiting=(LATE,))
    new = loan(unpaid(date(2026, 11, 16), 2), id=2)
    book = rulebook(packs={"two": TWO_A_DAY})
    decision = decide(facts(failed, new, begun=(message,)), book, NOW)
    assert planned(decision) == [(0, "sms"), (5, "email")]


def test_two_messages_that_are_planned_become_one() -> None:
    """The sms stopped: what was planned apart would be two mails on one day."""
    one = begun(5, (LATE,), tried("planned", "email"))
    two = begun(6, (key("late-3", 2),), tried("planned", "sms", 2))
    loans = (
        loan(unpaid(date(2026, 11, 19)), ended=OLDER, waiting=(LATE,)),
        loan(
            unpaid(DUE, 2),
            id=2,
            ended=(key("upcoming", 2), key("due-today", 2)),
            waiting=(key("late-3", 2),),
        ),
    )
    stopped = situation(consents={"sms": "revoked"})
    book = rulebook(packs={"two": TWO_A_DAY})
    decision = decide(facts(*loans, begun=(one, two), situation=stopped), book, NOW)
    (plan,) = decision.plans
    assert (plan.message, plan.channel, plan.keys) == (5, "email", (LATE, key("late-3", 2)))
    assert decision.closed == ((6, "cancelled"),)


def test_a_fallback_is_the_same_message_to_the_caps() -> None:
    message = begun(5, (LATE,), tried("accepted", confirm_by=NOW))
    sent = situation(past=(past(NOW - 4 * HOUR, message=5),))
    assert planned(decided(message, said=True, situation=sent)) == [(5, "email")]
    other = situation(past=(past(NOW - 4 * HOUR, message=5), past(NOW - HOUR, message=6)))
    decision = decided(message, said=True, situation=other)
    assert planned(decision) == []
    assert [w.until for w in decision.waiting] == [at("2026-11-24 08:00")]
    assert decision.closed == ()


def test_what_is_put_off_keeps_its_message_open() -> None:
    for said, contact in ((False, tried("planned")), (True, tried("accepted", confirm_by=NOW))):
        message = begun(5, (LATE,), contact)
        held = situation(holds=(hold(NOW - DAY, NOW + DAY),))
        decision = decided(message, said=said, situation=held)
        assert planned(decision) == []
        assert [w.until for w in decision.waiting] == [NOW + DAY]
        assert decision.closed == ()
        assert decision.again == NOW + DAY


def test_what_is_paid_is_closed() -> None:
    paid = facts(loan(waiting=(LATE,)), begun=(begun(5, (LATE,), tried("planned")),))
    decision = decide(paid, rulebook(), NOW)
    assert decision.closed == ((5, "cancelled"),)
    assert [(e.key, e.how, e.noes[0].rule) for e in decision.endings] == [(LATE, "suppressed", "paid")]


def test_a_later_step_closes_what_was_awaited() -> None:
    message = begun(5, (LATE,), tried("accepted", confirm_by=at("2026-11-27 12:00")))
    decision = decided(message, said=True, now=at("2026-11-27 08:00"))
    assert [plan.step for plan in decision.plans] == ["late-7"]
    assert decision.closed == ((5, "done"),)


def test_the_stop_of_a_channel_moves_the_planned_message_to_the_next() -> None:
    stopped = situation(consents={"sms": "revoked"})
    decision = decided(begun(5, (LATE,), tried("planned")), situation=stopped)
    assert planned(decision) == [(5, "email")]
    assert decision.closed == ()
