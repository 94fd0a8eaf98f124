"""Agreed plans: what is owed is paid in parts on days of their own, and their schedule replaces the strategy.

The outcome `plan_agreed` holds the loans until somebody else has approved the plan. From then on each
payment is a promise: it is reminded of the day before, waited for, and read from the payments that came in
since. While they are kept nothing else is said of these loans; the first that is not ends the plan, and the
strategy goes on where it counts from `broken`.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec

from casework.errors import CaseworkInputError
from casework.holds import asked, check_loans, lifted
from casework.office import Office
from casework.outcomes import Details, Recorded, record_in
from casework.promises import cancelled, portfolio_spec
from casework.questions import Kind
from casework.staff.card import code_of
from casework.staff.rights import Action, Actor
from ledger.money import format_major
from policy.calendar import DAY, day_start, local_day
from storage import approvals, plans
from storage.approvals import Approval
from storage.audit import Event, write
from storage.raw import Raw, touch
from storage.recorded import (
    PromiseRow,
    cases_of_loans,
    holds_of_outcome,
    lock_case,
    open_promises,
    outcome_row,
    owing,
    write_promise,
)

KIND: Final = "plan"
MOST: Final = 120  # payments of a plan


class Part(msgspec.Struct, frozen=True):
    """A payment of a plan: minor units by a day."""

    due: date
    amount: int


class Agreed(msgspec.Struct, frozen=True):
    """A plan that waits for somebody else's yes, and what was recorded of it."""

    recorded: Recorded
    approval: int | None
    currency: str
    parts: tuple[Part, ...]

    @property
    def outcome(self) -> int:
        return self.recorded.outcome

    @property
    def new(self) -> bool:
        """False: it was entered before under the same key."""
        return self.recorded.new


async def agree_plan(
    office: Office,
    actor: Actor,
    case: int,
    parts: Sequence[Part],
    *,
    at: datetime,
    received: datetime,
    key: str,
    loans: tuple[int, ...] = (),
    owner: str | None = None,
) -> Agreed:
    """Record that a plan was agreed on `loans` (ids; none: all that owe) of a case, and ask for approval.

    Raises CaseworkInputError where the payments are no plan for these loans; Denied.
    """
    async with office.transaction() as raw:
        return await agree_in(
            raw, office, actor, case, parts, at=at, received=received, key=key, loans=loans, owner=owner
        )


async def agree_in(
    raw: Raw,
    office: Office,
    actor: Actor,
    case: int,
    parts: Sequence[Part],
    *,
    at: datetime,
    received: datetime,
    key: str,
    loans: tuple[int, ...] = (),
    channel: str | None = None,
    owner: str | None = None,
) -> Agreed:
    """The same within the caller's transaction. `channel`: by which it was agreed.

    A plan of the case that was agreed before its terms were known has them now: its hold and its work end.
    """
    found = await asked(raw, actor, Action.RECORD_OUTCOME, case, owner)
    row = found.row
    check_loans(row, loans)
    named = tuple(loans) or await owing(raw, [loan for loan, _, _ in row.loans])
    currency = _currency([one for loan, _, one in row.loans if loan in named])
    ordered = _ordered(parts, local_day(at, row.zone))
    total, owed = sum(part.amount for part in ordered), await plans.outstanding(raw, named)
    if total > owed:
        raise CaseworkInputError(
            f"the plan is of {currency} {format_major(total, currency)}, and {currency} "
            f"{format_major(owed, currency)} is owed on these loans"
        )
    details = Details(loans=named, amount=total, due=ordered[-1].due, channel=channel)
    recorded = await record_in(
        raw,
        office,
        actor,
        case,
        "plan_agreed",
        at=at,
        received=received,
        key=key,
        details=details,
        owner=owner,
    )
    if not recorded.new:
        return Agreed(recorded, None, currency, ordered)
    for before in await plans.without_terms(raw, case, recorded.outcome):
        await _over(raw, actor, before, (), received, "done", by=recorded.outcome)
    about = (
        f"plan of {code_of(case)}: {currency} {format_major(total, currency)} in {len(ordered)} payments "
        f"from {ordered[0].due} to {ordered[-1].due}"
    )
    content = {
        "case": case,
        "outcome": recorded.outcome,
        "at": at.isoformat(),
        "loans": list(named),
        "parts": [[part.due.isoformat(), part.amount] for part in ordered],
    }
    question = await approvals.ask(raw, KIND, row.portfolio, about, content, actor.name, received)
    return Agreed(recorded, question, currency, ordered)


