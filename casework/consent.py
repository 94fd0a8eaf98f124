"""What people say of being contacted, other than by a reply: by a message's link, or to one of the staff.

Each is recorded with its evidence, is news for their cases, and is obeyed by the next claim.
"""

from datetime import datetime

import msgspec

from casework.confirm import confirm_stop
from casework.errors import CaseworkInputError, NotFoundError
from casework.links import contact_of_link
from casework.office import Office
from casework.staff.rights import Action, Actor, Denied, may, require
from policy.values import CHANNELS
from storage.audit import Event, write
from storage.consents import (
    Evidence,
    Subject,
    lock_cases_of_person,
    persons_named,
    persons_within,
    set_consent,
    subject_of,
)
from storage.raw import Raw

_EVERY = ("sms", "email", "chat", "call", "visit")  # in the order in which one is confirmed by
# Those that a consent may be told apart by: what is owed, and advertising, of which nothing is sent here.
# Statutory notices need none.
PURPOSES = ("dunning", "marketing")


class Linked(msgspec.Struct, frozen=True):
    """What a link stops: messages of a brand on a channel. `language` is that of the message."""

    brand: str
    channel: str
    language: str | None


async def read_link(office: Office, token: str) -> Linked | None:
    """What the link with `token` would stop; None where it is none of ours."""
    async with office.transaction() as raw:
        found = await _subject(office, raw, token)
        return None if found is None else await _linked(office, raw, found[1])


async def stop_by_link(office: Office, actor: Actor, token: str, now: datetime) -> Linked | None:
    """Stop what the link names, for the lender that sent it. None where it is none of ours. Raises Denied."""
    require(actor, Action.RECORD_CONSENT)
    async with office.transaction() as raw:
        found = await _subject(office, raw, token)
        if found is None:
            return None
        contact, subject = found
        await lock_cases_of_person(raw, subject.person, now)
        await set_consent(
            raw,
            [subject.person],
            subject.channel,
            "revoked",
            now,
            "link",
            Evidence(contact=contact),
            portfolio=subject.portfolio,
        )
        data = {"channel": subject.channel, "contact": contact, "portfolio": subject.portfolio}
        event = Event(now, actor.name, actor.role, "consent.revoked", "person", subject.person, data)
        await write(raw.connection, [event])
        return await _linked(office, raw, subject)


async def record_consent(
    office: Office,
    actor: Actor,
    external_id: str,
    channel: str,
    state: str,
    note: str,
    now: datetime,
    *,
    at: datetime | None = None,
    portfolio: str | None = None,
    purpose: str | None = None,
    source: str | None = None,
    confirm: bool = False,
) -> int | None:
    """What a borrower told somebody of the staff: `granted` or `revoked`, with a note of how they said it.

    Of one channel, or `all`; for one portfolio (code) and purpose, or for all: all of the actor's, where they
    have one. `at`: when they said it, where
    that is not now. `confirm`: a stop of what is sent is confirmed once, on the channel itself; the contact
    that does it, if any. Raises Denied, and CaseworkInputError where there is no such borrower, portfolio,
    channel or purpose, or no note.
    """
    async with office.transaction() as raw:
        return await record_consent_in(
            raw,
            office,
            actor,
            external_id,
            channel,
            state,
            note,
            now,
            at=at,
            portfolio=portfolio,
            purpose=purpose,
            source=source,
            confirm=confirm,
        )


