"""A plan that was agreed: in how many payments, or which, by tapping or typing; then saved, for a yes."""

from collections.abc import Sequence
from datetime import date

from bot.staff.cards import back, button
from bot.staff.entries import saved
from bot.staff.post import Post, Rows
from casework.outcomes import Details
from casework.plans import Part
from casework.staff.entering import enter
from casework.staff.offering import Offer, offer
from casework.staff.planning import COUNTS, as_parts, first_of, proposed, total_of
from messages.typed.dates import order_in
from messages.typed.parts import Unclear, read_parts


async def ask(post: Post, given: str) -> None:
    """How many payments of what is late, or of all that is owed."""
    turn, _, which = given.partition(":")
    found = await _offered(post, int(turn))
    if found is None:
        return
    say, everything = post.say, which == "all"
    total = total_of(found, everything=everything)
    taps = [
        (
            say("plan.count", count=count, each=say.money(total // count, found.currency)),
            f"parts:{turn}:{total}:{count}",
        )
        for count in COUNTS
        if total >= count
    ]
    rows: Rows = [*(taps[at : at + 2] for at in range(0, len(taps), 2))]
    if total < found.outstanding:
        rows = [
            *rows,
            [(say("plan.all", amount=say.money(found.outstanding, found.currency)), f"plan:{turn}:all")],
        ]
    rows = [*rows, [button(post, "payments_later", f"planlater:{turn}"), *back(post)]]
    await post.asks("parts", turn=int(turn), total=total)
    amount, first = say.money(total, found.currency), say.day(first_of(found))
    await post.send(say("plan.ask", amount=amount, first=first), rows)


async def tapped(post: Post, given: str) -> None:
    """So many payments, a month apart."""
    turn, total, count = map(int, given.split(":"))
    if count not in COUNTS or total < count:
        raise ValueError(given)
    found = await _offered(post, turn)
    if found is not None:
        await _show(post, turn, found, proposed(found, total, count))


async def typed(post: Post, text: str, turn: int, total: int) -> None:
    """Payments that were typed."""
    found = await _offered(post, turn)
    if found is None:
        return
    read = read_parts(text, total, found.currency, found.today, order_in(found.country))
    if isinstance(read, Unclear):
        await post.asks("parts", turn=turn, total=total)
        await post.send(post.say("plan.unclear", line=read.line), (back(post),))
        return
    await _show(post, turn, found, as_parts(read))


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


async def _offered(post: Post, turn: int) -> Offer | None:
    found = await offer(post.office, post.member, turn, post.now)
    if found is None:
        await post.send(post.say("entry.nothing_owed"))
    return found


async def _show(post: Post, turn: int, found: Offer, parts: Sequence[Part]) -> None:
    """The payments as they were read, before anything is saved."""
    plan = [[one.due.isoformat(), one.amount] for one in parts]
    key = await post.keep(turn=turn, plan=plan, loans=found.loans, currency=found.currency)
    say = post.say
    lines = [_words(post, parts, found.currency, "plan.shown")]
    lines += [f"{say.day(one.due)}: {say.money(one.amount, found.currency)}" for one in parts]
    taps = button(post, "save", f"plansave:{key}"), button(post, "other_payments", f"plan:{turn}")
    await post.asks("parts", turn=turn, total=sum(one.amount for one in parts))
    await post.send_lines(lines, (taps, back(post)))


def _words(post: Post, parts: Sequence[Part], currency: str, key: str) -> str:
    days = sorted(one.due for one in parts)
    amount = post.say.money(sum(one.amount for one in parts), currency)
    first, last = post.say.day(days[0]), post.say.day(days[-1])
    return post.say(key, amount=amount, count=len(parts), first=first, last=last)
