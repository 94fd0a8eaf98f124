"""Coming and going: a one-time link makes a chat somebody's, in a role and a scope; removal ends all of it.

Whoever works in a chat is looked up at each update, so a role that changed or somebody who was removed is
known at the very next tap. Nothing of a role is kept in the chat.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from casework.borrower.chats import Chat
from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.rights import RIGHTS, Action, Actor, Role, Scope, may, require
from storage.audit import Datum, Event, write
from storage.chat.door import door
from storage.crypt import Keyring, normal_email
from storage.raw import Raw
from storage.staff import people as stored
from storage.staff.accounts import forget_secrets, mailbox_taken, set_mailbox
from storage.staff.people import Listed, StaffRow

__all__ = [
    "Bound",
    "Invited",
    "Listed",
    "Member",
    "Removed",
    "bind",
    "everybody",
    "invite",
    "manageable",
    "member",
    "member_in",
    "remove",
]

LINK_LASTS: Final = timedelta(hours=48)

QUEUES: Final[dict[Role, tuple[str, ...]]] = {
    Role.COLLECTOR: ("desk", "field", ""),
    Role.SUPERVISOR: (
        *("supervisor", "complaints", "investigations", "specialist", "legal", "disputes", "back-office"),
        *("trace", "plans", "forbearance", "desk", "field", ""),
    ),
    Role.CREDIT_MANAGER: ("supervisor", "plans", "forbearance", "specialist"),
    Role.CUSTOMER_SERVICE: ("desk", "disputes", "back-office", "trace", ""),
}
"""Where a role's work comes from, unless the invitation says otherwise. Every queue that an outcome fills
(strategies/outcomes.py) is somebody's: a supervisor's, who may have them all."""

OF_ROLES: Final = msgspec.json.encode({role.value: queues for role, queues in QUEUES.items()}).decode()
"""The same as JSON."""

_NOT_STAFF: Final = (Role.SYSTEM, Role.BORROWER, Role.PROGRAM)
_NAME: Final = re.compile(r"[^\W_][\w .@'-]{0,58}[\w.]|[^\W_]")
_TAKEN: Final = re.compile(r"kept|operator|import|chat|staff|borrower \d+", re.IGNORECASE)
_QUEUE: Final = re.compile(r"[a-z][a-z0-9-]{0,40}")
_PAYLOAD: Final = re.compile(r"s([0-9a-f]{1,15})-([0-9a-f]{32})")


class Member(msgspec.Struct, frozen=True):
    """Somebody of the staff as they act now. `queues`: where their next case comes from.

    on_page   they act on a page of ours: what a lender keeps out of the chat of the staff is shown there
    """

    id: int
    actor: Actor
    queues: tuple[str, ...]
    on_page: bool = False

    @property
    def name(self) -> str:
        return self.actor.name


class Invited(msgspec.Struct, frozen=True):
    """An invitation: the link to send them, shown once, and until when it opens.

    `link` opens the chat, once; None: no bot has run yet. `join` makes their account of the console, once.
    """

    name: str
    role: Role
    portfolios: tuple[str, ...] | None
    queues: tuple[str, ...]
    link: str | None
    join: str
    until: datetime


class Bound(msgspec.Struct, frozen=True):
    """What became of a link: whose chat it is now, or None; `borrower`: the chat is a borrower's already."""

    member: Member | None
    borrower: bool = False


class Removed(msgspec.Struct, frozen=True):
    """What was handed on, and to whom; None: back to the queue."""

    name: str
    cases: int
    promises: int
    to: str | None


async def invite(
    office: Office,
    actor: Actor,
    name: str,
    role: Role,
    now: datetime,
    *,
    portfolios: Sequence[str] | None = None,
    queues: Sequence[str] | None = None,
    mailbox: str | None = None,
) -> Invited:
    """Write somebody down, and make the one-time link that makes a chat and an account theirs.

    Invited again, they get another link and the role and scope named now; the old link opens nothing more.
    `mailbox`: what a single sign-on must vouch for, to let them in; None: as it was.
    Raises Denied; CaseworkInputError: the name, role, a portfolio, queue or mailbox cannot be.
    """
    _may_manage(actor, role, portfolios)
    _check(name, role, queues)
    if portfolios is not None and not portfolios:
        raise CaseworkInputError("name a portfolio that they work for, or none at all for every one")
    async with office.transaction() as raw:
        known = {spec.portfolio for spec in (await office.book(raw)).portfolios.values()}
        for code in portfolios or ():
            if code not in known:
                listed = ", ".join(sorted(known)) or "none yet"
                raise CaseworkInputError(f"{code!r} is no portfolio; there are: {listed}")
        before = await stored.named(raw, name, lock=True)
        if before is not None and before.removed_at is None:
            _covers(actor, before)
            if name == actor.name and not _same(before, role, portfolios):
                raise CaseworkInputError(
                    "nobody changes their own role or portfolios; somebody else who may does"
                )
        begins = await door(raw)
        staff = await stored.save(raw, name, role.value, portfolios, queues, actor.name, now)
        if before is not None and before.removed_at is None:
            await _narrowed(raw, actor, staff, name, role, portfolios, now)
        if mailbox is not None:
            await _vouched_by(raw, office.keyring, staff, mailbox, now)
        link = await stored.add_link(raw, staff, actor.name, now, now + LINK_LASTS)
        data = {"role": role.value, "portfolios": None if portfolios is None else list(portfolios)}
        await write(raw.connection, [_event(actor, "staff.invited", staff, now, data)])
    carries = payload(office.keyring, link)
    return Invited(
        name,
        role,
        None if portfolios is None else tuple(portfolios),
        tuple(queues) if queues else QUEUES.get(role, ()),
        None if begins is None else begins + carries,
        join_url(office, carries),
        now + LINK_LASTS,
    )


