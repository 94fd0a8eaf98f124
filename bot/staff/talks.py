"""A borrower's conversation: taken, answered by typing or a ready text, ended with an outcome.

What is typed goes to one person. Where something was said in another conversation of theirs meanwhile, they
are asked to whom, and where they have several, each line says to whom it went.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.staff.cards import button, show
from bot.staff.post import Post, Rows
from bot.texts import Speech, staff_speech
from casework.office import Office
from casework.staff.talk_ends import end_talk
from casework.staff.talk_files import open_file, sent_with
from casework.staff.talking import ElsewhereError, answer, having, take

_READY: Final = ("hello", "look", "call", "bye")
_SHOWN: Final = 10  # lines, and all that nobody had read


async def take_(post: Post, given: str) -> None:
    """It is theirs: what was said, ready texts, and every text from now on goes to the borrower."""
    say = post.say
    try:
        taken = await take(post.office, post.member, int(given), post.now)
    except ElsewhereError as error:
        await post.send(say("cannot", why=post.why(str(error))), (page_of(say, post.office, int(given)),))
        return
    unread = [at for at, one in enumerate(taken.lines) if one.id in set(taken.unread)]
    first = min(len(taken.lines) - _SHOWN, *unread[:1]) if unread else len(taken.lines) - _SHOWN
    lines = [say("talk.with", code=named(say, taken.case))]
    lines += [say(f"talk.{one.side}", text=one.text) for one in taken.lines[max(first, 0) :]]
    shown = [sent_with(one.text) for one in taken.lines[max(first, 0) :]]
    files = [
        [(say("talk.file", kind=one.kind, words=one.words[:20]).strip(), f"file:{taken.talk}:{one.file}")]
        for one in shown
        if one is not None
    ]
    await _turned_to(post, taken.talk)
    await post.send_lines(lines, [*files, *_rows(post, taken.talk, taken.language)])


async def file_(post: Post, given: str) -> None:
    """A photo or document that came in a conversation."""
    talk, _, file = given.partition(":")
    kind, content = await open_file(post.office, post.member, int(talk), int(file), post.now)
    await post.file(kind, content, f"{file}.{kind.rpartition('/')[2]}")


def page_of(say: Speech, office: Office, talk: int) -> Sequence[tuple[str, str]]:
    """The button that opens a conversation in the console, where that has an address."""
    public = office.doors.public_url
    return [] if public is None else [(say("buttons.console"), f"{public.rstrip('/')}/talks/{talk}")]


def named(say: Speech, case: int | None) -> str:
    """Whose conversation it is: the code of the case."""
    return say("talk.somebody") if case is None else f"K{case}"


async def _turned_to(post: Post, talk: int) -> None:
    await post.asks("talk", talk=talk, at=post.now.isoformat())


def _rows(post: Post, talk: int, language: str) -> Rows:
    ready = [(post.say(f"talk.ready_{one}"), f"ready:{talk}:{one}:{language}") for one in _READY]
    return (ready[:2], ready[2:], (button(post, "end_talk", f"endtalk:{talk}"),))


async def ready(post: Post, given: str) -> None:
    """A ready text, in the borrower's language, for the conversation that the button is of."""
    talk, which, language = given.split(":")
    await _turned_to(post, int(talk))
    await _say(post, staff_speech(language)(f"talk.said_{which}"), int(talk))


async def typed(post: Post, text: str, talk: int, at: str) -> None:
    """Words for the borrower, if they cannot be meant for another: `at` they turned to this conversation."""
    all_ = await having(post.office, post.member, datetime.fromisoformat(at))
    meanwhile = [one for one in all_ if one.since and one.talk != talk]
    if not meanwhile:
        await _say(post, text, talk)
        return
    key = await post.keep(words=text)
    say = post.say
    mine = [one for one in all_ if one.talk == talk]
    rows = [[(named(say, one.case), f"tell:{one.talk}:{key}")] for one in (*meanwhile, *mine)]
    rows.append([(say.button("leave"), "back")])
    await post.send(say("talk.whom", text=text[:200]), rows)


async def tell(post: Post, given: str) -> None:
    """To whom it was meant; what is typed next goes there too."""
    talk, _, key = given.partition(":")
    kept = await post.kept(key)
    if kept is None or "words" not in kept:
        await post.send(post.say("stale"))
        return
    await _turned_to(post, int(talk))
    await _say(post, kept["words"], int(talk))


async def _say(post: Post, text: str, talk: int) -> None:
    refused = await answer(post.office, post.member, talk, text, post.now)
    if refused:
        lines = [
            post.say("refused.title"),
            *(post.say("refused.reason", why=post.why(one)) for one in refused),
        ]
        await post.send("\n".join(lines))
        return
    all_ = await having(post.office, post.member, post.now)
    if len(all_) > 1:
        (case,) = [one.case for one in all_ if one.talk == talk]
        await post.send(post.say("talk.went", code=named(post.say, case)))


async def end(post: Post, given: str) -> None:
    """It is over; the card of its case asks what came of it."""
    _, card = await end_talk(post.office, post.member, int(given), post.now)
    await post.asks_nothing()
    await post.send(post.say("talk.ended"))
    if card is not None:
        await show(post, card)
