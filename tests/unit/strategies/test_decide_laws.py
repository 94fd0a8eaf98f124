"""What must hold of every decision, over random loans, addresses, consents, holds, past, begun messages."""

from datetime import date, datetime, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from casework.course import course
from ledger.standing import Unpaid
from policy.earliest import earliest
from policy.values import Ask, Hold, Past, Situation
from strategies.decide import decide
from strategies.play import Looked, apply, play
from strategies.rulebook import Rulebook
from strategies.timeline import timeline
from strategies.values import Address, Begun, Decision, Facts, Key, Loan, Tried
from tests.builders.facts import (
    DAY,
    FAR_AHEAD,
    GENTLE_TEXT,
    HOUR,
    HOUSE_TEXT,
    at,
    pack_text,
    rulebook,
    strategy,
)

MIDDLE = at("2026-11-24 10:00")
MAIL_FIRST = strategy(
    """
    before: {at: due - 1d 09:00, send: upcoming, by: [email, chat], fallback_after: 1h, expires: due}
    first: {at: due + 1d 10:00, send: late-early, by: [email, sms], fallback_after: 2h, expires: 30h}
    review: {at: due + 2d, task: review, expires: 12h}
    second: {at: due + 4d, send: late, by: [sms], expires: 3d}
    visit: {at: due + 6d 20:30, task: visit, expires: 20h}
    """,
    name="mail-first",
)
CHAT_ONLY = strategy(
    """
    hello: {at: due + 1d 07:00, send: late-early, by: [chat], expires: 2d}
    again: {at: due + 5d 20:59, send: late, by: [chat, sms], expires: 60d}
    """,
    name="chat-only",
    stale_after="36h",
)
DEBT = pack_text(
    """
    hours: {kind: window, hours: {mon-fri: ['08:00', '20:00'], sat: ['10:00', '12:00']}}
    debt: {kind: cap, most: 1, period: day, per: debt, channels: [sms, email, chat]}
    two: {kind: cap, most: 2, period: day, per: person, channels: [sms, email, chat, call, visit]}
    mail: {kind: cap, most: 2, period: week, per: person, channels: [email]}
    """,
    "debt",
)
LADDERS = {1: GENTLE_TEXT, 2: MAIL_FIRST, 3: CHAT_ONLY}
BOOKS = (
    rulebook(LADDERS, {}),
    rulebook(LADDERS),
    rulebook(LADDERS, {"debt": DEBT}),
    rulebook(LADDERS, {"house": HOUSE_TEXT, "debt": DEBT}),
    rulebook(LADDERS, {}),
)
LEFT = {"sending", "accepted", "delivered", "unknown"}
STATES = (
    "planned",
    "failed",
    "accepted",
    "claimed",
    "planned",
    "failed",
    "accepted",
    "sending",
    "delivered",
    "unknown",
)


def moments(hours: int = 24 * 6) -> st.SearchStrategy[datetime]:
    return st.integers(-hours * 4, hours * 4).map(lambda n: MIDDLE + n * timedelta(minutes=15))


@st.composite
def loans(draw: st.DrawFn, number: int) -> Loan:
    first = draw(st.sampled_from([-30, -16, -15, -9, -8, -7, -5, -4, -3, -1, 0, 1, 2]))
    owed = tuple(
        Unpaid(10 * number + n, date(2026, 11, 24) + (first + 30 * n) * DAY, draw(st.integers(1, 500)))
        for n in range(draw(st.sampled_from([1] * 8 + [2, 0])))
    )
    return Loan(
        number,
        draw(st.sampled_from(["active"] * 10 + ["recalled", "closed"])),
        draw(st.sampled_from(["Europe/Berlin", "Asia/Tokyo"])),
        draw(st.sampled_from([1, 1, 2, 3])),
        draw(st.sampled_from([at("2026-10-01 00:00")] * 4 + [MIDDLE - 3 * DAY])),
        draw(st.sampled_from([FAR_AHEAD] * 5 + [MIDDLE - 2 * DAY, MIDDLE - 5 * DAY])),
        owed,
    )


def known(loan: Loan, book: Rulebook) -> list[Key]:
    """Every key that may have a row: of its installments, and of one that was paid, under any ladder."""
    ids = [row.installment for row in loan.unpaid] + [10 * loan.id + 9]
    return [
        Key("installment", installment, ladder.name, step.id)
        for ladder in (book.strategies[loan.strategy], book.strategies[1])
        for installment in ids
        for step in ladder.steps
    ]


