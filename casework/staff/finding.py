"""Finding a case within one's rights; and who is on the line, whoever's case it is, with a reason.

Each search is on record: by what kind of value, and which cases it found; never the value itself.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.card import Card, card, code_of, masked
from casework.staff.desk import portfolios_for, taken
from casework.staff.people import Member
from casework.staff.rights import RIGHTS, Action, Scope, require
from storage.audit import Event, write
from storage.crypt import normal_phone
from storage.raw import Raw
from storage.staff import desk as turns
from storage.staff import finding as stored
from storage.staff.finding import Found, Reach
from storage.whom import case_row

_MOST: Final = 8
REASONS: Final = ("balance", "payment", "trouble", "complaint", "other")
"""Why somebody is on the line."""


class Hit(msgspec.Struct, frozen=True):
    """A case that was found: its code, and the name as it may be shown."""

    case: int
    code: str
    name: str | None


async def find(office: Office, member: Member, text: str, now: datetime) -> Sequence[Hit]:
    """Cases by number, loan, borrower's id, tag (#vip) or name, within one's rights. Raises Denied."""
    scope = RIGHTS[member.actor.role].get(Action.SEE_LOAN)
    async with office.transaction() as raw:
        if scope is Scope.OWN:
            mine = await portfolios_for(raw, office, member, Action.TAKE_CASE)
            reach = Reach(mine, member.id)
        else:
            reach = Reach(await portfolios_for(raw, office, member, Action.SEE_LOAN), None)
        how, found = await _search(raw, office, text.strip(), reach, names=True)
        await _recorded(raw, member, "case.searched", how, found, now)
        return await _hits(raw, office, member, found)


async def callers(office: Office, member: Member, text: str, now: datetime) -> Sequence[Hit]:
    """Whose case it may be that is on the line, by the whole number or loan; nothing is shown of it yet.

    Raises Denied.
    """
    async with office.transaction() as raw:
        reach = Reach(await portfolios_for(raw, office, member, Action.ANSWER_CALLER), None)
        how, found = await _search(raw, office, text.strip(), reach, names=False)
        await _recorded(raw, member, "caller.searched", how, found, now)
        return [Hit(one.case, code_of(one.case), None) for one in found]


async def answer_caller(office: Office, member: Member, case: int, reason: str, now: datetime) -> Card:
    """The person is on the line, and was verified by who answers: the case is at their hand for this call.

    Whoever's it is keeps it. Raises Denied, CaseworkInputError.
    """
    if reason not in REASONS:
        raise CaseworkInputError(f"{reason!r} is no reason; there are: {', '.join(REASONS)}")
    async with office.transaction() as raw:
        row = await case_row(raw, case)
        if row is None:
            raise CaseworkInputError(f"there is no case {code_of(case)}")
        spec = (await office.book(raw)).portfolios[row.portfolio]
        require(member.actor, Action.ANSWER_CALLER, spec.portfolio)
        await turns.end_over(raw, now)
        turn = await taken(raw, member, case, "caller", now)
        event = Event(
            now, member.name, member.actor.role, "caller.answered", "case", case, {"reason": reason}
        )
        await write(raw.connection, [event])
        return await card(raw, office, member, turn, case, "caller", now)


async def _search(
    raw: Raw, office: Office, text: str, reach: Reach, *, names: bool
) -> tuple[str, list[Found]]:
    """By what kind of value, and what was found; the first kind that finds anything."""
    ring = office.keyring
    digits = re.sub(r"[\s()./-]", "", text)
    try:
        phone = normal_phone(digits if digits.startswith("+") else f"+{digits.removeprefix('00')}")
    except ValueError:
        phone = None
    if phone is not None:
        found = await stored.by(raw, ring, "phone", ring.token("phone", phone), reach, _MOST)
        if found:
            return "phone", found
    kinds = ("tag",) if text.startswith("#") else ("loan", "borrower")
    for how in kinds:
        found = await stored.by(raw, ring, how, text.removeprefix("#"), reach, _MOST)
        if found:
            return how, found
    words = text.casefold().split()
    if names and words and not text.startswith("#") and any(sign.isalpha() for sign in text):
        return "name", await stored.by_name(raw, ring, words, reach, _MOST)
    return "nothing", []


async def _recorded(
    raw: Raw, member: Member, action: str, how: str, found: Sequence[Found], now: datetime
) -> None:
    data = {"by": how, "cases": [one.case for one in found]}
    await write(raw.connection, [Event(now, member.name, member.actor.role, action, data=data)])


async def _hits(raw: Raw, office: Office, member: Member, found: Sequence[Found]) -> list[Hit]:
    specs = (await office.book(raw)).portfolios
    reads = Action.READ_PERSONAL_DATA in RIGHTS[member.actor.role]
    made: list[Hit] = []
    for one in found:
        row = await case_row(raw, one.case)
        shows = reads and row is not None and specs[row.portfolio].staff_chat == "personal"
        made.append(Hit(one.case, code_of(one.case), masked(one.name) if shows and one.name else None))
    return made
