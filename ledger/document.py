"""The pure core of `kept ledger`: a loan written as JSON in, its balances on a date out.

SURFACE.md has the shapes. What it leaves open: an amount of an installment that is not there is 0, but one
of the four must be there; of `installments`, `payments` and `pauses` a missing one is empty; `installment`
and `reverses` may be null; a reversal is of the whole payment, so its `amount`, if any, must be that of the
payment; a zero may be written with any decimals; installments are stated by due date, then number;
overlapping pauses take a day out once.
"""

from collections.abc import Sequence
from datetime import date
from typing import TypedDict, cast, get_args

import msgspec

from ledger.allocate import Payment, Reversal, allocate
from ledger.errors import LedgerInputError
from ledger.fields import Fields, load
from ledger.money import format_major, minor_digits
from ledger.schedule import Installment
from ledger.standing import Unpaid, per_installment, standing, unpaid_of
from ledger.terms import COMPONENTS, Buckets, Component, DpdStarts, Pause, Prepayment, Spread, Terms

_KEYS = (
    "currency",
    "zone",
    "dpd_starts",
    "grace_days",
    "tolerance",
    "allocation",
    "spread",
    "prepayment",
    "buckets",
    "installments",
    "payments",
    "pauses",
)
_INSTALLMENT_KEYS = ("number", "due_date", "principal", "interest", "fees", "penalties")
_PAYMENT_KEYS = ("id", "received_on", "amount", "installment", "reverses")
_PAUSE_KEYS = ("from", "to")

_BUCKETS: Buckets = ((1, 3), (4, 30), (31, 60), (61, None))


class InstallmentState(TypedDict):
    """One installment on a date; amounts are texts in major units."""

    number: int
    due_date: str
    due: str
    paid: str
    outstanding: str
    dpd: int
    bucket: str


class AllocationState(TypedDict):
    """What a payment settled of an installment; amounts are texts in major units."""

    payment: str
    installment: int
    penalties: str
    fees: str
    interest: str
    principal: str


class LoanState(TypedDict):
    """What `kept ledger` says; amounts are texts in major units."""

    as_of: str
    arrears: str
    outstanding: str
    credit: str
    dpd: int
    delinquent_days: int
    bucket: str
    installments: list[InstallmentState]
    allocations: list[AllocationState]


class Loan(msgspec.Struct, frozen=True):
    """A document that was read: installments by due date; payments and reversals known by their place in
    `names`, the ids of the file.
    """

    terms: Terms
    schedule: tuple[Installment, ...]
    payments: tuple[Payment | Reversal, ...]
    names: tuple[str, ...]
    pauses: tuple[Pause, ...]


def read(text: str) -> Loan:
    """The loan of a JSON text, checked throughout; LedgerInputError names the key that is wrong."""
    fields = Fields(load(text), "", _KEYS)
    terms = _terms(fields)
    schedule = _schedule(fields, terms.currency)
    payments, names = _payments(fields, terms.currency, {row.id for row in schedule})
    pauses = [_pause(row, f"pauses[{k}]") for k, row in enumerate(fields.rows("pauses", ()))]
    return Loan(terms, schedule, payments, names, tuple(pauses))


def state(loan: Loan, as_of: date) -> LoanState:
    """Balances, days past due and allocations at the end of `as_of`, a date in the loan's zone."""
    terms = loan.terms
    ledger = allocate(terms, loan.schedule, loan.payments, as_of)
    unpaid = unpaid_of(loan.schedule, ledger)
    now = standing(unpaid, terms, as_of, loan.pauses)
    totals = [(row, paid.total) for row, paid in zip(loan.schedule, ledger.paid, strict=True)]
    each = per_installment([Unpaid(row.id, row.due, row.total - paid) for row, paid in totals], terms, as_of)

    def major(minor: int) -> str:
        return format_major(minor, terms.currency)

    return {
        "as_of": as_of.isoformat(),
        "arrears": major(now.arrears),
        "outstanding": major(sum(row.left for row in unpaid)),
        "credit": major(ledger.credit),
        "dpd": now.dpd,
        "delinquent_days": now.delinquent_days,
        "bucket": now.bucket,
        "installments": [
            {
                "number": row.id,
                "due_date": row.due.isoformat(),
                "due": major(row.total),
                "paid": major(paid),
                "outstanding": major(row.total - paid),
                "dpd": its.dpd,
                "bucket": its.bucket,
            }
            for (row, paid), its in zip(totals, each, strict=True)
        ],
        "allocations": [
            {
                "payment": loan.names[part.payment],
                "installment": part.installment,
                "penalties": major(part.penalties),
                "fees": major(part.fees),
                "interest": major(part.interest),
                "principal": major(part.principal),
            }
            for part in ledger.allocations
        ],
    }


