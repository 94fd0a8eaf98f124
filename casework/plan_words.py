"""A plan as somebody writes it down: a borrower, loans and amounts in the words of the desk."""

from collections.abc import Sequence
from datetime import date, datetime

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.plans import Agreed, Part, Standing, agree_plan, cancel_plan, plans_of
from casework.staff.rights import Action, Actor
from casework.whom import find_case
from ledger.errors import LedgerInputError
from ledger.money import parse_major
from storage.recorded import lock_case


async def agree(
    office: Office,
    actor: Actor,
    borrower: str,
    parts: Sequence[str],
    now: datetime,
    *,
    loans: Sequence[str] = (),
    portfolio: str | None = None,
    source: str | None = None,
) -> Agreed:
    """Record the plan of a borrower (external id): each part "2026-12-01=100.00".

    `loans`: external ids; none: all that owe. The same parts again on the same day are one plan. Raises
    CaseworkInputError, Denied.
    """
    case = await _case(office, actor, Action.RECORD_OUTCOME, borrower, portfolio, source, actor.name)
    async with office.transaction() as raw:
        row = await lock_case(raw, case)
    assert row is not None  # it was found
    ids: list[int] = []
    for name in loans:
        known = [loan for loan, external_id, _ in row.loans if external_id == name]
        if not known:
            listed = ", ".join(external_id for _, external_id, _ in row.loans)
            raise CaseworkInputError(f"loan {name!r} is not of this case; it has {listed}")
        ids += known
    currencies = {currency for loan, _, currency in row.loans if not ids or loan in ids}
    if len(currencies) > 1:
        raise CaseworkInputError(
            f"a plan has one currency, and these loans have {', '.join(sorted(currencies))}; name its loans"
        )
    read = [_part(text, *currencies) for text in parts]
    listed = sorted(f"{part.due}={part.amount}" for part in read)
    key = f"plan/{case}/{now.date()}/{'/'.join(map(str, ids))}/{'/'.join(listed)}"
    return await agree_plan(
        office, actor, case, read, at=now, received=now, key=key, loans=tuple(ids), owner=actor.name
    )


async def shown(
    office: Office, actor: Actor, borrower: str, *, portfolio: str | None = None, source: str | None = None
) -> list[Standing]:
    """The plans of a borrower (external id). Raises CaseworkInputError, Denied."""
    case = await _case(office, actor, Action.SEE_LOAN, borrower, portfolio, source)
    return await plans_of(office, actor, case)


async def cancelled(
    office: Office,
    actor: Actor,
    borrower: str,
    plan: int,
    now: datetime,
    *,
    portfolio: str | None = None,
    source: str | None = None,
) -> None:
    """Take a plan of a borrower (external id) back. Raises CaseworkInputError, Denied."""
    case = await _case(office, actor, Action.RECORD_OUTCOME, borrower, portfolio, source)
    await cancel_plan(office, actor, case, plan, now)


async def _case(
    office: Office,
    actor: Actor,
    action: Action,
    borrower: str,
    portfolio: str | None,
    source: str | None,
    owner: str | None = None,
) -> int:
    async with office.transaction() as raw:
        book = await office.book(raw)
        row = await find_case(
            raw, book, actor, action, borrower, portfolio=portfolio, source=source, owner=owner
        )
        return row.case


def _part(text: str, currency: str) -> Part:
    day, _, amount = text.partition("=")
    try:
        return Part(date.fromisoformat(day.strip()), parse_major(amount.strip(), currency))
    except (ValueError, LedgerInputError):
        raise CaseworkInputError(
            f"{text!r} is no payment of a plan in {currency}; write it like 2026-12-01=100.00"
        ) from None
