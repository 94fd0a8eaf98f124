"""What a core system pushes: loans with their schedules and parties, installments restated, payments.

Each request is a small tape; see docs/api.md and casework/push.py.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from casework.push import Part, Pushed, Refused, Row, papers, push_in
from console.api.door import caller_of, done_once
from console.api.problem import TITLES, FieldError, Problem, type_of
from console.api.rows import SHAPED, Bad, Misshapen
from console.api.shapes import Body, Currency, Day, Key, Moment, Money, Name, Paid, Words
from console.api.told import opens
from console.desk import Desk

MOST_ROWS: Final = 1000

AddressState = Literal["attested", "confirmed", "unverified"]


class Person(Body):
    """Who somebody is, and where they are reached. An address needs no state: it is `attested` then."""

    name: Name | None = None
    language: Name | None = Field(None, examples=["en"])
    zone: Name | None = Field(None, examples=["Europe/Berlin"])
    country: Name | None = Field(None, examples=["DE"])
    region: Name | None = None
    phone: Name | None = Field(None, examples=["+447700900123"])
    phone_state: AddressState | None = None
    email: Name | None = Field(None, examples=["b17@example.org"])
    email_state: AddressState | None = None


class PushedInstallment(Body):
    """One scheduled amount of a loan."""

    number: int = Field(ge=1, le=10_000)
    due_date: Day
    principal: Money = "0"
    interest: Money = "0"
    fees: Money = "0"
    penalties: Money = "0"


class PushedParty(Person):
    """Somebody with a role on the loan. The borrower is the loan's own."""

    person_id: Name
    role: Literal["co-borrower", "guarantor", "representative", "estate"]


class PushedLoan(Person):
    """A loan as the `kept` tape has it; `installments` state its schedule whole, where there are any."""

    borrower_id: Name
    loan_id: Name
    source: Name | None = None
    portfolio: Name | None = None
    product: Name | None = None
    currency: Currency
    principal: Money | None = None
    made_on: Day | None = None
    status: Literal["active", "closed", "recalled", "sold", "written_off"] = "active"
    core_outstanding: Money | None = None
    core_dpd: int | None = Field(None, ge=0, le=100_000)
    tags: list[Name] = Field([], max_length=50)
    attributes: dict[Name, Words] = Field({}, max_length=100, description="Anything else, by name.")
    installments: list[PushedInstallment] = Field([], max_length=1000)
    parties: list[PushedParty] = Field([], max_length=20)


class PushedLoans(Body):
    """Loans that are new or other than before."""

    portfolio: Name | None = Field(None, description="Of those that name none.")
    loans: list[Annotated[PushedLoan, SHAPED] | Bad] = Field(min_length=1, max_length=MOST_ROWS)


class LoanInstallment(PushedInstallment):
    """An installment of a loan that the book has."""

    loan_id: Name


class PushedInstallments(Body):
    """Installments restated: each replaces the one of its number; none is taken away."""

    portfolio: Name | None = None
    installments: list[Annotated[LoanInstallment, SHAPED] | Bad] = Field(min_length=1, max_length=MOST_ROWS)


class PushedPayment(Body):
    """Money that was received. The same `payment_id` again is the same payment."""

    loan_id: Name
    payment_id: Name
    received_on: Day
    amount: Paid
    installment: int | None = Field(None, ge=1, le=10_000, description="What it is for, where it says so.")


class PushedPayments(Body):
    """Payments as they come in."""

    portfolio: Name | None = Field(None, description="Where loans of several have the id.")
    complete_to: Moment | None = Field(
        None, description="Every payment received by then has been told: reminders rely on it."
    )
    payments: list[Annotated[PushedPayment, SHAPED] | Bad] = Field(min_length=1, max_length=MOST_ROWS)


class Reversal(Body):
    """A payment that is taken back whole: a bounced debit, a cancelled transfer."""

    loan_id: Name
    reversal_id: Name = Field(description="Of the reversal itself; the same again is the same.")
    reverses: Name = Field(description="The `payment_id` that is taken back.")
    received_on: Day
    portfolio: Name | None = None


