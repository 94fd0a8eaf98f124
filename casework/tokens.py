"""Tokens: as what another system comes in, and how far. Made and ended by an administrator.

A token has scopes; each stands for rights of the one table (casework/staff/rights.py), which every use case
asks. A token of a member of the staff has no more rights than they have at that moment, and ends with them.
The secret is shown once; the database keeps a keyed digest of it.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

import msgspec

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.rights import RIGHTS, Action, Actor, Denied, Role, Scope, require
from storage import tokens as stored
from storage.audit import Event, write
from storage.raw import Raw
from storage.staff.people import StaffRow
from storage.staff.people import named as staff_named
from storage.tokens import TokenRow

SCOPES: Final[Mapping[str, Action]] = MappingProxyType(
    {
        "loans:write": Action.IMPORT_BOOK,
        "payments:write": Action.IMPORT_BOOK,
        "contacts:write": Action.RECORD_CONTACT,
        "outcomes:write": Action.RECORD_OUTCOME,
        "consents:write": Action.RECORD_CONSENT,
        "may:read": Action.CONTACT,
        "loans:read": Action.SEE_LOAN,
        "cases:read": Action.SEE_LOAN,
        "contacts:read": Action.SEE_LOAN,
        "promises:read": Action.SEE_LOAN,
        "portfolios:read": Action.SEE_PORTFOLIO,
    }
)
"""What a token may be given, and the right that each scope stands for."""

SECRET_BYTES: Final = 32
PER_MINUTE: Final = 600
_MOST_PER_MINUTE: Final = 60_000
_MOST_DAYS: Final = 3650
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
_WRITTEN: Final = re.compile(r"kept_([0-9a-f]{1,15})_([0-9a-f]{64})")
_USED_TO: Final = timedelta(minutes=1)


class Caller(msgspec.Struct, frozen=True):
    """Who came in: the token's id, how often it may ask, and as whom it acts."""

    token: int
    name: str
    actor: Actor
    scopes: frozenset[str]
    per_minute: int


class Made(msgspec.Struct, frozen=True):
    """A new token. `secret` is what is shown once and sent as the bearer."""

    name: str
    secret: str
    scopes: tuple[str, ...]
    portfolios: tuple[str, ...] | None
    staff: str | None
    until: datetime | None


class NotAdmitted(Exception):  # noqa: N818, the word that people use
    """Nobody we know: no token, one that is none of ours, has ended or is past its time."""


class NoScope(Exception):  # noqa: N818, the word that people use
    """The token is good, and not for this. `scope` is the one that is lacking."""

    def __init__(self, caller: Caller, scope: str) -> None:
        self.caller, self.scope = caller, scope
        has = ", ".join(sorted(caller.scopes))
        super().__init__(f"the token {caller.name} has no scope {scope}; it has {has}")


async def create_token(
    office: Office,
    actor: Actor,
    name: str,
    scopes: Sequence[str],
    secret: bytes,
    now: datetime,
    *,
    portfolios: Sequence[str] | None = None,
    staff: str | None = None,
    days: int | None = None,
    per_minute: int = PER_MINUTE,
) -> Made:
    """Make a token of `scopes`; `secret` is SECRET_BYTES of chance.

    portfolios   codes it reaches no further than; None: every one, or those of `staff`
    staff        the name of whose it is: it has no right that they have not, and ends with them
    days         for so long; None: until it is revoked

    Raises Denied; CaseworkInputError: a name in use, a scope, portfolio or number that cannot be.
    """
    require(actor, Action.MANAGE_TOKENS)
    _check(name, scopes, secret, days, per_minute)
    async with office.transaction() as raw:
        known = {spec.portfolio for spec in (await office.book(raw)).portfolios.values()}
        for code in portfolios or ():
            if code not in known:
                listed = ", ".join(sorted(known)) or "none yet"
                raise CaseworkInputError(f"{code!r} is no portfolio; there are: {listed}")
        if await stored.open_named(raw, name) is not None:
            raise CaseworkInputError(f"there is a token {name!r}; revoke it first, or take another name")
        member = None if staff is None else await _member(raw, staff, scopes)
        until = None if days is None else now + timedelta(days=days)
        (token,) = await raw.ids("api_tokens", 1)
        wanted = tuple(dict.fromkeys(scopes))
        await stored.add(
            raw,
            token,
            name,
            _digest(office, secret.hex()),
            wanted,
            portfolios,
            member and member.id,
            per_minute,
            actor.name,
            now,
            until,
        )
        data = {"name": name, "scopes": list(wanted), "portfolios": portfolios and list(portfolios)}
        event = Event(now, actor.name, actor.role, "token.created", "token", token, data | {"staff": staff})
        await write(raw.connection, [event])
    reach = None if portfolios is None else tuple(portfolios)
    return Made(name, f"kept_{token:x}_{secret.hex()}", wanted, reach, staff, until)


async def list_tokens(office: Office, actor: Actor) -> list[TokenRow]:
    """Those that have not been ended, by name. Raises Denied."""
    require(actor, Action.MANAGE_TOKENS)
    async with office.transaction() as raw:
        return await stored.all_open(raw)


