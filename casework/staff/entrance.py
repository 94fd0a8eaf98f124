"""The console's entrance: joining by a one-time link, signing in, being known again, leaving.

Whoever is unknown, forgot, or mistyped hears the same after the same work. Every way in and every refusal is
in the audit record; a name that nobody has is not, for people type passwords there.
"""

import base64
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec
from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from casework.delivery.windows import Rate, Windows
from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.passwords import Passwords, check_password, seed_uri, step_of
from casework.staff.people import Member, link_of, member_of
from casework.staff.rights import Actor, Role
from casework.staff.sessions import Session, Sessions, SessionsAwayError
from casework.staff.settings import Settings, read_settings
from storage.audit import Datum, Event, write
from storage.staff import accounts as stored

TRIES: Final = Rate(10, 900)  # at one name
# From one address only what failed counts: a whole office may stand behind it, and signs in at nine.
FAILURES: Final = RateLimitItemPerSecond(30, 900)
_AWAY: Final = Rate(300, 900)  # from one address to the issuer of single sign-on
_ISSUER: Final = "Kept"
_DOOR: Final = Actor("console", Role.SYSTEM)


class From(msgspec.Struct, frozen=True):
    """Where a request comes from, as the server sees it."""

    address: str
    browser: str = ""


class Seat(msgspec.Struct, frozen=True):
    """Somebody who is signed in, as they act at this moment. `key` names their session."""

    member: Member
    session: Session
    key: str
    settings: Settings


class Joining(msgspec.Struct, frozen=True):
    """What a link would make: whose account, and the seed of its second step with what apps read."""

    name: str
    role: Role
    seed: str
    uri: str


