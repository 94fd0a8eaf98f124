"""Whose an address is, as it is found out: confirmed by the person, another's, reported reassigned.

An unverified address carries a neutral request alone, a suspended or detached one nothing (PRODUCT.md).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.rights import Action, Actor, require
from casework.whom import find_cases
from storage.addresses import (
    Held,
    end_traces,
    held_at,
    held_by,
    open_traces,
    put_state,
    reassign,
    share_anew,
    suspend,
)
from storage.audit import Event, write
from storage.crypt import normal_email, normal_phone
from storage.raw import Raw, touch

Finding = Literal["confirmed", "unverified", "detached"]


async def find_address(
    office: Office, actor: Actor, borrower: str, value: str, *, source: str | None = None
) -> int:
    """The address of a borrower (external id) that reads `value`: a number, or a mail. Raises Denied,
    CaseworkInputError."""
    require(actor, Action.SETTLE_ADDRESS)
    kind, token = _token(office, value)
    async with office.transaction() as raw:
        (row, *_) = await find_cases(
            raw, await office.book(raw), actor, Action.SETTLE_ADDRESS, borrower, source=source
        )
        held = await held_at(raw, kind, token)
    found = next((one.id for one in held if one.person == row.person), None)
    if found is None:
        raise CaseworkInputError(f"borrower {borrower!r} has no such {kind} on file")
    return found


async def settle_address(
    office: Office,
    actor: Actor,
    address: int,
    finding: Finding,
    now: datetime,
    *,
    portfolio: str | None = None,
) -> None:
    """What a trace, or the person's own answer at the address, found of it.

    confirmed   they answered a code or a link there
    unverified  nobody knows whose it is; it is not known to be wrong
    detached    it is somebody else's; nothing goes there any more
    `portfolio`: of the person's case that it was found out at; None: nobody says at which. A trace of the
    person's cases is done with that. Raises Denied, CaseworkInputError.
    """
    require(actor, Action.SETTLE_ADDRESS, portfolio)
    async with office.transaction() as raw:
        held = await held_by(raw, address)
        if not held:
            raise CaseworkInputError(f"there is no address {address}")
        everybody = await held_at(raw, held[0].kind, held[0].token)
        await touch(raw, _cases(everybody), now)
        await put_state(raw, [address], finding, now if finding == "confirmed" else None)
        await share_anew(raw, held[0].kind, held[0].token)
        done = await end_traces(raw, _cases(held))
        await _write(raw, actor, now, [(f"address.{finding}", "address", address)])
        await _write(raw, actor, now, [("task.done", "task", task) for task in done])


async def suspend_for_all(office: Office, actor: Actor, address: int, now: datetime) -> None:
    """Somebody there says that they are not the person: closed for every loan of everybody who has it, and a
    trace is asked for. Raises Denied, CaseworkInputError."""
    require(actor, Action.SETTLE_ADDRESS)
    async with office.transaction() as raw:
        held = await held_by(raw, address)
        if not held:
            raise CaseworkInputError(f"there is no address {address}")
        others = await held_at(raw, held[0].kind, held[0].token)
        cases = _cases(others)
        await touch(raw, cases, now)
        changed = await suspend(raw, held[0].kind, held[0].token)
        traced = await open_traces(raw, cases, None, now)
        await _write(raw, actor, now, [("address.suspended", "address", one) for one in changed])
        await _write(raw, actor, now, [("task.opened", "task", task) for task in traced])


async def report_reassigned(office: Office, actor: Actor, value: str, now: datetime) -> int:
    """A register says that it has a new owner: unverified for everybody who has it; how many rows changed.

    Raises Denied, and CaseworkInputError where `value` is none.
    """
    require(actor, Action.SETTLE_ADDRESS)
    kind, token = _token(office, value)
    async with office.transaction() as raw:
        held = await held_at(raw, kind, token)
        await touch(raw, _cases(held), now)
        changed = sorted({one.id for one in held if one.state in ("attested", "confirmed")})
        await reassign(raw, changed)
        await _write(raw, actor, now, [("address.reassigned", "address", one) for one in changed])
    return len(changed)


def _token(office: Office, value: str) -> tuple[str, bytes]:
    """What `value` is, and how it is found: it is stored sealed. CaseworkInputError where it is none."""
    kind, normal = ("email", normal_email) if "@" in value else ("phone", normal_phone)
    try:
        return kind, office.keyring.token(kind, normal(value))
    except ValueError as error:
        raise CaseworkInputError(str(error)) from None


def _cases(held: Sequence[Held]) -> list[int]:
    return sorted({one.case for one in held if one.case is not None})


async def _write(raw: Raw, actor: Actor, now: datetime, done: Sequence[tuple[str, str, int]]) -> None:
    if done:
        await write(
            raw.connection,
            [Event(now, actor.name, actor.role, action, subject, id_) for action, subject, id_ in done],
        )
