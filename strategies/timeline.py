"""What a strategy expects of a loan, and when.

A loan stands on one installment at a time, its oldest unpaid one: the steps up to the due date speak of it
while it is the next one due (nothing is in arrears then), the steps after it when it is late. While it is
unpaid no later installment is spoken of by itself. Beside it stand the open promises (`promise`), the broken
ones (`broken`), and the case itself (`case`), each counted for one loan of those that it is of.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zlib import crc32

import msgspec

from ledger.promises import verdict
from policy.calendar import DAY, local_day, moment_at
from strategies.language import Step, Strategy
from strategies.moments import KEY_ANCHOR
from strategies.values import Facts, Key, Loan, Occurrence, Promise

_MINUTE = timedelta(minutes=1)


class Anchors(msgspec.Struct, frozen=True):
    """What a loan's steps count from beside its due date: ids with their dates, or their moment."""

    promise: tuple[tuple[int, date], ...] = ()
    broken: tuple[tuple[int, date], ...] = ()
    case: tuple[tuple[int, datetime], ...] = ()


NO_ANCHORS = Anchors()


@lru_cache(maxsize=65536)
def moments(strategy: Strategy, due: date, zone: str) -> tuple[tuple[datetime, datetime, int], ...]:
    """(moment, expiry, index) of each step of an installment due on `due`, by moment."""
    return _moments(strategy, "due", due, zone)


def timeline(
    loan: Loan,
    strategy: Strategy,
    zone: str,
    through: datetime | None = None,
    anchors: Anchors = NO_ANCHORS,
) -> Iterator[Occurrence]:
    """The occurrences expected of the loan as it stands, after `loan.since`, up to `through` (None: all).

    `zone` is the borrower's. What is stored already stays expected, whichever version governs since. Raises
    nothing; a loan that is not active or has nothing unpaid expects nothing.
    """
    if loan.status != "active" or not loan.unpaid:
        return
    oldest = loan.unpaid[0]
    stored = {*loan.waiting, *loan.ended} if loan.chosen is not None else set[Key]()
    if anchors is NO_ANCHORS and strategy.plain:
        found = _of("installment", oldest.installment, moments(strategy, oldest.due, zone), strategy)
    else:
        found = iter(sorted(_all(strategy, oldest.installment, oldest.due, zone, anchors)))
    for at, expires, key in found:
        if through is not None and at > through:
            return
        if at > loan.since or key in stored:
            yield Occurrence(key, loan.id, at, expires)


def anchors_of(facts: Facts, loan: Loan, strategy: Strategy, now: datetime) -> Anchors:
    """What the steps of a loan of the case count from at `now`, as far as the strategy counts from it."""
    kinds = strategy.anchors
    if not facts.promises and "case" not in kinds:
        return NO_ANCHORS
    promise: list[tuple[int, date]] = []
    broken: list[tuple[int, date]] = []
    for one in facts.promises:
        if not one.own or leader(facts, "promise", one.id, one.loans) != loan.id:
            continue
        state = state_of(one, facts, now)
        if state == "open" and "promise" in kinds:
            promise.append((one.id, one.due))
        elif state == "broken" and "broken" in kinds and loan.unpaid and loan.unpaid[0].due <= one.due:
            broken.append((one.id, local_day(one.until, facts.situation.zones[0])))
    every = tuple(other.id for other in facts.loans if other.strategy == loan.strategy)
    case: tuple[tuple[int, datetime], ...] = ()
    if "case" in kinds and facts.opened_at and leader(facts, "case", facts.case, every) == loan.id:
        case = ((facts.case, facts.opened_at),)
    return Anchors(tuple(promise), tuple(broken), case)


def leader(facts: Facts, anchor: str, anchor_id: int, loans: tuple[int, ...]) -> int | None:
    """The loan that a promise's or the case's own occurrences are counted for: one, so that each is one."""
    kinds = ("promise", "broken") if anchor == "promise" else (anchor,)
    for loan in facts.loans:
        if any(key.anchor in kinds and key.anchor_id == anchor_id for key in loan.waiting):
            return loan.id
    owing = [loan.id for loan in facts.loans if loan.id in loans and loan.unpaid and loan.status == "active"]
    return min(owing, default=None)


def state_of(promise: Promise, facts: Facts, now: datetime) -> str:
    """open | kept | partly_kept | broken, by what is known at `now`: a stale feed leaves it open.

    cancelled: a payment of its plan before it was not kept, and with that the plan is over.
    """
    state = _alone(promise, facts, now)
    if promise.plan and state != "kept":
        before = (one for one in facts.promises if one.plan == promise.plan and one.until < promise.until)
        if any(_alone(one, facts, now) in ("broken", "partly_kept") for one in before):
            return "cancelled"
    return state


def _alone(promise: Promise, facts: Facts, now: datetime) -> str:
    known = all(loan.fed_at >= promise.until for loan in facts.loans if loan.id in promise.loans)
    return verdict(promise.amount, promise.paid, over=now >= promise.until, known=known)


def _all(
    strategy: Strategy, installment: int, due: date, zone: str, anchors: Anchors
) -> Iterator[tuple[datetime, datetime, Key]]:
    yield from _of("installment", installment, _moments(strategy, "due", due, zone, installment), strategy)
    for name, dated in (("promise", anchors.promise), ("broken", anchors.broken)):
        for anchor_id, day in dated:
            yield from _of(name, anchor_id, _moments(strategy, name, day, zone, anchor_id), strategy)
    for anchor_id, opened in anchors.case:
        for step in strategy.steps:
            if step.at.anchor == "case":
                at = step.at.from_(opened, zone) + _spread(step, anchor_id)
                yield at, at + (step.expires or DAY), Key("case", anchor_id, strategy.name, step.id)


def _of(
    anchor: str, anchor_id: int, found: tuple[tuple[datetime, datetime, int], ...], strategy: Strategy
) -> Iterator[tuple[datetime, datetime, Key]]:
    for at, expires, index in found:
        yield at, expires, Key(anchor, anchor_id, strategy.name, strategy.steps[index].id)


def _moments(
    strategy: Strategy, anchor: str, day: date, zone: str, anchor_id: int = 0
) -> tuple[tuple[datetime, datetime, int], ...]:
    found: list[tuple[datetime, datetime, int]] = []
    for index, step in enumerate(strategy.steps):
        if step.at.anchor == anchor:
            at = step.at.on(day, zone) + _spread(step, anchor_id)
            expires = moment_at(day + DAY, time(0), zone) if step.expires is None else at + step.expires
            found.append((at, expires, index))
    return tuple(sorted(found))


def _spread(step: Step, anchor_id: int) -> timedelta:
    """How long after its moment the step comes for this anchor: even over its `spread`, always the same."""
    if step.spread is None:
        return timedelta(0)
    return crc32(f"{step.id}:{anchor_id}".encode()) % (step.spread // _MINUTE) * _MINUTE


def key_anchor(step: Step) -> str:
    """What the keys of a step are of."""
    return KEY_ANCHOR[step.at.anchor]
