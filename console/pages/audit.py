"""The audit record: who did what, and whether anybody edited it."""

import asyncio
from collections.abc import Mapping
from typing import Final

from fastapi import Response

from casework.insight import events
from casework.insight.events import Recorded, Verdict
from casework.staff.people import staff_roles
from casework.staff.rights import Action
from console.lists import Column, Filter, Listing, Rows, listed
from console.registry import Page
from console.visits import Visit, Visiting


def _about(event: Recorded) -> str | None:
    if event.subject_kind is None or event.subject_id is None:
        return event.subject_kind
    return f"{event.subject_kind} {event.subject_id}"


def _data(event: Recorded) -> str:
    return ", ".join(f"{key}: {value}" for key, value in (event.data or {}).items())


def _roles(visit: Visit) -> list[tuple[str, str]]:
    words = visit.speech["roles"]
    return [(role, words[role]) for role in staff_roles()] + [("system", visit.speech["audit"]["machine"])]


LIST: Final = Listing(
    "audit",
    "/audit",
    (
        Column("at", lambda event: event.at, "moment"),
        Column("actor", lambda event: event.actor),
        Column("role", lambda event: event.role),
        Column("action", lambda event: event.action, "code"),
        Column("about", _about),
        Column("data", _data, "long"),
        Column("place", lambda event: f"{event.xid}.{event.id}", "code", shown=False),
    ),
    (Filter("action"), Filter("actor"), Filter("role", _roles), Filter("kind"), Filter("subject")),
)


async def audit(visit: Visiting) -> Response:
    """The events, newest first."""
    return await _audit(visit)


async def verify(visit: Visiting) -> Response:
    """Make every hash again, now."""
    heads = () if visit.desk.anchored is None else await asyncio.to_thread(visit.desk.anchored)
    return await _audit(visit, await events.verified(visit.desk.office, visit.actor, heads, visit.now))


async def _audit(visit: Visit, verdict: Verdict | None = None) -> Response:
    async def fetch(asked: Mapping[str, str], before: str | None, limit: int) -> Rows:
        found = await events.recorded(visit.desk.office, visit.actor, asked, before, limit)
        return Rows(found.events, found.older)

    head = await events.head(visit.desk.office, visit.actor)
    return await listed(visit, LIST, "audit.html", fetch, head=head, verdict=verdict)


_RIGHTS: Final = (Action.VERIFY_AUDIT,)

PAGES = (
    Page("/audit", audit, _RIGHTS, menu="audit", group="record"),
    Page("/audit/verify", verify, _RIGHTS, method="POST"),
)
