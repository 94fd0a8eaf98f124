"""Lives that are lived by the engine of today, for the corpus of stored decisions: a line a decision.

`python -m tests.builders.golden > tests/unit/strategies/golden/engine-N.jsonl` makes the corpus of an engine,
once, when it becomes the engine of the day. What an engine decided is never made again.
"""

import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from random import Random
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from policy.calendar import day_start, local_day
from policy.values import Hold
from strategies.decide import decide
from strategies.play import Looked, apply
from strategies.rulebook import ENGINE, Release, Rulebook, Trial, Written, encode, read_rulebook
from strategies.values import Drawn, Facts, Promise, Traits
from tests.builders.facts import (
    DAY,
    HOUR,
    HOUSE_TEXT,
    LONG_AGO,
    ZONE,
    at,
    facts,
    loan,
    situation,
    strategy,
    unpaid,
)

START: Final = at("2026-11-16 06:30")
LADDER: Final = """
    soon: {at: due - 2d 09:00, send: upcoming, by: [sms, email], expires: due}
    first: {at: due + 1d 09:00, send: late-early, by: [sms, email], fallback_after: 4h, expires: 3d}
    second: {at: due + 3d 09:00, send: late, by: [email, sms], spread: 2h, expires: 4d}
    talk: {at: due + 4d 10:00, when: promises_broken < 2 && missed > 0, task: call, deadline: 1d, expires: 2d}
    third: {at: due + 6d 09:00, when: 'arrears > 2 || "vip" in tags', send: late-firm, by: [sms], expires: 3d}
    promised: {at: promise - 1d 10:00, send: promise-tomorrow, by: [sms], expires: promise}
    broken: {at: broken 09:00, task: review, expires: 4d}
    welcome: {at: case + 2h, task: review, expires: 2d}
"""
LATER: Final = """
    letter: {at: due + 9d 09:00, send: late-firm, by: [email, sms], expires: 5d}
    visit: {at: due + 12d 09:00, task: visit, queue: field, priority: 2, expires: 5d}
    promised: {at: promise - 1d 10:00, send: promise-tomorrow, by: [sms], expires: promise}
    broken: {at: broken 09:00, task: review, expires: 4d}
"""
TRIED: Final = """
    soon: {at: due - 2d 09:00, send: upcoming, by: [sms, email], expires: due}
    plain: {at: due + 1d 09:00, arm: plain, send: late-early, by: [sms, email], expires: 3d}
    kind: {at: due + 2d 09:00, arm: kind, send: late-early, by: [email, sms], expires: 3d}
    both: {at: due + 4d 09:00, send: late, by: [sms, email], expires: 3d}
    talk: {at: due + 6d 09:00, when: 'arm != "kind"', task: call, expires: 3d}
"""
ARMS: Final = "arms: {experiment: tone, split: {plain: 40, kind: 40}, holdout: 20, horizon: 60d}\nstale_after"
TEXTS: Final[Mapping[int, str]] = {
    1: strategy(LADDER, "ladder"),
    2: strategy(LADDER.replace("due + 3d", "due + 2d"), "ladder").replace(
        "stale_after", "migrate: now\nstale_after"
    ),
    3: strategy(LATER, "later").replace("stale_after", "segment: {bucket: 8+}\npriority: 5\nstale_after"),
    4: strategy(TRIED, "tried").replace("stale_after", ARMS),
}
SEGMENTED: Final = Written(
    TEXTS,
    {"house": HOUSE_TEXT},
    {1: ("house",)},
    ruling={1: (Release(3, LONG_AGO), Release(1, LONG_AGO))},
    current={"ladder": Release(1, LONG_AGO), "later": Release(3, LONG_AGO)},
)
ROLLED_OUT: Final = replace(
    SEGMENTED,
    ruling={1: (Release(3, LONG_AGO), Release(2, START + 2 * DAY, share=50, before=1, salt="ladder"))},
    current={
        "ladder": Release(2, START + 2 * DAY, share=50, before=1, salt="ladder"),
        "later": Release(3, LONG_AGO),
    },
)
ARMED: Final = Written(TEXTS, {"house": HOUSE_TEXT}, {1: ("house",)})
TRIAL: Final = Trial(START - DAY, START + 30 * DAY)
BOOKS: Final[Mapping[str, tuple[Written, int, int]]] = {  # with the version that governs, and how many
    "segments": (SEGMENTED, 1, 60),
    "rolled out": (ROLLED_OUT, 1, 50),
    "arms of before experiments": (ARMED, 4, 50),
    "arms not started": (replace(ARMED, experiments={}), 4, 30),
    "arms tried": (replace(ARMED, experiments={"tone": TRIAL, "other": TRIAL}), 4, 120),
    "arms over": (replace(ARMED, experiments={"tone": replace(TRIAL, over=True)}), 4, 40),
    "plans": (replace(SEGMENTED, experiments={}), 1, 60),
}


