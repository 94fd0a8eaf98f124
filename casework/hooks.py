"""Webhooks out: others are told of promises, outcomes, opt-outs and payments, at least once, signed.

What is to be told is written in the transaction of the change. The workers deliver it afterwards, again and
again with longer and longer waits, and give it up after a day (`dead`). Ids, codes and amounts; nothing of a
person.
"""

import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import msgspec

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.rights import Action, Actor, require
from ledger.money import format_major
from storage import hooks as stored
from storage.audit import Event, write
from storage.hooks import Call, Hook
from storage.raw import Raw

KINDS: Final = (
    "promise.made",
    "promise.kept",
    "promise.partly_kept",
    "promise.broken",
    "promise.cancelled",
    "outcome.recorded",
    "consent.revoked",
    "consent.granted",
    "payment.matched",
    "payment.reversed",
)
SECRET_BYTES: Final = 32
OVERLAP: Final = timedelta(days=1)  # both secrets sign for so long after a rotation
WAITS: Final = tuple(
    timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800, 2 * 3600, 6 * 3600, 16 * 3600)
)
"""Before the second try, the third..."""

_LEASED: Final = timedelta(minutes=2)
_BATCH: Final = 50
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")


class Poster(Protocol):
    """What hands a call over: notifiers.hook.HookPoster."""

    def check(self, url: str) -> str | None:
        """Why the address cannot be one; None: it can."""
        ...

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> str | None:
        """None: taken (2xx). Else the code of what went wrong."""
        ...


class Added(msgspec.Struct, frozen=True):
    """An endpoint; `secret` is shown once."""

    name: str
    url: str
    kinds: tuple[str, ...]
    secret: str


class Told(msgspec.Struct, frozen=True):
    """What became of one round."""

    delivered: int
    failed: int
    dead: int


async def add_hook(
    office: Office,
    actor: Actor,
    poster: Poster,
    name: str,
    url: str,
    kinds: Sequence[str],
    secret: bytes,
    now: datetime,
) -> Added:
    """Tell `url` of `kinds` from now on. Raises Denied, CaseworkInputError (name, address, kind)."""
    require(actor, Action.MANAGE_WEBHOOKS)
    if not _NAME.fullmatch(name):
        raise CaseworkInputError(f"{name!r} cannot be a webhook's name; write one like core-banking")
    for kind in kinds:
        if kind not in KINDS:
            raise CaseworkInputError(f"{kind!r} is nothing that is told; there are: {', '.join(KINDS)}")
    if not kinds:
        raise CaseworkInputError(f"a webhook is told of something; there are: {', '.join(KINDS)}")
    wrong = poster.check(url)
    if wrong is not None:
        raise CaseworkInputError(wrong)
    wanted = tuple(dict.fromkeys(kinds))
    async with office.transaction() as raw:
        if await stored.open_named(raw, name) is not None:
            raise CaseworkInputError(f"there is a webhook {name!r}; remove it first, or take another name")
        hook = await stored.add(raw, office.keyring, name, url, wanted, secret.hex(), actor.name, now)
        data = {"name": name, "host": urlsplit(url).hostname, "kinds": list(wanted)}
        await write(raw.connection, [Event(now, actor.name, actor.role, "webhook.added", "hook", hook, data)])
    return Added(name, url, wanted, secret.hex())


async def list_hooks(office: Office, actor: Actor) -> list[Hook]:
    """Those in force, by name. Raises Denied."""
    require(actor, Action.MANAGE_WEBHOOKS)
    async with office.transaction() as raw:
        return await stored.all_open(raw)


async def remove_hook(office: Office, actor: Actor, name: str, now: datetime) -> None:
    """Nothing is told there from now on. Raises Denied, CaseworkInputError."""
    require(actor, Action.MANAGE_WEBHOOKS)
    async with office.transaction() as raw:
        hook = await _named(raw, name)
        await stored.end(raw, hook.id, actor.name, now)
        event = Event(now, actor.name, actor.role, "webhook.removed", "hook", hook.id, {"name": name})
        await write(raw.connection, [event])


async def rotate_hook(office: Office, actor: Actor, name: str, secret: bytes, now: datetime) -> Added:
    """Another secret; for a day the one before signs as well. Raises Denied, CaseworkInputError."""
    require(actor, Action.MANAGE_WEBHOOKS)
    async with office.transaction() as raw:
        hook = await _named(raw, name)
        await stored.rotate(raw, office.keyring, hook.id, secret.hex(), now + OVERLAP)
        event = Event(now, actor.name, actor.role, "webhook.rotated", "hook", hook.id, {"name": name})
        await write(raw.connection, [event])
    return Added(hook.name, hook.url, hook.kinds, secret.hex())


