"""Tags, searches that are kept, and my route for visits."""

from aiogram.types import Message

from bot.staff.cards import back, button
from bot.staff.post import Post
from casework.errors import CaseworkInputError
from casework.staff.card import case_of, code_of
from casework.staff.keeping import drop_filter, filter_of, filters_of, keep_filter, tag
from casework.staff.route import Place, my_route


async def tags(post: Post, given: str) -> None:
    """/tag K17 vip -late: set, and taken off."""
    code, *written = given.split()[:12] or [""]
    case = case_of(code)
    found = await tag(post.office, post.member, case, written, post.now)
    listed = ", ".join(found) or post.say("tags.none")
    await post.send(post.say("tags.are", code=code_of(case), tags=listed))


async def ask_tags(post: Post, given: str) -> None:
    """The next text is tags of that case."""
    await tags(post, f"K{given}")
    await post.asks("tags", case=int(given))
    await post.send(post.say("tags.ask"), (back(post),))


async def typed_tags(post: Post, text: str, case: int) -> None:
    """Tags; what cannot be one is asked again."""
    await tags(post, f"K{case} {text}")
    await post.asks_nothing()


async def searches(post: Post, _: str) -> None:
    """The searches that are kept."""
    found = await filters_of(post.office, post.member)
    say = post.say
    if not found:
        await post.send(say("filters.none"))
        return
    rows = [
        [(one.name, f"filter:{one.id}"), button(post, "drop_filter", f"nofilter:{one.id}")] for one in found
    ]
    await post.send(say("filters.title"), rows)


async def wanted(post: Post, given: str) -> str:
    """What a kept search asks."""
    return (await filter_of(post.office, post.member, _number(given))).wanted


async def drop(post: Post, given: str) -> None:
    """It is kept no more."""
    await drop_filter(post.office, post.member, _number(given))
    await post.send(post.say("filters.dropped"))


async def ask_name(post: Post, _: str) -> None:
    """The next text is the name of what was searched for last."""
    asks, about = await post.asked()
    if asks != "found":
        await post.send(post.say("stale"))
        return
    await post.asks("filter", wanted=about["wanted"])
    await post.send(post.say("filters.name"), (back(post),))


async def typed_name(post: Post, text: str, what: str) -> None:
    """The name."""
    await keep_filter(post.office, post.member, text, what, post.now)
    await post.asks_nothing()
    await post.send(post.say("filters.kept"))


async def route(post: Post, _: str) -> None:
    """My visits by place; from where I am once I have shown it."""
    await _route(post, None)
    await post.asks("route")


async def route_from(post: Post, message: Message) -> None:
    """From the place that was shown."""
    if message.location is None:
        await post.send(post.say("route.ask"))
        return
    await post.asks_nothing()
    await _route(post, Place(message.location.latitude, message.location.longitude))


async def _route(post: Post, start: Place | None) -> None:
    found = await my_route(post.office, post.member, start, post.now)
    say = post.say
    if not found:
        await post.send(say("route.none"))
        return
    rows = [
        [
            (
                say("route.unknown", code=code_of(one.case))
                if one.place is None
                else say("route.stop", at=at, code=code_of(one.case))
                if one.distance is None
                else say("route.away", at=at, code=code_of(one.case), km=f"{one.distance:.1f}"),
                f"open:{code_of(one.case)}",
            )
        ]
        for at, one in enumerate(found, 1)
    ]
    await post.send(say("route.title" if start else "route.ask"), rows)


def _number(given: str) -> int:
    if not (given.isascii() and given.isdecimal() and len(given) < 19):
        raise CaseworkInputError("that search is kept no more")
    return int(given)