def lives(
    book: Rulebook, version: int, random: Random, decisions: int, *, plans: bool = False
) -> Iterator[tuple[Facts, Any, Any]]:
    """(facts, moment, decision) of people to whom everything happens, until there are so many.

    `plans`: what they promise is to pay in parts.
    """
    made = 0
    while made < decisions:
        found, now = _person(version, random), START
        for _ in range(random.randint(4, 12)):
            decision = decide(found, book, now)
            yield found, now, decision
            made += 1
            found = apply(found, Looked(now, decision))
            ahead = decision.again - now if decision.again else 2 * DAY
            now += min(max(ahead, timedelta(minutes=15)), random.choice((DAY, 2 * DAY, 4 * DAY)))
            before, found = found, _news(found, now, random)
            if plans and found.promises != before.promises:
                found = replace(found, promises=_in_parts(found.promises[-1], random))


def _person(version: int, random: Random) -> Facts:
    loans = [
        loan(
            *(
                unpaid(date(2026, 11, 16) + (random.randint(-9, 4) + 30 * n) * DAY, 10 * number + n, 250)
                for n in range(2)
            ),
            id=number,
            strategy=version,
            fed_at=START,
            since=START - 9 * DAY,
            traits=Traits("EUR", tags=("vip",) if random.random() < 0.2 else ()),
        )
        for number in range(1, random.randint(1, 2) + 1)
    ]
    told = random.choice(((), (), (), (Drawn("other", "plain"),), (Drawn("tone", "kind"),)))
    return facts(
        *loans,
        person=random.randint(1, 10_000),
        opened_at=START - HOUR,
        drawn=told if version == 4 else (),
    )


def _news(found: Facts, now: Any, random: Random) -> Facts:
    """One thing that happens, and mostly a feed."""
    if random.random() < 0.8:
        found = replace(found, loans=tuple(replace(one, fed_at=now) for one in found.loans))
    first, chance = found.loans[0], random.random()
    if chance < 0.15 and first.unpaid:
        loans = (replace(first, unpaid=first.unpaid[1:]), *found.loans[1:])
        return replace(found, loans=loans)
    if chance < 0.4:
        due = local_day(now, ZONE) + random.randint(0, 3) * DAY
        until = day_start(due + 2 * DAY, ZONE)
        kept = tuple(one for one in found.promises if one.state != "open")
        paid, pauses = random.choice((0, 0, 100, 250)), random.random() < 0.9
        made = Promise(len(found.promises) + 1, (first.id,), 250, paid, now, due, until, "open", True, pauses)
        return replace(found, promises=(*kept, made))
    if chance < 0.5:
        holds = (Hold("dispute", random.choice((0, first.id)), now, now + random.randint(5, 60) * HOUR),)
        return replace(found, situation=replace(found.situation, holds=holds))
    if chance < 0.55:
        return replace(found, situation=situation(consents={"sms": "revoked"}))
    return found


def _in_parts(first: Promise, random: Random) -> tuple[Promise, ...]:
    """A plan of three payments, some of which came in."""
    paid = random.choice(((0, 0, 0), (0, 0, 0), (250, 0, 0), (250, 100, 0), (250, 250, 250)))
    return tuple(
        replace(
            first,
            id=first.id + number,
            paid=came,
            due=first.due + 3 * number * DAY,
            until=first.until + 3 * number * DAY,
            pauses=True,
            plan=7,
        )
        for number, came in enumerate(paid)
    )


def main() -> None:
    """Print the corpus of the engine of today."""
    for seed, (name, (written, version, many)) in enumerate(BOOKS.items()):
        book = read_rulebook(written)
        _line({"rulebook": book.digest, "written": encode(written).decode()})
        for found, now, decision in lives(book, version, Random(seed), many, plans=name == "plans"):
            stored = b64encode(msgspec.msgpack.encode(found)).decode()
            line = {
                "rulebook": book.digest,
                "engine": ENGINE,
                "at": now,
                "facts": stored,
                "decision": decision,
            }
            _line(line)


def _line(document: dict[str, Any]) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(document) + b"\n")


if __name__ == "__main__":
    main()