class Payment(msgspec.Struct, frozen=True):
    """A payment of a plan and what became of it."""

    due: date
    amount: int
    currency: str
    state: str


class Standing(msgspec.Struct, frozen=True):
    """A plan of a case: waiting | running | kept | broken | cancelled, and its payments by day.

    waiting: for a yes to `approval`; until then it has no number, and nobody has approved it.
    """

    plan: int | None
    state: str
    agreed_at: datetime
    agreed_by: str
    approved_by: str | None
    payments: tuple[Payment, ...]
    approval: int | None = None


async def plans_of(office: Office, actor: Actor, case: int, *, owner: str | None = None) -> list[Standing]:
    """The plans of a case, the oldest first, then those that wait. Raises CaseworkInputError, Denied."""
    async with office.transaction() as raw:
        found = await asked(raw, actor, Action.SEE_LOAN, case, owner)
        rows = await plans.plans_of(raw, case)
        payments: dict[int, list[Payment]] = {row["id"]: [] for row in rows}
        for plan, _, due, amount, state, currency in await plans.payments_of_plans(raw, list(payments)):
            payments[plan].append(Payment(due, amount, currency, state))
        questions = [one for one in await approvals.waiting(raw) if one.kind == KIND]
    currencies = {loan: currency for loan, _, currency in found.row.loans}
    agreed = [
        Standing(
            row["id"],
            _state(payments[row["id"]]),
            row["agreed_at"],
            row["agreed_by"],
            row["approved_by"],
            tuple(payments[row["id"]]),
        )
        for row in rows
    ]
    return agreed + [_waiting(one, currencies) for one in questions if one.content["case"] == case]


def _waiting(question: Approval, currencies: Mapping[int, str]) -> Standing:
    """A plan that somebody is still to approve."""
    given = question.content
    currency = currencies[given["loans"][0]]
    payments = tuple(
        Payment(date.fromisoformat(day), amount, currency, "waiting") for day, amount in given["parts"]
    )
    at = datetime.fromisoformat(given["at"])
    return Standing(None, "waiting", at, question.asked_by, None, payments, question.id)


async def cancel_plan(
    office: Office, actor: Actor, case: int, plan: int, now: datetime, *, owner: str | None = None
) -> None:
    """Take a plan of the case back: its payments to come are waited for no more.

    Raises CaseworkInputError, Denied.
    """
    async with office.transaction() as raw:
        await asked(raw, actor, Action.RECORD_OUTCOME, case, owner)
        if plan not in [row["id"] for row in await plans.plans_of(raw, case)]:
            raise CaseworkInputError(f"case {case} has no plan {plan}")
        await _cancelled(raw, actor, plan, now)


def _state(payments: Sequence[Payment]) -> str:
    states = {payment.state for payment in payments}
    for state, means in (("broken", "broken"), ("partly_kept", "broken"), ("open", "running")):
        if state in states:
            return means
    return "cancelled" if "cancelled" in states else "kept"


def _ordered(parts: Sequence[Part], made_on: date) -> tuple[Part, ...]:
    """The parts by day. CaseworkInputError where they are no plan."""
    ordered = tuple(sorted(parts, key=lambda part: part.due))
    days = [part.due for part in ordered]
    if not ordered or len(ordered) > MOST:
        raise CaseworkInputError(f"a plan has 1 to {MOST} payments, and this one has {len(ordered)}")
    if any(part.amount <= 0 for part in ordered):
        raise CaseworkInputError("a payment of nothing is none; give each its amount")
    if len(set(days)) < len(days):
        raise CaseworkInputError("two payments of the plan are due on one day; make them one")
    if days[0] < made_on:
        raise CaseworkInputError(f"{days[0]} is past: a plan agreed on {made_on} begins that day or later")
    return ordered


