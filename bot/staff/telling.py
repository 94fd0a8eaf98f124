"""What a chat of the staff is told unasked: an agreed call rings, a borrower wants a person or writes, what
they wrote did not go, something is wrong, and how it stands this morning."""

import asyncio
from collections.abc import Sequence
from enum import Enum
from typing import Final

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNotFound,
)
from aiogram.types import BufferedInputFile, InlineKeyboardMarkup

from bot.desk import Desk
from bot.staff import alerts
from bot.staff.picture import draw_morning
from bot.staff.post import keyboard, take_away
from bot.staff.talks import page_of
from bot.texts import Speech, staff_speech
from casework.said import said_in
from casework.staff.alerts import begin_alerts
from casework.staff.alerts import said as alert_said
from casework.staff.asked import Asked, begin_asked
from casework.staff.digest import begin_digests
from casework.staff.digest import said as digest_said
from casework.staff.ringing import begin_rings, not_rung, rung
from casework.staff.shown import Shown, numbers_hidden, numbers_to_hide
from casework.staff.talk_files import sent_with
from casework.staff.talking import begin_calls, begin_heard, not_heard
from casework.staff.team import Given, Taken, begin_given, begin_taken
from casework.staff.unsent import begin_unsent

_LISTED: Final = 20

log: structlog.stdlib.BoundLogger = structlog.get_logger("bot")


async def tell_staff(desk: Desk, bot: Bot) -> None:
    """Say what is to be said now; each thing is marked before, so that it is never said twice."""
    for ring in await begin_rings(desk.office, desk.actor, desk.clock.now()):
        say = staff_speech(ring.language)
        text = say(
            "ring.now" if ring.owes else "ring.paid",
            code=f"K{ring.case}",
            at=say.moment(ring.starts_at, ring.zone),
        )
        came = await _said(bot, ring.telegram, text, _opens(say, ring.case))
        if came is Came.SAID:
            await rung(desk.office, desk.actor, ring.task, desk.clock.now())
        elif came is Came.AGAIN:
            await not_rung(desk.office, desk.actor, ring.task)
    for taken in await begin_taken(desk.office, desk.actor, desk.clock.now()):
        await _taken(bot, taken)
    for given in await begin_given(desk.office, desk.actor, desk.clock.now()):
        await _given(bot, given)
    for call in await begin_calls(desk.office, desk.actor, desk.clock.now()):
        say = staff_speech(call.language)
        key = f"talk.call_{call.about}"
        text = say(key if key in say.texts else "talk.call", code=_code(say, call.case))
        await _said(bot, call.telegram, text, _talks(say, call.talk))
    for heard in await begin_heard(desk.office, desk.actor, desk.clock.now()):
        say = staff_speech(heard.language)
        key = "talk.heard" if heard.text else "talk.heard_elsewhere"
        text = say(key, code=_code(say, heard.case), text=heard.text)
        sent = sent_with(heard.text)
        file = [] if sent is None else [(say("talk.file", kind=sent.kind, words="").strip(), sent.file)]
        rows = [[(label, f"file:{heard.talk}:{number}")] for label, number in file]
        opens = [(say.button("talk"), f"talk:{heard.talk}")]
        if not heard.text:
            opens = page_of(say, desk.office, heard.talk) or opens
        board = keyboard([*rows, opens])
        if await _said(bot, heard.telegram, text, board) is Came.AGAIN:
            await not_heard(desk.office, desk.actor, heard.line)
    for one in await begin_unsent(desk.office, desk.actor, desk.clock.now()):
        say = staff_speech(one.language)
        key = f"unsent.{one.code}" if f"unsent.{one.code}" in say.texts else "unsent.other"
        channel, why = say(f"channels.{one.channel}"), say(key, code=one.code or "-")
        text = say("unsent.said", code=f"K{one.case}", channel=channel, why=why)
        await _said(bot, one.telegram, text, _opens(say, one.case))
    for asked in await begin_asked(desk.office, desk.actor, desk.clock.now()):
        await _asked(bot, asked)
    await _numbers(desk, bot)
    await _alerts(desk, bot)
    await _mornings(desk, bot)


async def _taken(bot: Bot, taken: Taken) -> None:
    say = staff_speech(taken.language)
    how = "queue" if taken.heir is None else "heir"
    if len(taken.cases) == 1:
        text = say(f"taken.one_{how}", code=f"K{taken.cases[0]}", by=taken.by, heir=taken.heir)
    else:
        codes = _codes(taken.cases)
        text = say(f"taken.many_{how}", count=len(taken.cases), codes=codes, by=taken.by, heir=taken.heir)
    await _said(bot, taken.telegram, text, keyboard((((say.button("next"), "next"),),)))


