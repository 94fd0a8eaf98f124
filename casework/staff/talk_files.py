"""Photos and documents that a borrower sent in a conversation: which line names which, and each opened."""

import base64
import re
from datetime import datetime
from typing import Final

import msgspec

from casework.borrower import conversation
from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.people import Member
from casework.staff.talking import side_here
from storage.audit import Event, write
from storage.staff.talk_pages import file_of

# As casework/borrower/conversation.py writes it.
_NAMED: Final = re.compile(r"\[file-(\d{1,18})\.([\w.+-]{1,80})\] ?(.*)", re.DOTALL)


class Sent(msgspec.Struct, frozen=True):
    """A line that came with a file: its id, what kind it is (the second half of a MIME type), the words."""

    file: int
    kind: str
    words: str


def sent_with(text: str) -> Sent | None:
    """The file that a line of a borrower names; None: it is words alone."""
    named = _NAMED.fullmatch(text)
    return None if named is None else Sent(int(named[1]), named[2], named[3])


async def open_file(office: Office, member: Member, talk: int, file: int, now: datetime) -> tuple[str, bytes]:
    """A photo or document of the conversation: (MIME type, bytes); the look is on record.

    Raises Denied; CaseworkInputError where none of that number came in it.
    """
    async with office.transaction() as raw:
        await side_here(raw, office, member, talk)
        read = await conversation.readable(raw, office, member.actor, talk)
        if not member.on_page and (read.ended_at is not None or read.taken_by != member.name):
            raise CaseworkInputError(
                "you do not have this conversation any more; the console has what was sent"
            )
        found = await file_of(raw, talk, file)
        if found is None:
            raise CaseworkInputError("that file does not belong to this conversation")
        data = {"file": file}
        seen = Event(now, member.name, member.actor.role, "talk.file_seen", "talk", talk, data)
        await write(raw.connection, [seen])
    kind, sealed = found
    return kind, base64.b64decode(office.keyring.open("chat_files", "content", file, sealed))
