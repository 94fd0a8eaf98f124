"""What other systems read: loans, cases, contacts and promises in pages, a loan whole, a portfolio's figures.

Ids, amounts and states: no name, no address, no text of a message.
"""

from datetime import date, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from pydantic import AfterValidator, BaseModel, Field

from casework.insight.loan import loan as one_loan
from casework.insight.portfolio import portfolio as figures_of
from casework.listed import Kind, page
from console.api.door import caller_of
from console.api.shapes import Cursor, Day, Limit, Word, storable
from console.api.told import opens
from console.desk import Desk

Filter = Annotated[
    str | None, Query(min_length=1, max_length=200, description="Only these."), AfterValidator(storable)
]
Named = Annotated[str, Path(min_length=1, max_length=200), AfterValidator(storable)]
AsOf = Annotated[Day | None, Query(description="As of the end of this day; today.")]


class LoanRow(BaseModel):
    """A loan as a row. `outstanding`: all that is unpaid; `next_due`: the oldest unpaid installment."""

    id: int
    loan: str
    source: str
    portfolio: str
    borrower: str | None
    product: str | None
    currency: str
    principal: str | None
    made_on: date
    status: str
    outstanding: str
    credit: str
    next_due: date | None


class CaseRow(BaseModel):
    """A case. `owner`: the collector who has it."""

    id: int
    portfolio: str
    borrower: str
    source: str
    opened_at: datetime
    next_look_at: datetime | None
    loans: list[str]
    owner: str | None


class ContactRow(BaseModel):
    """One attempt of a message on one channel."""

    id: int
    case: int
    portfolio: str
    borrower: str
    source: str
    channel: str
    purpose: str
    step: str
    state: str
    code: str | None
    planned_at: datetime
    sent_at: datetime | None
    settled_at: datetime | None


class PromiseRow(BaseModel):
    """A promise to pay. `last_on`: the last day of its grace."""

    id: int
    case: int
    portfolio: str
    borrower: str
    source: str
    currency: str
    amount: str
    made_at: datetime
    due_on: date
    last_on: date
    state: str
    settled_at: datetime | None
    loans: list[str]


class Loans(BaseModel):
    """A page. `next`: give it as `cursor` for the next one; null: this is the last."""

    rows: list[LoanRow]
    next: int | None


class Cases(BaseModel):
    """A page of cases."""

    rows: list[CaseRow]
    next: int | None


class Contacts(BaseModel):
    """A page of contacts."""

    rows: list[ContactRow]
    next: int | None


class Promises(BaseModel):
    """A page of promises."""

    rows: list[PromiseRow]
    next: int | None


class Bucket(BaseModel):
    """The loans of one bucket; amounts by currency."""

    bucket: str
    loans: int
    arrears: dict[str, str]
    outstanding: dict[str, str]


class Figures(BaseModel):
    """The book as of a day; amounts by currency."""

    as_of: date | None
    loans: int
    borrowers: int
    loans_in_arrears: int
    arrears: dict[str, str]
    outstanding: dict[str, str]
    credit: dict[str, str]
    by_bucket: list[Bucket]


class Loan(BaseModel):
    """A loan whole, as `kept loan show` tells it."""

    loan: str
    source: str
    portfolio: str
    product: str | None
    currency: str
    principal: str | None
    made_on: date
    status: str
    zone: str
    as_of: date
    known_at: datetime | None
    arrears: str
    outstanding: str
    credit: str
    dpd: int
    delinquent_days: int
    bucket: str
    core_outstanding: str | None
    core_dpd: int | None
    installments: list[dict[str, Any]]
    payments: list[dict[str, Any]]
    cases: list[dict[str, Any]]
    holds: list[dict[str, Any]]
    contacts: list[dict[str, Any]]
    tasks: list[dict[str, Any]] = Field(description="Work for people about it.")


_PAGED: Final = "A page at a time, by id: what comes meanwhile is neither doubled nor lost."


def reading(desk: Desk, router: APIRouter) -> None:
    """Add the routes."""

    async def read(request: Request, kind: Kind, **wanted: Any) -> Any:
        cursor, limit = wanted.pop("cursor") or 0, wanted.pop("limit")
        actor = caller_of(request).actor
        return await page(desk.office, actor, kind, after=cursor, limit=limit, **wanted)

    def listing(path: str, scope: str, summary: str) -> Any:
        return router.get(path, summary=summary, description=_PAGED, **opens(scope, 404))

    @listing("/loans", "loans:read", "Loans")
    async def loans(
        request: Request,
        portfolio: Filter = None,
        borrower: Filter = None,
        loan: Filter = None,
        status: Word = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Loans:
        given = {"portfolio": portfolio, "borrower": borrower, "loan": loan, "state": status}
        found = await read(request, "loans", cursor=cursor, limit=limit, **given)
        return Loans.model_validate(found, from_attributes=True)

    @listing("/cases", "cases:read", "Cases")
    async def cases(
        request: Request,
        portfolio: Filter = None,
        borrower: Filter = None,
        loan: Filter = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Cases:
        given = {"portfolio": portfolio, "borrower": borrower, "loan": loan}
        found = await read(request, "cases", cursor=cursor, limit=limit, **given)
        return Cases.model_validate(found, from_attributes=True)

    @listing("/contacts", "contacts:read", "Contacts that Kept made or planned")
    async def contacts(
        request: Request,
        portfolio: Filter = None,
        borrower: Filter = None,
        loan: Filter = None,
        state: Word = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Contacts:
        given = {"portfolio": portfolio, "borrower": borrower, "loan": loan, "state": state}
        found = await read(request, "contacts", cursor=cursor, limit=limit, **given)
        return Contacts.model_validate(found, from_attributes=True)

    @listing("/promises", "promises:read", "Promises to pay")
    async def promises(
        request: Request,
        portfolio: Filter = None,
        borrower: Filter = None,
        loan: Filter = None,
        state: Word = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Promises:
        given = {"portfolio": portfolio, "borrower": borrower, "loan": loan, "state": state}
        found = await read(request, "promises", cursor=cursor, limit=limit, **given)
        return Promises.model_validate(found, from_attributes=True)

    @router.get("/loans/{loan_id}", summary="One loan, whole", **opens("loans:read", 404))
    async def loan(request: Request, loan_id: Named, source: Filter = None, as_of: AsOf = None) -> Loan:
        found = await one_loan(
            desk.office, caller_of(request).actor, loan_id, desk.clock.now(), source=source, as_of=as_of
        )
        return Loan.model_validate(found)

    @router.get(
        "/portfolios/{code}/figures",
        summary="The book of a portfolio in figures",
        **opens("portfolios:read", 404),
    )
    async def figures(request: Request, code: Named, as_of: AsOf = None) -> Figures:
        found = await figures_of(
            desk.office, caller_of(request).actor, desk.clock.now(), as_of=as_of, code=code
        )
        return Figures.model_validate(found.document())
