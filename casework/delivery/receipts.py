"""What providers report of a contact afterwards: stored first, then worked, forward only.

A report said twice, late or in disorder changes nothing. One that came before our own record of the sending
waits for it. A word that no adapter knows is kept and counted, so that somebody looks at it.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter as Metric

from casework.office import Office
from casework.staff.rights import Action, Actor, require
from notifiers.base import Receipt
from storage.audit import Event, write
from storage.consents import block_recipient, suspend_address
from storage.raw import Raw
from storage.receipts import (
    Reported,
    Settled,
    Stored,
    lock_reported,
    mark_worked,
    settle,
    store,
    unworked,
)

BATCH = 500
GIVE_UP = timedelta(days=3)  # a message that is not on record by then is none of ours

_FORWARD = {"unknown": 0, "accepted": 1, "delivered": 2, "failed": 2}

_RECEIPTS = Metric("kept_receipts", "Receipts by what they came to", ["provider", "result"])

log: structlog.stdlib.BoundLogger = structlog.get_logger("receipts")


async def take_receipt(office: Office, actor: Actor, receipt: Receipt, now: datetime) -> bool:
    """Store a receipt; whether it is new. Nothing else: `work_receipts` does what follows. Raises Denied."""
    require(actor, Action.TAKE_RECEIPT)
    effect = "address_dead" if receipt.address_dead else "blocked" if receipt.blocked else None
    async with office.transaction() as raw:
        new = await store(
            raw,
            receipt.provider,
            receipt.event_key,
            receipt.provider_id,
            office.contact_of(receipt.key),
            receipt.state,
            receipt.code,
            effect,
            now,
        )
    if new and receipt.state is None:
        log.error("unknown receipt", provider=receipt.provider, code=receipt.code)
    return new


async def work_receipts(office: Office, actor: Actor, now: datetime) -> Counter[str]:
    """Work what is stored, a transaction a batch, until nothing is left that can be worked now.

    Counts: `accepted`, `delivered`, `failed` (contacts that moved), `repeated` (nothing new), `unknown_code`,
    `waiting` (the sending is not recorded yet), `strange` (of no contact, given up). Raises Denied.
    """
    require(actor, Action.TAKE_RECEIPT)
    counts: Counter[str] = Counter()
    after = 0
    while True:
        async with office.transaction() as raw:
            receipts = await unworked(raw, after, BATCH)
            results = await _work(raw, actor, receipts, now)
        if not receipts:
            return counts
        after = receipts[-1].id
        for receipt in receipts:
            result = results[receipt.id]
            counts[result] += 1
            if result != "waiting":
                _RECEIPTS.labels(receipt.provider, result).inc()
            if result == "strange":
                log.warning("receipt of no contact", provider=receipt.provider, receipt=receipt.id)


async def _work(raw: Raw, actor: Actor, receipts: Sequence[Stored], now: datetime) -> dict[int, str]:
    """What came of each receipt, by its id."""
    if not receipts:
        return {}
    results = {
        receipt.id: "unknown_code"
        if receipt.state is None
        else "strange"
        if receipt.received_at + GIVE_UP <= now
        else "waiting"
        for receipt in receipts
    }
    known = [receipt for receipt in receipts if receipt.state is not None]
    settled: list[Settled] = []
    events: list[Event] = []
    hard: dict[int, Stored] = {}
    for reported in await lock_reported(raw, known):
        told = _decisive(reported)
        for receipt in reported.receipts:
            results[receipt.id] = "repeated"
            if receipt.effect and (told.state if told else reported.state) == "failed":
                hard.setdefault(reported.contact, receipt)
        if told is not None:
            assert told.state is not None
            results[told.id] = told.state
            settled.append(Settled(reported.contact, told.state, told.provider, told.provider_id, told.code))
            data = {"receipt": told.id, "code": told.code} if told.code else {"receipt": told.id}
            events.append(
                Event(now, actor.name, actor.role, f"contact.{told.state}", "contact", reported.contact, data)
            )
    await settle(raw, settled, now)
    for contact, receipt in hard.items():
        await (suspend_address if receipt.effect == "address_dead" else block_recipient)(raw, contact, now)
    await mark_worked(raw, [id_ for id_, result in results.items() if result != "waiting"], now)
    await write(raw.connection, events)
    return results


def _decisive(reported: Reported) -> Stored | None:
    """The receipt that moves the contact furthest forward; the first to say so. None where none does."""
    decisive, state = None, reported.state
    for receipt in reported.receipts:
        if _FORWARD[receipt.state or ""] > _FORWARD.get(state, 2):
            decisive, state = receipt, receipt.state or ""
    return decisive
