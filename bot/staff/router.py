"""Which handler hears what in a chat of the staff: an invitation, commands, taps, then words and pictures."""

import re
from typing import Any, Final

import structlog
from aiogram import Router
from aiogram.filters import BaseFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message, TelegramObject

from bot.api import quietly
from bot.desk import Here
from bot.staff.menu import COMMANDS, TAPS, answer, help_
from bot.staff.post import PREFIX, Post
from bot.texts import staff_speech
from casework.errors import CaseworkInputError
from casework.staff.denied import record_denied
from casework.staff.people import bind, is_link, member
from casework.staff.rights import Denied

_START: Final = "/start"
_TOO_LONG: Final = re.compile(r"\d{19}")  # no number of a row has so many figures

_SLIP: Final = re.compile(r"/[^\W\d]")

log: structlog.stdlib.BoundLogger = structlog.get_logger("bot")


def staff_router() -> Router:
    """Everything of the staff's chat; a chat that is none passes by."""
    made = Router(name="staff")
    made.message.register(_invited, _Invitation())
    made.message.register(_said, _Works())
    made.callback_query.register(_tapped, _Works())
    return made


class _Invitation(BaseFilter):
    """/start with an invitation; whether it is good is asked by who handles it. Gives `given`."""

    async def __call__(self, message: Message) -> bool | dict[str, Any]:
        word, _, given = (message.text or "").partition(" ")
        return {"given": given.strip()} if word.startswith(_START) and is_link(given) else False


class _Works(BaseFilter):
    """A chat of somebody who is on the staff at this moment. Gives `post`."""

    async def __call__(self, event: TelegramObject, here: Here, state: FSMContext) -> bool | dict[str, Any]:
        if here.chat.staff is None:
            return False
        found = await member(here.desk.office, here.chat.staff)
        if found is None:
            return False
        return {"post": Post(here, found, staff_speech(here.chat.language), state)}


async def _invited(message: Message, here: Here, state: FSMContext, given: str) -> None:
    desk = here.desk
    bound = await bind(desk.office, desk.actor, here.chat, given, here.now)
    say = staff_speech(here.chat.language)
    if bound.member is None:
        await here.send_plain(say("welcome.borrower" if bound.borrower else "welcome.wrong"))
        return
    await state.clear()
    post = Post(here, bound.member, say, state)
    await here.send_plain(
        say("welcome.bound", name=bound.member.name, role=say(f"roles.{bound.member.actor.role}"))
    )
    await help_(post, "")


async def _said(message: Message, post: Post) -> None:
    text = (message.text or "").strip()
    word, _, rest = text.partition(" ")
    command = COMMANDS.get(word.partition("@")[0].lower()) if word.startswith("/") else None
    if command is not None:
        await post.asks_nothing()
        await guarded(post, command(post, rest.strip()))
    elif _SLIP.match(word):  # a slip of the thumb, and no word for a customer
        await post.send(post.say("no_command", word=word[:40]))
    else:
        await guarded(post, answer(post, message))


# Taps after which what is typed still goes to the borrower.
_IN_A_TALK: Final = frozenset(
    {"back", "endtalk", "file", "help", "late", "meant", "ready", "talk", "tell", "words"}
)


async def _tapped(query: CallbackQuery, post: Post) -> None:
    await quietly(post.here.bot.answer_callback_query(query.id))
    data = query.data or ""
    what, _, given = data.removeprefix(PREFIX).partition(":")
    tap = TAPS.get(what) if data.startswith(PREFIX) else None
    if tap is None or _TOO_LONG.search(given):
        await post.send(post.say("stale"))
        return
    if what not in _IN_A_TALK and (await post.asked())[0] in ("talk", "words"):
        await post.asks_nothing()  # who turned to something else writes to nobody unawares
    try:
        await guarded(post, tap(post, given))
    except (ValueError, KeyError) as error:  # no button of ours: its numbers are none, or name nothing
        log.warning("a button that cannot be read", what=what, error=type(error).__name__)
        await post.send(post.say("stale"))


async def guarded(post: Post, work: Any) -> None:
    """Do it; what one may not is said and on record, what cannot be is said."""
    try:
        await work
    except Denied as denied:
        await record_denied(post.office, denied, post.now)
        await post.send(post.say("denied", why=post.why(str(denied))))
    except CaseworkInputError as error:
        await post.send(post.say("cannot", why=post.why(str(error))))
