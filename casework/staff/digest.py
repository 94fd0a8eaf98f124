"""The morning's figures for who leads or manages: the book as it stands, and what happened the day before.

Once a day, at their own morning; right by right: nobody reads a portfolio that is not theirs.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

import msgspec

from casework.insight.portfolio import BookFigures, portfolio
from casework.office import Office
from casework.portfolios import PortfolioSpec
from casework.staff.alerts import zone_of
from casework.staff.people import Member
from casework.staff.rights import RIGHTS, Action, Actor, Role, Scope, may, require, who_may
from ledger.standing import CURRENT
from policy.calendar import day_start, local_day
from storage.raw import Raw
from storage.staff import digests as stored
from storage.staff.digests import Happened, Reader

__all__ = ["Digest", "Figures", "begin_digests", "make_digests", "my_figures", "said"]

MORNING: Final = time(8)
_UNTIL: Final = time(12)  # later than this it is no morning's any more
_DAYS: Final = 13  # earlier ones that a picture shows beside


class Bucket(msgspec.Struct, frozen=True):
    """The loans of a bucket that is past due; arrears in minor units by currency."""

    name: str
    loans: int
    arrears: Mapping[str, int]


class Figures(msgspec.Struct, frozen=True):
    """A morning's figures. Amounts in minor units by currency; what happened is of the day before `day`."""

    day: date
    portfolios: tuple[str, ...]
    loans: int
    loans_in_arrears: int
    arrears: Mapping[str, int]
    buckets: tuple[Bucket, ...]
    sent: int
    outcomes: int
    promises: int
    kept: int
    broken: int
    received: Mapping[str, int]
    late: int


class Digest(msgspec.Struct, frozen=True):
    """Figures for a chat (the messenger's own id), with those of the days before, the oldest first."""

    staff: int
    figures: Figures
    before: tuple[Figures, ...]
    telegram: int
    language: str


async def make_digests(office: Office, actor: Actor, now: datetime) -> int:
    """Read the figures for everybody whose morning it is, and who has none of the day; for how many.

    Raises Denied.
    """
    require(actor, Action.LOOK)
    async with office.transaction() as raw:
        waiting = [
            (reader, day)
            for reader in await stored.readers(raw, [role.value for role in who_may(Action.READ_DIGEST)])
            if (day := await _morning(raw, office, reader.portfolios, now)) is not None
            and not await stored.has(raw, reader.staff, day)
        ]
    read = _Reading(office, now)
    made = 0
    for reader, day in waiting:
        figures = await read.of(_actor(reader), day)
        if figures is not None:
            async with office.transaction() as raw:
                made += await stored.add(raw, reader.staff, day, msgspec.json.encode(figures), now)
    return made


def _actor(reader: Reader) -> Actor:
    scope = None if reader.portfolios is None else frozenset(reader.portfolios)
    return Actor(reader.name, Role(reader.role), scope)


def _theirs(actor: Actor, specs: Mapping[int, PortfolioSpec]) -> dict[int, PortfolioSpec]:
    """The portfolios whose figures somebody may read."""
    if RIGHTS[actor.role].get(Action.READ_DIGEST) is Scope.ALL:
        return dict(specs)
    return {id_: spec for id_, spec in specs.items() if may(actor, Action.READ_DIGEST, spec.portfolio)}


async def _morning(
    raw: Raw, office: Office, portfolios: tuple[str, ...] | None, now: datetime
) -> date | None:
    """The day whose morning it is where they are; None: it is none."""
    zone = await zone_of(raw, office, portfolios)
    day = local_day(now, zone)
    since = now - day_start(day, zone)
    hours = timedelta(hours=MORNING.hour), timedelta(hours=_UNTIL.hour)
    return day if hours[0] <= since < hours[1] else None


