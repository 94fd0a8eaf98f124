"""Finding a case within one's rights; and who is on the line, whoever's case it is, with a reason.

Each search is on record: by what kind of value, and which cases it found; never the value itself.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.portfolios import PortfolioSpec
from casework.staff.card import Card, card, code_of, masked
from casework.staff.desk import portfolios_for, taken
from casework.staff.people import Member
from casework.staff.rights import RIGHTS, Action, Scope, may, require
from casework.staff.tokens import all_there
from policy.calendar import local_day
from storage.audit import Event, write
from storage.crypt import normal_phone
from storage.names import folded
from storage.raw import Raw
from storage.staff import desk as turns
from storage.staff import finding as stored
from storage.staff.finding import Found, Marks, Reach
from storage.whom import case_row

MOST: Final = 8
_PART: Final = re.compile(r'[^\s=]+="[^"]*"|\S+')
_LATE: Final = re.compile(r"late(?P<sign>[<>])(?P<days>\d{1,4})")
REASONS: Final = ("balance", "payment", "trouble", "complaint", "other")
"""Why somebody is on the line."""


class Hit(msgspec.Struct, frozen=True):
    """A case that was found: its code, and the name as it may be shown."""

    case: int
    code: str
    name: str | None


class Hits(msgspec.Struct, frozen=True):
    """What was found. `more`: there is more of it."""

    hits: Sequence[Hit]
    more: bool


async def find(office: Office, member: Member, text: str, now: datetime, most: int = MOST) -> Hits:
    """Cases by number or its last figures, loan, borrower's id, name, or marks, within one's rights.

    Marks are tags (#vip), attributes (city=Bonn) and days late (late>30), together or with a name. By names
    and numbers only where they may be read: else a look-up would say whose a code is. Raises Denied.
    """
    scope = RIGHTS[member.actor.role].get(Action.SEE_LOAN)
    async with office.transaction() as raw:
        if scope is Scope.OWN:
            mine = await portfolios_for(raw, office, member, Action.TAKE_CASE)
            reach = Reach(mine, member.id)
        else:
            reach = Reach(await portfolios_for(raw, office, member, Action.SEE_LOAN), None)
        specs = (await office.book(raw)).portfolios
        named = [one for one in reach.portfolios if _reads(member, specs[one])]
        reads = Reach(named, reach.staff)
        how, found = await _search(raw, office, text.strip(), reach, reads, now, most + 1)
        shown = found[:most]
        await _recorded(raw, member, "case.searched", how, shown, now)
        return Hits(await _hits(raw, office, member, shown), more=len(found) > most)


async def callers(office: Office, member: Member, text: str, now: datetime) -> Sequence[Hit]:
    """Whose case it may be that is on the line, by the whole number or loan; nothing is shown of it yet.

    By numbers only where they may be read. Raises Denied.
    """
    async with office.transaction() as raw:
        reach = Reach(await portfolios_for(raw, office, member, Action.ANSWER_CALLER), None)
        specs = (await office.book(raw)).portfolios
        reads = Reach([one for one in reach.portfolios if _reads(member, specs[one])], None)
        how, found = await _by_whole(raw, office, text.strip(), reach, reads, MOST)
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


def _reads(member: Member, spec: PortfolioSpec) -> bool:
    """Whether they may read names and numbers of the portfolio where they are."""
    if not member.on_page and spec.staff_chat != "personal":
        return False
    return may(member.actor, Action.READ_PERSONAL_DATA, spec.portfolio, owner=member.name)


async def _by_whole(
    raw: Raw, office: Office, text: str, reach: Reach, reads: Reach, most: int
) -> tuple[str, list[Found]]:
    """By what kind of whole value, and what was found; the first kind that finds anything.

    `reads`: where numbers may be looked up.
    """
    ring = office.keyring
    figures = _figures(text)
    try:
        phone = normal_phone(figures if figures.startswith("+") else f"+{figures.removeprefix('00')}")
    except ValueError:
        phone = None
    if phone is not None and reads.portfolios:
        found = await stored.by(raw, ring, "phone", ring.token("phone", phone), reads, most)
        if found:
            return "phone", found
    for how in ("loan", "borrower"):
        found = await stored.by(raw, ring, how, text, reach, most)
        if found:
            return how, found
    return "nothing", []


async def _search(
    raw: Raw, office: Office, text: str, reach: Reach, reads: Reach, now: datetime, most: int
) -> tuple[str, list[Found]]:
    """By a whole value; else by the last figures of a number, a part of a name (within `reads`), or marks."""
    how, found = await _by_whole(raw, office, text, reach, reads, most)
    if found:
        return how, found
    figures = _figures(text)
    if figures.isascii() and figures.isdecimal():
        if not reads.portfolios:
            return "nothing", []
        return "last figures", await stored.by_tail(raw, office.keyring, figures, reads, most)
    marks, words = read_marks(text, local_day(now, await _zone(raw, office, reach)))
    within = reads if words else reach
    if (not words and not marks.asked) or not within.portfolios:
        return "nothing", []
    tokens = await all_there(raw)
    found = await stored.by_marks(raw, office.keyring, marks, words, within, most, tokens=tokens)
    return "marks" if marks.asked else "name", found


def _figures(text: str) -> str:
    return re.sub(r"[\s()./-]", "", text)


async def _zone(raw: Raw, office: Office, reach: Reach) -> str:
    specs = (await office.book(raw)).portfolios
    return specs[reach.portfolios[0]].zone


def read_marks(text: str, today: date) -> tuple[Marks, list[str]]:
    """What a search asks: tags (#vip), attributes (city=Bonn), days late (late>30), and words of a name.

    The words are folded.
    """
    tags: list[str] = []
    attributes: list[tuple[str, str]] = []
    over = under = None
    words: list[str] = []
    for part in _PART.findall(text):
        late = _LATE.fullmatch(part)
        name, is_, value = part.partition("=")
        if part.startswith("#") and len(part) > 1:
            tags.append(part.removeprefix("#"))
        elif late is not None:
            day = today - timedelta(days=int(late["days"]))
            over, under = (day, under) if late["sign"] == ">" else (over, day + timedelta(days=1))
        elif is_ and name and value:
            attributes.append((name, value.strip('"')))
        elif any(sign.isalpha() for sign in part):
            words.append(folded(part))
    return Marks(tuple(tags), tuple(attributes), over, under), words


async def _recorded(
    raw: Raw, member: Member, action: str, how: str, found: Sequence[Found], now: datetime
) -> None:
    data = {"by": how, "cases": [one.case for one in found]}
    await write(raw.connection, [Event(now, member.name, member.actor.role, action, data=data)])


async def _hits(raw: Raw, office: Office, member: Member, found: Sequence[Found]) -> list[Hit]:
    specs = (await office.book(raw)).portfolios
    made: list[Hit] = []
    for one in found:
        row = await case_row(raw, one.case)
        shows = row is not None and _reads(member, specs[row.portfolio])
        made.append(Hit(one.case, code_of(one.case), masked(one.name) if shows and one.name else None))
    return made
