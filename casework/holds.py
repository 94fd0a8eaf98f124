"""Holds: placed, changed, lifted, always as an action that is added; backdating is allowed.

A hold of the person covers all their cases and no other party; one of a loan covers it for everybody.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.portfolios import spec_of
from casework.staff.rights import Action, Actor, require
from casework.whom import find_cases
from storage.audit import Event, write
from storage.portfolios import all_portfolios
from storage.raw import Raw, touch
from storage.recorded import (
    CaseRow,
    HoldAction,
    actions_of,
    add_action,
    cases_of_loans,
    cases_of_person,
    hold_row,
    holds_running,
    lock_case,
    set_period,
)
from storage.recorded import (
    place_hold as insert_hold,
)
from strategies import pauses


class Asked(msgspec.Struct, frozen=True):
    """A case as whoever acts on it may: with its portfolio's code."""

    row: CaseRow
    portfolio: str


async def asked(raw: Raw, actor: Actor, action: Action, case: int, owner: str | None) -> Asked:
    """The case, locked, if `actor` may do `action` there. CaseworkInputError where there is none; Denied."""
    row = await lock_case(raw, case)
    if row is None:
        raise CaseworkInputError(f"case {case}: there is none of that number")
    codes = {portfolio.id: spec_of(portfolio).portfolio for portfolio in await all_portfolios(raw)}
    require(actor, action, codes[row.portfolio], owner=owner)
    return Asked(row, codes[row.portfolio])


async def place_hold(
    office: Office,
    actor: Actor,
    case: int,
    kind: str,
    *,
    loans: Sequence[int] = (),
    starts: datetime,
    ends: datetime | None,
    now: datetime,
    reason: str,
    owner: str | None = None,
) -> list[int]:
    """Hold the person (no `loans`) or each of `loans` (ids) of a case, from `starts` until `ends`.

    The ids of the holds. Raises CaseworkInputError for a period that ends before it begins or loans that are
    not of the case; Denied.
    """
    if ends is not None and ends <= starts:
        raise CaseworkInputError(f"a hold until {ends.isoformat()} ends before it begins; give a later end")
    async with office.transaction() as raw:
        found = await asked(raw, actor, Action.PLACE_HOLD, case, owner)
        return await placed(raw, actor, found.row, kind, loans, starts, ends, now, reason, None)


async def placed(
    raw: Raw,
    actor: Actor,
    case: CaseRow,
    kind: str,
    loans: Sequence[int],
    starts: datetime,
    ends: datetime | None,
    now: datetime,
    reason: str,
    outcome: int | None,
) -> list[int]:
    """Place it in the caller's transaction, and have every case that it concerns looked at."""
    check_loans(case, loans)
    ids = [
        await insert_hold(raw, case.person, loan, kind, starts, ends, now, actor.name, reason, outcome)
        for loan in (loans or (None,))
    ]
    await _news(raw, actor, case.person, loans, now, f"hold.{kind}", ids)
    return ids


async def change_hold(
    office: Office,
    actor: Actor,
    hold: int,
    *,
    starts: datetime,
    ends: datetime | None,
    now: datetime,
    reason: str,
) -> None:
    """Give a hold another period, also one in the past. Raises CaseworkInputError, Denied."""
    if ends is not None and ends <= starts:
        raise CaseworkInputError(f"a hold until {ends.isoformat()} ends before it begins; give a later end")
    await _act(office, actor, hold, HoldAction("change", starts, ends), now, reason)


async def lift_hold(
    office: Office, actor: Actor, hold: int, *, at: datetime, now: datetime, reason: str
) -> None:
    """End a hold at `at`; at or before its beginning, it never held. Raises CaseworkInputError, Denied."""
    await _act(office, actor, hold, HoldAction("lift", None, at), now, reason)


async def lifted(
    raw: Raw,
    actor: Actor,
    hold: int,
    at: datetime,
    now: datetime,
    reason: str,
    outcome: int | None = None,
) -> None:
    """Lift it in the caller's transaction. `outcome`: what took its place."""
    await _acted(raw, actor, hold, HoldAction("lift", None, at), now, reason, outcome)


async def held_again(raw: Raw, actor: Actor, hold: int, now: datetime, reason: str) -> None:
    """What was lifted last holds as it did before, in the caller's transaction."""
    done = [pauses.Action(one.action, one.starts_at, one.ends_at) for one in await actions_of(raw, hold)]
    if done and done[-1].action == "lift":
        starts, ends = pauses.period(done[:-1])
        await _acted(raw, actor, hold, HoldAction("change", starts, ends), now, reason)