async def record_consent_in(
    raw: Raw,
    office: Office,
    actor: Actor,
    external_id: str,
    channel: str,
    state: str,
    note: str,
    now: datetime,
    *,
    at: datetime | None = None,
    portfolio: str | None = None,
    purpose: str | None = None,
    source: str | None = None,
    confirm: bool = False,
) -> int | None:
    """The same within the caller's transaction."""
    portfolio = _for_which(actor, portfolio)
    said_at = at or now
    if said_at > now:
        raise CaseworkInputError(
            f"{said_at.isoformat()} is still to come; note a consent when it was said",
            field="at",
            wrong="is still to come",
            right="when they said it",
        )
    channels = _EVERY if channel == "all" else (channel,)
    if not CHANNELS.issuperset(channels):
        known = ", ".join(sorted(CHANNELS))
        raise CaseworkInputError(
            f"{channel!r} is no channel; there are all, {known}",
            field="channel",
            wrong="is no channel",
            right=f"all, or one of {known}",
        )
    if state not in ("granted", "revoked"):
        raise CaseworkInputError(f"{state!r} is no consent; it is granted or revoked")
    if purpose is not None and purpose not in PURPOSES:
        raise CaseworkInputError(f"{purpose!r} is no purpose; there are {', '.join(PURPOSES)}")
    if not note.strip():
        raise CaseworkInputError(
            "a consent needs its evidence: note when and how they said it",
            field="evidence",
            right="when and how they said it, in words",
        )
    book = await office.book(raw)
    codes = {spec.portfolio: key for key, spec in book.portfolios.items()}
    if portfolio is not None and portfolio not in codes:
        raise NotFoundError(
            f"there is no portfolio {portfolio!r}", field="portfolio", wrong="there is no such portfolio"
        )
    person = await _named(raw, actor, external_id, source, None if portfolio is None else codes[portfolio])
    cases = await lock_cases_of_person(raw, person, now)
    entity = None if portfolio is None else codes[portfolio]
    contact = None
    for one in channels:
        if confirm and contact is None and state == "revoked" and purpose != "marketing":
            contact = await confirm_stop(raw, office, book, cases, one, said_at, now, portfolio=entity)
        await set_consent(
            raw,
            [person],
            one,
            state,
            said_at,
            "staff",
            note=lambda key: office.keyring.seal("consents", "note", key, note.strip()),
            portfolio=entity,
            purpose=purpose,
        )
    data = {"channel": channel, "portfolio": portfolio, "purpose": purpose}
    event = Event(now, actor.name, actor.role, f"consent.{state}", "person", person, data)
    await write(raw.connection, [event])
    return contact


def _for_which(actor: Actor, portfolio: str | None) -> str | None:
    """Who has a right in one portfolio alone means that one: no stop is lost for lack of the others."""
    if portfolio is None and not may(actor, Action.RECORD_CONSENT):
        theirs = [one for one in sorted(actor.portfolios or ()) if may(actor, Action.RECORD_CONSENT, one)]
        if len(theirs) == 1:
            return theirs[0]
        if theirs:
            raise CaseworkInputError(
                f"for which portfolio is it? One of {', '.join(theirs)}",
                field="portfolio",
                wrong="is needed: they have several",
                right=f"one of {', '.join(theirs)}",
            )
    require(actor, Action.RECORD_CONSENT, portfolio)
    return portfolio


async def _named(raw: Raw, actor: Actor, external_id: str, source: str | None, portfolio: int | None) -> int:
    """The person; who has a right in one portfolio alone hears nothing of those of others."""
    found = [one for one in await persons_named(raw, external_id) if source is None or one[1] == source]
    denied = None
    if actor.portfolios is not None and portfolio is not None and found:
        here = await persons_within(raw, [one[0] for one in found], portfolio)
        if not here:
            denied = Denied(actor, Action.RECORD_CONSENT, None, "it is no borrower of their portfolios")
        found = [one for one in found if one[0] in here]
    if not found:
        error = NotFoundError(
            f"there is no borrower {external_id!r}",
            field="borrower",
            wrong="there is no such borrower",
            right="the id of a borrower of the book, in the source and portfolio that are named",
        )
        error.denied = denied
        raise error
    if len(found) > 1:
        sources = ", ".join(one[1] for one in found)
        raise CaseworkInputError(
            f"several sources have a borrower {external_id!r}: {sources}; say which",
            field="source",
            wrong="several sources have a borrower of this id",
            right=f"one of {sources}",
        )
    return found[0][0]


async def _subject(office: Office, raw: Raw, token: str) -> tuple[int, Subject] | None:
    contact = contact_of_link(office, token)
    subject = None if contact is None else await subject_of(raw, contact)
    return None if contact is None or subject is None else (contact, subject)


async def _linked(office: Office, raw: Raw, subject: Subject) -> Linked:
    spec = (await office.book(raw)).portfolios[subject.portfolio]
    return Linked(spec.brand, subject.channel, subject.language or spec.language)
