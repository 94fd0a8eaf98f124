"""Promises to pay: who may take which, for how long they pause, and how they end before their time.

Whether one was kept is never recorded by a person: the decision reads it from the payments (strategies/
timeline.py, state_of), and the look writes it down.
"""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from casework.errors import CaseworkInputError
from casework.holds import asked, check_loans
from casework.office import Office
from casework.portfolios import PortfolioSpec, spec_of
from casework.staff.rights import Action, Actor
from ledger.money import format_major
from policy.calendar import DAY, day_start, local_day
from storage.audit import Event, write
from storage.portfolios import all_portfolios
from storage.raw import Raw, touch
from storage.recorded import (
    CaseRow,
    PromiseRow,
    cases_of_loans,
    due_by,
    is_of_case,
    loans_of_promise,
    open_promises,
    owing,
    reopen_replaced,
    replaced_further,
    write_promise,
)
from storage.recorded import (
    cancel_promise as cancel,
)


class Promised(msgspec.Struct, frozen=True):
    """A promise that was taken. `until`: it pauses its loans until then, if it `pauses` at all."""

    promise: int
    due: date
    until: datetime
    pauses: bool
    why: str  # why it does not pause; empty: it does


async def take(
    raw: Raw,
    actor: Actor,
    case: CaseRow,
    spec: PortfolioSpec,
    loans: Sequence[int],
    amount: int,
    due: date,
    made_at: datetime,
    now: datetime,
    outcome: int | None,
) -> Promised:
    """Write a promise in the caller's transaction.

    It replaces what was promised before on the same loans and is still open; where something was promised
    since, that stands, and this one is kept as replaced. CaseworkInputError when the day is past
    or beyond what the actor's role may take: it says how far one may go, and who may go further.
    """
    check_loans(case, loans)
    loans = tuple(loans) or await owing(raw, [loan for loan, _, _ in case.loans])
    if not loans:
        raise CaseworkInputError(
            f"case {case.id}: nothing is unpaid, so there is nothing to promise",
            field="loans",
            wrong="nothing of them is unpaid, so there is nothing to promise",
        )
    currencies = {currency for loan, _, currency in case.loans if loan in loans}
    if len(currencies) > 1:
        listed = ", ".join(sorted(currencies))
        raise CaseworkInputError(
            f"a promise has one currency, and these loans have {listed}; take one each", field="loans"
        )
    currency = currencies.pop()
    if amount <= 0:
        raise CaseworkInputError("a promise of nothing is none; give the amount", field="amount")
    made_on = local_day(made_at, case.zone)
    limit = spec.promises.of(actor.role)
    if due < made_on:
        raise CaseworkInputError(
            f"{due} is past: a promise made on {made_on} is for that day or later",
            field="due",
            wrong="is before the day on which it was promised",
            right="that day or a later one",
        )
    if (due - made_on).days > limit.days:
        further = ", ".join(spec.promises.further(limit.days))
        raise CaseworkInputError(
            f"{due} is {(due - made_on).days} days away, and a {actor.role} may take promises up to "
            f"{limit.days} days ahead (by {made_on + limit.days * DAY})"
            + (f"; further is for: {further}" if further else ""),
            field="due",
            wrong=f"is too far: a {actor.role} may take promises up to {limit.days} days ahead",
            right=f"a day no more than {limit.days} days after that of the promise",
        )
    standing = await open_promises(raw, loans)
    later = [row["id"] for row in standing if row["made_at"] > made_at]
    arrears = await due_by(raw, loans, made_on)
    enough = amount * 100 >= arrears * limit.share
    last = due + spec.promises.grace_days * DAY
    until = day_start(last + DAY, case.zone)
    key = await write_promise(
        raw,
        PromiseRow(
            case.id, outcome, amount, made_at, made_on, due, last, until, enough, actor.name, now, loans
        ),
    )
    for row in () if later else standing:
        await cancel(raw, row["id"], now, replaced_by=key)
    await touch(raw, await cases_of_loans(raw, loans), now)
    data = {"loans": list(loans), "due": due.isoformat(), "pauses": enough}
    await write(raw.connection, [Event(now, actor.name, actor.role, "promise.made", "promise", key, data)])
    if later:  # told late: what was promised since stands
        await cancel(raw, key, now)
        return Promised(key, due, until, False, "a later promise stands in its place, so it changes nothing")
    least = format_major(-(-arrears * limit.share // 100), currency)
    why = "" if enough else f"it is below {currency} {least}, so it is kept in mind and pauses nothing"
    return Promised(key, due, until, enough, why)


async def cancel_promise(
    office: Office, actor: Actor, case: int, promise: int, now: datetime, *, owner: str | None = None
) -> None:
    """Take a promise of the case back. Raises CaseworkInputError, Denied."""
    async with office.transaction() as raw:
        await asked(raw, actor, Action.RECORD_OUTCOME, case, owner)
        if not await is_of_case(raw, promise, case):
            raise CaseworkInputError(f"case {case} has no promise {promise}")
        await cancelled(raw, actor, promise, now)


async def cancelled(raw: Raw, actor: Actor, promise: int, now: datetime) -> bool:
    """Cancel it in the caller's transaction, and have every case that it concerns looked at; whether it was
    not cancelled before."""
    if not await cancel(raw, promise, now):
        return False
    await touch(raw, await cases_of_loans(raw, await loans_of_promise(raw, promise)), now)
    await write(raw.connection, [Event(now, actor.name, actor.role, "promise.cancelled", "promise", promise)])
    return True


async def taken_back(raw: Raw, actor: Actor, promise: int, now: datetime) -> None:
    """Cancel what was promised by mistake, in the caller's transaction: what it replaced stands again.

    Where another promise has taken its place since, that stands.
    """
    if not await cancelled(raw, actor, promise, now):
        await replaced_further(raw, promise)
        return
    events = [
        Event(now, actor.name, actor.role, "promise.restored", "promise", one)
        for one in await reopen_replaced(raw, promise)
    ]
    await write(raw.connection, events)


async def portfolio_spec(raw: Raw, portfolio: int) -> PortfolioSpec:
    """The file of a portfolio (id)."""
    return next(spec_of(row) for row in await all_portfolios(raw) if row.id == portfolio)
