"""A borrower's conversation: taken, answered by typing or a ready text, ended with an outcome."""

from typing import Final

from bot.staff.cards import button, show
from bot.staff.post import Post, Rows
from bot.texts import staff_speech
from casework.staff.finding import answer_caller
from casework.staff.talking import answer, close, take

_READY: Final = ("hello", "look", "call", "bye")
_SHOWN: Final = 10  # lines


async def take_(post: Post, given: str) -> None:
    """It is theirs: what was said, ready texts, and every text from now on goes to the borrower."""
    taken = await take(post.office, post.member, int(given), post.now)
    say = post.say
    code = say("talk.somebody") if taken.case is None else f"K{taken.case}"
    lines = [say("talk.with", code=code)]
    lines += [say(f"talk.{one.side}", text=one.text) for one in taken.lines[-_SHOWN:]]
    await post.asks("talk", talk=taken.talk)
    await post.send("\n".join(lines)[:4000], _rows(post, taken.talk, taken.language))


def _rows(post: Post, talk: int, language: str) -> Rows:
    ready = [(post.say(f"talk.ready_{one}"), f"ready:{talk}:{one}:{language}") for one in _READY]
    return (ready[:2], ready[2:], (button(post, "end_talk", f"endtalk:{talk}"),))


async def ready(post: Post, given: str) -> None:
    """A ready text, in the borrower's language."""
    talk, which, language = given.split(":")
    await typed(post, staff_speech(language)(f"talk.said_{which}"), int(talk))


async def typed(post: Post, text: str, talk: int) -> None:
    """Words for the borrower."""
    refused = await answer(post.office, post.member, talk, text, post.now)
    if refused:
        lines = [
            post.say("refused.title"),
            *(post.say("refused.reason", why=post.why(one)) for one in refused),
        ]
        await post.send("\n".join(lines))


async def end(post: Post, given: str) -> None:
    """It is over; the card of its case asks what came of it."""
    ended = await close(post.office, post.member, int(given), post.now)
    await post.asks_nothing()
    await post.send(post.say("talk.ended"))
    if ended.case is not None and ended.linked:
        await show(post, await answer_caller(post.office, post.member, ended.case, "other", post.now))
