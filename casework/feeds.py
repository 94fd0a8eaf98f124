"""Feeds that have fallen silent: what waits for them, and who is told.

Post-due steps wait where the payments of a loan are older than its strategy's `stale_after`: somebody may
have paid. That is lawful and kind, and it stops the collecting; so operations hear of it while it lasts.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from casework.office import Office
from casework.staff.desk import portfolios_for
from casework.staff.people import Member
from casework.staff.rights import Action, Actor, require
from storage.audit import Event, write
from storage.feeds import counted_today, feeds_of, late_loans, mark_silent
from storage.insight.figures import last_made
from storage.raw import Raw

_COUNTS: Final = timedelta(hours=2)  # so long, figures made twice an hour count as lately


class Silent(msgspec.Struct, frozen=True):
    """A feed whose payments are too old for `loans` of its loans that are past due."""

    portfolio: str
    source: str
    fed_at: datetime
    loans: int


class Feed(msgspec.Struct, frozen=True):
    """A feed: until when its payments are known, since when a tape of it is held, its active loans.

    waits   loans past due of which nothing is said, because its payments are too old

    Both counts are those of the day's figures, where these were made lately.
    """

    portfolio: str
    source: str
    fed_at: datetime
    held_since: datetime | None
    loans: int
    waits: int


async def feeds(office: Office, member: Member, now: datetime) -> list[Feed]:
    """The feeds of their portfolios, the oldest first. Raises Denied."""
    async with office.transaction() as raw:
        mine = await portfolios_for(raw, office, member, Action.SEE_PORTFOLIO)
        made = await last_made(raw)
        counted = made is not None and now - made < _COUNTS
        fed = await counted_today(raw, "fed", now) if counted else {}
        silent = await counted_today(raw, "stale", now) if counted else {}
        if not counted:
            silent = {(one.portfolio, one.source): one.loans for one in await _silent(office, raw, now)}
        rows = await feeds_of(raw, mine, fed)
        latest = await _latest(office, raw, now)
    return [
        Feed(*row[:5], waits=silent.get((row[0], row[1]), 0) if latest and row[2] <= latest else 0)
        for row in rows
    ]


async def silent_feeds(office: Office, now: datetime) -> list[Silent]:
    """The feeds for which post-due steps wait at `now`, by portfolio and source."""
    async with office.transaction() as raw:
        return await _silent(office, raw, now)


async def watch_feeds(office: Office, actor: Actor, now: datetime) -> Sequence[Silent]:
    """The same, each written into the audit record once for each time that it falls silent. Raises Denied."""
    require(actor, Action.CHECK)
    async with office.transaction() as raw:
        found = await _silent(office, raw, now)
        new = [one for one in found if await mark_silent(raw, one.portfolio, one.source, one.fed_at, now)]
        await write(raw.connection, [_event(actor, one, now) for one in new])
    return found


_SILENT: Final = "feed.silent"


def _event(actor: Actor, one: Silent, now: datetime) -> Event:
    data = {
        "portfolio": one.portfolio,
        "source": one.source,
        "fed_at": one.fed_at.isoformat(),
        "loans": one.loans,
    }
    return Event(now, actor.name, actor.role, _SILENT, "feed", None, data)


async def _latest(office: Office, raw: Raw, now: datetime) -> datetime | None:
    """What is fed later is not silent under any strategy; None: there are no strategies."""
    strategies = (await office.book(raw)).rulebook.strategies
    return now - min(one.stale_after for one in strategies.values()) if strategies else None


async def _silent(office: Office, raw: Raw, now: datetime) -> list[Silent]:
    latest = await _latest(office, raw, now)
    if latest is None:
        return []
    strategies = (await office.book(raw)).rulebook.strategies
    loans: dict[tuple[str, str, datetime], int] = {}
    for portfolio, source, fed_at, version, count in await late_loans(raw, now, latest):
        if fed_at + strategies[version].stale_after <= now:
            key = (portfolio, source, fed_at)
            loans[key] = loans.get(key, 0) + count
    return [Silent(*feed, count) for feed, count in sorted(loans.items())]
