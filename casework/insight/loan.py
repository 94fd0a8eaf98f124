"""One loan, as everything about it stands on a date: balances, schedule, payments, cases, contacts."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from casework.errors import CaseworkInputError, NotFoundError
from casework.insight.ledgers import payment_of, schedule_row
from casework.insight.snapshot import snapshot
from casework.office import Office
from casework.portfolios import spec_of, terms_of
from casework.staff.rights import Action, Actor, Denied, require
from ledger.allocate import Ledger, allocate
from ledger.money import format_major
from ledger.schedule import Installment
from ledger.standing import Unpaid, per_installment, standing, unpaid_of
from ledger.terms import Terms
from policy.calendar import DAY, day_start, local_day
from storage.insight.loan import (
    EVER,
    cases_of,
    contacts_of,
    holds_of,
    installments_of,
    loans_named,
    payments_of,
    tasks_of,
)
from storage.portfolios import PortfolioRow, all_portfolios
from storage.raw import Raw

Document = dict[str, Any]


async def loan(
    office: Office,
    actor: Actor,
    external_id: str,
    now: datetime,
    *,
    source: str | None = None,
    as_of: date | None = None,
    known_at: datetime | None = None,
) -> Document:
    """The loan as of the end of `as_of` (None: today in its zone, at `now`), ready to be written as JSON.

    `known_at`: by the schedule and the payments that were on record at that moment (None: all that is now).
    So a balance is stated as true on a day, or as it was known then. Amounts are text in major units. Raises
    CaseworkInputError where there is no such loan, where several sources have the id, where it was made or
    first came later; Denied.
    """
    async with snapshot(office) as raw:
        portfolios = {one.id: one for one in await all_portfolios(raw)}
        row = await _one(raw, actor, {key: one.code for key, one in portfolios.items()}, external_id, source)
        portfolio = portfolios[row["portfolio_id"]]
        if known_at is not None and known_at < row["governed_since"]:
            raise CaseworkInputError(
                f"loan {external_id} first came on {row['governed_since']:%Y-%m-%d %H:%M}Z; "
                f"nothing of it was known at {known_at.astimezone(UTC):%Y-%m-%d %H:%M}Z"
            )
        day = as_of or local_day(known_at or now, row["zone"])
        if row["made_on"] > day:
            raise CaseworkInputError(
                f"loan {external_id} was made on {row['made_on']}; as of {day} it does not exist",
                field="as_of",
                wrong="is before the loan was made",
                right=f"{row['made_on']} or later",
            )
        return await _document(raw, row, portfolio, day, now, known_at)


async def _one(raw: Raw, actor: Actor, codes: Mapping[int, str], external_id: str, source: str | None) -> Any:
    """The loan. Of those of other portfolios the actor hears no more than of those that nobody has."""
    theirs = sorted(actor.portfolios or ())
    require(actor, Action.SEE_LOAN, theirs[0] if theirs else None)
    found: list[Any] = []
    denied: Denied | None = None
    for row in await loans_named(raw, external_id, source):
        try:
            require(actor, Action.SEE_LOAN, codes[row["portfolio_id"]])
        except Denied as error:
            denied = error
        else:
            found.append(row)
    if not found:
        where = f" in source {source!r}" if source else ""
        error = NotFoundError(
            f"there is no loan {external_id!r}{where}", field="loan_id", wrong="there is no such loan"
        )
        error.denied = denied
        raise error
    if len(found) > 1:
        sources = ", ".join(row["source"] for row in found)
        raise CaseworkInputError(
            f"several sources have a loan {external_id!r}: {sources}; say which with --source",
            field="source",
            wrong="several sources have a loan of this id",
            right=f"one of {sources}",
        )
    return found[0]


async def _document(
    raw: Raw, row: Any, portfolio: PortfolioRow, day: date, now: datetime, known_at: datetime | None
) -> Document:
    currency: str = row["currency"]
    terms = terms_of(spec_of(portfolio), currency)
    then = known_at or EVER
    installments = await installments_of(raw, row["id"], then)
    payments = [entry for entry in await payments_of(raw, row["id"], then) if entry["received_on"] <= day]
    schedule = [schedule_row((r[0], r[3], r[4], r[5], r[6], r[7])) for r in installments]
    spread = allocate(terms, schedule, [payment_of((p[0], *p[2:])) for p in payments], day)
    unpaid = unpaid_of(schedule, spread)
    stands = standing(unpaid, terms, day)
    # Until the day's end, or now where that is earlier: a view of today knows nothing of tonight.
    until = day_start(day + DAY, row["zone"])
    cases = [dict(case) for case in await cases_of(raw, row["id"])]
    ids = [case["case"] for case in cases]
    holds = await holds_of(raw, row["id"], min(now, until))
    contacts = await contacts_of(raw, row["id"], ids, until)
    tasks = await tasks_of(raw, row["id"], ids, until)
    return {
        "loan": row["external_id"],
        "source": row["source"],
        "portfolio": portfolio.code,
        "product": row["product"],
        "currency": currency,
        "principal": _amount(row["principal_minor"], currency),
        "made_on": row["made_on"],
        "status": row["status"],
        "zone": row["zone"],
        "as_of": day,
        "known_at": known_at,
        "arrears": format_major(stands.arrears, currency),
        "outstanding": format_major(sum(one.left for one in unpaid), currency),
        "credit": format_major(spread.credit, currency),
        "dpd": stands.dpd,
        "delinquent_days": stands.delinquent_days,
        "bucket": stands.bucket,
        "core_outstanding": _amount(row["core_outstanding_minor"], currency),
        "core_dpd": row["core_dpd"],
        "installments": _installments(installments, schedule, spread, terms, day),
        "payments": _payments(payments, installments, spread, currency),
        "cases": cases,
        "holds": [dict(hold) for hold in holds],
        "contacts": [dict(contact) for contact in contacts],
        "tasks": [dict(task) for task in tasks],
    }


def _installments(
    rows: list[Any], schedule: list[Installment], spread: Ledger, terms: Terms, day: date
) -> list[Document]:
    """Each installment with what was paid of it, its own days past due and bucket."""
    left = [
        Unpaid(one.id, one.due, one.total - paid.total)
        for one, paid in zip(schedule, spread.paid, strict=True)
    ]
    stands = per_installment(left, terms, day)
    return [
        {
            "number": row["number"],
            "due_date": row["due_on"],
            "due": format_major(one.total, terms.currency),
            "paid": format_major(one.total - rest.left, terms.currency),
            "outstanding": format_major(rest.left, terms.currency),
            "dpd": stand.dpd,
            "bucket": stand.bucket,
        }
        for row, one, rest, stand in zip(rows, schedule, left, stands, strict=True)
    ]


def _payments(payments: list[Any], installments: list[Any], spread: Ledger, currency: str) -> list[Document]:
    """Each payment with what it settled; what was taken back settled nothing."""
    number = {row["id"]: row["number"] for row in installments}
    name = {payment["id"]: payment["external_id"] for payment in payments}
    taken_back = {p["reverses_id"]: p["received_on"] for p in payments if p["reverses_id"] is not None}
    credit = {credit.payment: credit.amount for credit in spread.credits}
    return [
        {
            "payment": payment["external_id"],
            "received_on": payment["received_on"],
            "amount": format_major(payment["amount_minor"], currency),
            "installment": number.get(payment["installment_id"]),
            "reverses": name.get(payment["reverses_id"]),
            "reversed_on": taken_back.get(payment["id"]),
            "credit": format_major(credit.get(payment["id"], 0), currency),
            "allocations": [
                {
                    "installment": number[part.installment],
                    "penalties": format_major(part.penalties, currency),
                    "fees": format_major(part.fees, currency),
                    "interest": format_major(part.interest, currency),
                    "principal": format_major(part.principal, currency),
                }
                for part in spread.allocations
                if part.payment == payment["id"]
            ],
        }
        for payment in payments
    ]


def _amount(minor: int | None, currency: str) -> str | None:
    return None if minor is None else format_major(minor, currency)
