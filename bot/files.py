"""Photos and documents that somebody sends: which are taken, and how they are kept."""

from io import BytesIO
from typing import Final

import msgspec
from aiogram.types import Message

from bot.desk import Here
from casework.borrower.conversation import Asked, hear_file
from casework.borrower.tell import LARGEST_PHOTO, keep_photo

_PHOTO: Final = "image/jpeg"  # whatever was sent: the messenger makes it that
_BEGINS: Final = {
    _PHOTO: b"\xff\xd8",
    "image/png": b"\x89PNG",
    "image/webp": b"RIFF",
    "application/pdf": b"%PDF-",
}
_NOBODY_KNOWS: Final = "application/octet-stream"


class TooLargeError(Exception):
    """What was sent is larger than is taken, whatever size was named before it was fetched."""


class Sent(msgspec.Struct, frozen=True):
    """A photo, or a document of a kind that a receipt comes in. `file`: its id at the messenger; in bytes."""

    file: str
    size: int

    @property
    def is_too_large(self) -> bool:
        return self.size > LARGEST_PHOTO


def sent_in(message: Message) -> Sent | None:
    """What a message brings that may be a receipt; None where it brings no such thing."""
    if message.photo:
        largest = message.photo[-1]
        return Sent(largest.file_id, largest.file_size or 0)
    document = message.document
    if document is not None and document.mime_type in _BEGINS:
        return Sent(document.file_id, document.file_size or 0)
    return None


async def keep(here: Here, sent: Sent) -> int:
    """Fetch and keep it, sealed, as the person's whose chat it is; its id. Raises TooLargeError."""
    content = await _fetched(here, sent)
    return await keep_photo(here.desk.office, here.chat, _kind_of(content), content, here.update, here.now)


async def hear(here: Here, sent: Sent, words: str) -> Asked | None:
    """Fetch it and keep it as a line of the open conversation; None: there is none. Raises TooLargeError."""
    content = await _fetched(here, sent)
    desk, kind = here.desk, _kind_of(content)
    return await hear_file(desk.office, desk.actor, here.chat, kind, content, words, here.update, here.now)


async def _fetched(here: Here, sent: Sent) -> bytes:
    into = BytesIO()
    await here.bot.download(sent.file, into)
    content = into.getvalue()
    if len(content) > LARGEST_PHOTO:
        raise TooLargeError
    return content


def _kind_of(content: bytes) -> str:
    """The MIME type that it begins like: what a sender says it is opens nothing at who looks at it."""
    return next((kind for kind, sign in _BEGINS.items() if content.startswith(sign)), _NOBODY_KNOWS)
