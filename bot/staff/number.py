"""The number from which late entries may come by SMS: typed, then the code that went there."""

from bot.staff.cards import back, button
from bot.staff.post import Post
from casework.staff.numbers import confirm_number, drop_number, offer_number


async def number(post: Post, given: str) -> None:
    """A code goes to the number that was typed."""
    if not given:
        await post.asks("number")
        await post.send(post.say("number.ask"), ((button(post, "drop_number", "nonumber"), *back(post)),))
        return
    ends = await offer_number(post.office, post.member, given, post.here.chat.language, post.now)
    await post.asks("number_code")
    await post.send(post.say("number.sent", ends=ends), (back(post),))


async def code(post: Post, text: str) -> None:
    """The code was typed."""
    how = await confirm_number(post.office, post.member, text, post.now)
    if how != "wrong":
        await post.asks_nothing()
    await post.send(post.say(f"number.{how}"))


async def drop(post: Post, _: str) -> None:
    """No SMS is taken from them any more."""
    await post.asks_nothing()
    had = await drop_number(post.office, post.member, post.now)
    await post.send(post.say("number.dropped" if had else "number.none"))
