"""Work whose reason is gone: a step expected a call while something was late, and it was paid before anybody
called. What somebody agreed, asked for or told stays, whatever was paid."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from policy.calendar import local_day
from strategies.values import Facts, Loan

_OWED = frozenset({"active", "written_off"})


class Open(msgspec.Struct, frozen=True):
    """A call or visit that waits, of a step or of what became of a promise.

    anchor  what its step counted from (installment | promise | broken | case), with its id; empty: no step
    ended   when its reason was gone; None: it waits
    """

    id: int
    case: int
    loan: int | None
    anchor: str = ""
    anchor_id: int = 0
    ended: datetime | None = None


class Turned(msgspec.Struct, frozen=True):
    """Ids of the work that nobody needs to do any more, and of what has its reason again: money bounced."""

    over: tuple[int, ...]
    again: tuple[int, ...]


def turned(work: Iterable[Open], facts: Sequence[Facts], now: datetime) -> Turned:
    """What becomes of `work` at `now`."""
    cases = {one.case: {loan.id: loan for loan in one.loans} for one in facts}
    over: list[int] = []
    again: list[int] = []
    for one in work:
        if one.loan is not None and one.case in cases:
            loan = cases[one.case].get(one.loan)
            if one.ended is None and _is_over(one, loan, now):
                over.append(one.id)
            elif one.ended is not None and not _is_over(one, loan, one.ended):
                again.append(one.id)
    return Turned(tuple(over), tuple(again))


def _is_over(one: Open, loan: Loan | None, by: datetime) -> bool:
    """Whether its reason is gone, of what was late by a moment: what came late since is none of its."""
    if loan is None or loan.status not in _OWED:
        return True
    if one.anchor == "installment":
        return all(unpaid.installment != one.anchor_id for unpaid in loan.unpaid)
    return not loan.unpaid or loan.unpaid[0].due >= local_day(by, loan.zone)
