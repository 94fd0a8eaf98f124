"""The mapping language: how a tape of somebody else's making is read.

A mapping names the files of a tape (known by their columns), and for each what its rows state: loans with
their borrowers, installments, payments, parties; or that it is only looked up. Where a value comes from is
written as the name of a column, or as a small block (`column`, `value`, `compose`, `example_phone`,
`look_up`) with the format it is written in. Unknown keys are refused; mapping_file.py names their lines.
"""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from babel.numbers import list_currencies
from pydantic import BaseModel, Field, field_validator, model_validator

from casework.intake.encoding import Encoding
from casework.intake.expressions import (
    Amount,
    Column,
    Day,
    Phone,
    Strict,
    Text,
    Whole,
    check_date_format,
    check_marks,
    check_region,
    wrong,
)
from casework.portfolios import CODE

LoanStatus = Literal["active", "closed", "recalled", "sold", "written_off"]
AddressState = Literal["attested", "confirmed", "unverified"]


class Constants(Strict):
    """What every row of the tape shares, and what an empty cell falls back to."""

    source: str
    portfolio: str | None = None
    currency: str | None = None
    zone: str | None = None
    country: str | None = None
    region: str | None = None
    language: str | None = None
    product: str | None = None
    status: LoanStatus = "active"
    phone_state: AddressState = "unverified"
    email_state: AddressState = "unverified"
    basis: Literal["contract", "consent"] = "contract"

    @field_validator("zone")
    @classmethod
    def _zone(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in available_timezones():
            raise wrong(None, f'"{zone}" is no time zone: a name such as Africa/Lagos')
        return zone

    @field_validator("currency")
    @classmethod
    def _currency(cls, currency: str | None) -> str | None:
        if currency is not None and currency not in list_currencies():
            raise wrong(None, f'"{currency}" is no currency: an ISO 4217 code in capitals, such as NGN')
        return currency

    @field_validator("portfolio")
    @classmethod
    def _portfolio(cls, code: str | None) -> str | None:
        if code is not None and not re.fullmatch(CODE, code):
            raise wrong(None, f'"{code}" is no code of a portfolio: letters, digits, dot, hyphen, underscore')
        return code

    @field_validator("country")
    @classmethod
    def _country(cls, country: str | None) -> str | None:
        return check_region(country)


class Formats(Strict):
    """How cells are written where they do not say otherwise themselves."""

    date: str | None = "%Y-%m-%d"
    century: int | None = None
    days_from: dt.date | None = None
    decimal: str = "."
    thousands: str | None = None
    rounding: Literal["half_up", "half_even", "down"] | None = None
    phone_region: str | None = None
    empty: list[str] = Field(default_factory=list[str])

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if self.days_from is None:
            check_date_format(self.date, self.century, None)
        check_marks(self.decimal, self.thousands)
        check_region(self.phone_region)
        return self


class PersonPart(Strict):
    """Who a person is and how they are reached."""

    name: Text | None = None
    language: Text | None = None
    zone: Text | None = None
    country: Text | None = None
    region: Text | None = None
    phone: Phone | None = None
    phone_state: Text | None = None
    email: Text | None = None
    email_state: Text | None = None


class LoanPart(PersonPart):
    """A loan and its borrower."""

    loan_id: Text
    borrower_id: Text
    source: Text | None = None
    portfolio: Text | None = None
    product: Text | None = None
    currency: Text | None = None
    principal: Amount | None = None
    made_on: Day | None = None
    status: Text | None = None
    core_outstanding: Amount | None = None
    core_dpd: Whole | None = None
    tags: Text | None = None
    attributes: dict[str, Text] | Literal["rest"] = Field(default_factory=dict[str, Text])

    @field_validator("attributes", mode="before")
    @classmethod
    def _attributes(cls, given: Any) -> Any:
        if given == "rest" or isinstance(given, dict):
            return given  # pyright: ignore[reportUnknownVariableType]
        raise wrong(None, "attributes are a block of name: column, or `rest` for every column not named")


class PartyPart(PersonPart):
    """A person's role on a loan."""

    loan_id: Text
    person_id: Text
    role: Text
    source: Text | None = None


class InstallmentPart(Strict):
    """A row of a schedule. `key` tells two of one number apart (versions); it is the number unless given."""

    loan_id: Text | None = None
    key: Text | None = None
    number: Whole
    due_date: Day
    principal: Amount | None = None
    interest: Amount | None = None
    fees: Amount | None = None
    penalties: Amount | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not (self.principal or self.interest or self.fees or self.penalties):
            raise wrong(None, "an installment has at least one of principal, interest, fees, penalties")
        return self


class SchedulePart(Strict):
    """A schedule derived from the row of its loan.

    equal     `total` in equal parts, the remainder on the last; what is over the loan's principal is interest
    annuity   the loan's principal at `rate` percent a year in equal installments
    flat      the loan's principal in equal parts, each with `rate` percent a year of the whole of it
    given     `each` is the amount of every installment; what is over the loan's principal is interest
    """

    kind: Literal["equal", "annuity", "flat", "given"]
    count: Whole
    first_due: Day
    every: Annotated[int, Field(ge=1)] = 1
    unit: Literal["months", "weeks", "days"] = "months"
    total: Amount | None = None
    each: Amount | None = None
    rate: Text | None = None

    @model_validator(mode="after")
    def _needs(self) -> Self:
        needs = {"equal": "total", "annuity": "rate", "flat": "rate", "given": "each"}[self.kind]
        for key in ("total", "each", "rate"):
            if (getattr(self, key) is not None) != (key == needs):
                has = "needs" if key == needs else "has no use for"
                raise wrong(key if key != needs else None, f"a schedule of kind {self.kind} {has} {key}")
        return self


class PaymentPart(Strict):
    """A payment: a row of its own, or found in the row of its installment or loan.

    `pays: first` is the amount of the first derived installment, `rest` of all the others, each directed
    there. In the row of something else, empty cells mean that nothing was paid; `zero: none` reads an amount
    of zero so too. `total: so_far`: the amount is all that was paid of the loan until that day; what it has
    grown by is booked, and zero says that nothing was paid. `moved_from` names the loan that the payment of
    this id was booked on before: it is taken back there, and stands here.
    """

    loan_id: Text | None = None
    payment_id: Text | None = None
    received_on: Day
    amount: Amount | None = None
    pays: Literal["first", "rest", "all"] | None = None
    installment: Text | None = None
    reverses: Text | None = None
    moved_from: Text | None = None
    zero: Literal["refuse", "none"] = "refuse"
    total: Literal["so_far"] | None = None

    @model_validator(mode="after")
    def _amount_or_pays(self) -> Self:
        if (self.amount is None) == (self.pays is None):
            raise wrong(None, "a payment has either an amount or pays (first, rest, all)")
        if self.moved_from is not None and (self.payment_id is None or self.pays is not None):
            raise wrong("moved_from", "a payment that was moved is known by its payment_id")
        if self.total is not None:
            for key in ("loan_id", "payment_id", "pays", "installment", "reverses"):
                if getattr(self, key) is not None:
                    raise wrong(key, f"a total of all that was paid has no use for {key}")
        return self


class LookUp(Strict):
    """A file whose rows are only looked up: by `key`, where the columns of `where` have these values."""

    key: Column
    where: dict[str, str] = Field(default_factory=dict[str, str])


class FilePart(Strict):
    """One file of the tape: what it is known by, how it is written, what its rows state."""

    known_by: Annotated[list[Column], Field(min_length=1)]
    may_be_absent: bool = False
    may_lack: list[Column] = Field(default_factory=list[Column])
    ignore: list[Column] = Field(default_factory=list[Column])
    encoding: Encoding | None = None
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    quote: str = '"'
    escape: str | None = None
    loan: LoanPart | None = None
    party: PartyPart | None = None
    installment: InstallmentPart | None = None
    schedule: SchedulePart | None = None
    payments: list[PaymentPart] = Field(default_factory=list[PaymentPart])
    look_up: LookUp | None = None

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        stated = [
            name for name in ("loan", "party", "installment", "look_up") if getattr(self, name) is not None
        ]
        if not stated and not self.payments:
            raise wrong(None, "a file states at least one of loan, installment, payments, party, look_up")
        if ("look_up" in stated or "party" in stated) and (len(stated) > 1 or self.payments):
            raise wrong(stated[-1], f"a file of {stated[-1]} states nothing else")
        if self.schedule is not None and self.loan is None:
            raise wrong("schedule", "a schedule is derived in the rows of the loan: this file states none")
        if self.schedule is not None and self.installment is not None:
            raise wrong(
                "schedule", "installments are either derived (schedule) or read (installment), not both"
            )
        for key in ("quote", "escape"):
            if len(getattr(self, key) or "x") != 1:
                raise wrong(key, f"{key} is one sign")
        self._check_payments()
        if self.installment is not None and self.loan is None and self.installment.loan_id is None:
            raise wrong("installment", "loan_id is missing: this file states no loan to take it from")
        return self

    def _check_payments(self) -> None:
        totals = [payment for payment in self.payments if payment.total is not None]
        if totals and self.loan is None:
            raise wrong("payments", "`total: so_far` is said in the row of the loan: this file states none")
        if len(totals) > 1:
            raise wrong("payments", "`total: so_far` is all that was paid: a file says it once")
        for payment in self.payments:
            if payment.pays is not None and self.schedule is None:
                raise wrong("payments", "`pays` speaks of derived installments: this file has no schedule")
            if payment.pays is None and self.schedule is not None and payment.installment is not None:
                raise wrong(
                    "payments", "installment has no column to name where installments are derived: use pays"
                )
            if payment.loan_id is None and self.loan is None and self.installment is None:
                raise wrong("payments", "loan_id is missing: this file states no loan to take it from")

    @property
    def only_payments(self) -> bool:
        """Whether its rows are payments and nothing else."""
        return bool(self.payments) and self.loan is None and self.installment is None


class Mapping(Strict):
    """A whole mapping. `zone` of the constants is the tape's: it says when its days end."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    about: str = ""
    constants: Constants
    formats: Formats = Formats()
    files: Annotated[dict[str, FilePart], Field(min_length=1)]

    @model_validator(mode="after")
    def _files_fit(self) -> Self:
        if not any(part.loan is not None for part in self.files.values()):
            raise wrong("files", "no file states a loan")
        for name, part in self.files.items():
            for used, taken in look_ups_of(part):
                target = self.files.get(used)
                if target is None or target.look_up is None:
                    raise wrong(
                        "files", f"{name} looks up {taken} in {used}, which is no file with look_up here"
                    )
        return self


def _texts(part: BaseModel) -> Iterator[Text]:
    for key in type(part).model_fields:
        held: Any = getattr(part, key)
        for value in held.values() if isinstance(held, dict) else held if isinstance(held, list) else (held,):  # pyright: ignore
            if isinstance(value, Text):
                yield value
            elif isinstance(value, BaseModel):
                yield from _texts(value)


def days_of(part: FilePart) -> list[Day]:
    """Every expression of a date in a file."""
    return [text for text in _texts(part) if isinstance(text, Day)]


def columns_of(part: FilePart) -> set[str]:
    """Every column that the rows of a file are read from."""
    used = {column for text in _texts(part) for column in text.columns()}
    if part.look_up is not None:
        used |= {part.look_up.key, *part.look_up.where}
    return used


def look_ups_of(part: FilePart) -> set[tuple[str, str]]:
    """The look-up files a file needs, each with a column taken from it."""
    return {found for text in _texts(part) for found in text.look_ups()}
