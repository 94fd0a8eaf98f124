"""Leading: queues and load, whose each case is, and what waits for a yes with the difference in words."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from casework.approvals import KINDS, in_words, waiting
from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.access import about
from casework.staff.card import code_of
from casework.staff.desk import portfolios_for
from casework.staff.people import Member, check_may_have
from casework.staff.rights import RIGHTS, Action, Actor, require
from policy.calendar import day_start, local_day
from storage.audit import Event, write
from storage.raw import Raw
from storage.staff import given, people
from storage.staff import team as stored
from storage.staff.given import Given, Taken
from storage.staff.team import Able, Load, Queue
from storage.whom import case_row

__all__ = [
    "Able",
    "Given",
    "Load",
    "Question",
    "Queue",
    "Taken",
    "Team",
    "assign",
    "begin_given",
    "begin_taken",
    "colleagues",
    "questions",
    "team",
]


class Team(msgspec.Struct, frozen=True):
    """The queues of the portfolios that one leads, and who works there."""

    queues: Sequence[Queue]
    loads: Sequence[Load]


class Question(msgspec.Struct, frozen=True):
    """What waits for a yes: what it is about, and what would change, in sentences; the case of a plan."""

    id: int
    about: str
    by: str
    changes: tuple[str, ...]
    case: int | None = None


async def team(office: Office, member: Member, now: datetime) -> Team:
    """Queues and load as of now, since midnight of the first portfolio. Raises Denied."""
    async with office.transaction() as raw:
        led = await portfolios_for(raw, office, member, Action.ASSIGN_CASE)
        specs = (await office.book(raw)).portfolios
        zone = specs[led[0]].zone
        codes = [specs[one].portfolio for one in led]
        since = day_start(local_day(now, zone), zone)
        return Team(await stored.queues(raw, led, now), await stored.loads(raw, led, codes, since))


async def colleagues(office: Office, member: Member, case: int, now: datetime) -> Sequence[Able]:
    """Who may be given the case, those with the fewest first. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        _, code = await _may_assign(raw, office, member, case)
        return await stored.able(raw, code)


async def assign(
    office: Office, member: Member, cases: Sequence[int], to: str | int | None, now: datetime
) -> str | None:
    """The cases are `to`'s (a name, or an id of `colleagues`) from now on, whoever's they were; None: they go
    back to the queue. The name of whose they are.

    All or none. Raises Denied; CaseworkInputError where a case, or somebody of that name, is not there.
    """
    async with office.transaction() as raw:
        codes = {(await _may_assign(raw, office, member, case))[1] for case in cases}
        heir = None
        if to is not None:
            heir = await (people.called(raw, to) if isinstance(to, str) else people.of_id(raw, to, lock=True))
            if heir is None:
                raise CaseworkInputError(
                    f"there is nobody {to!r} on the staff"
                    if isinstance(to, str)
                    else "they have left the staff"
                )
            check_may_have(heir, codes)
        await people.assign(raw, sorted(set(cases)), heir and heir.id, member.name, now)
        events = [
            Event(
                now, member.name, member.actor.role, "case.assigned", "case", case, {"to": heir and heir.name}
            )
            for case in sorted(set(cases))
        ]
        await write(raw.connection, events)
    return heir and heir.name


async def begin_given(office: Office, actor: Actor, now: datetime) -> Sequence[Given]:
    """Cases that somebody was given and is to be told of now, marked. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        return await given.begin_given(raw, office.keyring, now, 500)


async def begin_taken(office: Office, actor: Actor, now: datetime) -> Sequence[Taken]:
    """Cases that were taken from somebody who is to be told of it now, marked. Raises Denied."""
    require(actor, Action.TAKE_UPDATE)
    async with office.transaction() as raw:
        return await given.begin_taken(raw, office.keyring, now, 500)


async def _may_assign(raw: Raw, office: Office, member: Member, case: int) -> tuple[int, str]:
    row = await case_row(raw, case)
    if row is None:
        raise CaseworkInputError(f"there is no case {code_of(case)}")
    code = (await office.book(raw)).portfolios[row.portfolio].portfolio
    with about(case):
        require(member.actor, Action.ASSIGN_CASE, code)
    return case, code


async def questions(office: Office, member: Member) -> Sequence[Question]:
    """What they may answer, the oldest first; their own is for somebody else. Raises Denied where that can be
    nothing."""
    if not any(kind.action in RIGHTS[member.actor.role] for kind in KINDS.values()):
        require(member.actor, Action.APPROVE)
    return [
        Question(
            one.id,
            one.about,
            one.asked_by,
            await in_words(office, member.actor, one),
            one.content.get("case"),
        )
        for one in await waiting(office, member.actor)
    ]
