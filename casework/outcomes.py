"""Outcomes: what came of speaking with somebody, recorded once, with what the code does to the case.

Chats, the console and imports all come through here. An entry has the moment it happened, the moment it
reached us, and a key of whoever entered it: the same entry sent twice is one record. What each code does is
declared in strategies/outcomes.py.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec

from casework.confirm import confirm_stop
from casework.errors import CaseworkInputError
from casework.holds import asked, check_loans, held_again, lifted, placed
from casework.office import Office
from casework.promises import Promised, portfolio_spec, take, taken_back
from casework.staff.rights import Action, Actor
from storage.addresses import set_state
from storage.audit import Event, write
from storage.consents import set_consent
from storage.plans import withdraw
from storage.raw import Raw, touch
from storage.recorded import (
    CaseRow,
    OutcomeRow,
    callbacks_agreed,
    cancel_visits,
    cases_of_person,
    holds_lifted_by,
    holds_of_outcome,
    known_outcome,
    open_task,
    outcome_row,
    promises_of_outcome,
    undo,
    write_outcome,
)
from strategies.outcomes import EFFECTS, Effect, spoken

_LATE: Final = timedelta(days=14)
UNDO_WITHIN: Final = timedelta(minutes=1)
LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """What is told with an outcome, as far as its code needs it.

    loans     ids of the loans it is about; none: all of the case
    amount    minor units of the loans' currency: promised, paid, taken
    due       the promised day
    at        when to call back
    until     when a pause ends, where that is known (a moratorium); None: as the code says
    channel   of the contact, or what is to be stopped
    address   the id of the address that was used
    note      free text; stored sealed
    """

    loans: tuple[int, ...] = ()
    amount: int | None = None
    due: date | None = None
    at: datetime | None = None
    until: datetime | None = None
    channel: str | None = None
    address: int | None = None
    note: str | None = None


class Recorded(msgspec.Struct, frozen=True):
    """What came of it. `new` False: it was recorded before under the same key, and nothing was done again."""

    outcome: int
    new: bool
    effect: str  # in words
    promise: Promised | None = None
    holds: tuple[int, ...] = ()
    task: int | None = None


async def record_outcome(
    office: Office,
    actor: Actor,
    case: int,
    code: str,
    *,
    at: datetime,
    received: datetime,
    key: str,
    details: Details | None = None,
    owner: str | None = None,
) -> Recorded:
    """Record an outcome of a case (id) and do what its code says, in one transaction.

    `owner`: whose case it is, for rights that reach one's own only. Raises CaseworkInputError, which says
    what is missing or beyond a limit; Denied.
    """
    async with office.transaction() as raw:
        return await record_in(
            raw, office, actor, case, code, at=at, received=received, key=key, details=details, owner=owner
        )


async def record_in(
    raw: Raw,
    office: Office,
    actor: Actor,
    case: int,
    code: str,
    *,
    at: datetime,
    received: datetime,
    key: str,
    details: Details | None = None,
    owner: str | None = None,
) -> Recorded:
    """The same within the caller's transaction. Raises CaseworkInputError, Denied."""
    details = details or Details()
    effect = EFFECTS.get(code)
    if effect is None or effect.machine:
        known = ", ".join(name for name, one in EFFECTS.items() if not one.machine)
        raise CaseworkInputError(f"{code!r} is no outcome that one records; the codes are {known}")
    missing = [name for name in effect.needs if getattr(details, name) is None]
    if missing:
        name = {"at": "starts"}.get(missing[0], missing[0])  # as those who tell of it call it
        raise CaseworkInputError(
            f"{spoken(code)}: {missing[0]} is missing; tell it with the outcome",
            field=name,
            wrong=f"is missing: the outcome {code} needs it",
            right="give it",
        )
    if at > received:
        raise CaseworkInputError(
            f"it cannot have happened at {at.isoformat()}, which is still to come",
            field="at",
            wrong="is still to come",
            right="when it happened",
        )
    found = await asked(raw, actor, Action.RECORD_OUTCOME, case, owner)
    before = await known_outcome(raw, key)
    if before is not None:
        if before[1:] != (case, code):
            raise CaseworkInputError(
                f"the key {key!r} is of another entry ({spoken(before[2])} of case {before[1]}); "
                "give each entry one of its own",
                field="event_id",
                wrong="is of another entry",
                right="an id of its own for each entry",
            )
        return Recorded(before[0], new=False, effect=effect.why)
    return await _record(office, raw, actor, found.row, code, effect, at, received, key, details)


async def make_promise(
    office: Office,
    actor: Actor,
    case: int,
    amount: int,
    due: date,
    *,
    at: datetime,
    received: datetime,
    key: str,
    loans: tuple[int, ...] = (),
    channel: str | None = None,
    owner: str | None = None,
) -> Recorded:
    """Record a promise of `amount` (minor units) by `due`: the outcome `promise`, by its shortest way."""
    details = Details(loans=loans, amount=amount, due=due, channel=channel)
    return await record_outcome(
        office, actor, case, "promise", at=at, received=received, key=key, details=details, owner=owner
    )


async def undo_outcome(
    office: Office, actor: Actor, outcome: int, now: datetime, *, owner: str | None = None
) -> None:
    """Take an outcome back within a minute: its promise, holds and work with it.

    What was stopped or suspended stays so. Raises CaseworkInputError when it is too late, or not the actor's
    own; Denied.
    """
    async with office.transaction() as raw:
        await undo_in(raw, actor, outcome, now, owner=owner)


