"""Outcomes and promises that another system tells of: named by the lender's ids, in one transaction."""

from datetime import date, datetime

import msgspec

from casework.errors import CaseworkInputError, NotFoundError
from casework.office import Office
from casework.outcomes import Details, Recorded, record_in
from casework.staff.rights import Action, Actor
from casework.whom import find_case
from ledger.errors import LedgerInputError
from ledger.money import parse_major
from storage.raw import Raw
from storage.whom import currencies_of, loans_of


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An outcome as somebody tells of it. `event`: its id at theirs; told twice it is one.

    borrower, source, portfolio, loans   by the lender's ids; no loans: all of the case
    amount                               in major units, as text
    """

    borrower: str
    code: str
    event: str
    at: datetime
    source: str | None = None
    portfolio: str | None = None
    loans: tuple[str, ...] = ()
    amount: str | None = None
    due: date | None = None
    starts: datetime | None = None
    until: datetime | None = None
    channel: str | None = None
    note: str | None = None


async def record_told(
    raw: Raw, office: Office, actor: Actor, told: Told, now: datetime
) -> tuple[int, Recorded]:
    """(case, what came of it). Raises CaseworkInputError, NotFoundError, Denied."""
    book = await office.book(raw)
    row = await find_case(
        raw,
        book,
        actor,
        Action.RECORD_OUTCOME,
        told.borrower,
        portfolio=told.portfolio,
        source=told.source,
    )
    known = {one["external_id"]: one["id"] for one in await loans_of(raw, row.case)}
    for place, name in enumerate(told.loans):
        if name not in known:
            raise NotFoundError(
                f"{told.borrower!r} has no loan {name!r} here",
                field=f"loans[{place}]",
                wrong="the borrower has no such loan here",
                right="the id of a loan of this borrower, in this portfolio",
            )
    chosen = tuple(known[name] for name in dict.fromkeys(told.loans))
    details = Details(
        loans=chosen,
        amount=None if told.amount is None else await _minor(raw, row.case, chosen, told.amount),
        due=told.due,
        at=told.starts,
        until=told.until,
        channel=told.channel,
        note=told.note,
    )
    key = f"told:{actor.name}:{told.event}"
    recorded = await record_in(
        raw, office, actor, row.case, told.code, at=told.at, received=now, key=key, details=details
    )
    return row.case, recorded


async def _minor(raw: Raw, case: int, chosen: tuple[int, ...], amount: str) -> int:
    """In the one currency of the loans."""
    currencies = await currencies_of(raw, case, chosen)
    if len(currencies) != 1:
        listed = ", ".join(currencies) or "none"
        raise CaseworkInputError(
            f"an amount has one currency, and these loans have {listed}; name the loans", field="loans"
        )
    try:
        return parse_major(amount, currencies[0])
    except LedgerInputError as error:
        raise CaseworkInputError(
            f"amount: {error}",
            field="amount",
            wrong=f"is no amount in {currencies[0]}",
            right='an amount in major units, with the decimals of its currency, such as "250.00"',
        ) from None
