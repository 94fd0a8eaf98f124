"""Who asks for a page: known again by their ticket, held to the rights of the page, their forms checked."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Final, cast
from urllib.parse import unquote_plus, urlsplit

import msgspec
from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from casework.errors import CaseworkInputError
from casework.staff.entrance import Entrance, From, Seat
from casework.staff.people import Member
from casework.staff.rights import RIGHTS, Action, Actor, Denied
from casework.staff.settings import Settings
from console.desk import Desk
from console.guard import is_loopback
from console.language import Speech, speech_of

FORM_FIELD: Final = "form_token"
FORM_HEADER: Final = "x-form-token"
_STRANGER: Final = "kept_form"


class SignedOutError(Exception):
    """Nobody is signed in (any more)."""


class FormError(Exception):
    """A form that did not come from a page which we gave to the same session."""


class Visit(msgspec.Struct, frozen=True):
    """A request for a page. `stranger`: what a browser is known by where nobody is signed in."""

    request: Request
    desk: Desk
    speech: Speech
    now: datetime
    stranger: str
    known: Seat | None = None

    @property
    def entrance(self) -> Entrance:
        assert self.desk.entrance is not None, "pages are served only where there is an entrance"
        return self.desk.entrance

    @property
    def seat(self) -> Seat:
        """Who is signed in. Raises SignedOutError."""
        if self.known is None:
            raise SignedOutError
        return self.known

    @property
    def member(self) -> Member:
        return self.seat.member

    @property
    def actor(self) -> Actor:
        return self.seat.member.actor

    @property
    def settings(self) -> Settings:
        return self.known.settings if self.known else Settings()

    @property
    def whence(self) -> From:
        """Where the request comes from, as the server sees it."""
        address = self.request.client.host if self.request.client else ""
        return From(address, self.request.headers.get("user-agent", ""))

    @property
    def form_token(self) -> str:
        return self.entrance.form_token(self.known.key if self.known else self.stranger)

    def may(self, *rights: Action) -> bool:
        """Whether their role has one of these rights, of whatever scope: for what is shown or hidden."""
        return may_ask(self.actor, rights)


def visiting(request: Request) -> Visit:
    """The visit that the gate of the page made."""
    return cast("Visit", request.state.visit)


Visiting = Annotated[Visit, Depends(visiting)]


def may_ask(actor: Actor, rights: tuple[Action, ...]) -> bool:
    """Whether a page of these rights is for somebody: one of them is enough, of whatever scope.

    How far it reaches is asked in the use case, for only that knows what is touched.
    """
    return not rights or any(right in RIGHTS[actor.role] for right in rights)


def gate(rights: tuple[Action, ...], *, public: bool) -> Callable[[Request], Awaitable[None]]:
    """What stands before a page. Raises SignedOutError, Denied, FormError, SessionsAwayError,
    CaseworkInputError."""

    async def stand(request: Request) -> None:
        desk: Desk = request.app.state.desk
        entrance = desk.entrance
        assert entrance is not None
        now = desk.clock.now()
        ticket = request.cookies.get(ticket_name(desk))
        seat = None if not ticket else await entrance.seat(ticket, now)
        settings = seat.settings if seat else None
        speech = speech_of(request, settings.language if settings else None)
        stranger = request.cookies.get(_STRANGER, "")[:64] or entrance.stranger()
        visit = Visit(request, desk, speech, now, stranger, seat)
        request.state.visit = visit
        if not public and seat is None:
            raise SignedOutError
        if seat is not None and not may_ask(seat.member.actor, rights):
            raise Denied(
                seat.member.actor, rights[0], None, f"the role {seat.member.actor.role} has no such right"
            )
        if request.method not in ("GET", "HEAD"):
            await _check_form(visit)
        await _check_signs(request)

    return stand


async def _check_signs(request: Request) -> None:
    """Raises CaseworkInputError for a sign that no text of the database can hold."""
    given = [unquote_plus(request.url.query)]
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        form = (await request.form()).multi_items()
        given += [text for pair in form for text in pair if isinstance(text, str)]
    if any("\0" in text for text in given):
        raise CaseworkInputError("a text holds a sign that cannot be stored (NUL); write it without")


async def _check_form(visit: Visit) -> None:
    """Return if the form is ours: sent from our own page, with the token of this very session."""
    request = visit.request
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        raise FormError
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise FormError
    given = request.headers.get(FORM_HEADER)
    if given is None:
        value: str | UploadFile | None = (await request.form()).get(FORM_FIELD)
        given = value if isinstance(value, str) else ""
    of = visit.known.key if visit.known else visit.stranger
    if not visit.entrance.is_form_token(of, given):
        raise FormError


def is_secure(desk: Desk) -> bool:
    """Whether cookies travel by TLS alone: everywhere but on a machine that speaks to itself."""
    return not (desk.public_url.startswith("http://") and is_loopback(urlsplit(desk.public_url).hostname))


def ticket_name(desk: Desk) -> str:
    """The cookie of a session; with the prefix no other host, and no page without TLS, can set it."""
    return "__Host-kept" if is_secure(desk) else "kept_session"


def stranger_name() -> str:
    """The cookie that binds forms to a browser before there is a session."""
    return _STRANGER
