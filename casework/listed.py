"""The book in lists, a page at a time by id: what other systems read. Ids, amounts and states; no person.

A page begins after the last id of the one before, so that what comes meanwhile is neither doubled nor lost.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from casework.errors import NotFoundError
from casework.office import Office
from casework.staff.rights import RIGHTS, Action, Actor, Scope, require
from ledger.money import format_major
from storage import listed as stored

Kind = Literal["loans", "cases", "contacts", "promises"]

_MONEY: Final = ("principal", "outstanding", "credit", "amount")


class Page(msgspec.Struct, frozen=True):
    """Rows, and where the next page begins; None: this is the last."""

    rows: list[dict[str, Any]]
    next: int | None


async def page(
    office: Office,
    actor: Actor,
    kind: Kind,
    *,
    portfolio: str | None,
    borrower: str | None = None,
    loan: str | None = None,
    state: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> Page:
    """The next `limit` rows after id `after`, of one portfolio (code) or all that the actor may see.

    `state` is a loan's status, a contact's or a promise's state. Raises Denied; NotFoundError: no such
    portfolio.
    """
    require(actor, Action.SEE_LOAN, portfolio if portfolio is not None else _any_of(actor))
    async with office.transaction() as raw:
        codes = {spec.portfolio: key for key, spec in (await office.book(raw)).portfolios.items()}
        if portfolio is not None and portfolio not in codes:
            raise NotFoundError(
                f"there is no portfolio {portfolio!r}", field="portfolio", wrong="there is no such portfolio"
            )
        seen = _seen(actor) if portfolio is None else frozenset((portfolio,))
        only = None if seen is None else [codes[code] for code in sorted(seen) if code in codes]
        found = await stored.page(raw, kind, only, borrower, loan, state, after, limit + 1)
    rows = [_told(row) for row in found[:limit]]
    return Page(rows, found[limit - 1]["id"] if len(found) > limit else None)


def _seen(actor: Actor) -> frozenset[str] | None:
    """The portfolios that the actor sees; None: every one."""
    return None if RIGHTS[actor.role].get(Action.SEE_LOAN) is Scope.ALL else actor.portfolios


def _any_of(actor: Actor) -> str | None:
    """One of them, to ask the right by: the list has no more than what they may see."""
    return next(iter(sorted(_seen(actor) or ())), None)


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    """Amounts as text in major units, by the row's currency."""
    told = dict(row)
    currency = told.get("currency")
    for name in _MONEY:
        if name in told and told[name] is not None and currency is not None:
            told[name] = format_major(int(told[name]), currency)
    return told
