"""Finding a case, who is on the line, my day, my promises."""

from bot.staff.cards import back, button, outcome, show
from bot.staff.keeping import wanted
from bot.staff.post import Post
from casework.staff.card import code_of
from casework.staff.finding import REASONS, answer_caller, callers, find
from casework.staff.keeping import is_view
from casework.staff.views import my_day, my_promises


async def find_(post: Post, given: str) -> None:
    """Cases by number, loan, name, tag, attribute or days late."""
    if not given:
        await post.asks("find")
        await post.send(post.say("find.ask"), (back(post),))
        return
    found = await find(post.office, post.member, given, post.now)
    if not found.hits:
        await post.asks("find")
        await post.send(post.say("find.none"), ((button(post, "caller", "caller"),),))
        return
    rows = [[(" ".join(filter(None, (one.code, one.name))), f"open:{one.code}")] for one in found.hits]
    await post.asks("found", wanted=given)
    rows.append([button(post, "keep_search", "keepfilter")])
    said = post.say("find.more", count=len(found.hits)) if found.more else post.say("find.found")
    await post.send(said, rows)


async def again(post: Post, given: str) -> None:
    """A search that is kept."""
    kept = await wanted(post, given)
    if is_view(kept):
        public = post.office.doors.public_url
        link = [(post.say("buttons.console"), f"{public.rstrip('/')}/cases{kept}")] if public else []
        await post.send(post.say("filters.view"), (link, back(post)))
        return
    await find_(post, kept)


async def caller(post: Post, given: str) -> None:
    """Somebody is on the line: by their whole number or loan, and only once they are verified."""
    if not given:
        await post.asks("caller")
        await post.send(post.say("caller.ask"), (back(post),))
        return
    found = await callers(post.office, post.member, given, post.now)
    if not found:
        await post.send(post.say("caller.none"), (back(post),))
        return
    for one in found:
        rows = [[(post.say(f"caller.{reason}"), f"line:{one.case}:{reason}")] for reason in REASONS]
        await post.send(post.say("caller.verify", code=one.code), [*rows, back(post)])


async def line(post: Post, given: str) -> None:
    """They are verified: the card."""
    case, _, reason = given.partition(":")
    await show(post, await answer_caller(post.office, post.member, int(case), reason, post.now))


async def day(post: Post, _: str) -> None:
    """What I did, and what waits."""
    found = await my_day(post.office, post.member, post.now)
    say = post.say
    lines = [say("day.title", cases=found.cases, tasks=found.tasks)]
    lines += [say("day.outcome", outcome=outcome(say, code), count=count) for code, count in found.outcomes]
    lines += [say("day.promised", amount=say.money(minor, code)) for code, minor in found.promised]
    lines += [say("day.ring", code=code_of(case), at=say.moment(at, zone)) for case, at, zone in found.rings]
    await post.send("\n".join(lines), ((button(post, "next", "next"), button(post, "promises", "promises")),))


async def promises(post: Post, _: str) -> None:
    """Promises on my cases."""
    found = await my_promises(post.office, post.member, post.now)
    say = post.say
    if not found:
        await post.send(say("promises.none"))
        return
    rows = [
        [
            (
                say(
                    f"promises.{one.state}",
                    code=code_of(one.case),
                    amount=say.money(one.minor, one.currency),
                    day=say.weekday(one.due),
                ),
                f"open:{code_of(one.case)}",
            )
        ]
        for one in found
    ]
    await post.send(say("promises.title"), rows)
