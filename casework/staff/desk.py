"""The next case for somebody, and what becomes of their turn at it: given to one alone, skipped, left.

A turn lasts while it is worked at; what nobody touched for half an hour goes back to the queue by itself.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from casework.errors import CaseworkInputError
from casework.may import Permission, facts_for, permission
from casework.office import Book, Office
from casework.staff.access import about, allowed, call_of, own_name
from casework.staff.card import Card, card, code_of
from casework.staff.people import OF_ROLES, Member
from casework.staff.rights import Action, may, require
from storage.audit import Event, write
from storage.raw import Raw
from storage.recorded import open_task
from storage.staff import desk as stored
from storage.staff.desk import Candidate, Turn, Wanted
from storage.staff.people import assign
from storage.whom import case_row
from strategies.values import Facts

TURN_LASTS: Final = timedelta(minutes=30)

RESTS: Final[dict[str, tuple[timedelta, bool]]] = {
    "later": (timedelta(hours=3), False),
    "tomorrow": (timedelta(hours=18), True),
    "not_mine": (timedelta(days=7), False),
    "supervisor": (timedelta(days=7), False),
    "written": (timedelta(hours=24), True),
}
"""How long a case rests for each reason, and whether for everybody or for whoever skipped it."""


UNREACHED: Final[dict[str, timedelta]] = {
    "no_answer": timedelta(hours=3),
    "busy": timedelta(minutes=30),
    "voicemail": timedelta(hours=20),
    "third_party": timedelta(hours=20),
    "visit_not_home": timedelta(hours=20),
    "visit_locked": timedelta(hours=20),
}
"""Attempts that reached nobody: the work stays open, and the case rests so long, for another hour."""

SETTLED_FOR: Final = timedelta(hours=20)
"""A case of one's own without a task comes again after so long, once something came of it."""


async def portfolios_for(raw: Raw, office: Office, member: Member, action: Action) -> list[int]:
    """The portfolios (ids) in which they may do `action`. Raises Denied where there is none."""
    specs = (await office.book(raw)).portfolios
    mine = [id_ for id_, spec in specs.items() if may(member.actor, action, spec.portfolio)]
    if not mine:
        require(member.actor, action)
    return mine


async def next_case(office: Office, member: Member, now: datetime, but: int | None = None) -> Card | None:
    """What they have at hand still, else their next case; None: there is nothing. Raises Denied.

    `but`: a case that is not given, for they have just ended it, whatever work came of that.
    """
    async with office.transaction() as raw:
        mine = await portfolios_for(raw, office, member, Action.TAKE_CASE)
        await stored.end_over(raw, now)
        turn = await stored.at_hand(raw, member.id)
        asked: Permission | None = None
        if turn is None:
            turn, asked = await _given(raw, office, member, mine, now, but)
        else:
            await stored.extend(raw, turn.id, now + TURN_LASTS)
        if turn is None:
            return None
        return await card(raw, office, member, turn, turn.case, turn.why, now, asked)


async def at_hand(office: Office, member: Member, now: datetime) -> Card | None:
    """What they have at hand still; nothing is given. Raises Denied."""
    async with office.transaction() as raw:
        await portfolios_for(raw, office, member, Action.TAKE_CASE)
        await stored.end_over(raw, now)
        turn = await stored.at_hand(raw, member.id)
        if turn is None:
            return None
        await stored.extend(raw, turn.id, now + TURN_LASTS)
        return await card(raw, office, member, turn, turn.case, turn.why, now)


async def _given(
    raw: Raw, office: Office, member: Member, portfolios: Sequence[int], now: datetime, but: int | None
) -> tuple[Turn | None, Permission | None]:
    """The turn that begins, and what the rules said of a call. Who may be called only later comes after all
    that can be done now."""
    wanted = Wanted(member.id, portfolios, member.queues, SETTLED_FOR, tuple(UNREACHED), OF_ROLES)
    book = await office.book(raw)
    found = [one for one in await stored.candidates(raw, wanted, now) if one.case != but]
    facts: Mapping[int, Facts] = {}
    later: list[tuple[Candidate, Permission]] = []
    for one in found:
        asked = await _asked(raw, book, one, facts.get(one.case), now)
        if asked is not None and asked.said["until"] is not None:
            later.append((one, asked))
            # Mostly the first may be called. Where not, many may not: what is asked of them is read at once.
            facts = facts or await facts_for(raw, book, [each.case for each in found if each.calls], now)
        elif (turn := await _begun_at(raw, member, one, now)) is not None:
            return turn, asked
    for one, asked in later:
        if (turn := await _begun_at(raw, member, one, now)) is not None:
            return turn, asked
    return None, None


async def _asked(
    raw: Raw, book: Book, one: Candidate, facts: Facts | None, now: datetime
) -> Permission | None:
    row = await case_row(raw, one.case) if one.calls else None
    return None if row is None else await permission(raw, book, row, await call_of(raw, one.case), now, facts)


async def _begun_at(raw: Raw, member: Member, one: Candidate, now: datetime) -> Turn | None:
    return await _begun(raw, member, one.case, one.task, "task" if one.task else "arrears", now)


