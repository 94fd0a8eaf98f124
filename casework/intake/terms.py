"""A portfolio's file is taken into the book; where it spreads payments otherwise, every loan is spread anew.

Terms are what all loans of a portfolio have in common (docs/decisions/0017-terms.md): no loan keeps the old
ones until its next payment comes.
"""

from datetime import datetime

import msgspec

from casework.intake.balances import allocate_found
from casework.portfolios import PortfolioSpec, save, spec_of
from casework.staff.rights import Action, Actor, require
from storage.audit import Event, write
from storage.intake import reallocate
from storage.portfolios import all_portfolios
from storage.raw import Raw


class Taken(msgspec.Struct, frozen=True):
    """The portfolio (id), whether its file changed anything, how many loans are spread anew."""

    portfolio: int
    changed: bool
    loans: int = 0


async def take_portfolio(raw: Raw, actor: Actor, spec: PortfolioSpec, now: datetime) -> Taken:
    """Write the portfolio as its file says. Raises Denied, CaseworkInputError."""
    require(actor, Action.IMPORT_BOOK, spec.portfolio)
    before = next((spec_of(row) for row in await all_portfolios(raw) if row.code == spec.portfolio), None)
    portfolio, changed = await save(raw, spec)
    if not changed or before is None:
        return Taken(portfolio, changed)
    loans = 0
    if _spreading(before) != _spreading(spec):
        await reallocate.find(raw, portfolio)
        await allocate_found(raw, {portfolio: spec})
        loans = await reallocate.write(raw, now)
    event = Event(
        now, actor.name, actor.role, "portfolio.changed", "portfolio", portfolio, {"loans_spread_anew": loans}
    )
    await write(raw.connection, [event])
    return Taken(portfolio, changed=True, loans=loans)


def _spreading(spec: PortfolioSpec) -> tuple[object, ...]:
    terms = spec.terms
    return terms.allocation, terms.spread, terms.prepayment
