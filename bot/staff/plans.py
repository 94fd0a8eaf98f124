"""A plan that was agreed: in how many payments, or which, by tapping or typing; then saved, for a yes."""

from collections.abc import Sequence
from datetime import date
from functools import partial

from bot.staff.cards import back, button
from bot.staff.entries import in_others, offered, read_sum, saved
from bot.staff.post import Post, Rows
from casework.outcomes import Details
from casework.plans import Part
from casework.staff.entering import enter
from casework.staff.offering import Offer, offer
from casework.staff.planning import COUNTS, first_of, payments, proposed, total_of
from messages.typed.parts import Unclear


async def ask(post: Post, given: str) -> None:
    """How many payments of what is late, or of all that is owed."""
    turn, which, currency = (*given.split(":"), "", "")[:3]
    found = await offered(post, int(turn), read_sum(currency)[1])
    if found is None:
        return
    say, everything = post.say, which == "all"
    total = total_of(found, everything=everything)
    taps = [
        (
            say("plan.count", count=count, each=say.money(total // count, found.currency)),
            f"parts:{turn}:{total}{found.currency}:{count}",
        )
        for count in COUNTS
        if total >= count
    ]
    rows: Rows = [*(taps[at : at + 2] for at in range(0, len(taps), 2))]
    if total < found.outstanding:
        label = say("plan.all", amount=say.money(found.outstanding, found.currency))
        rows = [*rows, [(label, f"plan:{turn}:all:{found.currency}")]]
    rows = [
        *rows,
        in_others(post, found, f"plan:{turn}::"),
        [button(post, "payments_later", f"planlater:{turn}"), *back(post)],
    ]
    await post.asks("parts", turn=int(turn), total=total, currency=found.currency)
    amount, first = say.money(total, found.currency), say.day(first_of(found))
    await post.send(say("plan.ask", amount=amount, first=first), rows)


async def tapped(post: Post, given: str) -> None:
    """So many payments, a month apart."""
    turn, so_much, parts = given.split(":")
    count, (total, currency) = int(parts), read_sum(so_much)
    if count not in COUNTS or total is None or total < count:
        raise ValueError(given)
    found = await offered(post, int(turn), currency)
    if found is not None:
        await _show(post, int(turn), found, proposed(found, total, count))


async def typed(post: Post, text: str, turn: int, total: int, currency: str | None = None) -> None:
    """Payments that were typed, of `currency` unless they name another that is owed."""
    found = await offered(post, turn, currency)
    if found is None:
        return
    found, read = await payments(text, found, partial(_offer, post, turn), total)
    if isinstance(read, Unclear):
        await post.asks("parts", turn=turn, total=total, currency=found.currency)
        await post.send(post.say("plan.unclear", line=read.line), (back(post),))
        return
    await _show(post, turn, found, read)


async def _offer(post: Post, turn: int, currency: str) -> Offer | None:
    return await offer(post.office, post.member, turn, post.now, currency=currency)


async def later(post: Post, given: str) -> None:
    """Agreed, and somebody else enters the payments: nothing is said of the loans meanwhile."""
    await saved(
        post, await enter(post.office, post.member, int(given), "plan_agreed", post.now), "plan_agreed"
    )


async def save(post: Post, given: str) -> None:
    """The payments that were shown: they wait for somebody else's yes."""
    kept = await post.kept(given, drop=False)
    if kept is None or "plan" not in kept:
        await post.send(post.say("stale"))
        return
    turn, loans, currency = kept["turn"], tuple(kept["loans"]), kept["currency"]
    parts = [Part(date.fromisoformat(due), minor) for due, minor in kept["plan"]]
    entered = await enter(
        post.office, post.member, turn, "plan_agreed", post.now, Details(loans=loans), plan=parts
    )
    await saved(post, entered, "plan_agreed", _words(post, parts, currency, "plan.saved"))


async def _show(post: Post, turn: int, found: Offer, parts: Sequence[Part]) -> None:
    """The payments as they were read, before anything is saved."""
    plan = [[one.due.isoformat(), one.amount] for one in parts]
    key = await post.keep(turn=turn, plan=plan, loans=found.loans, currency=found.currency)
    say = post.say
    lines = [_words(post, parts, found.currency, "plan.shown")]
    lines += [f"{say.day(one.due)}: {say.money(one.amount, found.currency)}" for one in parts]
    taps = (
        button(post, "save", f"plansave:{key}"),
        button(post, "other_payments", f"plan:{turn}::{found.currency}"),
    )
    total = sum(one.amount for one in parts)
    await post.asks("parts", turn=turn, total=total, currency=found.currency)
    await post.send_lines(lines, (taps, back(post)))


def _words(post: Post, parts: Sequence[Part], currency: str, key: str) -> str:
    days = sorted(one.due for one in parts)
    amount = post.say.money(sum(one.amount for one in parts), currency)
    first, last = post.say.day(days[0]), post.say.day(days[-1])
    return post.say(key, amount=amount, count=len(parts), first=first, last=last)
