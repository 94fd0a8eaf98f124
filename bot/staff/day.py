"""The day: the next case, one that was found or rings, skipping."""

from bot.staff.cards import back, show
from bot.staff.post import Post
from casework.staff.card import case_of
from casework.staff.desk import at_hand, next_case, open_case, skip, still_mine
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
