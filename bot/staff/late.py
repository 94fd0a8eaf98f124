"""Lines with their own times: said back as they were read, saved on a tap, each once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from bot.staff.cards import outcome
from bot.staff.post import Post
from casework.staff.card import code_of
from casework.staff.late import ASKED, Line, read_late, save_late

_LONGEST: Final = 120


async def read(post: Post, text: str) -> None:
    """Say back what was read, and what is in doubt; each text has buttons of its own."""
    lines = await read_late(post.office, post.member, text, post.now)
    say = post.say
    good = [line for line in lines if line.why is None]
    fresh = [line for line in good if not line.known]
    more = [line for line in lines if line.why in ASKED]
    said = [_echo(post, line) for line in good]
    said += [say("late.doubt", line=_shown(line), why=_why(post, line)) for line in lines if line.why]
    if not fresh and not more:
        await post.send_lines(said)
        return
    key = await post.keep(late=text, at=post.now.isoformat())
    saves = [(say("late.save", count=len(fresh)), f"late:save:{key}")] if fresh else []
    all_ = [(say("late.more", count=len(fresh) + len(more)), f"late:all:{key}")] if more else []
    await post.send_lines(said, ([*saves, (say.button("leave"), f"late:leave:{key}")], all_))


def _shown(line: Line) -> str:
    """As it was written, as far as one needs to see to know it."""
    return line.text if len(line.text) <= _LONGEST else line.text[:_LONGEST] + "..."


def _why(post: Post, line: Line) -> str:
    if line.why == "more" and line.owed is not None and line.currency is not None:
        return post.say("late.why_more", owed=post.say.money(line.owed, line.currency))
    if line.why == "ring":
        return post.say("late.why_ring", whys="; ".join(post.why(one) for one in line.against))
    return post.say(f"late.why_{line.why}")


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
    at = say.moment(line.at, line.zone) + (f" ({line.place})" if line.place else "")
    return say(key, code=code_of(line.case), what=what, at=at)


async def ask_whom(post: Post, text: str, asks: str, about: Mapping[str, Any]) -> None:
    """While they write to a customer or a note: what looks like an entry waits until they say what it is."""
    key = await post.keep(words=text, asks=asks, about=dict(about))
    say, note = post.say, asks == "note"
    other = say("late.a_note" if note else "late.for_them"), f"meant:say:{key}"
    await post.send(
        say("late.note_or" if note else "late.whom"),
        (((say("late.an_entry"), f"meant:entry:{key}"), other),),
    )


async def confirm(post: Post, given: str) -> None:
    """Save the text that the button is of, with what is more than owed or without; or leave it."""
    what, _, key = given.partition(":")
    kept = await post.kept(key, drop=what != "save")
    if kept is None or "late" not in kept:
        await post.send(post.say("stale"))
        return
    if what == "leave":
        await post.send(post.say("late.left"))
        return
    received = datetime.fromisoformat(kept["at"])
    lines = await read_late(post.office, post.member, kept["late"], received, meant=what == "all")
    if not any(line.why in ASKED for line in lines):  # else what was asked about may be saved still
        await post.kept(key)
    made = await save_late(post.office, post.member, lines, received, post.now)
    say = post.say
    said = [say("late.saved", count=sum(one.new for one in made))]
    said += [
        say("late.doubt", line=_shown(one.line), why=post.why(one.problem)) for one in made if one.problem
    ]
    await post.send_lines(said)
