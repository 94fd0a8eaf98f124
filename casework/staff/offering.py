"""What a promise or a callback is offered by: today where the person is, what is late, how far one may go."""

from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from casework.may import Wish, permission
from casework.office import Office
from casework.portfolios import PortfolioSpec, terms_of
from casework.say import Reason
from casework.staff.access import allowed
from casework.staff.card import OWED, most_first, payday_after
from casework.staff.desk import mine, turn_now
from casework.staff.people import Member
from casework.staff.reaching import reasons_of
from casework.staff.rights import Action
from ledger.standing import standing
from policy.calendar import local_day
from storage.chat.holdings import loans_of
from storage.raw import Raw
from storage.staff import cards
from storage.whom import CaseRow

MOVED: Final = Wish("call", instead_of=frozenset({"callback"}))
"""A call at another moment than one that was agreed."""


class Offer(msgspec.Struct, frozen=True):
    """For a promise: amounts in minor units of `currency`, of `loans` (ids); the last day one may take.

    `others`: the currencies in which the case owes besides.
    """

    case: int
    loans: tuple[int, ...]
    currency: str
    arrears: int
    outstanding: int
    today: date
    last: date
    payday: date | None
    zone: str
    country: str | None
    others: tuple[str, ...] = ()


async def offer(
    office: Office,
    member: Member,
    turn: int,
    now: datetime,
    *,
    entered: bool = False,
    currency: str | None = None,
) -> Offer | None:
    """What can be promised on the case at hand: in `currency`, else in the one in which most is late; None:
    nothing is owed.

    `entered`: also where they entered what came of it, for a tap that comes twice.
    Raises Denied, CaseworkInputError.
    """
    async with office.transaction() as raw:
        before = await turn_now(raw, member, turn) if entered else None
        again = before is not None and before.outcome == "recorded"
        found = before if before is not None and again else await mine(raw, member, turn, now)
        action = Action.SEE_LOAN if again else Action.RECORD_OUTCOME
        row, spec = await allowed(raw, office, member, found.case, action, now)
        return await offer_in(raw, member, row, spec, now, currency)


async def offer_in(
    raw: Raw,
    member: Member,
    row: CaseRow,
    spec: PortfolioSpec,
    now: datetime,
    currency: str | None = None,
) -> Offer | None:
    """The same of a case that they may work at, within the caller's transaction."""
    facts = await cards.facts_of(raw, row.case, None, now)
    by: dict[str, tuple[int, int]] = {}
    loans: dict[str, tuple[int, ...]] = {}
    for one in await loans_of(raw, row.person):
        if one.case != row.case or not one.unpaid or one.status not in OWED:
            continue
        arrears, outstanding = by.get(one.currency, (0, 0))
        stands = standing(one.unpaid, terms_of(spec, one.currency), local_day(now, one.zone))
        owed = sum(part.left for part in one.unpaid)
        by[one.currency] = arrears + stands.arrears, outstanding + owed
        loans[one.currency] = (*loans.get(one.currency, ()), one.id)
    most = most_first(by)
    chosen = currency if currency is not None or not most else most[0]
    if chosen is None or chosen not in by:
        return None
    arrears, outstanding = by[chosen]
    today = local_day(now, facts.zone)
    last = today + timedelta(days=spec.promises.of(member.actor.role).days)
    return Offer(
        row.case,
        loans[chosen],
        chosen,
        arrears,
        outstanding,
        today,
        last,
        payday_after(facts.payday, today),
        facts.zone,
        spec.country,
        tuple(one for one in most if one != chosen),
    )


async def call_then(
    office: Office, member: Member, turn: int, at: datetime, now: datetime
) -> tuple[Reason, ...]:
    """Why the case at hand may not be called at a moment to come, as things stand now; nothing: it may.

    Raises Denied, CaseworkInputError.
    """
    async with office.transaction() as raw:
        case = (await mine(raw, member, turn, now)).case
    return await case_called_then(office, member, case, at, now)


async def case_called_then(
    office: Office, member: Member, case: int, at: datetime, now: datetime
) -> tuple[Reason, ...]:
    """The same of any case of theirs. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        row, _ = await allowed(raw, office, member, case, Action.RECORD_OUTCOME, now)
        if at <= now:
            return ()
        asked = await permission(raw, await office.book(raw), row, MOVED, at)
    return () if asked.allowed else reasons_of(asked)