def _codes(cases: Sequence[int]) -> str:
    return ", ".join(f"K{case}" for case in cases[:_LISTED]) + ("..." if len(cases) > _LISTED else "")


async def _given(bot: Bot, given: Given) -> None:
    say = staff_speech(given.language)
    first = given.cases[0]
    if len(given.cases) == 1:
        await _said(bot, given.telegram, say("given.one", code=f"K{first}", by=given.by), _opens(say, first))
        return
    text = say("given.many", count=len(given.cases), codes=_codes(given.cases), by=given.by)
    await _said(bot, given.telegram, text, keyboard((((say.button("next"), "next"),),)))


async def _asked(bot: Bot, asked: Asked) -> None:
    say = staff_speech(asked.language)
    text = say("asked.many", count=len(asked.questions))
    if len(asked.questions) == 1:
        (one,) = asked.questions
        text = say("asked.one", about=said_in(say.code, one.about), by=one.by)
    await _said(bot, asked.telegram, text, keyboard((((say.button("approvals"), "approvals"),),)))


async def _numbers(desk: Desk, bot: Bot) -> None:
    """What showed a number goes when its turn has ended, however it did; what could not go is tried again."""
    gone: list[Shown] = []
    for one in await numbers_to_hide(desk.office, desk.actor, desk.clock.now()):
        try:
            await take_away(bot, one.telegram, one.message, staff_speech(one.language))
        except TelegramAPIError as error:
            log.warning("a number stays in a chat", error=type(error).__name__)
            if not isinstance(error, TelegramForbiddenError):
                continue  # else blocked: nothing of that chat can be taken away
        gone.append(one)
    if gone:
        await numbers_hidden(desk.office, desk.actor, gone)


async def _alerts(desk: Desk, bot: Bot) -> None:
    """What is wrong, to who leads; of many the first few, and how many others there are."""
    for told in await begin_alerts(desk.office, desk.actor, desk.clock.now()):
        say = staff_speech(told.language)
        for one in told.alerts:
            board = keyboard(alerts.board(say, one))
            if await _said(bot, told.telegram, alerts.words(say, one), board) is Came.SAID:
                await alert_said(desk.office, desk.actor, told.staff, one.id, desk.clock.now())
        if told.more:
            rows = (((say.button("alerts"), "alerts"),),)
            await _said(bot, told.telegram, say("alert.more", count=told.more), keyboard(rows))


async def _mornings(desk: Desk, bot: Bot) -> None:
    """The morning's figures, as a picture."""
    for one in await begin_digests(desk.office, desk.actor, desk.clock.now()):
        say = staff_speech(one.language)
        png = await asyncio.to_thread(draw_morning, one.figures, one.before, say)
        text = alerts.caption(say, one.figures)
        try:
            await bot.send_photo(one.telegram, BufferedInputFile(png, "kept.png"), caption=text)
        except TelegramAPIError as error:
            log.warning("not known to be shown to the staff", error=type(error).__name__)
            continue
        await digest_said(desk.office, desk.actor, one, desk.clock.now())


def _code(say: Speech, case: int | None) -> str:
    return say("talk.somebody") if case is None else f"K{case}"


def _talks(say: Speech, talk: int) -> InlineKeyboardMarkup:
    return keyboard((((say.button("talk"), f"talk:{talk}"),),))


def _opens(say: Speech, case: int) -> InlineKeyboardMarkup:
    return keyboard((((say.button("open"), f"open:K{case}"),),))


class Came(Enum):
    """What became of a message to the staff. Twice is better than never, where nobody is at its other end but
    them: what may come through later is said again."""

    SAID = "said"
    AGAIN = "again"
    NEVER = "never"


async def _said(bot: Bot, chat: int, text: str, board: InlineKeyboardMarkup) -> Came:
    try:
        await bot.send_message(chat, text, reply_markup=board)
    except (TelegramBadRequest, TelegramForbiddenError, TelegramNotFound) as error:
        log.warning("not said to the staff", error=type(error).__name__)
        return Came.NEVER
    except TelegramAPIError as error:
        log.warning("not known to be said to the staff", error=type(error).__name__)
        return Came.AGAIN
    return Came.SAID
