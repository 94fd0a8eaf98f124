"""The loans of a sample, one by one: each lender's borrowers, their loans, and how those are paid."""

from collections.abc import Iterator
from random import Random

import msgspec

from kept.sample.lenders import Lender, Product
from kept.sample.market import LENDERS
from kept.sample.payer import Habit, Manner, Paid, habit, play
from kept.sample.people import Person, new_person, relative, weighted
from kept.sample.phones import Phones
from kept.sample.terms import Due, count, life, principal, schedule
from ledger.money import minor_digits

_GROUP = 12  # borrowers who took a microfinance loan on the same day and pay on the same weekday
_LOANS = ((1, 72), (2, 20), (3, 8))
_SATURDAY = 5
_GIVEN_UP = 120  # days past due after which a lender may write a loan off or sell it


class Span(msgspec.Struct, frozen=True):
    """History goes to the day `start`, the feed that follows to the day `end` (ordinals)."""

    start: int
    end: int


class Loan(msgspec.Struct, gc=False):
    """A loan with its schedule, payments and the other people on it as (role, person)."""

    id: str
    lender: Lender
    product: Product
    borrower: Person
    principal: int
    made: int
    status: str
    tags: str
    dues: list[Due]
    payments: list[Paid]
    parties: list[tuple[str, Person]]


class _Desk:
    """What one lender remembers from one borrower to the next."""

    def __init__(self, lender: Lender) -> None:
        self.lender = lender
        self.unit = 10 ** minor_digits(lender.currency)
        self.borrowers = 0
        self.loans = 0
        self.members = 0
        self.meeting = 0  # the day on which the current group took its loans
        self.last: Person | None = None
        self.kin: Person | None = None  # who shares loans with the current borrower, once one is shared


def loans(rng: Random, borrowers: int, span: Span) -> Iterator[Loan]:
    """The loans of so many borrowers, borrower by borrower; holds no more than one of them in memory."""
    desks = [_Desk(lender) for lender in LENDERS]
    shares = tuple((desk, desk.lender.weight) for desk in desks)
    phones = Phones()
    for _ in range(borrowers):
        yield from _borrower(rng, weighted(rng, shares), phones, span)


def _borrower(rng: Random, desk: _Desk, phones: Phones, span: Span) -> Iterator[Loan]:
    lender = desk.lender
    product = weighted(rng, tuple((product, product.weight) for product in lender.products))
    desk.borrowers += 1
    borrower = new_person(rng, lender, desk.borrowers, product.kind, phones)
    desk.kin = None
    kind = habit(rng, lender.strain)
    for place in range(weighted(rng, _LOANS)):
        desk.loans += 1
        installments = count(rng, product)
        days = life(product, installments)
        made = _made(rng, desk, product, days, first=place == 0, kind=kind, span=span)
        yield _loan(rng, desk, product, borrower, kind, installments, made, phones, span)
    desk.last = borrower


def _made(
    rng: Random, desk: _Desk, product: Product, days: int, *, first: bool, kind: Habit, span: Span
) -> int:
    """When a loan was made: most run at `start`, some have ended by then, some follow during the feed."""
    running, ended = (80, 7) if first else (36, 26)
    drawn = rng.randrange(100)
    if kind == "stopping" and not first:
        drawn = min(drawn, running + ended - 1)  # nobody lends again to who has stopped paying
    if drawn < running:
        made = span.start - rng.randrange(days)
    elif drawn < running + ended:
        made = span.start - days - rng.randrange(1, 150)
    else:
        made = span.start + rng.randrange(1, max(2, span.end - span.start))
    if product.kind == "microfinance":
        if first:
            if desk.members % _GROUP == 0:
                desk.meeting = made
            desk.members += 1
            return desk.meeting
        return made - (made - desk.meeting) % 7  # the same weekday
    weekday = (made + 6) % 7
    if weekday >= _SATURDAY and product.kind != "bnpl":
        made -= weekday - _SATURDAY + 1  # lenders' desks are closed; shops are not
    return made


def _loan(
    rng: Random,
    desk: _Desk,
    product: Product,
    borrower: Person,
    kind: Habit,
    installments: int,
    made: int,
    phones: Phones,
    span: Span,
) -> Loan:
    lender = desk.lender
    amount = principal(rng, product, desk.unit)
    dues = schedule(product, amount, installments, rng.choice(product.rates), made, desk.unit)
    debit = rng.randrange(100) < lender.debit
    rounds = kind in ("early", "punctual") and not debit and rng.randrange(100) < 9
    manner = Manner(debit, _round_sum(dues[0].total) if rounds else 0, product.kind == "bnpl")
    payments = play(rng, kind, dues, made, span.start, span.end, lender.late_fee * desk.unit, manner)
    status, payments = _status(rng, dues, payments, span)
    if product.kind == "microfinance":
        tags = f"group-{(desk.members + _GROUP - 1) // _GROUP:04}"
    else:
        tags = "direct-debit" if debit else ""
    loan = f"{lender.prefix}-{desk.loans:06}"
    parties = _parties(rng, desk, product, borrower, phones)
    return Loan(loan, lender, product, borrower, amount, made, status, tags, dues, payments, parties)


def _round_sum(amount: int) -> int:
    """The step in which somebody rounds up: a fifth of the first digit's place (4,873.20: by 200)."""
    return max(1, 10 ** (len(str(amount)) - 1) // 5)


def _status(rng: Random, dues: list[Due], payments: list[Paid], span: Span) -> tuple[str, list[Paid]]:
    """The loan's status on the day `start`, and the payments that still come under it.

    The tape is one file for all days, so a loan paid in full later stays `active`: only its balance tells.
    """
    amounts = {paid.number: paid.amount for paid in payments if paid.day <= span.start}
    returned = {paid.reverses for paid in payments if paid.day <= span.start}
    received = sum(amount for number, amount in amounts.items() if number not in returned)
    owed = 0
    for due in dues:
        owed += due.total
        if owed > received:
            break
    else:
        settled = len(amounts) == len(payments)
        return "closed" if settled else "active", payments
    if span.start - due.day <= _GIVEN_UP or len(amounts) < len(payments):
        return "active", payments
    return weighted(rng, (("active", 25), ("written_off", 55), ("sold", 20))), payments


def _parties(
    rng: Random, desk: _Desk, product: Product, borrower: Person, phones: Phones
) -> list[tuple[str, Person]]:
    """Who else answers for the loan: a relative, or somebody who borrows here too."""
    drawn = rng.randrange(100)
    if product.kind == "bnpl" or drawn >= 9:
        return []
    if 2 <= drawn < 4 and desk.last is not None and product.kind == "installment":
        return [("co-borrower", desk.last)]
    if desk.kin is None:
        desk.kin = relative(rng, borrower, phones)
    return [("guarantor" if product.kind == "invoice" or drawn < 2 else "co-borrower", desk.kin)]
