"""The morning's screen: is all well? Each number with its trend, and the list behind it.

Figures that would take long over a large book are made twice an hour by a job (`make_figures`), which keeps
those of each day; a screen says when they were made. storage/insight/figures.py defines the number and the
list alike. Amounts in minor units by currency, never summed over currencies.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from casework.errors import CaseworkInputError
from casework.feeds import silent_feeds
from casework.insight.last_check import broken_by_last_check
from casework.office import Book, Office
from casework.portfolios import terms_of
from casework.staff.card import masked
from casework.staff.desk import portfolios_for
from casework.staff.people import Member
from casework.staff.rights import Action, Actor, may, require
from policy.calendar import local_day
from storage.feeds import count_loans
from storage.insight import figures as stored
from storage.insight import standings
from storage.insight.figures import FIGURES, Row
from storage.insight.named import named
from storage.insight.strategies import count_governed
from storage.raw import Raw

DAYS: Final = 14
_LOANS: Final = 50_000  # of which standings are written at a time

# Which rule of the nightly check says that a contact left outside its caps, windows or holds.
_BREACHES: Final = "allowed_at_claim"

NAMES: Final = (*FIGURES, "stale", "breaches")
"""Every figure of the screen, in its order."""

LISTED: Final = tuple(FIGURES)
"""Those that have a list behind them."""

STOCKS: Final = frozenset({name for name, one in FIGURES.items() if one.stock} | {"stale", "breaches"})
"""What stands, rather than happens on a day."""


class Count(msgspec.Struct):
    """Hits of so many, and the balances of both by currency. `base` 0: there is nothing below the line."""

    hits: int = 0
    base: int = 0
    hits_minor: dict[str, int] = msgspec.field(default_factory=lambda: defaultdict[str, int](int))
    base_minor: dict[str, int] = msgspec.field(default_factory=lambda: defaultdict[str, int](int))

    def add(self, row: Row) -> None:
        """One row of the figures."""
        self.hits += row.hits
        self.base += row.base
        if row.currency:
            self.hits_minor[row.currency] += row.hits_minor
            self.base_minor[row.currency] += row.base_minor

    @property
    def share(self) -> float | None:
        """Hits of the base, by count; None: there is no base."""
        return self.hits / self.base if self.base else None


class Number(msgspec.Struct, frozen=True):
    """A figure: of today, its parts (a provider, a feed, an arm), and its last days, the oldest first.

    A day on which a stock was not made is not in the trend; one on which nothing happened has no hits.
    """

    name: str
    now: Count
    parts: Mapping[str, Count]
    trend: tuple[tuple[date, Count], ...]


class Today(msgspec.Struct, frozen=True):
    """The screen. `made_at`: of the figures; None: none were made yet. `oldest`: since when a contact waits.

    `checked_at`: when the check that counts breaches ran last.
    """

    day: date
    made_at: datetime | None
    checked_at: datetime | None
    oldest: datetime | None
    numbers: tuple[Number, ...]


class Line(msgspec.Struct, frozen=True):
    """One row behind a number. `name` is masked, and None for who may not read it."""

    id: int
    case: int
    name: str | None
    loan: str | None
    portfolio: str
    part: str
    currency: str
    minor: int | None


async def make_figures(office: Office, actor: Actor, now: datetime) -> int:
    """Bring standings and the figures up to `now`; how many standings changed. Raises Denied.

    Events of days that were made already are counted again from the day before the last time: payments come
    in late.
    """
    require(actor, Action.CHECK)
    async with office.transaction() as raw:
        counting = _counting(await office.book(raw), await standings.currencies(raw))
        last = await standings.last_loan(raw)
        before = await stored.last_made(raw)
    changed = 0
    for after in range(0, last, _LOANS):
        async with office.transaction() as raw:
            changed += await standings.refresh(raw, counting, now, after, after + _LOANS)
    first = now.date() - timedelta(days=DAYS)
    if before is not None:
        first = max(first, before.date() - timedelta(days=1))
    for name in FIGURES:
        async with office.transaction() as raw:
            await stored.make(raw, name, now, first)
    async with office.transaction() as raw:
        await count_governed(raw, now)
        await count_loans(raw, now)
    stale = await silent_feeds(office, now)
    async with office.transaction() as raw:
        ids = {spec.portfolio: id_ for id_, spec in (await office.book(raw)).portfolios.items()}
        await stored.put(
            raw, [("stale", ids[one.portfolio], one.source, one.loans) for one in stale], "stale", now
        )
        checked, broken = await broken_by_last_check(raw)
        everywhere = [("breaches", id_, "", broken.get(_BREACHES, 0)) for id_ in ids.values() if checked]
        await stored.put(raw, everywhere, "breaches", now)
        await stored.note_made(raw, now)
    return changed


def _counting(book: Book, currencies: Sequence[tuple[int, str]]) -> list[standings.Counting]:
    made: list[standings.Counting] = []
    for portfolio, currency in currencies:
        terms = terms_of(book.portfolios[portfolio], currency)
        starts = 1 if terms.dpd_starts == "on_due" else 0
        lows = tuple(low for low, _ in terms.buckets)
        made.append(standings.Counting(portfolio, currency, terms.tolerance, starts, terms.grace_days, lows))
    return made


async def today(office: Office, member: Member, now: datetime, portfolio: str | None = None) -> Today:
    """The screen of their portfolios, or of one (its code). Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        mine = await _theirs(raw, office, member, portfolio)
        specs = (await office.book(raw)).portfolios
        days = {id_: local_day(now, specs[id_].zone) for id_ in mine}
        rows = await stored.since(raw, mine, min(days.values()) - timedelta(days=DAYS - 1))
        made_at = await stored.last_made(raw)
        oldest = await stored.oldest_waiting(raw, mine, now)
        checked, _ = await broken_by_last_check(raw)
    numbers = tuple(_number(name, [row for row in rows if row.figure == name], days) for name in NAMES)
    return Today(
        max(days.values()), made_at, datetime.fromisoformat(checked) if checked else None, oldest, numbers
    )


