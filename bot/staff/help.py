"""What there is for somebody: the commands of their role. Each use case asks its rights itself."""

from typing import Final

from bot.staff.cards import button
from bot.staff.post import Post
from casework.approvals import KINDS
from casework.staff.rights import RIGHTS, Action

_APPROVES: Final = tuple(dict.fromkeys(kind.action for kind in KINDS.values()))
LINES: Final[dict[str, tuple[Action, ...]]] = {
    "next": (Action.TAKE_CASE,),
    "case": (Action.SEE_LOAN,),
    "find": (Action.SEE_LOAN,),
    "filters": (Action.SEE_LOAN,),
    "tag": (Action.SEE_LOAN,),
    "route": (Action.TAKE_CASE,),
    "caller": (Action.ANSWER_CALLER,),
    "day": (Action.TAKE_CASE,),
    "promises": (Action.TAKE_CASE,),
    "queue": (Action.ASSIGN_CASE,),
    "broken": (Action.ASSIGN_CASE,),
    "assign": (Action.ASSIGN_CASE,),
    "approvals": _APPROVES,
    "alerts": (Action.HEAR_ALERT,),
    "morning": (Action.READ_DIGEST,),
    "late": (Action.RECORD_OUTCOME,),
    "number": (Action.TAKE_CASE, Action.WRITE_TEXT),
}
"""A line each, and the rights of which one is enough."""


async def help_(post: Post, _: str) -> None:
    """What there is."""
    say, rights = post.say, RIGHTS[post.member.actor.role]
    has = [line for line, actions in LINES.items() if any(action in rights for action in actions)]
    title = say("help.title", name=post.member.name, role=say(f"roles.{post.member.actor.role}"))
    takes = Action.TAKE_CASE in rights
    lines = [title, "", *(say(f"help.{line}") for line in has), say("help.help")]
    await post.send("\n".join(lines), ((button(post, "next", "next"),),) if takes else ())