async def lift_kind(
    office: Office,
    actor: Actor,
    borrower: str,
    kind: str,
    now: datetime,
    reason: str,
    *,
    source: str | None = None,
) -> list[int]:
    """End what holds of that kind a person has, on themselves or their loans: somebody has looked. Their ids.

    Raises CaseworkInputError: there is no such person or hold, or no reason; Denied.
    """
    if not reason.strip():
        raise CaseworkInputError("a hold is lifted with a reason: say what was found, or who was asked")
    async with office.transaction() as raw:
        book = await office.book(raw)
        cases = await find_cases(raw, book, actor, Action.LIFT_HOLD, borrower, source=source)
        running = await holds_running(raw, cases[0].person, now)
        keys = [key for key, what in running if what == kind]
        if not keys:
            known = ", ".join(sorted({what for _, what in running})) or "none"
            raise CaseworkInputError(f"{borrower!r} has no hold {kind!r} that runs; there are: {known}")
        for key in keys:
            await may_act(raw, actor, key)
            await lifted(raw, actor, key, now, now, reason.strip())
    return keys


async def set_end(raw: Raw, actor: Actor, hold: int, ends: datetime, now: datetime, reason: str) -> None:
    """Give it another end in the caller's transaction."""
    row = await hold_row(raw, hold)
    if row is not None:
        await _acted(raw, actor, hold, HoldAction("change", row["starts_at"], ends), now, reason)


def check_loans(case: CaseRow, loans: Sequence[int]) -> None:
    """CaseworkInputError when one of `loans` is not of the case."""
    known = {loan for loan, _, _ in case.loans}
    other = [loan for loan in loans if loan not in known]
    if other:
        raise CaseworkInputError(f"case {case.id} has no loan {other[0]}; it has {sorted(known)}")


async def _act(
    office: Office, actor: Actor, hold: int, action: HoldAction, now: datetime, reason: str
) -> None:
    async with office.transaction() as raw:
        row = await hold_row(raw, hold)
        if row is None:
            raise CaseworkInputError(f"hold {hold}: there is none of that number")
        await may_act(raw, actor, hold)
        await _acted(raw, actor, hold, action, now, reason)


async def may_act(raw: Raw, actor: Actor, hold: int) -> None:
    """Return if `actor` may end or change it in every portfolio that it reaches into, else raise Denied."""
    row = await hold_row(raw, hold)
    for code in () if row is None else await _portfolios_of(raw, row):
        require(actor, Action.LIFT_HOLD, code)


async def _acted(
    raw: Raw,
    actor: Actor,
    hold: int,
    action: HoldAction,
    now: datetime,
    reason: str,
    outcome: int | None = None,
) -> None:
    row = await hold_row(raw, hold)
    if row is None:
        return
    done = await actions_of(raw, hold)
    if not done:  # it came with the book, or from an import: that placed it
        first = HoldAction("place", row["starts_at"], row["ends_at"])
        await add_action(raw, hold, first, now, "import", "as it came")
        done = [first]
    await add_action(raw, hold, action, now, actor.name, reason, outcome)
    steps = [pauses.Action(one.action, one.starts_at, one.ends_at) for one in (*done, action)]
    starts, ends = pauses.period(steps)
    await set_period(raw, hold, starts, ends)
    loans = () if row["loan_id"] is None else (row["loan_id"],)
    await _news(raw, actor, row["person_id"], loans, now, f"hold.{action.action}", [hold])


async def _portfolios_of(raw: Raw, row: Any) -> list[str]:
    """The portfolios that a hold reaches into."""
    person, loan = row["person_id"], row["loan_id"]
    found = await raw.rows(
        "SELECT DISTINCT f.code FROM cases c JOIN portfolios f ON f.id = c.portfolio_id "
        "WHERE c.person_id = $1 AND ($2::bigint IS NULL OR f.id IN (SELECT portfolio_id FROM loans "
        "WHERE id = $2))",
        person,
        loan,
    )
    return [one[0] for one in found]


async def _news(
    raw: Raw, actor: Actor, person: int, loans: Sequence[int], now: datetime, what: str, holds: Sequence[int]
) -> None:
    cases = await (cases_of_loans(raw, loans) if loans else cases_of_person(raw, person))
    await touch(raw, cases, now)
    await write(
        raw.connection,
        [Event(now, actor.name, actor.role, what, "hold", hold, {"loans": list(loans)}) for hold in holds],
    )
