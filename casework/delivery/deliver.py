"""Delivering: lease a batch, claim the few that go out next, hand them over, record what was said.

No transaction is open while a provider is spoken to. A crash leaves at most one group `sending`, which is
unknown then and never sent again; everything else is given back when the lease ends.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from casework.delivery.claim import Ready, claim
from casework.office import Clock, Office
from casework.staff.rights import Action, Actor, require
from notifiers.base import Notifier, OutcomeUnknown, Permanent, RecipientBlocked, SendError, Transient
from storage.audit import Event, write
from storage.consents import block_recipient, suspend_address
from storage.contacts import Leased, Result, end_leases, lease, lock_cases_of, record
from storage.raw import Raw

BATCH = 320
GROUP = 32  # what a crash may leave unknown
LEASE = timedelta(minutes=2)

# After so many tries that took nothing: wait so long. The step's own expiry ends it.
_BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1))

STATES = ("accepted", "delivered", "failed", "unknown", "cancelled", "deferred")


class SendReport(msgspec.Struct):
    """Contacts by channel and what became of them."""

    by_channel: dict[str, Counter[str]] = msgspec.field(default_factory=dict[str, Counter[str]])

    def count(self, channel: str, state: str) -> None:
        self.by_channel.setdefault(channel, Counter())[state] += 1


class _Outcome(msgspec.Struct, frozen=True):
    result: Result
    channel: str
    address_dead: bool = False
    blocked: bool = False


async def deliver(
    office: Office,
    actor: Actor,
    notifiers: Mapping[str, Notifier],
    clock: Clock,
    by: str,
    *,
    progress: Callable[[int], None] | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> SendReport:
    """Deliver what is planned for now until none is left, or `stopping` says so. Raises Denied.

    `by` names this deliverer among all; `notifiers` are by channel, and every channel of a strategy has one.
    """
    require(actor, Action.SEND)
    report = SendReport()
    async with office.transaction() as raw:
        await end_leases(raw, clock.now(), clock.wall())
    while not stopping():
        async with office.transaction() as raw:
            leased = await lease(raw, clock.now(), clock.wall(), by, BATCH, LEASE)
        if not leased:
            break
        for start in range(0, len(leased), GROUP):
            if stopping():
                break
            group = leased[start : start + GROUP]
            await _deliver_group(office, actor, notifiers, clock, by, group, report)
            if progress:
                progress(len(group))
    async with office.transaction() as raw:
        await give_back(raw, by)
    return report


async def give_back(raw: Raw, by: str) -> None:
    """What this deliverer leased and did not claim is for others at once."""
    await raw.run(
        "UPDATE contacts SET state = 'planned', leased_by = NULL, leased_until = NULL "
        "WHERE leased_by = $1 AND state = 'claimed'",
        by,
    )


async def _deliver_group(
    office: Office,
    actor: Actor,
    notifiers: Mapping[str, Notifier],
    clock: Clock,
    by: str,
    group: Sequence[Leased],
    report: SendReport,
) -> None:
    now = clock.now()
    claimed = await claim(office, actor, group, by, now, clock.wall() + LEASE)
    for contact in claimed.put_off:
        report.count(contact.channel, "deferred")
    for contact in claimed.cancelled:
        report.count(contact.channel, "cancelled")
    for contact in claimed.refused:
        report.count(contact.channel, "failed")
    if not claimed.ready:
        return
    outcomes = await asyncio.gather(
        *(_hand_over(ready, notifiers[ready.channel], clock) for ready in claimed.ready)
    )
    now = clock.now()
    async with office.transaction() as raw:
        news_of_address = [o.result.contact for o in outcomes if o.address_dead or o.blocked]
        await lock_cases_of(raw, [outcome.result.contact for outcome in outcomes], news_of_address)
        await record(raw, [outcome.result for outcome in outcomes], now)
        for outcome in outcomes:
            if outcome.address_dead:
                await suspend_address(raw, outcome.result.contact, now)
            if outcome.blocked:
                await block_recipient(raw, outcome.result.contact, now)
        await write(raw.connection, [_event(actor, outcome, now) for outcome in outcomes])
    for outcome in outcomes:
        state = "deferred" if outcome.result.state == "planned" else outcome.result.state
        report.count(outcome.channel, state)


def _event(actor: Actor, outcome: _Outcome, now: datetime) -> Event:
    result = outcome.result
    data = {"code": result.code} if result.code else None
    return Event(now, actor.name, actor.role, f"contact.{result.state}", "contact", result.contact, data)


async def _hand_over(ready: Ready, notifier: Notifier, clock: Clock) -> _Outcome:
    """One contact to its provider. Each fails alone; nothing but a result comes back.

    The rules are asked once more here: time has passed since the claim, and 21:00 may have come.
    """
    contact = ready.outgoing.contact
    now = clock.now()
    opens = ready.may_go(now)
    if opens != now:
        later = opens or now + _BACKOFF[-1]
        return _Outcome(Result(contact, "planned", code="door_closed", retry_at=later), ready.channel)
    try:
        sent = await notifier.send(ready.outgoing)
    except SendError as error:
        return _refused(contact, ready, notifier, error, now)
    confirm_by = None
    if sent.state == "accepted" and notifier.can_report_delivery and ready.fallback_after:
        confirm_by = now + ready.fallback_after
    return _Outcome(
        Result(contact, sent.state, sent.provider, sent.provider_id, confirm_by=confirm_by), ready.channel
    )


def _refused(contact: int, ready: Ready, notifier: Notifier, error: SendError, now: datetime) -> _Outcome:
    provider, code = notifier.provider, error.code
    match error:
        case Transient():
            wait = error.retry_after or _BACKOFF[0]
            return _Outcome(
                Result(contact, "planned", provider, code=code, retry_at=now + wait), ready.channel
            )
        case Permanent():
            failed = Result(contact, "failed", provider, code=code)
            return _Outcome(failed, ready.channel, address_dead=error.address_dead)
        case RecipientBlocked():
            return _Outcome(Result(contact, "failed", provider, code=code), ready.channel, blocked=True)
        case OutcomeUnknown() | _:
            return _Outcome(Result(contact, "unknown", provider, code=code), ready.channel)
