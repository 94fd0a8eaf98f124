"""Alerts in the chat: what is wrong, with Open, Assign and Snooze; what stands; the morning's figures."""

import asyncio

from bot.staff.cards import back, button, outcome
from bot.staff.picture import draw_morning
from bot.staff.post import Post, Rows
from bot.texts import Speech
from casework.errors import CaseworkInputError
from casework.staff.alerts import Alert, Later, alerts_of, one_alert, see_to, snooze
from casework.staff.card import code_of
from casework.staff.digest import Figures, my_figures


def words(say: Speech, alert: Alert) -> str:
    """What is wrong, in a line."""
    given = {key: value for key, value in alert.said.items() if isinstance(value, (str, int))}
    given |= {"code": "" if alert.case is None else code_of(alert.case), "portfolio": alert.portfolio or ""}
    if alert.kind == "locked":
        return say(f"alert.locked_{given['what']}", **given)
    if alert.kind == "deadline":
        given["of"] = outcome(say, str(given["of"]))
    return say(f"alert.{alert.kind}", **given)


def board(say: Speech, alert: Alert) -> Rows:
    """Open, Assign, Snooze."""
    snoozes = (say.button("snooze"), f"snooze:{alert.id}")
    if alert.case is None:
        return (((say.button("open_alert"), f"alert:{alert.id}"), snoozes),)
    opens = (say.button("open"), f"open:{code_of(alert.case)}")
    return ((opens, (say.button("assign"), f"assign:{alert.case}"), snoozes),)


async def listed(post: Post, _: str) -> None:
    """Those that stand."""
    found = await alerts_of(post.office, post.member)
    if not found:
        await post.send(post.say("alert.none"))
        return
    rows = [[(words(post.say, one)[:60], f"alert:{one.id}")] for one in found]
    await post.send(post.say("alert.listed"), rows)


async def opened(post: Post, given: str) -> None:
    """One of them: what it means and what to do."""
    found = await one_alert(post.office, post.member, _number(given))
    say = post.say
    text = words(say, found) + "\n" + say(f"alert.do_{found.kind}")
    rows = [list(row) for row in board(say, found)]
    if found.case is None:
        rows = [[(say.button("snooze"), f"snooze:{found.id}")]]
    await post.send(text, [*rows, [(say.button("seen_to"), f"seen:{found.id}")]])


async def ask_snooze(post: Post, given: str) -> None:
    """Until when."""
    say = post.say
    row = [(say(f"alert.later_{one}"), f"snoozed:{given}:{one}") for one in ("hour", "tomorrow")]
    await post.send(say("alert.until"), (row, (button(post, "seen_to", f"seen:{given}"), *back(post))))


async def snoozed(post: Post, given: str) -> None:
    """Put off."""
    alert, _, how = given.partition(":")
    later: Later = "tomorrow" if how == "tomorrow" else "hour"
    await snooze(post.office, post.member, _number(alert), later, post.now)
    await post.send(post.say(f"alert.snoozed_{later}"))


async def seen(post: Post, given: str) -> None:
    """Seen to."""
    everybody = await see_to(post.office, post.member, _number(given), post.now)
    await post.send(post.say("alert.seen" if everybody else "alert.seen_alone"))


async def morning(post: Post, _: str) -> None:
    """The figures as they stand, with their picture."""
    found = await my_figures(post.office, post.member, post.now)
    if found is None:
        await post.send(post.say("morning.nothing"))
        return
    png = await asyncio.to_thread(draw_morning, found, (), post.say)
    await post.picture(png, caption(post.say, found))


def caption(say: Speech, figures: Figures) -> str:
    """The figures in words."""
    lines = [say("morning.title", day=say.day(figures.day), portfolios=", ".join(figures.portfolios))]
    lines.append(say("morning.late", late=figures.loans_in_arrears, loans=figures.loans))
    lines += [
        say("morning.arrears", amount=say.money(minor, code)) for code, minor in figures.arrears.items()
    ]
    lines.append(say("morning.before"))
    lines += [
        say("morning.received", amount=say.money(minor, code)) for code, minor in figures.received.items()
    ]
    lines.append(say("morning.sent", sent=figures.sent, outcomes=figures.outcomes))
    lines.append(say("morning.promises", promises=figures.promises, kept=figures.kept, broken=figures.broken))
    if figures.late:
        lines.append(say("morning.deadlines", late=figures.late))
    return "\n".join(lines)[:1000]


def _number(given: str) -> int:
    if not (given.isascii() and given.isdecimal() and len(given) < 19):
        raise CaseworkInputError("this alert is over")
    return int(given)
