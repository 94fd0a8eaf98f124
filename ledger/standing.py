"""Where a loan stands on a date: arrears, days past due, bucket, and when that next changes by itself."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

import msgspec

from ledger.allocate import Ledger
from ledger.schedule import Installment
from ledger.terms import Buckets, Pause, Terms

CURRENT = "current"

_date_of = date.fromordinal
_LAST_DAY = date.max.toordinal()


class Unpaid(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What is left of one installment (id), in minor units."""

    installment: int
    due: date
    left: int


class Standing(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Where a loan stands on a date.

    `arrears` (minor units): what is left of installments 1 day or more past due. `dpd`: days past due, of the
    oldest of them. `delinquent_days`: those less grace and pauses, never below 0. `bucket`: of
    `delinquent_days`. `until`: the first later date that is no mere continuation of this one, see `standing`;
    None: there is none.
    """

    arrears: int
    dpd: int
    bucket: str
    delinquent_days: int
    until: date | None


class InstallmentStanding(msgspec.Struct, frozen=True, gc=False):
    """Where one installment (id) stands: its own days past due and their bucket, without grace or pauses."""

    installment: int
    dpd: int
    bucket: str


def unpaid_of(schedule: Sequence[Installment], ledger: Ledger) -> tuple[Unpaid, ...]:
    """What `allocate` left of the same schedule, by due date and then id; what is paid is not in it."""
    rows = [
        Unpaid(row.id, row.due, row.total - paid.total)
        for row, paid in zip(schedule, ledger.paid, strict=True)
        if row.total > paid.total
    ]
    rows.sort(key=lambda row: (row.due, row.installment))
    return tuple(rows)


def standing(unpaid: Sequence[Unpaid], terms: Terms, on: date, pauses: Sequence[Pause] = ()) -> Standing:
    """Where a loan stands on `on`, a date in the loan's zone. `unpaid` is ordered by due date.

    An installment of which `terms.tolerance` or less is left counts as paid. Overlapping pauses take a day
    out once. Pauses take out days that follow the due date of the oldest unpaid installment, days of grace
    among them, so grace that is not used up when a pause begins goes on when it has ended.

    `until` is the first date after `on` on which, with nothing paid or changed meanwhile, `arrears` or
    `bucket` differs from that of `on`, or `delinquent_days` begins or ceases to grow (the end of grace; the
    first day that a pause takes out; the first after it). Before it `arrears` and `bucket` stay, `dpd` grows
    by one a day or stays 0, and `delinquent_days` grows by one a day if it did from the day before `on`, and
    else stays.
    """
    today = on.toordinal()
    starts = 0 if terms.dpd_starts == "on_due" else 1  # days from the due date to the first day past due
    last = today - starts
    tolerance = terms.tolerance
    arrears = oldest = following = 0
    for row in unpaid:
        left = row.left
        if left > tolerance:
            due = row.due.toordinal()
            if due > last:
                following = due + starts
                break
            if not arrears:
                oldest = due
            arrears += left
    if not arrears:
        return Standing(0, 0, CURRENT, 0, _date_of(following) if 0 < following <= _LAST_DAY else None)
    dpd = last - oldest + 1
    taken_out = _merged(pauses, oldest) if pauses else ()
    counted = dpd - terms.grace_days
    if taken_out:
        counted -= sum([min(end, today) - start for start, end in taken_out if start < today])
    lows, names = _edges(terms.buckets)
    if counted > 0:
        place = bisect_right(lows, counted)
        bucket = names[place]
        missing = lows[place] - counted if place < len(lows) else 0
    else:
        bucket = CURRENT
        missing = 1 - counted
    until = today + missing if missing else _LAST_DAY + 1
    if taken_out:
        until = _with_pauses(taken_out, today, counted, missing)
    if following and following < until:
        until = following
    return Standing(arrears, dpd, bucket, max(counted, 0), _date_of(until) if until <= _LAST_DAY else None)


def bucket_of(days: int, buckets: Buckets) -> str:
    """The name of the bucket of so many days: "current" below the first, "4-30", the open one "61+"."""
    lows, names = _edges(buckets)
    return names[bisect_right(lows, days)]


def per_installment(unpaid: Sequence[Unpaid], terms: Terms, on: date) -> tuple[InstallmentStanding, ...]:
    """Each installment's own days past due and bucket on `on`, in the order given; paid ones may be among
    them.
    """
    first = 1 if terms.dpd_starts == "on_due" else 0
    rows: list[InstallmentStanding] = []
    for row in unpaid:
        dpd = max((on - row.due).days + first, 0) if row.left > terms.tolerance else 0
        rows.append(InstallmentStanding(row.installment, dpd, bucket_of(dpd, terms.buckets)))
    return tuple(rows)


@lru_cache(maxsize=256)
def _edges(buckets: Buckets) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """First days of the buckets; names, of which the one before the first edge is "current"."""
    names = [f"{low}+" if high is None else f"{low}-{high}" for low, high in buckets]
    return tuple(low for low, _ in buckets), (CURRENT, *names)


def _merged(pauses: Sequence[Pause], oldest: int) -> list[tuple[int, int]]:
    """Days taken out, as ordinals: after the first through the second of each pair, ascending, none
    touching.
    """
    merged: list[tuple[int, int]] = []
    for start, end in sorted(
        [(max(pause.start.toordinal(), oldest), pause.end.toordinal()) for pause in pauses]
    ):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _with_pauses(taken_out: Sequence[tuple[int, int]], today: int, counted: int, missing: int) -> int:
    """The day (ordinal) that completes `missing` (0: never) more days that count, or ends or begins a pause.

    While grace lasts (`counted` below 1) a pause only prolongs it: nothing that shows begins or ceases.
    """
    day = today
    for start, end in taken_out:
        if end < today:
            continue
        free = max(start - day, 0)
        if missing and missing <= free:
            break
        if counted > 0:
            return end + 1 if start < today else start + 1
        missing -= free
        day = end
    return day + missing if missing else _LAST_DAY + 1
