"""What came of a turn: recorded once, with what it finishes and begins; taken back within a minute."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from casework.errors import CaseworkInputError
from casework.may import Wish, permission
from casework.office import Office
from casework.outcomes import UNDO_WITHIN, Details, Recorded, record_in, undo_in
from casework.plans import Part, agree_in
from casework.staff.access import own_name
from casework.staff.card import Card, card, code_of
from casework.staff.desk import UNREACHED, mine, taken
from casework.staff.people import Member
from policy.calendar import DAY
from storage.audit import Event, write
from storage.raw import Raw
from storage.recorded import open_task
from storage.staff import desk as stored
from storage.staff.desk import Finishes, Turn
from storage.staff.people import assign
from storage.whom import case_row
from strategies.outcomes import EFFECTS, spoken

BEGINS: Final = frozenset({"promise", "callback", "plan_agreed"})
"""What somebody goes on with themselves: the case is theirs from then on, unless it is somebody's."""


class Entered(msgspec.Struct, frozen=True):
    """What was recorded, of which case."""

    case: int
    recorded: Recorded


async def enter(
    office: Office,
    member: Member,
    turn: int,
    code: str,
    now: datetime,
    details: Details | None = None,
    plan: Sequence[Part] = (),
) -> Entered:
    """Record what came of a turn. Tapped twice it is one record. Raises Denied, CaseworkInputError.

    The address it is about is the best number of the case, unless the details name one. `plan`: the payments
    of one that was agreed, which then waits for somebody else's yes.
    """
    if plan:
        total, last = sum(part.amount for part in plan), max(part.due for part in plan)
        details = msgspec.structs.replace(details or Details(), amount=total, due=last)
    async with office.transaction() as raw:
        before = await stored.turn_of(raw, turn)
        if before is not None and before.staff == member.id and await _stands(raw, before, code, details):
            again = await record_in(
                raw,
                office,
                member.actor,
                before.case,
                code,
                at=now,
                received=now,
                key=key_of(turn),
                details=await _filled(raw, office, member, before, code, details, now),
                owner=member.name,  # a second tap on what they entered, whose ever the case is
            )
            return Entered(before.case, again)
        found = await mine(raw, member, turn, now)
        filled = await _filled(raw, office, member, found, code, details, now)
        owner = await own_name(raw, member, found.case, now)
        key = key_of(found.id)
        if plan:
            agreed = await agree_in(
                raw,
                office,
                member.actor,
                found.case,
                plan,
                at=now,
                received=now,
                key=key,
                loans=filled.loans,
                channel=filled.channel,
                owner=owner,
            )
            recorded = agreed.recorded
        else:
            recorded = await record_in(
                raw,
                office,
                member.actor,
                found.case,
                code,
                at=now,
                received=now,
                key=key,
                details=filled,
                owner=owner,
            )
        await settle(raw, member, found.case, found.task, code, recorded.outcome, now)
        await stored.end(raw, found.id, "recorded", now)
    return Entered(found.case, recorded)


async def _stands(raw: Raw, turn: stored.Turn, code: str, details: Details | None) -> bool:
    """Whether the very same was entered at the turn, and not taken back. CaseworkInputError: another was."""
    kept = await stored.entered_under(raw, key_of(turn.id))
    if kept is None or kept.undone:
        return False
    given = details or Details()
    same = (code, given.amount, given.due, given.at) == (kept.code, kept.amount, kept.due, kept.at)
    if not same or are_others(given.loans, kept.loans) or (given.channel or kept.channel) != kept.channel:
        raise CaseworkInputError(
            f"{code_of(turn.case)} is saved already ({spoken(kept.code)}); Undo takes it back within a minute"
        )
    return True


def are_others(loans: Sequence[int], before: Sequence[int]) -> bool:
    """Whether an amount is about loans of which an amount entered `before` was not: it is another, as many
    minor units as it may be (200.00 EUR are no 20,000 JPY). None named: all of the case."""
    return bool(loans and before) and not set(loans) & set(before)


async def settle(
    raw: Raw,
    member: Member,
    case: int,
    task: int | None,
    code: str,
    outcome: int,
    now: datetime,
    *,
    at: datetime | None = None,
) -> None:
    """What an outcome does to the work: it rests where nobody was reached, else it is done.

    `at`: when it happened, if not now; what was opened since is not touched.
    """
    at = at or now
    wait = UNREACHED.get(code)
    visited = code.startswith("visit_")
    if wait is not None and at + wait > now:
        await stored.rest(raw, case, None, code, now, at + wait, outcome)
    if wait is None:
        # Another moment was agreed: it takes the place of the one before.
        what = Finishes(visits=visited, calls=True, agreed=code == "callback")
    else:  # another visit takes the place of the one that met nobody
        task, what = None, Finishes(visits=visited)
    done = await stored.finish_tasks(raw, case, task, outcome, at, now, what)
    events = [
        Event(now, member.name, member.actor.role, "task.done", "task", one, {"outcome": outcome})
        for one in done
    ]
    await write(raw.connection, events)
    if code in BEGINS and await stored.owner(raw, case) is None:
        await assign(raw, [case], member.id, member.name, now, leave=True)
        event = Event(now, member.name, member.actor.role, "case.assigned", "case", case, {"to": member.name})
        await write(raw.connection, [event])