async def undo_in(
    raw: Raw, actor: Actor, outcome: int, now: datetime, *, owner: str | None = None
) -> int | None:
    """The same within the caller's transaction; the case, or None where it was taken back before."""
    row = await outcome_row(raw, outcome)
    if row is None:
        raise CaseworkInputError(f"outcome {outcome}: there is none of that number")
    await asked(raw, actor, Action.RECORD_OUTCOME, row[0], owner)
    row = await outcome_row(raw, outcome)  # as it stands now that nobody else works at the case
    assert row is not None
    case, received, by, undone = row
    if undone is not None:
        return None
    if by != actor.name or now > received + UNDO_WITHIN:
        raise CaseworkInputError(
            f"outcome {outcome} cannot be taken back: that is for who entered it, within a minute"
        )
    await undo(raw, outcome, now, actor.name)
    for hold in await holds_of_outcome(raw, outcome):
        await lifted(raw, actor, hold, LONG_AGO, now, "taken back")
    for hold in await holds_lifted_by(raw, outcome):
        await held_again(raw, actor, hold, now, "taken back")
    for promise in await promises_of_outcome(raw, outcome):
        await taken_back(raw, actor, promise, now)
    await withdraw(raw, outcome, actor.name, now)
    await touch(raw, [case], now)
    event = Event(now, actor.name, actor.role, "outcome.undone", "outcome", outcome)
    await write(raw.connection, [event])
    return case


async def _record(
    office: Office,
    raw: Raw,
    actor: Actor,
    case: CaseRow,
    code: str,
    effect: Effect,
    at: datetime,
    received: datetime,
    key: str,
    details: Details,
) -> Recorded:
    check_loans(case, details.loans)
    (outcome,) = await raw.ids("outcomes", 1)
    note = office.keyring.seal("outcomes", "note", outcome, details.note) if details.note else None
    await write_outcome(
        raw,
        OutcomeRow(
            outcome,
            case.id,
            code,
            at,
            received,
            key,
            actor.name,
            actor.role.value,
            details.channel,
            details.address,
            details.loans,
            details.amount,
            details.due,
            details.at,
            note,
        ),
    )
    promise: Promised | None = None
    if effect.promise and details.amount is not None and details.due is not None:
        spec = await portfolio_spec(raw, case.portfolio)
        promise = await take(
            raw, actor, case, spec, details.loans, details.amount, details.due, at, received, outcome
        )
    holds = await _pause(raw, actor, case, effect, code, at, received, details, outcome)
    await _address(office, raw, case, effect, code, at, received, details, outcome)
    task = await _job(raw, case, effect, at, received, details, outcome)
    await touch(raw, await cases_of_person(raw, case.person), received)
    data = {"case": case.id, "code": code}
    event = Event(received, actor.name, actor.role, "outcome.recorded", "outcome", outcome, data)
    await write(raw.connection, [event])
    return Recorded(outcome, True, effect.why, promise, tuple(holds), task)


async def _pause(
    raw: Raw,
    actor: Actor,
    case: CaseRow,
    effect: Effect,
    code: str,
    at: datetime,
    received: datetime,
    details: Details,
    outcome: int,
) -> list[int]:
    pause = effect.pause
    if pause is None:
        return []
    if code == "callback":  # another moment was agreed: it takes the place of the one before
        for hold in await callbacks_agreed(raw, case.id, at, received):
            await lifted(raw, actor, hold, received, received, spoken(code), outcome)
    ends = (
        details.until or details.at or (None if pause.lasts is None else _begun(at, received) + pause.lasts)
    )
    if ends is not None and ends <= at:
        raise CaseworkInputError(
            f"{spoken(code)}: a pause until {ends.isoformat()} is over before it begins",
            field="until",
            wrong="is over before it begins",
            right="a moment after that of the outcome",
        )
    loans = () if pause.person else details.loans or tuple(loan for loan, _, _ in case.loans)
    return await placed(raw, actor, case, pause.kind, loans, at, ends, received, spoken(code), outcome)


def _begun(at: datetime, received: datetime) -> datetime:
    """From when on somebody has time to look: what came late is new to them, what is long past is history."""
    return received if received - at <= _LATE else at


async def _address(
    office: Office,
    raw: Raw,
    case: CaseRow,
    effect: Effect,
    code: str,
    at: datetime,
    received: datetime,
    details: Details,
    outcome: int,
) -> None:
    if effect.address is not None and details.address is not None:
        await touch(raw, await set_state(raw, case.person, details.address, effect.address), received)
    if effect.stop:
        channel = "visit" if code == "visit_unsafe" else details.channel
        if channel is not None:
            cases = await cases_of_person(raw, case.person)
            await touch(raw, cases, received)
            if channel == "visit":
                await cancel_visits(raw, cases, received)
            book = await office.book(raw)
            await confirm_stop(raw, office, book, cases, channel, at, received)
            seal = office.keyring.seal
            await set_consent(
                raw,
                [case.person],
                channel,
                "revoked",
                received,
                "staff",
                note=lambda row: seal("consents", "note", row, f"outcome {outcome}"),
            )


async def _job(
    raw: Raw, case: CaseRow, effect: Effect, at: datetime, received: datetime, details: Details, outcome: int
) -> int | None:
    job = effect.job
    if job is None:
        return None
    begins = details.at or _begun(at, received)
    loan = details.loans[0] if details.loans else None
    return await open_task(
        raw,
        case.id,
        loan,
        job.kind,
        job.queue,
        job.priority,
        received,
        begins + job.within,
        outcome=outcome,
        starts_at=details.at,
    )
