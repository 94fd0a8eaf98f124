"""What a chat of the staff is told without having asked: a call that was agreed rings."""

import structlog
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.types import InlineKeyboardMarkup

from bot.desk import Desk
from bot.staff.post import keyboard
from bot.texts import Speech, staff_speech
from casework.staff.ringing import begin_rings, rung

log: structlog.stdlib.BoundLogger = structlog.get_logger("bot")


async def tell_staff(desk: Desk, bot: Bot) -> None:
    """Say what is to be said now; each thing is marked before, so that it is never said twice."""
    for ring in await begin_rings(desk.office, desk.actor, desk.clock.now()):
        say = staff_speech(ring.language)
        text = say("ring.now", code=f"K{ring.case}", at=say.moment(ring.starts_at, ring.zone))
        if await _said(bot, ring.telegram, text, _opens(say, ring.case)):
            await rung(desk.office, desk.actor, ring.task, desk.clock.now())


def _opens(say: Speech, case: int) -> InlineKeyboardMarkup:
    return keyboard((((say.button("open"), f"open:K{case}"),),))


async def _said(bot: Bot, chat: int, text: str, board: InlineKeyboardMarkup) -> bool:
    try:
        await bot.send_message(chat, text, reply_markup=board)
    except TelegramAPIError as error:
        log.warning("not known to be said to the staff", error=type(error).__name__)
        return False
    return True