async def _filled(
    raw: Raw,
    office: Office,
    member: Member,
    turn: Turn,
    code: str,
    details: Details | None,
    now: datetime,
) -> Details:
    """With the channel, and the number that the code is about, where nobody said another: the one that was
    shown, else the one that would be called.
    """
    details = details or Details()
    channel = details.channel or ("visit" if code.startswith("visit") else "call")
    address = details.address
    effect = EFFECTS.get(code)
    if address is None and effect is not None and "address" in effect.needs:
        address = await stored.number_called(raw, turn.id, member.name, now)
    if address is None and effect is not None and "address" in effect.needs:
        row = await case_row(raw, turn.case)
        assert row is not None
        address = (await permission(raw, await office.book(raw), row, Wish("call"), now)).address or None
        if address is None:
            raise CaseworkInputError("there is no number on file that it could be about")
    return msgspec.structs.replace(details, channel=channel, address=address)


def key_of(turn: int) -> str:
    """What makes the entry of a turn one, however often it is sent."""
    return f"turn:{turn}"


class Lately(msgspec.Struct, frozen=True):
    """What somebody entered last, as long as they can take it back. `key`: what makes it once."""

    outcome: int
    case: int
    code: str
    until: datetime
    key: str


async def lately(office: Office, member: Member, now: datetime) -> Lately | None:
    """Their last entry, if it can be taken back still."""
    async with office.transaction() as raw:
        row = await stored.last_entry(raw, member.name, now - UNDO_WITHIN)
    return None if row is None else Lately(row[0], row[1], row[2], row[3] + UNDO_WITHIN, row[4])


class TakenBack(msgspec.Struct, frozen=True):
    """The case at hand again, and what an entry did that stays (address | stop, of `channel`): a supervisor
    has it to correct. No card: the case is somebody else's, or at somebody else's hand."""

    card: Card | None
    stays: str | None = None
    channel: str = ""


async def take_back(office: Office, member: Member, outcome: int, now: datetime) -> TakenBack:
    """Undo what they entered within the last minute; the case is at their hand again.

    What was said of an address, or a channel that was stopped, stays: who could not be reached any more may
    have been told so. Raises Denied, CaseworkInputError.
    """
    async with office.transaction() as raw:
        row = await stored.recorded_by(raw, outcome)
        if row is None or row.by != member.name:
            raise CaseworkInputError("that is no entry of yours")
        undone = await undo_in(raw, member.actor, outcome, now, owner=member.name)
        await stored.unfinish(raw, outcome)
        effect = EFFECTS[row.code]
        stays = "address" if effect.address is not None else "stop" if effect.stop else None
        if undone is not None:
            await _let_go(raw, member, row, now)
            if stays is not None:
                kind = "trace" if stays == "address" else "review"
                await open_task(raw, row.case, None, kind, "supervisor", 3, now, now + DAY, outcome=outcome)
        channel = "visit" if row.code.startswith("visit") else row.channel
        owner = await stored.owner(raw, row.case)
        if owner is not None and owner[0] != member.id:  # a caller's, or handed on since
            return TakenBack(None, stays, channel)
        try:
            async with raw.attempt():
                turn = await taken(raw, member, row.case, "found", now)
        except CaseworkInputError:  # what is taken back is, whoever works at the case by now
            return TakenBack(None, stays, channel)
        return TakenBack(await card(raw, office, member, turn, row.case, turn.why, now), stays, channel)


async def _let_go(raw: Raw, member: Member, entry: stored.Entry, now: datetime) -> None:
    """The case is nobody's again, where the entry made it theirs."""
    if (
        entry.code in BEGINS
        and await stored.given_since(raw, entry.case, member.id, member.name, entry.received)
        and not await stored.goes_on(raw, entry.case, member.name, sorted(BEGINS), entry.received)
    ):
        await assign(raw, [entry.case], None, member.name, now, leave=True)
        event = Event(now, member.name, member.actor.role, "case.assigned", "case", entry.case, {"to": ""})
        await write(raw.connection, [event])