async def ping_hook(office: Office, actor: Actor, poster: Poster, name: str, now: datetime) -> str | None:
    """Send a `ping` at once; None: taken, else what went wrong. Raises Denied, CaseworkInputError."""
    require(actor, Action.MANAGE_WEBHOOKS)
    async with office.transaction() as raw:
        hook = await _named(raw, name)
        secret = await stored.secret_of(raw, office.keyring, hook.id)
    body = _body("ping", "ping", now, {})
    return await poster.post(hook.url, body, signed(body, (secret,), now, "ping", 1))


async def tell_hooks(office: Office, poster: Poster, now: datetime) -> Told:
    """Deliver what is due, a batch at a time; nothing is in a transaction while an endpoint is spoken to."""
    delivered = failed = dead = 0
    while True:
        async with office.transaction() as raw:
            calls = await stored.lease(raw, office.keyring, now, now + _LEASED, _BATCH)
            bodies = await _bodies(raw, calls)
        for call in calls:
            error = await _hand_over(poster, call, bodies[call.id], now)
            over = error is not None and (call.tries > len(WAITS) or call.ended)
            state = "delivered" if error is None else "dead" if over else "waiting"
            wait = WAITS[min(call.tries, len(WAITS)) - 1]
            async with office.transaction() as raw:
                await stored.settle(raw, call.id, state, error, now + wait, now)
            delivered += state == "delivered"
            failed += state == "waiting"
            dead += state == "dead"
        if len(calls) < _BATCH:
            return Told(delivered, failed, dead)


async def _hand_over(poster: Poster, call: Call, body: bytes | None, now: datetime) -> str | None:
    if call.ended:
        return "removed"
    if body is None:
        return "gone"
    return await poster.post(call.url, body, signed(body, call.secrets, now, f"evt_{call.id}", call.tries))


def signed(body: bytes, secrets: Sequence[str], now: datetime, event: str, tries: int) -> dict[str, str]:
    """The headers of a call: HMAC-SHA256 of `timestamp.body` by each secret in force."""
    at = str(int(now.timestamp()))
    marks = [hmac.digest(secret.encode(), f"{at}.".encode() + body, "sha256").hex() for secret in secrets]
    return {
        "content-type": "application/json",
        "kept-event": event,
        "kept-attempt": str(tries),
        "kept-signature": ",".join([f"t={at}", *(f"v1={mark}" for mark in marks)]),
    }


async def _bodies(raw: Raw, calls: Sequence[Call]) -> dict[int, bytes | None]:
    """What each call says; None: what it is about is not there any more."""
    found: dict[int, bytes | None] = {}
    for about in sorted({call.kind.partition(".")[0] for call in calls}):
        of = [call for call in calls if call.kind.startswith(about + ".")]
        rows = await stored.subjects(raw, about, sorted({call.subject for call in of}))
        for call in of:
            row = rows.get(call.subject)
            data = None if row is None else _SAYS[about](row, call)
            found[call.id] = None if data is None else _body(f"evt_{call.id}", call.kind, call.at, data)
    return found


def _body(event: str, kind: str, at: datetime, data: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"id": event, "type": kind, "at": at, "data": data})


def _promise(row: Any, call: Call) -> dict[str, Any]:
    id_, borrower, source, portfolio, loans, amount, currency, due = row
    return {
        "promise": id_,
        "borrower": borrower,
        "source": source,
        "portfolio": portfolio,
        "loans": loans,
        "amount": format_major(amount, currency),
        "currency": currency,
        "due": due,
    }


def _outcome(row: Any, call: Call) -> dict[str, Any]:
    id_, borrower, source, portfolio, loans, code, at = row
    return {
        "outcome": id_,
        "borrower": borrower,
        "source": source,
        "portfolio": portfolio,
        "loans": loans,
        "code": code,
        "happened_at": at,
    }


def _consent(row: Any, call: Call) -> dict[str, Any]:
    return {"borrower": row[1], "source": row[2], "channel": call.detail}


def _payment(row: Any, call: Call) -> dict[str, Any]:
    _, loan, source, portfolio, payment, amount, currency, received, reverses = row
    return {
        "loan": loan,
        "source": source,
        "portfolio": portfolio,
        "payment": payment,
        "amount": format_major(amount, currency),
        "currency": currency,
        "received_on": received,
        "reverses": reverses,
    }


_SAYS: Final = {"promise": _promise, "outcome": _outcome, "consent": _consent, "payment": _payment}


async def _named(raw: Raw, name: str) -> Hook:
    hook = await stored.open_named(raw, name)
    if hook is None:
        raise CaseworkInputError(f"there is no webhook {name!r}; `kept webhook list` names them")
    return hook
