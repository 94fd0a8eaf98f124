"""What must hold of every decision, over random loans, addresses, consents, holds, past, begun messages."""

from datetime import datetime, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from casework.course import course
from policy.earliest import earliest
from policy.values import Ask, Past
from strategies.decide import decide
from strategies.play import Looked, apply, play
from strategies.rulebook import Rulebook
from strategies.timeline import timeline
from strategies.values import Begun, Decision, Facts, Key, Tried
from tests.builders.drawn_cases import LEFT, cases
from tests.builders.facts import DAY


def come(facts: Facts, book: Rulebook, now: datetime) -> dict[Key, int]:
    """The keys that are expected up to now and have not ended, by loan."""
    zone = facts.situation.zones[0]
    return {
        occurrence.key: loan.id
        for loan in facts.loans
        for occurrence in timeline(loan, book.strategies[loan.strategy], zone, now)
        if occurrence.key not in loan.ended
    }


def answers(decision: Decision) -> list[Key]:
    return [
        *(key for plan in decision.plans for key in plan.keys),
        *(work.key for work in decision.tasks),
        *(ending.key for ending in decision.endings),
        *(waiting.key for waiting in decision.waiting),
    ]


def in_the_air(facts: Facts) -> set[Key]:
    return {
        key for begun in facts.begun if LEFT & {tried.state for tried in begun.tried} for key in begun.keys
    }


laws = settings(max_examples=200, deadline=None)


@laws
@given(cases())
def test_everything_expected_gets_exactly_one_answer(case: tuple[Facts, Rulebook, datetime]) -> None:
    facts, book, now = case
    decision = decide(facts, book, now)
    given_ = answers(decision)
    assert len(given_) == len(set(given_))
    expected = set(come(facts, book, now))
    stored = {key for loan in facts.loans for key in loan.waiting}
    ended = {key for loan in facts.loans for key in loan.ended}
    assert (expected | stored) - in_the_air(facts) <= set(given_)
    assert set(given_) <= expected | stored | ended
    # What ended is only ever said again as a fallback of its own message, or waits for that.
    for key in ended & set(given_):
        assert any(key in begun.keys for begun in facts.begun)
        assert all(ending.key != key for ending in decision.endings)
    assert {occurrence.key for occurrence in decision.found} == expected - stored
    assert all(ending.noes and ending.noes[-1].rule for ending in decision.endings)
    assert all(waiting.noes for waiting in decision.waiting)


@laws
@given(cases())
def test_nothing_is_planned_that_may_not_be_now(case: tuple[Facts, Rulebook, datetime]) -> None:
    facts, book, now = case
    decision = decide(facts, book, now)
    others = [
        Past(now, plan.channel, "planned", plan.loans, plan.message or -number)
        for number, plan in enumerate(decision.plans, 1)
    ]
    steps = {loan.id: book.strategies[loan.strategy] for loan in facts.loans}
    for number, plan in enumerate(decision.plans, 1):
        assert now < plan.expires
        rest = (*others[: number - 1], *others[number:])
        seen = replace(facts.situation, past=facts.situation.past + rest)
        ask = Ask(plan.channel, plan.loans, message=plan.message)
        assert earliest(book.rules[1], ask, seen, now).at == now
        (address,) = (address for address in facts.addresses if address.id == plan.address)
        good = address.state in ("attested", "confirmed") and not address.shared
        assert plan.neutral != good
        for key, loan in zip(plan.keys, plan.loans, strict=True):
            step = steps[loan].step(key.step)
            assert plan.channel in step.by
            assert step.post_due or not plan.neutral
    messages = [plan.message for plan in decision.plans if plan.message]
    assert len(messages) == len(set(messages))


@laws
@given(cases())
def test_what_is_in_the_air_or_arrived_is_left_alone(case: tuple[Facts, Rulebook, datetime]) -> None:
    facts, book, now = case
    decision = decide(facts, book, now)
    planned = {plan.message: plan for plan in decision.plans if plan.message}
    closed = dict(decision.closed)
    for begun in facts.begun:
        states = {tried.state for tried in begun.tried}
        plan = planned.get(begun.id)
        if "sending" in states:
            assert begun.id not in closed
            assert plan is None
        if states & {"delivered", "unknown"}:
            assert plan is None
        if plan is not None:
            assert begun.id not in closed
            for tried in begun.tried:
                if tried.state == "accepted":
                    assert tried.confirm_by is not None
                    assert tried.confirm_by <= now
                assert tried.channel != plan.channel or tried.state in ("planned", "claimed")
            if states & LEFT:
                assert set(plan.keys) <= set(begun.keys)