def _same(before: StaffRow, role: Role, portfolios: Sequence[str] | None) -> bool:
    if (before.portfolios is None) != (portfolios is None) or before.role != role.value:
        return False
    return set(before.portfolios or ()) == set(portfolios or ())


async def _narrowed(
    raw: Raw,
    actor: Actor,
    staff: int,
    name: str,
    role: Role,
    portfolios: Sequence[str] | None,
    now: datetime,
) -> None:
    """What they may not have in their new role and scope goes on without them, as if they had left."""
    takes, talks = Action.TAKE_CASE in RIGHTS[role], Action.TALK in RIGHTS[role]
    lost = [
        case
        for case, code in await stored.cases_of(raw, staff)
        if not takes or (portfolios is not None and code not in portfolios)
    ]
    await stored.assign(raw, lost, None, actor.name, now)
    await stored.narrow(raw, staff, name, portfolios if takes else (), portfolios if talks else (), now)
    events = [
        Event(now, actor.name, actor.role, "case.assigned", "case", case, {"to": None}) for case in lost
    ]
    await write(raw.connection, events)


async def _vouched_by(raw: Raw, keyring: Keyring, staff: int, mailbox: str, now: datetime) -> None:
    try:
        token = keyring.token("staff mailbox", normal_email(mailbox))
    except ValueError as error:
        raise CaseworkInputError(str(error)) from None
    if await mailbox_taken(raw, token, staff):
        raise CaseworkInputError("that mailbox is somebody else's already")
    await set_mailbox(raw, staff, token, now)


def join_url(office: Office, carries: str) -> str:
    """Where the console makes an account of what a link carries."""
    return f"{office.doors.console}/join/{carries}"


def _check(name: str, role: Role, queues: Sequence[str] | None) -> None:
    if not _NAME.fullmatch(name) or _TAKEN.fullmatch(name):
        raise CaseworkInputError(
            f"{name!r} cannot be a name: it is what the record calls them, letters and digits, and no word "
            "of the machine's own (kept, operator, borrower 1)"
        )
    if role.value not in staff_roles():
        raise CaseworkInputError(f"{role} is no role of the staff; there are: {', '.join(staff_roles())}")
    for queue in queues or ():
        if not _QUEUE.fullmatch(queue):
            raise CaseworkInputError(f"{queue!r} is no queue; write one like desk, field, supervisor")


def staff_roles() -> tuple[str, ...]:
    """The roles that somebody may be invited to."""
    return tuple(role.value for role in Role if role not in _NOT_STAFF)


def is_link(given: str) -> bool:
    """Whether what a chat was opened with is meant as an invitation."""
    return _PAYLOAD.fullmatch(given.strip()) is not None


def payload(keyring: Keyring, link: int) -> str:
    """What an invitation's link carries."""
    return f"s{link:x}-{keyring.token('staff link', str(link)).hex()}"


def link_of(keyring: Keyring, given: str) -> int | None:
    """The number of the link that carries this; None: it is none of ours."""
    read = _PAYLOAD.fullmatch(given.strip())
    if read is None or not hmac.compare_digest(payload(keyring, int(read[1], 16)), given.strip()):
        return None
    return int(read[1], 16)


async def bind(office: Office, actor: Actor, chat: Chat, given: str, now: datetime) -> Bound:
    """The chat was opened with an invitation: whose it is, if the link is good. Raises Denied.

    A chat that is a borrower's stays theirs: whoever is both uses two accounts.
    """
    require(actor, Action.LINK_CHAT)
    link = link_of(office.keyring, given)
    if link is None:
        return Bound(None)
    if chat.person is not None:
        return Bound(None, borrower=True)
    async with office.transaction() as raw:
        staff = await stored.use_link(raw, link, now)
        found = None if staff is None else await stored.of_id(raw, staff)
        if found is None or not await stored.bind(raw, chat.id, found.id):
            return Bound(None)
        await write(raw.connection, [_event(actor, "staff.bound", found.id, now, {"chat": chat.id})])
    return Bound(member_of(found))


