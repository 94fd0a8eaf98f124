"""PINs: what lets figures be said by SMS, where anybody may hold the phone.

Set by the person in their chat, or given by the lender. What is stored is a digest keyed with the book's own
key: without it, no table of all PINs helps. Five wrong ones, and none is taken for a day; somebody is told.
"""

import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Literal

import structlog

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.rights import Action, Actor, require
from messages.typed.sms import PIN_DIGITS
from storage.audit import Event, write
from storage.crypt import Keyring
from storage.pins import count_pin, keep_pin, lock_pin, persons_named, portfolios_of
from storage.raw import Raw
from storage.tasks import open_tasks

FAILURES: Final = 5
LOCKED_FOR: Final = timedelta(hours=24)

Given = Literal["right", "wrong", "locked", "none"]

log: structlog.stdlib.BoundLogger = structlog.get_logger("pins")


async def set_pin(office: Office, actor: Actor, person: int, pin: str, now: datetime) -> None:
    """The person's PIN is `pin` from now on. Raises Denied; CaseworkInputError for one that is none."""
    least, most = PIN_DIGITS
    if not _has_digits(pin):
        raise CaseworkInputError(f"a PIN has {least} to {most} digits")
    if _is_easy(pin):
        raise CaseworkInputError(
            "this PIN is too easy to guess: choose digits that do not follow one another"
        )
    async with office.transaction() as raw:
        for code in await portfolios_of(raw, person) or [None]:
            require(actor, Action.SET_PIN, code, owner=f"borrower {person}")
        await keep_pin(raw, person, _digest(office.keyring, person, pin), actor.name, now)
        await write(raw.connection, [Event(now, actor.name, actor.role, "pin.set", "person", person)])


async def give_pin(
    office: Office, actor: Actor, external_id: str, source: str | None, draw: Callable[[], str], now: datetime
) -> str:
    """Give the borrower of that id a PIN drawn by `draw`, none that is easy; the PIN.

    Raises Denied; CaseworkInputError where there is no such borrower, or several sources have the id.
    """
    async with office.transaction() as raw:
        found = await persons_named(raw, external_id, source)
    if not found:
        raise CaseworkInputError(f"there is no borrower {external_id!r}")
    if len(found) > 1:
        sources = ", ".join(name for _, name in found)
        raise CaseworkInputError(
            f"several sources have a borrower {external_id!r}: {sources}; say which with --source"
        )
    pin = draw()
    while _is_easy(pin):
        pin = draw()
    await set_pin(office, actor, found[0][0], pin, now)
    return pin


async def check_pin(
    raw: Raw, office: Office, actor: Actor, person: int, pin: str, case: int, reply: int, now: datetime
) -> Given:
    """Whether `pin` is the person's, counted in the caller's transaction. `case`, `reply`: where it came.

    `locked`: none is taken, right or wrong. `none`: the person has no PIN.
    """
    known = await lock_pin(raw, person)
    if known is None:
        return "none"
    if known.locked_until is not None and known.locked_until > now:
        return "locked"
    if hmac.compare_digest(known.digest, _digest(office.keyring, person, pin)):
        await count_pin(raw, person, 0, None)
        return "right"
    failures = 1 if known.locked_until is not None else known.failures + 1  # a lock that is over begins anew
    locked = failures >= FAILURES
    await count_pin(raw, person, failures, now + LOCKED_FOR if locked else None)
    word = "pin.locked" if locked else "pin.refused"
    await write(raw.connection, [Event(now, actor.name, actor.role, word, "person", person)])
    if locked:
        await open_tasks(raw, [case], "review", reply, now)
        log.error("a PIN is locked after failed tries", person=person, failures=failures)
    return "wrong"


def is_good_pin(pin: str) -> bool:
    """Whether `pin` may be one: of so many digits, and not too easy to guess."""
    return _has_digits(pin) and not _is_easy(pin)


def _has_digits(pin: str) -> bool:
    least, most = PIN_DIGITS
    return pin.isascii() and pin.isdigit() and least <= len(pin) <= most


def _digest(keyring: Keyring, person: int, pin: str) -> bytes:
    return keyring.token("pin", f"{person}:{pin}")


def _is_easy(pin: str) -> bool:
    """The same digit again and again, or one after the other."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    return steps in ({0}, {1}, {9})
