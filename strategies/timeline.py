"""What a strategy expects of a loan, and when.

A loan stands on one installment at a time, its oldest unpaid one: the steps up to the due date speak of it
while it is the next one due (nothing is in arrears then), the steps after it when it is late. While it is
unpaid no later installment is spoken of by itself.
"""

from collections.abc import Iterator
from datetime import date, datetime, time
from functools import lru_cache

from policy.calendar import DAY, moment_at
from strategies.language import Strategy
from strategies.values import Key, Loan, Occurrence


@lru_cache(maxsize=65536)
def moments(strategy: Strategy, due: date, zone: str) -> tuple[tuple[datetime, datetime, int], ...]:
    """(moment, expiry, index of the step) of each step for an installment due on `due`, by moment."""
    found: list[tuple[datetime, datetime, int]] = []
    for index, step in enumerate(strategy.steps):
        at = moment_at(due + step.days * DAY, step.hour, zone)
        expires = moment_at(due + DAY, time(0), zone) if step.expires is None else at + step.expires
        found.append((at, expires, index))
    return tuple(sorted(found))


def timeline(
    loan: Loan, strategy: Strategy, zone: str, through: datetime | None = None
) -> Iterator[Occurrence]:
    """The occurrences expected of the loan as it stands, after `loan.since`, up to `through` (None: all).

    `zone` is the borrower's. Raises nothing; a loan that is not active or has nothing unpaid expects nothing.
    """
    if loan.status != "active" or not loan.unpaid:
        return
    anchor = loan.unpaid[0]
    for at, expires, index in moments(strategy, anchor.due, zone):
        if through is not None and at > through:
            return
        if at > loan.since:
            key = Key("installment", anchor.installment, strategy.name, strategy.steps[index].id)
            yield Occurrence(key, loan.id, at, expires)