class TooManyTriesError(Exception):
    """No more tries for a while, whoever it is. `wait`: how long."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"too many tries; the next one is heard in {wait.total_seconds():.0f} s")
        self.wait = wait


class Entrance:
    """The use cases. `draw`: so many random bytes, from kept/."""

    def __init__(self, office: Office, redis: Redis, draw: Callable[[int], bytes]) -> None:
        self.office = office
        self.sessions = Sessions(redis, office.keyring, draw)
        self._redis = redis
        self._draw = draw
        self._passwords = Passwords()
        counts = RedisStorage(
            "async+redis://",
            implementation="redispy",
            key_prefix="kept:tries",
            connection_pool=redis.connection_pool,  # pyright: ignore[reportArgumentType] - as it documents
        )
        self._windows = Windows(counts)
        self._failures = SlidingWindowCounterRateLimiter(counts)

    # --- being known again --------------------------------------------------------------------------------

    async def seat(self, ticket: str, now: datetime) -> Seat | None:
        """Who brings this ticket; None: nobody (any more). Asked at each request.

        Whoever was removed or invited again, or has another role or other portfolios by now, enters anew.
        """
        key = self.sessions.key_of(ticket)
        session = await self.sessions.find(key, now)
        if session is None:
            return None
        async with self.office.glance() as raw:
            found = await stored.seated(raw, session.staff)
        if found is None:
            await self.sessions.end_all(session.staff, now)
            return None
        row, settings, invited = found
        if (row.role, row.portfolios) != (session.role, session.portfolios) or session.began < invited:
            await self.sessions.end(session.staff, key)  # what was begun since stays
            return None
        return Seat(
            msgspec.structs.replace(member_of(row), on_page=True), session, key, read_settings(settings)
        )

    # --- coming in ----------------------------------------------------------------------------------------

    async def sign_in(self, name: str, password: str, code: str, now: datetime, whence: From) -> str | None:
        """The ticket; None: one of the three is wrong, and nobody learns which.

        Raises TooManyTriesError, SessionsAwayError.
        """
        token = self.office.keyring.token("sign in", name.strip().lower()).hex()
        async with self.office.glance() as raw:
            found = await stored.account_named(raw, self.office.keyring, name.strip())
        await self._try(token, whence, now, found.staff if found else None)
        fits = await self._passwords.fits(password, found.password if found else None)
        step = step_of(found.seed if found else None, code, now)
        if found is None:
            await self._refused(None, "unknown", whence, now)
            return None
        async with self.office.transaction() as raw:
            new = fits and step is not None and await stored.use_step(raw, found.staff, step)
        if not new:
            await self._refused(found.staff, "password" if not fits else "code", whence, now)
            return None
        return await self.enter(found.staff, now, whence, "password")

    async def enter(self, staff: int, now: datetime, whence: From, how: str) -> str | None:
        """A session for somebody who has shown who they are, by whatever way; None: they are gone."""
        async with self.office.transaction() as raw:
            found = await stored.seated(raw, staff)
            if found is None:
                return None
            row = found[0]
            who = member_of(row).actor
            session = Session(
                staff, row.role, row.portfolios, now, now, whence.address[:60], whence.browser[:160], how
            )
            ticket = await self.sessions.begin(session)
            data = {"how": how, "session": self.sessions.key_of(ticket)}
            await write(raw.connection, [_event(who, "staff.signed_in", staff, now, data)])
        return ticket

    async def sign_out(self, seat: Seat, now: datetime) -> None:
        """This session is over."""
        await self.end(seat, seat.key, now, "staff.signed_out")

    async def end(self, seat: Seat, key: str, now: datetime, what: str = "staff.session_ended") -> bool:
        """End one of one's own sessions; False where it is none."""
        if not await self.sessions.end(seat.member.id, key):
            return False
        await self._note(seat.member.actor, what, seat.member.id, now, {"session": key})
        return True

    async def open_sessions(self, seat: Seat, now: datetime) -> list[tuple[str, Session]]:
        """(key, session) of all of one's own."""
        return await self.sessions.of(seat.member.id, now)

    async def heard(self, whence: From, now: datetime) -> None:
        """Count somebody who goes elsewhere to be vouched for. Raises TooManyTriesError."""
        await self._try(f"elsewhere {whence.address}", whence, now, None, _AWAY)

    async def not_vouched(self, why: str, whence: From, now: datetime) -> None:
        """Nobody was vouched for: on record, with a word for why."""
        await self._refused(None, why, whence, now)

    # --- joining ------------------------------------------------------------------------------------------

    async def joining(self, given: str, now: datetime) -> Joining | None:
        """What a one-time link would make now; None: nothing (any more). Looking uses nothing up."""
        link = link_of(self.office.keyring, given)
        if link is None:
            return None
        async with self.office.glance() as raw:
            row = await stored.link_open(raw, link, now)
        if row is None:
            return None
        seed = self._seed("join", str(link))
        return Joining(row.name, Role(row.role), seed, seed_uri(seed, row.name, _ISSUER))

    async def join(self, given: str, password: str, code: str, now: datetime, whence: From) -> str | None:
        """Make the account and enter: the ticket; None where the link opens nothing (any more).

        Sessions they had elsewhere end. Raises CaseworkInputError (the password, the code),
        TooManyTriesError, SessionsAwayError.
        """
        link = link_of(self.office.keyring, given)
        if link is None or (meant := await self.joining(given, now)) is None:
            return None
        await self._try(f"join {link}", whence, now, None)
        check_password(password, meant.name)
        step = step_of(meant.seed, code, now)
        if step is None:
            await self._refused(None, "code", whence, now)
            raise CaseworkInputError(
                "that is not the code that the app shows now; codes change every 30 seconds"
            )
        hashed = await self._passwords.hashed(password)
        async with self.office.transaction() as raw:
            row = await stored.link_open(raw, link, now, lock=True)
            if row is None:
                return None
            await stored.join(raw, link, now)
            await stored.set_secrets(raw, self.office.keyring, row.id, hashed, meant.seed, step, now)
            await write(raw.connection, [_event(member_of(row).actor, "staff.joined", row.id, now, {})])
        await self.sessions.end_all(row.id, now)
        return await self.enter(row.id, now, whence, "password")

    # --- changing what lets one in ------------------------------------------------------------------------

    async def change_password(
        self, seat: Seat, password: str, code: str, new: str, now: datetime, whence: From
    ) -> None:
        """Another password, for the present one and a code; one's other sessions end.

        Raises CaseworkInputError, TooManyTriesError.
        """
        check_password(new, seat.member.name)
        await self._shown(seat, password, code, now, whence)
        hashed = await self._passwords.hashed(new)
        async with self.office.transaction() as raw:
            await stored.set_password(raw, seat.member.id, hashed, now)
            event = _event(seat.member.actor, "staff.password_changed", seat.member.id, now, {})
            await write(raw.connection, [event])
        await self.sessions.end_all(seat.member.id, now, but=seat.key)

    async def renewal(self, seat: Seat) -> Joining | None:
        """The seed of a second step in the place of the present one; None: they enter without one."""
        async with self.office.glance() as raw:
            found = await stored.account(raw, self.office.keyring, seat.member.id)
        if found is None or found.seed is None:
            return None
        seed = self._seed("renewal", f"{seat.member.id} {found.changed_at.isoformat()}")
        name = seat.member.name
        return Joining(name, seat.member.actor.role, seed, seed_uri(seed, name, _ISSUER))

    async def change_second_step(
        self, seat: Seat, password: str, code: str, new: str, now: datetime, whence: From
    ) -> None:
        """Another second step, for the password, a code of the present one and one of the new.

        Raises CaseworkInputError, TooManyTriesError.
        """
        meant = await self.renewal(seat)
        step = step_of(meant.seed if meant else None, new, now)
        if meant is None or step is None:
            raise CaseworkInputError("that is not the code that the app shows now for the new entry")
        await self._shown(seat, password, code, now, whence)
        hashed = await self._passwords.hashed(password)
        async with self.office.transaction() as raw:
            await stored.set_secrets(raw, self.office.keyring, seat.member.id, hashed, meant.seed, step, now)
            event = _event(seat.member.actor, "staff.second_step_changed", seat.member.id, now, {})
            await write(raw.connection, [event])
        await self.sessions.end_all(seat.member.id, now, but=seat.key)

    # --- within -------------------------------------------------------------------------------------------

    def stranger(self) -> str:
        """What a browser is known by before anybody signed in: for its forms alone."""
        return self._draw(16).hex()

    def form_token(self, of: str) -> str:
        """What a form of this session (or of this browser, before there is one) carries back."""
        return self.office.keyring.token("form", of).hex()

    def is_form_token(self, of: str, given: str) -> bool:
        """Whether a form came from a page that we gave to the same session."""
        return hmac.compare_digest(self.form_token(of).encode(), given.encode())

    async def _shown(self, seat: Seat, password: str, code: str, now: datetime, whence: From) -> None:
        """Return if they have shown password and code again, else raise."""
        async with self.office.glance() as raw:
            found = await stored.account(raw, self.office.keyring, seat.member.id)
        await self._try(f"again {seat.member.id}", whence, now, seat.member.id)
        fits = await self._passwords.fits(password, found.password if found else None)
        step = step_of(found.seed if found else None, code, now)
        async with self.office.transaction() as raw:
            if fits and step is not None and await stored.use_step(raw, seat.member.id, step):
                return
        await self._refused(seat.member.id, "again", whence, now)
        raise CaseworkInputError("the present password or the code is wrong; a code is taken once")

    async def _try(
        self, name: str, whence: From, now: datetime, staff: int | None, rate: Rate = TRIES
    ) -> None:
        """Count a try by the name; look how many failed from there. Raises TooManyTriesError."""
        place = self._place(name)
        try:
            taken, wait = await self._windows.take(place, rate, 1, rate.messages)
            if taken and not await self._failures.test(FAILURES, self._place(whence.address)):
                place, taken, wait = self._place(whence.address), 0, timedelta(seconds=rate.seconds)
            if taken:
                return
            first = await self._redis.set(f"kept:tries:told:{place}", 1, nx=True, ex=rate.seconds)
        except (RedisError, OSError) as error:
            raise SessionsAwayError from error
        if first:  # once in a while, or whoever guesses would fill the record
            await self._note(_DOOR, "staff.refused", staff, now, {"why": "too_many"})
        raise TooManyTriesError(wait)

    async def _refused(self, staff: int | None, why: str, whence: From, now: datetime) -> None:
        """On record, and counted against where it came from. Raises SessionsAwayError."""
        await self._note(_DOOR, "staff.refused", staff, now, {"why": why})
        try:
            await self._failures.hit(FAILURES, self._place(whence.address))
        except (RedisError, OSError) as error:
            raise SessionsAwayError from error

    def _place(self, of: str) -> str:
        return self.office.keyring.token("tries", of).hex()

    async def _note(
        self, who: Actor, what: str, staff: int | None, now: datetime, data: Mapping[str, Datum]
    ) -> None:
        async with self.office.transaction() as raw:
            await write(raw.connection, [_event(who, what, staff, now, data)])

    def _seed(self, use: str, of: str) -> str:
        """The seed of a second step that is not stored yet: 128 bits, of the keys and what it is for."""
        return base64.b32encode(self.office.keyring.token(f"second step {use}", of)).decode().rstrip("=")


def _event(who: Actor, what: str, staff: int | None, now: datetime, data: Mapping[str, Datum]) -> Event:
    return Event(now, who.name, who.role, what, "staff", staff, data or None)
