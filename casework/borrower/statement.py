"""A borrower's statement: their loans with a lender as of a day, as a PDF.

A party sees the loans they are party to and no others. The figures are the ledger's, worked out again from
the schedule and from what had been received by that day.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from casework.borrower.answers import holdings
from casework.errors import CaseworkInputError
from casework.insight.ledgers import payment_of, schedule_row
from casework.insight.snapshot import snapshot
from casework.office import Office
from casework.portfolios import PortfolioSpec, spec_of, terms_of
from casework.staff.rights import Action, Actor, require
from ledger.allocate import allocate
from ledger.standing import standing, unpaid_of
from messages.statement.document import statement_pdf
from messages.statement.values import Line, LoanStatement, Received, Statement
from messages.values import Collector
from policy.calendar import local_day
from storage.insight.loan import installments_of, payments_of
from storage.portfolios import all_portfolios
from storage.raw import Raw
from storage.statement import loans_of_person, reader_of


class File(msgspec.Struct, frozen=True):
    """A document to hand over, of a person's loans in `portfolio`. `name` says nothing of the person."""

    name: str
    media_type: str
    content: bytes
    as_of: date
    portfolio: str


async def statements(
    office: Office,
    actor: Actor,
    person: int,
    now: datetime,
    *,
    as_of: date | None = None,
    language: str | None = None,
) -> list[File]:
    """A statement for each lender of the person, as of the end of `as_of` (None: today in the loan's zone).

    `language`: None is the person's own, else the lender's. The gate is asked as for any answer. Raises
    Denied, NotAnsweredError; CaseworkInputError for a day that is still to come.
    """
    answered = await holdings(office, actor, person, now)
    said: dict[str, Collector] = {}  # by lender; as in the first communication where that is owed for a loan
    for one in answered:
        if one.collector is not None and said.get(one.lender.code) != "first":
            said[one.lender.code] = one.collector
    async with snapshot(office) as raw:
        specs = {row.id: spec_of(row) for row in await all_portfolios(raw)}
        loans = await loans_of_person(raw, person)
        for code in {specs[row["portfolio_id"]].portfolio for row in loans} or {None}:
            for action in (Action.SEE_LOAN, Action.READ_PERSONAL_DATA):
                require(actor, action, code, owner=f"borrower {person}")
        reader = await reader_of(raw, person)
        name = None if reader.name is None else office.keyring.open("persons", "name", person, reader.name)
        made: list[File] = []
        for portfolio in sorted({row["portfolio_id"] for row in loans}):
            spec = specs[portfolio]
            today = local_day(now, spec.zone)
            if as_of is not None and as_of > today:
                raise CaseworkInputError(f"a statement as of {as_of} cannot be made yet: today is {today}")
            day = as_of or today
            spoken = language or reader.language or spec.language
            if "-" not in spoken and (reader.country or spec.country):
                spoken = f"{spoken}-{reader.country or spec.country}"
            theirs = [row for row in loans if row["portfolio_id"] == portfolio and row["made_on"] <= day]
            if not theirs:
                continue
            told = Statement(
                brand=spec.brand,
                lender=spec.name,
                name=name,
                as_of=day,
                made_on=today,
                loans=tuple([await _loan(raw, row, spec, spoken, day) for row in theirs]),
                collector=said.get(spec.portfolio),
                reach=(spec.reply_to.phone or spec.reply_to.email) if spec.reply_to else None,
            )
            content = statement_pdf(told, spoken)
            made.append(File(f"statement-{day}.pdf", "application/pdf", content, day, spec.portfolio))
    return made


async def _loan(raw: Raw, row: Any, spec: PortfolioSpec, language: str, day: date) -> LoanStatement:
    terms = terms_of(spec, row["currency"])
    rows = await installments_of(raw, row["id"])
    payments = [one for one in await payments_of(raw, row["id"]) if one["received_on"] <= day]
    schedule = [schedule_row((r[0], r[3], r[4], r[5], r[6], r[7])) for r in rows]
    spread = allocate(terms, schedule, [payment_of((p[0], *p[2:])) for p in payments], day)
    unpaid = unpaid_of(schedule, spread)
    late = [one for one in unpaid if one.due < day and one.left > terms.tolerance]
    coming = [one for one in unpaid if one.due >= day and one.left > terms.tolerance]
    pay = spec.pay.get(language.partition("-")[0]) or spec.pay.get(spec.language)
    outstanding = sum(one.left for one in unpaid)
    return LoanStatement(
        loan=row["external_id"],
        product=row["product"],
        currency=row["currency"],
        outstanding=outstanding,
        arrears=standing(unpaid, terms, day).arrears,
        late_since=late[0].due if late else None,
        next_on=coming[0].due if coming else None,
        next_amount=sum(one.left for one in coming if one.due == coming[0].due) if coming else 0,
        credit=spread.credit,
        schedule=tuple(
            Line(r["number"], one.due, one.total, paid.total)
            for r, one, paid in zip(rows, schedule, spread.paid, strict=True)
        ),
        payments=_received(payments),
        pay=pay.replace("{reference}", row["external_id"]) if pay and outstanding else None,
    )


def _received(payments: Sequence[Any]) -> tuple[Received, ...]:
    """Payments as they came; what was taken back says since when."""
    returned = {one["reverses_id"]: one["received_on"] for one in payments if one["reverses_id"] is not None}
    return tuple(
        Received(one["received_on"], one["amount_minor"], returned.get(one["id"]))
        for one in payments
        if one["reverses_id"] is None
    )
