"""The outbox of the sandbox adapters, and one message of it."""

from http import HTTPStatus
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import Form, HTTPException, Path, Query, Response

from casework.errors import CaseworkInputError
from casework.outbox import address_token, browse, open_letter
from casework.staff.rights import Action
from console.registry import Page
from console.render import go, show
from console.visits import Visit, Visiting

CHANNELS: Final = ("sms", "email", "chat")
PAGE = 50  # messages

_MOST: Final = 2**63 - 1  # of the database's ids

Shown = Literal["sms", "email", "chat"]
Before = Annotated[int | None, Query(ge=1, le=_MOST)]


async def outbox(
    visit: Visiting, channel: Shown | None = None, to: str | None = None, before: Before = None
) -> Response:
    """The newest messages, by channel or to one address."""
    return await _outbox(visit, channel, to, before)


async def search(visit: Visiting, address: Annotated[str, Form(max_length=320)] = "") -> Response:
    """Messages to one address, which then stands in no link."""
    try:
        token = address_token(visit.desk.office, visit.actor, address)
    except CaseworkInputError:
        return await _outbox(visit, None, None, None, wrong=address)
    return go(f"/outbox?to={token}")


async def one(visit: Visiting, letter: Annotated[int, Path(ge=1, le=_MOST)]) -> Response:
    """A message as a whole."""
    opened = await open_letter(visit.desk.office, visit.actor, letter, visit.now)
    if opened is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return show(visit, "letter.html", opened=opened)


async def _outbox(
    visit: Visit, channel: str | None, to: str | None, before: int | None, wrong: str | None = None
) -> Response:
    try:
        found = await browse(
            visit.desk.office, visit.actor, visit.now, channel=channel, token=to, before=before, limit=PAGE
        )
    except CaseworkInputError:
        raise HTTPException(HTTPStatus.NOT_FOUND) from None

    def link(**changes: Any) -> str:
        """This page with something else chosen; the newest first, unless a cursor is given."""
        asked = {"channel": channel, "to": to} | changes
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return f"/outbox?{query}" if query else "/outbox"

    return show(
        visit,
        "outbox.html",
        HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY,
        found=found,
        chosen=channel,
        to=to,
        before=before,
        wrong=wrong,
        link=link,
        channels=CHANNELS,
    )


_RIGHTS: Final = (Action.READ_PERSONAL_DATA,)

PAGES = (
    Page("/outbox", outbox, _RIGHTS, menu="outbox", group="machine", everywhere=True),
    Page("/outbox/search", search, _RIGHTS, method="POST"),
    Page("/outbox/{letter}", one, _RIGHTS),
)