class Taken(BaseModel):
    """What became of what was pushed. `import`: its number in the record."""

    number: int = Field(alias="import")
    loaded: int
    updated: int
    unchanged: int
    rejected: int
    errors: list[FieldError]
    notes: list[str]


class Held(BaseModel):
    """Nothing was taken: it looks wrong, and waits for somebody's yes (`kept approve`)."""

    approval: int
    why: list[str]


_LOAN: Final[dict[str, Any]] = {
    "loan_id": "L-1001",
    "borrower_id": "B17",
    "portfolio": "acme",
    "currency": "EUR",
    "principal": "500.00",
    "made_on": "2026-10-01",
    "name": "Ann Example",
    "language": "en",
    "zone": "Europe/Berlin",
    "country": "DE",
    "email": "b17@example.org",
    "installments": [
        {"number": 1, "due_date": "2026-12-01", "principal": "250.00"},
        {"number": 2, "due_date": "2027-01-01", "principal": "250.00"},
    ],
}
_PAYMENT: Final = {"loan_id": "L-1001", "payment_id": "P-1", "received_on": "2026-11-20", "amount": "250.00"}
_REVERSAL: Final = {
    "loan_id": "L-1001", "reversal_id": "R-1", "reverses": "P-1", "received_on": "2026-11-22",
}  # fmt: skip
_TAKEN: Final = "Taken, at least in part: `errors` says what was not, and why. Nothing is wrong twice."


def pushing(desk: Desk, router: APIRouter) -> None:
    """Add the routes."""

    def post(path: str, scope: str, summary: str, example: Any) -> Any:
        given = opens(scope, 409, body=example)
        given["responses"] |= {
            200: {"model": Taken, "description": _TAKEN},
            202: {"model": Held, "description": "It looks wrong beside the book, and waits for approval."},
        }
        return router.post(path, summary=summary, response_class=Response, **given)

    @post("/loans", "loans:write", "Push loans with schedules and parties", {"loans": [_LOAN]})
    async def loans(request: Request, given: PushedLoans, key: Key = None) -> Response:
        return await _push(desk, request, key, list(_loans(given)), given.portfolio)

    one = {"loan_id": "L-1001", "number": 2, "due_date": "2027-02-01", "principal": "250.00"}

    @post("/installments", "loans:write", "Restate installments", {"installments": [one]})
    async def installments(request: Request, given: PushedInstallments, key: Key = None) -> Response:
        rows = [
            _row("installments", f"installments[{index}]", one, LoanInstallment.model_fields)
            for index, one in enumerate(given.installments)
        ]
        return await _push(desk, request, key, rows, given.portfolio)

    @post("/payments", "payments:write", "Push payments", {"payments": [_PAYMENT]})
    async def payments(request: Request, given: PushedPayments, key: Key = None) -> Response:
        rows = [
            _row("payments", f"payments[{index}]", one, ("reverses", *PushedPayment.model_fields))
            for index, one in enumerate(given.payments)
        ]
        return await _push(desk, request, key, rows, given.portfolio, given.complete_to)

    @post("/reversals", "payments:write", "Take a payment back", _REVERSAL)
    async def reversals(request: Request, given: Reversal, key: Key = None) -> Response:
        cells = {
            "loan_id": given.loan_id,
            "payment_id": given.reversal_id,
            "received_on": given.received_on.isoformat(),
            "amount": "",
            "reverses": given.reverses,
        }
        return await _push(desk, request, key, [Row("payments", "", cells)], given.portfolio)


async def _push(
    desk: Desk,
    request: Request,
    key: str | None,
    rows: Sequence[Row],
    portfolio: str | None,
    complete_to: Any = None,
) -> Response:
    now = desk.clock.now()
    actor = caller_of(request).actor
    told = None if complete_to is None else min(complete_to, now)
    with papers(desk.pushed) as made:
        return await done_once(
            desk,
            request,
            key,
            lambda raw: push_in(
                raw, desk.office, actor, rows, made, now, portfolio=portfolio, complete_to=told
            ),
            _answer,
        )


