"""The day: the next case, one that was found or rings, skipping, notes by word, voice, photo and place."""

from io import BytesIO

from aiogram.types import Message

from bot.staff import late
from bot.staff.cards import back, button, show
from bot.staff.post import Post
from casework.errors import CaseworkInputError
from casework.staff.card import case_of
from casework.staff.desk import at_hand, next_case, open_case, skip, still_mine
from casework.staff.late import looks_like_entries
from casework.staff.noting import LARGEST, keep, may_keep, notes_of
from casework.staff.reaching import not_called
from casework.staff.rights import RIGHTS, Action

_REASONS = ("later", "tomorrow", "not_mine", "supervisor")


async def next_(post: Post, _: str) -> None:
    """What is at hand still, or the next case."""
    await show(post, await next_case(post.office, post.member, post.now))


async def open_(post: Post, given: str) -> None:
    """A case by its code; another's is only looked at."""
    await show(post, await open_case(post.office, post.member, case_of(given), post.now, look=True))


async def take(post: Post, given: str) -> None:
    """Another's case, taken at hand."""
    await show(post, await open_case(post.office, post.member, int(given), post.now))


async def leave(post: Post, _: str) -> None:
    """A question is left: nothing was changed; what is at hand is shown again."""
    takes = Action.TAKE_CASE in RIGHTS[post.member.actor.role]
    found = await at_hand(post.office, post.member, post.now) if takes else None
    if found is not None:
        await show(post, found)
        return
    await post.asks_nothing()
    await post.send(post.say("left"))


async def ask_skip(post: Post, given: str) -> None:
    """Why it is passed by; where the number was shown, whether there was a call."""
    turn = await still_mine(post.office, post.member, int(given), post.now)
    await _whys(post, given, shown=turn.shown)


async def _whys(post: Post, given: str, *, shown: bool) -> None:
    rows = [[(post.say(f"skip.{one}"), f"skipped:{given}:{one}")] for one in _REASONS]
    if shown:
        rows.insert(0, [(post.say("skip.no_call"), f"uncalled:{given}")])
    await post.send(post.say("skip.shown" if shown else "skip.why"), [*rows, back(post)])


async def uncalled(post: Post, given: str) -> None:
    """The number was shown, and there was no call."""
    await not_called(post.office, post.member, int(given), post.now)
    await _whys(post, given, shown=False)


async def skipped(post: Post, given: str) -> None:
    """It is passed by; the next one comes."""
    turn, _, reason = given.partition(":")
    await skip(post.office, post.member, int(turn), reason, post.now)
    await next_(post, "")


async def ask_note(post: Post, given: str) -> None:
    """The next message is a note."""
    await may_keep(post.office, post.member, int(given), post.now)
    await post.asks("note", turn=int(given))
    await post.send(post.say("note.ask"), ((button(post, "notes", f"notes:{given}"), *back(post)),))


async def read_notes(post: Post, given: str) -> None:
    """The notes on the case; voices and photos are named, and stay sealed."""
    found = await notes_of(post.office, post.member, int(given), post.now)
    say = post.say
    lines = [
        say(
            "note.line",
            at=say.moment(one.at, "UTC") + " UTC",
            by=one.author,
            what=one.body if one.kind in ("text", "place") else say(f"note.{one.kind}"),
        )
        for one in found
    ]
    await post.send_lines(lines or [say("note.none")])


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
    await _kept(post)


async def keep_words(post: Post, words: str, turn: int) -> None:
    """Words that looked like an entry, and are a note."""
    await keep(post.office, post.member, turn, "text", words, post.now, update=post.here.update)
    await _kept(post)


async def _kept(post: Post) -> None:
    await post.asks_nothing()
    await post.send(post.say("note.kept"))
