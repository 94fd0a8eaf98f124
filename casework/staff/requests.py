"""What people tell and ask that somebody settles: payments to be found, and time that they need.

A payment that is found leaves its pause as it is, until it is posted or the pause is over; one that is not
ends the pause. Time is given until a day or not given; either has a reason, which is on record.
"""

import base64
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from casework.errors import CaseworkInputError
from casework.holds import lifted, may_act, set_end
from casework.office import Office
from casework.staff.card import masked
from casework.staff.desk import portfolios_for
from casework.staff.people import Member
from casework.staff.rights import Action, may, require
from policy.calendar import DAY, day_start, local_day
from storage.audit import Datum, Event, write
from storage.raw import Raw
from storage.recorded import holds_of_outcome
from storage.staff import work as stored
from storage.staff.work import Told

PAID: Final = ("claims_paid",)
TIME: Final = ("hardship", "vulnerable")
LONGEST: Final = 366  # days that are given at once
_MOST: Final = 100
_BEFORE: Final = timedelta(hours=1)  # a photo is sent before it is said what it is of
_AFTER: Final = timedelta(minutes=1)


class Asked(msgspec.Struct, frozen=True):
    """Something that was told and waits for an answer.

    name      masked; None: not for who reads this
    note      what was told with it; None likewise, or nothing was
    pictures  ids of photos that came with it, for who may see them
    """

    task: int
    case: int
    portfolio: str
    name: str | None
    code: str
    at: datetime
    by: str
    of_borrower: bool
    minor: int | None
    currency: str | None
    loans: tuple[str, ...]
    note: str | None
    pictures: tuple[int, ...]
    finish_by: datetime | None


async def payments_claimed(office: Office, member: Member) -> Sequence[Asked]:
    """Payments that people say they made and nobody has found yet, by their deadline. Raises Denied."""
    return await _listed(office, member, PAID)


async def time_asked(office: Office, member: Member) -> Sequence[Asked]:
    """Whoever cannot pay and waits for what can be done, by the deadline. Raises Denied."""
    return await _listed(office, member, TIME)


async def _listed(office: Office, member: Member, codes: Sequence[str]) -> list[Asked]:
    async with office.transaction() as raw:
        mine = await portfolios_for(raw, office, member, Action.LIFT_HOLD)
        found = await stored.told(raw, mine, codes, None, _MOST)
        return [await _asked(raw, office, member, one) for one in found]


async def _asked(raw: Raw, office: Office, member: Member, one: Told) -> Asked:
    code = (await office.book(raw)).portfolios[one.portfolio].portfolio
    reads = may(member.actor, Action.READ_PERSONAL_DATA, code)
    ring = office.keyring
    name = None
    if reads and one.name is not None:
        name = masked(ring.open("persons", "name", one.person, one.name))
    note = None
    if reads and one.note is not None:
        note = ring.open("outcomes", "note", one.outcome, one.note)
    files: list[int] = []
    if reads and one.code in PAID:
        files = await stored.pictures(raw, one.person, one.at - _BEFORE, one.at + _AFTER)
    return Asked(
        one.task,
        one.case,
        code,
        name,
        one.code,
        one.at,
        one.by,
        one.role == "borrower",
        one.minor,
        one.currency,
        one.loans,
        note,
        tuple(files),
        one.finish_by,
    )


async def picture(office: Office, member: Member, task: int, file: int, now: datetime) -> tuple[str, bytes]:
    """A photo that came with what somebody says they paid: (MIME type, bytes); the look is on record.

    Raises Denied; CaseworkInputError where there is none.
    """
    async with office.transaction() as raw:
        one, code = await _one(raw, office, member, task, PAID)
        require(member.actor, Action.READ_PERSONAL_DATA, code)
        if file not in await stored.pictures(raw, one.person, one.at - _BEFORE, one.at + _AFTER):
            raise CaseworkInputError("that photo does not belong to it")
        kind, sealed = await stored.picture(raw, file)
        await write(raw.connection, [_event(member, "proof.seen", task, {"file": file}, now)])
        return kind, base64.b64decode(office.keyring.open("chat_files", "content", file, sealed))


async def settle_payment(
    office: Office, member: Member, task: int, *, found: bool, reason: str, now: datetime
) -> None:
    """The payment was found, or was not; if not, the pause ends. Raises Denied, CaseworkInputError."""
    if not found and not reason.strip():
        raise CaseworkInputError("say where it was looked for: the reason is on record")
    async with office.transaction() as raw:
        one, _ = await _one(raw, office, member, task, PAID)
        if not found:
            for hold in await holds_of_outcome(raw, one.outcome):
                await may_act(raw, member.actor, hold)
                await lifted(raw, member.actor, hold, now, now, reason.strip())
        await _ended(raw, member, one, "payment.found" if found else "payment.not_found", reason, now)


async def answer_time(
    office: Office, member: Member, task: int, until: date | None, reason: str, now: datetime
) -> None:
    """Time is given until the end of a day, or (None) not given: the pause ends then, or now.

    Raises Denied, CaseworkInputError.
    """
    if not reason.strip():
        raise CaseworkInputError("say why, in words of the desk and nothing personal: it is on record")
    async with office.transaction() as raw:
        one, _ = await _one(raw, office, member, task, TIME)
        zone = await raw.value("SELECT zones[1] FROM persons WHERE id = $1", one.person)
        if until is not None and not 0 < (until - local_day(now, zone)).days <= LONGEST:
            raise CaseworkInputError(f"time is given from tomorrow on, for up to {LONGEST} days")
        for hold in await holds_of_outcome(raw, one.outcome):
            await may_act(raw, member.actor, hold)
            if until is None:
                await lifted(raw, member.actor, hold, now, now, reason.strip())
            else:
                ends = day_start(until + DAY, zone)
                await set_end(raw, member.actor, hold, ends, now, reason.strip())
        await _ended(raw, member, one, "time.given" if until else "time.refused", reason, now)


async def _one(raw: Raw, office: Office, member: Member, task: int, codes: Sequence[str]) -> tuple[Told, str]:
    mine = await portfolios_for(raw, office, member, Action.LIFT_HOLD)
    found = await stored.told(raw, mine, codes, task, 1)
    if not found:
        raise CaseworkInputError("that is settled already, or not yours to settle")
    return found[0], (await office.book(raw)).portfolios[found[0].portfolio].portfolio


async def _ended(raw: Raw, member: Member, one: Told, what: str, reason: str, now: datetime) -> None:
    if not await stored.end_task(raw, one.task, now):
        raise CaseworkInputError("that is settled already")
    await write(
        raw.connection,
        [_event(member, what, one.task, {"case": one.case, "reason": reason.strip()[:320]}, now)],
    )


def _event(member: Member, action: str, task: int, data: dict[str, Datum], now: datetime) -> Event:
    return Event(now, member.name, member.actor.role, action, "task", task, data)
