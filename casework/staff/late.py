"""Late entries: what came of visits and calls, written as lines with their own times, read back, then saved.

A line is known by who wrote it, its case, outcome and moment: sent twice it is one record. What leaves a
doubt is asked, never guessed.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from casework.errors import CaseworkInputError
from casework.may import permission
from casework.office import Office
from casework.outcomes import Details, record_in
from casework.staff.access import own_name
from casework.staff.desk import portfolios_for
from casework.staff.entering import are_others, settle
from casework.staff.offering import MOVED
from casework.staff.people import Member
from casework.staff.rights import Action, may
from ledger.money import Money
from messages.typed.amounts import read_owed
from messages.typed.dates import order_in
from messages.typed.entries import Doubt, Entry, candidates, lines_of, looks_like_entries, read_entry
from policy.calendar import local_day, moment_at
from storage.audit import Event, write
from storage.raw import Raw
from storage.staff import late as stored
from storage.staff.late import Known, Named
from storage.whom import case_row
from strategies.outcomes import EFFECTS

__all__ = [
    "ASKED",
    "Line",
    "Saved",
    "looks_like_entries",
    "read_late",
    "read_late_in",
    "save_late",
    "save_late_in",
]

OLDEST: Final = timedelta(days=14)
LINES: Final = 60  # of one text

Why = Literal[
    "code",
    "loan",
    "time",
    "clock",
    "day",
    "amount",
    "currency",
    "moment",
    "rest",
    "right",
    "differs",
    "again",
    "many",
    "phone",
    "gone",
    "more",
    "ring",
]


ASKED: Final[frozenset[Why]] = frozenset({"more", "ring"})
"""Doubts that a yes settles: nothing is wrong with the line."""


class Line(msgspec.Struct, frozen=True):
    """A line as it was read: to be saved, or (`why`) in doubt. `known`: it is saved already.

    `place`: where the customer's clock goes, where it is another than the portfolio's. `owed`: what is
    outstanding, where the amount is more than that. `against`: why no call may be made at the
    moment that was agreed, as things stand.
    """

    text: str
    why: Why | None
    case: int = 0
    code: str = ""
    at: datetime | None = None
    zone: str = "UTC"
    amount: int | None = None
    currency: str | None = None
    due: date | None = None
    rings: datetime | None = None
    loans: tuple[int, ...] = ()
    known: bool = False
    place: str = ""
    owed: int | None = None
    against: tuple[str, ...] = ()


class Saved(msgspec.Struct, frozen=True):
    """What became of a line: a new record, or one that was there; else why not."""

    line: Line
    new: bool
    problem: str | None = None


async def read_late(
    office: Office, member: Member, text: str, now: datetime, *, meant: bool = False
) -> list[Line]:
    """Read the lines of `text`; nothing is recorded but who was refused. Raises Denied.

    More than is owed, and a call at a moment when none may be made, leave a doubt unless they are `meant`.
    """
    async with office.transaction() as raw:
        return await read_late_in(raw, office, member, text, now, meant=meant)


async def read_late_in(
    raw: Raw, office: Office, member: Member, text: str, now: datetime, *, meant: bool = False
) -> list[Line]:
    """The same within the caller's transaction. Raises Denied."""
    mine = await portfolios_for(raw, office, member, Action.TAKE_CASE)
    lines = lines_of(text)
    named = await stored.named(raw, [one for line in lines[:LINES] for one in candidates(line)], mine)
    seen: dict[str, Line] = {}
    return [
        await _read(raw, office, member, line, named, seen, now, meant) if at < LINES else Line(line, "many")
        for at, line in enumerate(lines)
    ]


async def _read(
    raw: Raw,
    office: Office,
    member: Member,
    text: str,
    named: dict[str, Named],
    seen: dict[str, Line],
    now: datetime,
    meant: bool,
) -> Line:
    theirs = {one: named[one] for one in candidates(text) if one in named}
    if not theirs:
        return Line(text, "loan")
    first = next(iter(theirs.values()))
    specs = (await office.book(raw)).portfolios
    spec = specs[first.portfolio]
    today = local_day(now, first.zone)
    refs = {written: f"K{one.case}" for written, one in theirs.items()}
    read = read_entry(text, refs, today, order_in(spec.country))
    if isinstance(read, Doubt):
        return Line(text, read.why)
    case = next(one for one in theirs.values() if f"K{one.case}" == read.ref)
    line = _placed(text, read, case, spec.zone, today, now)
    if line.why is not None:
        return line
    owner = await own_name(raw, member, case.case, now) or await stored.worked_by(
        raw, case.case, member.id, member.name, now - OLDEST
    )
    if not may(member.actor, Action.RECORD_OUTCOME, specs[case.portfolio].portfolio, owner=owner):
        data = {"wanted": Action.RECORD_OUTCOME.value, "late": True}
        event = Event(now, member.name, member.actor.role, "access.denied", "case", case.case, data)
        await write(raw.connection, [event])
        return Line(text, "right")
    if (
        "address" in EFFECTS[line.code].needs
        and await stored.phone_of(raw, line.case, member.id, _at(line)) is None
    ):
        return Line(text, "phone")
    line = await _known(raw, member, line, read, seen)
    if line.why is None and not line.known and not meant:
        line = await _hardly_meant(raw, office, line, now)
    seen.setdefault(key_of(member, line), line)
    return line