async def member(office: Office, staff: int) -> Member | None:
    """Somebody as they act at this moment; None: they are gone. Asked for at each update of their chat."""
    async with office.transaction() as raw:
        return await member_in(raw, staff)


async def member_in(raw: Raw, staff: int) -> Member | None:
    """The same within the caller's transaction."""
    found = await stored.of_id(raw, staff)
    return None if found is None else member_of(found)


async def everybody(office: Office, actor: Actor, now: datetime) -> list[Listed]:
    """Whoever is on the staff of the actor's portfolios, by name. Raises Denied."""
    if Action.MANAGE_STAFF not in RIGHTS[actor.role]:
        require(actor, Action.MANAGE_STAFF)
    async with office.transaction() as raw:
        found = await stored.everybody(raw, now)
    return [one for one in found if _overlaps(actor, one.row)]


async def manageable(office: Office, actor: Actor) -> list[str]:
    """The codes of the portfolios whose staff `actor` manages."""
    async with office.transaction() as raw:
        specs = (await office.book(raw)).portfolios.values()
    return sorted(spec.portfolio for spec in specs if may(actor, Action.MANAGE_STAFF, spec.portfolio))


async def remove(office: Office, actor: Actor, name: str, now: datetime, *, to: str | None = None) -> Removed:
    """Somebody leaves: chat, account, links and what they have at hand end now; cases and promises go on.

    `to`: who has their cases from now on; None: they go back to the queue. Raises Denied; CaseworkInputError
    where there is nobody of that name, or the other may not have one of the cases.
    """
    async with office.transaction() as raw:
        row = await stored.named(raw, name, lock=True)
        if row is None or row.removed_at is not None:
            if Action.MANAGE_STAFF not in RIGHTS[actor.role]:
                require(actor, Action.MANAGE_STAFF)
            raise CaseworkInputError(f"there is nobody {name!r} on the staff; `kept staff list` names them")
        _covers(actor, row)
        cases = await stored.cases_of(raw, row.id)
        heir = None if to is None else await _heir(raw, to, row, cases)
        promises = await stored.promises_among(raw, [case for case, _ in cases])
        await stored.remove(raw, row.id, actor.name, now)
        await forget_secrets(raw, row.id)
        await stored.assign(raw, [case for case, _ in cases], heir and heir.id, actor.name, now)
        data = {"cases": len(cases), "promises": promises, "to": to}
        await write(
            raw.connection,
            [
                _event(actor, "staff.removed", row.id, now, data),
                *(
                    Event(now, actor.name, actor.role, "case.assigned", "case", case, {"to": to})
                    for case, _ in cases
                ),
            ],
        )
    return Removed(name, len(cases), promises, to)


async def _heir(raw: Raw, to: str, row: StaffRow, cases: Sequence[tuple[int, str]]) -> StaffRow:
    heir = await stored.named(raw, to, lock=True)
    if heir is None or heir.removed_at is not None or heir.id == row.id:
        raise CaseworkInputError(f"there is nobody {to!r} to hand the cases to")
    check_may_have(heir, {code for _, code in cases})
    return heir


def check_may_have(heir: StaffRow, portfolios: set[str]) -> None:
    """CaseworkInputError where somebody cannot have cases, or none of one of `portfolios`."""
    if Action.TAKE_CASE not in RIGHTS[Role(heir.role)]:
        raise CaseworkInputError(f"{heir.name} is of the role {heir.role}, which has no cases")
    missing = [] if heir.portfolios is None else sorted(portfolios.difference(heir.portfolios))
    if missing:
        raise CaseworkInputError(f"{heir.name} does not work for portfolio {missing[0]}")


def member_of(row: StaffRow) -> Member:
    """Somebody as they act now."""
    role = Role(row.role)
    scope = None if row.portfolios is None else frozenset(row.portfolios)
    return Member(row.id, Actor(row.name, role, scope), row.queues or QUEUES.get(role, ()))


def _covers(actor: Actor, row: StaffRow) -> None:
    """Raises Denied where somebody works for more than `actor` may manage."""
    _may_manage(actor, Role(row.role), row.portfolios)


def _may_manage(actor: Actor, role: Role, portfolios: Sequence[str] | None) -> None:
    """Raises Denied. A role with a right everywhere is everybody's matter, whatever portfolios are named."""
    if not portfolios or Scope.ALL in RIGHTS[role].values():
        require(actor, Action.MANAGE_STAFF)
    for code in portfolios or ():
        require(actor, Action.MANAGE_STAFF, code)


def _overlaps(actor: Actor, row: StaffRow) -> bool:
    if RIGHTS[actor.role][Action.MANAGE_STAFF] is Scope.ALL or actor.portfolios is None:
        return True
    return row.portfolios is None or not actor.portfolios.isdisjoint(row.portfolios)


def _event(actor: Actor, action: str, staff: int, now: datetime, data: Mapping[str, Datum]) -> Event:
    return Event(now, actor.name, actor.role, action, "staff", staff, data)