async def my_figures(office: Office, member: Member, now: datetime) -> Figures | None:
    """The figures as they stand; None: no portfolio is theirs. Raises Denied."""
    if member.actor.role not in who_may(Action.READ_DIGEST):
        require(member.actor, Action.READ_DIGEST)
    async with office.transaction() as raw:
        scope = member.actor.portfolios
        zone = await zone_of(raw, office, scope)
    return await _Reading(office, now).of(member.actor, local_day(now, zone))


class _Reading:
    """The figures of portfolios, each read once however many they go to."""

    def __init__(self, office: Office, now: datetime) -> None:
        self._office, self._now = office, now
        self._books: dict[str, BookFigures] = {}
        self._happened: dict[tuple[tuple[int, ...], date], Happened] = {}

    async def of(self, actor: Actor, day: date) -> Figures | None:
        """What somebody may read of."""
        async with self._office.transaction() as raw:
            specs = (await self._office.book(raw)).portfolios
        mine = _theirs(actor, specs)
        if not mine:
            return None
        books = [await self._book(actor, spec.portfolio) for spec in mine.values()]
        zone = next(iter(mine.values())).zone
        ids = tuple(sorted(mine))
        if (ids, day) not in self._happened:
            before = day - timedelta(days=1)
            async with self._office.transaction() as raw:
                self._happened[ids, day] = await stored.happened(
                    raw, ids, day_start(before, zone), day_start(day, zone), before
                )
        return _added(day, [spec.portfolio for spec in mine.values()], books, self._happened[ids, day])

    async def _book(self, actor: Actor, code: str) -> BookFigures:
        if code not in self._books:
            self._books[code] = await portfolio(self._office, actor, self._now, code=code)
        return self._books[code]


def _added(day: date, codes: Sequence[str], books: Sequence[BookFigures], past: Happened) -> Figures:
    buckets: dict[str, tuple[int, dict[str, int]]] = {}
    arrears: dict[str, int] = {}
    for book in books:
        for currency, minor in book.arrears.items():
            arrears[currency] = arrears.get(currency, 0) + minor
        for name, row in book.buckets.items():
            if name == CURRENT:
                continue
            loans, amounts = buckets.get(name, (0, {}))
            for currency, minor in row.arrears.items():
                amounts[currency] = amounts.get(currency, 0) + minor
            buckets[name] = loans + row.loans, amounts
    return Figures(
        day,
        tuple(sorted(codes)),
        sum(book.loans for book in books),
        sum(book.loans_in_arrears for book in books),
        arrears,
        tuple(Bucket(name, *row) for name, row in sorted(buckets.items(), key=lambda one: _first(one[0]))),
        past.sent,
        past.outcomes,
        past.promises,
        past.kept,
        past.broken,
        dict(past.received),
        past.late,
    )


def _first(bucket: str) -> int:
    return int(bucket.partition("-")[0].rstrip("+"))


async def begin_digests(office: Office, actor: Actor, now: datetime) -> list[Digest]:
    """Those to be shown now, marked: a crash leaves one unshown, never shown twice. Raises Denied.

    Whoever may by now read less than was made is not shown it: while it is morning, what they may read is
    made for them.
    """
    require(actor, Action.TAKE_UPDATE)
    read = msgspec.json.Decoder(Figures)
    found: list[Digest] = []
    async with office.transaction() as raw:
        specs = (await office.book(raw)).portfolios
        for one in await stored.begin(raw, office.keyring, now, now - timedelta(hours=4), _DAYS):
            figures = read.decode(one.figures)
            theirs = {spec.portfolio for spec in _theirs(_actor(one.reader), specs).values()}
            if not theirs.issuperset(figures.portfolios):
                await stored.drop(raw, one.reader.staff, one.day)
                continue
            before = tuple(read.decode(earlier) for earlier in one.before)
            found.append(Digest(one.reader.staff, figures, before, one.telegram, one.language))
    return found


async def said(office: Office, actor: Actor, digest: Digest, now: datetime) -> None:
    """It was shown in the chat. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        await stored.handed(raw, digest.staff, digest.figures.day, now)
