"""May I contact this person now? The gate that binds the machine, for a dialler before it dials."""

from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from casework.may import Wish, may_contact
from console.api.door import caller_of
from console.api.shapes import Channel, Moment, Name, Whom, Words
from console.api.told import opens
from console.desk import Desk


class MayContact(Whom):
    """What one wants to do."""

    channel: Channel
    purpose: Literal["dunning", "answer", "opt_out_confirmation", "statutory"] = Field(
        "dunning", description="`dunning` is about what is owed."
    )
    text: Words | None = Field(None, description="What is to be said, where it is known: it is read too.")
    loans: list[Name] = Field([], max_length=100, description="About these; none: all that are owed.")


class Reason(BaseModel):
    """A rule that says no or later, and where it stands."""

    pack: str
    rule: str
    detail: str
    source: str


class Permission(BaseModel):
    """The answer. `until`: the first moment at which it is allowed, where it is later."""

    borrower: str
    source: str
    portfolio: str
    channel: str
    purpose: str
    at: Moment
    verdict: Literal["allow", "defer", "deny"]
    until: str | None
    reasons: list[Reason]


_ASKED: dict[str, Any] = {"borrower": "B17", "channel": "call"}


def asking(desk: Desk, router: APIRouter) -> None:
    """Add the route."""

    @router.post(
        "/may-contact",
        summary="May this person be contacted now?",
        description="The same rules and facts as for the machine's own messages. Nothing is recorded: after "
        "the call, report it to `/contacts`, so that it counts.",
        **opens("may:read", 404, body=_ASKED),
    )
    async def may(request: Request, wish: MayContact) -> Permission:
        found = await may_contact(
            desk.office,
            caller_of(request).actor,
            wish.borrower,
            Wish(wish.channel, wish.purpose, wish.text, tuple(wish.loans)),
            desk.clock.now(),
            portfolio=wish.portfolio,
            source=wish.source,
        )
        return Permission.model_validate(found.document())
