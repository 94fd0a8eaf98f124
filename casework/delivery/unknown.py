"""Contacts that are unknown: settled by asking the provider, or by a person. Never by sending again.

Nothing follows from an unknown contact until it is settled; then the same things as from a receipt. A
provider that has nothing of it, asked twice and long enough after, did not take it: it failed, and the next
channel carries the message. Mail cannot be asked about: a person looks for its Message-ID in the log.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Protocol

import msgspec
import structlog
from prometheus_client import Counter as Metric
from prometheus_client import Gauge

from casework.delivery.doubt import EARLY, Finding, Said, findings
from casework.office import Office
from casework.staff.rights import Action, Actor, require
from messages.body import Body
from notifiers.base import Found, SendError
from storage.audit import Event, write
from storage.consents import block_recipient, suspend_address
from storage.contacts import lock_cases_of
from storage.crypt import CryptError
from storage.raw import Raw
from storage.receipts import Settled, settle
from storage.unknown import (
    Doubt,
    how_many_unknown,
    note_asked,
    on_record,
    still_unknown,
    to_ask,
)

BATCH = 200
FIRST = timedelta(minutes=2)  # after sending: a callback, or the answer itself, may still settle it
SAFE = timedelta(minutes=15)  # after sending: what is not on record by then was not taken
TWICE = 2
AGAIN = timedelta(minutes=5)
IN_THE_WAY = timedelta(hours=1)  # before asking again where something stood in the way
OLDEST = timedelta(days=3)  # from then on it is a person's
_SILENT = 3  # numbers one after the other without an answer: the provider is away

NOT_TAKEN = "not_taken"

_UNKNOWN = Gauge("kept_unknown_contacts", "Contacts of which nobody knows whether they were taken")
_ASKED = Metric("kept_unknown_asked", "What asking a provider found", ["provider", "finding"])

log: structlog.stdlib.BoundLogger = structlog.get_logger("unknown")

_BODY = msgspec.json.Decoder(Body)


class Asks(Protocol):
    """A provider that can be asked what it has of a number. Raises SendError where it does not answer."""

    provider: str

    async def look_up(self, to: str, since: datetime) -> Sequence[Found]: ...


async def ask(
    office: Office,
    actor: Actor,
    askable: Mapping[str, Asks],
    now: datetime,
    stopping: Callable[[], bool] = lambda: False,
) -> Counter[str]:
    """Ask the providers in `askable` (by channel) about what is due to be asked. Raises Denied.

    Counts contacts: `accepted`, `delivered`, `failed`, `not_taken`, or why they stay unknown.
    """
    require(actor, Action.SETTLE_UNKNOWN)
    counts: Counter[str] = Counter()
    for channel, provider in askable.items():
        async with office.transaction() as raw:
            doubts = await to_ask(
                raw,
                channel,
                provider.provider,
                sent=(now - OLDEST, now - FIRST),
                asked=(now - AGAIN, now - IN_THE_WAY),
                limit=BATCH,
            )
        silent = 0
        for _, of_number in groupby(sorted(doubts, key=lambda d: (d.token, d.contact)), lambda d: d.token):
            if stopping() or silent == _SILENT:
                break
            results = await _ask_of(office, actor, provider, tuple(of_number), now)
            silent = silent + 1 if "no_answer" in results.values() else 0
            counts.update(results.values())
            for result in results.values():
                _ASKED.labels(provider.provider, result).inc()
    async with office.transaction() as raw:
        _UNKNOWN.set(await how_many_unknown(raw))
    if counts:
        log.info("asked", **counts)
    return counts


async def _ask_of(
    office: Office, actor: Actor, provider: Asks, doubts: Sequence[Doubt], now: datetime
) -> dict[int, str]:
    """All that is in doubt at one number, settled together where it can be; what came of each contact."""
    answer = await _look_up(office, provider, doubts)
    found = () if isinstance(answer, str) else answer
    contacts = [doubt.contact for doubt in doubts]
    async with office.transaction() as raw:
        hard = any(message.address_dead or message.blocked for message in found)
        await lock_cases_of(raw, contacts, contacts if hard else ())
        unknown = await still_unknown(raw, contacts)
        if isinstance(answer, str):
            told: Mapping[int, Finding] = dict.fromkeys(contacts, Finding(answer))
        else:
            known = await on_record(raw, provider.provider, [message.provider_id for message in found])
            strange = [message for message in found if message.provider_id not in known]
            told = findings([_opened(office, doubt) for doubt in doubts], strange)
        judged = [_judge(doubt, told[doubt.contact], provider, now) for doubt in doubts]
        judged = [one for one in judged if one.contact in unknown]
        await note_asked(raw, {one.contact: (one.finding.word, one.nothing) for one in judged}, now)
        await _settle(raw, actor, judged, now)
    return {one.contact: one.result for one in judged}


class _Judged(msgspec.Struct, frozen=True):
    """`nothing`: how often nothing was found, one time after the other; `settled` None: it stays unknown."""

    contact: int
    finding: Finding
    nothing: int
    settled: Settled | None = None

    @property
    def result(self) -> str:
        if self.settled is None:
            return self.finding.word
        return NOT_TAKEN if self.settled.code == NOT_TAKEN else self.settled.state


def _judge(doubt: Doubt, finding: Finding, provider: Asks, now: datetime) -> _Judged:
    contact, found, name = doubt.contact, finding.found, provider.provider
    if found is not None:
        assert found.state is not None
        return _Judged(
            contact, finding, 0, Settled(contact, found.state, name, found.provider_id, found.code)
        )
    if finding.word == "no_answer":
        return _Judged(contact, finding, doubt.found_nothing)
    if finding.word != "nothing":
        return _Judged(contact, finding, 0)
    nothing = doubt.found_nothing + (doubt.sent_at + SAFE <= now)
    if nothing < TWICE:
        return _Judged(contact, finding, nothing)
    return _Judged(contact, finding, nothing, Settled(contact, "failed", name, None, NOT_TAKEN))


async def _settle(raw: Raw, actor: Actor, judged: Sequence[_Judged], now: datetime) -> None:
    settled = [one for one in judged if one.settled is not None]
    await settle(raw, [one.settled for one in settled if one.settled], now)
    for one in settled:
        if one.finding.found and one.finding.found.address_dead:
            await suspend_address(raw, one.contact, now)
        if one.finding.found and one.finding.found.blocked:
            await block_recipient(raw, one.contact, now)
    await write(
        raw.connection,
        [settled_event(actor, one.settled, now, "provider") for one in settled if one.settled],
    )


async def _look_up(office: Office, provider: Asks, doubts: Sequence[Doubt]) -> Sequence[Found] | str:
    """What the provider has of the number, or the word for why that cannot be known."""
    try:
        to = office.keyring.open("addresses", "value", doubts[0].address, doubts[0].value)
        return await provider.look_up(to, min(doubt.sent_at for doubt in doubts) - EARLY)
    except CryptError:
        return "unreadable"
    except SendError as error:
        log.warning("no_answer", provider=provider.provider, code=error.code)
        return "no_answer"


def _opened(office: Office, doubt: Doubt) -> Said:
    try:
        body = _BODY.decode(office.keyring.open("contacts", "body", doubt.contact, doubt.body))
    except CryptError:
        return Said(doubt.contact, None, doubt.sent_at)
    return Said(doubt.contact, body.text, doubt.sent_at)


def settled_event(actor: Actor, settled: Settled, now: datetime, by: str) -> Event:
    data = {"settled_by": by, "code": settled.code} if settled.code else {"settled_by": by}
    return Event(now, actor.name, actor.role, f"contact.{settled.state}", "contact", settled.contact, data)
