"""Lines with their own times: said back as they were read, saved on a tap, each once."""

from datetime import datetime

from bot.staff.cards import outcome
from bot.staff.post import Post
from casework.staff.card import code_of
from casework.staff.late import Line, read_late, save_late


async def read(post: Post, text: str) -> None:
    """Say back what was read, and what is in doubt."""
    lines = await read_late(post.office, post.member, text, post.now)
    say = post.say
    good = [line for line in lines if line.why is None]
    fresh = [line for line in good if not line.known]
    said = [_echo(post, line) for line in good]
    said += [say("late.doubt", line=line.text, why=say(f"late.why_{line.why}")) for line in lines if line.why]
    if fresh:
        await post.asks("late", text=text, at=post.now.isoformat())
        label = say("late.save", count=len(fresh))
        await post.send("\n".join(said), (((label, "late:save"), (say.button("leave"), "late:leave")),))
    else:
        await post.send("\n".join(said))


def _echo(post: Post, line: Line) -> str:
    say = post.say
    assert line.at is not None
    what = outcome(say, line.code)
    if line.amount is not None and line.currency is not None:
        what += " " + say.money(line.amount, line.currency)
    if line.due is not None:
        what += ", " + say.day(line.due)
    if line.rings is not None:
        what += ", " + say.moment(line.rings, line.zone)
    key = "late.known" if line.known else "late.line"
    return say(key, code=code_of(line.case), what=what, at=say.moment(line.at, line.zone))


async def confirm(post: Post, given: str) -> None:
    """Save them, or leave them."""
    asks, about = await post.asked()
    if asks != "late":
        await post.send(post.say("stale"))
        return
    await post.asks_nothing()
    if given != "save":
        await post.send(post.say("late.left"))
        return
    received = datetime.fromisoformat(about["at"])
    lines = await read_late(post.office, post.member, about["text"], received)
    made = await save_late(post.office, post.member, lines, received, post.now)
    say = post.say
    said = [say("late.saved", count=sum(one.new for one in made))]
    said += [say("late.doubt", line=one.line.text, why=post.why(one.problem)) for one in made if one.problem]
    await post.send("\n".join(said))
