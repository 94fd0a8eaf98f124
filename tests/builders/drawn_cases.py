"""Random cases as they may stand: loans, addresses, consents, holds, past, begun messages; and rulebooks."""

from datetime import date, datetime, timedelta

from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.standing import Unpaid
from policy.values import Hold, Past, Situation
from strategies.rulebook import Rulebook
from strategies.timeline import timeline
from strategies.values import Address, Begun, Facts, Key, Loan, Tried
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