@laws
@given(cases(), st.floats(0.0001, 0.9999))
def test_nothing_fires_before_again(case: tuple[Facts, Rulebook, datetime], part: float) -> None:
    facts, book, now = case
    decision = decide(facts, book, now)
    assert decision.again is None or decision.again > now
    after = apply(facts, Looked(now, decision))
    end = decision.again or now + 50 * DAY
    later = decide(after, book, min(now + (end - now) * part, end - timedelta(microseconds=1)))
    assert (later.found, later.plans, later.tasks, later.endings) == ((), (), (), ())


def written(facts: Facts, decision: Decision, now: datetime) -> Facts:
    """The facts as they read after the course of a decision was written."""
    change = course(facts, decision, b"", now).change
    rows = {key: ("ended", None) for loan in facts.loans for key in loan.ended}
    rows |= {key: ("waiting", None) for loan in facts.loans for key in loan.waiting}
    of_message = {key: begun.id for begun in facts.begun for key in begun.keys}
    loan_of = {key: loan.id for loan in facts.loans for key in (*loan.ended, *loan.waiting)}
    changes = [*change.occurrences, *(made for _, made in change.new_occurrences)]
    loan_of |= {occurrence.key: occurrence.loan for occurrence, _ in change.new_occurrences}
    for made in changes:
        rows[made.key] = ("waiting" if made.state == "waiting" else "ended", None)
        of_message.pop(made.key, None)
        if made.message is not None:
            of_message[made.key] = made.message if made.message > 0 else 1000 - made.message
    begun = {one.id: one for one in facts.begun}
    for new in change.messages:
        id_ = 1000 - new.id
        begun[id_] = Begun(id_, new.step, new.strategy, new.expires, (), 0, ())
    gone = {contact for contact, _ in change.cancelled}
    for id_, one in begun.items():
        kept = tuple(tried for tried in one.tried if tried.contact not in gone)
        begun[id_] = replace(one, tried=kept, keys=tuple(k for k, m in of_message.items() if m == id_))
    for number, new in enumerate(change.contacts, 500):
        id_ = new.message if new.message > 0 else 1000 - new.message
        one = begun[id_]
        added = Tried(number, new.channel, new.address, "planned", now)
        begun[id_] = replace(one, attempts=one.attempts + 1, tried=(*one.tried, added))
    later = dict(change.put_off)
    closed = {message for message, _ in change.closed}
    return replace(
        facts,
        loans=tuple(
            replace(
                loan,
                ended=tuple(k for k, of in loan_of.items() if of == loan.id and rows[k][0] == "ended"),
                waiting=tuple(k for k, of in loan_of.items() if of == loan.id and rows[k][0] == "waiting"),
            )
            for loan in facts.loans
        ),
        begun=tuple(
            replace(
                one,
                tried=tuple(
                    replace(t, state="planned", at=later[t.contact]) if t.contact in later else t
                    for t in one.tried
                ),
            )
            for id_, one in begun.items()
            if id_ not in closed
        ),
    )


@laws
@given(cases())
def test_deciding_again_plans_the_same_and_changes_nothing(case: tuple[Facts, Rulebook, datetime]) -> None:
    facts, book, now = case
    first = decide(facts, book, now)
    rows = written(facts, first, now)
    second = decide(rows, book, now)
    assert (second.found, second.endings, second.tasks, second.closed) == ((), (), (), ())

    def said(decision: Decision) -> list[tuple[frozenset[Key], str, int, str]]:
        return [(frozenset(p.keys), p.channel, p.address, p.step) for p in decision.plans]

    assert said(second) == said(first)
    for before, after in zip(first.plans, second.plans, strict=True):
        assert after.message == before.message or (before.message == 0 and after.message > 1000)
    assert {w.key: w.until for w in second.waiting} == {w.key: w.until for w in first.waiting}
    made = course(rows, second, b"", now)
    change = made.change
    assert (change.messages, change.contacts, change.cancelled, change.put_off) == ((), (), (), ())
    assert len(made.going) == len(second.plans)


@laws
@given(cases())
def test_facts_read_back_from_their_bytes_decide_the_same(case: tuple[Facts, Rulebook, datetime]) -> None:
    facts, book, now = case
    stored = msgspec.msgpack.encode(facts)
    assert decide(msgspec.msgpack.decode(stored, type=Facts), book, now) == decide(facts, book, now)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_time_played_forward_ends_and_says_each_thing_once(case: tuple[Facts, Rulebook, datetime]) -> None:
    facts, book, now = case
    seen: list[Key] = []
    moment = None
    for number, event in enumerate(play(facts, book, now, now + 120 * DAY)):
        assert number < 200
        assert moment is None or event.at > moment
        moment = event.at
        if isinstance(event, Looked):
            seen += [key for plan in event.decision.plans for key in plan.keys]
            seen += [work.key for work in event.decision.tasks]
            seen += [ending.key for ending in event.decision.endings]
    assert len(seen) == len(set(seen))
