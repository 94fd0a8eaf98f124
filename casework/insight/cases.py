"""The list of cases: found by anything, narrowed, paged by a cursor; a name only for who may read it.

Lateness is of the standings, which are made twice an hour (casework/insight/today.py); a case's own page
counts it anew.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.portfolios import PortfolioSpec
from casework.staff.card import code_of, masked
from casework.staff.desk import portfolios_for
from casework.staff.finding import find
from casework.staff.people import Member
from casework.staff.rights import RIGHTS, Action, Scope, may, require
from ledger.grades import days_of, grade_of
from ledger.standing import CURRENT, bucket_of
from policy.calendar import day_start, local_day
from storage.insight import cases as stored
from storage.insight.cases import Asked, Place, Summary

PROMISES: Final = ("open", "broken", "none")
NEXT: Final = ("today", "week")
_FOUND: Final = 500  # cases that a text may find: the list pages them


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for. None: of whatever kind.

    text        a name, number, loan, borrower, tag (#vip): what the one search finds
    late        only what is past due, the oldest first; None: whether lateness is asked about at all
    dpd         days past due, from and to
    collector   whose it is; "-": nobody's
    hold        a kind, "any" or "none"
    upcoming    the next step comes today, or within the week
    """

    text: str | None = None
    portfolio: str | None = None
    late: bool | None = None
    bucket: str | None = None
    grade: str | None = None
    dpd: tuple[int | None, int | None] = (None, None)
    collector: str | None = None
    promise: str | None = None
    hold: str | None = None
    upcoming: str | None = None
    tag: str | None = None
    status: str | None = None


class Line(msgspec.Struct, frozen=True):
    """A case of the list. `name` is masked, None for who may not read it; amounts in minor units."""

    case: int
    code: str
    portfolio: str
    borrower: str
    name: str | None
    days_late: int
    bucket: str
    grade: str
    owed: tuple[tuple[str, int, int], ...]
    loans: tuple[str, ...]
    tags: tuple[str, ...]
    collector: str | None
    promise_due: date | None
    holds: tuple[str, ...]
    last_contact: datetime | None
    next_look: datetime | None


class Lines(msgspec.Struct, frozen=True):
    """Some lines, and the cursor of those that follow; None at the end."""

    lines: Sequence[Line]
    older: str | None


async def cases(
    office: Office, member: Member, wanted: Wanted, now: datetime, before: str | None = None, limit: int = 50
) -> Lines:
    """The cases that fit, within one's rights. Raises Denied, CaseworkInputError."""
    found = None
    if wanted.text is not None:
        found = [hit.case for hit in (await find(office, member, wanted.text, now, _FOUND)).hits]
    async with office.transaction() as raw:
        specs = (await office.book(raw)).portfolios
        scope = RIGHTS[member.actor.role].get(Action.SEE_LOAN)
        action = Action.TAKE_CASE if scope is Scope.OWN else Action.SEE_LOAN
        mine = await portfolios_for(raw, office, member, action)
        if wanted.portfolio is not None:
            require(member.actor, action, wanted.portfolio)
            mine = [one for one in mine if specs[one].portfolio == wanted.portfolio]
        staff = member.id if scope is Scope.OWN else None
        asked, late = _asked(wanted, {one: specs[one] for one in mine}, staff, found, now)
        places = await stored.page(raw, asked, now, _place(before), limit + 1, late=late)
        shown = places[:limit]
        rows = await stored.summaries(raw, office.keyring, [one.case for one in shown], now)
    lines = [_line(member, specs[rows[one.case].portfolio], rows[one.case], now) for one in shown]
    return Lines(lines, _cursor(shown[-1]) if len(places) > limit else None)


def _asked(
    wanted: Wanted,
    specs: Mapping[int, PortfolioSpec],
    staff: int | None,
    found: Sequence[int] | None,
    now: datetime,
) -> tuple[Asked, bool]:
    if wanted.promise is not None and wanted.promise not in PROMISES:
        raise CaseworkInputError(f"{wanted.promise!r}: a promise is {', '.join(PROMISES)}")
    since: list[date | None] = []
    until: list[date | None] = []
    ids: list[int] = []
    for id_, spec in specs.items():
        days = _days(wanted, spec)
        if days is None:
            continue
        ids.append(id_)
        today = local_day(now, spec.zone)
        starts = 1 if spec.terms.dpd_starts == "on_due" else 0
        low, high = days
        since.append(None if high is None else today + timedelta(days=starts - high))
        until.append(None if low is None else today + timedelta(days=starts - low))
    about_days = wanted.bucket is not None or wanted.grade is not None or wanted.dpd != (None, None)
    late = about_days or (found is None if wanted.late is None else wanted.late)
    owner = None if wanted.collector is None else wanted.collector.removeprefix("-")
    asked = Asked(
        ids,
        since,
        until,
        staff=staff,
        cases=found,
        owner=owner,
        promise=wanted.promise,
        hold=wanted.hold,
        due=_upcoming(wanted.upcoming, specs, now),
        tag=wanted.tag,
        status=wanted.status,
    )
    return asked, late


def _days(wanted: Wanted, spec: PortfolioSpec) -> tuple[int | None, int | None] | None:
    """The days past due that are asked for, both ends; None: the portfolio has no such bucket or grade."""
    low, high = wanted.dpd
    if wanted.grade is not None:
        graded = days_of(wanted.grade, spec.grades)
        if graded is None:
            return None
        low = max(graded[0], low or 0)
        high = min((one for one in (graded[1], high) if one is not None), default=None)
    if wanted.bucket is None:
        return low, high
    grace = spec.terms.grace_days
    for first, last in spec.terms.buckets:
        if bucket_of(first, spec.terms.buckets) == wanted.bucket:
            lowest = max(first + grace, low or 0)
            highest = high if last is None else min(last + grace, high if high is not None else last + grace)
            return lowest, highest
    return None


def _upcoming(upcoming: str | None, specs: Mapping[int, PortfolioSpec], now: datetime) -> datetime | None:
    if upcoming is None:
        return None
    if upcoming not in NEXT:
        raise CaseworkInputError(f"{upcoming!r}: the next step comes {' or '.join(NEXT)}")
    if upcoming == "week":
        return now + timedelta(days=7)
    zone = next(iter(specs.values())).zone if specs else "UTC"
    return day_start(local_day(now, zone) + timedelta(days=1), zone)


def _line(member: Member, spec: PortfolioSpec, row: Summary, now: datetime) -> Line:
    reads = may(member.actor, Action.READ_PERSONAL_DATA, spec.portfolio, owner=member.name)
    late = 0
    if row.oldest_due is not None:
        starts = 1 if spec.terms.dpd_starts == "on_due" else 0
        late = max((local_day(now, row.zone) - row.oldest_due).days + starts, 0)
    names = [CURRENT, *(bucket_of(first, spec.terms.buckets) for first, _ in spec.terms.buckets)]
    return Line(
        row.case,
        code_of(row.case),
        spec.portfolio,
        row.borrower,
        masked(row.name) if reads and row.name is not None else None,
        late,
        names[min(row.rank, len(names) - 1)],
        grade_of(late, spec.grades),
        row.owed,
        row.loans,
        row.tags,
        row.owner,
        row.promise_due,
        row.holds,
        row.last_contact,
        row.next_look,
    )


def _cursor(place: Place) -> str:
    return urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    try:
        return msgspec.json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=Place)
    except (msgspec.DecodeError, binascii.Error, ValueError):
        raise CaseworkInputError("that page is none of this list: begin at its first page") from None
