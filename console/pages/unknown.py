"""Contacts of which nobody knows whether they were taken: settled by a person who found out."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from fastapi import Form, Path, Response

from casework.delivery.by_hand import settle_by_hand, unknown_contacts
from casework.staff.rights import Action
from console.lists import Column, Listing, Rows, listed
from console.registry import Page
from console.render import go
from console.visits import Visiting
from console.waking import wake

LIST: Final = Listing(
    "unknown",
    "/unknown",
    (
        Column("sent_at", lambda one: one.sent_at, "moment"),
        Column("contact", lambda one: one.contact, "number"),
        Column("channel", lambda one: one.channel, words="channels"),
        Column("borrower", lambda one: one.borrower, "code"),
        Column("loans", lambda one: ", ".join(one.loans), "code"),
        Column("why", lambda one: one.why, "long", said=True),
        Column("message_id", lambda one: one.message_id, "code"),
        Column("portfolio", lambda one: one.portfolio, shown=False),
        Column("provider", lambda one: one.provider, shown=False),
        Column("asked_at", lambda one: one.asked_at, "moment", shown=False),
    ),
)


async def unknown(visit: Visiting) -> Response:
    """All that are unknown, the oldest first."""

    async def fetch(asked: Mapping[str, str], before: str | None, limit: int) -> Rows:
        sender = visit.desk.office.doors.senders.get("email")
        return Rows(await unknown_contacts(visit.desk.office, visit.actor, sender))

    return await listed(visit, LIST, "unknown.html", fetch)


async def settle(
    visit: Visiting,
    contact: Annotated[int, Path(ge=1, lt=1 << 63)],
    how: Annotated[Literal["delivered", "not_taken"], Form()],
) -> Response:
    """What a person found out; then the case goes on."""
    await settle_by_hand(visit.desk.office, visit.actor, contact, how, visit.now)
    await wake(visit.desk, "look")
    return go("/unknown")


_RIGHTS: Final = (Action.SETTLE_UNKNOWN,)

PAGES = (
    Page("/unknown", unknown, _RIGHTS, menu="unknown", group="work"),
    Page("/unknown/{contact}", settle, _RIGHTS, method="POST"),
)
