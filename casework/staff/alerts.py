"""Alerts to who leads: raised from what stands, told once in the chat, put off, assigned, or seen to.

What counts: an experiment that was stopped for harm, a feed that fell silent, a nightly check that found
something, a lock after failed tries, a service deadline that passed, a promise broken again.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final, Literal

from casework.errors import CaseworkInputError
from casework.feeds import silent_feeds
from casework.insight.last_check import broken_by_last_check
from casework.office import Office
from casework.staff.people import Member
from casework.staff.rights import Action, Actor, may, require, who_may
from policy.calendar import local_day, moment_at
from storage.audit import Event, write
from storage.raw import Raw
from storage.staff import alerts as stored
from storage.staff.alerts import Alert, Told

__all__ = [
    "Alert",
    "Told",
    "alerts_of",
    "begin_alerts",
    "one_alert",
    "raise_alerts",
    "said",
    "see_to",
    "snooze",
]

ONE_BY_ONE: Final = 5
_LISTED: Final = 20
_MORNING: Final = time(8)

Later = Literal["hour", "tomorrow"]


async def raise_alerts(office: Office, actor: Actor, now: datetime) -> int:
    """Raise what stands and was not raised before, and end what is over; how many are new. Raises Denied."""
    require(actor, Action.CHECK)
    silent = await silent_feeds(office, now)
    async with office.transaction() as raw:
        new = await stored.raise_from_book(raw, now)
        standing: list[str] = []
        for feed in silent:
            key = f"feed/{feed.portfolio}/{feed.source}/{feed.fed_at.isoformat()}"
            said = {"source": feed.source, "loans": feed.loans, "fed_at": feed.fed_at}
            standing.append(key)
            new += await stored.raise_one(raw, key, "feed", feed.portfolio, said, now)
        at, broken = await broken_by_last_check(raw)
        for name, violations in broken.items():
            key = f"check/{name}/{at}"
            standing.append(key)
            said = {"name": name, "violations": violations}
            new += await stored.raise_one(raw, key, "check", None, said, now)
        await stored.end_those_over(raw, standing, now)
    return new


async def begin_alerts(office: Office, actor: Actor, now: datetime) -> Sequence[Told]:
    """What each who may hear alerts is to be told now, marked. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    roles = [role.value for role in who_may(Action.HEAR_ALERT)]
    async with office.transaction() as raw:
        return await stored.begin_alerts(raw, office.keyring, roles, now, ONE_BY_ONE)


async def said(office: Office, actor: Actor, staff: int, alert: int, now: datetime) -> None:
    """It was said in the chat. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        await stored.handed(raw, staff, alert, now)


async def alerts_of(office: Office, member: Member) -> Sequence[Alert]:
    """Those that stand in the portfolios of theirs, the newest first. Raises Denied."""
    _may_hear(member)
    async with office.transaction() as raw:
        codes = member.actor.portfolios
        return await stored.open_alerts(raw, None if codes is None else sorted(codes), _LISTED)


async def one_alert(office: Office, member: Member, alert: int) -> Alert:
    """One that stands. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        return await _theirs(raw, member, alert)


async def snooze(office: Office, member: Member, alert: int, later: Later, now: datetime) -> datetime:
    """They are told again then, if it still stands; the moment. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        await _theirs(raw, member, alert)
        until = now + timedelta(hours=1)
        if later == "tomorrow":
            zone = await zone_of(raw, office, member.actor.portfolios)
            until = moment_at(local_day(now, zone) + timedelta(days=1), _MORNING, zone)
        await stored.snooze(raw, alert, member.id, now, until)
        await write(raw.connection, [_event(member, "alert.snoozed", alert, now)])
    return until


async def see_to(office: Office, member: Member, alert: int, now: datetime) -> bool:
    """They have seen to it: nobody is told any more. Raises Denied, CaseworkInputError.

    What concerns every portfolio, and is seen to by who leads some, goes on for the others: False.
    """
    async with office.transaction() as raw:
        found = await _theirs(raw, member, alert)
        specs = (await office.book(raw)).portfolios.values()
        alone = found.portfolio is None and not all(
            may(member.actor, Action.HEAR_ALERT, spec.portfolio) for spec in specs
        )
        if alone:
            await stored.snooze(raw, alert, member.id, now, None)
        else:
            await stored.end(raw, alert, member.name, now)
        await write(raw.connection, [_event(member, "alert.seen_to", alert, now)])
    return not alone


async def zone_of(raw: Raw, office: Office, portfolios: frozenset[str] | tuple[str, ...] | None) -> str:
    """The zone by which somebody's day goes: of the first portfolio that is theirs (codes; None: all)."""
    specs = (await office.book(raw)).portfolios.values()
    zones = [spec.zone for spec in specs if portfolios is None or spec.portfolio in portfolios]
    return zones[0] if zones else "UTC"


async def _theirs(raw: Raw, member: Member, alert: int) -> Alert:
    _may_hear(member)
    found = await stored.alert_of(raw, alert)
    if found is None:
        raise CaseworkInputError("this alert is over")
    if found.portfolio is not None:
        require(member.actor, Action.HEAR_ALERT, found.portfolio)
    return found


def _may_hear(member: Member) -> None:
    """What concerns every portfolio is heard by whoever hears of one."""
    if member.actor.role not in who_may(Action.HEAR_ALERT):
        require(member.actor, Action.HEAR_ALERT)


def _event(member: Member, action: str, alert: int, now: datetime) -> Event:
    return Event(now, member.name, member.actor.role, action, "alert", alert)