def _currency(currencies: Sequence[str]) -> str:
    if not currencies:
        raise CaseworkInputError("nothing is unpaid, so there is nothing to agree on")
    if len(set(currencies)) > 1:
        listed = ", ".join(sorted(set(currencies)))
        raise CaseworkInputError(f"a plan has one currency, and these loans have {listed}; agree on one each")
    return currencies[0]


async def _yes(
    office: Office, raw: Raw, actor: Actor, question: Approval, now: datetime
) -> Mapping[str, Any]:
    """Its payments are promises from now on, in place of what was promised or planned on these loans."""
    asked_for = question.content
    case, loans, outcome = asked_for["case"], tuple(asked_for["loans"]), asked_for["outcome"]
    row, recorded = await lock_case(raw, case), await outcome_row(raw, outcome)
    assert row is not None  # cases are not deleted
    if recorded is None or recorded[3] is not None:
        raise CaseworkInputError(f"approval {question.id}: the plan was taken back; refuse it")
    grace = (await portfolio_spec(raw, row.portfolio)).promises.grace_days * DAY
    for promise in await open_promises(raw, loans):
        await cancelled(raw, actor, promise["id"], now)
    for plan in await plans.running(raw, loans):
        await _cancelled(raw, actor, plan, now)
    agreed_at = datetime.fromisoformat(asked_for["at"])
    plan = await plans.write_plan(raw, case, outcome, agreed_at, question.asked_by, now, actor.name)
    before = 0
    for day, amount in asked_for["parts"]:
        due = date.fromisoformat(day)
        until = day_start(due + grace + DAY, row.zone)
        made_on = local_day(agreed_at, row.zone)
        await write_promise(
            raw,
            PromiseRow(
                case,
                outcome,
                amount,
                agreed_at,
                made_on,
                due,
                due + grace,
                until,
                True,
                question.asked_by,
                now,
                loans,
                plan,
                before,
            ),
        )
        before += amount
    await _over(raw, actor, outcome, loans, now, "done")
    event = Event(now, actor.name, actor.role, "plan.approved", "plan", plan, {"case": case})
    await write(raw.connection, [event])
    return {"plan": plan, "payments": len(asked_for["parts"])}


async def in_words(raw: Raw, question: Approval) -> tuple[str, ...]:
    """What the plan would put in place of what, a sentence each."""
    asked_for = question.content
    unpaid = await plans.unpaid_of(raw, asked_for["loans"])
    if not unpaid:
        return ("nothing is owed on these loans any more",)
    currency = unpaid[0][0]
    owed = format_major(sum(left for _, _, left in unpaid), currency)
    days = f"from {unpaid[0][1]} to {unpaid[-1][1]}" if len(unpaid) > 1 else f"on {unpaid[0][1]}"
    instead = f"instead of {len(unpaid)} unpaid installments of {currency} {owed} in all, due {days}:"
    parts = [f"{day}: {currency} {format_major(amount, currency)}" for day, amount in asked_for["parts"]]
    return (instead, *parts)


async def _no(office: Office, raw: Raw, actor: Actor, question: Approval, now: datetime) -> None:
    """Nothing was agreed: the strategy goes on."""
    asked_for = question.content
    await _over(raw, actor, asked_for["outcome"], tuple(asked_for["loans"]), now, "cancelled")


async def _over(
    raw: Raw,
    actor: Actor,
    outcome: int,
    loans: tuple[int, ...],
    now: datetime,
    state: str,
    by: int | None = None,
) -> None:
    """The wait for approval is over: its hold is lifted, its work ends.

    `by`: the outcome that takes its place, and gives it up again where it is taken back.
    """
    for hold in await holds_of_outcome(raw, outcome):
        await lifted(raw, actor, hold, now, now, "the plan was answered", by)
    await plans.close_work(raw, outcome, state, by)
    await touch(raw, await cases_of_loans(raw, loans), now)


async def _cancelled(raw: Raw, actor: Actor, plan: int, now: datetime) -> None:
    for _, promise, _, _, state, _ in await plans.payments_of_plans(raw, [plan]):
        if state == "open":
            await cancelled(raw, actor, promise, now)
    await write(raw.connection, [Event(now, actor.name, actor.role, "plan.cancelled", "plan", plan)])


PLAN: Final = Kind(Action.APPROVE, four_eyes=True, yes=_yes, no=_no)
