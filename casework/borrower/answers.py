"""What a borrower asks of their own loans: what is owed, when, the schedule, all of it, the fees, how to pay.

A party sees the loans they are party to and no others. Figures are those of the ledger at `now`, by the terms
of each loan's portfolio; nothing here is summed across currencies.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from casework.borrower.chats import borrower
from casework.borrower.gate import Heard, NotAnsweredError, ask_the_gate
from casework.errors import CaseworkInputError
from casework.office import Book, Office
from casework.portfolios import PortfolioSpec, ReplySpec, terms_of
from casework.staff.rights import Action, Actor, require
from ledger.standing import standing
from messages.values import Collector
from policy.calendar import local_day
from storage.chat.holdings import LoanRow, Rate, loans_of, loans_of_each, schedule_of, who
from storage.raw import Raw

__all__ = [
    "Holding",
    "Lender",
    "NotAnsweredError",
    "Rate",
    "Self",
    "holdings",
    "holdings_in",
    "myself",
    "schedule",
]


class Lender(msgspec.Struct, frozen=True):
    """Whose loan it is, and where to reach them. `pay` by language: how to pay, as the lender writes it.

    `promise_days`: how far ahead a borrower may promise.
    """

    code: str
    name: str
    brand: str
    language: str
    pay: dict[str, str]
    reply_to: ReplySpec | None
    promise_days: int


class Holding(msgspec.Struct, frozen=True):
    """A loan as its party sees it today. Amounts in minor units of `currency`.

    since             due date of the oldest unpaid installment that is past due; None: nothing is late
    next, next_minor  what falls due next, today or later
    """

    id: int
    case: int
    loan: str
    product: str | None
    role: str
    currency: str
    status: str
    arrears: int
    days_late: int
    since: date | None
    outstanding: int
    credit: int
    next: date | None
    next_minor: int
    today: date
    zone: str
    country: str | None
    known_until: datetime | None
    lender: Lender
    collector: Collector | None = None  # what a pack has whoever collects for others say first


class Self(msgspec.Struct, frozen=True):
    """The person: how they are called, and where they are."""

    name: str | None
    zone: str
    country: str | None


async def holdings(office: Office, actor: Actor, person: int, now: datetime) -> list[Holding]:
    """The person's loans, the latest first; those that are settled last.

    For an answer in their chat: the gate is asked as for purpose `answer`. Raises Denied, NotAnsweredError.
    """
    book, rows, said = await office.together(_held, (person, now))
    found = _holdings(book, rows, actor, person, now)
    for one in said.values():
        if isinstance(one, NotAnsweredError):
            raise one
    if not said:
        return found
    return [msgspec.structs.replace(one, collector=said.get(one.case)) for one in found]


async def holdings_in(raw: Raw, office: Office, actor: Actor, person: int, now: datetime) -> list[Holding]:
    """The same within the caller's transaction, without the gate: the message is asked for. Raises Denied."""
    return _holdings(await office.book(raw), await loans_of(raw, person), actor, person, now)


_Held = tuple[Book, Sequence[LoanRow], Mapping[int, Heard]]


async def _held(office: Office, raw: Raw, keys: Sequence[tuple[int, datetime]]) -> list[_Held]:
    """Of each (person, moment): the book, their loans, and what the gate says of their cases."""
    book = await office.book(raw)
    rows = await loans_of_each(raw, sorted({person for person, _ in keys}))
    portfolio_of = {row.case: row.portfolio for person in rows.values() for row in person}
    # They ask within the same moment; rules read no finer than that.
    said = await ask_the_gate(raw, book, portfolio_of, max(now for _, now in keys))
    found: list[_Held] = []
    for person, _ in keys:
        theirs = {row.case for row in rows[person]}
        found.append((book, rows[person], {case: one for case, one in said.items() if case in theirs}))
    return found


def _holdings(book: Book, rows: Sequence[LoanRow], actor: Actor, person: int, now: datetime) -> list[Holding]:
    for row in rows:
        _may(actor, person, book.portfolios[row.portfolio])
    found = [_holding(row, book.portfolios[row.portfolio], now) for row in rows]
    found.sort(key=lambda one: (one.outstanding == 0, -one.days_late, one.next or date.max, one.id))
    return found


async def schedule(office: Office, actor: Actor, person: int, loan: int) -> Sequence[Rate]:
    """The installments of a loan of theirs. Raises Denied; CaseworkInputError where it is none of theirs."""
    require(actor, Action.SEE_LOAN, owner=borrower(person).name)
    async with office.transaction() as raw:
        found = await schedule_of(raw, person, loan)
    if not found:
        raise CaseworkInputError("this person is party to no such loan")
    return found


async def myself(office: Office, actor: Actor, person: int) -> Self:
    """The person's own name and zone. Raises Denied."""
    require(actor, Action.READ_PERSONAL_DATA, owner=borrower(person).name)
    async with office.transaction() as raw:
        sealed, zones, country = await who(raw, person)
    name = None if sealed is None else office.keyring.open("persons", "name", person, sealed)
    return Self(name, zones[0], country)


def _may(actor: Actor, person: int, spec: PortfolioSpec) -> None:
    require(actor, Action.SEE_LOAN, spec.portfolio, owner=borrower(person).name)


def _holding(row: LoanRow, spec: PortfolioSpec, now: datetime) -> Holding:
    today = local_day(now, row.zone)
    terms = terms_of(spec, row.currency)
    stands = standing(row.unpaid, terms, today)
    late = [one for one in row.unpaid if one.due < today and one.left > terms.tolerance]
    coming = [one for one in row.unpaid if one.due >= today and one.left > terms.tolerance]
    return Holding(
        row.id,
        row.case,
        row.external_id,
        row.product,
        row.role,
        row.currency,
        row.status,
        stands.arrears,
        stands.dpd,
        late[0].due if late else None,
        sum(one.left for one in row.unpaid),
        row.credit,
        coming[0].due if coming else None,
        sum(one.left for one in coming if one.due == coming[0].due) if coming else 0,
        today,
        row.zone,
        spec.country,
        row.fed_at,
        Lender(
            spec.portfolio,
            spec.name,
            spec.brand,
            spec.language,
            spec.pay,
            spec.reply_to,
            spec.promises.of("borrower").days,
        ),
    )
