"""Delivering: lease a batch, claim the few that go out next, hand them over, record what was said.

No transaction is open while a provider is spoken to. A crash leaves at most one group `sending`, which is
unknown then and never sent again; everything else is given back when the lease ends. Answers are recorded as
they come: who is slow to take one message holds up neither the others' records nor the others.

What finds no room at its provider is not claimed: it stays planned, keeps its place, and goes when there is.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec
import structlog

from casework.delivery.claim import Claimed, Ready, claim
from casework.delivery.rates import Rates
from casework.delivery.room import Room, Shut, until
from casework.office import Clock, Office
from casework.staff.rights import Action, Actor, require
from notifiers.base import (
    DoorClosed,
    NeverBegan,
    Notifier,
    OutcomeUnknown,
    Permanent,
    RecipientBlocked,
    SendError,
    Transient,
)
from storage.audit import Event, write
from storage.consents import block_recipient, suspend_address
from storage.contacts import (
    Leased,
    Result,
    due_by_channel,
    end_leases,
    give_back,
    lease,
    lock_cases_of,
    put_off,
    record,
)
from storage.engine import AWAY, REFUSED
from storage.pauses import paused

BATCH = 320
GROUP = 64  # in the air at once: what a crash may leave unknown; docs/decisions/0019
LEASE = timedelta(minutes=2)

# What answers within this is recorded together; who is slower delays nobody.
_SLOW = timedelta(milliseconds=250)
# Who was told to let go does so at once; on a machine that is busy, a little later.
_LETTING_GO = timedelta(seconds=2)
_TOLD_EVERY = timedelta(milliseconds=200)
_DATABASE_AWAY = timedelta(milliseconds=500)  # before it is tried again

# After so many tries that took nothing: wait so long. The step's own expiry ends it.
_BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1))

log: structlog.stdlib.BoundLogger = structlog.get_logger("casework")

STATES = ("accepted", "delivered", "failed", "unknown", "cancelled", "deferred")


class SendReport(msgspec.Struct):
    """Contacts by channel and what became of them."""

    by_channel: dict[str, Counter[str]] = msgspec.field(default_factory=dict[str, Counter[str]])
    opens: datetime | None = None  # when there will be room for what found none: by the wall clock
    paused: bool = False  # nothing of what is paused was touched

    def count(self, channel: str, state: str, number: int = 1) -> None:
        self.by_channel.setdefault(channel, Counter())[state] += number

    def defer(self, by_channel: Mapping[str, int]) -> None:
        for channel, number in by_channel.items():
            self.count(channel, "deferred", number)


class _Outcome(msgspec.Struct, frozen=True):
    result: Result
    channel: str
    address_dead: bool = False
    blocked: bool = False
    asked_to_wait: timedelta | None = None  # by the provider, whoever sends


async def deliver(
    office: Office,
    actor: Actor,
    notifiers: Mapping[str, Notifier],
    clock: Clock,
    by: str,
    *,
    rates: Rates | None = None,
    lease_for: timedelta = LEASE,
    patience: timedelta | None = None,
    progress: Callable[[int], None] | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> SendReport:
    """Deliver what is planned for now until none is left, or `stopping` says so. Raises Denied.

    `by` names this deliverer among all; `notifiers` are by channel, and every channel of a strategy has one.
    `patience`: wait for room, so long at most at a time; None: what finds none is left, and the report says
    when there will be some.
    """
    require(actor, Action.SEND)
    turn = _Turn(office, actor, notifiers, clock, by, Room(rates, notifiers), lease_for)
    async with office.transaction() as raw:
        await end_leases(raw, clock.now(), clock.wall())
    try:
        await turn.take(patience, progress, stopping)
    except asyncio.CancelledError:
        await turn.let_go()
        with suppress(*AWAY):  # else it is given back when its lease ends
            await turn.land()
            async with office.transaction() as raw:
                await give_back(raw, by)
        raise
    finally:
        await turn.land()
    async with office.transaction() as raw:
        await give_back(raw, by)
    if patience is None:
        turn.report.defer(turn.room.turned_away())
    elif turn.report.opens is not None:
        turn.report.defer(await turn.left())
    return turn.report


class _Turn:
    """One deliverer at work."""

    def __init__(
        self,
        office: Office,
        actor: Actor,
        notifiers: Mapping[str, Notifier],
        clock: Clock,
        by: str,
        room: Room,
        lease_for: timedelta,
    ) -> None:
        self.office, self.actor, self.notifiers, self.clock, self.by = office, actor, notifiers, clock, by
        self.room, self.lease_for = room, lease_for
        self.report = SendReport()
        self._in_the_air: set[asyncio.Task[_Outcome]] = set()

    async def take(
        self,
        patience: timedelta | None,
        progress: Callable[[int], None] | None,
        stopping: Callable[[], bool],
    ) -> None:
        """Batch after batch, until nothing is left that has room."""
        while not stopping():
            shut = self.room.shut(self.clock.wall())
            leased = await self.lease(shut)
            if leased:
                await self.deliver_batch(leased, progress, stopping)
            elif self._in_the_air:
                await self.land()  # what is put off by its answer may be due at once
            elif shut.opens is None or not await self.left():
                break
            elif patience is None or shut.opens > self.clock.wall() + patience:
                self.report.opens = shut.opens
                break
            else:
                await until(shut.opens, self.clock, stopping)

    async def lease(self, shut: Shut) -> list[Leased]:
        """The next contacts, but for those that have no room now, or are paused."""
        async with self.office.transaction() as raw:
            portfolios = await paused(raw)
            self.report.paused = bool(portfolios)
            if None in portfolios:
                return []
            return await lease(
                raw,
                self.clock.now(),
                self.clock.wall(),
                self.by,
                self.room.batch(shut, BATCH, GROUP),
                self.lease_for,
                but_channels=shut.channels,
                but_addresses=shut.addresses,
                but_portfolios=[one for one in portfolios if one is not None],
                but_answers_by=shut.for_answers,
            )

    async def left(self) -> Mapping[str, int]:
        """By channel, how many could go if there were room."""
        async with self.office.transaction() as raw:
            return await due_by_channel(raw, self.clock.now())

    async def deliver_batch(
        self,
        leased: Sequence[Leased],
        progress: Callable[[int], None] | None,
        stopping: Callable[[], bool],
    ) -> None:
        """A group after the other; what finds no room is given back."""
        turned_away: list[int] = []
        rest = list(leased)
        while rest and not stopping():
            room = GROUP - len(self._in_the_air)
            group, rest = rest[:room], rest[room:]
            # Before the claim: what cannot go now is neither decided nor rendered for nothing.
            going = await self.room.admit(group, self.clock.wall())
            turned_away += {contact.id for contact in group} - {contact.id for contact in going}
            if going:
                await self._deliver_group(going)
            if progress:
                progress(len(going))
        if turned_away:
            async with self.office.transaction() as raw:
                await give_back(raw, self.by, turned_away)

    async def _deliver_group(self, group: Sequence[Leased]) -> None:
        now = self.clock.now()
        until = self.clock.wall() + self.lease_for
        claimed = await self._claim(group, now, until)
        for contact in claimed.put_off:
            self.report.count(contact.channel, "deferred")
        for contact in claimed.cancelled:
            self.report.count(contact.channel, "cancelled")
        for contact in claimed.refused:
            self.report.count(contact.channel, "failed")
        if not claimed.ready:
            return
        tries = {contact.id: contact.tries for contact in group}
        for ready in claimed.ready:
            wait = _BACKOFF[min(tries[ready.outgoing.contact], len(_BACKOFF) - 1)]
            handing = _hand_over(ready, self.notifiers[ready.channel], self.clock, until, wait)
            self._in_the_air.add(asyncio.create_task(handing))
        await self.land(GROUP // 2)

    async def _claim(self, group: Sequence[Leased], now: datetime, until: datetime) -> Claimed:
        """Claim a group; where that fails each alone, and one that cannot be claimed is put off."""
        try:
            return await claim(self.office, self.actor, group, self.by, now, until)
        except AWAY:
            raise
        except Exception as error:
            if len(group) > 1:
                parts = [await self._claim([contact], now, until) for contact in group]
                return Claimed.of(parts)
            # Foreign exceptions carry texts and addresses: no more of it than its kind.
            (contact,) = group
            log.error("unclaimable", contact=contact.id, error=type(error).__name__)  # noqa: TRY400
            async with self.office.transaction() as raw:
                await put_off(raw, contact.id, self.by, now + _BACKOFF[-1])
            return Claimed(put_off=(contact,))

    async def land(self, down_to: int = 0) -> None:
        """Record what is answered, as it comes, until no more than `down_to` are in the air."""
        while self._in_the_air:
            done, self._in_the_air = await asyncio.wait(self._in_the_air, timeout=_SLOW.total_seconds())
            outcomes = sorted((task.result() for task in done), key=lambda outcome: outcome.result.contact)
            asked = [(o.channel, o.asked_to_wait) for o in outcomes if o.asked_to_wait is not None]
            for channel, wait in dict(sorted(asked)).items():  # the longest of each
                await self.room.hold(channel, wait, self.clock.wall())
            if outcomes:
                await self._insist(outcomes)
            if len(self._in_the_air) <= down_to:
                return

    async def let_go(self) -> None:
        """Time is up: what has no answer yet stays unknown, and what never began is planned again.

        Told again and again: `asyncio.wait_for` of Python 3.11 forgets being told if what it waits for comes
        at the same moment, and its task would go on to wait for the next.
        """
        await asyncio.sleep(0)  # who has not taken a step yet could not say that it never began
        for _ in range(_LETTING_GO // _TOLD_EVERY):
            going = [task for task in self._in_the_air if not task.done()]
            if not going:
                break
            for task in going:
                task.cancel()
            await asyncio.wait(going, timeout=_TOLD_EVERY.total_seconds())
        self._in_the_air = {task for task in self._in_the_air if task.done() and not task.cancelled()}

    async def _insist(self, outcomes: Sequence[_Outcome]) -> None:
        """Record. A database that is away is waited for, up to a lease: what was said is known here alone."""
        until = self.clock.wall() + self.lease_for
        while True:
            try:
                await self._record(outcomes)
            except AWAY as error:
                if self.clock.wall() >= until:
                    raise
                log.warning("not_recorded_yet", contacts=len(outcomes), error=type(error).__name__)
                await asyncio.sleep(_DATABASE_AWAY.total_seconds())
            except REFUSED as error:
                await self._each_alone(outcomes, error)
                return
            else:
                return

    async def _each_alone(self, outcomes: Sequence[_Outcome], error: Exception) -> None:
        """One answer that cannot be written costs no other its record; its contact becomes unknown."""
        if len(outcomes) == 1:
            contact = outcomes[0].result.contact
            log.error("not_recorded", contact=contact, error=type(error).__name__)
            return
        for outcome in outcomes:
            await self._insist([outcome])

    async def _record(self, outcomes: Sequence[_Outcome]) -> None:
        now = self.clock.now()
        async with self.office.transaction() as raw:
            news_of_address = [o.result.contact for o in outcomes if o.address_dead or o.blocked]
            if news_of_address:  # of more cases than their own, which recording locks by itself
                await lock_cases_of(raw, [outcome.result.contact for outcome in outcomes], news_of_address)
            news = await record(raw, [outcome.result for outcome in outcomes], now)
            for outcome in outcomes:
                if outcome.address_dead:
                    await suspend_address(raw, outcome.result.contact, now)
                if outcome.blocked:
                    await block_recipient(raw, outcome.result.contact, now)
            told = [outcome for outcome in outcomes if outcome.result.contact in news]
            await write(raw.connection, [_event(self.actor, outcome, now) for outcome in told])
        for outcome in outcomes:
            state = "deferred" if outcome.result.state == "planned" else outcome.result.state
            self.report.count(outcome.channel, state)


def _event(actor: Actor, outcome: _Outcome, now: datetime) -> Event:
    result = outcome.result
    data = {"code": result.code} if result.code else None
    return Event(now, actor.name, actor.role, f"contact.{result.state}", "contact", result.contact, data)


async def _hand_over(
    ready: Ready, notifier: Notifier, clock: Clock, until: datetime, wait: timedelta
) -> _Outcome:
    """One contact to its provider. Each fails alone; nothing but a result comes back.

    The rules are asked once more here: time has passed since the claim, and 21:00 may have come. Who was held
    up until its lease ended sends nothing: others may count the contact as unknown, and have settled it.
    `wait`: before the next try, where the provider took nothing and did not say.
    """
    contact = ready.outgoing.contact
    if clock.wall() >= until:
        # Planned again, unless others have counted it as unknown already: then it stays so.
        return _Outcome(Result(contact, "planned", code="lease_ended", retry_at=clock.now()), ready.channel)
    now = clock.now()
    opens = ready.may_go(now)
    if opens != now:
        later = opens or now + _BACKOFF[-1]
        return _Outcome(Result(contact, "planned", code="door_closed", retry_at=later), ready.channel)

    def may_still_go() -> bool:
        moment = clock.now()
        return clock.wall() < until and ready.may_go(moment) == moment

    try:
        sent = await notifier.send(msgspec.structs.replace(ready.outgoing, may_still_go=may_still_go))
    except DoorClosed as error:
        moment = clock.now()
        later = ready.may_go(moment) or moment + _BACKOFF[-1]
        return _Outcome(Result(contact, "planned", code=error.code, retry_at=later), ready.channel)
    except SendError as error:
        return _refused(ready, notifier, error, now, wait)
    except NeverBegan:  # this worker ends; any other may send it
        return _Outcome(Result(contact, "planned", code="never_began", retry_at=now), ready.channel)
    confirm_by = None
    if sent.state == "accepted" and notifier.can_report_delivery and ready.fallback_after:
        confirm_by = now + ready.fallback_after
    return _Outcome(
        Result(contact, sent.state, sent.provider, sent.provider_id, confirm_by=confirm_by), ready.channel
    )


def _refused(ready: Ready, notifier: Notifier, error: SendError, now: datetime, wait: timedelta) -> _Outcome:
    contact, provider, code = ready.outgoing.contact, notifier.provider, error.code
    match error:
        case Transient():
            later = now + (error.retry_after or wait)
            put_off = Result(contact, "planned", provider, code=code, retry_at=later)
            return _Outcome(put_off, ready.channel, asked_to_wait=error.retry_after)
        case Permanent():
            failed = Result(contact, "failed", provider, code=code)
            return _Outcome(failed, ready.channel, address_dead=error.address_dead)
        case RecipientBlocked():
            return _Outcome(Result(contact, "failed", provider, code=code), ready.channel, blocked=True)
        case OutcomeUnknown() | _:
            return _Outcome(Result(contact, "unknown", provider, code=code), ready.channel)