def _placed(text: str, read: Entry, case: Named, zone: str, today: date, now: datetime) -> Line:
    """The line at its moment, its amount in a currency that is owed. `zone`: of the portfolio.

    A time without a day that is still to come on the customer's clock was yesterday, unless it has passed on
    ours: whoever wrote it may have looked at their own.
    """
    at = moment_at(read.on or today, read.at, case.zone)
    if at > now and read.on is None:
        if moment_at(local_day(now, zone), read.at, zone) <= now:
            return Line(text, "clock")
        at = moment_at(today - timedelta(days=1), read.at, case.zone)
    if at > now or at < now - OLDEST:
        return Line(text, "time")
    if read.amount is not None and not case.loans:
        return Line(text, "gone")
    amount: Money | None = None
    if read.amount is not None:
        meant = [one for currency in case.loans for one in read_owed(read.amount, (currency,))]
        if len(meant) != 1:
            return Line(text, "amount" if len({one.currency for one in meant}) < 2 else "currency")
        (amount,) = meant
    rings: datetime | None = None
    if read.rings is not None and read.due is not None:
        rings = moment_at(read.due, read.rings, case.zone)
        if rings <= at:
            return Line(text, "moment")
    loans = () if amount is None else case.loans[amount.currency]
    due = None if rings is not None else read.due
    if due is not None and due < local_day(at, case.zone):
        return Line(text, "day")
    far = at.astimezone(ZoneInfo(zone)).utcoffset() != at.astimezone(ZoneInfo(case.zone)).utcoffset()
    place = case.zone.rpartition("/")[2].replace("_", " ") if far else ""
    minor, currency = (None, None) if amount is None else (amount.minor, amount.currency)
    line = Line(text, None, case.case, read.code, at, case.zone, minor, currency, due, rings, loans)
    return msgspec.structs.replace(line, place=place)


async def _hardly_meant(raw: Raw, office: Office, line: Line, now: datetime) -> Line:
    """More than is owed, or a call at a moment when none may be made, is asked about."""
    if line.amount is not None:
        owed = await stored.outstanding(raw, line.loans)
        if line.amount > owed:
            return Line(line.text, "more", currency=line.currency, owed=owed)
    if line.rings is not None and line.rings > now:
        row = await case_row(raw, line.case)
        assert row is not None
        asked = await permission(raw, await office.book(raw), row, MOVED, line.rings)
        if not asked.allowed:
            return Line(line.text, "ring", against=tuple(dict.fromkeys(no.detail for no in asked.noes)))
    return line


async def _known(raw: Raw, member: Member, line: Line, read: Entry, seen: dict[str, Line]) -> Line:
    """Whether it is saved already; and what looks like one that is, but is not the same."""
    twin = seen.get(key_of(member, line))
    if twin is not None and not _is_same(twin, _said(line)):
        return Line(line.text, "differs")
    before = await stored.known(raw, await stored.standing_key(raw, key_of(member, line)))
    if before is not None:
        return (
            msgspec.structs.replace(line, known=True)
            if _is_same(line, before)
            else Line(line.text, "differs")
        )
    if read.on is None and line.at is not None and twin is None:
        # No day was written: is it one of another day that was sent again?
        for days in (1, 2):
            other = msgspec.structs.replace(line, at=line.at - timedelta(days=days))
            key = await stored.standing_key(raw, key_of(member, other))
            before = await stored.known(raw, key)
            if before is not None and _is_same(line, before):
                return Line(line.text, "again")
    return line


def _at(line: Line) -> datetime:
    assert line.at is not None  # a line without a doubt has its moment
    return line.at


def _said(line: Line) -> Known:
    return Known(line.amount, line.due, line.rings, line.loans)


def _is_same(line: Line, before: Known) -> bool:
    said = line.amount, line.due, line.rings
    return said == (before.amount, before.due, before.rings) and not are_others(line.loans, before.loans)


def key_of(member: Member, line: Line) -> str:
    """What makes the line one record, however often it is sent."""
    at = "" if line.at is None else line.at.isoformat()
    return f"late:{member.id}:{line.case}:{line.code}:{at}"


async def save_late(
    office: Office, member: Member, lines: Sequence[Line], received: datetime, now: datetime
) -> list[Saved]:
    """Record the lines that leave no doubt, with their own time, and when they reached us.

    One that cannot be recorded fails alone. Raises Denied where a right was lost meanwhile.
    """
    async with office.transaction() as raw:
        return await save_late_in(raw, office, member, lines, received, now)


async def save_late_in(
    raw: Raw, office: Office, member: Member, lines: Sequence[Line], received: datetime, now: datetime
) -> list[Saved]:
    """The same within the caller's transaction. Raises Denied."""
    made: list[Saved] = []
    for line in lines:
        if line.why is None and line.at is not None:
            try:
                async with raw.attempt():
                    made.append(await _save(raw, office, member, line, line.at, received, now))
            except CaseworkInputError as error:
                made.append(Saved(line, False, str(error)))
    return made


async def _save(
    raw: Raw, office: Office, member: Member, line: Line, at: datetime, received: datetime, now: datetime
) -> Saved:
    channel = "visit" if line.code.startswith("visit") else "call"
    details = Details(loans=line.loans, amount=line.amount, due=line.due, at=line.rings, channel=channel)
    owner = await own_name(raw, member, line.case, now) or await stored.worked_by(
        raw, line.case, member.id, member.name, now - OLDEST
    )
    if "address" in EFFECTS[line.code].needs:
        address = await stored.phone_of(raw, line.case, member.id, at)
        details = msgspec.structs.replace(details, address=address)
    recorded = await record_in(
        raw,
        office,
        member.actor,
        line.case,
        line.code,
        at=at,
        received=received,
        key=await stored.standing_key(raw, key_of(member, line)),
        details=details,
        owner=owner,
    )
    if recorded.new:
        await settle(raw, member, line.case, None, line.code, recorded.outcome, now, at=at)
    return Saved(line, recorded.new)
