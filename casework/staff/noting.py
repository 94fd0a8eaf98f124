"""Notes on a case: words, a voice, a photo, a place; sealed, each once an update."""

import base64
from datetime import datetime
from typing import Final, Literal

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.access import allowed, own_name
from casework.staff.desk import mine
from casework.staff.people import Member
from casework.staff.rights import Action, require
from storage.audit import Event, write
from storage.raw import Raw
from storage.staff import notes as stored
from storage.staff.desk import Turn
from storage.staff.notes import Note

__all__ = ["LARGEST", "Kind", "Note", "file_of_note", "keep", "may_keep", "notes_of"]

Kind = Literal["text", "voice", "photo", "place"]

LARGEST: Final = 10 * 1024 * 1024  # bytes
_LONGEST: Final = 4_000  # characters
_OUT_OF_CHAT: Final = "this lender keeps what is personal out of the chat: use the console"


async def keep(
    office: Office,
    member: Member,
    turn: int,
    kind: Kind,
    content: str | bytes,
    now: datetime,
    *,
    mime: str | None = None,
    update: int | None = None,
) -> int:
    """Keep a note on the case at hand; the case. Raises Denied, CaseworkInputError.

    content   words; "latitude,longitude" of a place; bytes of a voice or photo of the MIME type `mime`
    """
    text = content if isinstance(content, str) else base64.b64encode(content).decode()
    if len(content) > (LARGEST if isinstance(content, bytes) else _LONGEST) or not content:
        raise CaseworkInputError("a note has 1 to 4,000 characters, a voice or photo up to 10 MB")
    async with office.transaction() as raw:
        found = await _keeps(raw, office, member, turn, now)
        note = await stored.add(raw, office.keyring, found.case, member.name, kind, mime, text, now, update)
        if note is not None:
            event = Event(
                now, member.name, member.actor.role, "note.kept", "case", found.case, {"kind": kind}
            )
            await write(raw.connection, [event])
    return found.case


async def may_keep(office: Office, member: Member, turn: int, now: datetime) -> None:
    """Before a note is asked for: whether it would be taken. Raises Denied, CaseworkInputError."""
    async with office.transaction() as raw:
        await _keeps(raw, office, member, turn, now)


async def _keeps(raw: Raw, office: Office, member: Member, turn: int, now: datetime) -> Turn:
    found = await mine(raw, member, turn, now)
    _, spec = await allowed(raw, office, member, found.case, Action.RECORD_OUTCOME, now)
    if spec.staff_chat == "codes" and not member.on_page:
        raise CaseworkInputError(_OUT_OF_CHAT)
    return found


async def notes_of(office: Office, member: Member, turn: int, now: datetime) -> list[Note]:
    """The notes on the case at hand, the newest first; the look is on record. Raises Denied."""
    async with office.transaction() as raw:
        found = await mine(raw, member, turn, now)
        _, spec = await allowed(raw, office, member, found.case, Action.SEE_LOAN, now)
        require(member.actor, Action.READ_PERSONAL_DATA, spec.portfolio, owner=member.name)
        if spec.staff_chat == "codes" and not member.on_page:
            raise CaseworkInputError(_OUT_OF_CHAT)
        await write(
            raw.connection,
            [Event(now, member.name, member.actor.role, "notes.read", "case", found.case)],
        )
        return await stored.of_case(raw, office.keyring, found.case)


async def file_of_note(
    office: Office, member: Member, case: int, note: int, now: datetime
) -> tuple[str, bytes]:
    """A voice or photo that is kept on the case: (MIME type, bytes); the look is on record.

    Raises Denied; CaseworkInputError where the case has none of that number.
    """
    async with office.transaction() as raw:
        _, spec = await allowed(raw, office, member, case, Action.SEE_LOAN, now)
        owner = await own_name(raw, member, case, now)
        require(member.actor, Action.READ_PERSONAL_DATA, spec.portfolio, owner=owner)
        if spec.staff_chat == "codes" and not member.on_page:
            raise CaseworkInputError(_OUT_OF_CHAT)
        found = await stored.file_of(raw, office.keyring, case, note)
        if found is None:
            raise CaseworkInputError(f"case {case} has no voice or photo of that number")
        seen = Event(now, member.name, member.actor.role, "notes.file_opened", "case", case, {"note": note})
        await write(raw.connection, [seen])
    mime, body = found
    return mime, base64.b64decode(body)
