"""Notes on a case: by word, voice, photo and place; read, and a voice or photo opened."""

from io import BytesIO
from mimetypes import guess_extension

from aiogram.types import Message

from bot.staff import late
from bot.staff.cards import back, button
from bot.staff.post import Post
from casework.errors import CaseworkInputError
from casework.staff.late import looks_like_entries
from casework.staff.noting import LARGEST, file_of_note, keep, may_keep, notes_of


async def ask_note(post: Post, given: str) -> None:
    """The next message is a note."""
    await may_keep(post.office, post.member, int(given), post.now)
    await post.asks("note", turn=int(given))
    await post.send(post.say("note.ask"), ((button(post, "notes", f"notes:{given}"), *back(post)),))


async def read_notes(post: Post, given: str) -> None:
    """The notes on the case; a voice or photo has a button that opens it."""
    found = await notes_of(post.office, post.member, int(given), post.now)
    say = post.say
    lines = [
        say(
            "note.line",
            at=say.moment(one.at, one.zone),
            by=one.author,
            what=one.body if one.mime is None else say(f"note.{one.kind}"),
        )
        for one in found
    ]
    files = [
        [(f"{say(f'note.{one.kind}')}, {say.moment(one.at, one.zone)}", f"kept:{one.case}:{one.id}")]
        for one in found
        if one.mime is not None
    ]
    await post.send_lines(lines or [say("note.none")], files)


async def file_(post: Post, given: str) -> None:
    """A voice or photo that is kept on a case."""
    case, _, note = given.partition(":")
    mime, content = await file_of_note(post.office, post.member, int(case), int(note), post.now)
    await post.file(mime, content, f"{note}{guess_extension(mime) or ''}")


async def take_note(post: Post, message: Message, turn: int) -> None:
    """Keep what was sent as a note."""
    update = post.here.update
    if message.text:
        await keep(post.office, post.member, turn, "text", message.text, post.now, update=update)
    elif message.location is not None:
        place = f"{message.location.latitude:.5f},{message.location.longitude:.5f}"
        await keep(post.office, post.member, turn, "place", place, post.now, update=update)
    elif message.voice is not None or message.photo:
        file = message.voice or (message.photo or [])[-1]
        if (file.file_size or 0) > LARGEST:
            raise CaseworkInputError("a voice or photo has up to 10 MB")
        into = BytesIO()
        await post.here.bot.download(file, into)
        kind = "voice" if message.voice else "photo"
        mime = (message.voice.mime_type or "audio/ogg") if message.voice else "image/jpeg"
        await keep(post.office, post.member, turn, kind, into.getvalue(), post.now, mime=mime, update=update)
        if message.caption and looks_like_entries(message.caption):
            await post.send(post.say("note.kept"))
            await late.ask_whom(post, message.caption, "note", {"turn": turn})
            return
        if message.caption:
            await keep(post.office, post.member, turn, "text", message.caption, post.now, update=update)
    else:
        await post.send(post.say("note.ask"))
        return
    if message.media_group_id is None:
        await _kept(post)
        return
    # Photos that were sent together come one by one: those that follow are notes as well.
    await post.asks("album", turn=turn, album=message.media_group_id)
    await post.send(post.say("note.kept"))


async def keep_words(post: Post, words: str, turn: int) -> None:
    """Words that looked like an entry, and are a note."""
    await keep(post.office, post.member, turn, "text", words, post.now, update=post.here.update)
    await _kept(post)


async def _kept(post: Post) -> None:
    await post.asks_nothing()
    await post.send(post.say("note.kept"))