def _terms(fields: Fields) -> Terms:
    currency = fields.text("currency", "EUR")
    minor_digits(currency)  # before any amount is read by it
    return Terms(
        currency=currency,
        zone=fields.text("zone", "UTC"),
        dpd_starts=cast("DpdStarts", _one_of(fields, "dpd_starts", get_args(DpdStarts))),
        grace_days=fields.whole("grace_days", 0),
        tolerance=fields.amount("tolerance", currency, "0"),
        allocation=_allocation(fields),
        spread=cast("Spread", _one_of(fields, "spread", get_args(Spread))),
        prepayment=cast("Prepayment", _one_of(fields, "prepayment", get_args(Prepayment))),
        buckets=_buckets(fields),
    )


def _one_of(fields: Fields, key: str, known: Sequence[str]) -> str:
    value = fields.text(key, known[0])
    if value not in known:
        fields.refuse(key, f'"{value}" is unknown; known are {", ".join(known)}')
    return value


def _allocation(fields: Fields) -> tuple[Component, ...]:
    names = fields.rows("allocation", COMPONENTS)
    if not all(isinstance(name, str) for name in names):
        fields.refuse("allocation", f"not a list of texts: name each of {', '.join(COMPONENTS)} once")
    return cast("tuple[Component, ...]", tuple(names))  # Terms refuses other names


def _buckets(fields: Fields) -> Buckets:
    buckets: list[tuple[int, int | None]] = []
    for k, pair in enumerate(fields.rows("buckets", _BUCKETS)):
        match pair:
            case [int(low), int() | None as high] if not isinstance(low, bool) and not isinstance(high, bool):
                buckets.append((low, high))
            case _:
                fields.refuse(
                    f"buckets[{k}]", "no range of days: write it like [4,30], the last one like [61,null]"
                )
    return tuple(buckets)


def _schedule(fields: Fields, currency: str) -> tuple[Installment, ...]:
    rows: dict[int, Installment] = {}
    for k, row in enumerate(fields.rows("installments", ())):
        its = Fields(row, f"installments[{k}]", _INSTALLMENT_KEYS)
        number = its.whole("number")
        if number in rows:
            its.refuse("number", f"{number} is there already: each installment has its own")
        if not any(its.has(name) for name in COMPONENTS):
            its.refuse(
                "principal", f"is missing, as are the others: give one or more of {', '.join(COMPONENTS)}"
            )
        amounts = {name: its.amount(name, currency, "0") for name in COMPONENTS}
        rows[number] = Installment(number, its.day("due_date"), **amounts)
    return tuple(sorted(rows.values(), key=lambda row: (row.due, row.id)))


def _payments(
    fields: Fields, currency: str, numbers: set[int]
) -> tuple[tuple[Payment | Reversal, ...], tuple[str, ...]]:
    rows = [Fields(row, f"payments[{k}]", _PAYMENT_KEYS) for k, row in enumerate(fields.rows("payments", ()))]
    places: dict[str, int] = {}
    for place, its in enumerate(rows):
        name = its.text("id")
        if name in places:
            its.refuse("id", f'"{name}" is there already: each payment and reversal has its own')
        places[name] = place
    amounts = {k: its.amount("amount", currency) for k, its in enumerate(rows) if not its.given("reverses")}
    entries: list[Payment | Reversal] = []
    for place, its in enumerate(rows):
        received_on = its.day("received_on")
        if place in amounts:
            entries.append(Payment(place, received_on, amounts[place], _named(its, numbers)))
            continue
        reversed_place = places.get(its.text("reverses"))
        if reversed_place is None:
            its.refuse("reverses", f'there is no payment "{its.text("reverses")}": name the id of one')
        if reversed_place not in amounts:
            its.refuse("reverses", f'"{its.text("reverses")}" is itself a reversal: name the id of a payment')
        if its.given("installment"):
            its.refuse("installment", "a reversal takes back the whole payment: leave this key out")
        if its.has("amount") and its.amount("amount", currency) != amounts[reversed_place]:
            its.refuse(
                "amount", "a reversal takes back the whole payment: give its amount, or leave this key out"
            )
        entries.append(Reversal(place, received_on, reversed_place))
    return tuple(entries), tuple(places)


def _named(its: Fields, numbers: set[int]) -> int | None:
    if not its.given("installment"):
        return None
    number = its.whole("installment")
    if number not in numbers:
        its.refuse(
            "installment", f"there is no installment {number}: name one that is there, or leave this key out"
        )
    return number


def _pause(row: object, path: str) -> Pause:
    its = Fields(row, path, _PAUSE_KEYS)
    start, end = its.day("from"), its.day("to")
    try:
        return Pause(start, end)
    except LedgerInputError as error:
        its.refuse("to", f"{error}: `to` must be `from` or later")
