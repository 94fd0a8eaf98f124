"""Whose a case is for somebody at a moment, and what their role may do with it: every use case asks here."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime

from casework.errors import CaseworkInputError
from casework.may import Wish
from casework.office import Office
from casework.portfolios import PortfolioSpec
from casework.staff.people import Member
from casework.staff.rights import Action, Denied, require
from storage.raw import Raw
from storage.staff import desk as stored
from storage.tasks import is_in_distress
from storage.whom import CaseRow, case_row


async def own_name(raw: Raw, member: Member, case: int, now: datetime) -> str | None:
    """The owner's name, as `require` wants it: theirs where they have the case, or have it at hand."""
    if await stored.has_at_hand(raw, case, member.id, now):
        return member.name
    owner = await stored.owner(raw, case)
    return None if owner is None else owner[1]


async def allowed(
    raw: Raw, office: Office, member: Member, case: int, action: Action, now: datetime
) -> tuple[CaseRow, PortfolioSpec]:
    """The case, if `member` may do `action` with it. Raises Denied; CaseworkInputError: there is none."""
    row = await case_row(raw, case)
    if row is None:
        raise CaseworkInputError(f"there is no case {case}")
    spec = (await office.book(raw)).portfolios[row.portfolio]
    with about(case):
        require(member.actor, action, spec.portfolio, owner=await own_name(raw, member, case, now))
    return row, spec


async def call_of(raw: Raw, case: int) -> Wish:
    """What a call is for: of who wrote in distress it is an answer, whatever is owed or the hour."""
    return Wish("call", "answer") if await is_in_distress(raw, case) else Wish("call")


@contextmanager
def about(case: int) -> Generator[None]:
    """What is denied within is denied of this case, and on record so."""
    try:
        yield
    except Denied as denied:
        denied.case = case
        raise
