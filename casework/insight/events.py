"""The audit record for those who read it: events by who, what and whom, and the head that seals them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

import msgspec

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.rights import Action, Actor, require
from storage.audit import Event, write
from storage.chain import Head as Anchored
from storage.insight import events as stored
from storage.insight.events import Head, Recorded
from storage.verify import Verdict, verify

__all__ = ["Head", "Page", "Recorded", "Verdict", "head", "recorded", "verified"]

LOOKED: Final = 20_000  # events at a time


class Page(msgspec.Struct, frozen=True):
    """Some events, newest first. `older`: the cursor of what was not looked at yet; None at the beginning."""

    events: tuple[Recorded, ...]
    older: str | None


async def recorded(
    office: Office,
    actor: Actor,
    asked: Mapping[str, str],
    before: str | None,
    limit: int,
) -> Page:
    """Events that fit what is asked: `actor`, `role`, `action` (or its beginning), `kind` and `subject`.

    Raises Denied; CaseworkInputError where the cursor or the subject's number is none.
    """
    require(actor, Action.VERIFY_AUDIT)
    subject = asked.get("subject")
    if subject is not None and not (subject.isascii() and subject.isdecimal() and len(subject) < 19):
        raise CaseworkInputError(f"{subject!r} is no number of a subject")
    async with office.glance() as raw:
        found, end = await stored.stretch(
            raw,
            None if before is None else _place(before),
            actor=asked.get("actor"),
            role=asked.get("role"),
            action=asked.get("action"),
            subject=(asked.get("kind"), None if subject is None else int(subject)),
            looked=LOOKED,
            limit=limit,
        )
    if len(found) == limit:
        end = (found[-1].xid, found[-1].id)
    return Page(tuple(found), None if end is None else f"{end[0]}.{end[1]}")


async def head(office: Office, actor: Actor) -> Head | None:
    """The last seal of the record. Raises Denied."""
    require(actor, Action.VERIFY_AUDIT)
    async with office.glance() as raw:
        return await stored.head(raw)


async def verified(office: Office, actor: Actor, anchored: Iterable[Anchored], now: datetime) -> Verdict:
    """Check the whole record against itself and the heads kept outside; that it was done is on record.

    Raises Denied.
    """
    require(actor, Action.VERIFY_AUDIT)
    async with office.engine.begin() as connection:
        verdict = await verify(connection, anchored)
        data = {"holds": verdict.holds, "violations": verdict.violations, "seals": verdict.seals}
        await write(connection, [Event(now, actor.name, actor.role, "audit.verified", None, None, data)])
    return verdict


def _place(cursor: str) -> tuple[int, int]:
    xid, _, id_ = cursor.partition(".")
    if not (xid.isdecimal() and id_.isdecimal() and len(cursor) < 40 and cursor.isascii()):
        raise CaseworkInputError("this is no place in the record; begin with the newest")
    return int(xid), int(id_)
