"""The terms by which a portfolio counts: days past due, grace, tolerance, order of allocation, buckets."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Literal, get_args
from zoneinfo import available_timezones

import msgspec

from ledger.errors import LedgerInputError
from ledger.money import minor_digits

Component = Literal["penalties", "fees", "interest", "principal"]
COMPONENTS: tuple[Component, ...] = get_args(Component)

DpdStarts = Literal["day_after_due", "on_due"]
Spread = Literal["by_installment", "by_component"]
Prepayment = Literal["next", "last"]

Buckets = tuple[tuple[int, int | None], ...]


class Terms(msgspec.Struct, frozen=True):
    """How a portfolio counts. LedgerInputError when made of what makes no sense.

    `zone` is the IANA name of the zone whose dates the ledger's dates are. `dpd_starts`: whether the due date
    is day 0 or day 1. `grace_days` delays delinquency, not days past due. `tolerance` (minor units): an
    installment of which that or less is unpaid counts as paid for days past due, bucket and arrears; it stays
    outstanding. `allocation`: the four components in the order in which a payment settles them, `spread`
    whether that order holds within an installment, the oldest installment first ("by_installment"), or across
    all that is due: the first component of every due installment before the second of any ("by_component",
    as BGB 497(3) asks). `prepayment`: where what is over after all that is due goes once the next installment
    is paid: to the one after it, or to the "last" one, and so shortens the loan. `buckets`: ranges of days,
    both ends included, without gaps, the last open; days below the first are "current".
    """

    currency: str
    zone: str
    dpd_starts: DpdStarts = "day_after_due"
    grace_days: int = 0
    tolerance: int = 0
    allocation: tuple[Component, ...] = COMPONENTS
    spread: Spread = "by_installment"
    prepayment: Prepayment = "next"
    buckets: Buckets = ((1, 30), (31, 60), (61, 90), (91, None))

    def __post_init__(self) -> None:
        minor_digits(self.currency)
        if self.zone not in _zones():
            raise LedgerInputError(
                f'zone "{self.zone}" is unknown: give an IANA name, such as "Europe/Berlin"'
            )
        if self.dpd_starts not in get_args(DpdStarts):
            raise LedgerInputError(f'dpd_starts "{self.dpd_starts}" is unknown: "day_after_due" or "on_due"')
        if self.spread not in get_args(Spread):
            raise LedgerInputError(f'spread "{self.spread}" is unknown: "by_installment" or "by_component"')
        if self.prepayment not in get_args(Prepayment):
            raise LedgerInputError(f'prepayment "{self.prepayment}" is unknown: "next" or "last"')
        if self.grace_days < 0:
            raise LedgerInputError(f"grace_days {self.grace_days} is negative: it must be 0 or more")
        if self.tolerance < 0:
            raise LedgerInputError("tolerance is negative: it must be 0 or more")
        if sorted(self.allocation) != sorted(COMPONENTS):
            raise LedgerInputError(
                f"allocation {_listed(self.allocation)} is no order of the components:"
                f" name each of {_listed(COMPONENTS)} once"
            )
        _check_buckets(self.buckets)


class Pause(msgspec.Struct, frozen=True, gc=False):
    """Days that do not count as delinquent: those after `start` through `end`."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise LedgerInputError(f"a pause from {self.start} to {self.end} ends before it starts")


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    # "localtime" would mean another zone on every machine.
    return frozenset(available_timezones() - {"localtime", "posixrules", "Factory"})


def _check_buckets(buckets: Buckets) -> None:
    right = "write ranges of days such as [[1,30],[31,60],[61,null]]: without gaps, the last one open"
    if not buckets:
        raise LedgerInputError(f"buckets are empty: {right}")
    expected = max(buckets[0][0], 1)
    for index, (low, high) in enumerate(buckets):
        last = index == len(buckets) - 1
        if low != expected:
            raise LedgerInputError(f"bucket {index + 1} starts at {low} instead of {expected}: {right}")
        if last != (high is None):
            raise LedgerInputError(f"bucket {index + 1} is {'closed' if last else 'open'}: {right}")
        if high is not None:
            if high < low:
                raise LedgerInputError(
                    f"bucket {index + 1} ends at {high}, before it starts at {low}: {right}"
                )
            expected = high + 1


def _listed(names: Sequence[str]) -> str:
    return "[" + ", ".join(names) + "]"