@st.composite
def cases(draw: st.DrawFn) -> tuple[Facts, Rulebook, datetime]:
    """Rows as they may stand: what is messaged left, what waits did not; any contact in any state."""
    book = draw(st.sampled_from(BOOKS))
    found: list[Loan] = []
    said: list[Key] = []
    planned: list[Key] = []
    newest: set[Key] = set()
    now = MIDDLE + draw(st.integers(-16, 32)) * timedelta(minutes=15)
    zones = draw(
        st.sampled_from([("Europe/Berlin",)] * 3 + [("America/New_York",), ("Europe/Berlin", "Asia/Tokyo")])
    )
    for number in range(1, draw(st.integers(1, 3)) + 1):
        loan = draw(loans(number))
        ladder = book.strategies[loan.strategy]
        come = [occurrence.key for occurrence in timeline(loan, ladder, zones[0], now)]
        ended, waiting = set(come[:-1]), set[Key]()
        if come:
            newest.add(come[-1])
            {"new": set[Key](), "said": ended, "waits": waiting}[
                draw(st.sampled_from(["new", "said", "waits", "waits"]))
            ].add(come[-1])
        for stray in draw(st.lists(st.sampled_from(known(loan, book)), max_size=2)):
            ended.discard(stray)
            waiting.discard(stray)
            draw(st.sampled_from([ended, waiting, set[Key]()])).add(stray)
        found.append(replace(loan, ended=tuple(sorted(ended)), waiting=tuple(sorted(waiting))))
        said += sorted(ended, reverse=True)
        planned += sorted(waiting)
    begun: list[Begun] = []
    contacts = 0
    for number in range(draw(st.integers(0, 3))):
        states = draw(st.lists(st.sampled_from(STATES), min_size=1, max_size=3))
        # Only the last may still be on its way; what left and was recorded ended its occurrences.
        states = [s for s in states[:-1] if s not in ("planned", "claimed", "sending")] + states[-1:]
        left = bool({"accepted", "delivered", "unknown"} & set(states))
        pool = said if left else planned
        latest = [key for key in pool if key in newest] or pool
        if not pool:
            continue
        keys = draw(st.lists(st.sampled_from(latest), min_size=1, max_size=3, unique=True))
        for key in keys:
            pool.remove(key)
        tried: list[Tried] = []
        channels = draw(st.permutations(["sms", "email", "chat"]))
        for state, channel in zip(states, channels, strict=False):
            contacts += 1
            taken = state == "accepted" or (left and state == "failed")
            confirm_by = now + draw(st.integers(-9, 3)) * HOUR if taken and draw(st.integers(0, 5)) else None
            address = {"sms": 1, "email": 2, "chat": 3}[channel]
            tried.append(Tried(contacts, channel, address, state, draw(moments(30)), confirm_by))
        begun.append(Begun(100 + number, keys[0].step, 1, FAR_AHEAD, tuple(keys), len(tried), tuple(tried)))
    hold = st.builds(
        lambda loan, start, hours: Hold(
            "dispute", loan, start, None if hours is None else start + hours * HOUR
        ),
        st.integers(0, 3),
        moments(48),
        st.none() | st.integers(1, 200),
    )
    past = st.builds(
        Past,
        moments(),
        st.sampled_from(["sms", "email", "chat", "call"]),
        st.just("accepted"),
        st.sampled_from([(1,), (2,), (1, 2, 3)]),
        st.sampled_from([0, 100, 101, 102, 900, 901]),
    )
    good = (Address(1, "phone", "attested"), Address(2, "email", "attested"), Address(3, "chat", "confirmed"))
    bad = (Address(4, "phone", "attested", shared=True), Address(5, "email", "unverified"))
    addresses = draw(st.sampled_from([good, good, good[:2], good[1:], (*bad, *good), bad]))
    situation = Situation(
        zones,
        consents=draw(
            st.dictionaries(
                st.sampled_from(["sms", "email", "call"]), st.sampled_from(["revoked", "granted"]), max_size=2
            )
        ),
        holds=tuple(draw(st.lists(hold, max_size=2))) if draw(st.integers(0, 3)) == 0 else (),
        past=tuple(draw(st.lists(past, max_size=4))) if draw(st.booleans()) else (),
    )
    facts = Facts(1, 1, 1, situation, tuple(found), addresses, tuple(begun))
    return facts, book, now


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