async def _begun(
    raw: Raw, member: Member, case: int, task: int | None, why: str, now: datetime
) -> Turn | None:
    until = now + TURN_LASTS
    turn = await stored.begin(raw, member.id, case, task, why, now, until)
    return None if turn is None else Turn(turn, case, member.id, task, why, until, None)


async def open_case(office: Office, member: Member, case: int, now: datetime, *, look: bool = False) -> Card:
    """Take a case at hand that they found, or that rings; who takes none only sees it.

    One that is somebody else's is theirs alone, but for those whose right reaches a whole portfolio: with
    `look` they see it, and who has it goes on. Raises Denied, CaseworkInputError.
    """
    async with office.transaction() as raw:
        takes = await _may_open(raw, office, member, case, now)
        await stored.end_over(raw, now)
        if not takes or (look and await _anothers(raw, office, member, case)):
            return await card(raw, office, member, None, case, "found", now)
        turn = await taken(raw, member, case, "found", now)
        return await card(raw, office, member, turn, case, turn.why, now)


async def _may_open(raw: Raw, office: Office, member: Member, case: int, now: datetime) -> bool:
    """Whether they may take it at hand; Denied where they may not even see it."""
    row = await case_row(raw, case)
    if row is None:
        raise CaseworkInputError(f"there is no case {code_of(case)}")
    spec = (await office.book(raw)).portfolios[row.portfolio]
    takes = may(member.actor, Action.TAKE_CASE, spec.portfolio)
    if takes and await stored.owner(raw, case) is None:
        return True
    with about(case):
        require(member.actor, Action.SEE_LOAN, spec.portfolio, owner=await own_name(raw, member, case, now))
    return takes


async def _anothers(raw: Raw, office: Office, member: Member, case: int) -> bool:
    """Whether somebody else has it, or has it at hand, and they may see it nevertheless."""
    row = await case_row(raw, case)
    assert row is not None
    spec = (await office.book(raw)).portfolios[row.portfolio]
    if not may(member.actor, Action.SEE_LOAN, spec.portfolio):
        return False
    owner, hand = await stored.owner(raw, case), await stored.whose_hand(raw, case)
    return member.id not in (hand, None if owner is None else owner[0]) and (hand or owner) is not None


async def taken(raw: Raw, member: Member, case: int, why: str, now: datetime) -> Turn:
    """The case is at their hand, what was before is left. CaseworkInputError: somebody else has it."""
    turn = await stored.at_hand(raw, member.id)
    if turn is not None and turn.case == case:
        await stored.extend(raw, turn.id, now + TURN_LASTS)
        return turn
    if turn is not None:
        await stored.end(raw, turn.id, "left", now)
    begun = await _begun(raw, member, case, None, why, now)
    if begun is None:
        raise CaseworkInputError(f"somebody else has {code_of(case)} at hand; try again when they are done")
    return begun


async def turn_now(raw: Raw, member: Member, turn: int) -> Turn | None:
    """A turn of theirs; where it ended, the one that they have at the same case by now, if there is one.

    A button of an older card means the case, and they have it at hand.
    """
    found = await stored.turn_of(raw, turn)
    if found is None or found.staff != member.id:
        return None
    again = await stored.at_hand(raw, member.id) if found.outcome is not None else None
    return again if again is not None and again.case == found.case else found


async def mine(raw: Raw, member: Member, turn: int, now: datetime) -> Turn:
    """A turn of theirs that goes on; where it ended, the one that they have at the same case by now.

    CaseworkInputError where the case is not at their hand.
    """
    found = await turn_now(raw, member, turn)
    if found is None or found.outcome is not None or found.until <= now:
        raise CaseworkInputError("you do not have this case at hand any more; /next gives you one")
    await stored.extend(raw, found.id, now + TURN_LASTS)
    return found


async def still_mine(office: Office, member: Member, turn: int, now: datetime) -> Turn:
    """Before anything is asked about a turn: it goes on. Raises CaseworkInputError where it does not."""
    async with office.transaction() as raw:
        return await mine(raw, member, turn, now)


async def skip(office: Office, member: Member, turn: int, reason: str, now: datetime) -> None:
    """Pass a case by, with the reason; it rests accordingly. Raises Denied, CaseworkInputError."""
    if reason not in RESTS:
        raise CaseworkInputError(f"{reason!r} is no reason; there are: {', '.join(RESTS)}")
    async with office.transaction() as raw:
        found = await mine(raw, member, turn, now)
        await allowed(raw, office, member, found.case, Action.SEE_LOAN, now)
        lasts, everybody = RESTS[reason]
        await stored.rest(raw, found.case, None if everybody else member.id, reason, now, now + lasts)
        if reason == "supervisor" and not await stored.is_passed_up(raw, found.case):
            finish = now + timedelta(days=2)
            await open_task(raw, found.case, None, "review", "supervisor", 3, now, finish)
        owner = await stored.owner(raw, found.case)
        if reason in ("not_mine", "supervisor") and owner is not None and owner[0] == member.id:
            await assign(raw, [found.case], None, member.name, now, leave=True)
        await stored.end(raw, found.id, "skipped", now)
        await write(
            raw.connection,
            [Event(now, member.name, member.actor.role, "case.skipped", "case", found.case, {"why": reason})],
        )
