"""What a chat of the staff knows: commands, and what the first word of a button does."""

from collections.abc import Awaitable, Callable
from typing import Final

from bot.staff.post import Post

Act = Callable[[Post, str], Awaitable[None]]
"""What a command or a tap does; handed what follows it."""


async def help_(post: Post, _: str) -> None:
    """What there is."""
    lines = [post.say("help.title", name=post.member.name, role=post.say(f"roles.{post.member.actor.role}"))]
    await post.send("\n".join(lines))


COMMANDS: Final[dict[str, Act]] = {"/start": help_, "/help": help_}
TAPS: Final[dict[str, Act]] = {"help": help_}