async def revoke_token(office: Office, actor: Actor, name: str, now: datetime) -> None:
    """It opens nothing from now on. Raises Denied; CaseworkInputError where there is none of that name."""
    require(actor, Action.MANAGE_TOKENS)
    async with office.transaction() as raw:
        row = await stored.open_named(raw, name)
        if row is None:
            raise CaseworkInputError(f"there is no token {name!r}; `kept token list` names them")
        await stored.end(raw, row.id, actor.name, now)
        data = {"name": name}
        event = Event(now, actor.name, actor.role, "token.revoked", "token", row.id, data)
        await write(raw.connection, [event])


async def admit(office: Office, written: str | None, scope: str | None, now: datetime) -> Caller:
    """Who comes with the token `written`, for what needs `scope` (None: nothing but a token).

    Looked up at each request, so what was ended, or whose person left, is known at the very next one. Raises
    NotAdmitted, NoScope; Denied, where it is of somebody who has not (or no longer) the right.
    """
    read = _WRITTEN.fullmatch(written or "")
    async with office.glance() as raw:
        row = None if read is None else await stored.of_id(raw, int(read[1], 16))
        good = hmac.compare_digest(row.secret if row else bytes(16), _digest(office, read[2] if read else ""))
        if row is None or not good or not _holds(row, now):
            raise NotAdmitted
        if row.used_at is None or row.used_at <= now - _USED_TO:
            await stored.used(raw, row.id, now)
    caller = Caller(row.id, row.name, _actor(row), frozenset(row.scopes), row.per_minute)
    if scope is not None:
        if scope not in caller.scopes:
            raise NoScope(caller, scope)
        action = SCOPES[scope]
        if not _wide(RIGHTS[caller.actor.role], action):
            # Before anything is looked for: whoever has no right learns not even what is there.
            raise Denied(caller.actor, action, None, f"as {caller.actor.role} they may not by a token")
    return caller


def _digest(office: Office, secret: str) -> bytes:
    return office.keyring.token("api token", secret)


def _holds(row: TokenRow, now: datetime) -> bool:
    past = row.expires_at is not None and row.expires_at <= now
    return row.ended_at is None and not past and not row.orphaned


def _actor(row: TokenRow) -> Actor:
    only = frozenset(SCOPES[scope] for scope in row.scopes if scope in SCOPES)
    if row.staff is None or row.role is None:
        return Actor(f"api:{row.name}", Role.PROGRAM, _reach(row.portfolios), only)
    theirs, own = _reach(row.staff_portfolios), _reach(row.portfolios)
    reach = theirs if own is None else own if theirs is None else own & theirs
    return Actor(row.staff, Role(row.role), reach, only)


def _reach(codes: Sequence[str] | None) -> frozenset[str] | None:
    return None if codes is None else frozenset(codes)


async def _member(raw: Raw, name: str, scopes: Sequence[str]) -> StaffRow:
    row = await staff_named(raw, name, lock=True)
    if row is None or row.removed_at is not None:
        raise CaseworkInputError(f"there is nobody {name!r} on the staff; `kept staff list` names them")
    rights = RIGHTS[Role(row.role)]
    for scope in scopes:
        if rights.get(SCOPES[scope], Scope.OWN) is Scope.OWN:
            may = ", ".join(one for one, action in SCOPES.items() if _wide(rights, action)) or "none"
            raise CaseworkInputError(
                f"a token of {name} cannot have the scope {scope}: as {row.role} they may not, or their own "
                f"cases alone; it can have: {may}"
            )
    return row


def _wide(rights: Mapping[Action, Scope], action: Action) -> bool:
    return rights.get(action, Scope.OWN) is not Scope.OWN


def _check(name: str, scopes: Sequence[str], secret: bytes, days: int | None, per_minute: int) -> None:
    if not _NAME.fullmatch(name):
        raise CaseworkInputError(f"{name!r} cannot be a token's name; write one like core-banking, dialler.2")
    if not scopes:
        raise CaseworkInputError(f"a token without a scope opens nothing; there are: {', '.join(SCOPES)}")
    for scope in scopes:
        if scope not in SCOPES:
            raise CaseworkInputError(f"{scope!r} is no scope; there are: {', '.join(SCOPES)}")
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a secret has {SECRET_BYTES} bytes")
    if days is not None and not 1 <= days <= _MOST_DAYS:
        raise CaseworkInputError(f"--days {days}: a token lasts 1 to {_MOST_DAYS} days")
    if not 1 <= per_minute <= _MOST_PER_MINUTE:
        raise CaseworkInputError(
            f"--per-minute {per_minute}: it is 1 to {_MOST_PER_MINUTE} requests a minute"
        )


__all__ = [
    "PER_MINUTE",
    "SCOPES",
    "SECRET_BYTES",
    "Caller",
    "Denied",
    "Made",
    "NoScope",
    "NotAdmitted",
    "TokenRow",
    "admit",
    "create_token",
    "list_tokens",
    "revoke_token",
]
