"""For who leads: queues and load, whose each case is, broken promises, approvals with their difference."""

import asyncio
import re
from collections.abc import Sequence
from typing import Final

from bot.staff.cards import back, button
from bot.staff.picture import draw
from bot.staff.post import Post
from casework.approvals import approve, refuse
from casework.errors import CaseworkInputError
from casework.staff.card import case_of, code_of
from casework.staff.team import assign, colleagues, questions, team
from casework.staff.views import broken_promises

_CASE: Final = re.compile(r"[kK]?[0-9]{1,18}")


async def queue(post: Post, _: str) -> None:
    """Queues and load: a picture, and the same in words."""
    found = await team(post.office, post.member, post.now)
    say = post.say
    lines = [
        say("team.queue", queue=one.name or say("team.unnamed"), tasks=one.tasks, late=one.late)
        for one in found.queues
    ]
    lines += [
        say("team.load", name=one.name, cases=one.cases, outcomes=one.outcomes, promises=one.promises)
        + (say("team.at_hand", code=code_of(one.at_hand)) if one.at_hand else "")
        for one in found.loads
    ]
    png = await asyncio.to_thread(draw, found, say)
    await post.picture(
        png,
        "\n".join(lines)[:1000] or say("team.nothing"),
        ((button(post, "broken", "broken"), button(post, "approvals", "approvals")),),
    )


async def assign_(post: Post, given: str) -> None:
    """/assign K17 K18 Mary Ann; a dash in place of the name takes them back."""
    words = given.split()
    named = next((at for at, word in enumerate(words) if not _CASE.fullmatch(word)), len(words))
    if 1 < named == len(words):
        named -= 1  # whoever is called by a number
    name = " ".join(words[named:])
    if not named or not name:
        raise CaseworkInputError("write it like /assign K17 K18 carl, or /assign K17 - to take it back")
    await _assigned(post, [case_of(one) for one in words[:named]], None if name == "-" else name)


async def _assigned(post: Post, cases: Sequence[int], to: str | int | None) -> None:
    name = await assign(post.office, post.member, cases, to, post.now)
    listed = ", ".join(code_of(one) for one in cases)
    say = post.say
    await post.send(say("team.assigned", codes=listed, name=name) if name else say("team.back", codes=listed))


async def whom(post: Post, given: str) -> None:
    """Who may be given a case."""
    found = await colleagues(post.office, post.member, int(given), post.now)
    rows = [[(one.name, f"give:{given}:{one.id}")] for one in found]
    rows.append([button(post, "take_back", f"give:{given}:-"), *back(post)])
    await post.send(post.say("team.whom", code=code_of(int(given))), rows)


async def give(post: Post, given: str) -> None:
    """To whom was tapped."""
    case, _, to = given.partition(":")
    await _assigned(post, [int(case)], None if to == "-" else int(to))


async def broken(post: Post, _: str) -> None:
    """Promises that were broken lately."""
    found = await broken_promises(post.office, post.member, post.now)
    say = post.say
    if not found:
        await post.send(say("team.none_broken"))
        return
    rows = [
        [
            (
                say(
                    "team.broken_one",
                    code=code_of(one.case),
                    amount=say.money(one.minor, one.currency),
                    day=say.weekday(one.due),
                    name=one.owner or "-",
                ),
                f"open:{code_of(one.case)}",
            )
        ]
        for one in found
    ]
    await post.send(say("team.broken"), rows)


async def approvals(post: Post, _: str) -> None:
    """What waits for a yes, each with its difference and two buttons."""
    found = await questions(post.office, post.member)
    say = post.say
    if not found:
        await post.send(say("approve.none"))
        return
    for one in found:
        lines = [
            say("approve.about", id=one.id, about=post.why(one.about), by=one.by),
            *(post.why(change) for change in one.changes),
        ]
        code = None if one.case is None else code_of(one.case)
        opens = () if code is None else ((f"{say.button('open')} {code}", f"open:{code}"),)
        row = (button(post, "approve", f"yes:{one.id}"), button(post, "refuse", f"nay:{one.id}"))
        await post.send_lines(lines, (row, opens))


async def yes(post: Post, given: str) -> None:
    """Approved."""
    await approve(post.office, post.member.actor, int(given), post.now)
    await post.send(post.say("approve.yes", id=given))


async def no(post: Post, given: str) -> None:
    """Refused."""
    await refuse(post.office, post.member.actor, int(given), post.now)
    await post.send(post.say("approve.no", id=given))