async def _theirs(raw: Raw, office: Office, member: Member, portfolio: str | None) -> list[int]:
    """The portfolios (ids) whose figures they may see, or the one of that code."""
    mine = await portfolios_for(raw, office, member, Action.SEE_PORTFOLIO)
    if portfolio is None:
        return mine
    specs = (await office.book(raw)).portfolios
    named_so = [id_ for id_, spec in specs.items() if spec.portfolio == portfolio]
    if not named_so:
        raise CaseworkInputError(f"there is no portfolio {portfolio!r}")
    require(member.actor, Action.SEE_PORTFOLIO, portfolio)
    return named_so


def _number(name: str, rows: Sequence[Row], days: Mapping[int, date]) -> Number:
    if name == "breaches":  # the whole book's, kept with each portfolio
        rows = list({row.day: row for row in rows}.values())
    present = Count()
    parts: dict[str, Count] = defaultdict(Count)
    trend: dict[date, Count] = {}
    last = max(days.values())
    if name not in STOCKS:
        trend = {last - timedelta(days=back): Count() for back in range(DAYS - 1, -1, -1)}
    for row in rows:
        if row.day in trend or name in STOCKS:
            trend.setdefault(row.day, Count()).add(row)
        if row.day == days[row.portfolio]:
            present.add(row)
            if row.part:
                parts[row.part].add(row)
    return Number(name, present, dict(sorted(parts.items())), tuple(sorted(trend.items())))


async def behind(
    office: Office,
    member: Member,
    name: str,
    now: datetime,
    *,
    portfolio: str | None = None,
    day: date | None = None,
    part: str | None = None,
    rest: bool = False,
    after: int = 0,
    limit: int = 50,
) -> Sequence[Line]:
    """The list behind a number, by id from `after` on; rows of one id come together, also beyond `limit`.

    `day`: of that day; None: today. `rest`: what is in the base and is no hit ("not delivered"). Raises
    Denied; CaseworkInputError: there is no such figure, or it has no list.
    """
    if name not in FIGURES:
        raise CaseworkInputError(f"{name!r} has no list; these have: {', '.join(FIGURES)}")
    async with office.transaction() as raw:
        mine = await _theirs(raw, office, member, portfolio)
        specs = (await office.book(raw)).portfolios
        found = await stored.behind(raw, name, mine, now, day, part, after, limit, rest=rest)
        about = await named(raw, office.keyring, [one.case for one in found], [one.loan for one in found])
    lines: list[Line] = []
    for one in found:
        case = about.cases[one.case]
        code = specs[case.portfolio].portfolio
        reads = may(member.actor, Action.READ_PERSONAL_DATA, code)
        lines.append(
            Line(
                one.id,
                one.case,
                masked(case.name) if reads and case.name is not None else None,
                about.loans.get(one.loan) if one.loan is not None else None,
                code,
                one.part,
                one.currency,
                one.minor,
            )
        )
    return lines
