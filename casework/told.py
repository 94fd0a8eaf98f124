"""What is told us of a person, and the gate reads: a contact made elsewhere, a notice, a mark, their hours.

A call of a collector, a letter that carried the validation notice, what a borrower asks for in the chat: each
is recorded once, with who told it, in the audit trail; the person's cases are looked at again.
"""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, time, timedelta
from typing import Any, Final

import msgspec

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.rights import Action, Actor
from casework.whom import find_case, find_cases
from policy.rules import Precondition
from policy.values import CHANNELS, FLAGS, Flag
from storage.audit import Event, write
from storage.raw import Raw
from storage.told import Elsewhere, add_elsewhere, add_notice, set_marks
from storage.whom import CaseRow, loans_of

_RESULT: Final = re.compile(r"[a-z][a-z0-9_]{0,40}")
_HOURS: Final = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")
# Clocks of two machines differ.
_AHEAD: Final = timedelta(minutes=5)


class Reported(msgspec.Struct, frozen=True):
    """A contact as somebody tells of it. `loans`: external ids; none: not known which it was about."""

    at: datetime
    channel: str
    result: str = ""  # no_answer, voicemail, busy, not_in_service, conversation, delivered...
    inbound: bool = False
    loans: tuple[str, ...] = ()


async def report_contact(
    office: Office,
    actor: Actor,
    borrower: str,
    contact: Reported,
    now: datetime,
    *,
    source: str | None = None,
    owner: str | None = None,
) -> bool:
    """Record a contact that was made elsewhere; it counts for the caps at once. Whether it is new.

    Of the person, whatever the portfolio. Raises CaseworkInputError: who, which loan, channel, result or
    moment cannot be; Denied where none of the person's portfolios is the actor's.
    """
    async with office.transaction() as raw:
        return await report_contact_in(raw, office, actor, borrower, contact, now, source=source, owner=owner)


async def report_contact_in(
    raw: Raw,
    office: Office,
    actor: Actor,
    borrower: str,
    contact: Reported,
    now: datetime,
    *,
    source: str | None = None,
    owner: str | None = None,
) -> bool:
    """The same within the caller's transaction."""
    _check(contact, now)
    book = await office.book(raw)
    rows = await find_cases(raw, book, actor, Action.RECORD_CONTACT, borrower, source=source, owner=owner)
    loans = [
        await _loan(raw, rows, name, borrower, contact.loans.index(name))
        for name in dict.fromkeys(contact.loans)
    ]
    one = Elsewhere(
        rows[0].person, contact.at, contact.channel, contact.inbound, contact.result, tuple(loans)
    )
    (new,) = await add_elsewhere(raw, [one], actor.name, now)
    if new:
        data = {"channel": contact.channel, "result": contact.result, "inbound": contact.inbound}
        await write(raw.connection, [_event(actor, "contact.reported", one.person, data, now)])
    return new


async def report_notice(
    office: Office,
    actor: Actor,
    whom: int | str,
    notice: str,
    at: datetime,
    now: datetime,
    *,
    portfolio: str | None = None,
    source: str | None = None,
) -> bool:
    """Record that a notice of the law (`validation`, `agent_identity`) was sent; whether that is new.

    Raises CaseworkInputError where no pack of the portfolio knows it; Denied.
    """
    if at > now + _AHEAD:
        raise CaseworkInputError(f"{at.isoformat()} is still to come; a notice is recorded when it was sent")
    async with office.transaction() as raw:
        book = await office.book(raw)
        row = await find_case(
            raw, book, actor, Action.RECORD_CONTACT, whom, portfolio=portfolio, source=source
        )
        spec = book.portfolios[row.portfolio]
        rules = (rule for _, rule in book.rulebook.rules[row.portfolio].each)
        known = sorted({rule.notice for rule in rules if isinstance(rule, Precondition)})
        if notice not in known:
            listed = ", ".join(known) or "none"
            raise CaseworkInputError(
                f"no pack of portfolio {spec.portfolio} asks for a notice {notice!r}; they ask for: {listed}"
            )
        new = await add_notice(raw, row.person, row.portfolio, notice, at, actor.name, now)
        if new:
            data = {"notice": notice, "portfolio": spec.portfolio}
            await write(raw.connection, [_event(actor, "notice.reported", row.person, data, now)])
    return new


async def mark_person(
    office: Office,
    actor: Actor,
    borrower: str,
    now: datetime,
    *,
    add: Collection[Flag] = (),
    remove: Collection[Flag] = (),
    hours_agreed: bool | None = None,
    own_hours: Collection[str] | None = None,
    source: str | None = None,
    owner: str | None = None,
) -> None:
    """Set or lift marks, record that hours were agreed, or the person's own ("18:00-20:30"; none: lifted).

    Raises CaseworkInputError: who, which mark or hours cannot be; Denied.
    """
    for flag in (*add, *remove):
        if flag not in FLAGS:
            raise CaseworkInputError(f"{flag!r} is no mark; there are: {', '.join(sorted(FLAGS))}")
    hours = None if own_hours is None else [_checked(text) for text in own_hours]
    async with office.transaction() as raw:
        book = await office.book(raw)
        rows = await find_cases(raw, book, actor, Action.MARK_PERSON, borrower, source=source, owner=owner)
        await set_marks(
            raw,
            rows[0].person,
            now,
            add=sorted(add),
            remove=sorted(remove),
            hours_agreed=hours_agreed,
            own_hours=hours,
        )
        data = {
            "marked": sorted(add),
            "lifted": sorted(remove),
            "hours_agreed": hours_agreed,
            "own_hours": hours,
        }
        await write(raw.connection, [_event(actor, "person.marked", rows[0].person, data, now)])


def _check(contact: Reported, now: datetime) -> None:
    if contact.channel not in CHANNELS:
        known = ", ".join(sorted(CHANNELS))
        raise CaseworkInputError(
            f"{contact.channel!r} is no channel; there are: {known}",
            field="channel",
            wrong="is no channel",
            right=f"one of {known}",
        )
    if contact.result and not _RESULT.fullmatch(contact.result):
        raise CaseworkInputError(
            f"{contact.result!r} is no result; write one like no_answer, voicemail, busy, conversation",
            field="result",
            wrong="is no result",
            right="a word such as no_answer, voicemail, busy or conversation",
        )
    if contact.at > now + _AHEAD:
        raise CaseworkInputError(
            f"{contact.at.isoformat()} is still to come; a contact is reported when it was made",
            field="at",
            wrong="is still to come",
            right="when the contact was made",
        )


def _checked(text: str) -> str:
    found = _HOURS.fullmatch(text.strip())
    try:
        if found and found[1] != found[2]:
            time.fromisoformat(found[1])
            if found[2] != "24:00":
                time.fromisoformat(found[2])
            return text.strip()
    except ValueError:
        pass
    raise CaseworkInputError(f"{text!r} are no hours; write them like 18:00-20:30")


async def _loan(raw: Raw, rows: Collection[CaseRow], name: str, borrower: str, place: int) -> int:
    for row in rows:
        for loan in await loans_of(raw, row.case):
            if loan["external_id"] == name:
                return loan["id"]
    raise CaseworkInputError(
        f"borrower {borrower!r} is no party to a loan {name!r}",
        field=f"loans[{place}]",
        wrong="the borrower is no party to such a loan",
        right="the id of a loan of this borrower",
    )


def _event(actor: Actor, action: str, person: int, data: Mapping[str, Any], now: datetime) -> Event:
    return Event(now, actor.name, actor.role, action, "person", person, data)