def _answer(found: Pushed) -> tuple[int, Any]:
    if found.held is not None:
        return 202, {"approval": found.held, "why": found.notes}
    errors = [_error(one) for one in found.refused]
    counts = dict(found.counts)
    if counts["rejected"] and not (counts["loaded"] or counts["updated"] or counts["unchanged"]):
        wrong = Problem(
            type=type_of("nothing-taken"),
            title=TITLES["nothing-taken"],
            status=422,
            detail=f"import {found.number}: every row was refused",
            errors=errors,
        )
        return 422, wrong.model_dump()
    said = {"import": found.number, **counts, "notes": found.notes}
    return 200, said | {"errors": [one.model_dump() for one in errors]}


def _error(one: Refused) -> FieldError:
    names = [name for name in one.column.split(", ") if name]
    column = names[0] if names else ""
    if not one.where:  # a single one, which names its own id otherwise than the tape does
        column = {"payment_id": "reversal_id"}.get(column, column) or "reverses"
    where = ".".join(part for part in (one.where, column) if part)
    return FieldError(field=where, message=one.reason, would_be_right=one.right or _RIGHT.get(column))


_DATE: Final = "a date such as 2026-11-30"
_AMOUNT: Final = 'an amount in major units, with the decimals of its currency, such as "250.00"'
_RIGHT: Final[Mapping[str, str]] = {
    **dict.fromkeys(("due_date", "made_on", "received_on"), _DATE),
    **dict.fromkeys(("principal", "interest", "fees", "penalties", "amount", "core_outstanding"), _AMOUNT),
    "currency": "an ISO 4217 code in capitals, such as EUR",
    "zone": "an IANA name, such as Europe/Berlin",
    "country": "two letters, such as DE",
    "language": "a language tag, such as en or zh",
    "phone": "a number with its country, such as +447700900123",
    "email": "an address, such as name@example.org",
    "loan_id": "the id of a loan that is in the book, or pushed with it",
    "reverses": "the payment_id of a payment of the same loan",
    "installment": "the number of an installment of the loan",
    "portfolio": "the portfolio that the loan is in",
    "role": "co-borrower, guarantor, representative or estate",
}


def _loans(given: PushedLoans) -> Iterator[Row]:
    for index, loan in enumerate(given.loans):
        where = f"loans[{index}]"
        if isinstance(loan, Misshapen):
            yield loan.row("loans", where, PushedLoan.model_fields)
            continue
        cells = loan.model_dump(mode="json", exclude={"installments", "parties", "attributes", "tags"})
        known = set(PushedLoan.model_fields)
        rest = {name: text for name, text in loan.attributes.items() if name not in known}
        yield Row("loans", where, {**rest, **_cells(cells), "tags": ",".join(loan.tags)})
        for number, one in enumerate(loan.installments):
            at = f"{where}.installments[{number}]"
            yield Row("installments", at, _of(loan, one.model_dump(mode="json")))
        for number, one in enumerate(loan.parties):
            yield Row("parties", f"{where}.parties[{number}]", _of(loan, one.model_dump(mode="json")))


def _row(part: Part, where: str, one: BaseModel | Misshapen, columns: Iterable[str]) -> Row:
    if isinstance(one, Misshapen):
        return one.row(part, where, columns)
    return Row(part, where, dict.fromkeys(columns, "") | _cells(one.model_dump(mode="json")))


def _of(loan: PushedLoan, cells: Mapping[str, Any]) -> dict[str, str]:
    return {"loan_id": loan.loan_id, **_cells(cells)}


def _cells(values: Mapping[str, Any]) -> dict[str, str]:
    """As text, as a tape has it; what is not given is an empty cell."""
    return {name: "" if value is None else str(value) for name, value in values.items()}
